// The pictures: one tile a stream, with its name, its figures and the truth about its state.

import { make } from './dom.js';
import { grid, spotlight } from './grid.js';
import { aged, millis } from './texts.js';

/** Size of a tile whose pictures' size is unknown. */
const UNKNOWN = { width: 640, height: 360 };

/** Tiles narrower than this show a name only. */
const SMALL = 220;

/** How far a finger moves to swipe, in pixels. */
const SWIPE = 50;

/**
 * @typedef {object} Tile
 * @property {number} id
 * @property {string} name
 * @property {number} number the relay's
 * @property {{width: number, height: number}} size
 * @property {HTMLElement} figure
 * @property {HTMLButtonElement} button
 * @property {HTMLElement} label its number, if there are several
 * @property {HTMLElement} title
 * @property {HTMLElement} figures
 * @property {HTMLElement} veil
 * @property {string} state in words, as last told
 * @property {import('./engine.js').Shown | null} shown
 */

export class Tiles {
  /** In the order of their numbers. @type {Tile[]} */
  all = [];
  /** The enlarged stream. @type {number | null} */
  large = null;
  #stage;
  #texts;
  #host;
  #to;

  /**
   * @param {HTMLElement} stage
   * @param {import('./texts.js').Texts} texts
   * @param {() => import('./host.js').Host} host
   * @param {{tapped: (id: number) => void, changed: () => void, news: (text: string) => void}} to
   */
  constructor(stage, texts, host, to) {
    this.#stage = stage;
    this.#texts = texts;
    this.#host = host;
    this.#to = to;
    new ResizeObserver(() => this.layout()).observe(stage);
    this.#swipe();
  }

