// The texts of the page. `tests/web/texts.js` takes them from the Fluent files of the program.

/** @typedef {Record<string, string | number>} Values */

/** Languages of which there are texts. */
const LANGUAGES = ['en', 'zh'];

export class Texts {
  #texts;
  language;

  /**
   * @param {string} language
   * @param {Record<string, string>} texts
   */
  constructor(language, texts) {
    this.language = language;
    this.#texts = texts;
  }

  /** Loads the texts that the address (`?lang=`) or the browser asks for. */
  static async load() {
    const asked = [new URLSearchParams(location.search).get('lang') ?? '', ...navigator.languages];
    const codes = asked.map((tag) => tag.split(/[-_]/)[0].toLowerCase());
    const language = codes.find((code) => LANGUAGES.includes(code)) ?? LANGUAGES[0];
    const answer = await fetch(new URL(`./texts.${language}.json`, import.meta.url));
    return new Texts(language, answer.ok ? await answer.json() : {});
  }

  /** The language that a switch would choose. */
  get other() {
    return LANGUAGES.find((language) => language !== this.language) ?? this.language;
  }

  /**
   * A text with its values filled in; its key if it is missing.
   * @param {string} key
   * @param {Values} [values]
   */
  say(key, values = {}) {
    const text = this.#texts[key] ?? key;
    return text.replace(/\{ ?\$([\w-]+) ?\}/g, (_, name) => String(values[name] ?? name));
  }

  /**
   * Fills in the texts of elements that name one (`data-text`, `data-label`, `data-hint`).
   * @param {ParentNode} root
   */
  apply(root) {
    for (const element of root.querySelectorAll('[data-text],[data-label],[data-hint]')) {
      const { text, label, hint } = /** @type {HTMLElement} */ (element).dataset;
      if (text) element.textContent = this.say(text);
      if (label) element.setAttribute('aria-label', this.say(label));
      if (hint) element.setAttribute('placeholder', this.say(hint));
    }
  }
}

/** Formats a short time. @param {number} ms */
export function millis(ms) {
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  return ms < 9_999.5 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(0)} s`;
}

/**
 * Formats an age with its uncertainty.
 * @param {import('./stream.js').Age} age
 */
export function aged({ time, within }) {
  return `${millis(time)} ±${within === null ? '?' : millis(within)}`;
}

/** Formats a number of bytes. @param {number} bytes */
export function size(bytes) {
  if (bytes < 1e3) return `${Math.round(bytes)} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(0)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
