// The connection to the relay: keeps itself up, proves the key, measures the clocks, and knows what was delivered.

import { micros, OffsetFilter } from './clock.js';
import { hmac, joined } from './hmac.js';
import { attributes, decode, describe, encode, Kind, number, textPayload, WireError } from './wire.js';

/** Interval of heartbeats in ms. */
const BEAT_EVERY = 3_000;

/** Silence of the relay after which the connection counts as dead. A large image is one message, of which nothing is seen before its end. */
const SILENCE = 15_000;

/** Silence that is bearable right after the page was suspended: its connection is often dead then. */
const SILENCE_AFTER_WAKING = 2_000;

/** Heartbeats in quick succession at first, ms after connecting, so that the clocks are known early. */
const FIRST_BEATS = [60, 150, 300, 600];

/** Heartbeats within the silence that the relay tolerates, so that two may be late; and the shortest interval. */
const BEATS_IN_SILENCE = 3;
const SHORTEST_BEAT = 100;

/** Pauses between attempts: the first, the second (which doubles), the longest, and after what a retry does not heal. */
const AT_ONCE = 50;
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 5_000;
const LASTING_PAUSE = 30_000;

/** How long a connection has to last before the pauses start over. */
const STEADY = 5_000;

/** How long to wait for the relay's challenge, or for a connection. */
const CHALLENGE_WITHIN = 5_000;
const CONNECT_WITHIN = 10_000;

/** How often the timers are looked at. */
const TICK = 100;

/** Labels of the proofs, see docs/protocol.md. */
const CLIENT = 'pulsecam key 1, web client';
const RELAY = 'pulsecam key 1, web relay';
const NONCE = 32;

/**
 * @typedef {[string, Record<string, string | number>?]} Reason a phrase and its values
 * @typedef {object} State
 * @property {'connecting' | 'up' | 'down' | 'lasting'} kind
 * @property {Reason} [why]
 * @property {number} [retryAt] ms since 1970: a worker's `performance.now` begins at another time
 * @property {number | null} [roundTrip] ms
 * @property {'missing' | 'refused'} [key] what is wrong with the key
 *
 * @typedef {object} Listener
 * @property {(state: State) => void} state
 * @property {() => void} open a new connection
 * @property {() => void} up the relay answered: what is sent from now on counts
 * @property {(message: import('./wire.js').Message) => void} message
 * @property {(beat: Map<string, string>) => void} beat
 * @property {(stamp: number) => void} confirmed the relay handled all that was sent before this heartbeat
 * @property {() => Record<string, string | number | null | undefined>} attributes of the next heartbeat
 */

/** A random number as hexadecimal digits. @param {number} bytes */
export const random = (bytes) => hex(crypto.getRandomValues(new Uint8Array(bytes)));

/** @param {Uint8Array} bytes */
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** @param {string} text */
const utf8 = (text) => new TextEncoder().encode(text);

export class Link {
  /** @type {State} */
  state = { kind: 'connecting' };
  clock = new OffsetFilter();
  /** Identifies this page at the relay over all its connections; secret. */
  #token = random(16);
  #url;
  #key;
  #to;
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {'closed' | 'opening' | 'challenge' | 'welcome' | 'open' | 'up'} */
  #stage = 'closed';
  /** @type {Uint8Array | null} */
  #expected = null;
  #failures = 0;
  /** Times in ms by `performance.now`. */
  #began = 0;
  #heard = 0;
  #nextBeat = 0;
  #retryAt = 0;
  #beatEvery = BEAT_EVERY;
  #silence = SILENCE;
  /** @type {number[]} */
  #quick = [];
  /** @type {{why: Reason, key?: 'missing' | 'refused', lasting: boolean} | null} */
  #said = null;