  /** @param {{id: number, name: string, number: number}} stream */
  add({ id, name, number }) {
    const canvas = make('canvas', { width: 1, height: 1 });
    canvas.setAttribute('aria-hidden', 'true');
    const [label, title] = [make('span', { className: 'number' }), make('bdi', { className: 'name' })];
    const [figures, veil] = [make('span', { className: 'figures' }), make('p', { className: 'veil' })];
    veil.setAttribute('aria-hidden', 'true');
    const button = make('button', { type: 'button', className: 'picture', onclick: () => this.#to.tapped(id) }, canvas);
    const caption = make('figcaption', {}, label, title, ' ', figures);
    const figure = make('figure', { className: 'tile' }, button, veil, caption);
    /** @type {Tile} */
    const tile = { id, name, number, size: UNKNOWN, figure, button, label, title, figures, veil, state: '', shown: null };
    this.all.push(tile);
    this.#rename(tile, name);
    this.#sort();
    const { execute, offscreen } = this.#host();
    if (offscreen) {
      const drawn = canvas.transferControlToOffscreen();
      execute({ do: 'canvas', id, canvas: drawn }, [drawn]);
    } else {
      execute({ do: 'canvas', id, canvas });
    }
    this.layout();
    this.#to.changed();
  }

  /**
   * @param {Tile} tile
   * @param {string} name
   */
  #rename(tile, name) {
    tile.name = tile.title.textContent = name;
    tile.button.setAttribute('aria-label', this.#texts.say('web-enlarge', { name }));
  }

  /** Puts the tiles in the order of their numbers, also for the keyboard and for people who listen. */
  #sort() {
    this.all.sort((one, other) => one.number - other.number);
    this.all.forEach(({ figure }, index) => {
      if (this.#stage.children[index] !== figure) this.#stage.insertBefore(figure, this.#stage.children[index] ?? null);
    });
  }

  /**
   * @param {number} id
   * @param {{width: number, height: number}} size
   */
  resize(id, size) {
    const tile = this.all.find((other) => other.id === id);
    if (!tile) return;
    tile.size = size;
    this.layout();
  }

  /** @param {number[]} ids */
  remove(ids) {
    for (const { id, figure } of this.all) if (ids.includes(id)) figure.remove();
    this.all = this.all.filter(({ id }) => !ids.includes(id));
    if (this.large !== null && ids.includes(this.large)) this.large = null;
    this.layout();
    this.#to.changed();
  }

  /** @param {number | null} id */
  enlarge(id) {
    this.large = id;
    this.layout();
    this.#to.changed();
  }

  /** Steps through the streams one by one, and after the last to all of them. @param {number} by 1, or -1 for back */
  next(by) {
    const count = this.all.length;
    if (count < 2) return;
    const at = this.all.findIndex(({ id }) => id === this.large);
    // "All" is the place after the last stream.
    const to = ((at < 0 ? count : at) + by + count + 1) % (count + 1);
    this.enlarge(this.all[to]?.id ?? null);
  }

  /** The streams that are looked at: the enlarged one, or all. */
  get visible() {
    return this.large === null ? this.all : this.all.filter(({ id }) => id === this.large);
  }

  layout() {
    const stage = { width: this.#stage.clientWidth, height: this.#stage.clientHeight };
    const large = this.all.findIndex(({ id }) => id === this.large);
    const places = large < 0 ? grid(stage, this.all.map(({ size }) => size)) : spotlight(stage, this.all.length, large);
    this.all.forEach((tile, index) => {
      const { left, top, width, height } = places[index];
      const { style, classList } = tile.figure;
      [style.left, style.top, style.width, style.height] = [left, top, width, height].map((side) => `${side}px`);
      classList.toggle('small', width < SMALL);
      set(tile.label, this.all.length > 1 ? `${tile.number} ` : '');
      tile.button.setAttribute('aria-pressed', String(index === large));
      // The width that the picture has on the screen.
      const shown = Math.min(width, (height * tile.size.width) / tile.size.height) * devicePixelRatio;
      this.#host().execute({ do: 'fit', id: tile.id, width: Math.ceil(shown) });
    });
  }

  /** @param {import('./engine.js').Shown[]} streams */
  show(streams) {
    let moved = false;
    for (const shown of streams) {
      const tile = this.all.find(({ id }) => id === shown.id);
      if (!tile) continue;
      if (tile.name !== shown.name) this.#rename(tile, shown.name);
      moved ||= tile.number !== shown.number;
      tile.number = shown.number;
      tile.shown = shown;
      this.#paint(tile, shown);
    }
    if (!moved) return;
    this.#sort();
    this.layout();
  }

  /** The engine says nothing: whatever is shown is not live. @param {number} silence ms */
  stall(silence) {
    for (const tile of this.all) {
      if (tile.shown && tile.shown.health !== 'left') this.#paint(tile, { ...tile.shown, health: 'frozen', silence });
    }
  }

  /**
   * @param {Tile} tile
   * @param {import('./engine.js').Shown} shown
   */
  #paint(tile, shown) {
    const { health, figures, silence } = shown;
    const texts = this.#texts;
    const seconds = Math.floor(silence / 1000);
    let veil = '';
    if (health === 'frozen') veil = seconds ? texts.say('no-picture-for', { seconds }) : texts.say('no-picture');
    if (health === 'left') veil = texts.say('has-left');
    if (health === 'undecodable') veil = texts.say('cannot-decode', { reason: shown.reason });
    set(tile.veil, veil);
    tile.figure.dataset.health = health;
    const parts = [];
    if (health === 'card') parts.push(texts.say(shown.card === 'camera-off' ? 'camera-off' : 'no-signal'));
    if (health === 'live' || health === 'late') {
      if (tile.size !== UNKNOWN) parts.push(`${tile.size.width}×${tile.size.height}`);
      if (figures.fps !== null) parts.push(texts.say('frames-per-second', { rate: figures.fps.toFixed(1) }));
      if (health === 'late' && figures.age) parts.push(texts.say('late-by', { time: millis(figures.age.time) }));
      else if (figures.age) parts.push(aged(figures.age));
    }
    set(tile.figures, parts.join(' · '));
    // Said once a change, without figures.
    const said = { live: '', late: texts.say('late-by', { time: '' }), card: parts[0] ?? '', frozen: texts.say('no-picture'), left: veil, undecodable: veil };
    const state = said[health].trim();
    if (state !== tile.state) {
      tile.state = state;
      tile.figure.setAttribute('aria-label', state ? `${tile.name}: ${state}` : tile.name);
      this.#to.news(state ? `${tile.name}: ${state}` : tile.name);
    }
  }

  #swipe() {
    /** @type {{x: number, y: number} | null} */
    let from = null;
    this.#stage.addEventListener('pointerdown', ({ pointerType, clientX, clientY }) => {
      from = pointerType === 'touch' ? { x: clientX, y: clientY } : null;
    });
    this.#stage.addEventListener('pointerup', ({ clientX, clientY }) => {
      if (!from || this.large === null) return;
      const [dx, dy] = [clientX - from.x, clientY - from.y];
      if (Math.abs(dx) > SWIPE && Math.abs(dx) > 2 * Math.abs(dy)) this.next(dx < 0 ? 1 : -1);
      from = null;
    });
  }
}

/** Sets a text if it is another. @param {HTMLElement} element @param {string} text */
function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
