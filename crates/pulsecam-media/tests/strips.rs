//! Pictures in strips have the same pixels as on one thread, for every decoder, and invalid ones do no harm.
//!
//! Needs ffmpeg (`make deps`); `tests/qt_peer.rs` tests strips with Qt.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

use std::{
    process::{Command, Output, Stdio},
    sync::Arc,
};

use bytes::Bytes;
use proptest::prelude::*;
use pulsecam_media::{
    jpeg::{Decoder, Encoder, Scale, Strips, splice, split},
    picture::{Canvas, Picture, Pixels, Subsampling},
};

/// The least PSNR in dB of a photograph in N strips, against the whole: a little less than the measured 72.2,
/// 67.9 and 64.3.
const LEAST_PSNR: [(usize, f64); 3] = [(2, 71.0), (4, 66.0), (8, 63.0)];

const SCALES: [Scale; 4] = [Scale::Full, Scale::Half, Scale::Quarter, Scale::Eighth];

/// A picture of shapes with edges and some noise, the same in each run.
fn picture(width: usize, height: usize, kind: &str) -> Picture {
    let sample = |i: usize| ((i / 7 * 31) ^ (i * i / 1009)) as u8 / 2 + (i / width.max(1)) as u8 / 4;
    let planar = |subsampling: Subsampling| {
        Pixels::Planar(subsampling, (0..subsampling.bytes(width, height)).map(sample).collect())
    };
    let packed = || (0..width * height * 3).map(sample).collect();
    let pixels = match kind {
        "4:2:0" => planar(Subsampling::Yuv420),
        "4:2:2" => planar(Subsampling::Yuv422),
        "4:4:4" => planar(Subsampling::Yuv444),
        "grey" => planar(Subsampling::Grey),
        "rgb" => Pixels::Rgb(packed()),
        _ => Pixels::Bgr(packed()),
    };
    Picture { width, height, pixels }
}

const KINDS: [&str; 6] = ["4:2:0", "4:2:2", "4:4:4", "grey", "rgb", "bgr"];

/// The same on one thread as on several.
fn encode(picture: &Picture, strips: Strips) -> Bytes {
    let encoder = || Encoder::new(80).unwrap().with_strips(strips);
    let jpeg = encoder().encode(picture).unwrap();
    assert_eq!(encoder().encode_shared(&Arc::new(picture.clone())).unwrap(), jpeg);
    jpeg
}

/// The pixels and the warning, or the error.
type Decoded = Result<(Canvas, Option<String>), String>;

fn decode(jpeg: &[u8], scale: Scale, strips: Strips) -> Decoded {
    let mut decoder = Decoder::new().unwrap().with_strips(strips);
    let decoded = decoder.decode(jpeg, scale, Canvas::default());
    decoded.map(|decoded| (decoded.canvas, decoded.warning)).map_err(|error| error.to_string())
}

fn whole(jpeg: &[u8], scale: Scale) -> Canvas {
    let (canvas, warning) = decode(jpeg, scale, Strips::Off).unwrap();
    assert_eq!(warning, None);
    canvas
}

fn psnr(a: &Canvas, b: &Canvas) -> f64 {
    let squares = a.pixels.iter().zip(&b.pixels).flat_map(|(a, b)| {
        let colours = a.to_be_bytes().into_iter().zip(b.to_be_bytes()).skip(1);
        colours.map(|(a, b)| f64::from(a.abs_diff(b)).powi(2))
    });
    let mean = squares.sum::<f64>() / (3 * a.pixels.len()) as f64;
    10.0 * (255.0 * 255.0 / mean).log10()
}

/// A JPEG with a restart marker after each row of MCUs, as from some cameras: spliced from strips that are
/// one row high.
fn restart_at_each_row(picture: &Picture, mcu_height: usize) -> Bytes {
    let Pixels::Rgb(pixels) = &picture.pixels else { panic!("only RGB is cut here") };
    let rows = pixels.chunks(picture.width * mcu_height * 3).map(|rows| {
        let height = rows.len() / 3 / picture.width;
        encode(&Picture { height, pixels: Pixels::Rgb(rows.to_vec()), ..*picture }, Strips::Off)
    });
    let rows: Vec<_> = rows.collect();
    splice(&rows.iter().map(|row| &row[..]).collect::<Vec<_>>()).unwrap()
}

