// One stream as it is shown: whether its picture is what the camera sees now, its figures and its frame counts.
//
// A frozen picture must never look live, so the time since the last frame decides, as in the program's window.

/** Silence in ms after which a picture counts as frozen. */
const STALLED_AFTER = 1_000;

/** The same for cards, which their senders may repeat slowly. */
const CARD_STALLED_AFTER = 4_000;

/** Longest interval of a slow stream (a time lapse) that does not count as frozen. */
const SLOWEST_PACE = 4_000;

/** Silence after which a tile is removed: a sender that reconnects keeps its place. */
export const GONE_AFTER = 30_000;

/** Silence after which the tile of a sender that has left is removed: long enough to read who it was. */
const LEFT_FOR = 3_000;

/** Age from which a picture counts as late: beyond it a conversation is difficult (ITU-T G.114). */
const LATE_AFTER = 400;

/** How long frames older than the newest are dropped: longer than a relay keeps a dead connection. */
const MEMORY = 20_000;

/** Time over which rates are counted, and how often figures change: faster digits cannot be read. */
const WINDOW = 1_000;
export const FIGURES_EVERY = 500;

/** Arrivals kept for the rate, a bound for senders that flood. */
const MAX_ARRIVALS = 1_000;

/** Samples of the graphs: a minute, at two per second. */
export const SAMPLES = 120;

/** Share of a new value in the mean interval between frames. */
const NEW = 0.2;

/**
 * @typedef {'live' | 'late' | 'card' | 'frozen' | 'left' | 'undecodable'} Health
 * @typedef {{time: number, within: number | null}} Age in ms; `within` is null while a clock's offset is unknown
 * @typedef {object} Frame what is known of a frame
 * @property {number | null} seq
 * @property {number | null} out
 * @property {number | null} captured
 * @property {string | null} card
 * @typedef {{shown: number, leftOut: number, lost: number, replaced: number, damaged: number}} Counts
 * @typedef {{fps: number | null, bytes: number, age: Age | null, decode: number}} Figures
 */

export class Stream {
  /** @type {Figures} */
  figures = { fps: null, bytes: 0, age: null, decode: 0 };
  /** @type {Counts} */
  counts = { shown: 0, leftOut: 0, lost: 0, replaced: 0, damaged: 0 };
  /** The last minute, the newest last. @type {{fps: number, age: number | null}[]} */
  samples = [];
  /** @type {string | null} */
  card = null;
  /** Mean interval between the frames that the sender sends, in ms. @type {number | null} */
  interval = null;
  /** Arrival of the last frame that could be shown. */
  #last;
  #pace = 0;
  /** @type {{at: number, seq: number, captured: number} | null} */
  #newest = null;
  /** @type {number | null} */
  #seq = null;
  /** @type {number | null} */
  #out = null;
  /** @type {number | null} */
  #captured = null;
  /** When a frame last came that could not be decoded. @type {number | null} */
  #bad = null;
  /** @type {{at: number, bytes: number, age: Age | null, decode: number}[]} */
  #arrivals = [];
  #measured = -Infinity;
  /** Whether its sender has left. */
  #left = false;

  /** @param {number} now ms */
  constructor(now) {
    this.#last = now;
  }

  /**
   * Counts a frame that arrived; false if it is older than an earlier one, and must not be shown.
   * @param {Frame} frame
   * @param {number} now
   */
  arrived(frame, now) {
    const { seq, captured } = frame;
    if (seq !== null && captured !== null) {
      const newest = this.#newest;
      if (newest && seq < newest.seq && captured < newest.captured && now - newest.at < MEMORY) return false;
      this.#newest = { at: now, seq, captured };
    }
    this.#left = false;
    this.#count(frame);
    return true;
  }

