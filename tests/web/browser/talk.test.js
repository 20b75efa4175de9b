// Talking: texts and images both ways, and what strangers may write.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, test } from 'node:test';

import { browser, clean, data, open, pattern, pulsecam, qtPeer, Relay, stream, until, viewer } from './programs.js';

afterEach(clean);

const lines = (page) => page.evaluate(() => [...document.querySelectorAll('#log p')].map((line) => ({
  name: line.querySelector('.name').textContent, said: line.querySelector('.said').textContent, state: line.querySelector('.state').textContent,
})));

const heard = (page, said) => until(page, (text) =>
  [...document.querySelectorAll('#log .said')].some((element) => element.textContent === text), said);

test('texts go both ways, in Chinese and whatever else people write', async () => {
  const relay = await Relay.start();
  const native = await viewer(relay);
  const qt = await qtPeer(relay);
  const page = await open(await browser(), relay);
  await until(page, () => document.querySelector('#page').dataset.link === 'up');
  for (const text of ['你好，世界', '📷🙂 family: 👨‍👩‍👧', 'שלום عالم; 100% = all']) {
    await page.keyboard.press('t');
    await page.keyboard.insertText(text);
    await page.keyboard.press('Enter');
    await native.event('text', (event) => event.text === text);
    if (qt) await qt.event('message', (event) => event.type === 1 && event.text === text);
    await pulsecam('text', relay.host, '--name', '安', '--', `re: ${text}`).ended;
    await heard(page, `re: ${text}`);
    await page.keyboard.press('Escape');
  }
  await until(page, () => [...document.querySelectorAll('#log .mine .state')].every((state) => state.textContent === 'sent'));
  const all = await lines(page);
  assert.equal(all.length, 6);
  assert.deepEqual(all[0], { name: 'you', said: '你好，世界', state: 'sent' });
  assert.deepEqual(all[1], { name: '安', said: 're: 你好，世界', state: '' });
  if (qt) {
    qt.say('text 来自 Qt');
    await heard(page, '来自 Qt');
    assert.equal((await lines(page)).at(-1).name, 'unnamed');
  }
  assert.deepEqual(page.troubles, []);
});

test('a text that was written while the relay was away arrives once', async (t) => {
  const relay = await Relay.start();
  if (!relay.isOurs) return t.skip('the relay is not ours');
  const page = await open(await browser(), relay);
  await until(page, () => document.querySelector('#page').dataset.link === 'up');
  await relay.program.end();
  await until(page, () => document.querySelector('#page').dataset.link === 'down');
  await page.locator('#line').fill('still here');
  await page.keyboard.press('Enter');
  assert.equal((await lines(page))[0].state, 'sending');
  await relay.again();
  await until(page, () => document.querySelector('#log .state').textContent === 'sent');
  return undefined;
});

test('what strangers call themselves and write is text and nothing else', async () => {
  const relay = await Relay.start();
  const evil = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>';
  pattern(relay, `${evil}\u202egnp.exe`);
  const page = await open(await browser(), relay);
  await stream(page, `${evil}\ufffdgnp.exe`);
  await pulsecam('text', relay.host, '--name', evil, '--', `${evil} \u202e\u0007`).ended;
  await heard(page, `${evil} \ufffd\ufffd`);
  assert.equal((await lines(page))[0].name, evil);
  assert.equal(await page.evaluate(() => window.broken), undefined);
  assert.equal(await page.locator('main img[src=x], main script').count(), 0);
  assert.deepEqual(page.troubles, []);
});

test('names and texts from right to left turn nothing around them', async () => {
  const relay = await Relay.start();
  pattern(relay, 'מצלמה 1');
  const page = await open(await browser(), relay);
  await stream(page, 'מצלמה 1');
  const [name, figures] = await page.evaluate(() => ['.tile .name', '.tile .figures'].map((part) => document.querySelector(part).getBoundingClientRect().toJSON()));
  assert.ok(name.right <= figures.left + 8, 'the figures stand behind the name');
  await pulsecam('text', relay.host, '--name', 'أحمد', '--', 'مرحبا 123').ended;
  await heard(page, 'مرحبا 123');
  const direction = await page.evaluate(() => getComputedStyle(document.querySelector('#log .said')).direction);
  assert.equal(direction, 'rtl');
});

