// The time of day in ms with a fraction, alike in Node and in a page: what `Date.now` says, as fine as
// `performance.now`. Also given to pages as text.

/** @returns {() => number} */
export function wallClock() {
  // `Date.now` cuts off: just after it has moved on, it is right.
  let ahead = -Infinity;
  for (const end = performance.now() + 20; performance.now() < end;) {
    ahead = Math.max(ahead, Date.now() - performance.now());
  }
  return () => performance.now() + ahead;
}
