// The page: the engine's events become what is seen, and what is done becomes its commands.

import { keyOf, nameOf, wire } from './address.js';
import { Capture } from './capture.js';
import { find } from './dom.js';
import { Gallery } from './gallery.js';
import { start } from './host.js';
import { listen } from './keys.js';
import { ended, linkLine } from './link_line.js';
import { NumberEntry } from './number_entry.js';
import { Numbers } from './numbers.js';
import { copy, reduced, save } from './pictures.js';
import { Relays } from './relays.js';
import { Share } from './share.js';
import { Talk } from './talk.js';
import { Texts } from './texts.js';
import { Tiles } from './tiles.js';

/** How long notices stay, in ms; how long the buttons stay after the pointer moved, and at first. */
const NOTICE_STAYS = 8_000;
const BUTTONS_STAY = 3_000;
const BUTTONS_AT_FIRST = 15_000;

/** Silence of the engine in ms after which the page no longer believes its pictures, and after which it gives up. */
const STALLED = 2_000;
const DEAD = 20_000;

/** From this width on, the conversation has room beside the picture. */
const WIDE = '(min-width: 900px)';

const texts = await Texts.load();
document.documentElement.lang = texts.language === 'zh' ? 'zh-CN' : texts.language;
texts.apply(document);

const only = nameOf(location.pathname);
const page = find('page', HTMLElement);
page.hidden = false;
page.classList.toggle('only', only !== null);
/** What opens a page for watching only: the relay drops what it would send. */
const token = new URLSearchParams(location.search).get('token');
page.classList.toggle('watches', token !== null);
if (only !== null) document.title = only;

/** Each frame that was drawn, for benchmarks (`?trace`). @type {import('./engine.js').Event[] | null} */
const trace = new URLSearchParams(location.search).has('trace') ? [] : null;
if (trace) Object.assign(globalThis, { trace });

let key = keyOf(location.hash);
/** @type {{addresses: string[]}} */
const relay = { addresses: [] };
/** @type {import('./link.js').State} */
let link = { kind: 'connecting' };
let heard = performance.now();
let paused = false;
let full = false;
/** @type {import('./host.js').Host} */
let host = { execute: () => {}, offscreen: false };
const getHost = () => host;

const stage = find('stage', HTMLElement);
const tiles = new Tiles(find('tiles', HTMLElement), texts, getHost, { tapped, changed, news });
const gallery = new Gallery(texts, notice);
const numbers = new Numbers(texts);
const relays = new Relays(texts, token);
const entry = new NumberEntry();
const share = new Share(texts, notice);
const capture = new Capture(texts, getHost, changed);
const talk = new Talk(texts, {
  say: (number, text) => host.execute({ do: 'say', number, from: capture.name, text }),
  image: (number, file) => void sendImage(number, file),
  notice,
  toggled: changed,
});

/** @param {import('./engine.js').Event} event */
function happened(event) {
  switch (event.is) {
    case 'link':
      link = event.state;
      askForKey();
      linkChanged();
      break;
    case 'board':
      heard = performance.now();
      tiles.show(event.streams);
      numbers.show(tiles.visible.flatMap(({ shown }) => shown ?? []), event.roundTrip);
      break;
    case 'stream': tiles.add(event); break;
    case 'size': tiles.resize(event.id, event); break;
    case 'gone': tiles.remove(event.ids); break;
    case 'text': {
      const text = event.text ?? texts.say('unreadable-text', { bytes: event.bytes });
      talk.received(event.from, text);
      if (!talk.isOpen) notice(`${event.from || texts.say('somebody')}: ${text}`);
      break;
    }
    case 'image':
      gallery.received(event.from, event.bytes);
      talk.received(event.from, texts.say('web-image-sent'));
      break;
    case 'sent': talk.sent(event.number, event.sent); break;
    case 'picture': void picture(event); break;
    case 'drew': trace?.push(event); break;
    case 'published': capture.show(event.figures, link.kind === 'up'); break;
  }
}

/** @param {Extract<import('./engine.js').Event, {is: 'picture'}>} event */
async function picture({ name, purpose, jpeg }) {
  try {
    if (purpose === 'save') {
      notice(texts.say('saved-as', { path: save(name, jpeg) }));
    } else {
      await copy(jpeg);
      notice(texts.say('copied'));
    }
  } catch (error) {
    notice(texts.say('cannot-copy', { reason: error instanceof Error ? error.message : String(error) }));
  }
}

