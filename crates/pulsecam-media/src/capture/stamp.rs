//! A machine-readable stamp in the pixels: the frame's number and its capture time.
//!
//! Metadata beside a picture (attributes, headers) is lost if a peer re-encodes the picture or a window shows
//! it. A stamp in the picture arrives with it, so that latency can be measured through any chain of programs,
//! including an old Qt peer.
//!
//! # Layout
//!
//! Two rows of 64 square cells along the bottom edge. In a picture of `W` x `H` pixels a cell is `W/64`
//! pixels wide and high, possibly a fraction: cell `i` of a row spans `i*W/64 .. (i+1)*W/64` horizontally;
//! the lower row ends at `H`, the upper one at `H - W/64`. Everything is proportional to the picture, so that
//! a reader needs no scale: a cell's value is the luma around its centre.
//!
//! A white cell is 1, a black one 0 (luma 235 and 16: the margin to full scale keeps JPEG ringing from being
//! clipped). From left to right, in each row:
//!
//! | cells | upper row | lower row |
//! |---|---|---|
//! | 0–7 | sync `10101100` | sync `01010011` |
//! | 8–57 | bits 0–49 | bits 50–99 |
//! | 58–63 | sync `001101` | sync `110010` |
//!
//! The hundred bits, most significant first: 32 bits of the frame number, 52 bits of the microseconds since
//! the Unix epoch (sufficient until the year 2112), 16 bits of CRC. The CRC is CRC-16/CCITT-FALSE (polynomial
//! 0x1021, initial value 0xFFFF, not reflected) of the preceding 84 bits, taken as a big-endian number of 11
//! bytes with four leading zero bits.
//!
//! The threshold is halfway between the mean white and the mean black of the sync cells. A reader rejects low
//! contrast, cells near the threshold, a wrong sync and a wrong CRC.
//!
//! # Size
//!
//! Pictures narrower than [`MIN_WIDTH`] or with a height below an eighth of their width are not stamped. From
//! that size on, stamps survive JPEG at quality 40; from 512 pixels on, also decoding at half size.

use crate::{clock::Timestamp, picture::Canvas};

/// The minimum width of a picture to be stamped: cells of four pixels, half a JPEG block.
pub const MIN_WIDTH: usize = 256;

/// The minimum width of a canvas to be searched for a stamp: cells of four pixels decoded at half size.
const MIN_READABLE_WIDTH: usize = MIN_WIDTH / 2;

/// Maximum ratio of width to height: at this ratio the band takes a quarter of the picture.
const MAX_WIDTHS: usize = 8;

/// Cells per row. Two rows hold the bits and 28 sync cells; a cell is 10 pixels wide at VGA.
const COLUMNS: usize = 64;
const ROWS: usize = 2;

const SYNC_LEFT: usize = 8;
const DATA: usize = 50;

/// The sync cells as rows of 64 bits, the leftmost cell the highest bit; data cells are 0 here.
const SYNC: [u64; ROWS] =
    [0b1010_1100 << (COLUMNS - SYNC_LEFT) | 0b00_1101, 0b0101_0011 << (COLUMNS - SYNC_LEFT) | 0b11_0010];
/// Which cells are sync.
const SYNC_MASK: u64 = 0xff << (COLUMNS - SYNC_LEFT) | 0b11_1111;

const TIME_BITS: u32 = 52;
const CRC_BITS: u32 = 16;

const WHITE: u8 = 235;
const BLACK: u8 = 16;

/// Minimum difference of white and black sync cells, of 219 as written. Shadows in photos have less.
const MIN_CONTRAST: i32 = 80;

/// The origin of a picture, as read from its pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The low 32 bits of the frame's number.
    pub seq: u32,
    /// When the picture was made.
    pub captured: Timestamp,
}

