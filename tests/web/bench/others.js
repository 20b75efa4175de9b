// Publishing, the memory of a relay that has nothing to do, and a page that is open for long.

import fs from 'node:fs';

import { browser, clean, open, Program, pulsecam, Relay, until } from '../browser/programs.js';
import { Watcher } from './clients.js';
import { ages, median } from './figures.js';
import { drawn, shown, WARM_UP } from './view.js';

/** Measures the page as a camera, until its frames are through the relay. */
export async function publish(seconds) {
  const relay = await Relay.start();
  const watcher = await Watcher.start(relay);
  const page = await open(await browser(), relay);
  await until(page, () => document.querySelector('#page').dataset.link === 'up');
  await page.locator('[data-do=camera]').click();
  await until(page, () => document.querySelector('#own').dataset.sending === 'true');
  await page.waitForTimeout(WARM_UP);
  watcher.ages.length = 0;
  const start = performance.now();
  await page.waitForTimeout(seconds * 1000);
  const [found, took] = [watcher.ages.slice(), (performance.now() - start) / 1000];
  await clean();
  const { p50, p95 } = ages(found);
  return { size: watcher.size, fps: found.length / took, p50, p95 };
}

/** Memory of a process in MB, its share of what several use. */
const memory = (pid) => Number(/^Pss:\s+(\d+) kB/m.exec(fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]) / 1000;

/** Measures the memory of relays that do nothing: without the web, with it, and after a browser has had the page. */
export async function idle(seconds) {
  const settled = async (relay) => {
    await new Promise((resolve) => setTimeout(resolve, Math.min(seconds, 2) * 1000));
    return memory(relay.pid);
  };
  const off = pulsecam('relay', '--listen', '127.0.0.1:0', '--json', '--web', 'off');
  await off.event('listening');
  const without = await settled(off);
  await off.end(); // two would share their code
  const relay = await Relay.start();
  const on = await settled(relay.program);
  const page = await open(await browser(), relay);
  await until(page, () => document.querySelector('#page').dataset.link === 'up');
  await page.close();
  const used = await settled(relay.program);
  await clean();
  return { without, on, used };
}

/** Samples of a long run. */
const SAMPLES = 60;

/** Keeps the page open with one stream, and looks whether the tab grows. */
export async function soak(minutes) {
  const { browser: started, page } = await shown();
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const system = await started.newBrowserCDPSession();
  const sample = async () => {
    await session.send('HeapProfiler.collectGarbage');
    const { metrics } = await session.send('Performance.getMetrics');
    const { processInfo } = await system.send('SystemInfo.getProcessInfo');
    const tab = processInfo.filter(({ type }) => type === 'renderer').reduce((sum, { id }) => sum + memory(id), 0);
    const frames = await drawn(page);
    return {
      heap: metrics.find(({ name }) => name === 'JSHeapUsedSize').value / 1e6, nodes: metrics.find(({ name }) => name === 'Nodes').value,
      tab, ages: frames.flatMap(({ age }) => (age ? [age.time] : [])),
    };
  };
  const samples = [];
  for (let i = 0; i < SAMPLES; i++) {
    await page.waitForTimeout((minutes * 60_000) / SAMPLES);
    samples.push(await sample());
  }
  await clean();
  // Caches fill in the first quarter.
  const part = (from) => samples.slice(SAMPLES * from, SAMPLES * (from + 0.25));
  const middle = (from, key) => median(part(from).map((each) => each[key]));
  const aged = (from) => median(part(from).flatMap(({ ages: some }) => some));
  return {
    minutes, frames: samples.reduce((sum, { ages: some }) => sum + some.length, 0),
    tab: [middle(0.25, 'tab'), middle(0.75, 'tab')], heap: [middle(0.25, 'heap'), middle(0.75, 'heap')],
    nodes: [middle(0.25, 'nodes'), middle(0.75, 'nodes')], p50: [aged(0.25), aged(0.75)],
  };
}

/** The program's own words about a version, for the page. */
export async function version() {
  const program = pulsecam('--version');
  await program.ended;
  return program.lines[0];
}

/** The browser's. */
export async function browserVersion(command) {
  const program = new Program(command, ['--version']);
  await program.ended;
  return program.lines[0].trim();
}