/**
 * @param {number} number
 * @param {File} file
 */
async function sendImage(number, file) {
  try {
    const bytes = await reduced(file);
    host.execute({ do: 'image', number, from: capture.name, bytes }, [bytes.buffer]);
  } catch (error) {
    talk.sent(number, false);
    notice(`${file.name}: ${texts.say('cannot-show', { reason: error instanceof Error ? error.message : '' })}`);
  }
}

let before = '';

function linkChanged() {
  const line = linkLine(texts, link);
  const quiet = link.kind === 'up';
  const element = find('link', HTMLElement);
  const waits = tiles.all.length === 0;
  element.hidden = quiet || waits;
  element.textContent = line;
  page.dataset.link = link.kind;
  find('empty', HTMLElement).hidden = !waits;
  find('headline', HTMLElement).textContent = quiet ? texts.say('waiting', { host: location.host }) : line;
  find('hint', HTMLElement).hidden = !quiet;
  if (before !== link.kind) {
    before = link.kind;
    news(line);
  }
}

function askForKey() {
  const dialog = find('key', HTMLDialogElement);
  if (!link.key || !link.why) {
    if (link.kind === 'up' && dialog.open) dialog.close();
    return;
  }
  const why = ended(texts, texts.say(...link.why));
  find('key-why', HTMLElement).textContent = why.charAt(0).toUpperCase() + why.slice(1);
  if (!dialog.open) dialog.showModal();
}

find('key-form', HTMLFormElement).onsubmit = (event) => {
  event.preventDefault();
  const typed = find('key-text', HTMLInputElement).value.trim();
  if (!typed) return;
  key = typed;
  find('key', HTMLDialogElement).close();
  history.replaceState(null, '', `#key=${encodeURIComponent(key)}`);
  host.execute({ do: 'key', key });
};

addEventListener('hashchange', () => {
  const next = keyOf(location.hash);
  if (next === key) return;
  key = next;
  host.execute({ do: 'key', key });
});

let noticeEnds = 0;

/** Shows a line for a while. @param {string} text */
function notice(text) {
  const element = find('notice', HTMLElement);
  element.textContent = text;
  clearTimeout(noticeEnds);
  noticeEnds = setTimeout(() => { element.textContent = ''; }, NOTICE_STAYS);
}

/** Tells people who listen. @param {string} text */
function news(text) {
  find('news', HTMLElement).textContent = text;
}

/** A tap enlarges, a second one fills the screen, a third shows all. @param {number} id */
function tapped(id) {
  if (tiles.all.length > 1 && tiles.large !== id) {
    tiles.enlarge(id);
  } else if (!full) {
    fill(true);
  } else {
    fill(false);
    tiles.enlarge(null);
  }
}

/** @param {boolean} on */
function fill(on) {
  full = on;
  page.classList.toggle('full', on);
  // Phones of Apple fill the screen with videos only; there, the page's other parts are hidden.
  if (on) void page.requestFullscreen?.().catch(() => {});
  else if (document.fullscreenElement) void document.exitFullscreen();
  tiles.layout();
}

document.addEventListener('fullscreenchange', () => {
  if (!document.fullscreenElement && full) fill(false);
});

/** Closes the topmost layer; false if there is none. */
function close() {
  if (gallery.dismiss()) return;
  if (talk.isOpen) talk.open(false);
  else if (full) fill(false);
  else tiles.enlarge(null);
}

/** Buttons and states that follow from what is shown. */
function changed() {
  page.classList.toggle('talks', talk.isOpen);
  page.classList.toggle('empty', tiles.all.length === 0);
  button('all').hidden = tiles.large === null;
  button('save').hidden = tiles.all.length === 0;
  button('camera').setAttribute('aria-pressed', String(capture.isOn));
  button('say').setAttribute('aria-expanded', String(talk.isOpen));
  linkChanged();
}

/** @param {string} command */
function button(command) {
  return /** @type {HTMLElement} */ (find('bar', HTMLElement).querySelector(`[data-do=${command}]`));
}

/** Enlarges the stream whose number is typed, or shows all again. @param {string} digit */
function enlarge(digit) {
  const wanted = entry.digit(digit, tiles.all.map(({ number }) => number), performance.now());
  const tile = tiles.all.find(({ number }) => number === wanted);
  if (wanted === 'all') execute('all');
  else if (tile) tiles.enlarge(tiles.large === tile.id ? null : tile.id);
}

