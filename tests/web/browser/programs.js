// The real programs of the tests: relay, senders and viewers of pulsecam, a Qt peer, and Debian's Chromium.

import { execFileSync, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

import { chromium } from 'playwright-core';

import { attributes, decode, describe, encode, Kind, number } from '../../../crates/pulsecam-net/src/relay/web/page/wire.js';

export const root = path.join(import.meta.dirname, '../../..');
export const data = path.join(root, 'tests/data');

/** The program under test. */
const PULSECAM = process.env.PULSECAM ?? path.join(root, 'target/release/pulsecam');

/** A WebSocket bridge in front of relays without a web door: `node $BRIDGE HTTP_PORT RELAY_PORT`. Only for development. */
const BRIDGE = process.env.BRIDGE;

/** Where screenshots are left to be looked at. */
const SCREENSHOTS = process.env.SCREENSHOTS;

export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** How long to wait for anything before a test fails. Generous: other builds may run beside. */
export const PATIENCE = 30_000;

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream=fps=30', '--use-fake-ui-for-media-stream',
  // A name of this machine that is no secure context, as localhost is.
  '--host-resolver-rules=MAP desk.local 127.0.0.1',
];

/** What a test has started; ended in reverse order. */
const running = [];

/** Has something done when the test ends, before what was begun earlier is ended. */
export const track = (end) => { running.push(end); };

/** Ends everything that the test started. */
export async function clean() {
  for (const end of running.splice(0).reverse()) await end();
}

/** A program that prints lines. */
export class Program {
  lines = [];
  #child;
  #waiting = [];

  constructor(command, args, options = {}) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
    this.ended = new Promise((resolve) => this.#child.on('close', resolve));
    let rest = '';
    const read = (chunk) => {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop();
      this.lines.push(...parts);
      this.#waiting = this.#waiting.filter((look) => !look());
    };
    this.#child.stdout.setEncoding('utf8').on('data', read);
    this.errors = '';
    this.#child.stderr.setEncoding('utf8').on('data', (chunk) => { this.errors += chunk; });
    running.push(() => this.end());
  }

  /** The first line, from number `from` on, for which `find` returns something. */
  line(find, from = 0) {
    return new Promise((resolve, reject) => {
      const look = () => {
        for (const line of this.lines.slice(from)) {
          const found = find(line);
          if (found) {
            clearTimeout(late);
            resolve(found);
            return true;
          }
        }
        return false;
      };
      const late = setTimeout(() => reject(new Error(`not seen: ${find}\n${this.lines.slice(-20).join('\n')}\n${this.errors}`)), PATIENCE);
      if (!look()) this.#waiting.push(look);
    });
  }

  /** The first event of `--json`, from line `from` on, that `find` accepts. */
  event(kind, find = () => true, from = 0) {
    return this.line((line) => {
      if (!line.startsWith('{')) return null;
      const event = JSON.parse(line);
      return event.event === kind && find(event) ? event : null;
    }, from);
  }

  get pid() {
    return this.#child.pid;
  }

  say(line) {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Stops it as a machine that hangs does, and lets it go on. */
  pause() {
    this.#child.kill('SIGSTOP');
  }

  resume() {
    this.#child.kill('SIGCONT');
  }

  async end(signal = 'SIGTERM') {
    this.#child.kill(signal);
    this.resume();
    await this.ended;
  }
}

/** Runs pulsecam. */
export const pulsecam = (...args) => new Program(PULSECAM, args);

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A relay with its page. `BASE_URL` names one that runs already. */
export class Relay {
  static async start(...args) {
    const relay = new Relay();
    relay.args = args;
    if (process.env.BASE_URL && !args.length) {
      relay.url = process.env.BASE_URL.replace(/\/$/, '');
      relay.host = process.env.RELAY ?? new URL(relay.url).host;
      return relay;
    }
    relay.host = `127.0.0.1:${await freePort()}`;
    await relay.again();
    relay.url = `http://${relay.host}`;
    if (BRIDGE) {
      const port = await freePort();
      new Program('node', [BRIDGE, String(port), relay.host.split(':')[1]]);
      relay.url = `http://127.0.0.1:${port}`;
    }
    for (let tries = 0; tries < 100; tries++) {
      if (await fetch(relay.url).then((answer) => answer.ok, () => false)) return relay;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`no page at ${relay.url}: ${relay.program.errors}`);
  }

  /** Starts the relay (again) at the same address. */
  async again() {
    this.program = pulsecam('relay', '--listen', this.host, '--json', ...this.args);
    await this.program.event('listening');
  }

