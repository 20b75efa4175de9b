//! Hostile input that reaches users: names, texts, reasons and pictures from a stranger.
//!
//! They try to control a terminal, forge a log line, leave a folder, or keep a viewer busy. Runs real
//! programs and checks their output byte by byte. Needs nothing. Alone: `make test-hostile`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    fs, io,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Output, Stdio},
    thread,
};

use common::{
    program::{RelayProgram, pulsecam},
    wire_bytes,
};
use pulsecam::{
    clock::Timestamp,
    jpeg::Encoder,
    picture::{Picture, Pixels},
    wire::{FrameInfo, Heartbeat, Message, MessageKind, Origin, Side, close_message},
};
use serde_json::Value;

/// Clears the screen, sets the title, sets a colour with an 8-bit control, ends lines in every way, and
/// reverses text.
const STEERS: &str = "\x1b[2J\x1b]0;owned\x07\u{9b}31m\x08\x7f\u{90}q\u{9c}\r\n2026-11-23T21:00:00.000000Z ERROR FORGED\n\
                      FORGED\u{85}FORGED\u{2028}FORGED\u{2029}FORGED\x0b\x0c\0\u{202e}gpj.exe\u{202d}\u{2066}\u{2067}\u{2068}\
                      \u{2069}\u{200e}\u{200f}\u{61c}\u{feff}";

/// A name that also tries to leave its folder.
fn name() -> String {
    format!("../../../../tmp/.{STEERS}/CON\\nul:")
}

/// Finds a character that does more than being displayed. Listed by hand, never by the code under test.
fn acts(text: &str) -> Option<char> {
    text.chars().find(|&c| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    })
}

/// Asserts that nothing acts and that no line starts with a stranger's text.
fn is_unharmed(bytes: &[u8]) -> String {
    let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
    assert_eq!(acts(&text), None, "{text:?}");
    for line in text.lines() {
        assert!(!line.trim_start().starts_with("FORGED") && !line.contains("ERROR"), "{text}");
    }
    text
}

/// Asserts the same, but allows `ERROR`, which our own log may say: a line with the stranger's words has
/// `ours` before them.
fn has_no_forged_line(bytes: &[u8], ours: &str) -> String {
    let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
    assert_eq!(acts(&text), None, "{text:?}");
    let theirs: Vec<_> = text.lines().filter(|line| line.contains("FORGED")).collect();
    assert!(!theirs.is_empty() && theirs.iter().all(|line| line.contains(ours)), "{text}");
    text
}

fn jpeg() -> Vec<u8> {
    let picture = Picture { width: 64, height: 48, pixels: Pixels::Rgb(vec![90; 64 * 48 * 3]) };
    Encoder::new(80).unwrap().encode(&picture).unwrap().to_vec()
}

/// A progressive picture of 7680x4320 pixels in 5000 scans: 65 kB that take minutes to decode.
fn scan_bomb() -> Vec<u8> {
    let mut bomb = vec![0xff, 0xd8, 0xff, 0xc2, 0, 11, 8, 0x10, 0xe0, 0x1e, 0, 1, 1, 0x11, 0];
    bomb.extend([0xff, 0xda, 0, 8, 1, 1, 0, 1, 63, 0x10, 0, 0, 0].repeat(5_000));
    bomb.extend([0xff, 0xd9]);
    bomb
}

/// A viewer that the relay knows as ours: a frame from before its first heartbeat would be dropped, because its
/// sender's number is not certain then.
fn start_viewer(relay: &mut RelayProgram, arguments: &[&str]) -> Viewing {
    let common = ["view", &relay.addr, "--no-window", "-v", "--frames", "1", "--for", "20s"];
    let mut viewer = pulsecam()
        .args(common)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    relay.running.event("joined", |_| true);
    let (mut log, mut byte) = (Vec::new(), [0]);
    let stderr = viewer.stderr.as_mut().unwrap();
    while !String::from_utf8_lossy(&log).contains(" is up") {
        assert_eq!(stderr.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&log));
        log.push(byte[0]);
    }
    Viewing { viewer, log }
}

struct Viewing {
    viewer: Child,
    /// Its log up to its link.
    log: Vec<u8>,
}

impl Viewing {
    fn wait_with_output(mut self) -> io::Result<Output> {
        let Output { status, stdout, stderr } = self.viewer.wait_with_output()?;
        self.log.extend(stderr);
        Ok(Output { status, stdout, stderr: self.log })
    }
}

/// Sends all messages, and returns once the relay has passed them on.
fn say(addr: &str, messages: &[Message]) {
    let mut stream = TcpStream::connect(addr).unwrap();
    for message in messages {
        stream.write_all(&wire_bytes(message)).unwrap();
    }
    stream.write_all(&wire_bytes(&Heartbeat::default().to_message(Side::Client))).unwrap();
    stream.read_exact(&mut [0]).unwrap(); // the answer
}

