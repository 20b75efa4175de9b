// Clients that measure: of the wire, and of `/stream`.

import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';

import { Program, track } from '../browser/programs.js';
import { attributes, decode, describe, encode, Kind, number } from '../../../crates/pulsecam-net/src/relay/web/page/wire.js';
import { wallClock } from './clock.js';

export const now = wallClock();

/** A client of the wire. */
class Client {
  socket;

  async connect(relay, views) {
    const [host, port] = relay.host.split(':');
    this.socket = net.connect(Number(port), host);
    this.socket.setNoDelay(true);
    track(() => { this.socket.destroy(); });
    await once(this.socket, 'connect');
    const beat = () => this.socket.write(encode(Kind.heartbeat, describe('This is a heartbeat msg to server.', { t1: Math.round(now() * 1000), views }), new Uint8Array(4)));
    beat();
    const beats = setInterval(beat, 1_000);
    track(() => { clearInterval(beats); });
  }
}

/** Sends numbered frames at a rate; remembers when each was sent. */
export class Feed extends Client {
  /** When each frame of the film was last sent, by its number. */
  sent = [];

  static async start(relay, name, frames, rate) {
    const feed = new Feed();
    await feed.connect(relay, 0);
    const begin = performance.now();
    let count = 0;
    const send = () => {
      const index = count % frames.length;
      const captured = now();
      feed.sent[index] = captured;
      const description = describe('this is video image', { stream: name, seq: count, captured: Math.round(captured * 1000), offset: 0, within: 0 });
      feed.socket.write(encode(Kind.video, description, frames[index]));
      count += 1;
      next = setTimeout(send, begin + (count * 1000) / rate - performance.now());
    };
    let next = setTimeout(send);
    track(() => { clearTimeout(next); });
    return feed;
  }
}

/** Sees frames arrive; remembers their ages in ms. */
export class Watcher extends Client {
  ages = [];
  /** The size of the last picture, in words. */
  size = '';

  static async start(relay) {
    const watcher = new Watcher();
    await watcher.connect(relay, 1);
    let rest = Buffer.alloc(0);
    watcher.socket.on('data', (chunk) => {
      rest = rest.length ? Buffer.concat([rest, chunk]) : chunk;
      while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
        const message = rest.subarray(0, 4 + rest.readUInt32BE(0));
        rest = rest.subarray(message.length);
        if (message.readInt32BE(4) === Kind.video) watcher.#frame(decode(Uint8Array.from(message).buffer));
      }
    });
    return watcher;
  }

  #frame({ description, payload }) {
    const info = attributes(description);
    const [captured, offset] = ['captured', 'offset'].map((key) => number(info, key));
    if (captured !== null) this.ages.push(now() - (captured + (offset ?? 0)) / 1000);
    // The frame header of a baseline JPEG.
    const at = Buffer.from(payload).indexOf(Buffer.from([0xff, 0xc0]));
    const view = new DataView(payload.buffer, payload.byteOffset + at);
    if (at >= 0) this.size = `${view.getUint16(7)}x${view.getUint16(5)}`;
  }
}

/** Reads `/stream` as it arrives; returns the ages of the pictures that are whole from now on. */
export async function readStream(url, seconds, warmUp) {
  const ages = [];
  let counts = false;
  const request = http.get(url);
  const [answer] = await once(request, 'response');
  let rest = Buffer.alloc(0);
  answer.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const head = rest.indexOf('\r\n\r\n');
      if (head < 0) return;
      const text = rest.toString('latin1', 0, head);
      const [, length] = /content-length: (\d+)/i.exec(text) ?? [];
      const end = head + 4 + Number(length);
      if (!length || rest.length < end) return;
      const [, captured] = /x-timestamp: ([\d.]+)/i.exec(text);
      if (counts) ages.push(now() - Number(captured) * 1000);
      rest = rest.subarray(end);
    }
  });
  answer.on('error', () => {});
  await new Promise((resolve) => setTimeout(resolve, warmUp));
  counts = true;
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  request.destroy();
  return ages;
}

/** The same relay behind a link of this many bytes per second. */
export async function behindLink(relay, rate) {
  const { hostname, port } = new URL(relay.url);
  const link = new Program('/usr/bin/python3', [path.join(import.meta.dirname, 'slow_link.py'), hostname, port, String(rate)]);
  const own = await link.line((line) => Number(line));
  return { ...relay, url: `http://127.0.0.1:${own}` };
}