  /** Forgets the last numbers: what came while nothing was wanted is not lost. */
  resume() {
    [this.#seq, this.#out, this.#captured] = [null, null, null];
  }

  /** @param {Frame} frame */
  #count({ seq, out, captured }) {
    /** A restarted sender counts from 0, which is no gap.
     * @param {number | null} before
     * @param {number | null} now */
    const gap = (before, now) => (before === null || now === null ? null : Math.max(now - before - 1, 0));
    const lost = gap(this.#out, out);
    const missing = gap(this.#seq, seq);
    this.counts.lost += lost ?? missing ?? 0;
    if (lost !== null) this.counts.leftOut += Math.max((missing ?? 0) - lost, 0);
    // The sender's own interval, however many of its frames arrive here.
    const steps = (lost ?? missing ?? 0) + 1;
    const passed = captured !== null && this.#captured !== null ? (captured - this.#captured) / 1000 / steps : 0;
    if (passed > 0 && passed < SLOWEST_PACE) {
      this.interval = this.interval ? this.interval + NEW * (passed - this.interval) : passed;
    }
    [this.#seq, this.#out, this.#captured] = [seq ?? this.#seq, out ?? this.#out, captured];
  }

  /** Notes that its sender has left; a frame says otherwise. */
  leave() {
    this.#left = true;
    this.#arrivals = [];
    this.#measured = -Infinity;
  }

  /** Counts a frame that a newer one replaced before it was drawn. */
  replaced() {
    this.counts.replaced += 1;
  }

  /**
   * Counts a frame that cannot be decoded.
   * @param {number} now
   */
  damaged(now) {
    this.counts.damaged += 1;
    this.#bad = now;
  }

  /**
   * Counts a frame that was drawn.
   * @param {{bytes: number, age: Age | null, decode: number, card: string | null}} drawn
   * @param {number} now
   */
  drew(drawn, now) {
    this.counts.shown += 1;
    this.#bad = null;
    this.#pace = Math.min(now - this.#last, SLOWEST_PACE);
    this.#last = now;
    if (drawn.card !== this.card) {
      // Rates of the camera's pictures and of cards must not mix.
      this.card = drawn.card;
      this.#arrivals = [];
      this.#pace = 0;
      this.#measured = -Infinity;
    }
    if (this.#arrivals.length === MAX_ARRIVALS) this.#arrivals.shift();
    this.#arrivals.push({ at: now, ...drawn });
    if (this.figures.fps === null) this.#measured = -Infinity;
  }

  /**
   * Updates the figures, if it is time.
   * @param {number} now
   */
  measure(now) {
    if (now - this.#measured < FIGURES_EVERY) return;
    this.#measured = now;
    this.#arrivals = this.#arrivals.filter((arrival) => now - arrival.at < WINDOW);
    const arrivals = this.#arrivals;
    const count = arrivals.length;
    // N frames have N − 1 intervals between them.
    const span = count ? this.#last - arrivals[0].at : null;
    let fps = null;
    if (span === null) fps = this.counts.shown ? 0 : null;
    else if (count > 1 && span > 0) fps = ((count - 1) * 1000) / span;
    else if (this.#pace > 0) fps = 1000 / this.#pace;
    /** @param {(arrival: typeof arrivals[number]) => number} of */
    const mean = (of) => (count ? arrivals.reduce((sum, arrival) => sum + of(arrival), 0) / count : 0);
    const live = this.card === null;
    this.figures = {
      fps: live ? fps : null,
      bytes: mean((arrival) => arrival.bytes) * (fps ?? 0),
      age: live ? meanAge(arrivals.map((arrival) => arrival.age)) : null,
      decode: mean((arrival) => arrival.decode),
    };
    const { age } = this.figures;
    this.samples.push({ fps: this.figures.fps ?? 0, age: age && age.time });
    if (this.samples.length > SAMPLES) this.samples.shift();
  }

  /** Whether a frame of it was drawn. */
  get hasPicture() {
    return this.counts.shown > 0;
  }

  /**
   * Time since the last frame that could be shown, in ms.
   * @param {number} now
   */
  silence(now) {
    return now - this.#last;
  }

  #patience() {
    return Math.max(this.card === null ? STALLED_AFTER : CARD_STALLED_AFTER, this.#pace * 2.5);
  }

  /**
   * The state of its picture.
   * @param {boolean} cut whether the link is down
   * @param {number} now
   * @returns {Health}
   */
  health(cut, now) {
    if (this.#left) return 'left';
    const frozen = cut || this.silence(now) > this.#patience();
    const bad = this.#bad !== null && now - this.#bad <= CARD_STALLED_AFTER;
    if (bad && !cut && (frozen || !this.hasPicture)) return 'undecodable';
    if (frozen) return 'frozen';
    if (this.card !== null) return 'card';
    const { age } = this.figures;
    // If the clocks' offset is unknown, the age may be nothing but that offset.
    return age && age.within !== null && age.time - age.within >= LATE_AFTER ? 'late' : 'live';
  }

  /**
   * Whether its tile is to be removed.
   * @param {number} now
   */
  isGone(now) {
    const absence = Math.min(this.silence(now), this.#bad === null ? Infinity : now - this.#bad);
    return absence >= (this.#left ? LEFT_FOR : Math.max(GONE_AFTER, this.#patience()));
  }
}

/**
 * The mean of some ages with the largest uncertainty; `null` if one is unknown.
 * @param {(Age | null)[]} ages
 * @returns {Age | null}
 */
function meanAge(ages) {
  let time = 0;
  /** @type {number | null} */
  let within = 0;
  for (const age of ages) {
    if (!age) return null;
    time += age.time;
    within = within === null || age.within === null ? null : Math.max(within, age.within);
  }
  return ages.length ? { time: time / ages.length, within } : null;
}
