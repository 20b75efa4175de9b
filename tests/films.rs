//! Reading films: Motion-JPEG in Matroska, AVI, QuickTime and MP4 gives the frames that FFmpeg finds in it,
//! byte for byte and at their times; damage costs no more than it costs FFmpeg; no file makes it panic, hang
//! or allocate excessive memory.
//!
//! Needs ffmpeg and ffprobe (`make deps`); fails if they are missing. To run it alone: `make test-recording`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    fs::{self, File},
    io::{Cursor, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use common::{
    program::{RelayProgram, Running, fails, pulsecam, text_of},
    server::{Bare, Server},
};
use pulsecam::{
    film::{self, Demuxer, Input},
    jpeg,
    relay::Config,
    wire::MessageKind,
};
use serde_json::Value;

type Frames = Vec<(Duration, Bytes)>;

/// How a frame is stored.
type Store<'a> = &'a dyn Fn(&[u8]) -> Vec<u8>;

/// Runs ffmpeg, which must report no error.
fn ffmpeg(arguments: &[&str]) {
    let output =
        Command::new("ffmpeg").args(["-v", "error", "-y"]).args(arguments).stdin(Stdio::null()).output();
    let output = output.expect("ffmpeg runs (make deps)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Makes a film of `seconds` at 25 frames a second, with sound at this `volume`.
fn made(folder: &Path, name: &str, seconds: u32, volume: &str, more: &[&str]) -> PathBuf {
    let path = folder.join(name);
    let picture = format!("testsrc=size=160x120:rate=25:duration={seconds}");
    let sound = format!("sine=frequency=440:duration={seconds},volume={volume}");
    let inputs = ["-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", &sound];
    let codecs = ["-c:v", "mjpeg", "-q:v", "5", "-c:a", "pcm_s16le"];
    ffmpeg(&[&inputs[..], &codecs, more, &[path.to_str().unwrap()]].concat());
    path
}

/// Copies the streams into another container.
fn copied(from: &Path, name: &str, more: &[&str]) -> PathBuf {
    let path = from.with_file_name(name);
    ffmpeg(&[&["-i", from.to_str().unwrap(), "-c", "copy"], more, &[path.to_str().unwrap()]].concat());
    path
}

/// The frames that ffmpeg finds, concatenated.
fn bytes_by_ffmpeg(path: &Path) -> Vec<u8> {
    let out = path.with_extension("frames");
    ffmpeg(&["-i", path.to_str().unwrap(), "-map", "0:v", "-c", "copy", "-f", "data", out.to_str().unwrap()]);
    fs::read(out).unwrap()
}

/// The number of frames that ffmpeg reads from a damaged film.
fn saved_by_ffmpeg(path: &Path) -> usize {
    let arguments =
        ["-v", "quiet", "-count_packets", "-select_streams", "v", "-show_entries", "stream=nb_read_packets"];
    let output = Command::new("ffprobe").args(arguments).args(["-of", "csv=p=0"]).arg(path).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().trim_end_matches(',').parse().unwrap_or(0)
}

fn open(path: &Path) -> Box<dyn Demuxer> {
    film::open(Input::file(File::open(path).unwrap()).unwrap()).unwrap()
}

fn error(path: &Path) -> String {
    film::open(Input::file(File::open(path).unwrap()).unwrap()).err().expect("it is refused").to_string()
}

fn in_memory(bytes: Vec<u8>) -> Result<Box<dyn Demuxer>, film::Error> {
    film::open(Input::file(Cursor::new(bytes)).unwrap())
}

fn rest(film: &mut dyn Demuxer) -> Frames {
    std::iter::from_fn(|| film.next_frame().unwrap()).collect()
}

fn joined(frames: &Frames) -> Vec<u8> {
    frames.iter().flat_map(|(_, frame)| frame.to_vec()).collect()
}

/// The number of complete JPEGs among these.
fn whole(frames: &Frames) -> usize {
    frames.iter().filter(|(_, frame)| jpeg::header(frame).is_ok() && jpeg::trimmed(frame).is_some()).count()
}

fn at(frame: u64) -> Duration {
    Duration::from_millis(40 * frame)
}

fn time_of(frame: &Option<(Duration, Bytes)>) -> Option<Duration> {
    frame.as_ref().map(|(time, _)| *time)
}

/// Positions of `mark` in `bytes`.
fn places(bytes: &[u8], mark: &[u8]) -> Vec<usize> {
    bytes
        .windows(mark.len())
        .enumerate()
        .filter(|(_, window)| *window == mark)
        .map(|(place, _)| place)
        .collect()
}

#[test]
fn every_container_gives_the_frames_that_are_in_it_at_their_times() {
    let folder = tempfile::tempdir().unwrap();
    for volume in ["0.01", "20dB"] {
        let avi = made(folder.path(), "film.avi", 2, volume, &[]);
        let wanted = bytes_by_ffmpeg(&avi);
        for path in [
            avi.clone(),
            copied(&avi, "film.mkv", &[]),
            copied(&avi, "live.mkv", &["-live", "1"]),
            copied(&avi, "vfw.mkv", &["-allow_raw_vfw", "1"]),
            copied(&avi, "film.mov", &[]),
            copied(&avi, "first.mov", &["-movflags", "faststart"]),
            copied(&avi, "film.mp4", &["-an"]),
        ] {
            let mut film = open(&path);
            let frames = rest(film.as_mut());
            assert_eq!(frames.len(), 50, "{}", path.display());
            assert!(joined(&frames) == wanted, "{}: other bytes", path.display());
            let times: Vec<_> = frames.iter().map(|(time, _)| *time).collect();
            assert_eq!(times, (0..50).map(at).collect::<Vec<_>>(), "{}", path.display());
            assert_eq!(film.damaged(), 0, "{}", path.display());
        }
    }
}

#[test]
fn what_can_be_read_in_its_order_comes_through_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let avi = made(folder.path(), "film.avi", 1, "0.01", &[]);
    let pipe = |path: &Path| film::open(Input::pipe(File::open(path).unwrap()));
    for path in
        [avi.clone(), copied(&avi, "film.mkv", &[]), copied(&avi, "first.mov", &["-movflags", "faststart"])]
    {
        let mut film = pipe(&path).unwrap();
        assert_eq!(rest(film.as_mut()), rest(open(&path).as_mut()), "{}", path.display());
        assert!(!film.can_seek());
        assert!(matches!(film.seek(at(1)), Err(film::Error::NeedsFile)));
    }
    assert!(matches!(pipe(&copied(&avi, "film.mov", &[])), Err(film::Error::NeedsFile)));
}

/// `- < film.avi` is played like the same file given by name.
#[test]
fn a_film_as_standard_input_is_played_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let relay = RelayProgram::start(&[]);
    let avi = made(folder.path(), "film.avi", 1, "0.01", &[]);
    for path in [avi.clone(), copied(&avi, "film.mkv", &[]), copied(&avi, "film.mov", &[])] {
        let mut command = pulsecam();
        command.args(["send", &relay.addr, "--source", "-", "--json"]).stdin(File::open(&path).unwrap());
        let output = command.output().unwrap();
        let (out, told) = (text_of(&output.stdout), text_of(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{}: {told}", path.display());
        let captured = rest(open(&path).as_mut()).len();
        assert!(out.contains(&format!("\"captured\":{captured},")), "{}: {out}", path.display());
    }
}

#[test]
fn moving_finds_the_frame_at_a_time_or_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let avi = made(folder.path(), "film.avi", 12, "0.01", &[]);
    for path in [
        avi.clone(),
        copied(&avi, "film.mkv", &[]),
        copied(&avi, "small.mkv", &["-cluster_time_limit", "300"]),
        copied(&avi, "live.mkv", &["-live", "1"]),
        copied(&avi, "film.mov", &[]),
    ] {
        let mut film = open(&path);
        let name = path.display();
        let all = rest(film.as_mut());
        assert_eq!(all.len(), 300);
        let length = film.length().unwrap().unwrap();
        assert!(length >= at(299) && length <= at(302), "{name}: {length:?}");
        for frame in [0, 299, 150, 1, 64, 63, 0, 298] {
            for more in [0, 39] {
                film.seek(at(frame) + Duration::from_millis(more)).unwrap();
                let (next, after) = (film.next_frame().unwrap(), film.next_frame().unwrap());
                assert_eq!(time_of(&next), time_of(&all.get(frame as usize).cloned()), "{name}: {frame}");
                assert!(next.as_ref() == all.get(frame as usize), "{name}: {frame}");
                assert!(after.as_ref() == all.get(frame as usize + 1), "{name}: after {frame}");
            }
        }
        film.seek(Duration::MAX).unwrap();
        assert_eq!(film.next_frame().unwrap().as_ref(), all.last(), "{name}: the last");
        assert_eq!(film.next_frame().unwrap(), None);
        assert_eq!(film.damaged(), 0);
    }
}

#[test]
fn an_avi_of_a_camera_whose_battery_died_plays() {
    let folder = tempfile::tempdir().unwrap();
    let avi = made(folder.path(), "film.avi", 2, "0.01", &[]);
    let bytes = fs::read(&avi).unwrap();
    let all = rest(open(&avi).as_mut());
    let movi = places(&bytes, b"movi")[0];
    // The sizes, the index and the number of frames were never written.
    let mut died = bytes[..bytes.len() / 2].to_vec();
    for place in [4, movi - 4, places(&bytes, b"avih")[0] + 8 + 16, places(&bytes, b"strh")[0] + 8 + 32] {
        died[place..place + 4].copy_from_slice(&[0; 4]);
    }
    let mut film = in_memory(died).unwrap();
    let frames = rest(film.as_mut());
    assert!(frames.len() > 20 && frames[..] == all[..frames.len()], "{}", frames.len());
    assert!(film.damaged() <= 1, "the frame that is cut off");
    assert_eq!(film.length().unwrap(), Some(at(frames.len() as u64 + film.damaged())), "as counted");
    film.seek(at(7)).unwrap();
    assert_eq!(film.next_frame().unwrap().as_ref(), Some(&all[7]));
}

#[test]
fn an_avi_in_parts_with_dropped_frames_odd_sizes_and_nested_lists_plays() {
    let folder = tempfile::tempdir().unwrap();
    let avi = made(folder.path(), "film.avi", 1, "0.01", &[]);
    let bytes = fs::read(&avi).unwrap();
    let all = rest(open(&avi).as_mut());
    let movi = places(&bytes, b"movi")[0];
    let header = &bytes[..movi + 4];
    let chunk = |name: &[u8], body: &[u8], pads: bool| {
        let mut chunk = [name, &(body.len() as u32).to_le_bytes(), body].concat();
        chunk.resize(chunk.len() + usize::from(pads && body.len() % 2 == 1), 0);
        chunk
    };
    let list = |name: &[u8], kind: &[u8], body: &[u8]| chunk(name, &[kind, body].concat(), true);
    let odd = |frame: &Bytes| [&frame[..], &[0][..(frame.len() + 1) % 2]].concat();
    let jpegs: Vec<_> = all.iter().map(|(_, frame)| odd(frame)).collect();
    // Sound that looks like a JPEG, and like a chunk.
    let sound = chunk(b"01wb", b"\xff\xd8\xff\xe000dc\x09\0\0\0\xff\xd8\xff", true);
    for pads in [true, false] {
        let frame = |number: usize| chunk(b"00dc", &jpegs[number], pads);
        let first =
            [frame(0), sound.clone(), list(b"LIST", b"rec ", &[sound.clone(), frame(1)].concat())].concat();
        let dropped = [
            chunk(b"00dc", b"", true),
            chunk(b"ix00", &[7; 40], true),
            frame(2),
            chunk(b"JUNK", &[0; 9], true),
        ];
        let second = list(b"RIFF", b"AVIX", &list(b"LIST", b"movi", &[frame(3), sound.clone()].concat()));
        let file = [header, &first, &dropped.concat(), &chunk(b"idx1", &[1; 64], true), &second].concat();
        let mut film = in_memory(file).unwrap();
        let frames = rest(film.as_mut());
        let wanted = [(0, 0), (1, 1), (3, 2), (4, 3)]
            .map(|(time, number)| (at(time), Bytes::from(jpegs[number].clone())));
        assert_eq!(frames, wanted, "pads: {pads}");
        assert_eq!(film.damaged(), 0);
        film.seek(at(2)).unwrap();
        assert_eq!(
            film.next_frame().unwrap(),
            Some(wanted[1].clone()),
            "a dropped frame shows the one before"
        );
    }
}

#[test]
fn an_avi_whose_rate_makes_no_sense_has_the_next_best() {
    let folder = tempfile::tempdir().unwrap();
    let avi = made(folder.path(), "film.avi", 1, "0.01", &[]);
    let bytes = fs::read(&avi).unwrap();
    let rate = places(&bytes, b"strh")[0] + 8 + 20;
    let main = places(&bytes, b"avih")[0] + 8;
    let second = |bytes: &[u8]| rest(in_memory(bytes.to_vec()).unwrap().as_mut())[1].0;
    for (scale, per_second) in [(0u32, 0u32), (1, 0), (0, 25), (1, u32::MAX), (u32::MAX, 1)] {
        let mut other = bytes.clone();
        other[rate..rate + 4].copy_from_slice(&scale.to_le_bytes());
        other[rate + 4..rate + 8].copy_from_slice(&per_second.to_le_bytes());
        assert_eq!(second(&other), at(1), "{scale}/{per_second}: as the main header says");
        other[main..main + 4].copy_from_slice(&[0; 4]);
        assert_eq!(second(&other), Duration::from_nanos(33_333_333), "{scale}/{per_second}: the usual");
    }
}

#[test]
fn damage_costs_no_more_than_it_costs_ffmpeg() {
    let folder = tempfile::tempdir().unwrap();
    let avi = made(folder.path(), "film.avi", 2, "0.01", &[]);
    let mkv = copied(&avi, "film.mkv", &["-an", "-cluster_time_limit", "300"]);
    for path in [avi, mkv] {
        let bytes = fs::read(&path).unwrap();
        let all = rest(open(&path).as_mut());
        let mut dice = fastrand::Rng::with_seed(5);
        for round in 0..20 {
            // Invalid data somewhere behind the header.
            let mut spoilt = bytes.clone();
            let (length, zeros) = (dice.usize(1_000..30_000), dice.bool());
            let start = dice.usize(9_000..spoilt.len() - length);
            spoilt[start..start + length].fill_with(|| if zeros { 0 } else { dice.u8(..) });
            let other = path.with_extension(format!("spoilt.{}", path.extension().unwrap().display()));
            fs::write(&other, &spoilt).unwrap();
            let mut film = open(&other);
            let frames = rest(film.as_mut());
            let good = frames.iter().filter(|(_, frame)| all.iter().any(|(_, one)| one == frame)).count();
            let by_ffmpeg = saved_by_ffmpeg(&other);
            let name = other.display();
            // FFmpeg also counts packets with spoilt bytes.
            let spoilt_here = frames.len() - good;
            assert!(frames.len() + 1 >= by_ffmpeg, "{name} {round}: {} of {by_ffmpeg}", frames.len());
            assert!(
                spoilt_here <= length / 4_000 + 2,
                "{name} {round}: {spoilt_here} spoilt in {length} bytes"
            );
            assert!(
                good == all.len() || film.damaged() + spoilt_here as u64 > 0,
                "{name} {round}: not reported"
            );
            // The count does not depend on seeking.
            let damaged = film.damaged();
            film.seek(Duration::ZERO).unwrap();
            assert_eq!(
                (rest(film.as_mut()).len(), film.damaged()),
                (frames.len(), damaged),
                "{name} {round}"
            );
        }
    }
}

#[test]
fn what_cannot_be_shown_is_refused_by_its_name_and_from_its_header() {
    let folder = tempfile::tempdir().unwrap();
    let h264 = folder.path().join("film.mp4");
    ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        "testsrc=size=64x48:duration=1",
        "-c:v",
        "libx264",
        h264.to_str().unwrap(),
    ]);
    for (path, name) in [
        (h264.clone(), "H.264 (avc1)"),
        (copied(&h264, "film.avi", &[]), "H.264 ("),
        (copied(&h264, "film.mkv", &[]), "H.264 (V_MPEG4/ISO/AVC)"),
        (copied(&h264, "film.mov", &[]), "H.264 (avc1)"),
    ] {
        let told = error(&path);
        assert!(told.contains(name) && told.contains("ffmpeg -i"), "{told}");
    }
    // A film of gigabytes is refused just as quickly.
    let large = copied(&h264, "large.mkv", &[]);
    File::options().write(true).open(&large).unwrap().set_len(20 << 30).unwrap();
    assert!(error(&large).contains("H.264"));
    let avi = made(folder.path(), "mjpeg.avi", 1, "0.01", &[]);
    let sound = copied(&avi, "sound.avi", &["-vn"]);
    assert!(error(&sound).contains("no video"));
    let fragments = copied(&avi, "fragments.mov", &["-movflags", "frag_keyframe+empty_moov"]);
    assert!(error(&fragments).contains("fragmented"));
    let mov = copied(&avi, "film.mov", &[]);
    let cut = fs::read(&mov).unwrap();
    assert!(in_memory(cut[..cut.len() / 2].to_vec()).err().unwrap().to_string().contains("no index (moov)"));
    let mut form_b = cut.clone();
    let place =
        places(&cut, b"jpeg").into_iter().find(|place| cut[place - 8..*place - 4] == [0, 0, 0, 1]).unwrap();
    form_b[place..place + 4].copy_from_slice(b"mjpb");
    assert!(in_memory(form_b).err().unwrap().to_string().contains("Motion-JPEG B"));
}

