// QR codes (ISO/IEC 18004) of short texts: byte mode, error correction level M, versions 1 to 15.

/** Check bytes of each block, and blocks, by version. */
const CHECK = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24];
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10];

/** Bits of level M in the format information. */
const LEVEL = 0;

/** Masks by number: whether the module in this row and column is inverted. @type {((y: number, x: number) => boolean)[]} */
const MASKS = [
  (y, x) => (y + x) % 2 === 0,
  (y) => y % 2 === 0,
  (_, x) => x % 3 === 0,
  (y, x) => (y + x) % 3 === 0,
  (y, x) => (Math.floor(y / 2) + Math.floor(x / 3)) % 2 === 0,
  (y, x) => ((y * x) % 2) + ((y * x) % 3) === 0,
  (y, x) => (((y * x) % 2) + ((y * x) % 3)) % 2 === 0,
  (y, x) => (((y + x) % 2) + ((y * x) % 3)) % 2 === 0,
];

/** Exponents and logarithms of the field GF(2^8) modulo 0x11d. */
const EXP = new Uint8Array(510);
const LOG = new Uint8Array(256);
for (let i = 0, x = 1; i < 255; i++, x = (x << 1) ^ (x & 0x80 ? 0x11d : 0)) {
  EXP[i] = EXP[i + 255] = x;
  LOG[x] = i;
}

/** @param {number} version */
function modules(version) {
  const side = 17 + 4 * version;
  const marks = alignment(version).length;
  // Without finders, timing, format and version information, and alignment patterns.
  let free = side * side - 3 * 64 - 31 - 2 * (side - 16);
  if (marks) free -= 25 * (marks * marks - 3) - 10 * Math.max(marks - 2, 0);
  return version >= 7 ? free - 36 : free;
}

/** Rows and columns of the alignment patterns. @param {number} version */
function alignment(version) {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const last = 10 + 4 * version;
  const step = Math.ceil((last - 6) / (count - 1) / 2) * 2;
  return [6, ...Array.from({ length: count - 1 }, (_, i) => last - step * (count - 2 - i))];
}

/**
 * Check bytes (Reed-Solomon).
 * @param {Uint8Array} data
 * @param {number} count
 */
function check(data, count) {
  let generator = [1];
  for (let i = 0; i < count; i++) {
    const next = [...generator, 0];
    generator.forEach((factor, at) => { if (factor) next[at + 1] ^= EXP[LOG[factor] + i]; });
    generator = next;
  }
  const rest = new Uint8Array(data.length + count);
  rest.set(data);
  for (let i = 0; i < data.length; i++) {
    const lead = rest[i];
    if (lead) generator.forEach((factor, at) => { rest[i + at] ^= EXP[LOG[factor] + LOG[lead]]; });
  }
  return rest.subarray(data.length);
}

/**
 * The bytes of a code of this version, data and checks interleaved; `null` if the text does not fit.
 * @param {Uint8Array} text
 * @param {number} version
 */
function codewords(text, version) {
  const total = Math.floor(modules(version) / 8);
  const [blocks, checks] = [BLOCKS[version - 1], CHECK[version - 1]];
  const capacity = total - blocks * checks;
  const wide = version >= 10;
  if (text.length + (wide ? 3 : 2) > capacity) return null;
  // Mode 4 (bytes), the length, the bytes, and an end of four bits: all shifted by half a byte.
  const head = wide ? [0x40 | (text.length >> 12), (text.length >> 4) & 255] : [0x40 | (text.length >> 4)];
  const shifted = [...head, ...Array.from(text, (byte, i) => ((i ? text[i - 1] : text.length) << 4 | byte >> 4) & 255)];
  shifted.push((text[text.length - 1] << 4) & 255);
  const data = Uint8Array.from({ length: capacity }, (_, i) => shifted[i] ?? ((i - shifted.length) % 2 ? 0x11 : 0xec));
  const short = blocks - (total % blocks);
  const size = Math.floor(total / blocks) - checks;
  let at = 0;
  const parts = Array.from({ length: blocks }, (_, i) => {
    const part = data.subarray(at, at += size + (i < short ? 0 : 1));
    return { part, checks: check(part, checks) };
  });
  const bytes = [];
  for (let i = 0; i <= size; i++) for (const { part } of parts) if (i < part.length) bytes.push(part[i]);
  for (let i = 0; i < checks; i++) for (const part of parts) bytes.push(part.checks[i]);
  return bytes;
}

/**
 * @param {number} value
 * @param {number} generator
 * @param {number} bits of the remainder
 */