/// The first row of each piece into which `jpeg` is cut, except for the top one.
fn seams(jpeg: &[u8], strips: usize) -> Vec<usize> {
    split(jpeg, strips).unwrap().iter().skip(1).map(|piece| piece.top).collect()
}

/// Asserts that only rows next to seams differ: chroma is smoothed from row to row.
fn check_same_but_at(seams: &[usize], found: &Canvas, wanted: &Canvas) {
    assert_eq!((found.width, found.height), (wanted.width, wanted.height));
    let rows = found.pixels.chunks(found.width).zip(wanted.pixels.chunks(wanted.width));
    for (row, (found, wanted)) in rows.enumerate() {
        assert!(found == wanted || seams.contains(&row) || seams.contains(&(row + 1)), "row {row}");
    }
}

/// Asserts that `jpeg`, decoded in `strips`, equals the whole except for smoothed seams.
fn check_near_the_whole(jpeg: &[u8], strips: usize, smoothed: bool) {
    let seams = seams(jpeg, strips);
    assert!(!seams.is_empty() && seams.len() < strips);
    for scale in SCALES {
        let (found, warning) = decode(jpeg, scale, Strips::Count(strips)).unwrap();
        assert_eq!(warning, None);
        let wanted = whole(jpeg, scale);
        if smoothed && scale == Scale::Full {
            assert!(found != wanted, "decoded whole after all");
            check_same_but_at(&seams, &found, &wanted);
        } else {
            assert!(found == wanted, "{scale:?}");
        }
    }
}

#[test]
fn strips_have_the_pixels_of_one_thread() {
    for (width, height) in
        [(64, 64), (97, 71), (333, 129), (640, 481), (1, 200), (200, 1), (16, 17), (1281, 721)]
    {
        for kind in KINDS {
            let picture = picture(width, height, kind);
            let one = encode(&picture, Strips::Off);
            for strips in [2, 3, 4, 8] {
                let many = encode(&picture, Strips::Count(strips));
                let mcu_rows = height.div_ceil(if matches!(kind, "4:2:0" | "rgb" | "bgr") { 16 } else { 8 });
                if mcu_rows == 1 {
                    assert_eq!(many, one, "{width}x{height} {kind}: nothing to cut");
                    continue;
                }
                let pieces = split(&many, strips).unwrap().len();
                assert!((2..=strips.min(mcu_rows)).contains(&pieces), "{pieces} of {strips}");
                assert_eq!(whole(&many, Scale::Full), whole(&one, Scale::Full), "{width}x{height} {kind}");
                assert!(many.len() <= one.len() + 100, "{} for {}", many.len(), one.len());
            }
        }
    }
}

#[test]
fn one_encoder_and_decoder_take_whatever_comes() {
    let mut encoder = Encoder::new(80).unwrap().with_strips(Strips::Count(3));
    let mut decoder = Decoder::new().unwrap().with_strips(Strips::Count(4));
    let mut canvas = Canvas::default();
    for (index, kind) in KINDS.into_iter().cycle().take(24).enumerate() {
        let picture = picture(40 + index * 13, 300 - index * 11, kind);
        encoder.set_quality(40 + index as u8).unwrap();
        let jpeg = encoder.encode_shared(&Arc::new(picture.clone())).unwrap();
        let one = Encoder::new(40 + index as u8).unwrap().encode(&picture).unwrap();
        assert_eq!(whole(&jpeg, Scale::Full), whole(&one, Scale::Full));
        canvas = decoder.decode(&jpeg, Scale::Full, canvas).unwrap().canvas;
        check_same_but_at(&seams(&jpeg, 4), &canvas, &whole(&one, Scale::Full));
        assert!(
            decoder
                .decode(&jpeg[..jpeg.len() / 2], Scale::Full, Canvas::default())
                .unwrap()
                .warning
                .is_some()
        );
        assert!(decoder.decode(b"nonsense", Scale::Full, Canvas::default()).is_err());
    }
}

