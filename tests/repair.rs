//! Damaged pictures through the whole program: those that a decoder shows are repaired and sent, the others
//! are left out; both are counted, for every kind of source.
//!
//! Needs nothing. To run it alone: `cargo test --test repair`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
    thread,
    time::Duration,
};

use bytes::Bytes;
use common::program::{RelayProgram, Running, pulsecam};
use pulsecam::{
    clock::Timestamp,
    film::{self, Input},
    jpeg::{Decoder, Encoder, Scale, segments},
    picture::{Canvas, Picture, Pixels},
    recording::{RecordedFrame, Recorder},
};
use serde_json::Value;

const FRAMES: usize = 12;

/// A film made of parts of a photograph.
fn film() -> Vec<Vec<u8>> {
    let photo = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/coffee_600x400.jpg")).unwrap();
    let photo = Decoder::new().unwrap().decode_rgb(&photo).unwrap();
    let part = |number: usize| {
        let row = |y: usize| {
            let from = ((y + 40) * photo.width + 20 * number) * 3;
            &photo.bytes()[from..from + 160 * 3]
        };
        let pixels = (0..120).flat_map(row).copied().collect();
        let picture = Picture { width: 160, height: 120, pixels: Pixels::Rgb(pixels) };
        Encoder::new(80).unwrap().encode(&picture).unwrap().to_vec()
    };
    (0..FRAMES).map(part).collect()
}

fn data(jpeg: &[u8]) -> usize {
    segments(jpeg).find(|segment| segment.marker == 0xda).unwrap().end
}

fn unended(jpeg: &[u8]) -> Vec<u8> {
    jpeg[..jpeg.len() - 2].to_vec()
}

fn padded(jpeg: &[u8]) -> Vec<u8> {
    [&jpeg[..jpeg.len() - 2], &[0; 700]].concat()
}

fn stray(jpeg: &[u8]) -> Vec<u8> {
    [&jpeg[..20], &[0; 5], &jpeg[20..]].concat()
}

fn restarted(jpeg: &[u8]) -> Vec<u8> {
    [b"\xff\xd8", jpeg].concat()
}

fn cut(jpeg: &[u8]) -> Vec<u8> {
    jpeg[..usize::midpoint(data(jpeg), jpeg.len())].to_vec()
}

fn odd_marker(jpeg: &[u8]) -> Vec<u8> {
    let middle = usize::midpoint(data(jpeg), jpeg.len());
    [&jpeg[..middle], b"\xff\x3c", &jpeg[middle..]].concat()
}

fn without_tables(jpeg: &[u8]) -> Vec<u8> {
    let mut bare = jpeg.to_vec();
    let tables: Vec<_> =
        segments(jpeg).filter(|segment| segment.marker == 0xc4).map(|t| t.at..t.end).collect();
    tables.into_iter().rev().for_each(|table| drop(bare.drain(table)));
    bare
}

type Damage = fn(&[u8]) -> Vec<u8>;

/// Kind of damage, every how many pictures, and how many pictures are then repaired and left out.
const CASES: [(&str, Damage, usize, u64, u64); 7] = [
    ("no end marker", unended, 1, 12, 0),
    ("zeros in place of the end marker", padded, 1, 12, 0),
    ("stray bytes between segments", stray, 1, 12, 0),
    ("two start markers", restarted, 1, 12, 0),
    ("no Huffman tables", without_tables, 1, 0, 0),
    ("cut in the middle", cut, 3, 0, 4),
    ("a marker within the pixels", odd_marker, 4, 0, 3),
];

/// The film with every Nth picture damaged, and the undamaged film.
fn damaged(damage: Damage, every: usize) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let film = film();
    let spoil = |(number, jpeg): (usize, &Vec<u8>)| {
        if number.is_multiple_of(every) { damage(jpeg) } else { jpeg.clone() }
    };
    (film.iter().enumerate().map(spoil).collect(), film)
}

/// What a relay passes on: the pictures as recorded at the other end, and the sender's summary.
struct Sent {
    pictures: Vec<Bytes>,
    summary: Value,
    errors: String,
    code: i32,
}

