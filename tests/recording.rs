//! Recordings contain what arrived, byte for byte and at its time; a crash or a full disk leaves a file that
//! plays.
//!
//! Needs ffmpeg and ffprobe (`make deps`); fails if they are missing. To run it alone: `make test-recording`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    fs::{self, File},
    io::Cursor,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use common::program::{RelayProgram, Running, pulsecam};
use pulsecam::{
    capture::stamp,
    clock::Timestamp,
    film::{self, Demuxer, Input},
    jpeg::{Decoder, Encoder, Scale},
    picture::{Canvas, Picture, Pixels},
    recording::{FileTarget, RecordedFrame, Recorder, Recordings},
    stream_id::StreamId,
};
use serde_json::Value;

fn picture(width: usize, height: usize, shade: u8) -> Bytes {
    let pixels = (0..width * height).flat_map(|i| [shade, (i % 251) as u8, 90]).collect();
    Encoder::new(80).unwrap().encode(&Picture { width, height, pixels: Pixels::Rgb(pixels) }).unwrap()
}

fn taken(millis: u64, jpeg: &Bytes, size: (usize, usize)) -> RecordedFrame {
    let captured = Timestamp::from_micros(1_700_000_000_000_000 + millis * 1_000);
    RecordedFrame::new(captured.offset(5_000_000), size, jpeg.clone()).with_captured(captured)
}

const ANN: StreamId = StreamId::new(1);

/// Irregular times, with a long pause.
const TIMES: [u64; 8] = [0, 33, 40, 190, 191, 1_500, 4_700, 4_733];

/// Makes a recording with those times, each frame with another shade.
fn recorded(path: &Path) -> Vec<Bytes> {
    let recorder = Recorder::create(path, "测试", (320, 240)).unwrap();
    let frames: Vec<_> = (0..TIMES.len() as u8).map(|i| picture(320, 240, 30 * i)).collect();
    for (time, frame) in TIMES.iter().zip(&frames) {
        assert!(recorder.frame(taken(*time, frame, (320, 240))));
    }
    let finished = recorder.finish().unwrap();
    assert_eq!((finished.frames, finished.length, finished.lost), (8, Duration::from_millis(4_733), 0));
    assert_eq!(finished.bytes, fs::metadata(path).unwrap().len());
    frames
}

fn open(path: &Path) -> Box<dyn Demuxer> {
    film::open(Input::file(File::open(path).unwrap()).unwrap()).unwrap()
}

fn pipe(bytes: &[u8]) -> Result<Box<dyn Demuxer>, film::Error> {
    film::open(Input::pipe(Cursor::new(bytes.to_vec())))
}

/// The output of ffprobe, which must not report problems.
fn probe(path: &Path, what: &str) -> Value {
    let arguments = ["-v", "warning", "-of", "json", "-count_packets", "-show_entries", what];
    let output =
        Command::new("ffprobe").args(arguments).arg(path).output().expect("ffprobe runs (make deps)");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(told.is_empty() || told.contains("prematurely"), "{told}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn packets(path: &Path) -> usize {
    let stream = &probe(path, "stream=nb_read_packets")["streams"][0]["nb_read_packets"];
    stream.as_str().unwrap().parse().unwrap()
}

/// Decodes everything, or the first frame from some time on: ffmpeg must report no error.
fn ffmpeg(path: &Path, from: Option<&str>, out: &Path) {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y"]);
    if let Some(from) = from {
        command.args(["-ss", from]);
    }
    command.arg("-i").arg(path);
    match from {
        Some(_) => command.args(["-frames:v", "1", "-c", "copy", "-f", "image2", "-update", "1"]).arg(out),
        // Frames may be closer together than the rate that ffmpeg guesses.
        None => command.args(["-fps_mode", "passthrough", "-enc_time_base", "-1", "-f", "null", "-"]),
    };
    let output = command.output().expect("ffmpeg runs (make deps)");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.is_empty(), "{told}");
}

