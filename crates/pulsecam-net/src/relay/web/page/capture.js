// The camera of this device: opens it, shows it, and gives its frames to the engine.
//
// By the track where the browser can: a <video> of a covered page falls to one or two frames a second.

import { find, keep, setting } from './dom.js';
import { size } from './texts.js';

/** The picture that is asked for. */
const WANTED = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };

/** Share of its sides with which a phone begins; it grows while its encoder has time. */
const PHONE_SCALE = 0.5;

/** Systems by which a name is made up, as browsers name them. */
const SYSTEMS = /iPhone|iPad|Android|Windows|Macintosh|CrOS|Linux/;

/** @typedef {import('./camera.js').Published} Published */

export class Capture {
  #texts;
  #host;
  #changed;
  #dialog = find('camera', HTMLDialogElement);
  #video = find('preview', HTMLVideoElement);
  #name = find('name', HTMLInputElement);
  #state = find('camera-state', HTMLElement);
  /** @type {MediaStream | null} */
  #stream = null;
  /** @type {'user' | 'environment'} */
  #facing = 'user';
  /** @type {string | null} */
  #device = null;
  #starting = false;
  /** @type {WakeLockSentinel | null} */
  #lock = null;
  #https = false;

  /**
   * @param {import('./texts.js').Texts} texts
   * @param {() => import('./host.js').Host} host
   * @param {() => void} changed whether it is on
   */
  constructor(texts, host, changed) {
    this.#texts = texts;
    this.#host = host;
    this.#changed = changed;
    this.#name.value = setting('name') ?? SYSTEMS.exec(navigator.userAgent)?.[0] ?? 'browser';
    this.#name.onchange = () => {
      keep('name', this.name);
      this.#named();
      if (this.isOn) this.#publish();
    };
    find('who', HTMLButtonElement).onclick = () => this.open();
    this.#named();
    find('start', HTMLButtonElement).onclick = () => this.toggle();
    find('switch', HTMLButtonElement).onclick = () => void this.#switch();
    const black = find('black', HTMLButtonElement);
    find('dark', HTMLButtonElement).onclick = () => {
      this.#dialog.close();
      black.hidden = false;
      black.focus();
    };
    black.onclick = () => { black.hidden = true; };
    document.addEventListener('visibilitychange', () => void this.#stayAwake());
  }

  get isOn() {
    return this.#stream !== null;
  }

  /** The name of this page's user and of its stream. */
  get name() {
    return this.#name.value.trim();
  }

  /**
   * What the relay says about itself.
   * @param {{https: boolean, certificate: boolean}} relay
   */
  told({ https, certificate }) {
    this.#https = https;
    find('certificate', HTMLElement).hidden = !(certificate && !isSecureContext);
  }