fn send(folder: &Path, arguments: &[&str], parts: Vec<Vec<u8>>) -> Sent {
    let relay = RelayProgram::start(&[]);
    let tape = folder.join("tape.mkv");
    let mut recording = Running::start(&["record", &relay.addr, "--out", tape.to_str().unwrap(), "--json"]);
    recording.event("link", |event| event["state"] == "up");
    let mut sending = pulsecam();
    sending.args(["send", &relay.addr, "--name", "film", "--json"]).args(arguments);
    let log = folder.join("log");
    sending.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(File::create(&log).unwrap());
    let mut sending = sending.spawn().unwrap();
    let mut stdin = sending.stdin.take().unwrap();
    let feeding = thread::spawn(move || {
        for part in parts {
            stdin.write_all(&part).unwrap();
            // At a camera's rate: a pipe is live, and its newest picture replaces waiting ones.
            thread::sleep(Duration::from_millis(40));
        }
    });
    let output = sending.wait_with_output().unwrap();
    feeding.join().unwrap();
    let summary = String::from_utf8(output.stdout).unwrap();
    let mut summary = summary.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let summary = summary.rfind(|event| event["event"] == "summary").unwrap();
    recording.signal("INT");
    recording.exit_code();
    let mut pictures = Vec::new();
    if let Ok(file) = File::open(&tape) {
        let mut reader = film::open(Input::file(file).unwrap()).unwrap();
        while let Some((_, jpeg)) = reader.next_frame().unwrap() {
            pictures.push(jpeg);
        }
    }
    let errors = fs::read_to_string(log).unwrap();
    Sent { pictures, summary, errors, code: output.status.code().unwrap() }
}

/// Asserts that the pictures are equal when decoded, and decode without warnings.
fn assert_shown(pictures: &[Bytes], wanted: &[Vec<u8>], case: &str) {
    assert_eq!(pictures.len(), wanted.len(), "{case}");
    let mut decoder = Decoder::new().unwrap();
    for (number, (found, wanted)) in pictures.iter().zip(wanted).enumerate() {
        let mut decode = |jpeg: &[u8]| decoder.decode(jpeg, Scale::Full, Canvas::default()).unwrap();
        let (found, wanted) = (decode(found), decode(wanted));
        assert_eq!(found.warning, None, "{case}, picture {number}");
        assert!(found.canvas.pixels == wanted.canvas.pixels, "{case}, picture {number}");
    }
}

/// The source of a case.
enum Source {
    Path(PathBuf),
    /// Standard input, in these parts.
    Pipe(Vec<Vec<u8>>),
}

/// Sends each case from the source made by `write`, and compares the result.
fn check(more: &[&str], write: impl Fn(&Path, &[Vec<u8>]) -> Source) {
    for (case, damage, every, repaired, left_out) in CASES {
        let folder = tempfile::tempdir().unwrap();
        let (pictures, film) = damaged(damage, every);
        let (name, parts) = match write(folder.path(), &pictures) {
            Source::Path(path) => (path.to_str().unwrap().to_owned(), Vec::new()),
            Source::Pipe(parts) => ("-".into(), parts),
        };
        let sent = send(folder.path(), &[&["--source", &name], more].concat(), parts);
        let Sent { summary, errors, .. } = &sent;
        assert_eq!(
            (&summary["repaired"], &summary["damaged"]),
            (&repaired.into(), &left_out.into()),
            "{case}: {summary}"
        );
        assert_eq!(
            (&summary["captured"], sent.code),
            (&(FRAMES as u64 - left_out).into(), 0),
            "{case}: {summary}"
        );
        let is_left_out = |number: &usize| left_out > 0 && number.is_multiple_of(every);
        let wanted: Vec<_> =
            (0..FRAMES).filter(|number| !is_left_out(number)).map(|number| film[number].clone()).collect();
        assert_shown(&sent.pictures, &wanted, case);
        for jpeg in &sent.pictures {
            assert!(segments(jpeg).any(|segment| segment.marker == 0xc4), "{case}: with its Huffman tables");
        }
        assert_eq!(errors.contains("frames are repaired"), repaired > 0, "{case}: {errors}");
        assert_eq!(errors.contains("damaged frames are left out"), left_out > 0, "{case}: {errors}");
        assert!(!errors.contains("the camera"), "{case}: {errors}");
    }
}

#[test]
fn an_mjpeg_file_is_repaired() {
    check(&["--fps", "30"], |folder, pictures| {
        let path = folder.join("film.mjpeg");
        fs::write(&path, pictures.concat()).unwrap();
        Source::Path(path)
    });
}

#[test]
fn a_pipe_of_parts_is_repaired() {
    check(&[], |_, pictures| {
        let part = |jpeg: &Vec<u8>| {
            let head =
                format!("--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n", jpeg.len());
            [head.as_bytes(), jpeg, b"\r\n"].concat()
        };
        Source::Pipe(pictures.iter().map(part).collect())
    });
}