  /**
   * @param {string} url
   * @param {string} key empty if there is none
   * @param {Listener} to
   */
  constructor(url, key, to) {
    this.#url = url;
    this.#key = key;
    this.#to = to;
    setInterval(() => this.#tick(), TICK);
    this.#connect();
  }

  /** Whether the relay has answered. */
  get isUp() {
    return this.#stage === 'up';
  }

  /** Whether messages may be sent: the relay knows the key, if it asks for one. */
  get isOpen() {
    return this.#stage === 'open' || this.#stage === 'up';
  }

  /** Bytes that wait in the browser. */
  get buffered() {
    return this.#socket?.bufferedAmount ?? 0;
  }

  /** The shortest recent round trip in ms. */
  get roundTrip() {
    return (this.clock.roundTrip ?? 0) / 1000;
  }

  /** @param {string} key */
  use(key) {
    this.#key = key;
    this.#failures = 0;
    this.#close(['connecting']);
    this.retry();
  }

  /** Connects without waiting any longer. */
  retry() {
    if (this.#stage === 'closed') this.#connect();
  }

  /** After a suspension: the connection has to prove itself soon. */
  wake() {
    this.retry();
    if (this.#stage !== 'up') return;
    this.#heard = performance.now();
    this.#silence = SILENCE_AFTER_WAKING;
    this.beat();
  }

  /** Ends the connection, for a page that is put aside. */
  rest() {
    this.#close(['why-closed']);
    this.#retryAt = Infinity;
  }

  /** @param {Uint8Array<ArrayBuffer>} bytes */
  send(bytes) {
    this.#socket?.send(bytes);
  }

  /** Sends a heartbeat; returns its stamp. */
  beat() {
    const t1 = micros();
    const beat = { t1, token: this.state.kind === 'up' ? null : this.#token, ...this.#to.attributes() };
    this.send(encode(Kind.heartbeat, describe('This is a heartbeat msg to server.', beat), textPayload('')));
    this.#nextBeat = performance.now() + this.#beatEvery;
    return t1;
  }

  #connect() {
    this.#said = null;
    this.#began = performance.now();
    this.#stage = 'opening';
    if (this.state.kind !== 'down') this.#tell({ kind: 'connecting' });
    let socket;
    try {
      socket = new WebSocket(this.#url);
    } catch (error) {
      this.#down({ why: ['why-unreachable', { reason: String(error) }], lasting: true });
      return;
    }
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }) => this.#received(data);
    socket.onclose = () => this.#closed();
    this.#socket = socket;
  }

  #opened() {
    const now = performance.now();
    [this.#began, this.#heard, this.#silence, this.#beatEvery] = [now, now, SILENCE, BEAT_EVERY];
    this.clock = new OffsetFilter();
    // A relay that asks for keys speaks first; nothing is said to one that does not ask.
    if (this.#key) this.#stage = 'challenge';
    else this.#begin();
  }

  #begin() {
    this.#stage = 'open';
    this.#quick = FIRST_BEATS.map((after) => performance.now() + after);
    this.beat();
    this.#to.open();
  }

  /** @param {unknown} data */
  #received(data) {
    this.#heard = performance.now();
    this.#silence = SILENCE;
    try {
      if (!(data instanceof ArrayBuffer)) throw new WireError('text instead of bytes');
      this.#message(decode(data));
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#said ??= { why: ['why-not-a-relay', { reason: error.message }], lasting: true };
      this.#close(['why-closed']);
    }
  }

  /** @param {import('./wire.js').Message} message */
  #message(message) {
    switch (message.kind) {
      case Kind.challenge: return this.#prove(message.payload);
      case Kind.welcome: return this.#welcomed(message.payload);
      case Kind.heartbeat: return this.#answered(attributes(message.description));
      default:
        if (this.isOpen) this.#to.message(message);
        return undefined;
    }
  }

