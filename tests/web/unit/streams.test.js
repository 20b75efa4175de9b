import assert from 'node:assert/strict';
import test from 'node:test';

import { load } from './page.js';

const { NumberEntry } = await load('number_entry.js');
const { Stream } = await load('stream.js');
const { Streams, harmless } = await load('streams.js');

const frame = (seq, out = null, captured = null) => ({ seq, out, captured, card: null });
const drawn = (more = {}) => ({ bytes: 1000, age: { time: 20, within: 1 }, decode: 5, card: null, ...more });

/** A stream that drew `count` frames, 33 ms apart. */
function playing(count, more = {}) {
  const stream = new Stream(0);
  for (let i = 0; i < count; i++) {
    stream.arrived(frame(i, i, 33_000 * i), 33 * i);
    stream.drew(drawn(more), 33 * i);
  }
  stream.measure(33 * (count - 1));
  return { stream, now: 33 * (count - 1) };
}

test('a picture is live only while frames come', () => {
  const { stream, now } = playing(31);
  assert.equal(stream.health(false, now), 'live');
  assert.equal(stream.health(false, now + 900), 'live');
  assert.equal(stream.health(false, now + 1_100), 'frozen');
  assert.equal(stream.health(true, now), 'frozen', 'the link is down');
  assert.ok(!stream.isGone(now + 29_000) && stream.isGone(now + 30_000));
  assert.ok(Math.abs(stream.figures.fps - 30.3) < 0.1 && stream.figures.age.time === 20);
});

test('a late picture, a card, and one that cannot be decoded are none of it', () => {
  const late = playing(31, { age: { time: 700, within: 10 } });
  assert.equal(late.stream.health(false, late.now), 'late');
  const unsure = playing(31, { age: { time: 700, within: null } });
  assert.equal(unsure.stream.health(false, unsure.now), 'live', 'it may be nothing but the clocks’ offset');
  const card = playing(3, { card: 'no-signal' });
  assert.equal(card.stream.health(false, card.now + 3_000), 'card');
  assert.equal(card.stream.health(false, card.now + 5_000), 'frozen');
  assert.deepEqual([card.stream.figures.fps, card.stream.figures.age], [null, null]);
  const broken = new Stream(0);
  broken.arrived(frame(0), 0);
  broken.damaged(0);
  assert.deepEqual([broken.health(false, 100), broken.counts.damaged], ['undecodable', 1]);
});

test('a slow stream is not frozen between its frames', () => {
  const stream = new Stream(0);
  stream.drew(drawn(), 0);
  stream.drew(drawn(), 3_000);
  assert.equal(stream.health(false, 9_000), 'live');
  assert.equal(stream.health(false, 11_000), 'frozen');
});

test('each missing frame has its place', () => {
  const counts = (...frames) => {
    const stream = new Stream(0);
    frames.forEach(([seq, out]) => stream.arrived(frame(seq, out), 0));
    return [stream.counts.leftOut, stream.counts.lost];
  };
  assert.deepEqual(counts([0, 0], [3, 1], [9, 4]), [5, 2]);
  assert.deepEqual(counts([7, 4], [null, 5], [8, 6]), [0, 0], 'a card is not a frame');
  assert.deepEqual(counts([700, 400], [0, 0], [1, 1]), [0, 0], 'restarted');
  assert.deepEqual(counts([0, null], [4, null]), [0, 3]);
});

test('a stream never goes back in time', () => {
  const stream = new Stream(0);
  assert.ok(stream.arrived(frame(7, null, 700), 0));
  assert.ok(!stream.arrived(frame(6, null, 600), 1));
  assert.ok(stream.arrived(frame(0, null, 900), 2), 'restarted');
  assert.ok(stream.arrived(frame(0, null, 10), 30_000), 'not for ever');
});

test('the interval is the sender’s, however few frames arrive', () => {
  const stream = new Stream(0);
  for (let i = 0; i < 50; i++) stream.arrived(frame(i * 5, i * 5, 33_000 * 5 * i), 165 * i);
  assert.ok(Math.abs(stream.interval - 33) < 0.1, `${stream.interval}`);
});

test('the number tells streams apart, and names are shown', () => {
  const streams = new Streams();
  streams.epoch = '5';
  const of = (peer, claimed) => streams.of(peer, claimed, 0);
  const [ann, twin] = [of('1', 'ann'), of('2', 'ann')];
  assert.notEqual(ann.id, twin.id);
  assert.deepEqual([ann.name, twin.name, of('4', 'ann\u200b').name], ['ann', 'ann (2)', 'ann\u200b (3)']);
  assert.deepEqual([of('1', 'bob').id, of('1', 'bob').name], [ann.id, 'bob']);
  assert.equal(of('3', '').name, 'peer\u00a03');
  streams.epoch = '6';
  assert.equal(of('9', 'bob').id, ann.id, 'recognised by its name after a restart of the relay');
});

