import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';

import jsqr from 'jsqr';

import { parse, texts } from '../texts.js';
import { load, page } from './page.js';

const { qr } = await load('qr.js');
const { grid, spotlight } = await load('grid.js');
const { header } = await load('jpeg.js');
const { aged, millis, size } = await load('texts.js');

/** Decodes a QR code that is painted with four pixels a module. */
function read(code) {
  const [scale, quiet] = [4, 4];
  const side = (code.length + 2 * quiet) * scale;
  const pixels = new Uint8ClampedArray(side * side * 4).fill(255);
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) {
    const dark = code[Math.floor(y / scale) - quiet]?.[Math.floor(x / scale) - quiet];
    if (dark) pixels.fill(0, (y * side + x) * 4, (y * side + x) * 4 + 3);
  }
  return jsqr.default?.(pixels, side, side)?.data ?? jsqr(pixels, side, side)?.data;
}

test('QR codes of every size are read by another’s decoder', () => {
  let sizes = new Set();
  for (let length = 1; length <= 412; length += 9) {
    const text = `https://desk.local:6868/#key=${'aZ9-%'.repeat(100)}`.slice(0, length);
    const code = qr(text);
    sizes.add(code.length);
    assert.equal(read(code), text);
  }
  assert.equal(sizes.size, 15);
  assert.equal(read(qr('密钥 é')), '密钥 é');
  assert.deepEqual([qr(''), qr('x'.repeat(413))], [null, null]);
});

test('tiles fill the stage as those of the window do', () => {
  const [wide, tall] = [{ width: 1280, height: 720 }, { width: 720, height: 1280 }];
  const columns = (stage, pictures) => grid(stage, pictures).filter(({ top }) => top === 0).length;
  assert.equal(columns({ width: 1280, height: 720 }, Array(4).fill(wide)), 2);
  assert.equal(columns({ width: 1280, height: 720 }, Array(3).fill(tall)), 3);
  assert.equal(columns({ width: 390, height: 844 }, Array(3).fill(wide)), 1);
  assert.deepEqual(grid({ width: 100, height: 100 }, []), []);
  for (let count = 1; count < 17; count++) {
    const stage = { width: 1013, height: 611 };
    for (const tiles of [grid(stage, Array(count).fill(wide)), spotlight(stage, count, count - 1)]) {
      assert.equal(tiles.length, count);
      tiles.forEach((a, i) => {
        assert.ok(a.left >= -0.01 && a.top >= -0.01 && a.left + a.width < 1013.01 && a.top + a.height < 611.01);
        for (const b of tiles.slice(0, i)) {
          const apart = a.left >= b.left + b.width - 0.01 || b.left >= a.left + a.width - 0.01
            || a.top >= b.top + b.height - 0.01 || b.top >= a.top + a.height - 0.01;
          assert.ok(apart, `${count}`);
        }
      });
    }
  }
});

test('a JPEG’s size is known before it is decoded', () => {
  const data = new URL('../../data/', import.meta.url);
  const photos = fs.readdirSync(data).filter((name) => name.endsWith('.jpg'));
  assert.ok(photos.length > 0);
  for (const name of photos) {
    const bytes = fs.readFileSync(new URL(name, data));
    const { width, height } = header(bytes);
    assert.ok(width > 0 && height > 0, name);
    for (let end = 0; end < Math.min(bytes.length, 700); end++) header(bytes.subarray(0, end));
  }
  assert.equal(header(Uint8Array.from([0xff, 0xd8, 0xff, 0xda, 0, 0, 0, 0, 0, 0, 0, 0])), null);
  assert.equal(header(new Uint8Array(100)), null);
  const noise = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256);
  noise.set([0xff, 0xd8]);
  header(noise);
});

test('times and amounts are written as in the window', () => {
  assert.deepEqual([0.42, 9.96, 12.4, 12_000].map(millis), ['0.4 ms', '10 ms', '12 ms', '12 s']);
  assert.equal(aged({ time: 12, within: 0.2 }), '12 ms ±0.2 ms');
  assert.equal(aged({ time: 12, within: null }), '12 ms ±?');
  assert.deepEqual([999, 64_200, 3_450_000].map(size), ['999 B', '64 kB', '3.5 MB']);
});

test('the page has the texts of the program, in both languages', () => {
  for (const language of ['en', 'zh']) {
    const file = fs.readFileSync(new URL(`texts.${language}.json`, page), 'utf8');
    assert.equal(file, texts(language), 'run `node texts.js`');
  }
  assert.deepEqual(Object.keys(JSON.parse(texts('en'))), Object.keys(JSON.parse(texts('zh'))));
  assert.deepEqual([...parse('a = x\n# c\nb =\n    two\n    lines\n')], [['a', 'x'], ['b', 'two\nlines']]);
});
