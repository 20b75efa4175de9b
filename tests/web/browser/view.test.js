// Seeing: streams with their stamps, states that never lie, a hidden page, a relay that is restarted.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { afterEach, test } from 'node:test';

import { browser, clean, Counter, data, open, pattern, pulsecam, Relay, root, screenshot, slow, stream, until, windowed } from './programs.js';
import { read } from './stamp.js';

afterEach(clean);

/** The pixels of a stream as they are on the page; the stage has just its size. */
const pixels = (page) => page.locator('.tile canvas').screenshot();

for (const where of ['/view/kitchen', '/view/kitchen?no-worker']) {
  test(`a stream is shown with its stamp: ${where}`, async () => {
    const relay = await Relay.start();
    const before = Date.now();
    pattern(relay, 'kitchen');
    const page = await open(await browser(), relay, where, { width: 640, height: 480 });
    const engine = await page.locator('#stage').getAttribute('data-engine');
    assert.equal(engine, where.includes('no-worker') ? 'page' : 'worker');
    await stream(page, 'kitchen');
    const first = await read(page, await pixels(page));
    await until(page, () => document.querySelector('.figures').textContent.includes('fps'));
    const second = await read(page, await pixels(page));
    assert.ok(second.number > first.number, `${first.number} ${second.number}`);
    assert.ok(first.micros >= before * 1000 && second.micros <= Date.now() * 1000);
    const caption = await stream(page, 'kitchen');
    assert.match(caption, /^kitchen 640×480 · [\d.]+ fps · [\d.]+ ms ±[\d.]+ ms$/);
    assert.deepEqual(page.troubles, []);
  });
}

test('several streams share one connection, and each can be enlarged by keys, taps and buttons', async () => {
  const relay = await Relay.start();
  for (let i = 0; i < 7; i++) pattern(relay, `cam ${i}`, { fps: 10, size: '320x240' });
  const page = await open(await browser(), relay, '/?lang=en');
  for (let i = 0; i < 7; i++) await stream(page, `cam ${i}`);
  const large = () => page.evaluate(() => [...document.querySelectorAll('.picture')].map((button) => button.getAttribute('aria-pressed')).indexOf('true'));
  assert.equal(await large(), -1);
  const [number] = /^\d+/.exec(await page.locator('.tile figcaption').nth(2).textContent());
  for (const digit of number) await page.keyboard.press(digit);
  assert.equal(await large(), 2);
  await page.keyboard.press('ArrowRight');
  assert.equal(await large(), 3);
  await page.keyboard.press('0');
  assert.equal(await large(), -1);
  await page.locator('.picture').nth(5).click();
  assert.equal(await large(), 5);
  await page.locator('[data-do=all]').click();
  assert.equal(await large(), -1);
  assert.deepEqual(page.troubles, []);
});

test('a sender that stops is frozen in grey; it goes on, and also when it is restarted, in its tile', async () => {
  const relay = await Relay.start();
  const sender = pattern(relay, 'kitchen');
  const page = await open(await browser(), relay);
  await stream(page, 'kitchen');
  sender.pause();
  await stream(page, 'kitchen', 'frozen');
  assert.match(await page.locator('.veil').textContent(), /^no picture/);
  sender.resume();
  await stream(page, 'kitchen');
  await sender.end();
  await stream(page, 'kitchen', 'left');
  pattern(relay, 'kitchen');
  await stream(page, 'kitchen');
  assert.equal(await page.locator('.tile').count(), 1);
});

