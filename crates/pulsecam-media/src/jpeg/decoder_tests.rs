use super::*;
use crate::{
    jpeg::{
        Encoder, MAX_SCANS,
        marker::{EOI, SOI, SOS},
    },
    picture::{Pixels, Subsampling},
};

/// Left half dark red, right half light green.
fn two_halves(width: usize, height: usize) -> Picture {
    let pixels = (0..width * height)
        .flat_map(|i| if i % width < width / 2 { [160, 16, 32] } else { [64, 224, 96] })
        .collect();
    Picture { width, height, pixels: Pixels::Rgb(pixels) }
}

fn close(found: u32, wanted: u32) -> bool {
    (0..3).all(|byte| {
        let (a, b) = ((found >> (8 * byte)) & 0xff, (wanted >> (8 * byte)) & 0xff);
        a.abs_diff(b) < 12
    })
}

#[test]
fn colours_survive_the_round_trip_at_each_scale() {
    let jpeg = Encoder::new(90).unwrap().encode(&two_halves(128, 64)).unwrap();
    let mut decoder = Decoder::new().unwrap();
    for (scale, divisor) in [(Scale::Full, 1), (Scale::Half, 2), (Scale::Quarter, 4), (Scale::Eighth, 8)] {
        let decoded = decoder.decode(&jpeg, scale, Canvas::default()).unwrap();
        let canvas = decoded.canvas;
        assert_eq!((canvas.width, canvas.height), (128 / divisor, 64 / divisor));
        assert_eq!((decoded.header.width, decoded.header.height), (128, 64));
        assert!(close(canvas.pixel(1, 1).unwrap(), 0x00a0_1020), "{scale:?}");
        assert!(close(canvas.pixel(canvas.width - 1, 1).unwrap(), 0x0040_e060), "{scale:?}");
    }
}

#[test]
fn planar_pictures_of_each_sampling_are_encoded_as_they_are() {
    let (width, height) = (48, 32);
    for subsampling in [Subsampling::Yuv420, Subsampling::Yuv422, Subsampling::Yuv444, Subsampling::Grey] {
        let planes = vec![128; subsampling.bytes(width, height)];
        let picture = Picture { width, height, pixels: Pixels::Planar(subsampling, planes) };
        let jpeg = Encoder::new(80).unwrap().encode(&picture).unwrap();
        let grey = Decoder::new().unwrap().decode(&jpeg, Scale::Full, Canvas::default()).unwrap();
        assert!(close(grey.canvas.pixel(20, 20).unwrap(), 0x0080_8080), "{subsampling:?}");
    }
}

#[test]
fn pixels_that_do_not_fit_their_size_are_refused() {
    let mut encoder = Encoder::new(80).unwrap();
    let short = Picture { width: 8, height: 8, pixels: Pixels::Rgb(vec![0; 100]) };
    assert!(matches!(encoder.encode(&short), Err(Error::WrongLength { found: 100, expected: 192 })));
    let none = Picture { width: 0, height: 8, pixels: Pixels::Rgb(vec![]) };
    assert!(matches!(encoder.encode(&none), Err(Error::Empty { .. })));
}

#[test]
fn a_truncated_picture_comes_with_a_warning() {
    let jpeg = Encoder::new(90).unwrap().encode(&two_halves(128, 64)).unwrap();
    let mut decoder = Decoder::new().unwrap();
    let short = decoder.decode(&jpeg[..jpeg.len() - 40], Scale::Full, Canvas::default()).unwrap();
    assert!(short.warning.is_some());
    assert!(close(short.canvas.pixel(1, 1).unwrap(), 0x00a0_1020));
}

#[test]
fn a_small_file_that_claims_a_huge_picture_is_refused_before_allocating() {
    let mut jpeg = Encoder::new(90).unwrap().encode(&two_halves(128, 64)).unwrap().to_vec();
    let sof = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    jpeg[sof + 5..sof + 9].copy_from_slice(&[0xff, 0xdc, 0xff, 0xdc]);
    let error = Decoder::new().unwrap().decode(&jpeg, Scale::Full, Canvas::default()).unwrap_err();
    assert!(matches!(error, Error::TooLarge { width: 65_500, height: 65_500 }));
}

