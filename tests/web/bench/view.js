// Seeing: the page in several states, `<img>`, and slow links.

import { browser, clean, open, pulsecam, Relay, until } from '../browser/programs.js';
import { behindLink, Feed, readStream } from './clients.js';
import { wallClock } from './clock.js';
import { ages, median, percentile, round } from './figures.js';
import { BITS, CELL, film, frameBytes, numbered } from './film.js';

/** Time that is not measured, in ms: clocks are compared, code is compiled. */
export const WARM_UP = 2_000;

const send = (relay, name, size) => pulsecam('send', relay.host, '--source', film(size), '--repeat', '--fps', '30', '--name', name, '--adapt', 'off');

/** Keeps the page's thread busy for 200 of 250 ms. */
const busy = () => setInterval(() => {
  for (const end = performance.now() + 200; performance.now() < end;);
}, 250);

/** Opens the page with this many streams, and waits until all are shown. */
export async function shown({ where = '/?lang=en&trace', size = '1280x720', count = 1, init, rate = 0 } = {}) {
  const relay = await Relay.start();
  for (let i = 0; i < count; i++) send(relay, `cam ${i}`, size);
  const started = await browser();
  const page = await open(started, rate ? await behindLink(relay, rate) : relay, where, { init });
  await until(page, (all) => document.querySelectorAll('.tile[data-health=live], .tile[data-health=late]').length === all, count);
  return { browser: started, page };
}

/** The frames that a page has drawn since the last call. */
export const drawn = (page) => page.evaluate(() => globalThis.trace.splice(0));

const agesOf = (frames) => frames.map(({ age }) => age?.time).filter((age) => age !== undefined);

/** Measures the page from the capture of a frame to the end of drawing it. */
async function page(seconds, { throttle = 0, ...more }) {
  const { page: opened } = await shown(more);
  if (throttle) await (await opened.context().newCDPSession(opened)).send('Emulation.setCPUThrottlingRate', { rate: throttle });
  await opened.waitForTimeout(WARM_UP);
  await drawn(opened);
  const start = performance.now();
  await opened.waitForTimeout(seconds * 1000);
  const frames = await drawn(opened);
  const took = (performance.now() - start) / 1000;
  await clean();
  const { size = '1280x720', count = 1, rate } = more;
  const figures = ages(agesOf(frames));
  return {
    fps: frames.length / took / count, ...figures,
    within: percentile(frames.map(({ age }) => age?.within ?? 0), 1), decode: median(frames.map(({ decode }) => decode)),
    frames: rate ? round(figures.p95 / ((frameBytes(size) * 1000) / rate), 2) : null,
  };
}

/** Reads the number of the picture that an `<img>` shows, each time that the page is painted. */
async function watch([cell, bits, clock]) {
  const now = new Function(`return (${clock})`)()();
  const [image] = document.images;
  const canvas = new OffscreenCanvas(cell * bits, 1);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  globalThis.painted = [];
  const look = () => {
    if (image.naturalHeight) {
      context.drawImage(image, 0, image.naturalHeight - cell / 2, cell * bits, 1, 0, 0, cell * bits, 1);
      const { data } = context.getImageData(0, 0, cell * bits, 1);
      let index = 0;
      for (let bit = 0; bit < bits; bit++) index |= Number(data[4 * (bit + 0.5) * cell] > 127) << bit;
      if (globalThis.painted.at(-1)?.index !== index) globalThis.painted.push({ index, at: now() });
    }
    requestAnimationFrame(look);
  };
  look();
}

/** Measures an `<img>` from the moment that a frame is sent to the repaint that shows it. */
async function image(seconds, { size = '1280x720' }) {
  const relay = await Relay.start();
  const feed = await Feed.start(relay, 'cam', numbered(size), 30);
  const page = await (await browser()).newPage();
  // A page of the relay's, so that its pixels may be read.
  await page.goto(`${relay.url}/healthz`);
  await page.evaluate(() => {
    const made = document.createElement('img');
    made.src = '/stream/cam';
    document.body.replaceChildren(made);
  });
  await until(page, () => document.images[0].naturalHeight > 0);
  await page.evaluate(watch, [CELL, BITS, String(wallClock)]);
  await page.waitForTimeout(WARM_UP);
  await page.evaluate(() => { globalThis.painted = []; });
  const start = performance.now();
  const found = [];
  while (performance.now() - start < seconds * 1000) {
    await page.waitForTimeout(500);
    // Before the film's next round, so that a number names one frame.
    const painted = await page.evaluate(() => globalThis.painted.splice(0, globalThis.painted.length - 1));
    found.push(...painted.map(({ index, at }) => at - feed.sent[index]));
  }
  const took = (performance.now() - start) / 1000;
  await clean();
  const real = found.filter((age) => age > 0);
  return { fps: real.length / took, ...ages(real), within: null, decode: null, frames: null };
}

/** Measures `/stream` to the last byte of each picture, as a program reads it. */
async function stream(seconds, { size = '1280x720', rate }) {
  const relay = await Relay.start();
  send(relay, 'cam', size);
  const behind = await behindLink(relay, rate);
  const found = await readStream(`${behind.url}/stream/cam`, seconds, WARM_UP);
  await clean();
  const figures = ages(found);
  const frame = (frameBytes(size) * 1000) / rate;
  return { fps: found.length / seconds, ...figures, within: null, decode: null, frames: round(figures.p95 / frame, 2) };
}

const noWorker = '/?lang=en&trace&no-worker';

/** What is measured, and how it should be. `slow`: over minutes. */
export const CASES = [
  { name: '1280x720', run: page, goal: { p50: 12, p95: 30 } },
  { name: '1280x720 in an `<img>`, painted', run: image, goal: { p50: 20 } },
  { name: '1280x720, page blocked 80 % of the time', run: page, init: busy, goal: { p50: 150, flat: true } },
  { name: '1280x720, page 12 times slower', run: page, throttle: 12, goal: { p50: 150, flat: true } },
  { name: '1280x720, no worker', run: page, where: noWorker, goal: { p50: 12, p95: 30 } },
  { name: '1280x720, no worker, page blocked 80 % of the time', run: page, where: noWorker, init: busy, goal: { p50: 150, flat: true } },
  { name: '1280x720, no worker, page 12 times slower', run: page, where: noWorker, throttle: 12, goal: { p50: 150, flat: true } },
  { name: '7 streams of 640x360', run: page, count: 7, size: '640x360', goal: {} },
  { name: '16 streams of 320x240', run: page, count: 16, size: '320x240', goal: {} },
  { name: '1280x720, link of 1 MB/s, `/wire`', run: page, rate: 1e6, slow: true, goal: { frames: 1.35, flat: true } },
  { name: '1280x720, link of 1 MB/s, `/stream`', run: stream, rate: 1e6, slow: true, goal: { p95: 350, flat: true } },
];
