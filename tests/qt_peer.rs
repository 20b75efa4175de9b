//! pulsecam and a real Qt program at either end of the link: text, images, video and heartbeats, both ways.
//!
//! The Qt program (`tests/qt/peer.cpp`, see its README) is built here with Debian's qtbase5-dev, which `make
//! deps` installs. Without it these tests fail rather than being skipped.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    path::Path,
    process::{Command, Stdio},
};

use common::{
    golden, hex,
    program::{RelayProgram, Running, pulsecam},
    qt::peer,
};
use serde_json::Value;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");

fn qt(arguments: &[&str]) -> Running {
    Running::spawn(Command::new(peer()).args(arguments))
}

/// A Qt relay on a free port.
fn qt_relay(arguments: &[&str]) -> (Running, String) {
    let mut relay = qt(&[&["relay", "0"], arguments].concat());
    let line = relay.line("listening", |line| line.starts_with("listening "));
    (relay, format!("127.0.0.1:{}", line.trim_start_matches("listening ")))
}

fn qt_client(addr: &str) -> Running {
    let (host, port) = addr.rsplit_once(':').unwrap();
    let mut client = qt(&["client", host, port]);
    client.line("connected", |line| line == "connected");
    // A connected client has not yet joined; one with an answered heartbeat has.
    client.say("heartbeat");
    client.event("heartbeat", |_| true);
    client
}

fn message_of_type(number: i64) -> impl Fn(&Value) -> bool {
    move |event| event["type"] == number
}

fn sha1(path: &str) -> String {
    let output = Command::new("sha1sum").arg(path).output().unwrap();
    String::from_utf8(output.stdout).unwrap()[..40].to_owned()
}

/// Starts one of our viewers with events, and waits until it is up.
fn viewer(addr: &str, save: &Path) -> Running {
    let save = save.to_str().unwrap();
    let mut viewer = Running::start(&["view", addr, "--no-window", "--json", "--quiet", "--save", save]);
    viewer.event("link", |event| event["state"] == "up" && event["rtt_ms"].is_number());
    viewer
}

fn text_from_us(addr: &str, text: &str) {
    let status = pulsecam().args(["text", addr, "--name", "我", "--", text]).status().unwrap();
    assert!(status.success(), "{status}");
}

const TEXTS: [&str; 4] = ["plain", "你好，世界", "📷🙂 family: 👨‍👩‍👧", "שלום عالم; 100% = all"];

#[test]
fn our_golden_bytes_are_what_qt_writes() {
    let output = Command::new(peer()).arg("golden").output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let qt: std::collections::BTreeMap<_, _> =
        lines.lines().map(|line| line.split_once(' ').unwrap()).collect();
    let ours = golden();
    for case in &ours {
        let theirs = qt.get(case.name).unwrap_or_else(|| panic!("Qt writes no {}", case.name));
        assert_eq!(case.bytes, hex(theirs), "{}", case.name);
    }
    assert_eq!(qt.len(), ours.len(), "each of Qt's cases is one of ours");
}

#[test]
fn qt_reads_what_we_write() {
    let mut parse =
        Command::new(peer()).arg("parse").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let cases = golden();
    let lines: String = cases
        .iter()
        .map(|case| case.bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + "\n")
        .collect();
    std::io::Write::write_all(parse.stdin.as_mut().unwrap(), lines.as_bytes()).unwrap();
    let output = parse.wait_with_output().unwrap();
    let read: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(read.len(), cases.len());
    for (case, event) in cases.iter().zip(read) {
        assert_eq!(event["same_again"], true, "{}: {event}", case.name);
        assert_eq!(event["type"], i32::from(case.message.kind()), "{}", case.name);
        assert_eq!(event["description_null"], case.message.description().is_null(), "{}", case.name);
        assert_eq!(event["payload_null"], case.message.payload().is_none(), "{}", case.name);
        if let Some(text) = case.message.text_content() {
            let units: String = text.units().map(|unit| format!("{unit:04x}")).collect();
            assert_eq!(event["text_utf16"], units, "{}", case.name);
        }
    }
}

