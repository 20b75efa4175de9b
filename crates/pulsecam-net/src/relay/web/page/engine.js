// All that has to go on while the page is busy: link, decoding, encoding. Runs in a worker, or in the page where the
// browser cannot draw in workers.

import { Camera } from './camera.js';
import { Link } from './link.js';
import { Outbox } from './outbox.js';
import { Viewer } from './viewer.js';
import { harmless } from './streams.js';
import { attributes, Kind, readText, textPayload } from './wire.js';

/** How often the page hears of all streams, in ms; states change no later than that. */
const BOARD_EVERY = 200;

/** Ids of texts and images that are remembered, to drop repetitions. */
const REMEMBERED = 1_024;

/** Longest names and texts that are shown, in characters; the relay's limit is as long. */
const MAX_FROM = 200;
const MAX_TEXT = 65_536;

/**
 * @typedef {object} Shown a stream on the board
 * @property {number} id
 * @property {string} name
 * @property {number} number the relay's, by which all viewers call it
 * @property {import('./stream.js').Health} health
 * @property {number} silence ms
 * @property {boolean} hasPicture
 * @property {string | null} card
 * @property {string} reason
 * @property {number | null} quality
 * @property {import('./stream.js').Figures} figures
 * @property {import('./stream.js').Counts} counts
 * @property {{fps: number, age: number | null}[]} samples
 *
 * @typedef {{is: 'link', state: import('./link.js').State}
 *   | {is: 'board', streams: Shown[], roundTrip: number | null}
 *   | {is: 'stream', id: number, name: string, number: number}
 *   | {is: 'size', id: number, width: number, height: number}
 *   | {is: 'gone', ids: number[]}
 *   | {is: 'text', from: string, text: string | null, bytes: number}
 *   | {is: 'image', from: string, bytes: Uint8Array<ArrayBuffer>}
 *   | {is: 'sent', number: number, sent: boolean}
 *   | {is: 'picture', name: string, purpose: 'save' | 'copy', jpeg: Uint8Array<ArrayBuffer>}
 *   | {is: 'drew', id: number, seq: number | null, age: import('./stream.js').Age | null, decode: number}
 *   | {is: 'published', figures: import('./camera.js').Published}} Event
 *
 * @typedef {{do: 'open', url: string, key: string, only: string | null, hidden: boolean, trace: boolean}
 *   | {do: 'canvas', id: number, canvas: OffscreenCanvas | HTMLCanvasElement}
 *   | {do: 'fit', id: number, width: number}
 *   | {do: 'hidden' | 'paused' | 'graphs', on: boolean}
 *   | {do: 'key', key: string}
 *   | {do: 'retry' | 'wake' | 'rest'}
 *   | {do: 'say', number: number, from: string, text: string}
 *   | {do: 'image', number: number, from: string, bytes: Uint8Array}
 *   | {do: 'picture', ids: number[], purpose: 'save' | 'copy'}
 *   | {do: 'publish', settings: import('./camera.js').Settings}
 *   | {do: 'frame', frame: ImageBitmap}
 *   | {do: 'unpublish'}} Command
 */

export class Engine {
  /** @type {(event: Event, transfer?: Transferable[]) => void} */
  #post;
  #hidden = false;
  /** Whether the page shows graphs. */
  #graphs = false;
  /** @type {Set<string>} */
  #ids = new Set();
  /** @type {Link} */
  #link;
  #viewer;
  #outbox;
  #camera;

