// Films of a photograph in motion: their frames cost what a camera's cost, and nothing is encoded while they are sent.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { data } from '../browser/programs.js';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'pulsecam-bench-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));

/** Frames of a film: three seconds at 30/s. */
const FRAMES = 94;

/** Width of the cells and number of the bits with which a numbered frame tells its number, along its lower edge. */
export const CELL = 32;
export const BITS = 7;

function make(size, more, target) {
  const [width, height] = size.split('x');
  const motion = `scale=2048:-1,zoompan=z=1.1:x='(iw-iw/1.1)*(0.5+0.5*sin(on/15))':y='(ih-ih/1.1)*(0.5+0.5*cos(on/15))':d=1:fps=30:s=${width}x${height}`;
  const filters = [motion, ...more].join(',');
  execFileSync('ffmpeg', ['-v', 'error', '-loop', '1', '-i', `${data}/raccoon_1024x768.jpg`, '-vf', filters, '-frames:v', String(FRAMES), '-q:v', '3', '-pix_fmt', 'yuvj420p', target]);
}

/** A file of this film, to be sent as it is. */
export function film(size) {
  const file = path.join(folder, `${size}.mjpeg`);
  if (!fs.existsSync(file)) make(size, [], file);
  return file;
}

/** Bytes of a film's mean frame. */
export const frameBytes = (size) => fs.statSync(film(size)).size / FRAMES;

/** The JPEG files of a film whose frames tell their numbers. */
export function numbered(size) {
  const target = path.join(folder, size);
  if (!fs.existsSync(target)) {
    fs.mkdirSync(target);
    const cells = Array.from({ length: BITS }, (_, bit) =>
      `drawbox=x=${bit * CELL}:y=ih-${CELL}:w=${CELL}:h=${CELL}:color=white:t=fill:enable='bitand(n,${1 << bit})'`);
    const ground = `drawbox=x=0:y=ih-${CELL}:w=${BITS * CELL}:h=${CELL}:color=black:t=fill`;
    make(size, [ground, ...cells], path.join(target, '%03d.jpg'));
  }
  return fs.readdirSync(target).sort().map((name) => fs.readFileSync(path.join(target, name)));
}
