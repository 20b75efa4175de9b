// Images that others sent: the newest lies over the pictures until it is closed.

import { download, fileName, find } from './dom.js';

/** Images that wait, and their bytes in all; older ones are dropped. */
const MOST = 16;
const MAX_BYTES = 64e6;

/** Types of files by their first bytes; what is none of them is not shown. */
const TYPES = /** @type {[string, string, string][]} */ ([
  ['\xff\xd8\xff', 'image/jpeg', 'jpg'], ['\x89PNG', 'image/png', 'png'], ['GIF8', 'image/gif', 'gif'],
  ['RIFF', 'image/webp', 'webp'], ['BM', 'image/bmp', 'bmp'],
]);

export class Gallery {
  /** @type {{from: string, blob: Blob, url: string, extension: string}[]} */
  #images = [];
  #texts;
  #notice;
  #image = find('image', HTMLImageElement);

  /**
   * @param {import('./texts.js').Texts} texts
   * @param {(text: string) => void} notice
   */
  constructor(texts, notice) {
    this.#texts = texts;
    this.#notice = notice;
    find('image-close', HTMLButtonElement).onclick = () => this.dismiss();
    find('image-save', HTMLButtonElement).onclick = () => this.save();
    this.#image.onerror = () => {
      if (!this.#images.length) return;
      notice(`${texts.say('image')}: ${texts.say('cannot-show', { reason: this.#images.at(-1)?.extension ?? '' })}`);
      this.dismiss();
    };
  }

  /**
   * @param {string} from
   * @param {Uint8Array<ArrayBuffer>} bytes
   */
  received(from, bytes) {
    const found = TYPES.find(([magic]) => [...magic].every((c, i) => bytes[i] === c.charCodeAt(0)));
    if (!found) {
      this.#notice(`${this.#texts.say('image')}: ${this.#texts.say('cannot-show', { reason: `${bytes.length} B` })}`);
      return;
    }
    const blob = new Blob([bytes], { type: found[1] });
    this.#images.push({ from, blob, url: URL.createObjectURL(blob), extension: found[2] });
    const size = () => this.#images.reduce((sum, image) => sum + image.blob.size, 0);
    while (this.#images.length > MOST || (size() > MAX_BYTES && this.#images.length > 1)) {
      URL.revokeObjectURL(this.#images.shift()?.url ?? '');
    }
    this.#show();
  }

  /** Closes the newest image; false if there is none. */
  dismiss() {
    const closed = this.#images.pop();
    if (!closed) return false;
    URL.revokeObjectURL(closed.url);
    this.#show();
    return true;
  }

  /** Saves the newest image as it was received; false if there is none. */
  save() {
    const image = this.#images.at(-1);
    if (!image) return false;
    const name = `${fileName(image.from)}.${image.extension}`;
    download(image.blob, name);
    this.#notice(this.#texts.say('saved-as', { path: name }));
    return true;
  }

  #show() {
    const image = this.#images.at(-1);
    find('gallery', HTMLElement).hidden = !image;
    if (!image) {
      this.#image.removeAttribute('src');
      return;
    }
    const from = image.from || this.#texts.say('somebody');
    const count = this.#images.length;
    const title = count > 1 ? this.#texts.say('image-of', { number: count, count }) : this.#texts.say('image');
    this.#image.src = image.url;
    this.#image.alt = `${title}, ${from}`;
    find('image-title', HTMLElement).replaceChildren(title, ' · ', Object.assign(document.createElement('bdi'), { textContent: from }));
  }
}
