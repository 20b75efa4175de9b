// Reads the stamp in the pixels of test pictures (crates/pulsecam-media/src/capture/stamp.rs).

const COLUMNS = 64;
const SYNC = [['10101100', '001101'], ['01010011', '110010']];

/**
 * Frame number and time of a stamp, from the luma of its cells, row by row; throws if there is none.
 * @param {number[][]} cells
 */
export function stamp(cells) {
  const rows = cells.map((row, index) => {
    const [least, most] = [Math.min(...row), Math.max(...row)];
    const bits = row.map((luma) => (luma > (least + most) / 2 ? '1' : '0')).join('');
    const [left, right] = SYNC[index];
    if (!bits.startsWith(left) || !bits.endsWith(right)) throw new Error(`no stamp: ${bits}`);
    return bits.slice(left.length, COLUMNS - right.length);
  });
  const bits = rows.join('');
  const said = BigInt(`0b${bits.slice(0, 84)}`);
  if (crc(said) !== Number(`0b${bits.slice(84)}`)) throw new Error('wrong check sum');
  return { number: Number(`0b${bits.slice(0, 32)}`), micros: Number(`0b${bits.slice(32, 84)}`) };
}

/** CRC-16/CCITT-FALSE of 84 bits as eleven bytes. */
function crc(bits) {
  let rest = 0xffff;
  for (let byte = 10n; byte >= 0n; byte--) {
    rest ^= Number((bits >> (8n * byte)) & 0xffn) << 8;
    for (let i = 0; i < 8; i++) rest = ((rest << 1) ^ (rest & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return rest;
}

/**
 * Reads the stamp from a picture of the page's element, as a person sees it.
 * @param {import('playwright-core').Page} page any page, to decode the picture
 * @param {Buffer} picture PNG or JPEG
 */
export async function read(page, picture) {
  const cells = await page.evaluate(async ([base64, columns]) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes]));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext('2d');
    context.drawImage(bitmap, 0, 0);
    const cell = bitmap.width / columns;
    return [2, 1].map((row) => Array.from({ length: columns }, (_, column) => {
      const at = [(column + 0.5) * cell, bitmap.height - (row - 0.5) * cell].map(Math.floor);
      const [r, g, b] = context.getImageData(...at, 1, 1).data;
      return 0.3 * r + 0.6 * g + 0.1 * b;
    }));
  }, [picture.toString('base64'), COLUMNS]);
  return stamp(cells);
}