  /**
   * @param {Extract<Command, {do: 'open'}>} open
   * @param {(event: Event, transfer?: Transferable[]) => void} post
   */
  constructor({ url, key, only, hidden, trace }, post) {
    this.#post = post;
    this.#hidden = hidden;
    this.#link = new Link(url, key, {
      state: (state) => {
        if (state.kind === 'lasting') this.#outbox?.fail();
        post({ is: 'link', state });
      },
      open: () => {
        this.#viewer.open();
        this.#camera.open();
      },
      up: () => {
        this.#outbox.up();
      },
      message: (message) => this.#message(message),
      beat: (beat) => {
        this.#viewer.beat(beat);
        this.#camera.beat(beat);
      },
      confirmed: (stamp) => this.#outbox.confirmed(stamp),
      attributes: () => ({
        views: this.#hidden ? 0 : 1, receipts: 1, only, ...this.#viewer.report, ...this.#camera.attributes,
      }),
    });
    this.#viewer = new Viewer(this.#link, post, only, trace);
    this.#outbox = new Outbox(this.#link, (number, sent) => post({ is: 'sent', number, sent }));
    this.#camera = new Camera(this.#link, (figures) => post({ is: 'published', figures }));
    setInterval(() => this.#tick(), BOARD_EVERY);
  }

  /** @param {Exclude<Command, {do: 'open'}>} command */
  execute(command) {
    switch (command.do) {
      case 'canvas': return this.#viewer.screens.get(command.id)?.attach(command.canvas);
      case 'fit': return this.#viewer.screens.get(command.id)?.fit(command.width);
      case 'paused': return this.#viewer.pause(command.on);
      case 'hidden': return this.#hide(command.on);
      case 'graphs':
        this.#graphs = command.on;
        return undefined;
      case 'key': return this.#link.use(command.key);
      case 'retry': return this.#link.retry();
      case 'wake': return this.#link.wake();
      case 'rest': return this.#link.rest();
      case 'say':
        return this.#outbox.add(command.number, Kind.text, 'this is text', command.from, textPayload(command.text));
      case 'image':
        return this.#outbox.add(command.number, Kind.image, 'this is image', command.from, command.bytes);
      case 'picture': return this.#pictures(command.ids, command.purpose);
      case 'publish': return this.#camera.start(command.settings);
      case 'frame': return this.#camera.frame(command.frame);
      case 'unpublish': return this.#camera.stop();
    }
  }

  /** A hidden page stops the streams: the relay then sends none. @param {boolean} hidden */
  #hide(hidden) {
    this.#hidden = hidden;
    if (!hidden) this.#viewer.resume();
    if (this.#link.isUp) this.#link.beat();
  }

  #tick() {
    const now = performance.now();
    this.#viewer.expire(now);
    const { kind } = this.#link.state;
    const streams = this.#viewer.board(kind !== 'up', this.#graphs, now);
    this.#post({ is: 'board', streams, roundTrip: kind === 'up' ? this.#link.roundTrip : null });
    this.#camera.tick();
  }

  /** @param {import('./wire.js').Message} message */
  #message(message) {
    const { kind, description, payload } = message;
    switch (kind) {
      case Kind.video:
        // Before the first answer, nothing is known of numbers and clocks.
        this.#viewer.video(message, this.#link.isUp && !this.#hidden);
        break;
      case Kind.receipt:
        this.#viewer.receipt(description);
        this.#camera.receipt(attributes(description));
        break;
      case Kind.text:
      case Kind.image: {
        const info = attributes(description);
        if (this.#repeats(info.get('id'))) break;
        const from = harmless(info.get('from') ?? '').slice(0, MAX_FROM);
        if (kind === Kind.image) {
          this.#post({ is: 'image', from, bytes: payload }, [payload.buffer]);
        } else {
          const text = readText(payload);
          const shown = text === null ? null : harmless(text, true).slice(0, MAX_TEXT);
          this.#post({ is: 'text', from, text: shown, bytes: payload.length });
        }
        break;
      }
      default:
    }
  }

  /** @param {string | undefined} id */
  #repeats(id) {
    if (id === undefined) return false;
    if (this.#ids.has(id)) return true;
    this.#ids.add(id);
    if (this.#ids.size > REMEMBERED) {
      const [oldest] = this.#ids;
      this.#ids.delete(oldest);
    }
    return false;
  }

  /**
   * @param {number[]} ids
   * @param {'save' | 'copy'} purpose
   */
  #pictures(ids, purpose) {
    for (const { id, name } of this.#viewer.streams.all) {
      const jpeg = this.#viewer.screens.get(id)?.jpeg;
      if (ids.includes(id) && jpeg) this.#post({ is: 'picture', name, purpose, jpeg });
    }
  }
}

