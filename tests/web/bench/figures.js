// Figures out of samples.

export const round = (value, digits = 1) => (value === null ? null : Number(value.toFixed(digits)));

/** @param {number[]} values */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] : null;
}

export const median = (values) => percentile(values, 0.5);

/** Ages in the order in which they were measured. */
export function ages(values) {
  const third = (i) => median(values.slice((values.length * i) / 3, (values.length * (i + 1)) / 3));
  return { p50: median(values), p95: percentile(values, 0.95), first: third(0), last: third(2) };
}

/** The median of each figure over several runs of one case. */
export function medians(runs) {
  const [first] = runs;
  return Object.fromEntries(Object.keys(first).map((key) => {
    const values = runs.map((run) => run[key]);
    return [key, typeof first[key] === 'number' ? median(values.filter((value) => value !== null)) : values.at(-1)];
  }));
}

/** Growth from the first to the last third that no longer counts as flat: a quarter, and less than a frame at 60/s. */
export const isFlat = ({ first, last }) => last <= first * 1.25 + 16;
