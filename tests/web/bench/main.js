// Measures the page and the door with the real programs, and writes the figures into a page. `node bench/main.js --help`

import fs from 'node:fs';
import os from 'node:os';
import { parseArgs } from 'node:util';

import { CHROMIUM } from '../browser/programs.js';
import { medians } from './figures.js';
import { frameBytes } from './film.js';
import { browserVersion, idle, publish, soak, version } from './others.js';
import { machine, page } from './report.js';
import { CASES } from './view.js';

const HELP = `node bench/main.js [OPTIONS]
  --seconds N    time of each measurement (8)
  --minutes N    time of those over a slow link (5)
  --soak N       minutes that the tab is watched (60; 0: not at all)
  --runs N       runs of each, of which the median counts; those over minutes run once (3)
  --only WORDS   those whose names contain this; others: publish, memory, soak
  --template FILE --page FILE   fills in the page
Results also go to standard output, a line of JSON for each run. Nothing else should run meanwhile.`;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '8' }, minutes: { type: 'string', default: '5' }, soak: { type: 'string', default: '60' },
    runs: { type: 'string', default: '3' }, only: { type: 'string', default: '' },
    template: { type: 'string' }, page: { type: 'string' }, help: { type: 'boolean' },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit();
}
const [seconds, minutes, soakMinutes, runs] = [values.seconds, values.minutes, values.soak, values.runs].map(Number);
const isWanted = (name) => name.includes(values.only);

const load = os.loadavg()[0];

/** Runs one case several times; returns the median of each figure. */
async function measured(name, times, run) {
  const all = [];
  for (let i = 0; i < times; i++) {
    all.push(await run());
    console.log(JSON.stringify({ case: name, run: i + 1, ...all.at(-1) }));
  }
  return medians(all);
}

const view = [];
for (const { name, run, goal, slow, ...more } of CASES.filter((one) => isWanted(one.name))) {
  const figures = await measured(name, slow ? 1 : runs, () => run(slow ? minutes * 60 : seconds, more));
  view.push({ name, goal, figures });
}
const others = {
  publish: isWanted('publish') ? await measured('publish', runs, () => publish(seconds)) : null,
  idle: isWanted('memory') ? await measured('memory', runs, () => idle(seconds)) : null,
  soak: isWanted('soak') && soakMinutes ? await measured('soak', 1, () => soak(soakMinutes)) : null,
};

if (values.page) {
  const facts = {
    date: new Date().toISOString().slice(0, 10), machine: machine(), version: await version(), browser: await browserVersion(CHROMIUM),
    seconds: String(seconds), minutes: String(minutes), runs: String(runs), load: load.toFixed(2), kilobytes: (frameBytes('1280x720') / 1000).toFixed(0),
  };
  fs.writeFileSync(values.page, page(fs.readFileSync(values.template, 'utf8'), { facts, view, ...others }));
}
