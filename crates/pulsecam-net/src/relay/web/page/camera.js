// The page's own camera: encodes its frames as JPEG and sends the newest one, never a queue.

import { Adaptation } from './adapt.js';
import { micros } from './clock.js';
import { window as framesUnderWay } from './credit.js';
import { describe, encode, Kind, number } from './wire.js';

/** How often the relay is asked to report, in ms. */
const REPORT_EVERY = 250;

/** Silence of the camera in ms after which a card is sent instead, and how often it is repeated. */
const CARD_AFTER = 1_500;
const CARD_EVERY = 2_000;

/** Time in ms over which the shortest delay counts as the path's own. */
const BASE_FOR = 30_000;

/** Frames on their way to the relay that are remembered. */
const MAX_UNDER_WAY = 64;

/** Share of a new value in a moving average. */
const NEW = 0.1;

/** Size of a card in pixels, if no picture came before. */
const CARD_SIZE = [640, 360];

/** Colours of cards. */
const CARD_BACKGROUND = '#101216';
const CARD_TEXT = '#f1f3f5';

/**
 * @typedef {object} Settings
 * @property {string} name
 * @property {number} scale of the picture to begin with
 * @property {string} paused words for the card while the camera pauses
 * @property {string} off words for the card at the end
 * @property {ReadableStream<VideoFrame>} [frames] of the camera, if the page can make a stream of them
 * @property {MediaStreamTrack} [track] of the camera, if only workers can
 *
 * @typedef {object} Published
 * @property {number} fps frames per second that were sent
 * @property {number} bytes per second
 * @property {number} width
 * @property {number} height
 * @property {number} quality from 0 to 1
 * @property {number | null} age of the frames when the viewers get them, in ms
 * @property {number | null} viewers
 * @property {boolean} paused whether no frames come from the camera
 */

export class Camera {
  #link;
  #post;
  /** @type {Settings | null} */
  #settings = null;
  #adapt = new Adaptation(1);
  /** @type {OffscreenCanvas | HTMLCanvasElement | null} */
  #canvas = null;
  /** @type {ReadableStreamDefaultReader<VideoFrame> | null} */
  #reader = null;
  #encoding = false;
  /** Ends with the frame that is being encoded. */
  #task = Promise.resolve();
  #seq = 0;
  #out = 0;
  #owed = 0;
  /** @type {number | null} */
  #viewers = null;
  #came = 0;
  #carded = 0;
  #interval = 33;
  #encode = 0;
  /** Frames on their way: their number on this connection, and when they were ready. @type {{number: number, ready: number}[]} */
  #underWay = [];
  #sent = 0;
  /** Whether the relay was asked to acknowledge each frame, and does. */
  #asked = false;
  #receipts = false;
  #acknowledged = 0;
  /** @type {{at: number, delay: number}[]} */
  #delays = [];
  /** @type {number | null} */
  #age = null;
  /** @type {{at: number, bytes: number}[]} */
  #lately = [];
  #told = 0;

  /**
   * @param {import('./link.js').Link} link
   * @param {(figures: Published) => void} post
   */
  constructor(link, post) {
    this.#link = link;
    this.#post = post;
  }

  /** What heartbeats say about it. */
  get attributes() {
    return this.#settings ? { report: REPORT_EVERY } : {};
  }