/// A Matroska element with a size field of four bytes.
fn element(name: &[u8], body: &[u8]) -> Vec<u8> {
    [name, &(0x1000_0000 | body.len() as u32).to_be_bytes(), body].concat()
}

#[test]
fn compressed_tracks_of_matroska_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let avi = made(folder.path(), "film.avi", 1, "0.01", &[]);
    let all = rest(open(&avi).as_mut());
    let zlib = |frame: &[u8]| {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(frame).unwrap();
        encoder.finish().unwrap()
    };
    let strip = |frame: &[u8]| frame[4..].to_vec();
    let settings = [element(b"\x42\x54", &[3]), element(b"\x42\x55", &all[0].1[..4])].concat();
    let ways: [(Vec<u8>, Store<'_>); 2] = [(element(b"\x42\x54", &[0]), &zlib), (settings, &strip)];
    for (compression, store) in ways {
        let encoding = element(b"\x62\x40", &element(b"\x50\x34", &compression));
        let track = [
            element(b"\xd7", &[1]),
            element(b"\x73\xc5", &[1]),
            element(b"\x83", &[1]),
            element(b"\x86", b"V_MJPEG"),
            element(b"\xe0", &[element(b"\xb0", &[160]), element(b"\xba", &[120])].concat()),
            element(b"\x6d\x80", &encoding),
        ];
        let tracks = element(b"\x16\x54\xae\x6b", &element(b"\xae", &track.concat()));
        let mut cluster = element(b"\xe7", &[0]);
        for (time, frame) in &all {
            let head = [&[0x81][..], &(time.as_millis() as i16).to_be_bytes(), &[0x80]].concat();
            cluster.extend(element(b"\xa3", &[head, store(frame)].concat()));
        }
        let body =
            [element(b"\x15\x49\xa9\x66", &[]), tracks, element(b"\x1f\x43\xb6\x75", &cluster)].concat();
        let head = element(b"\x1a\x45\xdf\xa3", &element(b"\x42\x82", b"matroska"));
        let file = [head, element(b"\x18\x53\x80\x67", &body)].concat();
        let path = folder.path().join("stored.mkv");
        fs::write(&path, &file).unwrap();
        assert!(bytes_by_ffmpeg(&path) == joined(&all), "as ffmpeg reads it");
        assert_eq!(rest(open(&path).as_mut()), all);
    }
}

#[test]
fn no_change_of_a_films_bytes_makes_it_panic_or_hang() {
    let folder = tempfile::tempdir().unwrap();
    let avi = made(folder.path(), "film.avi", 1, "0.01", &[]);
    let films =
        [avi.clone(), copied(&avi, "film.mkv", &[]), copied(&avi, "film.mov", &["-movflags", "faststart"])];
    let mut dice = fastrand::Rng::with_seed(3);
    for path in films {
        let bytes = fs::read(&path).unwrap();
        for _ in 0..600 {
            let mut changed = bytes.clone();
            for _ in 0..dice.usize(1..8) {
                // Mostly where sizes and tables are.
                let end = if dice.u8(..4) > 0 { 6_000.min(bytes.len()) } else { bytes.len() };
                let place = dice.usize(..end);
                changed[place] =
                    if dice.bool() { *dice.choice(&[0, 1, 0x7f, 0x80, 0xff]).unwrap() } else { dice.u8(..) };
            }
            if dice.u8(..4) == 0 {
                changed.truncate(dice.usize(..changed.len()));
            }
            let size = changed.len();
            let Ok(mut film) = in_memory(changed) else { continue };
            let _ = film.length();
            let frames = std::iter::from_fn(|| film.next_frame().ok().flatten()).take(10_000);
            let (count, largest) =
                frames.fold((0, 0), |(count, largest), (_, frame)| (count + 1, frame.len().max(largest)));
            assert!(
                count < 10_000 && largest <= size,
                "{}: {count} frames, up to {largest} bytes",
                path.display()
            );
            for to in [0, 1, 500, 100_000] {
                let _ = film.seek(Duration::from_millis(to)).map(|()| film.next_frame());
            }
        }
        assert_eq!(whole(&rest(open(&path).as_mut())), 25);
    }
}

/// The sender's last event for this film, and the frames that came out of the relay.
async fn streamed(source: &str, stdin: Stdio) -> (Value, Vec<u8>) {
    let server = Server::start(Config::default()).await;
    let mut receiver = Bare::connect(server.addr).await;
    let addr = server.addr.to_string();
    let arguments = ["send", &addr, "--source", source, "--json", "--quiet"];
    let mut sending = Running::spawn_with(pulsecam().args(arguments), stdin);
    let (summary, code) = tokio::task::spawn_blocking(move || {
        let summary = sending.event("summary", |event| event["captured"].is_u64());
        (summary, sending.exit_code())
    })
    .await
    .unwrap();
    assert_eq!(code, 0, "{summary}");
    let mut frames = Vec::new();
    for _ in 0..summary["sent"].as_u64().unwrap() {
        let message = loop {
            let message = receiver.receive().await;
            if message.kind() == MessageKind::Video {
                break message;
            }
        };
        frames.extend_from_slice(message.payload().unwrap());
    }
    (summary, frames)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_streams_every_frame_of_a_film_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let avi = made(folder.path(), "film.avi", 1, "0.01", &[]);
    let mov = copied(&avi, "film.mov", &[]);
    let wanted = bytes_by_ffmpeg(&avi);
    for path in [&avi, &mov, &copied(&avi, "film.mp4", &["-an"]), &copied(&avi, "film.mkv", &[])] {
        let (summary, frames) = streamed(path.to_str().unwrap(), Stdio::null()).await;
        assert_eq!(
            (&summary["sent"], &summary["damaged"]),
            (&25.into(), &0.into()),
            "{}: {summary}",
            path.display()
        );
        assert!(frames == wanted, "{}", path.display());
    }
    let (_, frames) = streamed("recording:-", File::open(&mov).unwrap().into()).await;
    assert!(frames == wanted, "seeking works if standard input is a file");
    let mut cat = Command::new("cat").arg(&avi).stdout(Stdio::piped()).spawn().unwrap();
    let (_, frames) = streamed("recording:-", cat.stdout.take().unwrap().into()).await;
    assert!(cat.wait().unwrap().success() && frames == wanted, "and a pipe is read in order");
    // Damage is counted in the last line.
    let mut spoilt = fs::read(&avi).unwrap();
    let third = places(&spoilt, b"00dc")[2];
    spoilt[third..third + 300].fill(0x55);
    let path = folder.path().join("spoilt.avi");
    fs::write(&path, spoilt).unwrap();
    let (summary, _) = streamed(path.to_str().unwrap(), Stdio::null()).await;
    assert_eq!((&summary["sent"], &summary["damaged"]), (&24.into(), &1.into()), "{summary}");
}

fn pattern(relay: &RelayProgram, name: &str) -> Running {
    let source = ["--source", "pattern", "--size", "160x120", "--fps", "25", "--quiet", "--name", name];
    Running::start(&[&["send", &relay.addr][..], &source].concat())
}

/// Runs `record HOST --out -` into another program.
fn piped(relay: &RelayProgram, more: &[&str], into: &str) -> (Vec<u8>, String, i32) {
    let script = format!(r#"set -o pipefail; "$0" record "$@" --out - | {into}"#);
    let mut shell = Command::new("bash");
    shell.args(["-c", &script]).arg(pulsecam().get_program()).arg(&relay.addr).args(more);
    let output = shell.env_remove("DISPLAY").stdin(Stdio::null()).output().unwrap();
    let code = output.status.code().unwrap_or(-1);
    (output.stdout, String::from_utf8_lossy(&output.stderr).into_owned(), code)
}

#[test]
fn a_recording_goes_through_a_pipe_as_it_comes() {
    let relay = RelayProgram::start(&[]);
    let (_ann, _bob) = (pattern(&relay, "ann"), pattern(&relay, "bob"));
    let probe =
        "ffprobe -v warning -count_packets -show_entries stream=codec_name,nb_read_packets -of csv=p=0 -";
    let (out, told, code) = piped(&relay, &["--stream", "ann", "--frames", "30"], probe);
    assert!(text_of(&out).starts_with("mjpeg,30") && code == 0, "{out:?}: {told}");
    assert!(told.contains("30 frames") && !told.contains("prematurely"), "{told}");
    let (out, told, code) = piped(&relay, &["--frames", "30"], "cat");
    let mut film = film::open(Input::pipe(Cursor::new(out))).unwrap();
    let frames = rest(film.as_mut());
    assert_eq!((frames.len(), whole(&frames), code), (30, 30, 0), "{told}");
    assert!(told.contains("standard output takes one"), "the other stream is mentioned: {told}");
    // A reader that closes the pipe ends it, without an error; a reader that cannot store it is an error.
    let (_, told, code) = piped(&relay, &["--for", "60s"], "head -c 20000 >/dev/null");
    assert_eq!(code, 0, "{told}");
    let script = r#""$0" record "$1" --out - >/dev/full"#;
    let mut shell = Command::new("bash");
    shell.args(["-c", script]).arg(pulsecam().get_program()).arg(&relay.addr).stdin(Stdio::null());
    let output = shell.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("cannot record into standard output: the disk is full"), "{told}");
    // A reader that takes nothing does not delay the end.
    let (mut stuck, mut command) = (Vec::new(), pulsecam());
    let child =
        command.args(["record", &relay.addr, "--out", "-"]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = child.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap()));
    // A status line is printed each second: after a few, the pipe is full.
    let told = lines.by_ref().map_while(Result::ok).filter(|line| line.contains(" frames, "));
    stuck.extend(told.take(4));
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    stuck.extend(lines.map_while(Result::ok));
    assert_eq!(child.wait().unwrap().code(), Some(0), "{stuck:?}");
    assert!(stuck.iter().any(|line| line.contains("its reader was too slow for")), "{stuck:?}");
}