#[test]
fn a_qt_client_at_our_relay_talks_to_ours_and_to_its_kind() {
    let folder = tempfile::tempdir().unwrap();
    let relay = RelayProgram::start(&[]);
    let mut ours = viewer(&relay.addr, folder.path());
    let (mut sender, mut receiver) = (qt_client(&relay.addr), qt_client(&relay.addr));

    for text in TEXTS {
        sender.say(&format!("text {text}"));
        assert_eq!(ours.event("text", |_| true)["text"], text);
        assert_eq!(receiver.event("message", message_of_type(1))["text"], text);
        text_from_us(&relay.addr, text);
        let event = receiver.event("message", message_of_type(1));
        assert_eq!(event["text"], text);
        assert!(event["description"].as_str().unwrap().starts_with("this is text; from=我"));
        assert_eq!(ours.event("text", |_| true)["from"], "我");
    }

    sender.say(&format!("image {DATA}/coffee_600x400.jpg"));
    let image = ours.event("image", |_| true);
    assert_eq!((&image["width"], &image["height"]), (&600.into(), &400.into()));
    let theirs = receiver.event("message", message_of_type(2));
    assert_eq!(sha1(image["saved"].as_str().unwrap()), theirs["payload_sha1"], "saved unchanged");

    sender.say(&format!("video {DATA}/raccoon_1024x768.jpg 5 400"));
    for _ in 0..5 {
        let frame = ours.event("frame", |_| true);
        assert_eq!((&frame["width"], &frame["height"]), (&1024.into(), &768.into()));
        assert_eq!(
            (&frame["stream"], &frame["seq"], &frame["age_ms"]),
            (&"peer\u{a0}1".into(), &Value::Null, &Value::Null)
        );
        assert_eq!(receiver.event("message", message_of_type(3))["width"], 1024);
    }
    // A lone surrogate passes unchanged between two Qt programs.
    let odd = golden().into_iter().find(|case| case.name == "text-lone-surrogate").unwrap();
    sender.say(&format!("hex {}", odd.bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()));
    assert_eq!(receiver.event("message", message_of_type(1))["text_utf16"], "d800");
    assert_eq!(ours.event("text", |_| true)["text"], "\u{fffd}");
}

#[test]
fn our_images_and_video_reach_a_qt_client_as_pictures() {
    let relay = RelayProgram::start(&[]);
    let mut client = qt_client(&relay.addr);
    let file = format!("{DATA}/astronaut_512x512.jpg");
    assert!(pulsecam().args(["image", &relay.addr, &file]).status().unwrap().success());
    let image = client.event("message", message_of_type(2));
    assert_eq!(image["payload_sha1"], sha1(&file), "a JPEG is sent unchanged");
    assert_eq!(image["width"], 512);

    let send = [
        "send",
        &relay.addr,
        "--source",
        "pattern",
        "--size",
        "320x240",
        "--frames",
        "20",
        "--name",
        "Küche",
    ];
    assert!(pulsecam().args(send).status().unwrap().success());
    let frame = client.event("message", message_of_type(3));
    assert_eq!((&frame["width"], &frame["height"]), (&320.into(), &240.into()));
    assert!(frame["description"].as_str().unwrap().starts_with("this is video image; stream=Küche; seq="));
}

#[test]
fn qt_sees_the_same_pixels_with_and_without_strips() {
    let relay = RelayProgram::start(&[]);
    let mut client = qt_client(&relay.addr);
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(format!("{DATA}/raccoon_1024x768.jpg"), folder.path().join("1.jpg")).unwrap();
    let source = folder.path().join("%d.jpg");
    let mut seen = |strips: &str| {
        let what = ["send", &relay.addr, "--source", source.to_str().unwrap(), "--frames", "1"];
        let how = ["--quality", "70", "--strips", strips, "--quiet"];
        assert!(pulsecam().args(what).args(how).status().unwrap().success());
        client.event("message", message_of_type(3))
    };
    let (whole, strips) = (seen("off"), seen("4"));
    assert_eq!((&whole["width"], &whole["height"]), (&1024.into(), &768.into()));
    assert!(whole["pixels_sha1"].is_string());
    assert_ne!(whole["payload_sha1"], strips["payload_sha1"], "strips were requested");
    assert_eq!(whole["pixels_sha1"], strips["pixels_sha1"]);
}