impl Stamp {
    /// The cells of both rows; `None` after the year 2112.
    fn cells(&self) -> Option<[u64; ROWS]> {
        let micros = self.captured.as_micros();
        if micros >> TIME_BITS != 0 {
            return None;
        }
        let payload = u128::from(self.seq) << TIME_BITS | u128::from(micros);
        let bits = payload << CRC_BITS | u128::from(crc16(&payload.to_be_bytes()[5..]));
        let row = |bits: u128| (bits as u64 & ((1 << DATA) - 1)) << (COLUMNS - SYNC_LEFT - DATA);
        Some([SYNC[0] | row(bits >> DATA), SYNC[1] | row(bits)])
    }

    /// `None` unless sync and CRC are correct.
    fn from_cells(cells: [u64; ROWS]) -> Option<Self> {
        if (0..ROWS).any(|row| cells[row] & SYNC_MASK != SYNC[row]) {
            return None;
        }
        let row = |cells: u64| u128::from(cells >> (COLUMNS - SYNC_LEFT - DATA)) & ((1 << DATA) - 1);
        let bits = row(cells[0]) << DATA | row(cells[1]);
        let payload = bits >> CRC_BITS;
        (u128::from(crc16(&payload.to_be_bytes()[5..])) == bits & 0xffff).then(|| Self {
            seq: (payload >> TIME_BITS) as u32,
            captured: Timestamp::from_micros(payload as u64 & ((1 << TIME_BITS) - 1)),
        })
    }
}

/// CRC-16/CCITT-FALSE.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc, &byte| {
        (0..8).fold(
            crc ^ u16::from(byte) << 8,
            |crc, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 }
            },
        )
    })
}

/// The pixel position of a number of cells.
const fn edge(cells: usize, width: usize) -> usize {
    cells * width / COLUMNS
}

/// Whether pictures of this size are stamped.
#[must_use]
pub const fn fits(width: usize, height: usize) -> bool {
    width >= MIN_WIDTH && height >= width / MAX_WIDTHS
}

/// Height in pixels of the stamp at the bottom of a picture of this width.
#[must_use]
pub const fn band(width: usize) -> usize {
    edge(ROWS, width)
}

/// Stamps a luma plane without row padding. Returns `false` and changes nothing if the picture is too small
/// or the time is after the year 2112.
pub fn write(luma: &mut [u8], width: usize, height: usize, stamp: &Stamp) -> bool {
    let (true, true, Some(cells)) = (fits(width, height), luma.len() >= width * height, stamp.cells()) else {
        return false;
    };
    let top = height - band(width);
    for (row, bits) in cells.into_iter().enumerate() {
        for line in top + edge(row, width)..top + edge(row + 1, width) {
            let line = &mut luma[line * width..(line + 1) * width];
            for column in 0..COLUMNS {
                let white = bits >> (COLUMNS - 1 - column) & 1 == 1;
                line[edge(column, width)..edge(column + 1, width)].fill(if white { WHITE } else { BLACK });
            }
        }
    }
    true
}

/// Reads the stamp of a picture, in its original size or at a fraction of it. `None` if there is none or a
/// cell is ambiguous.
#[must_use]
pub fn read(canvas: &Canvas) -> Option<Stamp> {
    let Canvas { width, height, .. } = *canvas;
    if width < MIN_READABLE_WIDTH || height < width / MAX_WIDTHS || canvas.pixels.len() < width * height {
        return None;
    }
    let mut levels = [[0; COLUMNS]; ROWS];
    for (row, levels) in levels.iter_mut().enumerate() {
        for (column, level) in levels.iter_mut().enumerate() {
            *level = cell_luma(canvas, row, column);
        }
    }
    let (white, black) = sync_levels(&levels);
    if white - black < MIN_CONTRAST {
        return None;
    }
    let (middle, doubt) = ((white + black) / 2, (white - black) / 8);
    let mut cells = [0; ROWS];
    for (cells, levels) in cells.iter_mut().zip(&levels) {
        for &level in levels {
            if (level - middle).abs() < doubt {
                return None;
            }
            *cells = *cells << 1 | u64::from(level > middle);
        }
    }
    Stamp::from_cells(cells)
}

