// What a JPEG's header says: checked before a decoder allocates for it.

/** Most pixels of a picture: as in the program's own limits. */
export const MAX_PIXELS = 40_000_000;

/** The sum of the luminance table at quality 50 (ITU-T T.81, K.1), from which the scaling of another is read. */
const SUM_AT_50 = 3689;

/**
 * Size and quality of a JPEG; `null` if it is none. The quality is that of libjpeg's scale.
 * @param {Uint8Array} bytes
 * @returns {{width: number, height: number, quality: number | null} | null}
 */
export function header(bytes) {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let quality = null;
  let at = 2;
  while (at + 9 < bytes.length) {
    if (bytes[at] !== 0xff) {
      at += 1; // stray bytes between segments, as decoders allow
      continue;
    }
    const marker = bytes[at + 1];
    if (marker === 0xff || marker === 0 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += marker === 0xff ? 1 : 2;
      continue;
    }
    if (marker === 0xd9 || marker === 0xda) return null;
    const length = view.getUint16(at + 2);
    const isTable = [0xc4, 0xc8, 0xcc].includes(marker);
    if (marker >= 0xc0 && marker <= 0xcf && !isTable) {
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5), quality };
    }
    if (marker === 0xdb && bytes[at + 4] === 0 && at + 69 <= bytes.length) {
      const sum = bytes.subarray(at + 5, at + 69).reduce((all, value) => all + value, 0);
      const scale = (sum * 100) / SUM_AT_50;
      quality = Math.round(scale > 100 ? 5000 / scale : (200 - scale) / 2);
      quality = Math.min(Math.max(quality, 1), 100);
    }
    at += 2 + length;
  }
  return null;
}
