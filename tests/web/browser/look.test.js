// The looks: both languages on phones and desktops, narrow and enlarged pages, and what people who hear a page get.

import assert from 'node:assert/strict';
import path from 'node:path';
import { afterEach, test } from 'node:test';

import { violations } from './axe.js';
import { browser, clean, data, open, pattern, pulsecam, Relay, screenshot, stream, until } from './programs.js';

afterEach(clean);

const SIZES = [{ width: 390, height: 844 }, { width: 1280, height: 800 }];

/** Nothing reaches beyond the sides of the page, and no button is cut off. */
async function fits(page, where) {
  const beyond = await page.evaluate(() => {
    const out = [];
    if (document.documentElement.scrollWidth > innerWidth) out.push(`${document.documentElement.scrollWidth} > ${innerWidth}`);
    for (const element of document.querySelectorAll('button, input, a, p, h2, td, th, #tiles')) {
      const box = element.getBoundingClientRect();
      if (box.width && (box.left < -0.5 || box.right > innerWidth + 0.5)) out.push(`${element.tagName}#${element.id}`);
    }
    return out;
  });
  assert.deepEqual(beyond, [], where);
}

for (const language of ['en', 'zh']) {
  for (const size of SIZES) {
    test(`every part of the page in ${language} at ${size.width}`, async () => {
      const relay = await Relay.start();
      const page = await open(await browser(), relay, `/?lang=${language}`, size);
      const name = (part) => `${language}-${size.width}-${part}`;
      const check = async (part) => {
        await screenshot(page, name(part));
        await fits(page, part);
        assert.deepEqual(await violations(page), [], part);
      };
      await until(page, () => document.querySelector('#page').dataset.link === 'up');
      await check('waiting');
      pattern(relay, language === 'zh' ? '厨房' : 'kitchen');
      await stream(page, language === 'zh' ? '厨房' : 'kitchen');
      await check('one');
      pattern(relay, 'door', { size: '640x360' });
      const garden = pattern(relay, 'garden', { size: '480x640' });
      for (const other of ['door', 'garden']) await stream(page, other);
      garden.pause();
      await stream(page, 'garden', 'frozen');
      await pulsecam('text', relay.host, '--name', '安', '--', '你好，大家能看到我吗？').ended;
      await page.keyboard.press('t');
      await page.locator('#line').fill(language === 'zh' ? '可以，画面很清楚。' : 'Yes, the picture is clear.');
      await page.keyboard.press('Enter');
      await until(page, () => /sent|已发送/.test(document.querySelector('#log .mine .state')?.textContent));
      await check('several');
      await page.keyboard.press('Escape');
      await page.keyboard.press('1');
      await check('enlarged');
      await page.keyboard.press('i');
      await until(page, () => document.querySelectorAll('#figures svg').length > 0);
      await check('numbers');
      await page.keyboard.press('i');
      await page.keyboard.press('0');
      for (const [key, dialog] of [['h', 'help'], ['l', 'share']]) {
        await page.keyboard.press(key);
        await check(dialog);
        await page.keyboard.press('Escape');
        assert.ok(await page.locator(`#${dialog}`).isHidden());
      }
      await page.keyboard.press('m');
      await until(page, () => /viewers|观看|Nobody|无人/.test(document.querySelector('#own-state').textContent));
      await page.locator('[data-do=camera]').click();
      await check('camera');
      await page.keyboard.press('Escape');
      await pulsecam('image', relay.host, path.join(data, 'coffee_600x400.jpg')).ended;
      await page.locator('#gallery').waitFor();
      await check('image');
      assert.deepEqual(page.troubles, []);
    });
  }
}

test('the page works at 320 pixels and at 400 %', async () => {
  const relay = await Relay.start();
  for (const name of ['a kitchen with a name that is much too long for any phone', 'b']) pattern(relay, name);
  // A window of 1280x1024 at 400 %.
  const page = await open(await browser(), relay, '/?lang=en', { width: 320, height: 256 });
  await stream(page, 'b');
  await screenshot(page, '320-top');
  await fits(page, 'top');
  for (const button of ['say', 'camera', 'full', 'numbers', 'share', 'help']) {
    const box = await page.locator(`[data-do=${button}]`).boundingBox();
    assert.ok(box.width >= 44 && box.height >= 44, `${button} is large enough for a finger`);
  }
  await page.locator('[data-do=say]').click();
  await page.locator('#line').fill('hello');
  await page.locator('#line').press('Enter');
  await until(page, () => document.querySelector('#log .state').textContent === 'sent');
  await page.locator('#line').scrollIntoViewIfNeeded();
  await screenshot(page, '320-talk');
  await fits(page, 'talk');
  await page.locator('[data-do=share]').click();
  await screenshot(page, '320-share');
  await fits(page, 'share');
  assert.deepEqual(await violations(page), []);
});

