// The conversation: texts with sender and time, and what became of our own.

import { find, make } from './dom.js';

/** Lines and characters that are kept, in case people paste very long texts. */
const MAX_LINES = 500;
const MAX_CHARACTERS = 2_000_000;

/** Longest text of one message in characters: the relay's limit is 64 KiB of UTF-16 and its framing. */
const MAX_TEXT = 32_000;

/** How close to the end counts as reading the newest line, in pixels. */
const NEAR = 40;

export class Talk {
  #texts;
  #to;
  #panel = find('talk', HTMLElement);
  #log = find('log', HTMLElement);
  #line = find('line', HTMLInputElement);
  /** @type {Map<number, HTMLElement>} */
  #sending = new Map();
  #numbers = 0;
  #characters = 0;

  /**
   * @param {import('./texts.js').Texts} texts
   * @param {{say: (number: number, text: string) => void, image: (number: number, file: File) => void,
   *   notice: (text: string) => void, toggled: () => void}} to
   */
  constructor(texts, to) {
    this.#texts = texts;
    this.#to = to;
    find('entry', HTMLFormElement).onsubmit = (event) => {
      event.preventDefault();
      this.#send();
    };
    find('talk-close', HTMLButtonElement).onclick = () => this.open(false);
    const file = find('file', HTMLInputElement);
    file.onchange = () => {
      this.#images(file.files);
      file.value = '';
    };
    this.#line.onpaste = (event) => {
      if (this.#images(event.clipboardData?.files)) event.preventDefault();
    };
    addEventListener('dragover', (event) => event.preventDefault());
    addEventListener('drop', (event) => {
      event.preventDefault(); // or the browser leaves the page for the file
      const mayWrite = !document.querySelector('#page.watches');
      if (mayWrite && this.#images(event.dataTransfer?.files)) this.open(true);
    });
    this.#line.onkeydown = (event) => {
      // Escape ends an input method's word before it ends the line.
      if (event.key === 'Escape' && !event.isComposing) this.open(false);
    };
  }

  /** Sends the images among some files; false if there are none. @param {FileList | null | undefined} files */
  #images(files) {
    const images = [...files ?? []].filter(({ type }) => type.startsWith('image/'));
    for (const image of images) this.#to.image(this.#mine(this.#texts.say('web-image-sent')), image);
    return images.length > 0;
  }

  get isOpen() {
    return !this.#panel.hidden;
  }

  /**
   * @param {boolean} open
   * @param {boolean} [write] whether to begin a line
   */
  open(open, write = false) {
    this.#panel.hidden = !open;
    this.#to.toggled();
    if (open) this.#log.scrollTop = this.#log.scrollHeight;
    if (open && write) this.#line.focus();
    if (!open && document.activeElement === this.#line) this.#line.blur();
  }

  /** Scrolls by lines. @param {number} lines */
  scroll(lines) {
    this.#log.scrollBy({ top: -lines * 24 });
  }

  /**
   * A line of somebody else.
   * @param {string} from
   * @param {string} text
   */
  received(from, text) {
    this.#add(from || this.#texts.say('somebody'), text, '');
  }

  /** What became of a message. @param {number} number @param {boolean} sent */
  sent(number, sent) {
    const state = this.#sending.get(number);
    this.#sending.delete(number);
    if (state) state.textContent = this.#texts.say(sent ? 'left' : 'not-left');
    state?.classList.toggle('bad', !sent);
  }

  #send() {
    const text = this.#line.value;
    if (!text.trim()) {
      this.open(false);
      return;
    }
    if (text.length > MAX_TEXT) {
      this.#to.notice(this.#texts.say('too-long'));
      return;
    }
    this.#line.value = '';
    this.#to.say(this.#mine(text), text);
  }

  /** @param {string} text */
  #mine(text) {
    const number = ++this.#numbers;
    this.#sending.set(number, this.#add(this.#texts.say('me'), text, this.#texts.say('leaving'), 'mine'));
    this.#log.scrollTop = this.#log.scrollHeight;
    return number;
  }

  /**
   * @param {string} from
   * @param {string} text
   * @param {string} state
   */
  #add(from, text, state, className = '') {
    const reads = this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight < NEAR;
    const now = new Date();
    const time = now.toLocaleTimeString(this.#texts.language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
    const told = make('small', { className: 'state', textContent: state });
    const said = make('span', { className: 'said', dir: 'auto', textContent: text });
    this.#log.append(make('p', { className }, make('bdi', { className: 'name', textContent: from }), ' ',
      make('time', { dateTime: now.toISOString(), textContent: time }), ' ', told, said));
    this.#characters += text.length;
    while (this.#log.children.length > MAX_LINES || (this.#characters > MAX_CHARACTERS && this.#log.children.length > 1)) {
      this.#characters -= this.#log.firstElementChild?.querySelector('.said')?.textContent?.length ?? 0;
      this.#log.firstElementChild?.remove();
    }
    find('nothing', HTMLElement).hidden = true;
    if (reads) this.#log.scrollTop = this.#log.scrollHeight;
    return told;
  }
}
