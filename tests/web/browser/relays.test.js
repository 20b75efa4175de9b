// Several relays as one: the panel that shows them, at a relay with a key, in both languages.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, test } from 'node:test';

import { violations } from './axe.js';
import { browser, clean, open, pattern, Relay, screenshot, stream, until } from './programs.js';

afterEach(clean);

const options = { skip: process.env.BRIDGE ? 'a relay with a web door is needed' : false };

const KEY = 'the key of a room of two relays';

const TEXTS = {
  en: { own: 'this one', up: 'link up', gone: 'gone', line: /^clients: 1 · out \d+ [kM]?B\/s · in [\d.]+ [kM]B\/s · round trip [\d.]+ ms$/ },
  zh: { own: '当前中继', up: '链路连通', gone: '已离线', line: /^客户端：1 · 发出 \d+ [kM]?B\/s · 收到 [\d.]+ [kM]B\/s · 往返延迟 [\d.]+ ms$/ },
};

/** Two relays that act as one; on this machine only, they need no key of their own. */
async function cluster() {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'pulsecam-web-')), 'room.key');
  fs.writeFileSync(file, `${KEY}\n`);
  const [key, listen] = [['--key-file', file], ['--cluster', '127.0.0.1:0']];
  const one = await Relay.start(...key, ...listen);
  const { addr } = await one.program.event('cluster_listening');
  const other = await Relay.start(...key, ...listen, '--join', addr);
  return { one, other, key };
}

/** The rows of the panel: name, state, health and what else is known. */
const rows = (page) => page.evaluate(() => [...document.querySelectorAll('#relays li')].map((row) => ({
  name: row.querySelector('bdi').textContent,
  state: row.querySelector('.state').textContent,
  health: row.dataset.health,
  line: row.querySelector('small').textContent,
})));

for (const language of ['en', 'zh']) {
  test(`the relays of a cluster are shown in ${language}`, options, async () => {
    const { one, other, key } = await cluster();
    const said = TEXTS[language];
    pattern(other, 'door', { args: key });
    const page = await open(await browser(), one, `/?lang=${language}#key=${encodeURIComponent(KEY)}`);
    await stream(page, 'door');
    await page.keyboard.press('i');
    // Rates take two answers, and the load is told every five seconds.
    await until(page, (source) => {
      const lines = [...document.querySelectorAll('#relays small')];
      return lines.some(({ textContent }) => new RegExp(source).test(textContent));
    }, said.line.source);
    const [own, far] = await rows(page);
    assert.deepEqual([own.name, own.state, own.health], [one.host, said.own, 'up']);
    assert.deepEqual([far.name, far.state, far.health], [other.host, said.up, 'up']);
    assert.match(far.line, said.line);
    for (const [width, height] of [[390, 844], [1280, 800]]) {
      await page.setViewportSize({ width, height });
      await screenshot(page, `${language}-${width}-relays`);
      assert.deepEqual(await violations(page), []);
      const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(beyond <= 0, `${beyond} pixels beyond the side`);
    }
    await other.program.end('SIGKILL');
    await until(page, (gone) => document.querySelector('#relays [data-health=down] .state')?.textContent === gone, said.gone);
    await screenshot(page, `${language}-1280-relay-gone`);
    assert.deepEqual(page.troubles, []);
  });
}

test('a relay on its own shows none, and is asked once', options, async () => {
  const relay = await Relay.start();
  const page = await open(await browser(), relay);
  const asked = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  const answered = page.waitForResponse('**/relays.json');
  await page.keyboard.press('i');
  assert.equal(await (await answered).json(), null);
  await page.waitForTimeout(2_500);
  assert.ok(await page.locator('#relays').isHidden());
  assert.equal(asked.filter((where) => where === '/relays.json').length, 1);
});
