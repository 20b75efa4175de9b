// Pages of other programs: Chromium's `<img>`, and Mainsail's readers.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { afterEach, test } from 'node:test';

import { clean, data, pattern, Relay, until } from '../browser/programs.js';
import { read } from '../browser/stamp.js';
import { Camera, Dashboard, viewed } from './dashboard.js';

afterEach(clean);

const photo = fs.readFileSync(`${data}/coffee_600x400.jpg`);

test('an <img> shows a stream in motion, under the names that programs have for it', async () => {
  const relay = await Relay.start();
  const dashboard = await Dashboard.start();
  pattern(relay, 'kitchen');
  for (const target of ['/stream/kitchen', '/?action=stream&1608856928650', '/webcam/?action=stream', '/api/stream.mjpeg?src=kitchen']) {
    const page = await dashboard.open(`<img src="${relay.url}${target}">`);
    await until(page, () => document.images[0]?.naturalWidth === 640);
    const first = await read(page, await page.locator('img').screenshot());
    let later;
    do later = await read(page, await page.locator('img').screenshot());
    while (later.number === first.number);
    assert.ok(later.number > first.number && later.micros > first.micros, target);
    await page.context().browser().close();
  }
});

test('an <img> shows a picture that nothing follows', async () => {
  const relay = await Relay.start();
  const dashboard = await Dashboard.start();
  const camera = await Camera.open(relay, 'door');
  await viewed(relay, 0);
  const from = relay.program.lines.length;
  const page = await dashboard.open(`<img src="${relay.url}/stream/door">`);
  await viewed(relay, from);
  camera.send(photo);
  await until(page, () => document.images[0]?.naturalWidth === 600);
});

test('Mainsail’s reader of streams gets each picture whole, also one that nothing follows', async () => {
  const dashboard = await Dashboard.start();
  const relay = await Relay.start('--web-allow-origin', dashboard.origin);
  const camera = await Camera.open(relay, 'door');
  await viewed(relay, 0);
  const from = relay.program.lines.length;
  const page = await dashboard.open('');
  await page.evaluate(async (address) => {
    globalThis.pictures = [];
    const { stream } = await import('/mainsail.js');
    stream(address, (picture) => globalThis.pictures.push(picture)).catch((error) => { globalThis.failed = error; });
  }, `${relay.url}/stream/door`);
  await viewed(relay, from);
  for (let count = 1; count <= 3; count++) {
    camera.send(photo);
    await until(page, (wanted) => globalThis.pictures.length >= wanted, count);
  }
  const pictures = await page.evaluate(() => globalThis.pictures.map((picture) => [...picture]));
  for (const picture of pictures) assert.deepEqual(Buffer.from(picture), photo);
});

test('Mainsail’s reader of streams is refused where its page is not allowed', async () => {
  const dashboard = await Dashboard.start();
  const relay = await Relay.start();
  pattern(relay, 'door');
  const page = await dashboard.open('');
  const failed = await page.evaluate(async (address) => {
    const { stream } = await import('/mainsail.js');
    return stream(address, () => {}).catch((error) => String(error));
  }, `${relay.url}/stream/door`);
  assert.match(failed, /TypeError/);
});

test('Mainsail’s reader of snapshots gets newer ones each time', async () => {
  const relay = await Relay.start();
  const dashboard = await Dashboard.start();
  pattern(relay, 'door');
  const page = await dashboard.open('<img>');
  await page.evaluate(async (address) => {
    globalThis.loaded = 0;
    const { adaptive } = await import('/mainsail.js');
    adaptive(address, document.images[0], () => { globalThis.loaded += 1; });
  }, `${relay.url}/webcam/?action=snapshot`);
  let last = -1;
  for (let count = 1; count <= 4; count++) {
    await until(page, (wanted) => globalThis.loaded >= wanted, 2 * count);
    const { number } = await read(page, await page.locator('img').screenshot());
    assert.ok(number > last, `${number} after ${last}`);
    last = number;
  }
});
