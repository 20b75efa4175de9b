//! What each command does if standard output is not read, is full, or its reader goes away.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    fs::{self, File},
    io::{self, PipeReader, Read, Write},
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use common::program::{PATIENCE, RelayProgram, Running, pulsecam, run, text_of, viewer};
use serde_json::Value;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");

/// Capacity of a pipe in bytes.
const PIPE: usize = 64 << 10;

/// Waits until a condition holds.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A program whose standard output is a full pipe, until the test reads it.
struct Stuck {
    child: Child,
    pipe: PipeReader,
}

impl Stuck {
    fn start(arguments: &[&str]) -> Self {
        let (pipe, mut end) = io::pipe().unwrap();
        let (done, filled) = mpsc::channel();
        thread::spawn(move || {
            end.write_all(&vec![b'\n'; PIPE]).unwrap();
            let _ = done.send(end);
        });
        let end = filled.recv_timeout(PATIENCE).expect("a pipe holds 64 KiB");
        let mut command = pulsecam();
        let child = command.args(arguments).stdin(Stdio::null()).stdout(end).stderr(Stdio::null()).spawn();
        Self { child: child.unwrap(), pipe }
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// Waits for the end, without reading.
    fn exit_code(&mut self) -> Option<i32> {
        let mut status = None;
        until("it ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap().code()
    }

    /// Starts reading, until the program ends.
    fn read(self) -> thread::JoinHandle<String> {
        let Self { pipe, .. } = &self;
        let mut pipe = pipe.try_clone().unwrap();
        let reading = thread::spawn(move || {
            let mut all = Vec::new();
            pipe.read_to_end(&mut all).unwrap();
            String::from_utf8(all).unwrap()
        });
        std::mem::forget(self); // the test waits for its end
        reading
    }
}

impl Drop for Stuck {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sender(addr: &str, name: &str) -> Running {
    let source = ["--source", "pattern", "--size", "160x120", "--fps", "20"];
    Running::start(&[&["send", addr, "--quiet", "--name", name][..], &source].concat())
}

fn size(file: &Path) -> u64 {
    fs::metadata(file).map_or(0, |about| about.len())
}

#[test]
fn a_recording_continues_while_nobody_reads_and_ends_at_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let relay = RelayProgram::start(&[]);
    let _sending = sender(&relay.addr, "ann");
    for (name, json) in [("lines.mkv", &[][..]), ("events.mkv", &["--json"])] {
        let file = folder.path().join(name);
        let arguments = ["record", &relay.addr, "--out", file.to_str().unwrap()];
        let mut recording = Stuck::start(&[&arguments[..], json].concat());
        until("a file", || size(&file) > 0);
        // A line is printed each second: the first one already blocks.
        for _ in 0..2 {
            let before = size(&file);
            thread::sleep(Duration::from_millis(1200));
            until("the file grows", || size(&file) > before + 10_000);
        }
        recording.signal("TERM");
        assert_eq!(recording.exit_code(), Some(0), "{name}");
        let played =
            run(&["play", file.to_str().unwrap(), "--no-window", "--json", "--frames", "30", "--quiet"]);
        assert!(text_of(&played.stdout).matches(r#""event":"frame""#).count() >= 10, "{name} plays");
    }
}

#[test]
fn a_sender_streams_and_reconnects_while_nobody_reads() {
    let relay = RelayProgram::start(&[]);
    let addr = relay.addr.clone();
    let source = ["--source", "pattern", "--size", "160x120", "--json", "--max-backoff", "200ms"];
    // Each answered heartbeat is an event, and the first one already blocks.
    let often = ["--heartbeat", "50ms", "--timeout", "2s"];
    let mut sending = Stuck::start(&[&["send", &addr][..], &source, &often].concat());
    viewer(&addr, &[]).event("frame", |_| true);
    drop(relay);
    let mut again = Running::start(&["relay", "--listen", &addr, "--json", "--quiet"]);
    again.event("listening", |_| true);
    viewer(&addr, &[]).event("frame", |_| true);
    sending.signal("TERM");
    assert_eq!(sending.exit_code(), Some(0));
}

#[test]
fn a_viewer_saves_and_a_text_arrives_while_nobody_reads() {
    let folder = tempfile::tempdir().unwrap();
    let inbox = folder.path().join("inbox");
    let relay = RelayProgram::start(&[]);
    let _sending = sender(&relay.addr, "ann");
    let view = ["view", &relay.addr, "--no-window", "--json", "--save", inbox.to_str().unwrap()];
    let mut saving = Stuck::start(&view);
    let mut other = viewer(&relay.addr, &[]);
    other.event("frame", |_| true);
    // Long enough for the events of frames to block.
    thread::sleep(Duration::from_millis(300));
    let coffee = format!("{DATA}/coffee_600x400.jpg");
    assert!(run(&["image", &relay.addr, &coffee, "--quiet"]).status.success());
    until("an image is saved", || fs::read_dir(&inbox).is_ok_and(|files| files.count() == 1));
    saving.signal("INT");
    assert_eq!(saving.exit_code(), Some(0));

    let mut text = Stuck::start(&["text", &relay.addr, "hello", "--json"]);
    assert_eq!(other.event("text", |_| true)["text"], "hello");
    assert_eq!(text.exit_code(), Some(0));
    let mut relay = Stuck::start(&["relay", "--listen", "127.0.0.1:0", "--json"]);
    thread::sleep(Duration::from_millis(300));
    relay.signal("TERM");
    assert_eq!(relay.exit_code(), Some(0));
}

#[test]
fn a_late_reader_learns_how_much_it_missed_and_gets_the_summary() {
    const TEXTS: usize = 170;
    let mut relay = RelayProgram::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().to_str().unwrap();
    let watched = ["view", &relay.addr, "--no-window", "--json", "--save", saved, "--quiet"];
    let viewing = Stuck::start(&watched);
    relay.running.event("joined", |event| event["client"] == 1);
    let mut other = viewer(&relay.addr, &[]);
    // More than the program queues, in lines of 30 kB.
    let long = "x".repeat(30_000);
    let mut texts = Running::start(&["text", &relay.addr, "--quiet"]);
    for number in 0..TEXTS {
        texts.say(&format!("{number} {long}"));
        other.event("text", |_| true);
    }
    texts.stdin = None;
    assert_eq!(texts.exit_code(), 0);
    thread::sleep(Duration::from_millis(300));
    viewing.signal("TERM");
    let told = viewing.read().join().unwrap();
    let events: Vec<Value> = told
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("half a line: {error}: {line}")))
        .collect();
    let named = |name: &str| events.iter().filter(|event| event["event"] == name).collect::<Vec<_>>();
    let (kept, lost) = (named("text"), named("events_lost"));
    assert_eq!(lost.len(), 1, "reported once, where they are missing");
    let lost = lost[0]["events"].as_u64().unwrap() as usize;
    assert!(kept.len() + lost >= TEXTS && kept.len() < TEXTS, "{} kept, {lost} lost", kept.len());
    for (number, text) in kept.iter().enumerate() {
        assert!(text["text"].as_str().unwrap().starts_with(&format!("{number} ")), "in order");
    }
    let last = events.last().unwrap();
    assert_eq!((&last["event"], &last["texts"]), (&"summary".into(), &TEXTS.into()));
}

/// Runs with this as standard output.
fn run_into(arguments: &[&str], out: Stdio) -> Output {
    let child =
        pulsecam().args(arguments).stdin(Stdio::null()).stdout(out).stderr(Stdio::piped()).spawn().unwrap();
    child.wait_with_output().unwrap()
}

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

/// The writing end of a pipe whose reader is gone.
fn closed() -> Stdio {
    let (_, end) = io::pipe().unwrap();
    end.into()
}

/// Commands that do more than print, on a running stream.
fn with_frames(addr: &str) -> Vec<Vec<String>> {
    let folder = std::env::temp_dir().join(format!("pulsecam-outputs-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{}.mkv", fastrand::u64(..)));
    let record = ["record", addr, "--out", file.to_str().unwrap(), "--json", "--frames", "5"];
    let send = ["send", addr, "--source", "pattern", "--json", "--frames", "5", "--size", "160x120"];
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    vec![owned(&record), owned(&send), owned(&["text", addr, "hi", "--json"])]
}

#[test]
fn a_full_disk_is_an_error_of_every_command_that_prints() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
    let relay = RelayProgram::start(&[]);
    let mut sending = sender(&relay.addr, "ann");
    let plain: [&[&str]; 7] = [
        &["key"],
        &["cert", "--cert", cert.to_str().unwrap(), "--key", key.to_str().unwrap()],
        &["completions", "bash"],
        &["--help"],
        &["help", "send"],
        &["--version"],
        &["view", &relay.addr, "--no-window", "--json", "--for", "20s"],
    ];
    for arguments in plain {
        let output = run_into(arguments, full());
        let told = text_of(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {told}");
        let last = told.lines().last().unwrap_or_default();
        for words in ["pulsecam: ", "standard output", "No space left on device", "not complete"] {
            assert!(last.contains(words), "{arguments:?}: {words:?} in: {told}");
        }
    }
    assert!(key.exists() && cert.exists(), "only their fingerprint was lost");
    // A command that does more than print does it, logs the error, and fails at the end.
    for arguments in with_frames(&relay.addr) {
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let mut watching = (arguments[0] != "record").then(|| viewer(&relay.addr, &[]));
        let output = run_into(&arguments, full());
        let told = text_of(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {told}");
        assert_eq!(
            told.matches("cannot write to standard output").count(),
            2,
            "at the first failure and at the end: {told}"
        );
        assert!(told.lines().last().unwrap().contains("No space left on device"), "{told}");
        match arguments[0] {
            "record" => assert!(size(Path::new(arguments[3])) > 1000, "it recorded anyway"),
            "text" => assert_eq!(watching.as_mut().unwrap().event("text", |_| true)["text"], "hi"),
            _ => _ = watching.as_mut().unwrap().event("frame", |frame| frame["stream"] != "ann"),
        }
    }
    sending.signal("TERM");
    assert_eq!(sending.exit_code(), 0);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
    let relay = RelayProgram::start(&[]);
    let _sending = sender(&relay.addr, "ann");
    let plain: [&[&str]; 7] = [
        &["key"],
        &["cert", "--cert", cert.to_str().unwrap(), "--key", key.to_str().unwrap()],
        &["completions", "zsh"],
        &["--help"],
        &["--version"],
        &["view", &relay.addr, "--no-window", "--json", "--quiet"],
        &["view", &relay.addr, "--no-window", "--quiet"],
    ];
    let with_frames = with_frames(&relay.addr);
    let duties = with_frames.iter().map(|words| words.iter().map(String::as_str).collect::<Vec<_>>());
    for mut arguments in plain.iter().map(|words| words.to_vec()).chain(duties) {
        if !["--help", "--version", "key", "cert", "completions"].contains(&arguments[0]) {
            arguments.push("--quiet");
        }
        arguments.dedup();
        let output = run_into(&arguments, closed());
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text_of(&output.stderr));
        assert_eq!(text_of(&output.stderr), "", "{arguments:?}");
    }
}

#[test]
fn a_sender_continues_after_its_reader_is_gone() {
    let relay = RelayProgram::start(&[]);
    let mut sending = Running::start(&["send", &relay.addr, "--source", "pattern", "--json", "--quiet"]);
    // Reads a line and exits, as head -1 does.
    let (pipe, end) = io::pipe().unwrap();
    let mut head = pulsecam()
        .args(["send", &relay.addr, "--source", "pattern", "--json", "--quiet", "--name", "head"])
        .args(["--heartbeat", "100ms", "--timeout", "2s"])
        .stdin(Stdio::null())
        .stdout(end)
        .spawn()
        .unwrap();
    let mut byte = [0];
    (&pipe).read_exact(&mut byte).unwrap();
    drop(pipe);
    let mut watching = viewer(&relay.addr, &[]);
    watching.event("frame", |frame| frame["stream"] == "head");
    thread::sleep(Duration::from_millis(500));
    watching.forget();
    watching.event("frame", |frame| frame["stream"] == "head");
    assert!(head.try_wait().unwrap().is_none(), "it keeps streaming");
    head.kill().unwrap();
    head.wait().unwrap();
    sending.signal("TERM");
    assert_eq!(sending.exit_code(), 0);
}

#[test]
fn a_text_or_an_image_is_not_done_if_a_signal_ends_it_even_as_the_first_process_of_a_container() {
    let addr = {
        let relay = RelayProgram::start(&[]);
        relay.addr.clone()
    };
    let coffee = format!("{DATA}/coffee_600x400.jpg");
    for what in [&["text", &addr, "hello"][..], &["image", &addr, &coffee]] {
        let arguments = [what, &["--deadline", "1h", "--json", "--quiet"]].concat();
        let mut alone = Running::start(&arguments);
        alone.event("link", |event| event["state"] == "down");
        alone.signal("TERM");
        assert_eq!(alone.exit_code(), -1, "it died of the signal: {what:?}");
        for (signal, code) in [("INT", 130), ("TERM", 143)] {
            let mut first = Command::new("unshare");
            first.args(["--user", "--map-root-user", "--pid", "--fork", "--kill-child"]);
            let program = pulsecam();
            let mut first = Running::spawn(first.arg(program.get_program()).args(&arguments));
            first.event("link", |event| event["state"] == "down");
            let child = Command::new("pgrep").args(["-P", &first.child.id().to_string()]).output().unwrap();
            let child = text_of(&child.stdout).trim().to_owned();
            let sent = Command::new("kill").args([&format!("-{signal}"), &child]).status();
            assert!(sent.unwrap().success());
            assert_eq!(first.exit_code(), code, "{what:?}");
        }
    }
}
