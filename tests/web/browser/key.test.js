// Rooms with keys: the key stands behind `#`, is proved, and never sent.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, test } from 'node:test';

import { browser, clean, open, pattern, Relay, stream, until } from './programs.js';

afterEach(clean);

// A bridge in front of a relay proves keys as programs do.
const options = { skip: process.env.BRIDGE ? 'a relay with a web door is needed' : false };

const KEY = 'correct horse & battery; 密钥';

async function locked() {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'pulsecam-web-')), 'room.key');
  fs.writeFileSync(file, `${KEY}\n`);
  const relay = await Relay.start('--key-file', file);
  pattern(relay, 'kitchen', { args: ['--key-file', file] });
  return relay;
}

const up = (page) => until(page, () => document.querySelector('#page').dataset.link === 'up');

test('a link with the key opens the room', options, async () => {
  const relay = await locked();
  const page = await open(await browser(), relay, `/?lang=en#key=${encodeURIComponent(KEY)}`);
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await stream(page, 'kitchen');
  await page.keyboard.press('l');
  assert.ok((await page.locator('#links a').first().textContent()).endsWith(`#key=${encodeURIComponent(KEY)}`));
  assert.ok(asked.every((url) => !url.includes('horse')), 'the server never sees it');
});

test('without the key, and with a wrong one, the page says so and asks', options, async () => {
  const relay = await locked();
  const page = await open(await browser(), relay, '/?lang=en');
  await page.locator('#key').waitFor();
  assert.equal(await page.locator('#key-why').textContent(), 'This room requires a key.');
  await page.locator('#key-text').fill('wrong');
  await page.locator('#key-text').press('Enter');
  await until(page, () => document.querySelector('#key-why').textContent === 'The relay rejected the key.');
  assert.ok(await page.locator('#key').isVisible());
  await page.locator('#key-text').fill(KEY);
  await page.locator('#key-text').press('Enter');
  await stream(page, 'kitchen');
  assert.ok(await page.locator('#key').isHidden());
  await page.reload();
  await stream(page, 'kitchen');
});

test('a page with a key says nothing to a relay that asks for none', options, async () => {
  const relay = await Relay.start();
  const page = await open(await browser(), relay, '/?lang=en#key=secret');
  await until(page, () => document.querySelector('#headline').textContent.includes('requires no key'));
  await page.evaluate(() => { location.hash = ''; });
  await up(page);
});

test('a link for watching only has nothing to write with, and no camera', async () => {
  const relay = await Relay.start();
  const page = await open(await browser(), relay, '/?lang=en&token=x');
  for (const part of ['#entry', '#who', '[data-do=camera]']) assert.ok(await page.locator(part).isHidden(), part);
  await page.keyboard.press('m');
  await page.keyboard.press('t');
  assert.ok(await page.locator('#own').isHidden());
  await page.keyboard.press('l');
  assert.match(await page.locator('#links a').first().textContent(), /\/\?token=x$/);
});