#[test]
fn a_numbered_sequence_is_repaired() {
    check(&["--fps", "30"], |folder, pictures| {
        for (number, jpeg) in pictures.iter().enumerate() {
            fs::write(folder.join(format!("{number:03}.jpg")), jpeg).unwrap();
        }
        Source::Path(folder.join("%03d.jpg"))
    });
}

#[test]
fn a_recording_is_repaired() {
    check(&[], |folder, pictures| {
        let path = folder.join("film.mkv");
        let recorder = Recorder::create(&path, "film", (160, 120)).unwrap();
        for (number, jpeg) in pictures.iter().enumerate() {
            let captured = Timestamp::from_micros(1_700_000_000_000_000 + number as u64 * 33_000);
            let jpeg = jpeg.clone().into();
            let frame = RecordedFrame::new(captured, (160, 120), jpeg);
            assert!(recorder.frame(frame.with_captured(captured)));
        }
        recorder.finish().unwrap();
        Source::Path(path)
    });
}

#[test]
fn losses_reach_the_last_line_and_viewers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mjpeg");
    let mut film = film();
    film[3] = cut(&film[3]);
    film[5] = odd_marker(&film[5]);
    film[8] = unended(&film[8]);
    fs::write(&path, film.concat()).unwrap();
    let relay = RelayProgram::start(&[]);
    let mut watching = common::program::viewer(&relay.addr, &[]);
    let mut sending = pulsecam();
    sending.args(["send", &relay.addr, "--fps", "30", "--source"]).arg(&path);
    let output = sending.output().unwrap();
    let line = common::program::text_of(&output.stdout);
    assert!(line.contains("sent 10 of 10 frames; 2 damaged and dropped, 1 repaired"), "{line}");
    let numbers: Vec<_> =
        (0..10).map(|_| watching.event("frame", |_| true)["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [0, 1, 2, 4, 6, 7, 8, 9, 10, 11], "a gap for each picture that was left out");
}

#[test]
fn a_source_without_decodable_pictures_reports_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mjpeg");
    fs::write(&path, film().iter().flat_map(|jpeg| odd_marker(jpeg)).collect::<Vec<_>>()).unwrap();
    let sent = send(folder.path(), &["--fps", "30", "--source", path.to_str().unwrap()], Vec::new());
    assert_eq!((&sent.summary["damaged"], sent.code), (&12.into(), 1), "{}", sent.summary);
    assert!(sent.errors.contains("12 damaged"), "{}", sent.errors);
}

#[test]
fn a_still_picture_is_repaired() {
    let (folder, film) = (tempfile::tempdir().unwrap(), film());
    let relay = RelayProgram::start(&[]);
    let saved = folder.path().join("saved");
    let mut watching = common::program::viewer(&relay.addr, &["--save", saved.to_str().unwrap()]);
    for (case, damage) in [
        ("no end marker", unended as Damage),
        ("zeros", padded),
        ("stray bytes", stray),
        ("stray bytes behind the start", |jpeg| [&jpeg[..2], &[0; 5], &jpeg[2..]].concat()),
        ("two start markers", restarted),
        ("no Huffman tables", without_tables),
        ("cut in the middle", cut),
    ] {
        let path = folder.path().join("picture.jpg");
        let spoiled = damage(&film[0]);
        fs::write(&path, &spoiled).unwrap();
        let output = common::program::run(&["image", &relay.addr, path.to_str().unwrap()]);
        let errors = common::program::text_of(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{case}: {errors}");
        assert_eq!(errors.contains("repaired ("), case != "no Huffman tables", "{case}: {errors}");
        let event = watching.event("image", |_| true);
        let shown = fs::read(event["saved"].as_str().unwrap_or_else(|| panic!("{event}"))).unwrap();
        if case == "cut in the middle" {
            let rgb = |jpeg: &[u8]| Decoder::new().unwrap().decode_rgb(jpeg).unwrap().bytes().to_vec();
            assert!(rgb(&shown) == rgb(&spoiled), "what a decoder shows of it");
        } else {
            assert_shown(&[shown.into()], &film[..1], case);
        }
    }
    fs::write(folder.path().join("odd.jpg"), odd_marker(&film[0])).unwrap();
    let odd = folder.path().join("odd.jpg");
    common::program::fails(&["image", &relay.addr, odd.to_str().unwrap()], 1, &["odd.jpg", "0x3c"]);
}
