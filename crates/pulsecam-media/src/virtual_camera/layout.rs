//! The pixels that programs read from a virtual camera.
//!
//! YUV in video range (16 to 235) after BT.601: what V4L2 defines for a camera that says nothing else, and what
//! programs assume.

use std::fmt;

use crate::picture::Canvas;

/// How the pixels of a picture lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelLayout {
    /// Three planes, one chroma sample for two by two pixels; every program reads it.
    I420,
    /// Packed, one chroma sample for two pixels.
    Yuyv,
}

impl PixelLayout {
    /// All layouts, the one that needs the least memory first.
    pub const ALL: [Self; 2] = [Self::I420, Self::Yuyv];

    /// Its code in linux/videodev2.h.
    #[must_use]
    pub const fn code(self) -> [u8; 4] {
        match self {
            Self::I420 => *b"YU12",
            Self::Yuyv => *b"YUYV",
        }
    }

    /// The layout with this code.
    #[must_use]
    pub fn of_code(code: [u8; 4]) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.code() == code)
    }

    /// Bytes of a row of the first plane, without padding.
    #[must_use]
    pub const fn row(self, width: usize) -> usize {
        match self {
            Self::I420 => width,
            Self::Yuyv => 2 * width,
        }
    }

    /// Bytes of a picture with even sides.
    #[must_use]
    pub const fn bytes(self, (width, height): (usize, usize)) -> usize {
        match self {
            Self::I420 => width * height * 3 / 2,
            Self::Yuyv => 2 * width * height,
        }
    }

    /// Converts a picture with even sides, into memory that is reused.
    pub fn pack(self, canvas: &Canvas, to: &mut Vec<u8>) {
        to.resize(self.bytes((canvas.width, canvas.height)), 0);
        match self {
            Self::I420 => i420(canvas, to),
            Self::Yuyv => yuyv(canvas, to),
        }
    }
}

impl fmt::Display for PixelLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::I420 => "I420",
            Self::Yuyv => "YUYV",
        })
    }
}

fn i420(canvas: &Canvas, to: &mut [u8]) {
    let width = canvas.width.max(1);
    let (y, chroma) = to.split_at_mut(canvas.width * canvas.height);
    for (to, pixel) in y.iter_mut().zip(&canvas.pixels) {
        *to = luma(*pixel);
    }
    let (u, v) = chroma.split_at_mut(chroma.len() / 2);
    let across = (width / 2).max(1);
    let targets = u.chunks_exact_mut(across).zip(v.chunks_exact_mut(across));
    for (rows, (u, v)) in canvas.pixels.chunks_exact(2 * width).zip(targets) {
        let (upper, lower) = rows.split_at(width);
        let blocks = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0);
        for ((upper, lower), (u, v)) in blocks.zip(u.iter_mut().zip(v)) {
            (*u, *v) = chroma_of(upper.iter().chain(lower), 4);
        }
    }
}

fn yuyv(canvas: &Canvas, to: &mut [u8]) {
    for (pixels, to) in canvas.pixels.as_chunks::<2>().0.iter().zip(to.as_chunks_mut::<4>().0) {
        let (u, v) = chroma_of(pixels.iter(), 2);
        *to = [luma(pixels[0]), u, luma(pixels[1]), v];
    }
}

/// Red, green and blue.
fn rgb(pixel: u32) -> [i32; 3] {
    let [_, red, green, blue] = pixel.to_be_bytes();
    [red, green, blue].map(i32::from)
}

/// 16 to 235. The factors are those of BT.601 in 1/256.
fn luma(pixel: u32) -> u8 {
    let [red, green, blue] = rgb(pixel);
    (16 + ((66 * red + 129 * green + 25 * blue + 128) >> 8)) as u8
}

/// The mean chroma of a number of pixels, 16 to 240.
fn chroma_of<'a>(pixels: impl Iterator<Item = &'a u32>, count: i32) -> (u8, u8) {
    let add = |sum: [i32; 3], pixel: &u32| {
        let [red, green, blue] = rgb(*pixel);
        [sum[0] + red, sum[1] + green, sum[2] + blue]
    };
    let [red, green, blue] = pixels.fold([0; 3], add);
    let scaled = |sum: i32| (128 + (sum + 128 * count).div_euclid(256 * count)) as u8;
    (scaled(-38 * red - 74 * green + 112 * blue), scaled(112 * red - 94 * green - 18 * blue))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(layout: PixelLayout, width: usize, pixels: &[u32]) -> Vec<u8> {
        let canvas = Canvas { width, height: pixels.len() / width, pixels: pixels.into() };
        // Old contents of the memory must not show through.
        let mut bytes = vec![77; 1000];
        layout.pack(&canvas, &mut bytes);
        bytes
    }

    const RED: u32 = 0x00ff_0000;
    const WHITE: u32 = 0x00ff_ffff;
    const BLACK: u32 = 0;

    #[test]
    fn colours_are_those_of_bt_601_in_video_range() {
        for (colour, wanted) in [
            (BLACK, [16, 128, 128]),
            (WHITE, [235, 128, 128]),
            (RED, [82, 90, 240]),
            (0x0000_ff00, [144, 54, 34]),
            (0x0000_00ff, [41, 240, 110]),
        ] {
            let planes = packed(PixelLayout::I420, 2, &[colour; 4]);
            let [y, u, v] = [planes[0], planes[4], planes[5]];
            for (sample, wanted) in [y, u, v].into_iter().zip(wanted) {
                assert!(u8::abs_diff(sample, wanted) <= 1, "{colour:06x}: {y} {u} {v}, not {wanted}");
            }
            let [y, u, _, v] = packed(PixelLayout::Yuyv, 2, &[colour; 2])[..] else { panic!() };
            assert_eq!([y, u, v], [planes[0], planes[4], planes[5]], "{colour:06x}: both layouts");
        }
    }

    #[test]
    fn planes_lie_one_after_the_other_and_chroma_is_the_mean_of_its_pixels() {
        // Red and white in columns of two, black below.
        let (top, bottom) = ([RED, RED, WHITE, WHITE], [BLACK; 4]);
        let planes = packed(PixelLayout::I420, 4, &[top, top, bottom, bottom].concat());
        assert_eq!(planes.len(), PixelLayout::I420.bytes((4, 4)));
        assert_eq!(planes[..4], [82, 82, 235, 235]);
        assert_eq!(planes[12..16], [16; 4]);
        assert_eq!((&planes[16..20], &planes[20..24]), (&[90, 128, 128, 128][..], &[240, 128, 128, 128][..]));
        let mixed = packed(PixelLayout::I420, 2, &[RED, WHITE, WHITE, RED]);
        assert_eq!(mixed[4..], [109, 184], "half of red's distance from grey");
    }

    #[test]
    fn packed_pixels_alternate_with_chroma() {
        let row = packed(PixelLayout::Yuyv, 4, &[RED, RED, BLACK, WHITE]);
        assert_eq!(row, [82, 90, 82, 240, 16, 128, 235, 128]);
    }

    #[test]
    fn sizes_and_codes_belong_to_their_layout() {
        for layout in PixelLayout::ALL {
            assert_eq!(PixelLayout::of_code(layout.code()), Some(layout));
            assert_eq!(packed(layout, 4, &[BLACK; 8]).len(), layout.bytes((4, 2)));
        }
        assert_eq!(PixelLayout::of_code(*b"RGB3"), None);
        assert_eq!((PixelLayout::I420.row(640), PixelLayout::Yuyv.row(640)), (640, 1280));
        assert!(packed(PixelLayout::I420, 1, &[]).is_empty(), "no pixels, no panic");
    }
}
