// Layout of the pictures, as in the program's window: tiles of one size, nothing between them.

/** Divisor of the stage's side for the strip beside a large picture: small faces can still be told apart. */
const STRIP = 6;

/**
 * @typedef {{width: number, height: number}} Size
 * @typedef {{left: number, top: number, width: number, height: number}} Place
 */

/**
 * One tile for each picture, in the number of columns that covers most of the stage. The last row is centred.
 * @param {Size} stage
 * @param {Size[]} pictures
 * @returns {Place[]}
 */
export function grid(stage, pictures) {
  const count = pictures.length;
  /** @param {number} columns
   * @param {number} index
   * @returns {Place} */
  const tile = (columns, index) => {
    const rows = Math.ceil(count / columns);
    const [width, height] = [stage.width / columns, stage.height / rows];
    const [row, column] = [Math.floor(index / columns), index % columns];
    const inRow = Math.min(columns, count - row * columns);
    return { left: (stage.width - inRow * width) / 2 + column * width, top: row * height, width, height };
  };
  /** @param {number} columns */
  const covered = (columns) => pictures.reduce((sum, picture, index) => {
    const { width, height } = tile(columns, index);
    const scale = Math.min(width / picture.width, height / picture.height);
    return sum + picture.width * scale * picture.height * scale;
  }, 0);
  let best = 1;
  for (let columns = 2; columns <= count; columns++) {
    // Among equals, more columns win: faces beside each other.
    if (covered(columns) >= covered(best) * 0.9999) best = columns;
  }
  return pictures.map((_, index) => tile(best, index));
}

/**
 * One tile as large as possible, the others in a strip beside it: on the right in a wide stage, below in a tall one.
 * @param {Size} stage
 * @param {number} count
 * @param {number} large
 * @returns {Place[]}
 */
export function spotlight({ width, height }, count, large) {
  if (count < 2) return [{ left: 0, top: 0, width, height }];
  const wide = width >= height;
  const [long, across] = wide ? [height, width] : [width, height];
  const strip = across / STRIP;
  const side = Math.min(wide ? (strip * 9) / 16 : (strip * 16) / 9, long / (count - 1));
  const first = (long - side * (count - 1)) / 2;
  /** @param {number} place */
  const small = (place) => wide
    ? { left: width - strip, top: first + side * place, width: strip, height: side }
    : { left: first + side * place, top: height - strip, width: side, height: strip };
  const main = wide ? { left: 0, top: 0, width: width - strip, height } : { left: 0, top: 0, width, height: height - strip };
  return Array.from({ length: count }, (_, index) => {
    if (index === large) return main;
    return small(index < large ? index : index - 1);
  });
}