/** @param {import('./keys.js').Command} command */
function execute(command) {
  const [, digit] = /^digit (\d)$/.exec(command) ?? [];
  if (digit) {
    enlarge(digit);
    return;
  }
  switch (command) {
    case 'say': talk.open(true, token === null); break;
    case 'history': talk.open(!talk.isOpen); break;
    case 'up': talk.scroll(8); break;
    case 'down': talk.scroll(-8); break;
    case 'save': if (!gallery.save()) pictures('save'); break;
    case 'copy': pictures('copy'); break;
    case 'camera':
      if (token !== null) break;
      if (capture.isOn) capture.open();
      else void capture.start();
      break;
    case 'toggle': if (token === null) capture.toggle(); break;
    case 'pause': pause(); break;
    case 'numbers':
      numbers.open(!numbers.isOpen);
      relays.open(numbers.isOpen);
      host.execute({ do: 'graphs', on: numbers.isOpen });
      button('numbers').setAttribute('aria-expanded', String(numbers.isOpen));
      break;
    case 'dismiss': gallery.dismiss(); break;
    case 'help': find('help', HTMLDialogElement).showModal(); break;
    case 'all': fill(false); tiles.enlarge(null); break;
    case 'full': fill(!full); break;
    case 'share': share.open(key, relay.addresses); break;
    case 'next': tiles.next(1); break;
    case 'previous': tiles.next(-1); break;
    case 'close': close(); break;
    default:
  }
}

/** @param {'save' | 'copy'} purpose */
function pictures(purpose) {
  const ids = tiles.visible.filter(({ shown }) => shown?.hasPicture).map(({ id }) => id);
  if (!ids.length) notice(texts.say('nothing-to-save'));
  else host.execute({ do: 'picture', ids: purpose === 'copy' ? ids.slice(0, 1) : ids, purpose });
}

function pause() {
  paused = !paused;
  find('paused', HTMLElement).hidden = !paused;
  host.execute({ do: 'paused', on: paused });
}

find('bar', HTMLElement).onclick = ({ target }) => {
  const found = /** @type {HTMLElement} */ (target).closest('[data-do]');
  if (found instanceof HTMLElement) execute(/** @type {import('./keys.js').Command} */ (found.dataset.do));
};

let buttonsUntil = performance.now() + BUTTONS_AT_FIRST;
addEventListener('pointermove', () => {
  buttonsUntil = Math.max(buttonsUntil, performance.now() + BUTTONS_STAY);
  page.classList.remove('idle');
});

setInterval(() => {
  const now = performance.now();
  page.classList.toggle('idle', now > buttonsUntil);
  if (link.kind !== 'up') linkChanged();
  if (document.hidden || now - heard < STALLED) return;
  tiles.stall(now - heard);
  if (now - heard > DEAD) notice(texts.say('web-standstill'));
}, 500);

document.addEventListener('visibilitychange', () => {
  host.execute({ do: 'hidden', on: document.hidden });
  if (!document.hidden) host.execute({ do: 'wake' });
  heard = performance.now();
});
addEventListener('online', () => host.execute({ do: 'retry' }));
addEventListener('pagehide', () => host.execute({ do: 'rest' }));
addEventListener('pageshow', ({ persisted }) => { if (persisted) host.execute({ do: 'wake' }); });

/** What the relay says about itself; without it, the page knows less. */
async function introduce() {
  try {
    const answer = await fetch('/page.json', { cache: 'no-store' });
    const { https = false, certificate = false, addresses = [] } = await answer.json();
    if (Array.isArray(addresses)) relay.addresses = addresses;
    capture.told({ https, certificate });
  } catch {
    capture.told({ https: false, certificate: false });
  }
}

listen(texts, execute);
const other = new URL(location.href);
other.searchParams.set('lang', texts.other);
find('language', HTMLAnchorElement).href = other.href;
find('language', HTMLAnchorElement).lang = texts.other;
talk.open(matchMedia(WIDE).matches && only === null);
changed();
void introduce();
host = await start({ do: 'open', url: wire(token), key, only, hidden: document.hidden, trace: trace !== null }, happened);
if (document.hidden) host.execute({ do: 'hidden', on: true });
stage.dataset.engine = host.offscreen ? 'worker' : 'page';
