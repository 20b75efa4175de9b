// Keys and their commands, as in the program's window; one list, so that help and behaviour agree.

import { find, keep, make, setting } from './dom.js';

/** @typedef {'say' | 'history' | 'save' | 'copy' | 'camera' | 'pause' | 'numbers' | 'dismiss' | 'help' | 'all' | 'full' | 'share'
 *   | 'toggle' | 'next' | 'previous' | 'up' | 'down' | 'close' | `digit ${number}`} Command */

/** @type {[string[], Command, string, string][]} keys, command, the keys as shown, and their meaning */
const KEYS = [
  [[], 'digit 1', '1 2 3 …', 'key-enlarge'],
  [['ArrowRight'], 'next', '← →', 'web-key-next'],
  [['ArrowLeft'], 'previous', '', ''],
  [[], 'digit 0', '0', 'key-all'],
  [['f'], 'full', 'f', 'web-key-full'],
  [['t', 'Enter'], 'say', 't  Enter', 'key-say'],
  [['y'], 'history', 'y', 'key-history'],
  [['PageUp'], 'up', '', ''],
  [['PageDown'], 'down', '', ''],
  [['s'], 'save', 's', 'key-save'],
  [['c'], 'copy', 'c', 'key-copy'],
  [['m'], 'toggle', 'm', 'key-camera'],
  [[' '], 'pause', 'Space', 'key-pause'],
  [['i'], 'numbers', 'i', 'key-numbers'],
  [['l'], 'share', 'l', 'web-key-share'],
  [['x'], 'dismiss', 'x', 'key-dismiss'],
  [['h', '?'], 'help', 'h', 'key-help'],
  [['Escape'], 'close', '', ''],
];

/** Keys that buttons and links need themselves. */
const OWN = ['Enter', ' '];

/**
 * The command of a stroke; `null` if it has none here.
 * @param {KeyboardEvent} event
 * @param {boolean} letters whether single keys are commands
 * @returns {Command | null}
 */
export function command(event, letters) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return null;
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.closest('input:not([type=checkbox]), textarea, dialog[open]')) return null;
  if (OWN.includes(event.key) && target.closest('button, a, summary, label, input')) return null;
  if (!letters && event.key !== 'Escape') return null;
  if (/^[0-9]$/.test(event.key)) return `digit ${Number(event.key)}`;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return KEYS.find(([keys]) => keys.includes(key))?.[1] ?? null;
}

/**
 * Listens for keys, and fills in the list of them.
 * @param {import('./texts.js').Texts} texts
 * @param {(command: Command) => void} execute
 */
export function listen(texts, execute) {
  // People who speak to their computer type by accident, so letters can be switched off (WCAG 2.1.4).
  const letters = find('shortcuts', HTMLInputElement);
  letters.checked = setting('shortcuts') !== 'off';
  letters.onchange = () => keep('shortcuts', letters.checked ? 'on' : 'off');
  addEventListener('keydown', (event) => {
    const found = command(event, letters.checked);
    if (!found) return;
    event.preventDefault();
    execute(found);
  });
  const rows = KEYS.filter(([, , shown]) => shown).map(([, , shown, meaning]) =>
    make('div', {}, make('dt', {}, make('kbd', { textContent: shown })), make('dd', { textContent: texts.say(meaning) })));
  find('key-list', HTMLElement).replaceChildren(...rows);
}