#[test]
fn a_picture_of_thousands_of_scans_is_refused_before_a_pass_over_it() {
    let mut decoder = Decoder::new().unwrap();
    let mut decode = |jpeg: &[u8]| decoder.decode(jpeg, Scale::Eighth, Canvas::default()).map(|d| d.warning);
    let small = |scans| bomb(64, 48, scans);
    assert!(small(5_000).len() < 64 << 10, "a few bytes each");
    assert!(decode(&small(MAX_SCANS)).is_ok());
    let error = decode(&small(MAX_SCANS + 1)).unwrap_err();
    assert!(matches!(error, Error::TooManyScans { found: 33, allowed: 32 }), "{error}");
    let error = decode(&small(5_000)).unwrap_err();
    assert_eq!(error.to_string(), "a picture in 5000 scans; up to 32 are allowed at its size");
    // A pass over a large picture costs more.
    let error = decode(&bomb(7_680, 4_320, 13)).unwrap_err();
    assert!(matches!(error, Error::TooManyScans { found: 13, allowed: 12 }), "{error}");
    // Bytes between the scans, which libjpeg-turbo skips, hide none.
    let mut hidden = small(0);
    hidden.truncate(hidden.len() - 2);
    for _ in 0..40 {
        hidden.extend(b"garbage \xff\x00\xff\xff");
        hidden.extend(scan(48));
    }
    hidden.extend([0xff, 0xd9]);
    assert!(matches!(decode(&hidden), Err(Error::TooManyScans { found: 40, .. })));
    assert!(matches!(
        Decoder::new().unwrap().decode_rgb(&small(33)),
        Err(Error::TooManyScans { found: 33, .. })
    ));
    let mut wary = Decoder::new().unwrap().with_limits(DecodeLimits { pixels: 64 * 48, scans: 2 });
    let mut decode_warily = |jpeg: &[u8]| wary.decode(jpeg, Scale::Full, Canvas::default()).map(drop);
    assert!(decode_warily(&small(2)).is_ok());
    assert!(matches!(decode_warily(&small(3)), Err(Error::TooManyScans { found: 3, allowed: 2 })));
    let error = decode_warily(&bomb(64, 56, 1)).unwrap_err();
    assert!(matches!(error, Error::TooManyPixels { height: 56, allowed: 3_072, .. }), "{error}");
    let good = Encoder::new(90).unwrap().encode(&two_halves(64, 64)).unwrap();
    assert_eq!(decode(&good).unwrap(), None, "the next picture is not affected");
}

/// A grey progressive picture whose scans each refine every coefficient, in a few bytes: no change.
fn bomb(width: u16, height: u16, scans: usize) -> Vec<u8> {
    let ([h1, h0], [w1, w0]) = (height.to_be_bytes(), width.to_be_bytes());
    let mut jpeg = vec![0xff, SOI, 0xff, 0xdb, 0, 67, 0];
    jpeg.extend([1; 64]);
    jpeg.extend([0xff, 0xc2, 0, 11, 8, h1, h0, w1, w0, 1, 1, 0x11, 0]);
    // A single one-bit code: an end-of-band run of 16,384 blocks, plus the number in the next 14 bits.
    jpeg.extend([0xff, 0xc4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xe0]);
    let blocks = usize::from(width).div_ceil(8) * usize::from(height).div_ceil(8);
    (0..scans).for_each(|_| jpeg.extend(scan(blocks)));
    jpeg.extend([0xff, EOI]);
    jpeg
}

fn scan(blocks: usize) -> Vec<u8> {
    let mut scan = vec![0xff, SOS, 0, 8, 1, 1, 0, 1, 63, 0x10];
    scan.resize(scan.len() + 2 * blocks.div_ceil(16_384), 0);
    scan
}

#[test]
#[ignore = "a measurement, for a person"]
fn what_the_largest_bombs_cost() {
    for (width, height, scans) in [(6_320, 6_320, 10), (3_500, 3_500, 32), (640, 480, 32)] {
        let jpeg = bomb(width, height, scans);
        let begin = std::time::Instant::now();
        let result = Decoder::new().unwrap().decode(&jpeg, Scale::Full, Canvas::default());
        eprintln!(
            "{width}x{height} {scans} {} bytes: {:?} {:?}",
            jpeg.len(),
            result.map(|d| d.warning),
            begin.elapsed()
        );
    }
}

#[test]
fn garbage_is_an_error_and_the_decoder_goes_on() {
    let mut decoder = Decoder::new().unwrap();
    let jpeg = Encoder::new(90).unwrap().encode(&two_halves(64, 64)).unwrap();
    for length in 0..jpeg.len() {
        let _ = decoder.decode(&jpeg[..length], Scale::Full, Canvas::default());
    }
    assert!(decoder.decode(b"nonsense", Scale::Full, Canvas::default()).is_err());
    assert!(decoder.decode(&jpeg, Scale::Full, Canvas::default()).unwrap().warning.is_none());
}