test('the relay’s numbers decide the order and stay', () => {
  const streams = new Streams();
  const shown = () => streams.all.map(({ name, number }) => [name, number]);
  streams.epoch = '5';
  for (const [peer, name] of [['7', 'cid'], ['2', 'ann'], ['4', 'bob']]) streams.of(peer, name, 0);
  assert.deepEqual(shown(), [['ann', 2], ['bob', 4], ['cid', 7]], 'not the order of arrival');
  streams.of('2', 'ann', 20_000);
  for (const peer of ['4', '7']) streams.of(peer, '', 20_000).stream.drew(drawn(), 20_000);
  streams.expire(30_000);
  assert.deepEqual(streams.all.map(({ number }) => number), [4, 7], 'the others keep theirs');
  streams.epoch = '6';
  assert.equal(streams.of('1', '', 20_000).number, 1, 'the relay was restarted');
  assert.deepEqual(streams.all.map(({ number }) => number), [1, 7]);
  const old = new Streams();
  assert.deepEqual(['x', 'y', 'x'].map((name) => old.of(null, name, 0).number), [1, 2, 1], 'a relay without numbers');
});

test('a stream whose sender has left goes after 3 s, any other after 30', () => {
  const streams = new Streams();
  streams.epoch = '5';
  const [ann, bob] = [streams.of('2', 'ann', 0), streams.of('4', 'bob', 0)];
  for (const { stream } of [ann, bob]) stream.drew(drawn(), 0);
  streams.left(['2', '17', '', 'x']);
  assert.deepEqual([ann, bob].map(({ stream }) => stream.health(false, 1_000)), ['left', 'live']);
  ann.stream.measure(1_000);
  assert.equal(ann.stream.figures.age, null);
  assert.deepEqual(streams.expire(2_999), []);
  assert.deepEqual(streams.expire(3_000), [ann.id]);
  streams.left(['4']);
  assert.ok(bob.stream.arrived(frame(1), 3_100));
  bob.stream.drew(drawn(), 3_100);
  assert.equal(bob.stream.health(false, 3_100), 'live', 'a frame says that it is back');
  assert.deepEqual([streams.expire(33_099), streams.expire(33_100)], [[], [bob.id]]);
});

test('numbers of another run of the relay name nobody', () => {
  const streams = new Streams();
  const old = streams.of('2', 'ann', 0);
  streams.left(['2']);
  assert.notEqual(old.stream.health(false, 0), 'left', 'this relay gives none');
  streams.epoch = '5';
  const ann = streams.of('2', 'ann', 0);
  streams.epoch = '6';
  streams.left(['2']);
  assert.notEqual(ann.stream.health(false, 0), 'left');
});

test('a number is chosen at once, and a longer one by its next digit', () => {
  const typed = (digits, numbers, pause = 0) => {
    const entry = new NumberEntry();
    return [...digits].map((digit, index) => entry.digit(digit, numbers, index * pause));
  };
  assert.deepEqual(typed('23', [1, 2, 3]), [2, 3]);
  assert.deepEqual(typed('12', [1, 2, 12]), [1, 12]);
  assert.deepEqual(typed('12', [1, 2, 12], 1_201), [1, 2], 'a digit after a pause begins a number');
  assert.deepEqual(typed('11', [1, 2, 12]), [1, 1], 'there is no 11');
  assert.deepEqual(typed('100', [1, 10]), [1, 10, 'all']);
  assert.deepEqual(typed('407', [407]), [null, null, 407]);
  assert.deepEqual(typed('90', [1]), [null, 'all']);
});

test('invented names cannot fill memory', () => {
  const streams = new Streams();
  for (let i = 0; i < 1000; i++) streams.of(null, `name ${i}`, 0);
  assert.equal(streams.all.length, 64);
  assert.equal(streams.of(null, 'x'.repeat(5000), 0), null);
  assert.equal(streams.expire(40_000).length, 64);
  assert.equal(streams.of(null, 'x'.repeat(5000), 0).name.length, 200);
});

test('names cannot turn or steer what stands around them', () => {
  assert.equal(harmless('a\u202eb\u0007\nc\u200f'), 'a\ufffdb\ufffd c');
  assert.equal(harmless('a\nb\tc', true), 'a\nb\tc');
  assert.equal(harmless('שלום 👋🏽 你好'), 'שלום 👋🏽 你好');
});
