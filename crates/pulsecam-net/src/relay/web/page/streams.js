// The incoming streams: which frame belongs to which, and their names.
//
// The relay numbers the connections of its senders, and only the number identifies a stream: a sender may claim any name.
// Numbers belong to one run of a relay (its epoch); after a restart, a stream is recognised by its name. They are shown,
// and all viewers see the same ones.

import { Stream } from './stream.js';

/** Streams shown at once: more would be too small to see, and a peer that invents names must not fill memory. */
const MAX_STREAMS = 64;

/** Longest name in characters; the rest is cut off. */
const MAX_NAME = 200;

/** @typedef {{id: number, number: number, key: string, epoch: string | null, claimed: string, name: string, stream: Stream}} Known */

/**
 * A name or text without characters that turn or steer what stands around it.
 * @param {string} text
 * @param {boolean} lines whether line ends are kept
 */
export function harmless(text, lines = false) {
  // Control characters are exactly what has to be replaced.
  /* eslint-disable no-control-regex */
  const calm = text.replace(/[\r\u200e\u200f\u061c\ufeff]/g, '').replace(/[\u202a-\u202e\u2066-\u206f]/g, '\ufffd');
  const even = lines ? calm : calm.replace(/[\n\t\u000b\u000c\u0085\u2028\u2029]/g, ' ');
  return even.replace(/[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f]/g, '\ufffd');
  /* eslint-enable no-control-regex */
}

export class Streams {
  /** The run of the relay to which numbers belong. @type {string | null} */
  epoch = null;
  /** In the order of their numbers. @type {Known[]} */
  all = [];
  #ids = 0;
  /** The last number that was given here, to a stream that the relay has not numbered. */
  #given = 0;

  /**
   * The stream of a frame; `null` if there are too many.
   * @param {string | null} peer the number of the sender's connection
   * @param {string} claimed the name that it claims
   * @param {number} now ms
   */
  of(peer, claimed, now) {
    const number = this.epoch === null ? null : peer;
    const key = number === null ? `name ${claimed}` : `peer ${number}`;
    let known = this.all.find((other) => other.epoch === this.epoch && other.key === key)
      ?? this.all.find((other) => other.epoch !== this.epoch && other.claimed === claimed);
    if (!known) {
      if (this.all.length >= MAX_STREAMS) return null;
      known = { id: ++this.#ids, number: 0, key: '', epoch: null, claimed: '', name: '', stream: new Stream(now) };
      this.all.push(known);
    }
    if (known.key !== key || known.epoch !== this.epoch) {
      known.number = number === null ? known.number || this.#free() : Number(number);
      this.all.sort((one, other) => one.number - other.number);
    }
    [known.key, known.epoch] = [key, this.epoch];
    if (known.claimed !== claimed || !known.name) {
      known.claimed = claimed;
      known.name = this.#unused(known, harmless(claimed).slice(0, MAX_NAME) || `peer\u00a0${number ?? '?'}`);
    }
    return known;
  }

  /**
   * A name that no other stream has: `ann (2)` if another is `ann`.
   * @param {Known} own
   * @param {string} claimed
   */
  #unused(own, claimed) {
    /** @param {string} name */
    const seen = (name) => name.replace(/[\p{Cf}\s]+/gu, ' ').trim();
    const taken = new Set(this.all.filter((other) => other !== own).map((other) => seen(other.name)));
    let name = claimed;
    for (let number = 2; taken.has(seen(name)); number++) name = `${claimed} (${number})`;
    return name;
  }

  /** A number that no stream has had. */
  #free() {
    this.#given = Math.max(this.#given, ...this.all.map(({ number }) => number)) + 1;
    return this.#given;
  }

  /**
   * Notes that the senders of these connections have left.
   * @param {string[]} numbers
   */
  left(numbers) {
    if (this.epoch === null) return;
    const keys = numbers.map((number) => `peer ${number}`);
    for (const { key, epoch, stream } of this.all) {
      if (epoch === this.epoch && keys.includes(key)) stream.leave();
    }
  }

  /**
   * Removes streams that are gone; returns their ids.
   * @param {number} now
   */
  expire(now) {
    const gone = this.all.filter(({ stream }) => stream.isGone(now)).map(({ id }) => id);
    this.all = this.all.filter(({ id }) => !gone.includes(id));
    return gone;
  }

  /** What one connection has to carry. @returns {import('./credit.js').Load} */
  get load() {
    const intervals = this.all.flatMap(({ stream }) => stream.interval ?? []);
    const perMs = intervals.reduce((sum, interval) => sum + 1 / interval, 0);
    return { interval: perMs ? 1 / perMs : Infinity, streams: intervals.length };
  }
}
