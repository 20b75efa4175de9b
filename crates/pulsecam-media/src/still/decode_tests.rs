use super::*;
use crate::{
    jpeg::{Encoder, MAX_DIMENSION, MAX_PIXELS},
    picture::Pixels,
};

/// Checks pixels of a picture, whose values may differ by `off`.
pub(in crate::still) fn assert_pixels(
    file: &[u8],
    wanted: &[(usize, [u8; 3])],
    off: u8,
    what: &str,
) -> Still {
    let still = decode(file).unwrap_or_else(|error| panic!("{what}: {error}"));
    for &(at, wanted) in wanted {
        let found = &still.picture.bytes()[3 * at..3 * at + 3];
        assert!(found.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) <= off), "{what}: {at}: {found:?}");
    }
    still
}

/// A JPEG of one colour in inks, as Adobe's programs write it. `transform`: CMYK (0) or YCCK (2).
fn inks(colour: [u8; 4], transform: u8) -> Vec<u8> {
    let picture = |sample| Picture {
        width: 8,
        height: 8,
        pixels: Pixels::Planar(crate::picture::Subsampling::Grey, vec![sample; 64]),
    };
    // Four grey pictures, whose scans are put into one file as its components.
    let mut encoder = Encoder::new(100).unwrap();
    let greys = colour.map(|sample| encoder.encode(&picture(sample)).unwrap());
    let find = |jpeg: &[u8], marker: u8| jpeg.windows(2).position(|pair| pair == [0xff, marker]).unwrap();
    let mut file = vec![0xff, 0xd8, 0xff, 0xee, 0, 14];
    file.extend(b"Adobe\0\x64\0\0\0\0");
    file.push(transform);
    let (tables, frame, scan) = (find(&greys[0], 0xdb), find(&greys[0], 0xc0), find(&greys[0], 0xda));
    file.extend(&greys[0][tables..frame]);
    file.extend([0xff, 0xc0, 0, 20, 8, 0, 8, 0, 8, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0]);
    file.extend(&greys[0][find(&greys[0], 0xc4)..scan]);
    for (number, grey) in greys.iter().enumerate() {
        let scan = find(grey, 0xda);
        file.extend([0xff, 0xda, 0, 8, 1, number as u8 + 1, 0, 0, 63, 0]);
        file.extend(&grey[scan + 10..grey.len() - 2]);
    }
    file.extend([0xff, 0xd9]);
    file
}

#[test]
fn inks_become_the_colours_of_a_screen() {
    for (colour, transform, wanted) in [
        ([255, 255, 255, 255], 0, [255; 3]),
        ([0, 255, 255, 255], 0, [0, 255, 255]),
        ([200, 100, 50, 128], 0, [100, 50, 25]),
        // YCCK: the complement of inks as luma and chroma.
        ([255, 128, 128, 255], 2, [0; 3]),
        ([0, 128, 128, 255], 2, [255; 3]),
        ([0, 128, 128, 100], 2, [100; 3]),
        ([76, 85, 255, 255], 2, [1, 255, 255]),
    ] {
        let file = inks(colour, transform);
        let still = assert_pixels(&file, &[(0, wanted), (63, wanted)], 3, &format!("{colour:?} {transform}"));
        assert_eq!(still.changes.to_string(), "converted from CMYK");
        let canvas = Decoder::new().unwrap();
        let mut canvas = canvas;
        let shown =
            canvas.decode(&file, crate::jpeg::Scale::Full, crate::picture::Canvas::default()).unwrap();
        let [_, found @ ..] = shown.canvas.pixels[9].to_be_bytes();
        assert!(found.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) <= 3), "in the window: {found:?}");
    }
}