#[test]
fn players_read_the_times_the_size_and_every_frame_as_it_came() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mkv");
    let frames = recorded(&path);
    let told = probe(&path, "stream=codec_name,width,height:packet=pts_time:format=duration");
    let stream = &told["streams"][0];
    assert_eq!(
        (&stream["codec_name"], &stream["width"], &stream["height"]),
        (&"mjpeg".into(), &320.into(), &240.into())
    );
    let times: Vec<_> =
        told["packets"].as_array().unwrap().iter().map(|p| p["pts_time"].as_str().unwrap()).collect();
    let wanted: Vec<_> = TIMES.iter().map(|time| format!("{:.6}", *time as f64 / 1e3)).collect();
    assert_eq!(times, wanted);
    assert_eq!(told["format"]["duration"], "4.733100", "to the end of the last tick");
    ffmpeg(&path, None, Path::new("-"));
    // Seeks by the index, as players do.
    let found = folder.path().join("found.jpg");
    ffmpeg(&path, Some("4.70"), &found);
    assert!(fs::read(&found).unwrap() == frames[6], "the seventh");

    let mut reader = open(&path);
    for (time, frame) in TIMES.iter().zip(&frames) {
        assert_eq!(reader.next_frame().unwrap(), Some((Duration::from_millis(*time), frame.clone())));
    }
    assert_eq!(reader.next_frame().unwrap(), None);
}

#[test]
fn a_file_that_is_cut_anywhere_plays_to_its_last_whole_frame() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mkv");
    let frames = recorded(&path);
    let whole = fs::read(&path).unwrap();
    let mut most = 0;
    for length in (0..whole.len()).step_by(97) {
        let Ok(mut reader) = pipe(&whole[..length]) else { continue };
        let mut count = 0;
        while let Some((_, frame)) = reader.next_frame().unwrap() {
            assert_eq!(frame, frames[count]);
            count += 1;
        }
        assert!(count >= most, "more bytes, fewer frames");
        most = count;
    }
    assert_eq!(most, frames.len());
}

#[test]
fn files_of_other_programs_are_read_and_other_codecs_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let (path, other) = (folder.path().join("a.mkv"), folder.path().join("other.mkv"));
    let frames = recorded(&path);
    let remux = |codec: &[&str]| {
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-y", "-i"]).arg(&path).args(codec).arg(&other);
        assert!(command.status().unwrap().success());
    };
    remux(&["-c", "copy"]);
    let mut reader = open(&other);
    let mut count = 0;
    while let Some((_, frame)) = reader.next_frame().unwrap() {
        assert_eq!(frame, frames[count]);
        count += 1;
    }
    assert_eq!(count, frames.len());
    remux(&["-c:v", "ffv1"]);
    let error = film::open(Input::file(File::open(&other).unwrap()).unwrap()).err().unwrap().to_string();
    assert!(error.contains("FFV1 (FFV1), not Motion-JPEG"), "{error}");
    assert!(matches!(pipe(b"no film"), Err(film::Error::NotAFilm)));
}

#[test]
fn hostile_files_end_or_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mkv");
    recorded(&path);
    let whole = fs::read(&path).unwrap();
    let mut dice = fastrand::Rng::with_seed(6);
    for _ in 0..2_000 {
        let mut spoilt = whole.clone();
        for _ in 0..dice.usize(1..6) {
            // Mostly where lengths and times are.
            let end = if dice.bool() { 900 } else { spoilt.len() };
            let at = dice.usize(..end);
            spoilt[at] = dice.u8(..);
        }
        let Ok(mut reader) = pipe(&spoilt) else { continue };
        let frames = std::iter::from_fn(|| reader.next_frame().ok().flatten()).take(1_000).count();
        assert!(frames < 1_000);
    }
    // A frame that claims a size beyond the limit.
    let mut huge = whole[..700].to_vec();
    huge.extend([0x1f, 0x43, 0xb6, 0x75, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    huge.extend([0xa3, 0x01, 0, 0, 0x0f, 0xff, 0xff, 0xff, 0xff]);
    let mut reader = pipe(&huge).unwrap();
    assert_eq!((reader.next_frame().unwrap(), reader.damaged()), (None, 1));
}

#[test]
fn each_stream_has_a_file_and_none_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("talk.mkv");
    let mut takes = Recordings::new(FileTarget::File(path.clone()), None);
    let small = picture(64, 48, 9);
    for time in 0..5 {
        for (stream, name) in [(ANN, "ann"), (StreamId::new(2), "../小明"), (StreamId::new(3), "ann")] {
            let begun = takes.frame(stream, name, taken(40 * time, &small, (64, 48))).unwrap();
            assert_eq!(begun.map(|begun| begun.stream), (time == 0).then_some(stream));
        }
    }
    assert!(takes.finish().into_iter().all(|finished| finished.unwrap().frames == 5));
    let mut names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["talk-ann.mkv", "talk-小明.mkv", "talk.mkv"]);
    let mut again = Recordings::new(FileTarget::File(path), None);
    let begun = again.frame(ANN, "ann", taken(0, &small, (64, 48))).unwrap().unwrap();
    assert_eq!(begun.path, folder.path().join("talk-2.mkv"));
}

