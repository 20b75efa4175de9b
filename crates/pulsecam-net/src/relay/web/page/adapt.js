// How much of the camera's picture is sent: follows the relay's reports, and the time that the encoder needs.
//
// As in the program: quality gives way first, then the rate, then the size; a share of the bytes is reduced by a factor on
// a standing queue or on loss, and grows again in calm times.

/** Lowest quality: below it, blocks are more visible than fewer frames. */
const LOWEST_QUALITY = 0.3;

/** The best quality: as the program's senders. */
const BEST_QUALITY = 0.8;

/** Shares of the frames, and of width and height, in the order in which they are reduced. */
const RUNGS = [[1, 1], [0.75, 1], [0.5, 1], [0.33, 1], [0.25, 1], [0.25, 0.75], [0.25, 0.5]];

/** Bytes of a picture by quality, relative to the best: means of photographs. */
const COSTS = [[0.3, 0.43], [0.4, 0.51], [0.5, 0.59], [0.6, 0.67], [0.7, 0.8], [0.8, 1]];

/** Queues in ms above which less is sent, if they stand for as long as STANDING; far above it, much less. */
const QUEUE = 50;
const STANDING = 500;

/** Loss in percent above which less is sent. */
const LOSS = 10;

/** Factors of a step down, on a long queue and on a short one. */
const MUCH = 0.6;
const LITTLE = 0.85;

/** Factors of the first step up and of the largest, and the calm time in ms before one. */
const UP = 1.15;
const MOST_UP = 2;
const CALM = 1_500;

/** Sizes by which the encoder's time is kept below these shares of the camera's interval. */
const SIZES = [1, 0.75, 0.5, 0.375];
const SLOW_ENCODER = 0.8;
const FAST_ENCODER = 0.4;

/** How long the encoder has to be too slow or fast enough before the size changes, in ms. */
const SIZE_EVERY = 3_000;

/** @typedef {{quality: number, rate: number, scale: number}} Setting */

/**
 * The best setting that costs at most this share of the bytes.
 * @param {number} share
 * @returns {Setting}
 */
export function setting(share) {
  for (const [rate, scale] of RUNGS) {
    const pixels = rate * scale * scale;
    const affordable = COSTS.filter(([, cost]) => pixels * cost <= share);
    if (affordable.length) return { quality: affordable[affordable.length - 1][0], rate, scale };
  }
  const [rate, scale] = RUNGS[RUNGS.length - 1];
  return { quality: LOWEST_QUALITY, rate, scale };
}

/** The least share that makes a difference. */
const LEAST = (() => {
  const [rate, scale] = RUNGS[RUNGS.length - 1];
  return rate * scale * scale * COSTS[0][1];
})();

export class Adaptation {
  /** @type {Setting} */
  setting = { quality: BEST_QUALITY, rate: 1, scale: 1 };
  #share = 1;
  /** What was too much lately. */
  #ceiling = Infinity;
  #up = UP;
  #size;
  /** @type {number | null} */
  #crowded = null;
  #changed = -Infinity;
  /** When the size last changed, or the first picture was encoded: the first ones take longer. @type {number | null} */
  #sized = null;

  /** @param {number} scale to begin with */
  constructor(scale) {
    this.#size = Math.max(SIZES.indexOf(scale), 0);
    this.#apply();
  }

  /**
   * A report of the relay.
   * @param {number} queued ms in queues on both hops
   * @param {number} lost percent
   * @param {number} now ms
   */
  reported(queued, lost, now) {
    const crowded = queued > QUEUE || lost > LOSS;
    if (!crowded) this.#crowded = null;
    else this.#crowded ??= now;
    if (this.#crowded !== null && now - Math.max(this.#crowded, this.#changed) >= STANDING) {
      const carried = lost > LOSS ? Math.max(1 - lost / 100, 0.25) * 0.95 : 1;
      const factor = Math.min(carried, queued > 2 * QUEUE ? MUCH : LITTLE);
      [this.#ceiling, this.#up] = [this.#share, UP];
      this.#set(Math.max(this.#share * factor, LEAST), now);
    } else if (!crowded && this.#share < 1 && now - this.#changed >= CALM) {
      const next = Math.min(this.#share * this.#up, 1);
      if (next < this.#ceiling) {
        this.#up = Math.min(this.#up ** 2, MOST_UP);
        this.#set(next, now);
      } else if (now - this.#changed >= 4 * CALM) {
        // What was too much before is tried after a longer wait.
        [this.#ceiling, this.#up] = [Infinity, UP];
        this.#set(Math.min(this.#share * UP, 1), now);
      }
    }
  }

  /**
   * The time that a picture took to encode.
   * @param {number} took mean, in ms
   * @param {number} interval of the camera, in ms
   * @param {number} now ms
   */
  encoded(took, interval, now) {
    this.#sized ??= now;
    if (now - this.#sized < SIZE_EVERY) return;
    const busy = took / interval;
    // A step up costs about the square of the sizes' ratio.
    const larger = SIZES[this.#size - 1] ?? Infinity;
    const wouldBe = busy * (larger / SIZES[this.#size]) ** 2;
    if (busy > SLOW_ENCODER && this.#size + 1 < SIZES.length) this.#size += 1;
    else if (wouldBe < FAST_ENCODER * 1.5 && busy < FAST_ENCODER) this.#size -= 1;
    else return;
    this.#sized = now;
    this.#apply();
  }

  /**
   * @param {number} share
   * @param {number} now
   */
  #set(share, now) {
    [this.#share, this.#changed] = [share, now];
    this.#apply();
  }

  #apply() {
    const { quality, rate, scale } = setting(this.#share);
    this.setting = { quality, rate, scale: scale * SIZES[this.#size] };
  }
}
