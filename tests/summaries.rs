//! The last event of each command: its numbers add up, whatever happens.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{fs, thread, time::Duration};

use common::program::{RelayProgram, Running, viewer};
use serde_json::Value;

/// What can become of a captured frame, or of a placeholder.
const ENDS: [&str; 11] = [
    "unseen",
    "still",
    "thinned",
    "failed",
    "skipped_before_encoding",
    "replaced_before_sending",
    "while_link_down",
    "too_large",
    "sent",
    "cards_sent",
    "left_over",
];

fn sum(event: &Value, names: &[&str]) -> u64 {
    names.iter().map(|name| event[name].as_u64().unwrap_or_else(|| panic!("{name} in {event}"))).sum()
}

/// A sender's last event, with its numbers checked.
fn summary(sending: &mut Running) -> Value {
    let summary = sending.event("summary", |_| true);
    assert_eq!(sum(&summary, &["captured", "cards"]), sum(&summary, &ENDS), "{summary}");
    summary
}

fn send(addr: &str, more: &[&str]) -> Running {
    let all = ["send", addr, "--source", "pattern", "--size", "160x120", "--json", "--quiet"];
    Running::start(&[&all[..], more].concat())
}

#[test]
fn a_senders_frames_are_all_accounted_for_when_nobody_views() {
    let relay = RelayProgram::start(&[]);
    let mut sending = send(&relay.addr, &["--frames", "3", "--fps", "20"]);
    let told = summary(&mut sending);
    assert_eq!((&told["captured"], &told["unseen"], &told["sent"]), (&3.into(), &3.into(), &0.into()));
    assert_eq!(sending.exit_code(), 0);
}

#[test]
fn a_senders_frames_are_all_accounted_for_when_they_are_seen() {
    let relay = RelayProgram::start(&[]);
    let mut watching = viewer(&relay.addr, &[]);
    let mut sending = send(&relay.addr, &["--frames", "30", "--fps", "100"]);
    let told = summary(&mut sending);
    assert_eq!((sum(&told, &["sent", "replaced_before_sending"]), sending.exit_code()), (30, 0), "{told}");
    // A source that stays the same, ended midway.
    let folder = tempfile::tempdir().unwrap();
    let film = folder.path().join("film.mjpeg");
    let coffee = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/coffee_600x400.jpg");
    fs::write(&film, fs::read(coffee).unwrap().repeat(200)).unwrap();
    let film = film.to_str().unwrap();
    let still = ["send", &relay.addr, "--source", film, "--skip-still", "--fps", "60", "--json", "--quiet"];
    let mut still = Running::start(&still);
    watching.event("frame", |frame| frame["width"] != 160);
    thread::sleep(Duration::from_millis(500));
    still.signal("TERM");
    let told = summary(&mut still);
    assert!(told["still"].as_u64() > Some(5) && told["sent"].as_u64() > Some(0), "{told}");
    assert_eq!(still.exit_code(), 0);
}

#[test]
fn a_senders_frames_are_all_accounted_for_over_an_outage_and_over_a_limit() {
    let relay = RelayProgram::start(&[]);
    let addr = relay.addr.clone();
    let mut sending = send(&addr, &["--fps", "100", "--max-backoff", "200ms"]);
    let mut watching = viewer(&addr, &[]);
    watching.event("frame", |_| true);
    drop(relay);
    sending.event("link", |event| event["state"] == "down");
    thread::sleep(Duration::from_millis(200));
    let mut again = Running::start(&["relay", "--listen", &addr, "--json", "--quiet"]);
    again.event("listening", |_| true);
    viewer(&addr, &[]).event("frame", |_| true);
    sending.signal("INT");
    let told = summary(&mut sending);
    assert!(told["sent"].as_u64() > Some(0) && told["while_link_down"].as_u64() > Some(0), "{told}");

    let _watching = viewer(&addr, &[]);
    let limit = ["--frames", "5", "--max-message", "4500", "--adapt", "off", "--size", "640x480"];
    let mut large =
        Running::start(&[&["send", &addr, "--source", "pattern", "--json", "--quiet"][..], &limit].concat());
    let told = summary(&mut large);
    assert_eq!((&told["too_large"], &told["sent"]), (&5.into(), &0.into()), "{told}");
    assert_eq!((told["nothing"].is_string(), large.exit_code()), (true, 1), "nothing was sent");
}

#[test]
fn a_viewers_and_a_recordings_frames_are_those_of_their_streams_and_files() {
    let folder = tempfile::tempdir().unwrap();
    let relay = RelayProgram::start(&[]);
    let mut watching = viewer(&relay.addr, &[]);
    let out = folder.path().join("a.mkv");
    let mut recording =
        Running::start(&["record", &relay.addr, "--out", out.to_str().unwrap(), "--json", "--quiet"]);
    recording.event("link", |event| event["state"] == "up");
    let _ann = send(&relay.addr, &["--name", "ann", "--fps", "40"]);
    let _bob = send(&relay.addr, &["--name", "bob", "--fps", "40"]);
    for name in ["ann", "bob"] {
        watching.event("frame", |frame| frame["stream"] == name && frame["seq"].as_u64() > Some(20));
    }
    watching.signal("INT");
    recording.signal("INT");
    let seen = watching.event("summary", |_| true);
    let streams = seen["streams"].as_array().unwrap();
    assert_eq!(streams.len(), 2);
    let of_streams: u64 = streams.iter().map(|stream| sum(stream, &["frames"])).sum();
    assert_eq!(sum(&seen, &["frames"]), of_streams + sum(&seen, &["other_frames"]), "{seen}");
    let lost: u64 = streams.iter().map(|stream| sum(stream, &["lost"])).sum();
    assert_eq!(sum(&seen, &["lost"]), lost, "{seen}");
    let saved = [recording.event("saved", |_| true), recording.event("saved", |_| true)];
    let told = recording.event("summary", |_| true);
    let of_files = saved.iter().map(|saved| sum(saved, &["frames"])).sum::<u64>();
    assert_eq!((sum(&told, &["frames"]), sum(&told, &["files", "unrecorded"])), (of_files, 2), "{told}");
    assert_eq!((watching.exit_code(), recording.exit_code()), (0, 0));
}