test('a sender that says goodbye leaves, and its number stays free', async () => {
  const relay = await Relay.start();
  const leaves = pattern(relay, 'door');
  const page = await open(await browser(), relay);
  await stream(page, 'door');
  pattern(relay, 'kitchen');
  await stream(page, 'kitchen');
  const captions = () => page.locator('.tile figcaption').allTextContents();
  const numbers = (await captions()).map((caption) => Number(/^\d+/.exec(caption)?.[0]));
  assert.ok(numbers[0] < numbers[1], `the relay’s: ${await captions()}`);
  await leaves.end();
  assert.equal(await stream(page, 'door', 'left').then((caption) => caption.includes('fps')), false);
  await screenshot(page, 'left');
  assert.equal(await page.locator('[data-health=left] .veil').textContent(), 'has left');
  await until(page, () => document.querySelectorAll('.tile').length === 1);
  assert.match((await captions())[0], /^kitchen /, 'alone it needs no number');
  pattern(relay, 'garden');
  const caption = await stream(page, 'garden');
  assert.ok(Number(/^\d+/.exec(caption)[0]) > numbers[1], caption);
  const large = () => page.evaluate(() => [...document.querySelectorAll('.picture')].map((button) => button.getAttribute('aria-pressed')).indexOf('true'));
  for (const digit of String(numbers[1])) await page.keyboard.press(digit);
  assert.equal(await large(), 0, 'its number chooses it, not its place');
  assert.deepEqual(page.troubles, []);
});

test('a restart of the relay is told, and survived with the same tiles', async (t) => {
  const relay = await Relay.start();
  if (!relay.isOurs) return t.skip('the relay is not ours');
  pattern(relay, 'kitchen', { args: ['--max-backoff', '1s'] });
  const page = await open(await browser(), relay);
  await stream(page, 'kitchen');
  const frame = await page.locator('.tile').elementHandle();
  await relay.program.end();
  await stream(page, 'kitchen', 'frozen');
  await until(page, () => /^reconnecting/.test(document.querySelector('#link').textContent));
  await relay.again();
  await stream(page, 'kitchen');
  assert.ok(await page.locator('#link').isHidden());
  assert.ok(await frame.evaluate((element) => element.isConnected), 'it is the same tile');
  assert.equal(await page.locator('.tile').count(), 1);
  return undefined;
});

test('a page in a hidden tab is no viewer, and one again when it is shown', async () => {
  const relay = await Relay.start();
  const counter = new Counter(relay);
  const window = await windowed(`${relay.url}/?lang=en`);
  await counter.reaches(1);
  window.press('ctrl+t');
  await counter.reaches(0);
  window.press('ctrl+w');
  await counter.reaches(1);
});

test('a page that was hidden shows the stream again in its tile', async () => {
  const relay = await Relay.start();
  const page = await open(await browser(), relay);
  await until(page, () => document.querySelector('#headline').textContent.startsWith('waiting'));
  const sender = pattern(relay, 'kitchen', { args: ['--json'] });
  await stream(page, 'kitchen');
  // A debugger keeps every tab visible, so the page is told.
  const hide = (hidden) => page.evaluate((on) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => on });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
  await hide(true);
  await stream(page, 'kitchen', 'frozen');
  await hide(false);
  await stream(page, 'kitchen');
  assert.equal(await page.locator('.tile').count(), 1);
  await sender.end();
  const summary = await sender.event('summary');
  assert.ok(summary.unseen > 0 && summary.sent > 0, 'meanwhile its pictures were not even encoded');
});

/** Blocks the page's thread most of the time. */
const busy = () => setInterval(() => {
  for (const end = performance.now() + 200; performance.now() < end;);
}, 250);

