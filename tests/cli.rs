//! The built program as users run it: each subcommand at work. `tests/usage.rs` tests wrong usage.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{fs, io::Write, process::Stdio};

use common::program::{RelayProgram, Running, fails, pulsecam, run, text_of, viewer};
use serde_json::Value;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");

#[test]
fn the_demo_shows_frames_and_ends_by_itself() {
    let output = run(&["demo", "--source", "pattern", "--no-window", "--json", "--for", "2s", "--quiet"]);
    assert!(output.status.success());
    let events: Vec<Value> =
        text_of(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let named = |name: &str| events.iter().filter(|event| event["event"] == name).collect::<Vec<_>>();
    assert_eq!(named("listening").len(), 1);
    assert_eq!(named("joined").len(), 2);
    let frames = named("frame");
    assert!(frames.len() > 10, "{} frames", frames.len());
    assert!(frames.iter().all(|frame| frame["width"] == 1280 && frame["age_ms"].is_number()));
    let sequence: Vec<_> = frames.iter().map(|frame| frame["seq"].as_u64().unwrap()).collect();
    assert!(sequence.is_sorted(), "{sequence:?}");
    assert_eq!(named("summary").len(), 2, "the viewer's and the relay's");
}

#[test]
fn without_a_display_the_demo_says_so_and_goes_on() {
    let output = run(&["demo", "--source", "pattern", "--for", "1s"]);
    assert!(output.status.success());
    assert!(text_of(&output.stderr).contains("neither DISPLAY nor WAYLAND_DISPLAY is set"));
    assert!(text_of(&output.stdout).contains("frames/s"));
}

#[test]
fn a_source_a_relay_and_a_viewer_as_three_programs() {
    let mut relay = RelayProgram::start(&[]);
    let mut viewer = viewer(&relay.addr, &["--frames", "10"]);
    let mut sender = Running::start(&[
        "send",
        &relay.addr,
        "--source",
        "pattern",
        "--size",
        "320x240",
        "--name",
        "厨房; 1",
        "--quiet",
    ]);
    let frame = viewer.event("frame", |_| true);
    assert_eq!(frame["stream"], "厨房; 1");
    assert_eq!((&frame["width"], &frame["height"]), (&320.into(), &240.into()));
    let summary = viewer.event("summary", |_| true);
    assert_eq!(summary["frames"], 10);
    assert_eq!(viewer.exit_code(), 0);
    relay.running.event("left", |event| event["client"] == 1 && event["reason"].is_string());
    sender.signal("TERM");
    assert_eq!(sender.exit_code(), 0);
    relay.running.signal("INT");
    assert_eq!(relay.running.event("summary", |_| true)["joined"], 2);
    assert_eq!(relay.running.exit_code(), 0);
}

#[test]
fn clients_reconnect_to_a_relay_that_was_killed_and_restarted() {
    let relay = RelayProgram::start(&[]);
    let addr = relay.addr.clone();
    let patience = ["--max-backoff", "200ms"];
    let mut viewer = viewer(&addr, &patience);
    let send = ["send", &addr, "--source", "pattern", "--size", "320x240", "--quiet"];
    let _sender = Running::start(&[&send[..], &patience].concat());
    viewer.event("frame", |_| true);
    relay.running.signal("KILL");
    viewer.event("link", |event| event["state"] == "down" && event["why"].is_string());
    let mut again = Running::start(&["relay", "--listen", &addr, "--json", "--quiet"]);
    again.event("listening", |_| true);
    viewer.event("link", |event| event["state"] == "up");
    viewer.event("frame", |_| true);
}

#[test]
fn mjpeg_goes_through_as_it_is_from_a_file_and_from_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let coffee = fs::read(format!("{DATA}/coffee_600x400.jpg")).unwrap();
    let astronaut = fs::read(format!("{DATA}/astronaut_512x512.jpg")).unwrap();
    let stream = [coffee.as_slice(), &astronaut, b"--boundary\r\n", &coffee, &astronaut, &coffee].concat();
    let file = folder.path().join("clip.mjpeg");
    fs::write(&file, &stream).unwrap();
    let relay = RelayProgram::start(&[]);
    let mut viewer = viewer(&relay.addr, &[]);

    let file = file.to_str().unwrap();
    let output = run(&["send", &relay.addr, "--source", file, "--fps", "2.5", "--json", "--quiet"]);
    assert!(output.status.success());
    let summary =
        text_of(&output.stdout).lines().last().map(|l| serde_json::from_str::<Value>(l).unwrap()).unwrap();
    assert_eq!((&summary["passed_through"], &summary["encoded"]), (&5.into(), &0.into()));
    for size in [&coffee, &astronaut, &coffee, &astronaut, &coffee].map(Vec::len) {
        assert_eq!(viewer.event("frame", |_| true)["bytes"], size);
    }

    let mut piped = pulsecam()
        .args(["send", &relay.addr, "--source", "-", "--quiet"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    piped.stdin.take().unwrap().write_all(&coffee).unwrap();
    assert!(piped.wait().unwrap().success());
    assert_eq!(viewer.event("frame", |_| true)["bytes"], coffee.len());

    // It is decoded only if another size is requested.
    let resized = run(&[
        "send",
        &relay.addr,
        "--source",
        file,
        "--fps",
        "10",
        "--size",
        "320x240",
        "--frames",
        "1",
        "--quiet",
    ]);
    assert!(resized.status.success());
    let frame = viewer.event("frame", |frame| frame["width"] == 320);
    assert_eq!(frame["height"], 240);
}

#[test]
fn ffmpegs_mjpeg_streams_through_a_pipe() {
    let relay = RelayProgram::start(&[]);
    let mut viewer = viewer(&relay.addr, &[]);
    let mut ffmpeg = std::process::Command::new("ffmpeg")
        .args(["-loglevel", "error", "-re", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=15:duration=1"])
        .args(["-f", "mjpeg", "-"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ffmpeg runs (make deps)");
    let status = pulsecam()
        .args(["send", &relay.addr, "--source", "-", "--quiet"])
        .stdin(ffmpeg.stdout.take().unwrap())
        .status()
        .unwrap();
    assert!(status.success());
    assert!(ffmpeg.wait().unwrap().success());
    let frame = viewer.event("frame", |_| true);
    assert_eq!((&frame["width"], &frame["height"]), (&640.into(), &360.into()));
}

#[test]
fn photos_and_numbered_pictures_become_video() {
    let folder = tempfile::tempdir().unwrap();
    for (number, name) in ["coffee_600x400.jpg", "astronaut_512x512.jpg"].iter().enumerate() {
        fs::copy(format!("{DATA}/{name}"), folder.path().join(format!("{number:04}.jpg"))).unwrap();
    }
    let relay = RelayProgram::start(&[]);
    let mut viewer = viewer(&relay.addr, &[]);
    let sequence = folder.path().join("%04d.jpg");
    for (source, width) in
        [(sequence.to_str().unwrap(), 600), (folder.path().to_str().unwrap(), 320), (DATA, 320)]
    {
        let size: &[&str] = if width == 320 { &["--size", "320x180"] } else { &[] };
        let send = ["send", &relay.addr, "--source", source, "--frames", "2", "--fps", "2.5", "--quiet"];
        assert!(run(&[&send[..], size].concat()).status.success(), "{source}");
        assert_eq!(viewer.event("frame", |_| true)["width"], width, "{source}");
        viewer.event("frame", |_| true);
    }
}

#[test]
fn texts_arrive_from_arguments_and_line_by_line() {
    let relay = RelayProgram::start(&[]);
    let mut viewer = viewer(&relay.addr, &[]);
    assert!(run(&["text", &relay.addr, "--name", "Ann", "coffee", "is", "ready ☕"]).status.success());
    let event = viewer.event("text", |_| true);
    assert_eq!((&event["text"], &event["from"]), (&"coffee is ready ☕".into(), &"Ann".into()));

    let mut lines = Running::start(&["text", &relay.addr]);
    lines.say("一");
    assert_eq!(viewer.event("text", |_| true)["text"], "一");
    lines.say("");
    lines.say("\u{202e}three");
    lines.stdin = None;
    assert_eq!(viewer.event("text", |_| true)["text"], "");
    assert_eq!(viewer.event("text", |_| true)["text"], "\u{202e}three", "programs get the text unchanged");
    assert_eq!(lines.exit_code(), 0);
}

#[test]
fn images_arrive_jpeg_as_it_is_and_others_converted_and_are_saved_under_safe_names() {
    let folder = tempfile::tempdir().unwrap();
    let png = folder.path().join("red.png");
    image::RgbImage::from_pixel(64, 48, image::Rgb([200, 30, 30])).save(&png).unwrap();
    let inbox = folder.path().join("inbox");
    let relay = RelayProgram::start(&[]);
    let mut viewer = viewer(&relay.addr, &["--save", inbox.to_str().unwrap()]);
    let coffee = format!("{DATA}/coffee_600x400.jpg");
    let sent = run(&["image", &relay.addr, &coffee, png.to_str().unwrap(), "--name", "../../Ann"]);
    assert!(sent.status.success(), "{sent:?}");
    let first = viewer.event("image", |_| true);
    assert_eq!(fs::read(first["saved"].as_str().unwrap()).unwrap(), fs::read(&coffee).unwrap());
    let second = viewer.event("image", |_| true);
    assert_eq!((&second["width"], &second["height"]), (&64.into(), &48.into()));
    let saved: Vec<_> = fs::read_dir(&inbox).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(saved.len(), 2, "nothing left the folder: {saved:?}");
}

#[test]
fn a_call_sends_and_shows_on_one_link() {
    let mut relay = RelayProgram::start(&[]);
    let call = |name: &str| {
        let source = ["--source", "pattern", "--size", "320x240", "--name", name];
        let rest = ["--no-window", "--json", "--quiet"];
        Running::start(&[&["call", &relay.addr][..], &source, &rest].concat())
    };
    let (mut ann, mut bob) = (call("Ann"), call("Bob"));
    ann.event("frame", |frame| frame["stream"] == "Bob");
    bob.event("frame", |frame| frame["stream"] == "Ann");
    relay.running.signal("TERM");
    assert_eq!(relay.running.event("summary", |_| true)["joined"], 2);
}

/// Resident memory of a process in bytes.
fn memory(running: &Running) -> u64 {
    status(running, "VmRSS:")
}

/// The same without the pages of the program's file, which the system can drop and share.
fn own_memory(running: &Running) -> u64 {
    status(running, "RssAnon:")
}

fn status(running: &Running, which: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", running.child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with(which)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[test]
fn a_relay_is_small_and_a_stalled_viewer_costs_no_more_than_its_budget() {
    const BUDGET: u64 = 8 << 20;
    let mut relay = RelayProgram::start(&["--mailbox", "8MiB"]);
    let idle = memory(&relay.running);
    let own = own_memory(&relay.running);
    assert!(own < 3_000_000, "idle: {own} bytes of its own, {idle} resident");

    // Connected, but never reading.
    let stalled = std::net::TcpStream::connect(&relay.addr).unwrap();
    relay.running.event("joined", |event| event["client"] == 1);
    let mut viewer = viewer(&relay.addr, &[]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large.mjpeg");
    let photo = fs::read(format!("{DATA}/raccoon_1024x768.jpg")).unwrap();
    fs::write(&file, photo.repeat(400)).unwrap();
    // 400 frames of 250 kB.
    let file = file.to_str().unwrap();
    assert!(run(&["send", &relay.addr, "--source", file, "--fps", "200", "--quiet"]).status.success());
    viewer.event("frame", |frame| frame["seq"].as_u64() > Some(350));
    // Images are queued for it until they exceed the budget.
    let image = format!("{DATA}/raccoon_1024x768.jpg");
    let mut most = 0;
    for _ in 0..60 {
        assert!(run(&["image", &relay.addr, &image, "--quiet"]).status.success());
        most = most.max(memory(&relay.running));
    }
    let reason = relay.running.event("left", |event| event["client"] == 1);
    assert!(reason["reason"].as_str().unwrap().contains("too slow for text and images"), "{reason}");
    // The started frame and those being forwarded come on top.
    assert!(most < idle + BUDGET + 4_000_000, "{most} bytes at most, {idle} idle");
    drop(stalled);
}

#[test]
fn a_sender_ends_at_the_first_signal_and_at_its_time_whatever_it_waits_for() {
    let nobody = {
        let relay = RelayProgram::start(&[]);
        relay.addr.clone()
    };
    // First without a relay, then with a relay and a source that sends nothing.
    let mut waiting = Running::start(&["send", &nobody, "--source", "pattern", "--json", "--quiet"]);
    waiting.event("link", |event| event["state"] == "down");
    waiting.signal("INT");
    assert_eq!(waiting.exit_code(), 0);
    let pattern = ["send", &nobody, "--source", "pattern", "--for", "300ms", "--quiet"];
    fails(&pattern, 1, &["nothing was sent", &nobody, "never reached", "connection refused"]);
    let relay = RelayProgram::start(&[]);
    let mut silent = Running::start(&["send", &relay.addr, "--source", "-", "--for", "500ms", "--quiet"]);
    assert_eq!(silent.exit_code(), 1, "nothing was sent");
    // An error of the source is reported even without a relay.
    fails(&["send", &nobody, "--source", "/no/such/file"], 1, &["/no/such/file"]);
}
