import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import test from 'node:test';

import { load } from './page.js';

const { hmac, sha256 } = await load('hmac.js');
const { GRAIN, OffsetFilter } = await load('clock.js');
const { Credit, window } = await load('credit.js');
const { Adaptation, setting } = await load('adapt.js');

test('SHA-256 and HMAC are those of others', () => {
  for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000]) {
    const data = crypto.randomBytes(length);
    assert.equal(Buffer.from(sha256(data)).toString('hex'), crypto.createHash('sha256').update(data).digest('hex'));
    for (const keyLength of [0, 20, 64, 65, 200]) {
      const key = crypto.randomBytes(keyLength);
      const ours = Buffer.from(hmac(key, data, Buffer.from('end'))).toString('hex');
      assert.equal(ours, crypto.createHmac('sha256', key).update(data).update('end').digest('hex'));
    }
  }
});

test('the shortest round trip tells the offset', () => {
  const filter = new OffsetFilter();
  assert.deepEqual([filter.best, filter.roundTrip], [null, null]);
  filter.sample(10_000, 1_010_400, 1_010_500, 18_500);
  assert.deepEqual(filter.best, { micros: 996_200, within: 4_200 + GRAIN });
  filter.sample(20_000, 1_020_100, 1_020_200, 20_300);
  filter.sample(30_000, 1_030_400, 1_030_500, 38_500);
  assert.deepEqual(filter.best, { micros: 1_000_000, within: 100 + GRAIN });
  filter.sample(100, 0, 50, 110);
  filter.sample(NaN, 0, 50, 110);
  assert.equal(filter.roundTrip, 200, 'an answer before its question is ignored');
});

test('a clock that was set is believed at once', () => {
  for (const jump of [3.6e9, -3.6e9, 50_000, -50_000]) {
    const filter = new OffsetFilter();
    const exchange = (at, ahead, way) => filter.sample(at, at + way + ahead, at + way + ahead, at + 2 * way);
    for (let i = 0; i < 8; i++) exchange(1e10 + i * 3e6, 700, 20);
    exchange(1e10 + 3e7, 700 + jump, 4_000);
    assert.equal(filter.best.micros, 700 + jump);
  }
});

test('credit is what keeps the link busy, and no more', () => {
  // Round trip, drawing, interval, streams: the cases of the research.
  for (const [trip, drawing, interval, streams, frames] of [
    [1, 8, 33, 1, 1], [20, 8, 33, 1, 1], [60, 8, 33, 1, 3], [120, 8, 33, 1, 4],
    [0, 0, Infinity, 0, 1], [500, 8, 33, 1, 8], [0, 0, 33, 1, 1],
    [1, 100, 33, 1, 1], [120, 100, 33, 1, 2], // the page is what is slow
    [1, 8, 33 / 7, 7, 2], [60, 8, 33 / 7, 7, 8], [1, 50, 33 / 16, 16, 8], // several decoders
  ]) {
    assert.equal(window(trip, drawing, { interval, streams }), frames, `${trip} ${drawing} ${interval} ${streams}`);
  }
});

test('credit grows with what was handled, and is told once', () => {
  const credit = new Credit();
  const load = (interval) => ({ interval, streams: 1 });
  assert.equal(credit.more(1, load(Infinity)), 1);
  assert.equal(credit.more(1, load(Infinity)), null, 'nothing was handled since');
  credit.got += 1;
  credit.handled(8);
  assert.equal(credit.more(1, load(33)), 2);
  credit.handled(null);
  assert.equal(credit.drawing, 8, 'a frame that was given up tells nothing about drawing');
  assert.equal(credit.more(120, load(33)), 2 + 4);
});

test('quality gives way first, then rate, then size', () => {
  assert.deepEqual(setting(1), { quality: 0.8, rate: 1, scale: 1 });
  let before = setting(1);
  for (let share = 1; share > 0; share -= 0.005) {
    const now = setting(share);
    assert.ok(now.rate <= before.rate && now.scale <= before.scale, `${share}`);
    assert.ok(now.rate === 1 || share < 0.43, `${share}`);
    assert.ok(now.scale === 1 || now.rate === 0.25);
    before = now;
  }
  assert.deepEqual(before, { quality: 0.3, rate: 0.25, scale: 0.5 });
});

test('a standing queue or loss means less, and calm means more again', () => {
  for (const [queued, lost] of [[200, 0], [0, 50]]) {
    const adapt = new Adaptation(1);
    for (let now = 0; now < 5_000; now += 250) adapt.reported(queued, lost, now);
    const crowded = adapt.setting;
    assert.ok(crowded.quality < 0.8, `${queued} ${lost}`);
    for (let now = 5_000; now < 120_000; now += 250) adapt.reported(0, 0, now);
    assert.deepEqual(adapt.setting, { quality: 0.8, rate: 1, scale: 1 });
  }
  const burst = new Adaptation(1);
  for (let now = 0; now < 10_000; now += 250) burst.reported(now % 1_000 === 0 ? 300 : 0, 0, now);
  assert.equal(burst.setting.quality, 0.8, 'a burst that drains is no reason');
});

test('a slow encoder gets smaller pictures, and a phone larger ones once it has time', () => {
  const slow = new Adaptation(1);
  slow.encoded(300, 33, 0);
  assert.equal(slow.setting.scale, 1, 'the first pictures take longer');
  slow.encoded(30, 33, 3_000);
  assert.equal(slow.setting.scale, 0.75);
  const phone = new Adaptation(0.5);
  assert.equal(phone.setting.scale, 0.5);
  phone.encoded(3, 33, 0);
  phone.encoded(3, 33, 3_000);
  phone.encoded(3, 33, 3_001);
  assert.equal(phone.setting.scale, 0.75, 'one step at a time');
  phone.encoded(5, 33, 7_000);
  assert.equal(phone.setting.scale, 1);
  phone.encoded(20, 33, 11_000);
  assert.equal(phone.setting.scale, 1, 'neither too slow nor idle');
});