for (const [what, line, init] of [
  ['a page that is slow', (relay) => relay, busy],
  ['a page behind a slow line', (relay) => slow(relay, 300_000), undefined],
]) {
  test(`${what} is sent no more than it has credit for`, async () => {
    const relay = await Relay.start();
    for (const name of ['a', 'b', 'c']) pattern(relay, name);
    const context = await (await browser()).newContext();
    const page = await context.newPage();
    let [got, told, worst, limited] = [0, 0, -Infinity, false];
    const description = (bytes) => bytes.subarray(12, 12 + bytes.readUInt32BE(8)).swap16().toString('utf16le');
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => {
        if (payload.readInt32BE(4) !== 3) return;
        got += 1;
        // What was on the way before the first credit arrived was not limited.
        limited ||= got <= told;
        if (limited) worst = Math.max(worst, got - told);
      });
      socket.on('framesent', ({ payload }) => {
        if (payload.readInt32BE(4) !== 104) return;
        const [, more] = /; until=(\d+)/.exec(description(Buffer.from(payload))) ?? [];
        if (more) told = Number(more);
      });
    });
    if (init) await page.addInitScript(init);
    // In a worker, what goes through the socket could not be seen from here.
    await page.goto(`${(await line(relay)).url}/?lang=en&no-worker`);
    await until(page, () => document.querySelectorAll('.tile').length === 3);
    const before = got;
    await page.waitForTimeout(5_000);
    assert.ok(got > before, 'frames come');
    assert.ok(limited && worst <= 0, `${worst} more than it had credit for`);
    assert.ok(told >= got && told - got <= 8, `${told - got} frames of credit`);
    assert.ok(got - before < 5 * 90, 'others were left out');
  });
}

test('a page whose engine stands still shows no picture as live', async () => {
  const relay = await Relay.start();
  pattern(relay, 'kitchen');
  const page = await open(await browser(), relay);
  await stream(page, 'kitchen');
  const [worker] = page.workers();
  const block = worker.evaluate(() => {
    for (const end = performance.now() + 6_000; performance.now() < end;);
  });
  await stream(page, 'kitchen', 'frozen');
  await block;
  await stream(page, 'kitchen');
});

test('a snapshot is the frame as it was received', async () => {
  const relay = await Relay.start();
  const photo = `${data}/raccoon_1024x768.jpg`;
  const film = `${fs.mkdtempSync('/tmp/pulsecam-web-')}/film.mjpeg`;
  fs.writeFileSync(film, Buffer.concat(Array(30).fill(fs.readFileSync(photo))));
  pulsecam('send', relay.host, '--source', film, '--repeat', '--fps', '10', '--name', '浣熊/1');
  const page = await open(await browser(), relay);
  await stream(page, '浣熊/1');
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('s')]);
  assert.match(download.suggestedFilename(), /^浣熊-1-\d{4}-\d\d-\d\d-\d{6}\.jpg$/);
  assert.deepEqual(fs.readFileSync(await download.path()), fs.readFileSync(photo));
  fs.rmSync(film.replace(/\/[^/]*$/, ''), { recursive: true });
});

test('only the named stream is at /view/NAME, and nothing beside it', async () => {
  const relay = await Relay.start();
  pattern(relay, '厨房 1');
  pattern(relay, 'other');
  const page = await open(await browser(), relay, `/view/${encodeURIComponent('厨房 1')}`);
  await stream(page, '厨房 1');
  await page.waitForTimeout(1_000);
  assert.equal(await page.locator('.tile').count(), 1);
  for (const part of ['#bar', '#talk', '.tile figcaption']) assert.ok(await page.locator(part).isHidden(), part);
});

test('what cannot be decoded is said', async () => {
  const relay = await Relay.start();
  const { encode } = await import(`${root}/crates/pulsecam-net/src/relay/web/page/wire.js`);
  const page = await open(await browser(), relay);
  await until(page, () => document.querySelector('#headline').textContent.startsWith('waiting'));
  const { default: net } = await import('node:net');
  const socket = net.connect(Number(relay.host.split(':')[1]), '127.0.0.1');
  socket.write(encode(100, 'This is a heartbeat msg to server.', new Uint8Array(4)));
  const broken = fs.readFileSync(`${data}/coffee_600x400.jpg`).subarray(0, 300);
  const sending = setInterval(() => socket.write(encode(3, 'this is video image; stream=broken', broken)), 100);
  try {
    await stream(page, 'broken', 'undecodable');
    assert.match(await page.locator('.veil').textContent(), /^cannot be decoded: /);
    assert.deepEqual(page.troubles, []);
  } finally {
    clearInterval(sending);
    socket.destroy();
  }
});
