// Credit: how many video messages may be on the way to this page.
//
// A WebSocket has no back-pressure: what a page does not take piles up in the browser and gets old there. So the relay
// is told the number of the last frame that is wanted.

/** Most frames on the way, however far the relay is. */
const MOST = 8;

/** Share of a new value in a moving average. */
const NEW = 0.2;

/**
 * Frames that may be on the way: enough that the link is never idle, and no more.
 * @param {number} roundTrip ms
 * @param {number} drawing ms
 * @param {number} interval ms between frames, of all streams together
 */
export function window(roundTrip, drawing, interval) {
  const frames = Math.ceil((roundTrip + drawing) / interval);
  return Math.min(Math.max(frames || 1, 1), MOST);
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
   * @param {number} interval ms
   */
  more(roundTrip, interval) {
    const until = this.done + window(roundTrip, this.drawing, interval);
    if (until <= this.#told) return null;
    this.#told = until;
    return until;
  }
}
