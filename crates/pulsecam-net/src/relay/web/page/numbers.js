// The statistics panel: age, rate and frame counts of each stream, now and over the last minute.

import { find, make } from './dom.js';
import { SAMPLES } from './stream.js';
import { aged, millis, size } from './texts.js';

/** Smallest upper ends of the graphs (ms, frames per second), so that small values look small. */
const AGE_SPAN = 50;
const RATE_SPAN = 10;

/** Size of a graph in its own units. */
const GRAPH = { width: 240, height: 60 };

export class Numbers {
  #texts;
  #panel = find('numbers', HTMLElement);
  #figures = find('figures', HTMLElement);

  /** @param {import('./texts.js').Texts} texts */
  constructor(texts) {
    this.#texts = texts;
  }

  get isOpen() {
    return !this.#panel.hidden;
  }

  /** @param {boolean} open */
  open(open) {
    this.#panel.hidden = !open;
  }

  /**
   * @param {import('./engine.js').Shown[]} streams
   * @param {number | null} roundTrip ms
   */
  show(streams, roundTrip) {
    if (this.#panel.hidden) return;
    /** @param {string} key */
    const say = (key) => this.#texts.say(key);
    const unknown = say('unknown');
    const parts = [table([[say('round-trip'), roundTrip === null ? unknown : millis(roundTrip)]])];
    for (const { name, figures, counts, quality, samples } of streams) {
      parts.push(make('h3', {}, make('bdi', { textContent: name })));
      const rows = [
        [say('age'), figures.age ? aged(figures.age) : unknown],
        [say('rate'), figures.fps === null ? unknown : figures.fps.toFixed(1)],
        [say('received'), `${size(figures.bytes)}/s`],
        [say('quality'), quality === null ? unknown : String(quality)],
        [say('decoding'), millis(figures.decode)],
        [say('shown'), String(counts.shown)],
        [say('left-out-by-sender'), String(counts.leftOut)],
        [say('lost-on-the-way'), String(counts.lost)],
        [say('replaced-here'), String(counts.replaced)],
      ];
      if (counts.damaged) rows.push([say('damaged-here'), String(counts.damaged)]);
      parts.push(table(rows));
      parts.push(graph(say('age-graph'), samples.map(({ age }) => age), AGE_SPAN, millis, 'age'));
      parts.push(graph(say('rate-graph'), samples.map(({ fps }) => fps), RATE_SPAN, (fps) => fps.toFixed(0), 'rate'));
    }
    this.#figures.replaceChildren(...parts);
  }
}

/** @param {string[][]} rows @returns {HTMLElement} */
function table(rows) {
  const body = rows.map(([label, value]) =>
    make('tr', {}, make('th', { scope: 'row', textContent: label }), make('td', { textContent: value })));
  return make('table', {}, ...body);
}

/**
 * A line through the samples of a minute, the newest at the right edge.
 * @param {string} title
 * @param {(number | null)[]} samples
 * @param {number} span
 * @param {(value: number) => string} format
 * @param {string} className
 */
function graph(title, samples, span, format, className) {
  const upper = Math.max(span, ...samples.map((value) => value ?? 0));
  const step = GRAPH.width / (SAMPLES - 1);
  let path = '';
  let gap = true;
  samples.forEach((value, index) => {
    if (value !== null) {
      const x = GRAPH.width - (samples.length - 1 - index) * step;
      path += `${gap ? 'M' : 'L'}${x.toFixed(1)} ${(GRAPH.height * (1 - value / upper)).toFixed(1)}`;
    }
    gap = value === null;
  });
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', `0 0 ${GRAPH.width} ${GRAPH.height}`);
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', className);
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  line.setAttribute('d', path);
  svg.append(line);
  const label = make('div', { className: 'scale' }, make('span', { textContent: title }), make('span', { textContent: format(upper) }));
  return make('div', { className: 'graph' }, label, svg);
}