/// Mean luma of the white sync cells, and of the black ones.
fn sync_levels(levels: &[[i32; COLUMNS]; ROWS]) -> (i32, i32) {
    let mean = |bit: u64| {
        let cells = (0..ROWS).flat_map(|row| (0..COLUMNS).map(move |column| (row, column)));
        let (sum, count) = cells
            .filter(|&(row, column)| {
                let shift = COLUMNS - 1 - column;
                SYNC_MASK >> shift & 1 == 1 && SYNC[row] >> shift & 1 == bit
            })
            .fold((0, 0), |(sum, count), (row, column)| (sum + levels[row][column], count + 1));
        sum / count
    };
    (mean(1), mean(0))
}

/// Mean luma of the middle half of a cell, at least one pixel.
fn cell_luma(canvas: &Canvas, row: usize, column: usize) -> i32 {
    let Canvas { width, height, ref pixels } = *canvas;
    let middle = |cells: usize| {
        let (from, to) = ((4 * cells + 1) * width, (4 * cells + 3) * width);
        (from / (4 * COLUMNS), to.div_ceil(4 * COLUMNS))
    };
    let (left, right) = middle(column);
    // Rows are counted from the bottom edge, which scaling keeps in place.
    let (below, above) = middle(ROWS - 1 - row);
    let mut sum = 0;
    for y in height - above..height - below {
        for &pixel in &pixels[y * width + left..y * width + right] {
            let [_, red, green, blue] = pixel.to_be_bytes().map(i32::from);
            sum += 77 * red + 150 * green + 29 * blue;
        }
    }
    sum / 256 / ((above - below) * (right - left)) as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        jpeg::{Decoder, Encoder, Scale},
        picture::{Picture, Pixels, Subsampling},
    };

    const STAMP: Stamp = Stamp { seq: 0xdead_beef, captured: Timestamp::from_micros(1_754_000_123_456_789) };

    /// A busy picture with strong colours under the stamp.
    fn stamped(width: usize, height: usize, stamp: &Stamp) -> Picture {
        let mut planes = vec![0; Subsampling::Yuv420.bytes(width, height)];
        for (i, sample) in planes.iter_mut().enumerate() {
            *sample = (i * 7 % 251) as u8 / 2 + (i / width * 3 % 128) as u8;
        }
        assert!(write(&mut planes[..width * height], width, height, stamp));
        Picture { width, height, pixels: Pixels::Planar(Subsampling::Yuv420, planes) }
    }

    fn decode(jpeg: &[u8], scale: Scale) -> Canvas {
        Decoder::new().unwrap().decode(jpeg, scale, Canvas::default()).unwrap().canvas
    }

    fn photo(name: &str) -> Vec<u8> {
        std::fs::read(format!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/{}"), name)).unwrap()
    }

    #[test]
    fn stamps_survive_jpeg_at_each_size_and_quality() {
        let sizes = [
            (256, 144),
            (320, 240),
            (500, 281),
            (640, 480),
            (642, 362),
            (1280, 720),
            (1366, 768),
            (1920, 1080),
        ];
        for (width, height) in sizes {
            let picture = stamped(width + width % 2, height + height % 2, &STAMP);
            for quality in [40, 60, 80, 100] {
                let jpeg = Encoder::new(quality).unwrap().encode(&picture).unwrap();
                let what = format!("{width}x{height} at quality {quality}");
                assert_eq!(read(&decode(&jpeg, Scale::Full)), Some(STAMP), "{what}");
                if width >= 512 {
                    assert_eq!(read(&decode(&jpeg, Scale::Half)), Some(STAMP), "{what}, half size");
                }
            }
        }
    }

    /// What a Qt program in between does: decode, and encode at its default quality.
    #[test]
    fn stamps_survive_being_encoded_again() {
        for (width, height) in [(320, 240), (640, 480), (1280, 720)] {
            let first = Encoder::new(40).unwrap().encode(&stamped(width, height, &STAMP)).unwrap();
            let again = Decoder::new().unwrap().decode_rgb(&first).unwrap();
            let second = Encoder::new(75).unwrap().encode(&again).unwrap();
            assert_eq!(read(&decode(&second, Scale::Full)), Some(STAMP), "{width}x{height}");
        }
    }

    #[test]
    fn every_bit_has_its_place() {
        let ends = [(0, 0), (u32::MAX, (1 << TIME_BITS) - 1)];
        let bits = (0..32).map(|bit| (1 << bit, 0)).chain((0..TIME_BITS).map(|bit| (0, 1 << bit)));
        for (seq, micros) in bits.chain(ends) {
            let stamp = Stamp { seq, captured: Timestamp::from_micros(micros) };
            assert_eq!(stamp.cells().and_then(Stamp::from_cells), Some(stamp));
        }
    }

    /// Spells out the layout, because other programs read it.
    #[test]
    fn the_layout_stays_as_documented() {
        assert_eq!(crc16(b"123456789"), 0x29b1, "the check value of CRC-16/CCITT-FALSE");
        let cells = Stamp { seq: 1, captured: Timestamp::from_micros(2) }.cells().unwrap();
        assert_eq!(cells[0] >> 24 & 0xffff_ffff, 1, "32 bits of the number after the left sync");
        assert_eq!(cells[1] >> 22 & 0b111, 0b010, "the last bit of the time is bit 83");
        assert_eq!((cells[0] >> 56, cells[0] & 0x3f), (0b1010_1100, 0b00_1101));
        assert_eq!((cells[1] >> 56, cells[1] & 0x3f), (0b0101_0011, 0b11_0010));
    }

    #[test]
    fn damage_is_noticed_rather_than_misread() {
        let cells = STAMP.cells().unwrap();
        for first in 0..128 {
            for second in first + 1..128 {
                let mut damaged = u128::from(cells[0]) << 64 | u128::from(cells[1]);
                damaged ^= 1 << first | 1 << second;
                assert_eq!(Stamp::from_cells([(damaged >> 64) as u64, damaged as u64]), None);
            }
        }
    }

    #[test]
    fn ordinary_pictures_have_no_stamp() {
        for name in ["astronaut_512x512.jpg", "coffee_600x400.jpg", "raccoon_1024x768.jpg"] {
            for scale in [Scale::Full, Scale::Half, Scale::Quarter] {
                assert_eq!(read(&decode(&photo(name), scale)), None, "{name} {scale:?}");
            }
        }
        for colour in [0, 0x0080_8080, 0x00ff_ffff] {
            assert_eq!(read(&Canvas::filled(640, 480, colour)), None);
        }
        assert_eq!(read(&Canvas::default()), None);
        assert_eq!(
            read(&Canvas { width: 640, height: 480, pixels: crate::picture::PixelBuffer::default() }),
            None
        );
        let mut random = fastrand::Rng::with_seed(6868);
        for _ in 0..20_000 {
            assert_eq!(Stamp::from_cells([random.u64(..), random.u64(..)]), None);
        }
    }

    #[test]
    fn pictures_too_small_and_times_too_late_are_left_as_they_are() {
        let late = Stamp { captured: Timestamp::from_micros(1 << TIME_BITS), ..STAMP };
        for (width, height, stamp) in [(255, 200, STAMP), (1024, 127, STAMP), (640, 480, late), (0, 0, STAMP)]
        {
            let mut luma = vec![77; width * height];
            assert!(!write(&mut luma, width, height, &stamp));
            assert!(luma.iter().all(|&sample| sample == 77), "{width}x{height}");
        }
        assert!(!write(&mut [0; 10], 640, 480, &STAMP), "a slice that is too short");
    }
}