fn video(stream: &str, jpeg: Vec<u8>) -> Message {
    let info = FrameInfo { stream: Some(stream.into()), seq: Some(1), ..FrameInfo::default() };
    Message::video(jpeg.into(), &info).unwrap()
}

/// Sends hostile messages, and last a valid picture in a stream with a hostile name.
fn be_hostile(addr: &str) {
    let origin = Origin { from: Some(name()), id: None };
    let text = Message::text(&format!("hello{STEERS}"), &origin).unwrap();
    let image = Message::image(jpeg().into(), &origin).unwrap();
    let no_image = Message::image(STEERS.as_bytes().to_vec().into(), &Origin::default()).unwrap();
    say(addr, &[text, image, no_image, video(&format!("bomb {}", name()), scan_bomb())]);
    // On another connection and in another stream: a newer frame of the same stream would replace the bomb.
    let info = FrameInfo {
        stream: Some(name()),
        captured: Some(Timestamp::now()),
        card: Some(STEERS.into()),
        ..FrameInfo::default()
    };
    say(addr, &[Message::video(jpeg().into(), &info).unwrap()]);
}

/// Asserts that everything was saved in the folder itself, under plain names.
fn saved_well(folder: &std::path::Path, count: usize) {
    let names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()).collect();
    assert_eq!(names.len(), count);
    for entry in names {
        let name = entry.file_name().into_string().unwrap();
        assert!(entry.file_type().unwrap().is_file() && name.ends_with(".jpg"), "{name}");
        assert!(name.starts_with("20") && name.len() < 200 && acts(&name).is_none(), "{name:?}");
        assert!(!name.contains(['/', '\\', ':', ' ', '\n']), "{name:?}");
    }
    assert_eq!(fs::read_dir(folder.parent().unwrap()).unwrap().count(), 1, "nothing outside the folder");
}

#[test]
fn a_terminal_and_a_folder_are_safe_from_what_comes() {
    let mut relay = RelayProgram::start(&[]);
    let outside = tempfile::tempdir().unwrap();
    let folder = outside.path().join("saved");
    let viewer = start_viewer(&mut relay, &["--save", folder.to_str().unwrap()]);
    be_hostile(&relay.addr);
    let Output { status, stdout, stderr } = viewer.wait_with_output().unwrap();
    assert!(status.success());
    let text = String::from_utf8(stdout.clone()).unwrap();
    assert_eq!(acts(&text), None, "{text:?}");
    // The relay's page, five arrivals and the summary; the name and the text of each on one line.
    let (page, lines) = text.split_once('\n').unwrap();
    assert!(page.starts_with("in a browser: http://"), "{page}");
    let lines: Vec<_> = lines.lines().collect();
    assert!(lines.iter().all(|line| !line.starts_with("FORGED") && !line.starts_with("2026")), "{text}");
    assert_eq!(lines.len(), 6, "{text}");
    let said = lines[0].split_once(' ').map_or("", |(_time, said)| said);
    assert!(said.starts_with("../../../../tmp/.") && said.contains(": hello"), "{text}");
    assert!(lines.iter().any(|line| line.contains("a picture in 5000 scans; up to")), "{text}");
    assert!(lines[5].starts_with("1 frame of 2 streams, 0 lost, 2 damaged"), "{text}");
    is_unharmed(&stderr);
    // What is not a picture is not saved.
    saved_well(&folder, 1);
}

#[test]
fn json_says_what_was_sent_and_is_safe_on_a_terminal_too() {
    let mut relay = RelayProgram::start(&[]);
    let viewer = start_viewer(&mut relay, &["--json"]);
    be_hostile(&relay.addr);
    let Output { status, stdout, stderr } = viewer.wait_with_output().unwrap();
    assert!(status.success());
    let text = String::from_utf8(stdout).unwrap();
    assert_eq!(acts(&text), None, "{text:?}");
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let of = |kind: &str| events.iter().find(|event| event["event"] == kind).expect(kind);
    assert_eq!(of("text")["text"], format!("hello{STEERS}"), "programs get the original text");
    assert_eq!(of("text")["from"], name());
    assert_eq!(of("frame")["stream"], name());
    assert_eq!(of("damaged")["reason"], "a picture in 5000 scans; up to 12 are allowed at its size");
    is_unharmed(&stderr);
}

