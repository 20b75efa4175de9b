//! Sources, tested with the built program, real pipes and real FIFOs. Pipes are live, files keep their pace,
//! and other formats are named.
//!
//! Needs ffmpeg (`make deps`); fails without it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{ChildStdin, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use common::{
    clip,
    program::{RelayProgram, Running, pulsecam, run, text_of, viewer},
    server::{Bare, Server},
};
use pulsecam::{
    clock::Timestamp,
    relay::Config,
    wire::{FrameInfo, Message, MessageKind},
};

/// A picture with its number in a comment.
fn numbered(number: u32) -> Vec<u8> {
    let mut jpeg = clip::plain(64, 48, clip::RED);
    let comment = [&[0xff, 0xfe, 0, 6][..], &number.to_be_bytes()].concat();
    jpeg.splice(2..2, comment);
    jpeg
}

fn number_of(message: &Message) -> u32 {
    u32::from_be_bytes(message.payload().unwrap()[6..10].try_into().unwrap())
}

/// A sender of what is written to its standard input.
fn piped(host: &str, more: &[&str]) -> (Running, ChildStdin) {
    let mut sending = Running::start(&[&["send", host, "--quiet", "--json"][..], more].concat());
    let stdin = sending.stdin.take().unwrap();
    (sending, stdin)
}

/// Runs a command to its end with these bytes piped to its standard input.
fn run_piped(arguments: &[&str], bytes: &[u8]) -> Output {
    let mut command = pulsecam();
    let command = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut stdin, bytes) = (child.stdin.take().unwrap(), bytes.to_vec());
    let writing = thread::spawn(move || _ = stdin.write_all(&bytes)); // the program may not read it all
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    output
}