function remainder(value, generator, bits) {
  let rest = value;
  for (let i = 0; i < bits; i++) rest = (rest << 1) ^ ((rest >> (bits - 1)) & 1 ? generator : 0);
  return (value << bits) | (rest & ((1 << bits) - 1));
}

/**
 * The modules of a code, row by row; `null` if the text is too long.
 * @param {string} text
 * @returns {boolean[][] | null}
 */
export function qr(text) {
  const bytes = new TextEncoder().encode(text);
  if (!bytes.length) return null;
  for (let version = 1; version <= CHECK.length; version++) {
    const words = codewords(bytes, version);
    if (words) return best(words, version);
  }
  return null;
}

/**
 * @param {number[]} words
 * @param {number} version
 */
function best(words, version) {
  const codes = MASKS.map((_, mask) => drawn(words, version, mask));
  const costs = codes.map(penalty);
  return codes[costs.indexOf(Math.min(...costs))];
}

/**
 * @param {number[]} words
 * @param {number} version
 * @param {number} mask
 */
function drawn(words, version, mask) {
  const side = 17 + 4 * version;
  const code = Array.from({ length: side }, () => /** @type {boolean[]} */ (Array(side)));
  /** @param {number} y
   * @param {number} x
   * @param {boolean} dark */
  const set = (y, x, dark) => { if (y >= 0 && x >= 0 && y < side && x < side) code[y][x] = dark; };
  for (let i = 0; i < side; i++) {
    set(6, i, i % 2 === 0);
    set(i, 6, i % 2 === 0);
  }
  for (const [y, x] of [[3, 3], [3, side - 4], [side - 4, 3]]) {
    for (let dy = -4; dy <= 4; dy++) for (let dx = -4; dx <= 4; dx++) {
      const ring = Math.max(Math.abs(dy), Math.abs(dx));
      set(y + dy, x + dx, ring !== 2 && ring !== 4);
    }
  }
  const marks = alignment(version);
  for (const y of marks) for (const x of marks) {
    const corner = (y === 6 && x === 6) || (y === 6 && x === side - 7) || (y === side - 7 && x === 6);
    if (!corner) for (let dy = -2; dy <= 2; dy++) for (let dx = -2; dx <= 2; dx++) {
      set(y + dy, x + dx, Math.max(Math.abs(dy), Math.abs(dx)) !== 1);
    }
  }
  const format = remainder((LEVEL << 3) | mask, 0x537, 10) ^ 0x5412;
  for (let i = 0; i < 15; i++) {
    const dark = (format >> i & 1) === 1;
    set(i < 6 ? i : i < 8 ? i + 1 : side - 15 + i, 8, dark);
    set(8, i < 8 ? side - 1 - i : i === 8 ? 7 : 14 - i, dark);
  }
  set(side - 8, 8, true);
  if (version >= 7) {
    const info = remainder(version, 0x1f25, 12);
    for (let i = 0; i < 18; i++) {
      const dark = (info >> i & 1) === 1;
      set(Math.floor(i / 3), side - 11 + i % 3, dark);
      set(side - 11 + i % 3, Math.floor(i / 3), dark);
    }
  }
  let bit = 0;
  for (let right = side - 1; right > 0; right -= 2) {
    if (right === 6) right = 5;
    const up = ((right + 1) & 2) === 0;
    for (let i = 0; i < side; i++) for (const x of [right, right - 1]) {
      const y = up ? side - 1 - i : i;
      if (code[y][x] !== undefined) continue;
      const dark = ((words[bit >> 3] ?? 0) >> (7 - (bit & 7)) & 1) === 1;
      bit += 1;
      code[y][x] = dark !== MASKS[mask](y, x);
    }
  }
  return code;
}

/** How hard a code is to read. @param {boolean[][]} code */
function penalty(code) {
  const side = code.length;
  let cost = 0;
  let dark = 0;
  for (const line of [...code, ...code.map((_, x) => code.map((row) => row[x]))]) {
    const text = line.map(Number).join('');
    for (const run of text.match(/0{5,}|1{5,}/g) ?? []) cost += run.length - 2;
    cost += 40 * [...text.matchAll(/(?=10111010000|00001011101)/g)].length;
  }
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) {
    dark += Number(code[y][x]);
    const square = y && x && code[y][x] === code[y - 1][x] && code[y][x] === code[y][x - 1] && code[y][x] === code[y - 1][x - 1];
    if (square) cost += 3;
  }
  return cost + 10 * Math.floor(Math.abs(dark * 20 - side * side * 10) / (side * side));
}