/// Texts from programs that do not write a QString: readable ones are shown, others are reported as
/// unreadable.
#[test]
fn texts_in_any_form_are_shown_or_called_unreadable() {
    let origin = Origin { from: Some("old".into()), id: None };
    let description = Message::text("", &origin).unwrap().description().clone();
    let payloads: [Option<&[u8]>; 5] = [
        Some("grüße 你好".as_bytes()),
        Some(b"\0\0\0\x03hi\0"),
        None,
        Some(b"\xff\xd8\xff\xe0\x1b[2J"),
        Some(b"\x1b[2J"),
    ];
    let mut texts: Vec<_> = payloads
        .map(|payload| {
            Message::new(MessageKind::Text, description.clone(), payload.map(|p| p.to_vec().into())).unwrap()
        })
        .into();
    texts.push(Message::text("a QString", &origin).unwrap());
    let mut relay = RelayProgram::start(&[]);
    let viewers = [start_viewer(&mut relay, &["--json"]), start_viewer(&mut relay, &[])];
    say(&relay.addr, &texts);
    say(&relay.addr, &[video("the end", jpeg())]);
    let [json, lines] = viewers.map(|viewer| {
        let Output { status, stdout, stderr } = viewer.wait_with_output().unwrap();
        assert!(status.success());
        is_unharmed(&stderr);
        is_unharmed(&stdout)
    });
    let events: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said: Vec<_> =
        events.iter().filter(|event| event["event"] == "text").map(|event| &event["text"]).collect();
    assert_eq!(said, ["grüße 你好", "hi", "", "a QString"]);
    let unreadable: Vec<_> = events.iter().filter(|event| event["event"] == "unreadable_text").collect();
    assert_eq!(unreadable.iter().map(|event| &event["bytes"]).collect::<Vec<_>>(), [8, 4]);
    assert!(unreadable.iter().all(|event| event["from"] == "old" && event["reason"].is_string()), "{json}");
    let said: Vec<_> =
        lines.lines().filter_map(|line| line.split_once(" old: ").map(|(_, said)| said)).collect();
    assert_eq!((said.len(), said[0], said[1], said[2], said[5]), (6, "grüße 你好", "hi", "", "a QString"));
    assert!(said[3].starts_with("a text of 8 bytes that cannot be decoded"), "{lines}");
    assert!(said[4].starts_with("a text of 4 bytes that cannot be decoded"), "{lines}");
}

/// A stranger's bombs, and valid pictures from a friend.
#[test]
fn pictures_that_cannot_be_shown_keep_no_other_from_being_shown() {
    let mut relay = RelayProgram::start(&[]);
    let viewer = pulsecam()
        .args(["view", &relay.addr, "--no-window", "--json", "--quiet", "--frames", "20", "--for", "20s"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    relay.running.event("joined", |_| true);
    let (mut huge, mut cut) = (jpeg(), jpeg());
    let size = huge.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap() + 5;
    huge[size..size + 4].copy_from_slice(&[0xff, 0xdc, 0xff, 0xdc]);
    cut.truncate(cut.len() / 8);
    let bad = [scan_bomb(), huge, cut, b"no picture at all".to_vec(), Vec::new()];
    let addr = relay.addr.clone();
    for round in 0..20 {
        let bad: Vec<_> = bad.iter().map(|jpeg| video("stranger", jpeg.clone())).collect();
        say(&addr, &bad);
        // The viewer exits after the last of these.
        say(&addr, &[video(&format!("friend {round}"), jpeg())]);
    }
    let output = viewer.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let friends = text.lines().filter(|line| line.contains(r#""event":"frame","stream":"friend "#)).count();
    assert_eq!(friends, 20, "{text}");
    assert!(text.contains(r#""event":"damaged","stream":"stranger""#), "{text}");
}

/// A relay that gives a hostile reason when it closes its clients' connections.
#[test]
fn a_relays_last_word_forges_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    let reason = wire_bytes(&close_message(STEERS));
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(&reason);
        }
    });
    let text = |more: &[&str]| {
        let arguments = ["text", &addr, "-v", "--deadline", "1s", "--max-backoff", "100ms", "hello"];
        pulsecam().args(arguments).args(more).stdin(Stdio::null()).output().unwrap()
    };
    let Output { status, stdout, stderr } = text(&[]);
    assert_eq!(status.code(), Some(1));
    assert!(stdout.is_empty());
    let told = has_no_forged_line(&stderr, "the relay closed the connection: ");
    let last = told.lines().last().unwrap();
    assert!(last.starts_with("pulsecam: the text \"hello\" did not reach the relay at 127.0.0.1:"), "{told}");
    assert!(
        last.contains("within 1s: the relay closed the connection: ") && last.contains("FORGED"),
        "{told}"
    );
    let Output { stdout, .. } = text(&["--json"]);
    let told = has_no_forged_line(&stdout, r#"{"event":"link","state":"down""#);
    let down = told.lines().find(|line| line.contains("FORGED")).unwrap();
    let event: Value = serde_json::from_str(down).unwrap();
    assert!(event["why"].as_str().unwrap().contains("\x1b[2J"), "programs get the original text");
}