#[test]
fn a_stream_that_cannot_be_recorded_is_reported_once_and_the_others_continue() {
    let folder = tempfile::tempdir().unwrap();
    let gone = folder.path().join("gone");
    fs::create_dir(&gone).unwrap();
    let mut takes = Recordings::new(FileTarget::File(gone.join("talk.mkv")), None);
    let small = picture(64, 48, 9);
    let mut frame = |stream, time| takes.frame(stream, "ann", taken(time, &small, (64, 48)));
    frame(ANN, 0).unwrap();
    fs::rename(&gone, folder.path().join("moved")).unwrap();
    let other = StreamId::new(2);
    let error = frame(other, 0).unwrap_err().to_string();
    assert!(error.contains("cannot record into"), "{error}");
    for time in 1..5 {
        assert!(frame(other, time).unwrap().is_none(), "reported once");
        frame(ANN, time).unwrap();
    }
    assert!(!takes.is_empty());
    let finished = takes.finish();
    assert_eq!(finished.len(), 1);
    assert_eq!(finished[0].as_ref().unwrap().frames, 5);
}

#[test]
fn a_peers_name_steers_no_terminal_that_shows_what_a_file_says_of_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mkv");
    let name = "a\x1b]0;title\x07\u{9b}2J\u{202e}b\nc";
    let recorder = Recorder::create(&path, name, (64, 48)).unwrap();
    recorder.frame(taken(0, &picture(64, 48, 9), (64, 48)));
    recorder.finish().unwrap();
    let told = probe(&path, "format_tags=title:stream_tags=title");
    let calm = "a\u{fffd}]0;title\u{fffd}\u{fffd}2J\u{fffd}b c";
    assert_eq!(told["format"]["tags"]["title"], calm);
    assert_eq!(told["streams"][0]["tags"]["title"], calm);
}

#[test]
fn a_stream_that_changes_its_size_goes_on_in_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mkv");
    let recorder = Recorder::create(&path, "a", (320, 240)).unwrap();
    for (time, (width, height)) in
        [(320, 240), (320, 240), (160, 120), (80, 60), (320, 240)].into_iter().enumerate()
    {
        recorder.frame(taken(40 * time as u64, &picture(width, height, 99), (width, height)));
    }
    recorder.finish().unwrap();
    assert_eq!(packets(&path), 5);
    ffmpeg(&path, None, Path::new("-"));
}

fn sender(relay: &RelayProgram) -> Running {
    let pattern = ["--source", "pattern", "--size", "320x240", "--fps", "25", "--name", "Küche", "--quiet"];
    let mut arguments = vec!["send", relay.addr.as_str()];
    arguments.extend(pattern);
    Running::start(&arguments)
}

