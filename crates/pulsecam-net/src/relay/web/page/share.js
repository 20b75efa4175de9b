// The link of this relay for another device, as text and as a QR code.

import { find, make } from './dom.js';
import { qr } from './qr.js';

/** Modules of light around a code (ISO/IEC 18004 asks for four). */
const QUIET = 4;

/** Addresses that mean this machine only. */
const LOOPBACK = /^(localhost|.*\.localhost|127\.[\d.]+|\[::1\])$/;

/**
 * Links to this page for others, the best first.
 * @param {string} href of this page, without its fragment
 * @param {string} key of the room
 * @param {string[]} addresses by which the relay can be reached
 */
export function links(href, key, addresses) {
  const page = new URL(href);
  const token = page.searchParams.get('token');
  const hosts = LOOPBACK.test(page.hostname) ? [...addresses.map((address) => new URL(address).origin), page.origin] : [page.origin];
  return hosts.map((origin) => {
    const link = new URL('/', origin);
    if (token) link.searchParams.set('token', token);
    if (key) link.hash = `key=${encodeURIComponent(key)}`;
    return link.href;
  });
}

export class Share {
  #texts;
  #notice;
  #dialog = find('share', HTMLDialogElement);

  /**
   * @param {import('./texts.js').Texts} texts
   * @param {(text: string) => void} notice
   */
  constructor(texts, notice) {
    this.#texts = texts;
    this.#notice = notice;
  }

  /**
   * @param {string} key
   * @param {string[]} addresses
   */
  open(key, addresses) {
    const all = links(location.href.split('#')[0], key, addresses);
    find('links', HTMLElement).replaceChildren(...all.map((href) => make('li', {}, make('a', { href, textContent: href }))));
    find('with-key', HTMLElement).hidden = !key;
    const code = qr(all[0]);
    find('qr', HTMLElement).replaceChildren(...(code ? [this.#picture(code)] : []));
    find('copy-link', HTMLButtonElement).onclick = () => void this.#copy(all[0]);
    this.#dialog.showModal();
  }

  /** @param {boolean[][]} code */
  #picture(code) {
    const side = code.length + 2 * QUIET;
    const path = code.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : ''))).join('');
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('viewBox', `0 0 ${side} ${side}`);
    svg.setAttribute('role', 'img');
    svg.setAttribute('aria-label', this.#texts.say('web-qr'));
    const modules = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    modules.setAttribute('d', path);
    svg.append(modules);
    return svg;
  }

  /** @param {string} link */
  async #copy(link) {
    try {
      // Exists in secure contexts only; elsewhere the link can be selected.
      await navigator.clipboard.writeText(link);
      this.#notice(this.#texts.say('copied'));
    } catch {
      const [first] = find('links', HTMLElement).querySelectorAll('a');
      getSelection()?.selectAllChildren(first);
    }
  }
}