#[test]
fn strips_decode_to_the_whole_but_for_smoothed_seams() {
    for kind in KINDS {
        for (width, height) in [(333, 259), (640, 480), (97, 131)] {
            let picture = picture(width, height, kind);
            for strips in 2..=8 {
                let smoothed = matches!(kind, "4:2:0" | "rgb" | "bgr");
                check_near_the_whole(&encode(&picture, Strips::Count(strips)), strips, smoothed);
            }
        }
    }
}

#[test]
fn seams_in_a_photograph_cannot_be_seen() {
    let photo =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/raccoon_1024x768.jpg")).unwrap();
    let photo = Decoder::new().unwrap().decode_rgb(&photo).unwrap();
    for (strips, least) in LEAST_PSNR {
        let jpeg = encode(&photo, Strips::Count(strips));
        let (found, _) = decode(&jpeg, Scale::Full, Strips::Count(strips)).unwrap();
        let psnr = psnr(&found, &whole(&jpeg, Scale::Full));
        assert!(psnr >= least, "{psnr:.1} dB in {strips} strips");
    }
}

#[test]
fn restarts_at_each_row_are_cut_in_as_many_strips_as_there_are_cores() {
    let picture = picture(200, 333, "rgb");
    let jpeg = restart_at_each_row(&picture, 16);
    assert_eq!(whole(&jpeg, Scale::Full), whole(&encode(&picture, Strips::Off), Scale::Full));
    for strips in 2..=8 {
        assert_eq!(split(&jpeg, strips).unwrap().len(), strips);
        check_near_the_whole(&jpeg, strips, true);
    }
}

/// Offset of a 16-bit field after a marker.
fn field(jpeg: &[u8], marker: u8, offset: usize) -> usize {
    jpeg.windows(2).position(|pair| pair == [0xff, marker]).unwrap() + offset
}

fn set(jpeg: &[u8], at: usize, value: u16) -> Vec<u8> {
    let mut jpeg = jpeg.to_vec();
    jpeg[at..at + 2].copy_from_slice(&value.to_be_bytes());
    jpeg
}

#[test]
fn restarts_in_the_middle_of_rows_are_cut_only_between_rows() {
    // Six MCUs of 16x16 between restarts, eight times: with a width of four MCUs, each third row begins at a
    // restart.
    let jpeg = restart_at_each_row(&picture(96, 128, "rgb"), 16);
    let jpeg = set(&set(&jpeg, field(&jpeg, 0xc0, 7), 64), field(&jpeg, 0xc0, 5), 192);
    let tops = |strips| split(&jpeg, strips).unwrap().iter().map(|piece| piece.top).collect::<Vec<_>>();
    assert_eq!(tops(8), [0, 48, 96, 144]);
    assert_eq!(tops(3), [0, 48, 96]);
    assert_eq!(tops(2), [0, 96]);
    for strips in 2..=8 {
        check_near_the_whole(&jpeg, strips, true);
    }
}

/// Asserts that strips differ only in smoothed seams, and in not noticing a few extra bytes in a piece.
fn check_no_worse(jpeg: &[u8], smoothed: bool) {
    let (one, many) = (decode(jpeg, Scale::Full, Strips::Off), decode(jpeg, Scale::Full, Strips::Count(4)));
    match (&one, &many) {
        (Ok((one, _)), Ok((many, None))) => {
            let seams = if smoothed && one != many { seams(jpeg, 4) } else { Vec::new() };
            check_same_but_at(&seams, many, one);
        }
        _ => assert!(one == many, "{:?} and {:?}", one.map(|one| one.1), many.map(|many| many.1)),
    }
}