#[test]
fn the_program_records_until_it_is_told_to_stop_and_plays_what_it_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mkv");
    let relay = RelayProgram::start(&[]);
    let sending = sender(&relay);
    let mut viewer = Running::start(&["view", &relay.addr, "--no-window", "--json"]);
    viewer.event("frame", |_| true);
    let file = path.to_str().unwrap();
    let mut recording = Running::start(&["record", &relay.addr, "--out", file, "--json"]);
    assert_eq!(recording.event("recording", |_| true)["stream"], "Küche");
    recording.event("status", |status| status["frames"].as_u64().unwrap() > 30);
    recording.signal("INT");
    let saved = recording.event("saved", |_| true);
    assert_eq!(recording.exit_code(), 0);
    let frames = saved["frames"].as_u64().unwrap() as usize;
    assert_eq!(packets(&path), frames);
    // The stamps in the test picture identify the frames: all of them, one after another, each a 25th of a
    // second later.
    let mut reader = open(&path);
    let mut seqs = Vec::new();
    let mut decoder = Decoder::new().unwrap();
    while let Some((time, frame)) = reader.next_frame().unwrap() {
        let canvas = decoder.decode(&frame, Scale::Full, Canvas::default()).unwrap().canvas;
        let stamp = stamp::read(&canvas).unwrap();
        seqs.push((stamp.seq, stamp.captured.as_micros(), time));
    }
    assert_eq!(seqs.len(), frames);
    let (first_seq, first_captured, _) = seqs[0];
    for (index, (seq, captured, time)) in seqs.iter().enumerate() {
        assert_eq!(*seq, first_seq + index as u32, "none is missing");
        assert!(time.as_micros().abs_diff(u128::from(captured - first_captured)) <= 200, "by capture time");
    }
    drop(sending);
    viewer.forget();
    let mut playing = Running::start(&["play", file, &relay.addr, "--name", "again", "--json"]);
    let size = fs::metadata(&path).unwrap().len();
    viewer.event("frame", |frame| frame["stream"] == "again" && frame["bytes"].as_u64().unwrap() < size);
    let summary = playing.event("summary", |_| true);
    assert_eq!(summary["captured"], frames, "{summary}");
    assert_eq!(summary["encoded"], 0, "as they are: {summary}");
    assert_eq!(playing.exit_code(), 0);
    // Played locally, it ends like a film.
    let shown =
        pulsecam().args(["play", file, "--no-window", "--json"]).stdin(Stdio::null()).output().unwrap();
    assert!(shown.status.success(), "{shown:?}");
    let lines = String::from_utf8(shown.stdout).unwrap();
    let mut events = lines.lines().rev().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let summary = events.find(|event| event["event"] == "summary" && event["streams"].is_array()).unwrap();
    assert!(summary["frames"].as_u64().unwrap() > 0, "{summary}");
    let again =
        pulsecam().args(["record", &relay.addr, "--out", file]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("already exists"));
}

#[test]
fn a_crash_costs_the_last_second_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mkv");
    let relay = RelayProgram::start(&[]);
    let _sending = sender(&relay);
    let mut recording = Running::start(&["record", &relay.addr, "--out", path.to_str().unwrap(), "--json"]);
    let status = recording.event("status", |status| status["frames"].as_u64().unwrap() > 60);
    recording.signal("KILL");
    recording.exit_code();
    let had = status["frames"].as_u64().unwrap() as usize;
    let kept = packets(&path);
    assert!(kept + 26 >= had, "{kept} of {had}");
    ffmpeg(&path, None, Path::new("-"));
    ffmpeg(&path, Some("1"), &folder.path().join("found.jpg"));
}

#[test]
fn a_full_disk_leaves_what_was_written_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mkv");
    let relay = RelayProgram::start(&[]);
    let _sending = sender(&relay);
    // The file size is limited to 400 kB, which the system reports like a full disk.
    let script = r#"trap "" XFSZ; ulimit -f 400; exec "$0" record "$1" --out "$2" --for 60s"#;
    let program = pulsecam();
    let mut shell = Command::new("bash");
    shell.args(["-c", script]).arg(program.get_program()).arg(&relay.addr).arg(&path).env_remove("DISPLAY");
    let output = shell.stdin(Stdio::null()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("recording stopped after") && told.contains("plays up to that point"), "{told}");
    let kept = packets(&path);
    assert!(kept > 10 && told.contains(&format!("after {kept} frames")), "{kept}: {told}");
    ffmpeg(&path, None, Path::new("-"));
    assert!(probe(&path, "format=duration")["format"]["duration"].is_string(), "the duration was written");
}
