//! Pictures of a simulated camera. Each shows its number as 16 blocks along the top, and a JPEG has the
//! frame's number in a comment, so that no two frames have the same bytes although the pictures repeat.

use std::{collections::HashMap, ops::Range, sync::Arc};

use pulsecam::{
    jpeg::Encoder,
    picture::{Canvas, Picture, Pixels},
};

use super::model::{Format, Size};

/// Pictures before they repeat. Encoding one per frame would take most of the emulated processor's time.
pub const PICTURES: u64 = 16;

/// Bytes of a JPEG before its first segment.
const SOI_BYTES: usize = 2;

/// Makes a camera's frames.
#[derive(Default)]
pub struct Painter {
    jpegs: HashMap<(u16, u16, u64), Arc<[u8]>>,
    yuyv: HashMap<(u16, u16), Vec<u8>>,
}

impl Painter {
    /// The frame with this number.
    pub fn frame(&mut self, number: u64, size: &Size) -> Vec<u8> {
        match size.format {
            Format::Mjpeg => self.jpeg(number, size),
            Format::Yuyv => self.yuyv(number, size),
        }
    }

    fn jpeg(&mut self, number: u64, size: &Size) -> Vec<u8> {
        let shown = number % PICTURES;
        let jpeg = self.jpegs.entry((size.width, size.height, shown)).or_insert_with(|| {
            let picture = picture(shown, usize::from(size.width), usize::from(size.height));
            Encoder::new(Encoder::DEFAULT_QUALITY).unwrap().encode(&picture).unwrap().to_vec().into()
        });
        let comment = format!("frame {number}");
        let mut bytes = Vec::with_capacity(jpeg.len() + comment.len() + 4);
        bytes.extend(&jpeg[..SOI_BYTES]);
        bytes.extend([0xff, 0xfe]);
        bytes.extend((comment.len() as u16 + 2).to_be_bytes());
        bytes.extend(comment.as_bytes());
        bytes.extend(&jpeg[SOI_BYTES..]);
        bytes
    }

    fn yuyv(&mut self, number: u64, size: &Size) -> Vec<u8> {
        let (width, height) = (usize::from(size.width), usize::from(size.height));
        let base = self.yuyv.entry((size.width, size.height)).or_insert_with(|| {
            (0..height)
                .flat_map(|y| (0..width).flat_map(move |x| [luma(x, width), chroma(y, height)]))
                .collect()
        });
        let mut bytes = base.clone();
        for y in 0..BLOCK.min(height) {
            for x in 0..(16 * BLOCK).min(width) {
                let at = (y * width + x) * 2;
                bytes[at..at + 2].copy_from_slice(&[shade(number, x), 128]);
            }
        }
        bytes
    }
}

/// Side of a block in pixels.
const BLOCK: usize = 16;

const fn shade(number: u64, x: usize) -> u8 {
    if (number >> (x / BLOCK)) & 1 == 1 { 235 } else { 16 }
}

fn luma(x: usize, width: usize) -> u8 {
    (16 + x * 219 / width) as u8
}

fn chroma(y: usize, height: usize) -> u8 {
    (64 + y * 128 / height) as u8
}

/// A gradient with the number on top.
fn picture(number: u64, width: usize, height: usize) -> Picture {
    let mut pixels = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            pixels.extend(if y < BLOCK && x < 16 * BLOCK {
                [shade(number, x); 3]
            } else {
                [(x * 255 / width) as u8, (y * 255 / height) as u8, (number * 8) as u8]
            });
        }
    }
    Picture { width, height, pixels: Pixels::Rgb(pixels) }
}

/// The number that a picture shows: modulo [`PICTURES`] in a JPEG, 65536 in raw frames.
pub fn shown_number(canvas: &Canvas) -> u64 {
    let bright = |i: usize| canvas.pixel(i * BLOCK + BLOCK / 2, BLOCK / 2).unwrap() >> 8 & 0xff > 128;
    (0..16).filter(|i| bright(*i)).map(|i| 1 << i).sum()
}

/// Whether the picture shows the gradient that the camera paints below the number of a JPEG.
pub fn is_gradient(canvas: &Canvas) -> bool {
    [(1, 1), (1, 3), (3, 1), (3, 3)].into_iter().all(|(across, down)| {
        let (x, y) = (canvas.width * across / 4, canvas.height * down / 4);
        let [_, red, green, _] = canvas.pixel(x, y).unwrap().to_be_bytes();
        let near = |found: u8, at: usize, of: usize| usize::from(found).abs_diff(at * 255 / of) < 16;
        near(red, x, canvas.width) && near(green, y, canvas.height)
    })
}

/// The frame's own number, from a JPEG's comment.
pub fn number_of(jpeg: &[u8]) -> Option<u64> {
    let comment = segments(jpeg).into_iter().find(|(marker, _)| *marker == 0xfe)?.1;
    std::str::from_utf8(&jpeg[comment.start + 4..comment.end]).ok()?.strip_prefix("frame ")?.parse().ok()
}

/// The segments before the pixel data: each marker and its range, marker included.
fn segments(jpeg: &[u8]) -> Vec<(u8, Range<usize>)> {
    let mut found = Vec::new();
    let mut at = SOI_BYTES;
    while let Some(&[0xff, marker, high, low]) = jpeg.get(at..at + 4) {
        let end = at + 2 + usize::from(u16::from_be_bytes([high, low]));
        found.push((marker, at..end));
        if marker == 0xda {
            break;
        }
        at = end;
    }
    found
}

/// Whether a JPEG contains Huffman tables.
pub fn has_tables(jpeg: &[u8]) -> bool {
    segments(jpeg).iter().any(|(marker, _)| *marker == 0xc4)
}

/// A JPEG as old webcams send it: without Huffman tables, because decoders know the standard ones.
pub fn without_tables(jpeg: &[u8]) -> Vec<u8> {
    let mut bytes = jpeg.to_vec();
    for (_, range) in segments(jpeg).into_iter().rev().filter(|(marker, _)| *marker == 0xc4) {
        bytes.drain(range);
    }
    bytes
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn the_pictures_tell_their_numbers() {
    use pulsecam::jpeg::{Decoder, Scale};
    let size = Size { format: Format::Mjpeg, width: 320, height: 240, intervals: vec![333_333] };
    let jpeg = Painter::default().frame(21, &size);
    let canvas = Decoder::new().unwrap().decode(&jpeg, Scale::Full, Canvas::default()).unwrap().canvas;
    assert_eq!((shown_number(&canvas), number_of(&jpeg)), (21 % PICTURES, Some(21)));
    assert!(is_gradient(&canvas));
    assert!(has_tables(&jpeg) && !has_tables(&without_tables(&jpeg)));
    assert!(jpeg.len() > without_tables(&jpeg).len() + 100);
}