  #named() {
    const who = find('who', HTMLButtonElement);
    who.children[0].textContent = this.name;
    who.setAttribute('aria-label', `${this.#texts.say('web-name')}: ${this.name}`);
  }

  open() {
    this.#words();
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  toggle() {
    if (this.isOn) this.stop();
    else void this.start();
  }

  async start() {
    if (this.#starting) return;
    if (!navigator.mediaDevices) {
      this.#insecure();
      this.open();
      return;
    }
    this.#starting = true;
    try {
      const device = this.#device ? { deviceId: { exact: this.#device } } : { facingMode: this.#facing };
      const stream = await navigator.mediaDevices.getUserMedia({ video: { ...WANTED, ...device } });
      this.#take(stream);
    } catch (error) {
      this.stop();
      const denied = error instanceof DOMException && error.name === 'NotAllowedError';
      const reason = error instanceof Error ? error.message || error.name : String(error);
      this.#state.textContent = this.#texts.say(denied ? 'web-camera-denied' : 'web-no-camera', { reason });
      if (!this.#dialog.open) this.#dialog.showModal();
    } finally {
      this.#starting = false;
    }
  }

  /** @param {MediaStream} stream */
  #take(stream) {
    this.#release();
    this.#stream = stream;
    const [track] = stream.getVideoTracks();
    track.onended = () => this.stop();
    this.#video.srcObject = stream;
    void this.#video.play();
    // Only the preview is mirrored: others see what the camera sees.
    this.#video.classList.toggle('mirrored', track.getSettings().facingMode !== 'environment');
    this.#publish();
    void this.#stayAwake();
    void this.#countCameras();
    this.#words();
    this.#changed();
  }

  stop() {
    if (!this.#stream) return;
    this.#release();
    this.#host().execute({ do: 'unpublish' });
    void this.#lock?.release();
    this.#lock = null;
    find('black', HTMLElement).hidden = true;
    this.#words();
    this.#changed();
  }

  #release() {
    for (const track of this.#stream?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
    this.#stream = null;
    this.#video.srcObject = null;
  }

  #publish() {
    const [track] = this.#stream?.getVideoTracks() ?? [];
    if (!track) return;
    const scale = matchMedia('(pointer: coarse)').matches ? PHONE_SCALE : 1;
    const paused = this.#texts.say('web-camera-paused');
    const settings = { name: this.name, scale, paused, off: this.#texts.say('camera-off') };
    const { execute, offscreen } = this.#host();
    const Processor = /** @type {any} */ (globalThis).MediaStreamTrackProcessor;
    try {
      if (Processor) {
        const frames = new Processor({ track }).readable;
        execute({ do: 'publish', settings: { ...settings, frames } }, [frames]);
        return;
      }
      if (offscreen) {
        // Safari makes frames of a track in workers only; others refuse to hand it over.
        const copy = track.clone();
        execute({ do: 'publish', settings: { ...settings, track: copy } }, [/** @type {any} */ (copy)]);
        return;
      }
    } catch {
      // By the <video>.
    }
    execute({ do: 'publish', settings });
    this.#film(this.#stream);
  }

  /** Frames of the <video>, for browsers without frames of a track. @param {MediaStream | null} stream */
  #film(stream) {
    const video = this.#video;
    const next = () => {
      if (this.#stream !== stream) return;
      video.requestVideoFrameCallback(next);
      void createImageBitmap(video).then((frame) => this.#host().execute({ do: 'frame', frame }, [frame]), () => {});
    };
    video.requestVideoFrameCallback(next);
  }

  async #switch() {
    const cameras = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === 'videoinput');
    const [track] = this.#stream?.getVideoTracks() ?? [];
    const settings = track?.getSettings();
    if (settings?.facingMode) {
      // A phone: its many lenses are better chosen by the system.
      this.#facing = settings.facingMode === 'environment' ? 'user' : 'environment';
      this.#device = null;
    } else {
      const at = cameras.findIndex(({ deviceId }) => deviceId === settings?.deviceId);
      this.#device = cameras[(at + 1) % cameras.length]?.deviceId ?? null;
    }
    this.#release(); // phones open one camera at a time
    await this.start();
  }

  async #countCameras() {
    const devices = await navigator.mediaDevices.enumerateDevices();
    find('switch', HTMLElement).hidden = devices.filter(({ kind }) => kind === 'videoinput').length < 2;
  }

  async #stayAwake() {
    if (!this.isOn || document.hidden || (this.#lock && !this.#lock.released)) return;
    try {
      this.#lock = await navigator.wakeLock?.request('screen') ?? null;
    } catch {
      // A low battery, or an older browser: then the screen may lock, and the page says that the camera pauses.
    }
  }

  #insecure() {
    const texts = this.#texts;
    const words = [texts.say('web-insecure'), ' '];
    if (!this.#https) {
      this.#state.replaceChildren(...words, texts.say('web-insecure-how'));
      return;
    }
    const link = document.createElement('a');
    link.href = `https://${location.host}${location.pathname}${location.search}${location.hash}`;
    link.textContent = texts.say('web-insecure-link');
    this.#state.replaceChildren(...words, link);
  }

  #words() {
    find('start', HTMLElement).textContent = this.#texts.say(this.isOn ? 'button-stop' : 'web-start');
    find('dark', HTMLElement).hidden = !this.isOn;
    if (!navigator.mediaDevices) this.#insecure();
    else this.#state.textContent = '';
    find('start', HTMLButtonElement).disabled = !navigator.mediaDevices;
    find('own', HTMLElement).hidden = !this.isOn;
  }

  /**
   * What is sent.
   * @param {Published} figures
   * @param {boolean} up whether the page is connected
   */
  show(figures, up) {
    if (!this.isOn) return;
    const texts = this.#texts;
    const { fps, bytes, width, height, quality, viewers, paused } = figures;
    /** @type {string | null} */
    let trouble = null;
    if (viewers === 0) trouble = texts.say('web-nobody');
    if (paused) trouble = texts.say('web-camera-paused-why');
    if (!up) trouble = texts.say('web-not-connected');
    const watched = viewers === null ? '' : texts.say('web-viewers', { count: viewers });
    find('own-state', HTMLElement).textContent = trouble ?? watched;
    const values = { size: `${width}×${height}`, rate: fps, bytes: size(bytes), quality: Math.round(quality * 100) };
    const state = trouble ?? [watched, texts.say('web-sending', values)].filter(Boolean).join(' · ');
    find('own', HTMLElement).dataset.sending = String(up && !paused && viewers !== 0);
    if (this.#dialog.open && this.#state.textContent !== state) this.#state.textContent = state;
  }
}