#[test]
fn invalid_restarts_are_decoded_as_on_one_thread() {
    let jpeg = encode(&picture(160, 200, "4:4:4"), Strips::Count(4));
    assert_eq!(split(&jpeg, 4).unwrap().len(), 4);
    let (height, interval) = (field(&jpeg, 0xc0, 5), field(&jpeg, 0xdd, 4));
    let restart = field(&jpeg, 0xd1, 0);
    let without = |from: usize, to: usize| [&jpeg[..from], &jpeg[to..]].concat();
    for (lie, what) in [
        (set(&jpeg, restart, 0xffd2), "a wrong number"),
        (without(restart, restart + 2), "a missing restart"),
        ([&jpeg[..restart], &jpeg[restart..restart + 2], &jpeg[restart..]].concat(), "one too many"),
        (without(jpeg.len() - 2, jpeg.len()), "no end"),
        (without(restart + 20, jpeg.len()), "half of it"),
        (set(&jpeg, height, 1000), "too high"),
        (set(&jpeg, height, 100), "too low"),
        (set(&jpeg, height, 0), "no height"),
        (set(&jpeg, interval, 0), "no interval"),
        (set(&jpeg, interval, 1), "a small interval"),
        (set(&jpeg, interval, 20), "rows that are not"),
        (set(&jpeg, interval, u16::MAX), "an interval beyond the picture"),
        (set(&jpeg, field(&jpeg, 0xc0, 0), 0xffc2), "no baseline"),
        (set(&jpeg, field(&jpeg, 0xc0, 0), 0xffc9), "arithmetic"),
        (set(&jpeg, field(&jpeg, 0xdb, 0), 0xffe5), "no quantization table"),
        (set(&jpeg, field(&jpeg, 0xc4, 0), 0xffe5), "no Huffman table"),
    ] {
        assert_eq!(split(&lie, 4), None, "{what}");
        assert_eq!(
            decode(&lie, Scale::Full, Strips::Off),
            decode(&lie, Scale::Full, Strips::Count(4)),
            "{what}"
        );
    }
}

#[test]
fn a_strip_with_too_little_data_gives_the_same_warning() {
    let jpeg = encode(&picture(160, 200, "4:4:4"), Strips::Count(4));
    let restart = field(&jpeg, 0xd1, 0);
    let short = [&jpeg[..restart - 9], &jpeg[restart..]].concat();
    assert_eq!(split(&short, 4).unwrap().len(), 4);
    let (one, many) =
        (decode(&short, Scale::Full, Strips::Off), decode(&short, Scale::Full, Strips::Count(4)));
    assert!(one.as_ref().unwrap().1.is_some());
    assert_eq!(one, many);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutations_give_a_picture_or_an_error(
        smoothed: bool,
        at: prop::sample::Index,
        kind in 0..4,
        bytes in prop::collection::vec(any::<u8>(), 1..6),
        head: bool,
    ) {
        let jpeg = encode(&picture(48, 160, if smoothed { "4:2:0" } else { "4:4:4" }), Strips::Count(4));
        // Half of them in the header.
        let at = at.index(if head { 640 } else { jpeg.len() - 6 });
        let (before, after) = jpeg.split_at(at);
        let mutated = match kind {
            0 => [before, &bytes, &after[bytes.len()..]].concat(),
            1 => [before, &bytes, after].concat(),
            2 => [before, &after[bytes.len()..]].concat(),
            _ => before.to_vec(),
        };
        check_no_worse(&mutated, smoothed);
    }

    #[test]
    fn whatever_comes_is_cut_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..200), most in 0..20_usize) {
        let valid = encode(&picture(32, 64, "4:2:0"), Strips::Count(2));
        for jpeg in [&bytes[..], &[&valid[..600], &bytes].concat()] {
            for piece in split(jpeg, most).into_iter().flatten() {
                piece.write(&mut Vec::new());
            }
            let _ = splice(&[jpeg, &valid]);
            let _ = splice(&[&valid, jpeg]);
        }
    }
}

fn ffmpeg(jpeg: &[u8]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("picture.jpg");
    std::fs::write(&file, jpeg).unwrap();
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(file)
        .args(["-f", "rawvideo", "-pix_fmt", "rgb24", "-"])
        .stdin(Stdio::null())
        .output()
        .expect("ffmpeg runs (make deps)");
    assert!(output.status.success(), "{output:?}");
    output
}

#[test]
fn ffmpeg_reads_strips_as_it_reads_the_whole() {
    for kind in ["4:2:0", "4:2:2", "4:4:4"] {
        let picture = picture(334, 202, kind);
        let (one, many) =
            (ffmpeg(&encode(&picture, Strips::Off)), ffmpeg(&encode(&picture, Strips::Count(4))));
        assert_eq!(many.stdout.len(), 334 * 202 * 3, "{kind}");
        assert!(many.stdout == one.stdout, "{kind}");
        assert_eq!(many.stderr, one.stderr, "{kind}: {}", String::from_utf8_lossy(&many.stderr));
    }
}
