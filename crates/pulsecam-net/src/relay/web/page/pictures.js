// Pictures that leave the page: files, the clipboard, and images that are sent.

import { download, fileName } from './dom.js';

/** Longest side of an image that is sent, in pixels, and its quality. */
const IMAGE_SIDE = 2_560;
const IMAGE_QUALITY = 0.9;

/**
 * Offers a stream's picture as a file, as it was received; returns the file's name.
 * @param {string} stream
 * @param {Uint8Array<ArrayBuffer>} jpeg
 */
export function save(stream, jpeg) {
  const file = `${fileName(stream)}.jpg`;
  download(new Blob([jpeg], { type: 'image/jpeg' }), file);
  return file;
}

/** Copies a picture: as PNG, the only type that every browser's clipboard takes. @param {Uint8Array<ArrayBuffer>} jpeg */
export async function copy(jpeg) {
  const png = await encoded(new Blob([jpeg], { type: 'image/jpeg' }), Infinity, 'image/png');
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': png })]);
}

/** An image file as the JPEG that is sent. @param {File} file */
export async function reduced(file) {
  const jpeg = await encoded(file, IMAGE_SIDE, 'image/jpeg');
  return new Uint8Array(await jpeg.arrayBuffer());
}

/**
 * A picture in another type, upright, and not larger than this.
 * @param {Blob} blob
 * @param {number} most
 * @param {string} type
 * @returns {Promise<Blob>}
 */
async function encoded(blob, most, type) {
  const bitmap = await createImageBitmap(blob);
  const scale = Math.min(1, most / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale))];
  const context = canvas.getContext('2d');
  if (!context) throw new Error('no canvas');
  // JPEG has no transparency.
  [context.fillStyle, context.imageSmoothingQuality] = ['#fff', 'high'];
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return new Promise((resolve, reject) => {
    canvas.toBlob((result) => (result ? resolve(result) : reject(new Error('no picture'))), type, IMAGE_QUALITY);
  });
}
