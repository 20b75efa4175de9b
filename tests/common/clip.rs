//! Pictures in plain colours, and the built program that sends one repeatedly.

use std::{fs, path::Path};

use pulsecam::{
    jpeg::Encoder,
    picture::{Picture, Pixels},
};

use super::program::Running;

pub const RED: [u8; 3] = [220, 30, 30];
pub const GREEN: [u8; 3] = [30, 200, 40];

/// A JPEG in one colour.
pub fn plain(width: usize, height: usize, colour: [u8; 3]) -> Vec<u8> {
    jpeg(width, height, colour.repeat(width * height))
}

/// A JPEG with a red left half and a green right half.
pub fn two_halves(width: usize, height: usize) -> Vec<u8> {
    let pixels = (0..width * height).flat_map(|i| if i % width < width / 2 { RED } else { GREEN });
    jpeg(width, height, pixels.collect())
}

/// A JPEG with a colour in each quarter, from the upper left one on, row by row.
pub fn four_quarters(width: usize, height: usize, colours: [[u8; 3]; 4]) -> Vec<u8> {
    let quarter = |i: usize| usize::from(i % width >= width / 2) + 2 * usize::from(i / width >= height / 2);
    jpeg(width, height, (0..width * height).flat_map(|i| colours[quarter(i)]).collect())
}

fn jpeg(width: usize, height: usize, pixels: Vec<u8>) -> Vec<u8> {
    let picture = Picture { width, height, pixels: Pixels::Rgb(pixels) };
    Encoder::new(90).unwrap().encode(&picture).unwrap().to_vec()
}

/// The JPEG with its header changed to 12 bits per sample, which cannot be shown.
pub fn deep(jpeg: &[u8]) -> Vec<u8> {
    let mut deep = jpeg.to_vec();
    let sof = deep.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    (deep[sof + 1], deep[sof + 4]) = (0xc1, 12);
    deep
}

/// Writes a clip of four such frames; returns its path for `--source`.
pub fn write(folder: &Path, name: &str, jpeg: &[u8]) -> String {
    let clip = folder.join(format!("{name}.mjpeg"));
    fs::write(&clip, jpeg.repeat(4)).unwrap();
    clip.to_str().unwrap().to_owned()
}

/// Starts a sender of that picture, 20 times per second.
pub fn sender(host: &str, folder: &Path, name: &str, jpeg: &[u8]) -> Running {
    let clip = write(folder, name, jpeg);
    let how =
        ["--source", &clip, "--repeat", "--fps", "20", "--name", name, "--quiet", "--max-backoff", "300ms"];
    Running::start(&[&["send", host], how.as_slice()].concat())
}
