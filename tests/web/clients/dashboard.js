// A dashboard as other programs have them: a page of another origin that shows a relay's pictures.

import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';

import { browser, PATIENCE, track } from '../browser/programs.js';
import { describe, encode, Kind } from '../../../crates/pulsecam-net/src/relay/web/page/wire.js';

/** Serves pages, and this folder's modules. */
export class Dashboard {
  #pages = new Map();

  static async start() {
    const dashboard = new Dashboard();
    const server = http.createServer(({ url }, answer) => {
      const module = /^\/([a-z_]+\.js)$/.exec(url);
      answer.setHeader('Content-Type', module ? 'text/javascript' : 'text/html; charset=utf-8');
      answer.end(module ? fs.readFileSync(`${import.meta.dirname}/${module[1]}`) : dashboard.#pages.get(url));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    track(() => {
      server.closeAllConnections();
      server.close();
    });
    dashboard.origin = `http://127.0.0.1:${server.address().port}`;
    return dashboard;
  }

  /** Opens a page with this body in Chromium. */
  async open(body) {
    const path = `/${this.#pages.size}`;
    this.#pages.set(path, `<!doctype html><body style="margin: 0">${body}`);
    const page = await (await browser()).newPage();
    page.setDefaultTimeout(PATIENCE);
    // A stream never finishes loading.
    await page.goto(this.origin + path, { waitUntil: 'commit' });
    return page;
  }
}

/** A client of the wire that sends one picture when it is told to, and then nothing. */
export class Camera {
  #socket;

  static async open(relay, name) {
    const camera = new Camera();
    const [host, port] = relay.host.split(':');
    camera.name = name;
    camera.#socket = net.connect(Number(port), host);
    track(() => { camera.#socket.destroy(); });
    await once(camera.#socket, 'connect');
    camera.#beat();
    const beats = setInterval(() => camera.#beat(), 1_000);
    track(() => { clearInterval(beats); });
    return camera;
  }

  #beat() {
    this.#socket.write(encode(Kind.heartbeat, describe('This is a heartbeat msg to server.', { views: 0 }), new Uint8Array(4)));
  }

  send(jpeg) {
    this.#socket.write(encode(Kind.video, describe('this is video image', { stream: this.name }), jpeg));
  }
}

/** Waits until an HTTP client views, from this line of the relay's on. */
export const viewed = (relay, from) => relay.program.event('joined', () => true, from);
