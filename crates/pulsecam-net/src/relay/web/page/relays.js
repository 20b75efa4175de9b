// The relays of a cluster in the statistics panel, as the relay that serves the page knows them.

import { find, make } from './dom.js';
import { millis, size } from './texts.js';

/** Pause between two questions to the relay, in ms. */
const EVERY = 2_000;

/**
 * What `/relays.json` says.
 * @typedef {{up: boolean, bytes_out: number, bytes_in: number, round_trip_us: number | null}} Link
 * @typedef {{relay: string, public: string | null, alive: boolean, unusable: string | null, clients: number, links: Link[]}} Other
 * @typedef {{relay: string, public: string | null, clients: number, relays: Other[]}} Cluster
 */

/** Bytes that went over the links with a relay, and when, in ms. @typedef {{out: number, in: number, at: number}} Passed */

export class Relays {
  #texts;
  #address;
  #place = find('relays', HTMLElement);
  #open = false;
  #next = 0;
  /** @type {Map<string, Passed>} */
  #before = new Map();

  /**
   * @param {import('./texts.js').Texts} texts
   * @param {string | null} token what opens a page for watching only
   */
  constructor(texts, token) {
    this.#texts = texts;
    this.#address = token === null ? '/relays.json' : `/relays.json?${new URLSearchParams({ token })}`;
  }

  /** The relay is asked while the panel is open. @param {boolean} open */
  open(open) {
    this.#open = open;
    clearTimeout(this.#next);
    if (open) void this.#ask();
  }

  async #ask() {
    const cluster = await this.#answer();
    if (!this.#open) return;
    this.#place.hidden = !cluster;
    if (cluster) this.#show(cluster, performance.now());
    // One that is on its own stays so.
    if (cluster !== null) this.#next = setTimeout(() => void this.#ask(), EVERY);
  }

  /**
   * `null` if there is no cluster, `undefined` if the relay does not answer.
   * @returns {Promise<Cluster | null | undefined>}
   */
  async #answer() {
    try {
      const answer = await fetch(this.#address, { cache: 'no-store' });
      return answer.ok ? await answer.json() : null;
    } catch {
      return undefined;
    }
  }

  /** @param {Cluster} cluster @param {number} now */
  #show(cluster, now) {
    /** @type {Map<string, Passed>} */
    const passed = new Map();
    const rows = [this.#row(cluster.public ?? cluster.relay, this.#texts.say('web-relay-own'), 'up', [this.#clients(cluster.clients)])];
    for (const other of cluster.relays) {
      const sum = (/** @type {(link: Link) => number} */ of) => other.links.reduce((all, link) => all + of(link), 0);
      const amount = { out: sum((link) => link.bytes_out), in: sum((link) => link.bytes_in), at: now };
      passed.set(other.relay, amount);
      rows.push(this.#other(other, amount, this.#before.get(other.relay)));
    }
    this.#before = passed;
    this.#place.replaceChildren(make('h3', { textContent: this.#texts.say('web-relays') }), make('ul', {}, ...rows));
  }

  /**
   * @param {Other} other
   * @param {Passed} now
   * @param {Passed | undefined} before
   */
  #other({ relay, public: address, alive, unusable, clients, links }, now, before) {
    const name = address ?? relay;
    if (!alive) return this.#row(name, this.#texts.say('web-relay-gone'), 'down', []);
    if (unusable !== null) return this.#row(name, unusable, 'down', []);
    const facts = [this.#clients(clients)];
    if (!links.length) return this.#row(name, this.#texts.say('web-relay-idle'), 'up', facts);
    const isUp = links.every(({ up }) => up);
    if (before) {
      const rate = (/** @type {'out' | 'in'} */ way) => `${size(Math.max(0, now[way] - before[way]) / (now.at - before.at) * 1000)}/s`;
      facts.push(this.#texts.say('web-relay-rates', { out: rate('out'), in: rate('in') }));
    }
    const trips = links.flatMap(({ round_trip_us: trip }) => trip ?? []);
    if (trips.length) facts.push(`${this.#texts.say('round-trip')} ${millis(Math.min(...trips) / 1000)}`);
    return this.#row(name, this.#texts.say(isUp ? 'web-relay-up' : 'web-relay-down'), isUp ? 'up' : 'down', facts);
  }

  /** @param {number} clients */
  #clients(clients) {
    return this.#texts.say('web-relay-clients', { clients });
  }

  /**
   * @param {string} name
   * @param {string} state in words
   * @param {'up' | 'down'} health
   * @param {string[]} facts
   */
  #row(name, state, health, facts) {
    const whole = facts.flatMap((textContent, at) => [at ? ' · ' : '', make('span', { textContent })]);
    const row = make('li', {}, make('bdi', { textContent: name }), ' ', make('span', { className: 'state', textContent: state }),
      make('small', {}, ...whole));
    row.dataset.health = health;
    return row;
  }
}
