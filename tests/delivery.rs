//! Tests of delivering texts and pictures over links that are slow, down for a while, or reject something.
//! Alone: `make test-reach`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    fs,
    net::TcpListener,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use common::program::{RelayProgram, Running, pulsecam, run, text_of, viewer};
use pulsecam::bench::throttle::{Bucket, Slow, proxy};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");

/// A picture of 250 kB, and one of a third of that.
const LARGE: &str = "raccoon_1024x768.jpg";
const SMALL: &str = "coffee_600x400.jpg";

fn data(name: &str) -> String {
    format!("{DATA}/{name}")
}

#[test]
fn a_picture_on_a_slow_uplink_is_not_given_up_while_it_moves() {
    let relay = RelayProgram::start(&[]);
    let bucket = Bucket::default();
    let _rate = bucket.rate(80_000);
    let slow = proxy(relay.addr.parse().unwrap(), Slow::ToRelay, &bucket).unwrap().to_string();
    let began = Instant::now();
    let sent = run(&["image", &slow, &data(LARGE), "--deadline", "1s", "--quiet"]);
    assert!(sent.status.success(), "{}", text_of(&sent.stderr));
    assert!(began.elapsed() > Duration::from_secs(2), "the link was too fast for this test");
}

#[test]
fn a_picture_that_stands_still_is_given_up_with_the_reason() {
    let relay = RelayProgram::start(&[]);
    let bucket = Bucket::default();
    bucket.add(40_000);
    let stuck = proxy(relay.addr.parse().unwrap(), Slow::ToRelay, &bucket).unwrap().to_string();
    let sent = run(&["image", &stuck, &data(LARGE), "--deadline", "1s", "--quiet"]);
    assert_eq!(sent.status.code(), Some(1));
    let complaint = text_of(&sent.stderr);
    assert!(complaint.contains(LARGE) && complaint.contains("within 1s"), "{complaint}");
}

#[test]
fn a_pipe_waits_for_a_relay_that_is_away_and_what_has_ended_does_not() {
    let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut log = Running::start(&["text", &addr, "--quiet", "--max-backoff", "200ms"]);
    log.say("before there was a relay");
    // Longer than the wait at the end of the input.
    let ended = run(&["text", &addr, "--quiet", "hello"]);
    assert_eq!(ended.status.code(), Some(1));
    let piped =
        pulsecam().args(["text", &addr, "--quiet"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut piped = piped.unwrap();
    std::io::Write::write_all(&mut piped.stdin.take().unwrap(), b"all of it\n").unwrap();
    let piped = piped.wait_with_output().unwrap();
    assert_eq!(piped.status.code(), Some(1), "{}", text_of(&piped.stderr));
    assert!(text_of(&piped.stderr).contains("connection refused"), "{}", text_of(&piped.stderr));

    let mut relay = Running::start(&["relay", "--listen", &addr, "--json", "--quiet"]);
    relay.event("listening", |_| true);
    let mut viewer = viewer(&addr, &[]);
    log.say("after it came");
    viewer.event("text", |event| event["text"] == "after it came");
    relay.signal("TERM");
    assert_eq!(relay.exit_code(), 0);
    log.say("during a restart");
    thread::sleep(Duration::from_millis(300));
    let mut relay = Running::start(&["relay", "--listen", &addr, "--json", "--quiet"]);
    relay.event("listening", |_| true);
    log.say("and after it");
    log.stdin = None;
    assert_eq!(log.exit_code(), 0, "all of it must be taken");
}

#[test]
fn a_deadline_that_is_asked_for_holds_for_pipes_too() {
    let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut log = Running::start(&["text", &addr, "--quiet", "--deadline", "500ms"]);
    log.say("hello");
    assert_eq!(log.exit_code(), 1);
}

#[test]
fn a_line_that_the_relay_does_not_take_is_refused_alone() {
    let relay = RelayProgram::start(&["--max-text", "2KiB"]);
    let mut viewer = viewer(&relay.addr, &[]);
    let arguments =
        ["text", &relay.addr, "--max-message", "10k", "--max-backoff", "100ms", "--quiet", "--json"];
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut command = pulsecam();
    let mut lines = Running::spawn_logging(command.args(arguments), log.reopen().unwrap().into());
    for line in ["first", &"x".repeat(3000), "二", &"y".repeat(20_000), "last"] {
        lines.say(line);
    }
    lines.stdin = None;
    for text in ["first", "二", "last"] {
        assert_eq!(viewer.event("text", |_| true)["text"], text);
    }
    assert_eq!(lines.event("summary", |_| true)["messages"], 3);
    assert_eq!(lines.exit_code(), 1);
    let said = fs::read_to_string(log.path()).unwrap();
    for words in ["line 2", "at most 2048 are allowed", "line 4", "20000 bytes", "2 of 5 were rejected"] {
        assert!(said.contains(words), "{words:?} is missing in: {said}");
    }
    assert!(!said.contains(&"x".repeat(100)), "a line is not repeated whole: {said}");
}

#[test]
fn a_text_on_the_command_line_that_the_relay_does_not_take_is_an_error_with_its_reason() {
    let relay = RelayProgram::start(&["--max-text", "1KiB"]);
    let sent = run(&["text", &relay.addr, &"x".repeat(2000), "--max-backoff", "100ms", "--quiet"]);
    assert_eq!(sent.status.code(), Some(1));
    assert!(text_of(&sent.stderr).contains("at most 1024 are allowed"), "{}", text_of(&sent.stderr));
}

#[test]
fn all_pictures_are_checked_before_the_first_is_sent() {
    let mut relay = RelayProgram::start(&[]);
    let (small, large) = (data(SMALL), data(LARGE));
    for wrong in [&large, "/no/such.jpg", DATA] {
        let sent = run(&["image", &relay.addr, &small, wrong, &small, "--max-message", "150k", "--quiet"]);
        assert_eq!(sent.status.code(), Some(1));
        assert!(text_of(&sent.stderr).contains(wrong), "{}", text_of(&sent.stderr));
    }
    relay.running.signal("TERM");
    assert_eq!(relay.running.event("summary", |_| true)["messages_in"], 0);
}

#[test]
fn a_picture_that_the_relay_does_not_take_is_named_and_the_others_are_sent() {
    let relay = RelayProgram::start(&["--max-message", "150k"]);
    let mut viewer = viewer(&relay.addr, &[]);
    let sent =
        run(&["image", &relay.addr, &data(SMALL), &data(LARGE), &data(SMALL), "--max-backoff", "100ms"]);
    let complaint = text_of(&sent.stderr);
    assert_eq!(sent.status.code(), Some(1), "{complaint}");
    assert!(complaint.contains(LARGE) && complaint.contains("1 of 3"), "{complaint}");
    for _ in 0..2 {
        assert_eq!(viewer.event("image", |_| true)["width"], 600);
    }
}