  /** @param {Uint8Array} theirs */
  #prove(theirs) {
    if (!this.#key) {
      this.#said = { why: ['web-key-missing'], key: 'missing', lasting: true };
      this.#close(['web-key-missing']);
      return;
    }
    if (this.#stage !== 'challenge' || theirs.length !== NONCE) return;
    const ours = crypto.getRandomValues(new Uint8Array(NONCE));
    const key = utf8(this.#key);
    // No channel binding: a browser does not tell a page about its TLS session.
    const proof = hmac(key, utf8(CLIENT), theirs, ours);
    this.#expected = hmac(key, utf8(RELAY), theirs, ours);
    this.send(encode(Kind.response, 'this is proof of a key', joined(ours, proof)));
    this.#stage = 'welcome';
  }

  /** @param {Uint8Array} proof */
  #welcomed(proof) {
    if (this.#stage !== 'welcome' || !this.#expected) return;
    if (hex(proof) === hex(this.#expected)) {
      this.#begin();
      return;
    }
    this.#said = { why: ['why-impostor'], lasting: true };
    this.#close(['why-impostor']);
  }

  /** @param {Map<string, string>} beat */
  #answered(beat) {
    const bye = beat.get('bye');
    if (bye !== undefined) {
      const cause = beat.get('cause');
      if (cause === 'key-missing') this.#said = { why: ['web-key-missing'], key: 'missing', lasting: true };
      else if (cause === 'key-refused') this.#said = { why: ['why-key-refused'], key: 'refused', lasting: true };
      else this.#said = { why: ['why-sent-away', { reason: bye }], lasting: false };
      return;
    }
    if (!this.isOpen) return;
    const [t1, t2, t3] = ['t1', 't2', 't3'].map((key) => number(beat, key));
    if (t1 !== null && t2 !== null && t3 !== null) this.clock.sample(t1, t2, t3, micros());
    const silence = number(beat, 'silence');
    if (silence) this.#beatEvery = Math.min(BEAT_EVERY, Math.max(silence / BEATS_IN_SILENCE, SHORTEST_BEAT));
    // Before the others hear of it: they look at the epoch of the first answer.
    this.#to.beat(beat);
    if (t1 === null) return;
    if (this.#stage === 'open') {
      this.#stage = 'up';
      this.#to.up();
    }
    this.#tell({ kind: 'up', roundTrip: this.roundTrip });
    this.#to.confirmed(t1);
  }

  #tick() {
    const now = performance.now();
    switch (this.#stage) {
      case 'closed':
        if (now >= this.#retryAt) this.#connect();
        break;
      case 'opening':
        if (now - this.#began > CONNECT_WITHIN) this.#close(['why-no-answer', { time: `${CONNECT_WITHIN / 1000} s` }]);
        break;
      case 'challenge':
        if (now - this.#began < CHALLENGE_WITHIN) break;
        this.#said = { why: ['why-no-key-asked'], lasting: true };
        this.#close(['why-no-key-asked']);
        break;
      default:
        if (now - this.#heard > this.#silence) {
          this.#close(['why-silent', { time: `${this.#silence / 1000} s` }]);
        } else if (this.#stage !== 'welcome' && (now >= this.#nextBeat || now >= this.#quick[0])) {
          while (now >= this.#quick[0]) this.#quick.shift();
          this.beat();
        }
    }
  }

  /** @param {Reason} why */
  #close(why) {
    const socket = this.#socket;
    if (!socket) return;
    socket.onclose = socket.onmessage = socket.onopen = null;
    socket.close();
    this.#closed(why);
  }

  /** @param {Reason} [why] */
  #closed(why) {
    const early = this.#stage === 'opening';
    this.#down(this.#said ?? { why: why ?? [early ? 'why-refused' : 'why-closed'], lasting: false });
  }

  /** @param {{why: Reason, key?: 'missing' | 'refused', lasting: boolean}} reason */
  #down({ why, key, lasting }) {
    const now = performance.now();
    if (this.#stage === 'up' && now - this.#began >= STEADY) this.#failures = 0;
    const failures = this.#failures++;
    const doubled = failures ? Math.min(FIRST_PAUSE * 2 ** Math.min(failures - 1, 9), LONGEST_PAUSE) : AT_ONCE;
    // Jitter keeps the pages of a restarted relay from connecting in the same millisecond.
    const pause = (lasting ? LASTING_PAUSE : doubled) * (1 - Math.random() / 2);
    [this.#socket, this.#stage, this.#expected, this.#quick] = [null, 'closed', null, []];
    this.#retryAt = now + pause;
    this.#tell({ kind: lasting ? 'lasting' : 'down', why, key, retryAt: performance.timeOrigin + this.#retryAt });
  }

  /** @param {State} state */
  #tell(state) {
    this.state = state;
    this.#to.state(state);
  }
}