test('fingers: a tap enlarges, a swipe goes on, a second tap fills the screen, a third shows all', async () => {
  const relay = await Relay.start();
  for (const name of ['a', 'b', 'c']) pattern(relay, name, { size: '320x240', fps: 10 });
  const page = await open(await browser(), relay, '/?lang=en', { width: 412, height: 915, hasTouch: true, isMobile: true });
  for (const name of ['a', 'b', 'c']) await stream(page, name);
  const large = () => page.evaluate(() => [...document.querySelectorAll('.picture')].map((button) => button.getAttribute('aria-pressed')).indexOf('true'));
  await page.locator('.picture').nth(1).tap();
  assert.equal(await large(), 1);
  const session = await page.context().newCDPSession(page);
  const touch = (type, x) => session.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x, y: 200 }] });
  await touch('touchStart', 300);
  for (const x of [240, 180, 120]) await touch('touchMove', x);
  await touch('touchEnd');
  assert.equal(await large(), 2);
  assert.ok(await page.locator('#bar').isVisible(), 'buttons stay where no pointer can call them');
  // After a swipe without times, Chromium takes taps for the end of a fling.
  await page.locator('.picture').nth(2).click();
  await page.locator('#bar').waitFor({ state: 'hidden' });
  await page.locator('.picture').nth(2).click();
  await page.locator('#bar').waitFor();
  assert.equal(await large(), -1);
});

test('a tablet has its buttons below the picture', async () => {
  const relay = await Relay.start();
  pattern(relay, 'kitchen');
  const page = await open(await browser(), relay, '/?lang=en', { width: 1024, height: 768, hasTouch: true, isMobile: true });
  await stream(page, 'kitchen');
  await screenshot(page, 'tablet');
  await fits(page, 'tablet');
  const [stage, bar, talk] = await Promise.all(['#stage', '#bar', '#talk'].map((part) => page.locator(part).boundingBox()));
  assert.ok(stage.y + stage.height <= bar.y + 1 && bar.y + bar.height <= 769, 'nothing covers the picture');
  assert.ok(stage.x + stage.width <= talk.x + 1 && stage.height > 600);
});

test('people who hear the page are told of streams and of their states', async () => {
  const relay = await Relay.start();
  const page = await open(await browser(), relay);
  await page.evaluate(() => {
    window.said = [];
    new MutationObserver(() => window.said.push(document.querySelector('#news').textContent))
      .observe(document.querySelector('#news'), { childList: true, characterData: true, subtree: true });
  });
  const sender = pattern(relay, 'kitchen');
  await stream(page, 'kitchen');
  await page.getByRole('button', { name: 'Enlarge kitchen' }).waitFor();
  sender.pause();
  await stream(page, 'kitchen', 'frozen');
  await until(page, () => window.said.includes('kitchen: no picture'));
  await page.getByRole('figure', { name: 'kitchen: no picture' }).waitFor();
  const said = await page.evaluate(() => window.said);
  assert.ok(said.length < 6, `figures are not read out: ${said}`);
});

test('the language follows the browser, and can be switched', async () => {
  const relay = await Relay.start();
  const page = await open(await browser(), relay, '/#key=', { locale: 'zh-CN' });
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'zh-CN');
  assert.equal(await page.locator('[data-do=say] span').textContent(), '消息');
  await page.keyboard.press('h');
  await page.locator('#language').click();
  await page.locator('#stage[data-engine]').waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
});

test('the QR code and the link open this relay, with the key of the room', async () => {
  const { default: jsqr } = await import('jsqr');
  const relay = await Relay.start();
  const page = await open(await browser(), relay, '/?lang=en#key=a%20%26b');
  await page.keyboard.press('l');
  const [link] = await page.locator('#links a').allTextContents();
  assert.ok(link.endsWith('/#key=a%20%26b'), link);
  assert.ok(await page.locator('#with-key').isVisible());
  const png = await page.locator('#qr svg').screenshot();
  const { pixels, width, height } = await page.evaluate(async (base64) => {
    const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))]));
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    context.drawImage(bitmap, 0, 0);
    return { pixels: [...context.getImageData(0, 0, bitmap.width, bitmap.height).data], width: bitmap.width, height: bitmap.height };
  }, png.toString('base64'));
  assert.equal((jsqr.default ?? jsqr)(Uint8ClampedArray.from(pixels), width, height).data, link);
  await page.locator('#copy-link').click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), link);
});
