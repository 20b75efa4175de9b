// Publishing: the camera of the page reaches native viewers and Qt programs.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { browser, clean, open, pattern, qtPeer, Relay, stream, until, viewer } from './programs.js';

afterEach(clean);

/** Where frames of a track cannot be had, as in Firefox. */
const noProcessor = () => { delete globalThis.MediaStreamTrackProcessor; };

for (const [way, where, init] of [
  ['frames of the track in a worker', '/?lang=en', undefined],
  ['frames of the <video>', '/?lang=en', noProcessor],
  ['everything in the page', '/?lang=en&no-worker', noProcessor],
]) {
  test(`a camera with one tap: ${way}`, async () => {
    const relay = await Relay.start();
    const native = await viewer(relay);
    const qt = await qtPeer(relay);
    const page = await open(await browser(), relay, where, { init });
    await until(page, () => document.querySelector('#page').dataset.link === 'up');
    await page.locator('[data-do=camera]').click();
    const first = await native.event('frame');
    assert.deepEqual([first.stream, first.width, first.height], ['Linux', 1280, 720]);
    const later = await native.event('frame', ({ seq, age_ms: age }) => seq >= first.seq + 20 && age !== null);
    assert.ok(later.age_within_ms > 0, 'its clock is known');
    if (qt) {
      const seen = await qt.event('message', ({ type }) => type === 3);
      assert.deepEqual([seen.width, seen.height], [1280, 720]);
    }
    await until(page, () => /^viewers: \d$/.test(document.querySelector('#own-state').textContent));
    assert.ok(await page.locator('#own video.mirrored').isVisible(), 'only the preview is mirrored');
    await page.locator('[data-do=camera]').click();
    await until(page, () => /^viewers: \d · \d+×\d+ · \d+ fps · .*B\/s · quality \d+$/.test(document.querySelector('#camera-state').textContent));
    await page.locator('#name').fill('门口');
    await page.locator('#name').press('Enter');
    await native.event('frame', (frame) => frame.stream === '门口');
    await page.locator('#start').click();
    const from = native.lines.length;
    await until(page, () => document.querySelector('#own').hidden);
    // The last picture says that the camera is off; it has no number of its own.
    await native.event('frame', ({ seq }) => seq === null, Math.max(0, from - 3));
    assert.deepEqual(page.troubles, []);
  });
}

test('a key turns the camera on and off, and the name is that of the conversation', async () => {
  const relay = await Relay.start();
  const native = await viewer(relay);
  const page = await open(await browser(), relay);
  await until(page, () => document.querySelector('#page').dataset.link === 'up');
  await page.getByRole('button', { name: 'Your name: Linux' }).click();
  await page.locator('#name').fill('安');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Escape');
  await page.keyboard.press('m');
  await native.event('frame', (frame) => frame.stream === '安');
  await page.keyboard.press('m');
  assert.ok(await page.locator('#own').isHidden());
  await page.keyboard.press('t');
  await page.keyboard.insertText('好');
  await page.keyboard.press('Enter');
  const text = await native.event('text');
  assert.deepEqual([text.from, text.text], ['安', '好']);
});

test('nobody watches, so nothing is sent', async () => {
  const relay = await Relay.start();
  const page = await open(await browser(), relay);
  await until(page, () => document.querySelector('#page').dataset.link === 'up');
  await page.locator('[data-do=camera]').click();
  await until(page, () => document.querySelector('#own-state').textContent === 'Nobody is watching, so nothing is sent.');
  const native = await viewer(relay);
  await native.event('frame');
  await until(page, () => document.querySelector('#own-state').textContent === 'viewers: 1');
});

test('two pages see each other, and one that comes back after a restart of the relay goes on', async (t) => {
  const relay = await Relay.start();
  if (!relay.isOurs) return t.skip('the relay is not ours');
  const started = await browser();
  const [camera, other] = [await open(started, relay), await open(started, relay)];
  await camera.locator('[data-do=camera]').click();
  await stream(other, 'Linux');
  await relay.program.end();
  await stream(other, 'Linux', 'frozen');
  await until(camera, () => document.querySelector('#own-state').textContent === 'Not connected, so nothing is sent.');
  await relay.again();
  await stream(other, 'Linux');
  assert.equal(await other.locator('.tile').count(), 1);
  return undefined;
});

test('a camera that delivers no more pictures is told to all', async () => {
  const relay = await Relay.start();
  const started = await browser();
  const [camera, other] = [await open(started, relay, undefined, { init: noProcessor }), await open(started, relay)];
  await camera.locator('[data-do=camera]').click();
  await stream(other, 'Linux');
  await camera.evaluate(() => document.querySelector('#preview').pause());
  await until(other, () => document.querySelector('.tile').dataset.health === 'card');
  await until(camera, () => document.querySelector('#own-state').textContent.startsWith('The camera is paused'));
  await camera.evaluate(() => document.querySelector('#preview').play());
  await stream(other, 'Linux');
});

test('without a camera, or without the permission, the page says why', async () => {
  const relay = await Relay.start();
  const page = await open(await browser(), relay, undefined, { init: () => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('Permission denied', 'NotAllowedError'));
  } });
  await page.locator('[data-do=camera]').click();
  await until(page, () => document.querySelector('#camera-state').textContent.startsWith('The browser does not let this page'));
  assert.equal(await page.locator('[data-do=camera]').getAttribute('aria-pressed'), 'false');
});

test('over plain HTTP the page says in one sentence why there is no camera, and still shows and talks', async () => {
  const relay = await Relay.start();
  pattern(relay, 'kitchen');
  const address = relay.url.replace('127.0.0.1', 'desk.local');
  const page = await open(await browser(), { url: address }, '/?lang=en', { width: 390, height: 844 });
  assert.equal(await page.evaluate(() => isSecureContext), false);
  await stream(page, 'kitchen');
  await page.locator('[data-do=camera]').click();
  const state = page.locator('#camera-state');
  assert.match(await state.textContent(), /^Browsers let a page use the camera over HTTPS only/);
  assert.ok(await page.locator('#start').isDisabled());
  const info = await page.evaluate(() => fetch('/page.json').then((answer) => answer.json()));
  if (info.https) assert.match(await state.locator('a').getAttribute('href'), /^https:\/\/desk\.local:\d+\/\?lang=en$/);
});