#[test]
fn a_recording_says_what_it_will_not_write() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["x.mp4", "x.AVI", "x.jpg", "x.webm"] {
        let path = folder.path().join(name);
        let words = ["recordings are Matroska", "x.mkv", "ffmpeg -i"];
        fails(&["record", "127.0.0.1:9", "--out", path.to_str().unwrap()], 2, &words);
    }
    fails(&["record", "127.0.0.1:9", "--out", "-", "--json"], 2, &["--json"]);
}

#[test]
fn a_disk_that_is_full_at_once_keeps_no_empty_file() {
    let folder = tempfile::tempdir().unwrap();
    let relay = RelayProgram::start(&[]);
    let _ann = pattern(&relay, "ann");
    // The file size is limited to nothing, or to the header (1 kB).
    for blocks in [0, 1] {
        let script =
            format!(r#"trap "" XFSZ; ulimit -f {blocks}; exec "$0" record "$1" --out "$2" --for 60s"#);
        let mut shell = Command::new("bash");
        shell
            .args(["-c", &script])
            .arg(pulsecam().get_program())
            .arg(&relay.addr)
            .arg(folder.path().join("x.mkv"));
        let output = shell.stdin(Stdio::null()).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains("cannot record into"), "{told}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{told}");
    }
}

#[test]
fn names_that_make_one_file_name_go_into_files_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let relay = RelayProgram::start(&[]);
    let _all = ["first", "ann", "ann.", "ann"].map(|name| pattern(&relay, name));
    fs::write(folder.path().join("talk-ann.mkv"), "yesterday's").unwrap();
    let file = folder.path().join("talk.mkv");
    let mut recording = Running::start(&["record", &relay.addr, "--out", file.to_str().unwrap(), "--json"]);
    let mut files: Vec<_> =
        (0..4).map(|_| recording.event("recording", |_| true)["file"].to_string()).collect();
    recording.event("status", |_| true);
    recording.signal("INT");
    assert_eq!(recording.exit_code(), 0);
    files.sort();
    files.dedup();
    assert_eq!(files.len(), 4, "{files:?}");
    assert_eq!(fs::read(folder.path().join("talk-ann.mkv")).unwrap(), b"yesterday's");
}
