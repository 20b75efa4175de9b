//! Frames that are not sent: those that nobody views, and those equal to the previous one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::fs;

use common::program::{RelayProgram, Running, viewer};

const PHOTO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/raccoon_1024x768.jpg");

fn send(relay: &RelayProgram, more: &[&str]) -> Running {
    let mut arguments = vec!["send", &relay.addr, "--json", "--quiet"];
    arguments.extend(more);
    Running::start(&arguments)
}

#[test]
fn nothing_is_encoded_until_somebody_views() {
    let relay = RelayProgram::start(&[]);
    let mut alone = send(&relay, &["--source", "pattern", "--size", "320x240", "--frames", "40"]);
    let summary = alone.event("summary", |_| true);
    let count = |name: &str| summary[name].as_u64().unwrap();
    // The first few are sent before the relay has reported that nobody views.
    assert!(count("unseen") >= 20, "{summary}");
    assert!(count("encoded") <= 20, "{summary}");

    let mut watched = send(&relay, &["--source", "pattern", "--size", "320x240"]);
    let mut viewer = viewer(&relay.addr, &["--frames", "10"]);
    assert_eq!(viewer.event("summary", |_| true)["frames"], 10);
    watched.signal("INT");
    assert!(watched.event("summary", |_| true)["encoded"].as_u64().unwrap() >= 10);
}

#[test]
fn a_picture_that_stays_the_same_is_sent_once_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let clip = folder.path().join("still.mjpeg");
    fs::write(&clip, fs::read(PHOTO).unwrap().repeat(2)).unwrap();
    let relay = RelayProgram::start(&[]);
    let mut viewer = viewer(&relay.addr, &["--frames", "3"]);
    let source = clip.display().to_string();
    let mut sender = send(&relay, &["--source", &source, "--repeat", "--fps", "20", "--skip-still"]);
    assert_eq!(viewer.event("summary", |_| true)["frames"], 3);
    sender.signal("INT");
    let summary = sender.event("summary", |_| true);
    let count = |name: &str| summary[name].as_u64().unwrap();
    assert!(count("still") > count("passed_through"), "{summary}");
}