  /** Whether the test may end and start it. */
  get isOurs() {
    return this.program !== undefined;
  }
}

/** A slow line to a relay's page: what goes down it is limited to this many bytes per second. */
export async function slow(relay, rate) {
  const { hostname, port } = new URL(relay.url);
  const server = net.createServer((down) => {
    const up = net.connect(Number(port), hostname);
    down.setNoDelay(true);
    up.setNoDelay(true);
    down.pipe(up);
    let due = performance.now();
    up.on('data', (chunk) => {
      // The relay's socket fills up meanwhile, as before a slow modem.
      up.pause();
      due = Math.max(due, performance.now()) + (chunk.length / rate) * 1000;
      down.write(chunk);
      setTimeout(() => up.resume(), due - performance.now());
    });
    for (const [one, other] of [[up, down], [down, up]]) {
      one.on('error', () => {});
      one.on('close', () => other.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  running.push(() => { server.close(); });
  return { ...relay, url: `http://127.0.0.1:${server.address().port}` };
}

/** A test pattern. */
export const pattern = (relay, name, { size = '640x480', fps = 30, args = [] } = {}) =>
  pulsecam('send', relay.host, '--source', 'pattern', '--size', size, '--fps', String(fps), '--name', name, ...args);

/** A native viewer that prints what arrives; up when this returns. */
export async function viewer(relay, ...args) {
  const program = pulsecam('view', relay.host, '--no-window', '--json', ...args);
  await program.event('link', ({ state, rtt_ms: trip }) => state === 'up' && trip !== undefined);
  return program;
}

/** A client of the Qt example, as the tests of the program have it; `null` if Qt is not installed. */
export async function qtPeer(relay) {
  const program = path.join(os.tmpdir(), `pulsecam-qt-peer-${process.getuid?.() ?? 0}`);
  try {
    const source = path.join(root, 'tests/qt/peer.cpp');
    if (!fs.existsSync(program) || fs.statSync(program).mtimeMs < fs.statSync(source).mtimeMs) {
      const flags = (kind) => execFileSync('pkg-config', [kind, 'Qt5Core', 'Qt5Gui', 'Qt5Network'], { encoding: 'utf8' }).split(/\s+/).filter(Boolean);
      execFileSync('g++', ['-O1', '-fPIC', ...flags('--cflags'), source, '-o', program, ...flags('--libs')]);
    }
  } catch (error) {
    if (process.env.CI) throw error;
    return null;
  }
  const peer = new Program(program, ['client', ...relay.host.split(':')]);
  await peer.line((line) => line === 'connected');
  peer.say('heartbeat');
  await peer.event('heartbeat');
  return peer;
}

/** A Chromium without a window. */
export async function browser() {
  const started = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: ['--headless', ...FLAGS] });
  running.push(() => started.close());
  return started;
}

/** A Chromium as people have it: in a window, and not driven by a debugger, which keeps every tab visible. */
export async function windowed(url) {
  const xvfb = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', '1300x900x24', '-nolisten', 'tcp'], { stdio: ['ignore', 'pipe', 'ignore'] });
  running.push(() => { xvfb.kill(); });
  const number = await new Promise((resolve) => xvfb.stdout.once('data', (chunk) => resolve(String(chunk).trim())));
  const env = { ...process.env, DISPLAY: `:${number}` };
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'pulsecam-web-'));
  running.push(() => fs.rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  new Program(CHROMIUM, [...FLAGS, `--user-data-dir=${profile}`, url], { env });
  return {
    /** Presses keys in it. */
    press: (keys) => execFileSync('xdotool', ['search', '--sync', '--onlyvisible', '--class', 'chromium', 'windowfocus', '--sync', 'key', keys], { env, timeout: PATIENCE }),
  };
}

/** A client of the wire that counts the viewers of a relay, by what the relay tells senders. */
export class Counter extends EventEmitter {
  viewers = null;

  constructor(relay) {
    super();
    const [host, port] = relay.host.split(':');
    const socket = net.connect(Number(port), host);
    const beat = () => socket.write(encode(Kind.heartbeat, describe('This is a heartbeat msg to server.', { t1: Date.now() * 1000, views: 0 }), new Uint8Array(4)));
    socket.on('connect', beat);
    const beats = setInterval(beat, 1_000);
    running.push(() => {
      clearInterval(beats);
      socket.destroy();
    });
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
        const message = decode(Uint8Array.from(rest.subarray(0, 4 + rest.readUInt32BE(0))).buffer);
        rest = rest.subarray(4 + rest.readUInt32BE(0));
        this.viewers = number(attributes(message.description), 'viewers') ?? this.viewers;
        this.emit('heard');
      }
    });
  }

  /** Waits until there are this many viewers. */
  async reaches(count) {
    const late = AbortSignal.timeout(PATIENCE);
    while (this.viewers !== count) await once(this, 'heard', { signal: late });
  }
}

/** Opens the page of a relay. Errors and violations of the page's own security policy end up in `page.troubles`. */
export async function open(started, relay, where = '/?lang=en', { width = 1280, height = 800, init, ...more } = {}) {
  const context = await started.newContext({ viewport: { width, height }, permissions: ['camera', 'clipboard-read', 'clipboard-write'], acceptDownloads: true, ...more });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.troubles = [];
  page.on('pageerror', (error) => page.troubles.push(error.stack ?? String(error)));
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) page.troubles.push(message.text());
  });
  if (init) await page.addInitScript(init);
  await page.goto(relay.url + where);
  await page.locator('#stage[data-engine]').waitFor();
  return page;
}

/** Waits until a function in the page returns something. */
export const until = (page, look, argument) =>
  page.waitForFunction(look, argument, { timeout: PATIENCE, polling: 50 }).then((handle) => handle.jsonValue());

/** Waits for a stream of this name whose state is this. */
export const stream = (page, name, health = 'live') => until(page, ([wanted, state]) => {
  const tile = [...document.querySelectorAll('.tile')].find((other) => other.querySelector('.name').textContent === wanted);
  return tile?.dataset.health === state && tile.querySelector('figcaption').textContent;
}, [name, health]);

/** Leaves a picture of the page to be looked at. */
export async function screenshot(page, name) {
  if (!SCREENSHOTS) return;
  fs.mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`) });
}
