// Measures the page in headless Chromium with the real programs: one line of JSON for each case. Ages are from capture
// to the end of drawing, by the relay's clock. `node bench.js [SECONDS]`; other work on the machine shows in the tails.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { browser, clean, data, open, pulsecam, Relay, slow, until, viewer } from './browser/programs.js';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'pulsecam-bench-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));

const SECONDS = Number(process.argv[2] ?? 8);

/** Time that is not measured, in ms: clocks are compared, code is compiled. */
const WARM_UP = 2_000;

const percentile = (values, share) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length ? Number(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(1)) : null;
};

/** A film of a photograph in motion, sent as it is: its frames cost what a camera's cost, and nothing is encoded. */
function film(size) {
  const file = path.join(folder, `${size}.mjpeg`);
  if (!fs.existsSync(file)) {
    const [width, height] = size.split('x');
    const motion = `scale=2048:-1,zoompan=z=1.1:x='(iw-iw/1.1)*(0.5+0.5*sin(on/15))':y='(ih-ih/1.1)*(0.5+0.5*cos(on/15))':d=1:fps=30:s=${width}x${height}`;
    execFileSync('ffmpeg', ['-v', 'error', '-loop', '1', '-i', `${data}/raccoon_1024x768.jpg`, '-vf', motion, '-frames:v', '94', '-q:v', '4', '-pix_fmt', 'yuvj420p', file]);
  }
  return file;
}

const send = (relay, name, size) => pulsecam('send', relay.host, '--source', film(size), '--repeat', '--fps', '30', '--name', name, '--adapt', 'off');

/** Keeps the page's thread busy for 200 of 250 ms. */
const busy = () => setInterval(() => {
  for (const end = performance.now() + 200; performance.now() < end;);
}, 250);

async function view(name, { where = '/?lang=en&trace', size = '1280x720', count = 1, init, throttle = 0, rate = 0 } = {}) {
  const relay = await Relay.start();
  for (let i = 0; i < count; i++) send(relay, `cam ${i}`, size);
  const page = await open(await browser(), rate ? await slow(relay, rate) : relay, where, { init });
  await until(page, (all) => document.querySelectorAll('.tile[data-health=live], .tile[data-health=late]').length === all, count);
  if (throttle) await (await page.context().newCDPSession(page)).send('Emulation.setCPUThrottlingRate', { rate: throttle });
  await page.waitForTimeout(WARM_UP);
  await page.evaluate(() => { globalThis.trace.length = 0; });
  const start = performance.now();
  await page.waitForTimeout(SECONDS * 1000);
  const frames = await page.evaluate(() => globalThis.trace.slice());
  const seconds = (performance.now() - start) / 1000;
  const ages = frames.map(({ age }) => age?.time).filter((age) => age !== undefined);
  const third = (i) => percentile(ages.slice((ages.length * i) / 3, (ages.length * (i + 1)) / 3), 0.5);
  console.log(JSON.stringify({
    case: name, fps: Number((frames.length / seconds / count).toFixed(1)), age_ms: { p50: percentile(ages, 0.5), p95: percentile(ages, 0.95), thirds: [0, 1, 2].map(third) },
    within_ms: percentile(frames.map(({ age }) => age?.within ?? 0), 1), decode_ms: percentile(frames.map(({ decode }) => decode), 0.5),
  }));
  await clean();
}

async function publish() {
  const relay = await Relay.start();
  const native = await viewer(relay);
  const page = await open(await browser(), relay);
  await until(page, () => document.querySelector('#page').dataset.link === 'up');
  await page.locator('[data-do=camera]').click();
  await native.event('frame');
  await page.waitForTimeout(WARM_UP);
  const from = native.lines.length;
  const start = performance.now();
  await page.waitForTimeout(SECONDS * 1000);
  const frames = native.lines.slice(from).filter((line) => line.includes('"event":"frame"')).map((line) => JSON.parse(line));
  const ages = frames.map(({ age_ms: age }) => age).filter((age) => age !== null);
  console.log(JSON.stringify({
    case: 'publish 1280x720', size: `${frames.at(-1)?.width}x${frames.at(-1)?.height}`, fps: Number((frames.length / (performance.now() - start) * 1000).toFixed(1)),
    age_at_viewer_ms: { p50: percentile(ages, 0.5), p95: percentile(ages, 0.95) },
  }));
  await clean();
}

await view('1280x720');
await view('1280x720, page blocked 80 % of the time', { init: busy });
await view('1280x720, page 12 times slower', { throttle: 12 });
await view('1280x720, no worker', { where: '/?lang=en&trace&no-worker' });
await view('1280x720, no worker, page blocked 80 % of the time', { where: '/?lang=en&trace&no-worker', init: busy });
await view('1280x720, link of 1 MB/s', { rate: 1e6 });
await view('7 streams of 640x360', { count: 7, size: '640x360' });
await view('16 streams of 320x240', { count: 16, size: '320x240' });
await publish();