  /** @param {Settings} settings */
  start(settings) {
    void this.#reader?.cancel();
    this.#adapt = this.#settings ? this.#adapt : new Adaptation(settings.scale);
    [this.#settings, this.#came] = [settings, performance.now()];
    const frames = settings.frames ?? framesOf(settings.track);
    this.#reader = frames?.getReader() ?? null;
    if (this.#reader) void this.#read(this.#reader);
    // Asks for reports and for the number of viewers.
    if (this.#link.isUp) this.#link.beat();
  }

  stop() {
    if (!this.#settings) return;
    void this.#reader?.cancel();
    const { off, name } = this.#settings;
    [this.#settings, this.#reader] = [null, null];
    void this.#task.then(() => this.#card('camera-off', off, name));
  }

  /** A new connection: counts start over. */
  open() {
    [this.#sent, this.#acknowledged, this.#underWay, this.#viewers] = [0, 0, [], null];
    [this.#asked, this.#receipts] = [false, false];
  }

  /** @param {Map<string, string>} receipt */
  receipt(receipt) {
    const got = number(receipt, 'got');
    if (got === null) return;
    [this.#receipts, this.#acknowledged] = [true, got];
  }

  /** @param {Map<string, string>} beat */
  beat(beat) {
    this.#viewers = number(beat, 'viewers') ?? this.#viewers;
    if (this.#settings && this.#link.isUp && !this.#asked && beat.get('receipts') === '1') {
      this.#asked = true;
      this.#link.send(encode(Kind.receipt, describe('This is a receipt.', { ask: 1 }), null));
    }
    const [got, ago] = [number(beat, 'got'), number(beat, 'ago')];
    if (got === null || ago === null) return;
    this.#underWay = this.#underWay.filter((frame) => frame.number >= got);
    const frame = this.#underWay[0];
    if (frame?.number !== got) return;
    const now = performance.now();
    const delay = now - frame.ready - ago / 1000;
    this.#delays = this.#delays.filter(({ at }) => now - at < BASE_FOR);
    this.#delays.push({ at: now, delay });
    const base = Math.min(...this.#delays.map((old) => old.delay));
    this.#age = delay + (number(beat, 'late') ?? 0) / 1000;
    this.#adapt.reported(delay - base + (number(beat, 'queued') ?? 0) / 1000, number(beat, 'lost') ?? 0, now);
  }

  /** @param {ReadableStreamDefaultReader<VideoFrame>} reader */
  async #read(reader) {
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        this.frame(value);
      }
    } catch {
      // The camera ended; the page, which holds the track, says so.
    }
  }

  /**
   * A frame of the camera; closes it.
   * @param {VideoFrame | ImageBitmap} frame
   */
  frame(frame) {
    const now = performance.now();
    const passed = now - this.#came;
    if (passed < CARD_AFTER) this.#interval += NEW * (passed - this.#interval);
    this.#came = now;
    const seq = this.#seq++;
    if (!this.#settings || !this.#may()) {
      frame.close();
      return;
    }
    this.#task = this.#send(frame, seq, this.#settings.name);
  }

  /** Whether a frame may be sent now: nothing of ours waits anywhere, and somebody looks. */
  #may() {
    if (this.#encoding || !this.#link.isUp || this.#viewers === 0 || this.#link.buffered > 0) return false;
    const most = framesUnderWay(this.#link.roundTrip, 0, { interval: this.#interval, streams: 1 });
    if (this.#receipts && this.#sent - this.#acknowledged >= most + 1) return false;
    this.#owed = Math.min(this.#owed + this.#adapt.setting.rate, 1.5);
    if (this.#owed < 1) return false;
    this.#owed -= 1;
    return true;
  }

  /**
   * @param {VideoFrame | ImageBitmap} frame
   * @param {number} seq
   * @param {string} name
   */
  async #send(frame, seq, name) {
    this.#encoding = true;
    const start = performance.now();
    const captured = micros();
    const { scale, quality } = this.#adapt.setting;
    // As painted: a phone's track may report a landscape picture while it is held upright.
    const [width, height] = 'displayWidth' in frame
      ? [frame.displayWidth, frame.displayHeight] : [frame.width, frame.height];
    try {
      const context = this.#context(even(width * scale), even(height * scale));
      context.drawImage(frame, 0, 0, context.canvas.width, context.canvas.height);
      frame.close();
      const jpeg = await toJpeg(context.canvas, quality);
      const took = performance.now() - start;
      this.#encode = this.#encode ? this.#encode + NEW * (took - this.#encode) : took;
      this.#adapt.encoded(this.#encode, this.#interval, performance.now());
      this.#put(jpeg, { stream: name, seq, captured, encoded: micros() });
    } catch (error) {
      console.warn('a frame could not be encoded', error);
    } finally {
      frame.close();
      this.#encoding = false;
    }
  }

  /**
   * Sends a picture.
   * @param {Uint8Array} jpeg
   * @param {Record<string, string | number>} info
   */
  #put(jpeg, info) {
    if (!this.#link.isUp) return;
    const clock = this.#link.clock.best;
    const times = clock ? { sent: micros(), offset: clock.micros, within: clock.within } : {};
    const description = describe('this is video image', { ...info, ...times, out: this.#out++ });
    this.#link.send(encode(Kind.video, description, jpeg));
    const now = performance.now();
    this.#sent += 1;
    this.#underWay.push({ number: this.#sent, ready: now });
    if (this.#underWay.length > MAX_UNDER_WAY) this.#underWay.shift();
    this.#lately.push({ at: now, bytes: jpeg.length });
  }

  /**
   * @param {string} card
   * @param {string} words
   * @param {string} name of the stream
   */
  async #card(card, words, name) {
    if (this.#encoding || !this.#link.isUp || this.#viewers === 0) return;
    this.#encoding = true;
    try {
      const [width, height] = this.#canvas ? [this.#canvas.width, this.#canvas.height] : CARD_SIZE;
      const context = this.#context(width, height);
      context.fillStyle = CARD_BACKGROUND;
      context.fillRect(0, 0, width, height);
      context.fillStyle = CARD_TEXT;
      context.font = `${Math.round(height / 12)}px sans-serif`;
      [context.textAlign, context.textBaseline] = ['center', 'middle'];
      context.fillText(words, width / 2, height / 2, width * 0.9);
      this.#put(await toJpeg(context.canvas, 0.8), { stream: name, captured: micros(), card });
    } finally {
      this.#encoding = false;
    }
  }

  /**
   * @param {number} width
   * @param {number} height
   */
  #context(width, height) {
    this.#canvas ??= newCanvas(width, height);
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      [this.#canvas.width, this.#canvas.height] = [width, height];
    }
    // Read back for each picture: faster in memory than on a graphics card.
    const context = this.#canvas.getContext('2d', { alpha: false, willReadFrequently: true });
    if (!context) throw new Error('no canvas');
    return /** @type {OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D} */ (context);
  }

  /** Called several times a second. */
  tick() {
    const now = performance.now();
    const settings = this.#settings;
    if (!settings) return;
    const paused = now - this.#came > CARD_AFTER;
    if (paused && now - this.#carded > CARD_EVERY) {
      this.#carded = now;
      this.#task = this.#card('no-signal', settings.paused, settings.name);
    }
    this.#lately = this.#lately.filter(({ at }) => now - at < 1_000);
    if (now - this.#told < 500) return;
    this.#told = now;
    this.#post({
      fps: this.#lately.length, bytes: this.#lately.reduce((sum, { bytes }) => sum + bytes, 0),
      width: this.#canvas?.width ?? 0, height: this.#canvas?.height ?? 0, quality: this.#adapt.setting.quality,
      age: this.#age, viewers: this.#viewers, paused,
    });
  }
}

/** JPEG's chroma has half of the sides. @param {number} side */
const even = (side) => Math.max(Math.floor(side / 2) * 2, 2);

/**
 * @param {MediaStreamTrack | undefined} track
 * @returns {ReadableStream<VideoFrame> | null}
 */
function framesOf(track) {
  const Processor = /** @type {any} */ (globalThis).MediaStreamTrackProcessor;
  return track && Processor ? new Processor({ track }).readable : null;
}

/**
 * @param {number} width
 * @param {number} height
 */
function newCanvas(width, height) {
  if (typeof OffscreenCanvas !== 'undefined') return new OffscreenCanvas(width, height);
  return Object.assign(document.createElement('canvas'), { width, height });
}

/**
 * @param {OffscreenCanvas | HTMLCanvasElement} canvas
 * @param {number} quality
 */
async function toJpeg(canvas, quality) {
  const blob = 'convertToBlob' in canvas ? await canvas.convertToBlob({ type: 'image/jpeg', quality })
    : await new Promise((/** @type {(blob: Blob | null) => void} */ done) => canvas.toBlob(done, 'image/jpeg', quality));
  if (!blob) throw new Error('no picture');
  return new Uint8Array(await blob.arrayBuffer());
}

