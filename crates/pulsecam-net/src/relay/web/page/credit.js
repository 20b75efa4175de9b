// Credit: how many video messages may be on the way to this page.
//
// A WebSocket has no back-pressure: what a page does not take piles up in the browser and gets old there. So the relay
// is told the number of the last frame that is wanted.

/** Most frames on the way, however far the relay is. */
const MOST = 8;

/** Share of a new value in a moving average. */
const NEW = 0.2;

/** Part of a frame that a page which draws all the time is not given: it would only wait there. */
const SPARE = 0.25;

/**
 * What a page has to carry.
 * @typedef {object} Load
 * @property {number} interval ms between frames, of all streams together
 * @property {number} streams each of which has a decoder of its own
 */

/**
 * Frames that may be on the way: enough that link and decoders are never idle, and no more.
 * @param {number} roundTrip ms
 * @param {number} drawing ms
 * @param {Load} load
 */
export function window(roundTrip, drawing, { interval, streams }) {
  const most = drawing / Math.max(streams, 1);
  const busy = most > interval;
  const frames = (roundTrip + drawing) / (busy ? most : interval) - (busy ? SPARE : 0);
  return Math.min(Math.max(Math.ceil(frames) || 1, 1), MOST);
}

/** Counts the video of one connection. */
export class Credit {
  /** Messages that arrived. */
  got = 0;
  /** Of those, messages that were drawn or given up. */
  done = 0;
  /** Mean time from taking up a frame to having drawn it, in ms. */
  drawing = 0;
  #told = 0;

  /**
   * Counts a frame as handled; `took` ms if it was drawn.
   * @param {number | null} took
   */
  handled(took) {
    this.done += 1;
    if (took !== null) this.drawing = this.drawing ? this.drawing + NEW * (took - this.drawing) : took;
  }

  /**
   * The number of the last frame that is wanted, if that is more than was told before.
   * @param {number} roundTrip ms
   * @param {Load} load
   */
  more(roundTrip, load) {
    const until = this.done + window(roundTrip, this.drawing, load);
    if (until <= this.#told) return null;
    this.#told = until;
    return until;
  }
}