/// A grey JPEG of this size and one level; its pixels are never in memory as a whole.
fn grey_jpeg(width: u16, height: u16) -> Vec<u8> {
    let small = Picture {
        width: 8,
        height: 8,
        pixels: Pixels::Planar(crate::picture::Subsampling::Grey, vec![90; 64]),
    };
    let small = Encoder::new(80).unwrap().encode(&small).unwrap();
    let sof = small.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    let scan = small.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap();
    let mut file = small[..scan].to_vec();
    file[sof + 5..sof + 7].copy_from_slice(&height.to_be_bytes());
    file[sof + 7..sof + 9].copy_from_slice(&width.to_be_bytes());
    // All blocks have the level of the first: no difference (DC category 0: 00), end of block (1010), in the
    // standard tables.
    let first = &small[scan + 10..small.len() - 2];
    file.extend(&small[scan..scan + 10]);
    let blocks = usize::from(width).div_ceil(8) * usize::from(height).div_ceil(8);
    let mut bits = Bits::default();
    bits.copy(first, blocks);
    file.extend(bits.bytes);
    file.extend([0xff, 0xd9]);
    file
}

/// Packs bits into bytes.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    now: u32,
    count: u32,
}

impl Bits {
    fn put(&mut self, bits: u32, count: u32) {
        for at in (0..count).rev() {
            self.now = (self.now << 1) | ((bits >> at) & 1);
            self.count += 1;
            if self.count == 8 {
                self.bytes.push(self.now as u8);
                (self.now, self.count) = (0, 0);
            }
        }
    }

    /// The first block unchanged, followed by copies of it, `blocks` in total.
    fn copy(&mut self, first: &[u8], blocks: usize) {
        // The last byte is filled with ones; the block ends with 1010 before them.
        let all: Vec<u8> =
            first.iter().flat_map(|byte| (0..8).rev().map(move |at| (byte >> at) & 1)).collect();
        let end = (4..=all.len()).rev().find(|&end| all[end - 4..end] == [1, 0, 1, 0]).unwrap();
        for &bit in &all[..end] {
            self.put(bit.into(), 1);
        }
        for _ in 1..blocks {
            self.put(0b00_1010, 6);
        }
        while self.count != 0 {
            self.put(1, 1);
        }
    }
}

#[test]
fn what_is_too_large_for_viewers_is_scaled_down() {
    for (file, own, what) in [
        (grey_jpeg(8_064, 6_048), (8_064, 6_048), "48 megapixels of a phone"),
        (grey_jpeg(20_000, 304), (20_000, 304), "a panorama"),
        (grey_jpeg(16_320, 12_240), (16_320, 12_240), "200 megapixels"),
    ] {
        let still = assert_pixels(&file, &[(0, [90; 3])], 3, what);
        let (width, height) = (still.picture.width, still.picture.height);
        assert!(width <= MAX_DIMENSION && width * height <= MAX_PIXELS, "{what}: {width}x{height}");
        assert!(width * 5 / 4 >= MAX_DIMENSION || width * height * 8 / 5 >= MAX_PIXELS, "{what}: {width}");
        assert!((width * own.1).abs_diff(height * own.0) <= own.0.max(own.1), "{what}: proportions");
        assert_eq!(still.changes.reduced_from, Some(own));
    }
}

#[test]
fn what_takes_too_much_memory_is_refused_before_it_does() {
    let mut bomb = grey_jpeg(64, 64);
    let sof = bomb.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    bomb[sof + 5..sof + 9].copy_from_slice(&[0xff; 4]);
    let error = decode(&bomb).unwrap_err().to_string();
    assert!(error.contains("65535x65535 pixels; up to 270000000"), "{error}");
}

#[test]
fn what_nobody_shows_is_an_error_with_the_reason() {
    let mut deep = grey_jpeg(64, 64);
    let sof = deep.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    deep[sof + 1] = 0xc1;
    deep[sof + 4] = 12;
    let error = decode(&deep).unwrap_err().to_string();
    assert!(error.contains("12 bits a sample"), "{error}");
    assert!(decode(b"\xff\xd8\xff\xe0").is_err());
}

#[test]
#[cfg(not(feature = "photos"))]
fn other_formats_are_named_and_refused() {
    let error = decode(b"\x89PNG\r\n\x1a\n").unwrap_err().to_string();
    assert!(error.contains("PNG pictures are not supported by this build"), "{error}");
}