#[test]
fn our_clients_at_a_qt_relay_see_each_other_and_know_a_frames_age_from_its_pixels() {
    let folder = tempfile::tempdir().unwrap();
    // This relay decodes and re-encodes each frame, with its own description: attributes are lost.
    let (mut relay, addr) = qt_relay(&["--reencode"]);
    let mut ours = viewer(&addr, folder.path());
    for text in TEXTS {
        text_from_us(&addr, text);
        assert_eq!(ours.event("text", |_| true)["text"], text);
        assert_eq!(relay.event("message", message_of_type(1))["text"], text);
    }
    relay.say("text from the Qt relay 你好");
    assert_eq!(ours.event("text", |_| true)["text"], "from the Qt relay 你好");

    assert!(
        pulsecam().args(["image", &addr, &format!("{DATA}/coffee_600x400.jpg")]).status().unwrap().success()
    );
    assert_eq!(ours.event("image", |_| true)["width"], 600);

    let mut sender = Running::start(&["send", &addr, "--source", "pattern", "--fps", "10", "--quiet"]);
    let first = ours.event("frame", |frame| frame["seq"].is_number());
    let second = ours.event("frame", |frame| frame["seq"].is_number());
    assert!(second["seq"].as_u64() > first["seq"].as_u64());
    // Seconds would mean a wrong reading: the stamp contains the time since 1970.
    let age = first["age_ms"].as_f64().unwrap();
    assert!((0.0..60_000.0).contains(&age), "{age}");
    sender.signal("INT");
    assert_eq!(sender.exit_code(), 0);
}

#[test]
fn a_qt_relay_that_stops_answering_is_noticed_and_found_again() {
    let (mut relay, addr) = qt_relay(&[]);
    let patience = ["--heartbeat", "100ms", "--timeout", "500ms", "--max-backoff", "100ms"];
    let arguments = ["view", &addr, "--no-window", "--json", "--quiet"];
    let mut ours = Running::start(&[&arguments[..], &patience].concat());
    ours.event("link", |event| event["state"] == "up" && event["rtt_ms"].is_number());
    relay.say("pause");
    ours.event("link", |event| event["state"] == "down" && event["why"] == "nothing heard for 500ms");
    relay.say("resume");
    ours.event("link", |event| event["state"] == "up" && event["rtt_ms"].is_number());
    relay.say("close");
    ours.event("link", |event| event["state"] == "down" && event["why"] == "the relay closed the connection");
    ours.event("link", |event| event["state"] == "up" && event["rtt_ms"].is_number());
}

/// An old program only needs another socket class for it.
#[test]
fn a_qt_program_joins_over_tls() {
    let files = tempfile::tempdir().unwrap();
    let [certificate, key] =
        ["cert.pem", "key.pem"].map(|name| files.path().join(name).display().to_string());
    let made = pulsecam()
        .args(["cert", "localhost", "127.0.0.1", "--cert", &certificate, "--key", &key])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let fingerprint = String::from_utf8(made.stdout).unwrap();
    let relay = RelayProgram::start(&["--tls-cert", &certificate, "--tls-key", &key]);
    let (host, port) = relay.addr.rsplit_once(':').unwrap();
    let mut theirs = qt(&["client", host, port, "--tls", &certificate]);
    theirs.line("connected", |line| line == "connected");
    theirs.say("heartbeat");
    theirs.event("heartbeat", |_| true);
    let pin = fingerprint.trim();
    let mut ours =
        Running::start(&["view", &relay.addr, "--no-window", "--json", "--quiet", "--tls-pin", pin]);
    ours.event("link", |event| event["state"] == "up" && event["rtt_ms"].is_number());
    theirs.say("text 你好 from Qt");
    assert_eq!(ours.event("text", |_| true)["text"], "你好 from Qt");
    let photo = format!("{DATA}/raccoon_1024x768.jpg");
    theirs.say(&format!("raw-video {photo}"));
    let frame = ours.event("frame", |_| true);
    assert_eq!(frame["bytes"], std::fs::metadata(&photo).unwrap().len());
    let status = pulsecam()
        .args(["text", &relay.addr, "--tls-ca", &certificate, "--", "שלום to Qt"])
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
    assert_eq!(theirs.event("message", message_of_type(1))["text"], "שלום to Qt");
    // Without TLS it is not let in.
    let mut plain = qt(&["client", host, port, "--heartbeat", "100"]);
    plain.event("disconnected", |_| true);
}
