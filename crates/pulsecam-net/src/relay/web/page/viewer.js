// The incoming video of one connection: assigned to streams, held back by credit, drawn, and acknowledged.

import { micros } from './clock.js';
import { Credit } from './credit.js';
import { Screen } from './screen.js';
import { Streams } from './streams.js';
import { attributes, describe, encode, Kind, number, peerNumber } from './wire.js';

/** A shown stream's name, if a page is about one stream only. @typedef {string | null} Only */

export class Viewer {
  streams = new Streams();
  /** @type {Map<number, Screen>} */
  screens = new Map();
  /** Why a stream's frames cannot be decoded. @type {Map<number, string>} */
  reasons = new Map();
  #credit = new Credit();
  #link;
  #post;
  #only;
  #trace;
  /** Whether the relay wants each frame acknowledged. */
  #asked = false;
  /** Interval of the reports that the relay wants, in ms. @type {number | null} */
  #reportEvery = null;
  #reported = -Infinity;
  #last = 0;
  #paused = false;

  /**
   * @param {import('./link.js').Link} link
   * @param {(event: import('./engine.js').Event) => void} post
   * @param {Only} only
   * @param {boolean} trace whether the page wants to know of each frame
   */
  constructor(link, post, only, trace) {
    this.#link = link;
    this.#post = post;
    this.#only = only;
    this.#trace = trace;
  }

  /** A new connection: counts start over. */
  open() {
    this.#credit = new Credit();
    [this.#asked, this.#reportEvery, this.#reported] = [false, null, -Infinity];
    this.#more();
  }

  /** @param {Map<string, string>} beat */
  beat(beat) {
    this.streams.epoch = beat.get('epoch') ?? this.streams.epoch;
    this.streams.left(beat.get('gone')?.split(',') ?? []);
    this.#reportEvery = number(beat, 'report') ?? this.#reportEvery;
  }

  /** @param {string} description of a receipt from the relay */
  receipt(description) {
    const ask = number(attributes(description), 'ask');
    if (ask !== null) this.#asked = ask > 0;
  }

  /** What the next heartbeat says about the video. @returns {{got?: number, ago?: number}} */
  get report() {
    if (this.#reportEvery === null || !this.#credit.got) return {};
    return { got: this.#credit.got, ago: Math.round((performance.now() - this.#last) * 1000) };
  }

  /** @param {boolean} paused */
  pause(paused) {
    this.#paused = paused;
    for (const screen of this.screens.values()) screen.pause(paused);
  }

  /** Video is wanted again. */
  resume() {
    for (const { stream } of this.streams.all) stream.resume();
  }

  /**
   * @param {import('./wire.js').Message} message
   * @param {boolean} wanted whether it may be shown; it counts in any case
   */
  video({ description, payload }, wanted) {
    const now = performance.now();
    const credit = this.#credit;
    credit.got += 1;
    this.#last = now;
    let freed = false;
    /** @param {number | null} took */
    const free = (took) => {
      if (freed || credit !== this.#credit) return;
      freed = true;
      credit.handled(took);
      this.#more();
    };
    const info = attributes(description);
    const claimed = info.get('stream') ?? '';
    const known = !wanted || (this.#only !== null && claimed !== this.#only) ? null
      : this.streams.of(peerNumber(description), claimed, now);
    const frame = {
      seq: number(info, 'seq'), out: number(info, 'out'),
      captured: number(info, 'captured'), card: info.get('card') ?? null,
    };
    if (known?.stream.arrived(frame, now)) {
      this.#show(known, frame, info, payload, free);
    } else {
      free(null);
    }
    this.#acknowledge(now);
  }

  /**
   * @param {import('./streams.js').Known} known
   * @param {import('./stream.js').Frame} frame
   * @param {Map<string, string>} info
   * @param {Uint8Array<ArrayBuffer>} jpeg
   * @param {(took: number | null) => void} free
   */
  #show({ id, name, number: place, stream }, frame, info, jpeg, free) {
    const screen = this.#screen(id, name, place);
    screen.show({
      jpeg,
      free: () => free(null),
      done: ({ drawn, error, decode }) => {
        const now = performance.now();
        if (drawn) {
          const age = this.#age(frame.captured, number(info, 'offset'), number(info, 'within'));
          stream.drew({ bytes: jpeg.length, age, decode, card: frame.card }, now);
          if (this.#trace) this.#post({ is: 'drew', id, seq: frame.seq, age, decode });
        } else if (error === undefined) {
          stream.replaced();
        } else {
          stream.damaged(now);
          this.reasons.set(id, error);
        }
        free(drawn ? decode : null);
      },
    });
  }

  /**
   * @param {number} id
   * @param {string} name
   * @param {number} place its number
   */
  #screen(id, name, place) {
    let screen = this.screens.get(id);
    if (!screen) {
      screen = new Screen(({ width, height }) => this.#post({ is: 'size', id, width, height }));
      screen.pause(this.#paused);
      this.screens.set(id, screen);
      this.#post({ is: 'stream', id, name, number: place });
    }
    return screen;
  }

  /**
   * The age of a frame that is drawn now, by both clocks' offsets from the relay's.
   * @param {number | null} captured
   * @param {number | null} offset of the sender
   * @param {number | null} within
   */
  #age(captured, offset, within) {
    const own = this.#link.clock.best;
    if (captured === null || !own) return null;
    const time = (micros() + own.micros - (captured + (offset ?? 0))) / 1000;
    const known = offset !== null && within !== null;
    return { time: Math.max(time, 0), within: known ? (own.within + within) / 1000 : null };
  }

  /** @param {number} now */
  #acknowledge(now) {
    if (this.#asked) this.#tell({ got: this.#credit.got, at: Math.round(now * 1000) });
    if (this.#reportEvery !== null && now - this.#reported >= this.#reportEvery) {
      this.#reported = now;
      const report = describe('This is a heartbeat msg to server.', this.report);
      this.#link.send(encode(Kind.heartbeat, report, new Uint8Array(4)));
    }
  }

  #more() {
    const until = this.#credit.more(this.#link.roundTrip, this.streams.load);
    if (until !== null) this.#tell({ until });
  }

  /** @param {Record<string, number>} receipt */
  #tell(receipt) {
    if (this.#link.isOpen) this.#link.send(encode(Kind.receipt, describe('This is a receipt.', receipt), null));
  }

  /** Removes streams that are gone. @param {number} now */
  expire(now) {
    const gone = this.streams.expire(now);
    for (const id of gone) {
      this.screens.delete(id);
      this.reasons.delete(id);
    }
    if (gone.length) this.#post({ is: 'gone', ids: gone });
  }

  /**
   * All streams as they are now.
   * @param {boolean} cut whether the link is down
   * @param {boolean} graphs whether the last minute is wanted too
   * @param {number} now
   * @returns {import('./engine.js').Shown[]}
   */
  board(cut, graphs, now) {
    const shown = this.streams.all.filter(({ id, stream }) => this.screens.has(id) && (stream.hasPicture || this.reasons.has(id)));
    return shown.map(({ id, name, number: place, stream }) => {
      stream.measure(now);
      const { figures, counts, card } = stream;
      return {
        id, name, number: place, figures, counts, card, samples: graphs ? stream.samples : [],
        health: stream.health(cut, now), silence: stream.silence(now), hasPicture: stream.hasPicture,
        reason: this.reasons.get(id) ?? '', quality: this.screens.get(id)?.quality ?? null,
      };
    });
  }
}
