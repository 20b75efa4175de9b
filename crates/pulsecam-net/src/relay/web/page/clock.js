// Wall-clock times in microseconds, and the offset of the relay's clock from ours.

/** Exchanges kept: eight, as in NTP's clock filter. */
const SAMPLES = 8;

/** Round trips of which the shortest is the path's own: two minutes of heartbeats, as most may have waited behind pictures. */
const TRIPS = 40;

/** Microseconds by which rounding may separate the bounds of two samples. */
const ROUNDING = 4;

/** Microseconds since 1970; never goes back while the page lives. */
export const micros = () => Math.round((performance.timeOrigin + performance.now()) * 1000);

/** How coarse the browser's clock is, in microseconds: 100 in Chromium, 1,000 in Firefox and Safari. */
export const GRAIN = (() => {
  let least = Infinity;
  let before = performance.now();
  const start = before;
  while (performance.now() - start < 4) {
    const now = performance.now();
    if (now > before) least = Math.min(least, now - before);
    before = now;
  }
  return Math.min(Math.ceil(least * 1000), 4000);
})();

/**
 * The relay's clock minus ours, and its greatest error, in microseconds.
 * @typedef {{micros: number, within: number}} Offset
 */

/** The latest exchanges, all compatible with the newest. */
export class OffsetFilter {
  /** @type {{trip: number, offset: number}[]} */
  #samples = [];
  /** @type {number[]} */
  #trips = [];

  /**
   * Adds the four times of a heartbeat. Impossible ones (an answer before its question) are ignored.
   * @param {number} t1
   * @param {number} t2
   * @param {number} t3
   * @param {number} t4
   */
  sample(t1, t2, t3, t4) {
    const trip = t4 - t1 - (t3 - t2);
    if (!(trip >= 0 && Number.isFinite(trip))) return;
    const offset = (t2 - t1 + (t3 - t4)) / 2;
    // A clock that was set, there or here: bounds that do not overlap those of the newest are outdated.
    this.#samples = this.#samples.filter((old) => Math.abs(old.offset - offset) <= (old.trip + trip) / 2 + ROUNDING);
    this.#samples.push({ trip, offset });
    if (this.#samples.length > SAMPLES) this.#samples.shift();
    this.#trips.push(trip);
    if (this.#trips.length > TRIPS) this.#trips.shift();
  }

  /**
   * The offset of the shortest round trip.
   * @returns {Offset | null}
   */
  get best() {
    const least = this.#least();
    return least && { micros: Math.round(least.offset), within: Math.ceil(least.trip / 2) + GRAIN };
  }

  /** The shortest round trip of the last while, in microseconds. */
  get roundTrip() {
    return this.#trips.length ? Math.min(...this.#trips) : null;
  }

  #least() {
    return this.#samples.reduce((/** @type {{trip: number, offset: number} | null} */ best, sample) =>
      best && best.trip <= sample.trip ? best : sample, null);
  }
}