test('images come as they were sent, lie over the pictures, and can be saved', async () => {
  const relay = await Relay.start();
  const page = await open(await browser(), relay);
  await until(page, () => document.querySelector('#page').dataset.link === 'up');
  const files = ['coffee_600x400.jpg', 'astronaut_512x512.jpg'].map((name) => path.join(data, name));
  for (const file of files) await pulsecam('image', relay.host, '--name', '安', file).ended;
  await until(page, () => document.querySelector('#image-title').textContent === 'image 2 of 2 · 安');
  assert.equal(await page.locator('#image').evaluate((image) => image.decode().then(() => image.naturalWidth)), 512);
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('s')]);
  assert.deepEqual(fs.readFileSync(await download.path()), fs.readFileSync(files[1]));
  await page.keyboard.press('x');
  await until(page, () => document.querySelector('#image-title').textContent === 'image · 安');
  await page.keyboard.press('Escape');
  assert.ok(await page.locator('#gallery').isHidden());
  assert.deepEqual(page.troubles, []);
});

test('an image of the page reaches the others upright, as JPEG', async () => {
  const relay = await Relay.start();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'pulsecam-web-'));
  const native = await viewer(relay, '--save', folder);
  const page = await open(await browser(), relay);
  await until(page, () => document.querySelector('#page').dataset.link === 'up');
  await page.locator('#file').setInputFiles(path.join(data, 'coffee_600x400.jpg'));
  const image = await native.event('image');
  assert.deepEqual([image.width, image.height], [600, 400]);
  await until(page, () => document.querySelector('#log .state').textContent === 'sent');
  await page.evaluate(async () => {
    const blob = await new Promise((resolve) => Object.assign(document.createElement('canvas'), { width: 20, height: 10 }).toBlob(resolve));
    const transfer = new DataTransfer();
    transfer.items.add(new File([blob], 'pasted.png', { type: 'image/png' }));
    document.querySelector('#line').dispatchEvent(new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true }));
  });
  await native.event('image', ({ width, height }) => width === 20 && height === 10);
  await page.locator('#file').setInputFiles({ name: 'no.png', mimeType: 'image/png', buffer: crypto.randomBytes(100) });
  await until(page, () => document.querySelector('#log p:last-child .state').textContent === 'not sent');
  fs.rmSync(folder, { recursive: true });
});

test('a text that is too long is kept in the line, and one of the greatest length arrives', async () => {
  const relay = await Relay.start();
  const native = await viewer(relay);
  const page = await open(await browser(), relay);
  await until(page, () => document.querySelector('#page').dataset.link === 'up');
  await page.locator('#line').fill('x'.repeat(32_001));
  await page.locator('#line').press('Enter');
  await until(page, () => document.querySelector('#notice').textContent === 'This text is too long for one message.');
  assert.equal((await page.locator('#line').inputValue()).length, 32_001);
  const longest = '长'.repeat(32_000);
  await page.locator('#line').fill(longest);
  await page.locator('#line').press('Enter');
  await native.event('text', (event) => event.text === longest);
});

test('letters are commands only outside of the line, and not at all if they are switched off', async () => {
  const relay = await Relay.start();
  const page = await open(await browser(), relay);
  await until(page, () => document.querySelector('#page').dataset.link === 'up');
  await page.keyboard.press('t');
  await page.keyboard.type('this is him');
  assert.equal(await page.locator('#line').inputValue(), 'this is him');
  assert.ok(await page.locator('#numbers').isHidden());
  await page.keyboard.press('Escape');
  await page.keyboard.press('i');
  assert.ok(await page.locator('#numbers').isVisible());
  await page.keyboard.press('h');
  await page.locator('#shortcuts').uncheck();
  await page.keyboard.press('Escape');
  await page.keyboard.press('i');
  assert.ok(await page.locator('#numbers').isVisible(), 'nothing happened');
  await page.reload();
  assert.equal(await page.locator('#shortcuts').isChecked(), false, 'it is remembered');
});