/// Asserts status 1 and an error with all of these words.
fn failed(output: &Output, words: &[&str]) {
    let complaint = text_of(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    let last = complaint.lines().find(|line| line.starts_with("pulsecam: ")).unwrap_or_default();
    for word in words {
        assert!(last.contains(word), "{word:?} should be in {last:?}: {complaint}");
    }
}

fn fifo(folder: &Path) -> PathBuf {
    let path = folder.join("fifo");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

fn ffmpeg(arguments: &[&str]) -> Vec<u8> {
    let source = ["-loglevel", "error", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=25:duration=1"];
    let output = Command::new("ffmpeg")
        .args(source)
        .args(arguments)
        .arg("-")
        .output()
        .expect("ffmpeg runs (make deps)");
    assert!(output.status.success() && output.stdout.len() > 1000, "{output:?}");
    output.stdout
}

/// Receives until nothing arrives for half a second: the frames' numbers and descriptions.
async fn received(relay: &mut Bare) -> Vec<(u32, FrameInfo)> {
    let mut frames = Vec::new();
    let pause = Duration::from_millis(500);
    while let Ok(Ok(Some(message))) = tokio::time::timeout(pause, relay.reader.next()).await {
        if message.kind() == MessageKind::Video {
            frames.push((number_of(&message), FrameInfo::parse(message.description())));
        }
    }
    frames
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ceiling_on_a_pipe_lets_the_newest_through_and_none_gets_old() {
    const PICTURES: u32 = 150;
    let server = Server::start(Config::default()).await;
    let host = server.addr.to_string();
    let mut viewer = Bare::connect(server.addr).await;
    let (mut sending, mut pipe) = piped(&host, &["--source", "-", "--fps", "15"]);
    let writing = tokio::task::spawn_blocking(move || {
        let began = Instant::now();
        let mut written = Vec::new();
        for number in 0..PICTURES {
            let due = began + Duration::from_secs_f64(f64::from(number) / 30.0);
            thread::sleep(due.saturating_duration_since(Instant::now()));
            pipe.write_all(&numbered(number)).unwrap();
            written.push(Timestamp::now());
        }
        (pipe, written, began.elapsed())
    });
    let reading = tokio::spawn(async move {
        let mut frames = Vec::new();
        while frames.is_empty() {
            frames = received(&mut viewer).await; // the program is starting
        }
        frames
    });
    // The pipe stays open: a frame that has not arrived by now would be late.
    let (pipe, written, took) = writing.await.unwrap();
    let frames = reading.await.unwrap();
    let (last, _) = frames.last().unwrap();
    assert!(PICTURES - last <= 4, "the newest received is {last} of {PICTURES}");
    let most = (took.as_secs_f64() * 15.0) as usize + 2;
    assert!((20..=most).contains(&frames.len()), "{} frames, at most {most}", frames.len());
    // Which of them go on is up to when they come, on a busy machine: `capture::newest` has its tests.
    assert!(frames.is_sorted_by(|before, after| before.0 < after.0), "in order");
    for (place, (number, info)) in frames.iter().enumerate() {
        assert_eq!(info.seq, Some(place as u64), "viewers must not count the limit as losses");
        let captured = info.captured.unwrap().as_micros();
        let off = captured.abs_diff(written[*number as usize].as_micros());
        assert!(off < 1_000_000, "capture time of {number} is {off} µs off the time of writing");
    }
    drop(pipe);
    let summary = sending.event("summary", |_| true);
    let count = |name: &str| summary[name].as_u64().unwrap();
    assert_eq!(count("captured"), u64::from(PICTURES), "{summary}");
    assert_eq!(count("sent") + count("skipped_before_encoding"), u64::from(PICTURES), "{summary}");
    assert_eq!(sending.exit_code(), 0);
    server.stop().await;
}

#[test]
fn a_burst_through_a_pipe_comes_whole_and_a_file_keeps_its_pace() {
    let relay = RelayProgram::start(&[]);
    let mut watching = viewer(&relay.addr, &[]);
    let stream: Vec<u8> = (0..20).flat_map(numbered).collect();
    let output = run_piped(&["send", &relay.addr, "--source", "-", "--json", "--quiet"], &stream);
    let summary = text_of(&output.stdout).lines().last().unwrap().to_owned();
    assert!(output.status.success() && summary.contains("\"captured\":20"), "{summary}");
    assert!(summary.contains("\"skipped_before_encoding\":0"), "no picture of a burst is dropped: {summary}");
    watching.event("frame", |frame| frame["seq"] == 19);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dump");
    fs::write(&file, &stream).unwrap();
    let all = ["send", &relay.addr, "--source", "-", "--fps", "100", "--json", "--quiet"];
    let output = pulsecam().args(all).stdin(File::open(&file).unwrap()).output().unwrap();
    let summary = text_of(&output.stdout).lines().last().unwrap().to_owned();
    assert!(output.status.success() && summary.contains("\"captured\":20"), "{summary}");
    assert!(summary.contains("\"skipped_before_encoding\":0"), "no picture of a file is dropped: {summary}");
    // A dump with an unknown extension, opened by its name.
    let multipart =
        (0..5).flat_map(|n| [&b"--b\r\nContent-Type: image/jpeg\r\n\r\n"[..], &numbered(n)].concat());
    fs::write(&file, multipart.collect::<Vec<_>>()).unwrap();
    let output = run(&["send", &relay.addr, "--source", file.to_str().unwrap(), "--fps", "50", "--quiet"]);
    assert_eq!(text_of(&output.stdout).trim(), "sent 5 of 5 frames");
}

#[test]
fn fifos_devices_and_dev_stdin_are_read_as_a_pipe_is() {
    let relay = RelayProgram::start(&[]);
    let mut watching = viewer(&relay.addr, &[]);
    let folder = tempfile::tempdir().unwrap();
    let path = fifo(folder.path());
    let path = path.to_str().unwrap();
    let photo = numbered(1);
    for source in [path.to_owned(), format!("mjpeg:{path}")] {
        let (to, bytes) = (path.to_owned(), photo.clone());
        let writing = thread::spawn(move || fs::write(to, bytes).unwrap());
        let output = run(&["send", &relay.addr, "--source", &source, "--quiet"]);
        assert_eq!(output.status.code(), Some(0), "{source}: {output:?}");
        writing.join().unwrap();
        assert_eq!(watching.event("frame", |_| true)["bytes"], photo.len(), "{source}");
    }
    for source in ["/dev/stdin", "/dev/fd/0", "mjpeg:/dev/stdin", "/proc/self/fd/0"] {
        let output = run_piped(&["send", &relay.addr, "--source", source, "--quiet"], &photo);
        assert_eq!(output.status.code(), Some(0), "{source}: {output:?}");
        assert_eq!(watching.event("frame", |_| true)["bytes"], photo.len(), "{source}");
    }
    failed(&run(&["send", &relay.addr, "--source", "/dev/null", "--quiet"]), &["/dev/null ended", "0 bytes"]);
    let png = folder.path().join("a.png");
    image::RgbImage::from_pixel(64, 48, image::Rgb([200, 30, 30])).save(&png).unwrap();
    let (to, bytes) = (path.to_owned(), fs::read(&png).unwrap());
    let writing = thread::spawn(move || _ = fs::write(to, bytes)); // refused before all is read
    failed(&run(&["send", &relay.addr, "--source", path, "--quiet"]), &[path, "a PNG picture", "ffmpeg"]);
    writing.join().unwrap();
}

#[test]
fn a_socket_as_standard_input_is_a_pipe_too() {
    use std::os::unix::net::UnixStream;
    let relay = RelayProgram::start(&[]);
    let mut watching = viewer(&relay.addr, &[]);
    for source in ["-", "/dev/stdin"] {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let theirs: std::os::fd::OwnedFd = theirs.into();
        let mut command = pulsecam();
        let send = ["send", &relay.addr, "--source", source, "--quiet"];
        let mut sending = Running::spawn_with(command.args(send), theirs.into());
        drop(command); // it also holds the other end
        ours.write_all(&numbered(1)).unwrap();
        watching.event("frame", |_| true);
        drop(ours);
        assert_eq!(sending.exit_code(), 0, "{source}");
    }
}

#[test]
fn what_a_pipe_brings_instead_is_named_with_the_command_that_converts_it() {
    let relay = RelayProgram::start(&[]);
    let send = ["send", &relay.addr, "--source", "-", "--quiet"];
    failed(
        &run_piped(&send, b""),
        &["nothing was sent", "standard input ended before the first picture: 0 bytes"],
    );
    failed(&run_piped(&send, b"curl: (7) no route\n"), &["19 bytes", "text", "curl: (7) no route"]);
    let page = b"HTTP/1.1 401 Unauthorized\r\nContent-Type: text/html\r\n\r\n<html>no</html>";
    failed(&run_piped(&send, page), &["401 Unauthorized"]);
    for (arguments, words) in [
        (&["-c:v", "png", "-f", "image2pipe"][..], ["a PNG picture", "ffmpeg -f png_pipe -i - -f mjpeg -"]),
        (&["-c:v", "libx264", "-f", "h264"], ["H.264", "ffmpeg -f h264 -i - -f mjpeg -"]),
        (
            &["-c:v", "libx265", "-x265-params", "log-level=none", "-f", "hevc"],
            ["H.265", "ffmpeg -f hevc -i -"],
        ),
        (&["-c:v", "mpeg2video", "-f", "mpegts"], ["MPEG-TS", "ffmpeg -f mpegts -i - -f mjpeg -"]),
        (&["-c:v", "mpeg2video", "-f", "vob"], ["MPEG-PS", "ffmpeg -f mpeg -i - -f mjpeg -"]),
        (&["-c:v", "libx264", "-f", "matroska"], ["Matroska", "ffmpeg -f matroska -i - -f mjpeg -"]),
        (
            &["-c:v", "libx264", "-movflags", "frag_keyframe+empty_moov", "-f", "mp4"],
            ["MP4", "ffmpeg -f mov -i -"],
        ),
        (
            &["-f", "yuv4mpegpipe", "-pix_fmt", "yuv420p"],
            ["YUV4MPEG2", "ffmpeg -f yuv4mpegpipe -i - -f mjpeg -"],
        ),
        (&["-c:v", "gif", "-f", "gif"], ["a GIF picture", "ffmpeg -f gif_pipe -i - -f mjpeg -"]),
    ] {
        let bytes = ffmpeg(arguments);
        failed(&run_piped(&send, &bytes), &words);
        // The error must be reported while the pipe is still open.
        let (mut sending, mut pipe) = piped(&relay.addr, &["--source", "-"]);
        let _ = pipe.write_all(&bytes[..bytes.len().min(50_000)]); // it may already be refused
        assert_eq!(sending.exit_code(), 1, "{words:?}");
        // The suggested command works.
        let command =
            words[1].strip_suffix(" -i -").map_or(words[1].to_owned(), |c| format!("{c} -i - -f mjpeg -"));
        let shell = format!("{command} 2>/dev/null");
        let mut convert = Command::new("sh");
        let mut convert =
            convert.args(["-c", &shell]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (mut stdin, all) = (convert.stdin.take().unwrap(), bytes.clone());
        let writing = thread::spawn(move || _ = stdin.write_all(&all));
        let converted = convert.wait_with_output().unwrap().stdout;
        writing.join().unwrap();
        assert!(converted.starts_with(&[0xff, 0xd8, 0xff]), "{command}");
    }
}

#[test]
fn a_first_picture_is_found_behind_megabytes_of_other_bytes() {
    let relay = RelayProgram::start(&[]);
    let mut watching = viewer(&relay.addr, &[]);
    let stream = [&vec![0x55; 3 << 20][..], &numbered(1), &numbered(2)].concat();
    let output = run_piped(&["send", &relay.addr, "--source", "-"], &stream);
    let log = text_of(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{log}");
    assert_eq!(log.matches("still looking for one").count(), 1, "reported once: {log}");
    watching.event("frame", |frame| frame["seq"] == 1);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dump");
    fs::write(&file, &stream).unwrap();
    for source in [format!("mjpeg:{}", file.display()), file.display().to_string()] {
        let output = run(&["send", &relay.addr, "--source", &source, "--fps", "50", "--quiet"]);
        assert_eq!(text_of(&output.stdout).trim(), "sent 2 of 2 frames", "{source}");
    }
}

#[test]
fn an_avi_with_sound_through_a_pipe_gives_all_its_pictures() {
    let relay = RelayProgram::start(&[]);
    let _watching = viewer(&relay.addr, &[]);
    let pictures = |arguments: &[&str]| {
        // Quiet noise: its samples look like the start of a JPEG many times a second.
        let sound = ["-f", "lavfi", "-i", "anoisesrc=r=44100:a=0.01:d=1", "-c:a", "pcm_s16le", "-shortest"];
        ffmpeg(&[&sound[..], arguments, &["-f", "avi"]].concat())
    };
    let send = ["send", &relay.addr, "--source", "-", "--json", "--quiet"];
    let output = run_piped(&send, &pictures(&["-c:v", "mjpeg"]));
    let summary = text_of(&output.stdout).lines().last().unwrap().to_owned();
    assert!(output.status.success() && summary.contains("\"captured\":25,\"damaged\":0"), "{summary}");
    failed(
        &run_piped(&send, &pictures(&["-c:v", "libx264"])),
        &["AVI", "without JPEG pictures", "ffmpeg -f avi"],
    );
}

#[test]
fn an_endless_device_without_pictures_ends_with_a_word() {
    let relay = RelayProgram::start(&[]);
    let mut command = pulsecam();
    let (reader, writer) = std::io::pipe().unwrap();
    let send = ["send", &relay.addr, "--source", "/dev/zero"];
    let mut sending = Running::spawn_logging(command.args(send), writer.into());
    drop(command);
    let mut log = std::io::BufRead::lines(std::io::BufReader::new(reader)).map_while(Result::ok);
    assert!(log.any(|line| line.contains("no picture in its first MiB (zeros)")));
    sending.signal("TERM");
    assert_eq!(sending.exit_code(), 0, "ended during the search");
}

#[test]
fn large_files_of_other_formats_are_refused_by_their_first_bytes() {
    const SIZE: u64 = 3 << 30;
    let relay = RelayProgram::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let ts: Vec<u8> = (0..20 * 188).map(|at| if at % 188 == 0 { 0x47 } else { 0x11 }).collect();
    for (name, start, words) in [
        ("film.mp4", &b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41\0\0\0\x08free"[..], &["film.mp4"][..]),
        ("film.mjpeg", b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41\0\0\0\x08free", &["film.mjpeg"]),
        ("cut.ts", &ts, &["cut.ts", "MPEG-TS", "ffmpeg -i FILE"]),
        ("raw.264", b"\0\0\0\x01\x67\x42\xc0\x1e", &["raw.264", "H.264", "ffmpeg -i FILE"]),
        ("all.pdf", b"%PDF-1.7\n", &["a PDF document"]),
        ("all.zip", b"PK\x03\x04\x14\0", &["a ZIP archive"]),
        ("zeros", b"", &["zeros is not a picture", "it is zeros"]),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, start).unwrap();
        File::options().write(true).open(&path).unwrap().set_len(SIZE).unwrap();
        let path = path.to_str().unwrap();
        // A memory limit below the file's size.
        let limited = format!("ulimit -v {}; exec \"$0\" \"$@\"", SIZE / 2 / 1024);
        let program = pulsecam().get_program().to_owned();
        let send = ["send", &relay.addr, "--source", path, "--quiet"];
        let output = Command::new("sh").args(["-c", &limited]).arg(program).args(send).output().unwrap();
        failed(&output, words);
    }
}

#[test]
fn sequences_of_pngs_begin_where_they_begin_and_say_where_they_stop() {
    let relay = RelayProgram::start(&[]);
    let mut watching = viewer(&relay.addr, &[]);
    let folder = tempfile::tempdir().unwrap();
    for number in [7_u8, 8, 9, 11] {
        let picture =
            image::RgbImage::from_pixel(32 + 2 * u32::from(number), 48, image::Rgb([number, 30, 30]));
        picture.save(folder.path().join(format!("{number:04}.png"))).unwrap();
    }
    let pattern = folder.path().join("%04d.png");
    let pattern = pattern.to_str().unwrap();
    let mut send = |more: &[&str], widths: &[u32]| {
        let all = [&["send", &relay.addr, "--source", pattern, "--fps", "10"][..], more].concat();
        let output = run(&all);
        let log = text_of(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{log}");
        for width in widths {
            assert_eq!(watching.event("frame", |_| true)["width"], *width);
        }
        log
    };
    let log = send(&[], &[46, 48, 50]);
    assert!(log.contains("stopped at 0009: 0010 is missing, but 0011 exists"), "{log}");
    send(&["--start-number", "9"], &[50]);
    let log = send(&["--start-number", "11"], &[54]);
    assert!(!log.contains("missing"), "the end is not a gap: {log}");
    send(&["--quality", "50"], &[46, 48, 50]);
    let none = run(&["send", &relay.addr, "--source", pattern, "--start-number", "1", "--quiet"]);
    failed(&none, &["with the number 1", "from 7 to 11"]);
}

#[test]
fn what_holds_no_picture_at_all_fails_with_the_reason() {
    let relay = RelayProgram::start(&[]);
    let _watching = viewer(&relay.addr, &[]);
    let folder = tempfile::tempdir().unwrap();
    for number in 0..2 {
        fs::write(folder.path().join(format!("{number}.jpg")), "no picture").unwrap();
        // A JPEG whose pixels cannot be decoded.
        let mut jpeg = clip::plain(64, 48, clip::RED);
        let at = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
        jpeg[at + 4] = 13;
        fs::write(folder.path().join(format!("odd{number}.jpg")), jpeg).unwrap();
    }
    let pattern = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let send = |pattern: &str, more: &[&str]| {
        run(&[&["send", &relay.addr, "--source", pattern, "--quiet"][..], more].concat())
    };
    for more in [&[][..], &["--quality", "50"], &["--size", "64x64"], &["--repeat"]] {
        failed(&send(&pattern("%d.jpg"), more), &["none of the 2 files", "1.jpg is not a picture"]);
    }
    failed(&send(&pattern("odd%d.jpg"), &["--quality", "50"]), &["none of 2 frames could be sent: "]);
    failed(&send(&pattern("odd%d.jpg"), &["--size", "32x32"]), &["resizing: "]);
}

#[test]
fn names_need_not_be_unicode_and_may_have_percent_signs() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let relay = RelayProgram::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join(OsStr::from_bytes(b"100%d\xf6ne"));
    fs::create_dir(&place).unwrap();
    fs::write(place.join("0003.jpg"), numbered(1)).unwrap();
    fs::write(place.join("clip.mjpeg"), numbered(1).repeat(2)).unwrap();
    let mut mjpeg = OsStr::new("mjpeg:").to_owned();
    mjpeg.push(place.join("clip.mjpeg"));
    let sources = [place.join("%04d.jpg").into_os_string(), place.join("clip.mjpeg").into_os_string(), mjpeg];
    for source in sources {
        let mut command = pulsecam();
        let command = command.args(["send", &relay.addr, "--quiet", "--frames", "1", "--source"]);
        let output = command.arg(&source).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{source:?}: {output:?}");
        let mut command = pulsecam();
        let command = command.arg("send").args([&relay.addr, "--quiet", "--frames", "1"]);
        let output = command.env("PULSECAM_SOURCE", &source).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "from the environment, {source:?}: {output:?}");
    }
}

#[test]
fn play_takes_whatever_a_source_may_be() {
    let folder = tempfile::tempdir().unwrap();
    let film: Vec<u8> = (0..3).flat_map(numbered).collect();
    fs::write(folder.path().join("dump"), &film).unwrap();
    fs::write(folder.path().join("pattern"), &film).unwrap();
    fs::write(folder.path().join("-"), &film).unwrap();
    for number in 5..8 {
        fs::write(folder.path().join(format!("{number:03}.jpg")), numbered(number)).unwrap();
    }
    let play = |file: &str, more: &[&str]| {
        let mut command = pulsecam();
        command.current_dir(folder.path()).args(["play", file, "--no-window", "--quiet"]).args(more);
        command
    };
    for file in ["%03d.jpg", "mjpeg:dump", "dump", "./pattern", "./-"] {
        let output = play(file, &["--fps", "20"]).stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{file}: {output:?}");
        assert!(text_of(&output.stdout).contains("of 1 stream"), "{file}: {output:?}");
    }
    let output = play("pattern", &["--frames", "2"]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let output = play("%03d.jpg", &["--start-number", "7"]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let mut command = play("-", &[]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&film).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let mut nothing = play("-", &[]);
    let output = nothing.stdin(Stdio::null()).output().unwrap();
    failed(&output, &["standard input ended before the first picture: 0 bytes"]);
}
