// The page with the figures: a template, of which `{{name}}` is replaced.

import fs from 'node:fs';
import os from 'node:os';

import { isFlat, round } from './figures.js';

/** This machine in words, as in the other pages of figures. */
export function machine() {
  const cpus = os.cpus();
  const release = /^PRETTY_NAME="(.*)"$/m.exec(fs.readFileSync('/etc/os-release', 'utf8'))?.[1] ?? os.type();
  const isVirtual = /^flags\s*:.*\bhypervisor\b/m.test(fs.readFileSync('/proc/cpuinfo', 'utf8'));
  const memory = (os.totalmem() / 2 ** 30).toFixed(1);
  return `${cpus.length} cores of ${cpus[0].model}${isVirtual ? ' (virtual machine)' : ''}, ${memory} GiB of memory, ${release}, kernel ${os.release()}`;
}

/** A table in Markdown; the first column is text. */
const table = (head, rows) => [head, head.map((_, index) => (index ? '--:' : '---')), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

const cell = (value, digits) => (value === null || value === undefined ? '' : round(value, digits).toFixed(digits));

const LABELS = { p50: 'p50', p95: 'p95', frames: 'p95 ÷ frame' };

/** What a case should be, and whether it is. */
function judged(figures, goal) {
  const limits = Object.entries(goal).filter(([key]) => key !== 'flat');
  const words = [...limits.map(([key, limit]) => `${LABELS[key]} ≤ ${limit}`), ...(goal.flat ? ['flat'] : [])];
  if (!words.length) return ['', ''];
  const met = limits.every(([key, limit]) => figures[key] <= limit) && (!goal.flat || isFlat(figures));
  return [words.join(', '), met ? 'yes' : '**no**'];
}

const viewing = (results) => table(
  ['', 'frames/s', 'age p50, ms', 'p95', 'p95 ÷ frame', 'first third', 'last third', 'decoding', 'goal', 'met'],
  results.map(({ name, goal, figures }) => [
    name, cell(figures.fps, 1), cell(figures.p50, 1), cell(figures.p95, 1), cell(figures.frames, 2), cell(figures.first, 1), cell(figures.last, 1),
    cell(figures.decode, 1), ...judged(figures, goal),
  ]),
);

const yes = (met) => (met ? 'yes' : '**no**');

const publishing = ({ size, fps, p50, p95 }) => table(
  ['', 'frames/s', 'age p50, ms', 'p95', 'goal', 'met'],
  [[size, cell(fps, 1), cell(p50, 1), cell(p95, 1), '≥ 28 frames/s, p50 ≤ 20', yes(fps >= 28 && p50 <= 20)]],
);

const memory = ({ without, on, used }) => table(
  ['', 'MB', 'more than without', 'goal', 'met'],
  [
    ['`--web off`', cell(without, 2), '', '', ''],
    ['as it is', cell(on, 2), cell(on - without, 2), '≤ 2', yes(on - without <= 2)],
    ['after a browser has had the page', cell(used, 2), cell(used - without, 2), '', ''],
  ],
);

const lasting = ({ minutes, frames, tab, heap, nodes, p50 }) => table(
  [`${minutes} minutes, ${frames} frames`, 'second quarter', 'last quarter', 'growth'],
  [
    ['memory of the tab, MB', ...tab], ['JavaScript’s heap, MB', ...heap], ['nodes', ...nodes], ['age p50, ms', ...p50],
  ].map(([name, first, last]) => [name, cell(first, 1), cell(last, 1), cell(last - first, 1)]),
);

/** What stands for a part that was not measured. */
const NOTHING = '(not measured)';

/** Fills in a template. */
export function page(template, { facts, view, publish, idle, soak }) {
  const values = {
    ...facts,
    viewing: view.length ? viewing(view) : NOTHING, publishing: publish ? publishing(publish) : NOTHING,
    memory: idle ? memory(idle) : NOTHING, soak: soak ? lasting(soak) : NOTHING,
  };
  return template.replace(/\{\{(.*?)\}\}/g, (_, key) => {
    if (!(key in values)) throw new Error(`{{${key}}} is not one of ${Object.keys(values).join(', ')}`);
    return values[key];
  });
}
