// Finding and making elements.

/**
 * The element with this id.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function find(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`#${id} is missing`);
  return element;
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Partial<HTMLElementTagNameMap[K]>} properties
 * @param {(Node | string)[]} children
 */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Offers bytes as a file. @param {Blob} blob @param {string} name */
export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  make('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** A stream's or sender's name as part of a file's name. @param {string} name */
export function fileName(name) {
  const time = new Date(Date.now() - new Date().getTimezoneOffset() * 60_000).toISOString();
  const plain = name.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|[-.]+$/g, '').slice(0, 80);
  return `${plain || 'picture'}-${time.slice(0, 19).replace('T', '-').replace(/:/g, '')}`;
}

/** @typedef {'name' | 'shortcuts'} Setting */

/**
 * A setting of this browser; `null` if it keeps none.
 * @param {Setting} key
 */
export function setting(key) {
  try {
    return localStorage.getItem(`pulsecam.${key}`);
  } catch {
    return null;
  }
}

/** @param {Setting} key @param {string} value */
export function keep(key, value) {
  try {
    localStorage.setItem(`pulsecam.${key}`, value);
  } catch {
    // A private window, or a full disk: then it is kept until the page closes.
  }
}
