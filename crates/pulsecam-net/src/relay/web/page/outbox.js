// Texts and images that were written here: sent again after an outage, until the relay has proved that it has them.

import { describe, encode } from './wire.js';
import { random } from './link.js';

/** Messages kept for an outage; more would be old news. */
const MOST = 32;

/** @typedef {{number: number, bytes: Uint8Array<ArrayBuffer>, after: number | null}} Waiting `after`: the heartbeat sent after it */

export class Outbox {
  /** @type {Waiting[]} */
  #waiting = [];
  #link;
  #told;

  /**
   * @param {import('./link.js').Link} link
   * @param {(number: number, sent: boolean) => void} told what became of a message
   */
  constructor(link, told) {
    this.#link = link;
    this.#told = told;
  }

  /**
   * @param {number} number by which the page knows it
   * @param {number} kind
   * @param {string} beginning of the description
   * @param {string} from the sender's name
   * @param {Uint8Array} payload
   */
  add(number, kind, beginning, from, payload) {
    const description = describe(beginning, { from: from || null, id: random(16) });
    const message = { number, bytes: encode(kind, description, payload), after: null };
    if (this.#waiting.length === MOST) {
      const lost = this.#waiting.shift();
      if (lost) this.#told(lost.number, false);
    }
    this.#waiting.push(message);
    if (this.#link.isUp) this.#send([message]);
  }

  /** Sends again what the last connection may have lost; receivers drop what they have. */
  up() {
    this.#send(this.#waiting);
  }

  /** @param {Waiting[]} messages */
  #send(messages) {
    if (!messages.length) return;
    for (const message of messages) this.#link.send(message.bytes);
    const after = this.#link.beat();
    for (const message of messages) message.after = after;
  }

  /**
   * The relay has handled everything up to this heartbeat.
   * @param {number} stamp
   */
  confirmed(stamp) {
    const done = this.#waiting.filter(({ after }) => after !== null && after <= stamp);
    this.#waiting = this.#waiting.filter((message) => !done.includes(message));
    for (const { number } of done) this.#told(number, true);
  }

  /** Gives up: the relay refuses this page. */
  fail() {
    for (const { number } of this.#waiting.splice(0)) this.#told(number, false);
  }
}
