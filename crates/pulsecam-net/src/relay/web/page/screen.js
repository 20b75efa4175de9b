// Decodes the frames of one stream and draws them: one is in the decoder, and the newest waits. Here are no queues.

import { header, MAX_PIXELS } from './jpeg.js';

/** A picture is decoded at a smaller size if its tile needs at most this share of its width. */
const SMALLER = 0.6;

/**
 * @typedef {OffscreenCanvas | HTMLCanvasElement} Canvas
 * @typedef {object} Job
 * @property {Uint8Array<ArrayBuffer>} jpeg
 * @property {() => void} free the next frame may come; may be called twice
 * @property {(result: {drawn: boolean, error?: string, decode: number}) => void} done called once, whatever happens
 */

// Chromium and Safari know it in secure contexts; TypeScript's library does not.
const Decoder = /** @type {any} */ (globalThis).ImageDecoder;

export class Screen {
  /** Size of the last picture. */
  size = { width: 0, height: 0 };
  /** The last frame as received, for snapshots. @type {Uint8Array<ArrayBuffer> | null} */
  jpeg = null;
  /** @type {number | null} */
  quality = null;
  /** @type {Canvas | null} */
  #canvas = null;
  /** @type {OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D | null} */
  #context = null;
  /** @type {Job | null} */
  #waiting = null;
  #busy = false;
  /** Width of the tile in pixels of the screen. */
  #width = Infinity;
  #paused = false;
  /** @type {((size: {width: number, height: number}) => void)} */
  #resized;

  /** @param {(size: {width: number, height: number}) => void} resized */
  constructor(resized) {
    this.#resized = resized;
  }

  /** @param {Canvas} canvas */
  attach(canvas) {
    this.#canvas = canvas;
    const context = canvas.getContext('2d', { alpha: false });
    this.#context = /** @type {CanvasRenderingContext2D | null} */ (context);
    void this.#work();
  }

  /** @param {number} width */
  fit(width) {
    this.#width = width || Infinity;
  }

  /** @param {boolean} paused */
  pause(paused) {
    this.#paused = paused;
    void this.#work();
  }

  /**
   * Takes a frame, which replaces one that waits.
   * @param {Job} job
   */
  show(job) {
    this.#waiting?.done({ drawn: false, decode: 0 });
    this.#waiting = job;
    // It waits for the end of a pause, or for its tile; others must not.
    if (this.#paused || !this.#context) job.free();
    void this.#work();
  }

  async #work() {
    if (this.#busy || !this.#context) return;
    this.#busy = true;
    while (this.#waiting && (!this.#paused || !this.size.width)) {
      const job = this.#waiting;
      this.#waiting = null;
      const start = performance.now();
      try {
        await this.#draw(job.jpeg);
        job.done({ drawn: true, decode: performance.now() - start });
      } catch (error) {
        job.done({ drawn: false, error: error instanceof Error ? error.message : String(error), decode: 0 });
      }
    }
    this.#busy = false;
  }

  /** @param {Uint8Array<ArrayBuffer>} jpeg */
  async #draw(jpeg) {
    const head = header(jpeg);
    if (!head || !head.width || !head.height) throw new Error('not a JPEG picture');
    const { width, height, quality } = head;
    if (width * height > MAX_PIXELS) throw new Error(`${width}x${height} is too large`);
    const picture = await decoded(jpeg, this.#width <= width * SMALLER ? this.#width : null, width / height);
    try {
      const [w, h] = 'displayWidth' in picture
        ? [picture.displayWidth, picture.displayHeight] : [picture.width, picture.height];
      const canvas = /** @type {Canvas} */ (this.#canvas);
      if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
      this.#context?.drawImage(picture, 0, 0);
    } finally {
      picture.close(); // or the tab's memory grows until the collector runs
    }
    this.jpeg = jpeg;
    this.quality = quality;
    if (width !== this.size.width || height !== this.size.height) {
      this.size = { width, height };
      this.#resized(this.size);
    }
  }
}

/**
 * @param {Uint8Array<ArrayBuffer>} jpeg
 * @param {number | null} width the width that is enough, if less than the picture's
 * @param {number} shape
 * @returns {Promise<ImageBitmap | VideoFrame>}
 */
async function decoded(jpeg, width, shape) {
  if (width !== null && Decoder) {
    const decoder = new Decoder({
      data: jpeg, type: 'image/jpeg', desiredWidth: Math.ceil(width), desiredHeight: Math.ceil(width / shape),
    });
    try {
      return (await decoder.decode()).image;
    } catch {
      // It is stricter than the way below, which shows what there is of a damaged picture.
    } finally {
      decoder.close();
    }
  }
  return createImageBitmap(new Blob([jpeg], { type: 'image/jpeg' }));
}
