import assert from 'node:assert/strict';
import test from 'node:test';

import { load } from './page.js';

const wire = await load('wire.js');
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const bytes = (text) => Uint8Array.from(Buffer.from(text, 'hex')).buffer;

test('messages have the bytes of docs/protocol.md', () => {
  assert.equal(hex(wire.encode(1, 'this is text', wire.textPayload('你好'))), '0000002c00000001'
    + '000000180074006800690073002000690073002000740065007800740000000800000004' + '4f60597d');
  assert.equal(hex(wire.encode(1, '', null)), '0000000c0000000100000000ffffffff');
  const beat = wire.encode(wire.Kind.heartbeat, 'This is a heartbeat msg to server.', wire.textPayload(''));
  assert.equal(beat.length, 88, 'as the Qt client’s');
});

test('what is encoded is decoded, lone surrogates included', () => {
  for (const [description, payload] of [['', []], ['a; b=1', [1, 2, 3]], ['\ud800x\udc00', [0]]]) {
    const message = wire.decode(wire.encode(3, description, Uint8Array.from(payload)).buffer);
    assert.deepEqual([message.kind, [...message.payload]], [3, payload]);
    assert.equal(message.description, description.toWellFormed(), 'shown with replacement characters');
  }
  const empty = wire.decode(bytes('0000000c00000000ffffffffffffffff'));
  assert.deepEqual([empty.description, empty.payload.length], ['', 0], 'null');
});

test('no bytes of a stranger break the decoder', () => {
  const good = wire.encode(3, 'this is video image; seq=1', Uint8Array.from({ length: 20 }, (_, i) => i));
  for (let end = 0; end < good.length; end++) {
    assert.throws(() => wire.decode(good.slice(0, end).buffer), wire.WireError, `cut at ${end}`);
  }
  for (let at = 0; at < good.length; at++) {
    for (const value of [0, 1, 0x7f, 0xff]) {
      const bad = Uint8Array.from(good);
      bad[at] = value;
      try {
        wire.decode(bad.buffer);
      } catch (error) {
        assert.ok(error instanceof wire.WireError, `${error}`);
      }
    }
  }
});

test('attributes survive every character', () => {
  const values = { stream: ' a;b=%c\n\u0085ä你 ', seq: 7, none: null, missing: undefined, empty: '' };
  const text = wire.describe('this is video image', values);
  assert.match(text, /^this is video image; stream=%20a%3Bb=%25c%0A%C2%85ä你%20; seq=7; empty=$/);
  const read = wire.attributes(text);
  assert.deepEqual([...read], [['stream', values.stream], ['seq', '7'], ['empty', '']]);
  assert.deepEqual([wire.number(read, 'seq'), wire.number(read, 'stream'), wire.number(read, 'no')], [7, null, null]);
  assert.deepEqual([...wire.attributes('x; a=%zz; b; ; =c')], [['a', '%zz'], ['', 'c']]);
});

test('the number of a connection counts at the very end only', () => {
  assert.equal(wire.peerNumber('this is text; from=x; peer=12'), '12');
  for (const text of ['this is text; peer=12; from=x', 'this is text;peer=12', 'this is text; peer=', 'x; peer=1 ']) {
    assert.equal(wire.peerNumber(text), null, text);
  }
});

test('texts are read as Qt programs and simple ones write them', () => {
  const read = (text) => wire.readText(Uint8Array.from(Buffer.from(text, 'hex')));
  assert.equal(wire.readText(wire.textPayload('你好')), '你好');
  assert.equal(read(''), '');
  assert.equal(read('ffffffff'), '');
  assert.equal(read('e4bda0e5a5bd'), '你好', 'raw UTF-8');
  assert.equal(read('00000003616263'), 'abc', 'a byte array of UTF-8');
  assert.equal(read('00000004ff'), null);
});
