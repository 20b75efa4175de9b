// Programs of others as they are: VLC plays a stream, and Home Assistant's way of reading cameras.
// (ffmpeg, curl and promtool: crates/pulsecam-net/tests/web/programs.rs.)

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, test } from 'node:test';

import { browser, clean, PATIENCE, pattern, Program, Relay, track, until } from '../browser/programs.js';
import { read } from '../browser/stamp.js';
import { Dashboard } from './dashboard.js';

afterEach(clean);

/** VLC does not run as root. */
const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

/** A folder into which any user may write. */
function folder() {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'pulsecam-clients-'));
  fs.chmodSync(made, 0o777);
  track(() => fs.rmSync(made, { recursive: true, force: true }));
  return made;
}

/** Waits until there is something in a folder. */
async function filled(where, ready, program) {
  for (const late = Date.now() + PATIENCE; Date.now() < late;) {
    const files = fs.readdirSync(where).filter(ready).sort();
    if (files.length) return files;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`nothing in ${where}: ${program.lines.join('\n')} ${program.errors}`);
}

test('VLC plays a stream', async () => {
  const relay = await Relay.start();
  pattern(relay, 'kitchen', { fps: 15 });
  const shots = folder();
  const vlc = [
    'cvlc', '--no-audio', '--vout=vdummy', '--network-caching=50', '--no-video-title-show',
    '--video-filter=scene', '--scene-format=png', '--scene-ratio=5', `--scene-path=${shots}`, '--scene-prefix=shot-',
    `${relay.url}/stream/kitchen`,
  ];
  const [command, ...args] = process.getuid() === 0 ? [...NOBODY, ...vlc] : vlc;
  const program = new Program(command, args, { env: { ...process.env, HOME: shots, XDG_RUNTIME_DIR: shots } });
  const files = await filled(shots, (name) => name > 'shot-00020.png' && name.endsWith('.png'), program);
  await program.end();
  const page = await (await browser()).newPage();
  const whole = fs.readdirSync(shots).filter((name) => name.endsWith('.png')).sort().slice(0, -1);
  const stamps = [];
  for (const name of whole) stamps.push(await read(page, fs.readFileSync(path.join(shots, name))));
  assert.ok(stamps.length >= 3, files.join());
  stamps.reduce((before, stamp) => {
    assert.ok(stamp.number > before.number && stamp.micros > before.micros, JSON.stringify(stamps));
    return stamp;
  });
});

for (const secured of [false, true]) {
  test(`Home Assistant’s way of reading works ${secured ? 'with a key as password' : 'without a key'}`, async () => {
    const shots = folder();
    const keys = path.join(shots, 'room.key');
    if (secured) fs.writeFileSync(keys, `${'0123456789abcdef'.repeat(4)}\n`, { mode: 0o600 });
    const relay = await Relay.start(...(secured ? ['--key-file', keys] : []));
    pattern(relay, 'kitchen', { args: secured ? ['--key-file', keys] : [] });
    const password = secured ? [fs.readFileSync(keys, 'utf8').trim()] : [];
    const addresses = [`${relay.url}/snapshot/kitchen`, `${relay.url}/stream/kitchen`];
    const reader = new Program('/usr/bin/python3', [path.join(import.meta.dirname, 'home_assistant.py'), shots, ...addresses, ...password]);
    const proxy = await reader.line((line) => line.startsWith('http://') && line);
    const page = await (await Dashboard.start()).open(`<img src="${proxy}">`);
    const [still, first] = ['still.jpg', 'stream.jpg'].map((name) => fs.readFileSync(path.join(shots, name)));
    const stamps = [await read(page, still), await read(page, first)];
    assert.ok(stamps[1].number > stamps[0].number);
    await until(page, () => document.images[0]?.naturalWidth === 640);
    const shown = await read(page, await page.locator('img').screenshot());
    assert.ok(shown.number > stamps[1].number, 'and so do browsers through its proxy');
  });
}
