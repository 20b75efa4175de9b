// Digits that are typed one after another, as the number of a stream; the same rules as in the program's window.

/** How long a digit waits for the next one, in ms: two quick strokes are one number. */
const NEXT_DIGIT = 1_200;

export class NumberEntry {
  /** @type {{digits: string, at: number} | null} */
  #typed = null;

  /**
   * Takes a digit. A number that exists is chosen at once; if it is the beginning of another, the next digit may still
   * choose that.
   * @param {string} digit
   * @param {number[]} numbers those that exist
   * @param {number} now ms
   * @returns {number | 'all' | null} the number of the stream that is asked for
   */
  digit(digit, numbers, now) {
    /** @param {string} wanted */
    const exists = (wanted) => numbers.some((number) => String(number) === wanted);
    /** @param {string} begin */
    const begins = (begin) => numbers.some((number) => String(number).length > begin.length && String(number).startsWith(begin));
    const before = this.#typed && now - this.#typed.at <= NEXT_DIGIT ? this.#typed.digits : '';
    const longer = before + digit;
    const typed = before && (exists(longer) || begins(longer)) ? longer : digit;
    this.#typed = null;
    if (typed === '0') return 'all';
    if (begins(typed)) this.#typed = { digits: typed, at: now };
    return exists(typed) ? Number(typed) : null;
  }
}
