//! Micro-benchmarks of the codec: `cargo bench --bench codec`. For whole frames, see `pulsecam bench codec`.

#![allow(clippy::unwrap_used, reason = "a benchmark that fails says where")]

use bytes::Bytes;
use divan::Bencher;
use pulsecam_media::{
    jpeg::{Decoder, Encoder, Scale, Strips, header, splice, split},
    picture::{Canvas, Picture, Pixels, Subsampling},
};

const SIZES: [(usize, usize); 2] = [(1280, 720), (1920, 1080)];

/// Each size on one thread and in strips.
const WAYS: [(usize, usize, Strips); 4] = [
    (1280, 720, Strips::Off),
    (1280, 720, Strips::Count(2)),
    (1920, 1080, Strips::Off),
    (1920, 1080, Strips::Count(2)),
];

fn main() {
    divan::main();
}

/// Noise on a slope: about as many bytes as a photograph.
fn picture((width, height): (usize, usize)) -> Picture {
    let length = Subsampling::Yuv420.bytes(width, height);
    let sample = |i: usize| (i / width % 200 + ((i * 2_654_435_761) >> 7) % 12) as u8;
    Picture { width, height, pixels: Pixels::Planar(Subsampling::Yuv420, (0..length).map(sample).collect()) }
}

fn jpeg(picture: &Picture, strips: Strips) -> Bytes {
    Encoder::new(80).unwrap().with_strips(strips).encode(picture).unwrap()
}

#[divan::bench(args = WAYS)]
fn encode(bencher: Bencher<'_, '_>, (width, height, strips): (usize, usize, Strips)) {
    let mut encoder = Encoder::new(80).unwrap().with_strips(strips);
    let picture = picture((width, height));
    bencher.bench_local(|| encoder.encode(&picture));
}

#[divan::bench(args = WAYS)]
fn decode(bencher: Bencher<'_, '_>, (width, height, strips): (usize, usize, Strips)) {
    let mut decoder = Decoder::new().unwrap().with_strips(strips);
    let jpeg = jpeg(&picture((width, height)), Strips::Count(2));
    let mut canvas = Canvas::default();
    bencher.bench_local(|| {
        canvas = decoder.decode(&jpeg, Scale::Full, std::mem::take(&mut canvas)).unwrap().canvas;
    });
}

#[divan::bench(args = SIZES)]
fn join(bencher: Bencher<'_, '_>, size: (usize, usize)) {
    let half = jpeg(&picture((size.0, size.1 / 32 * 16)), Strips::Off);
    bencher.bench(|| splice(&[&half, &half]).unwrap());
}

#[divan::bench(args = SIZES)]
fn cut(bencher: Bencher<'_, '_>, size: (usize, usize)) {
    let jpeg = jpeg(&picture(size), Strips::Count(2));
    bencher.bench(|| split(&jpeg, 2).unwrap());
}

#[divan::bench(args = SIZES)]
fn read_header(bencher: Bencher<'_, '_>, size: (usize, usize)) {
    let jpeg = jpeg(&picture(size), Strips::Off);
    bencher.bench(|| header(&jpeg).unwrap());
}
