//! Programs that are stopped and continued, or ended while they wait for a relay. The first stand for a
//! suspended laptop or a starved machine. All are real processes, controlled by signals.
//!
//! Needs: the built program. Alone: `make test-pauses`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]
#![allow(clippy::print_stdout, reason = "the durations are informative")]

mod common;

use std::{
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use common::program::{RelayProgram, Running, viewer};
use serde_json::Value;
use socket2::{Domain, Socket, Type};

/// Short limits, so that a short pause exceeds them.
const PATIENCE: [&str; 6] = ["--heartbeat", "500ms", "--timeout", "2s", "--max-backoff", "500ms"];

/// A link that outlasts every pause here.
const LASTING: [&str; 4] = ["--heartbeat", "500ms", "--timeout", "2m"];

/// Shorter than any pause here, longer than a frame takes on a busy machine.
const STALE_MS: f64 = 2000.0;

fn is(state: &'static str) -> impl Fn(&Value) -> bool {
    move |event| event["state"] == state
}

fn sender(relay: &str, patience: &[&str]) -> Running {
    let send =
        ["send", relay, "--source", "pattern", "--size", "160x120", "--fps", "10", "--json", "--quiet"];
    let mut sender = Running::start(&[&send[..], patience].concat());
    sender.event("link", is("up"));
    sender
}

fn texts(relay: &str, patience: &[&str]) -> Running {
    let text = ["text", relay, "--json", "--quiet", "--deadline", "1m"];
    let mut texts = Running::start(&[&text[..], patience].concat());
    texts.event("link", is("up"));
    texts
}

/// Waits for `count` frames of known age; none may be from before the pause.
fn no_stale_frame(viewer: &mut Running, count: usize) {
    for _ in 0..count {
        let frame = viewer.event("frame", |_| true);
        assert!(frame["age_ms"].as_f64().unwrap() < STALE_MS, "from before the pause: {frame}");
    }
}

/// Waits for `texts` texts and ten frames; no frame may be from before the pause.
fn heard_beside_frames(viewer: &mut Running, texts: usize) -> Vec<String> {
    let (mut heard, mut frames) = (Vec::new(), 0);
    while heard.len() < texts || frames < 10 {
        let event = viewer.any_event(&["text", "frame"]);
        match event["text"].as_str() {
            Some(text) => heard.push(text.to_owned()),
            None => {
                assert!(event["age_ms"].as_f64().unwrap() < STALE_MS, "from before the pause: {event}");
                frames += 1;
            }
        }
    }
    heard
}

/// Stops the relay until its clients have disconnected, and continues it.
fn a_relay_stands_still(patience: &[&str], downs: usize) {
    let relay = RelayProgram::start(&[]);
    let mut lasting = viewer(&relay.addr, &LASTING);
    let mut leaving = viewer(&relay.addr, patience);
    let mut sender = sender(&relay.addr, patience);
    let mut texts = texts(&relay.addr, patience);
    texts.say("before");
    assert_eq!(lasting.event("text", |_| true)["text"], "before");
    leaving.event("frame", |_| true);

    relay.running.signal("STOP");
    for text in ["one", "二", "three"] {
        texts.say(text);
    }
    // The system still accepts connections for the relay, so the clients connect and time out again.
    for _ in 0..downs {
        for program in [&mut leaving, &mut sender, &mut texts] {
            let down = program.event("link", is("down"));
            assert!(down["why"].as_str().unwrap().contains("nothing heard"), "{down}");
        }
    }
    lasting.forget();
    relay.running.signal("CONT");
    let since = Instant::now();
    let proven = |event: &Value| event["state"] == "up" && event["rtt_ms"].is_number();
    leaving.event("link", proven);
    println!("up and answered {:.1?} after the relay continued", since.elapsed());
    no_stale_frame(&mut leaving, 5);
    assert_eq!(heard_beside_frames(&mut lasting, 3), ["one", "二", "three"]);
    texts.say("after");
    assert_eq!(lasting.event("text", |_| true)["text"], "after", "each arrives once and in order");
    texts.stdin = None;
    assert_eq!(texts.exit_code(), 0, "all were accepted");
}

#[test]
fn a_relay_that_stands_still_is_left_and_found_again() {
    a_relay_stands_still(&PATIENCE, 2);
}

#[test]
fn a_relay_that_stands_still_for_20_s_is_found_again_with_the_usual_limits() {
    a_relay_stands_still(&["--max-backoff", "1s"], 2);
}

#[test]
fn clients_that_stood_still_longer_than_every_limit_come_back() {
    let mut relay = RelayProgram::start(&["--client-timeout", "2s"]);
    let mut lasting = viewer(&relay.addr, &LASTING);
    let mut stopped = viewer(&relay.addr, &PATIENCE);
    let mut sender = sender(&relay.addr, &PATIENCE);
    let mut texts = texts(&relay.addr, &PATIENCE);
    texts.say("before");
    assert_eq!(lasting.event("text", |_| true)["text"], "before");
    stopped.event("frame", |_| true);

    for program in [&stopped, &sender, &texts] {
        program.signal("STOP");
    }
    texts.say("one");
    texts.say("two");
    for _ in 0..3 {
        let left = relay.running.event("left", |_| true);
        assert!(left["reason"].as_str().unwrap().contains("silent"), "{left}");
    }
    for program in [&stopped, &sender, &texts] {
        program.signal("CONT");
    }
    let since = Instant::now();
    for program in [&mut stopped, &mut sender, &mut texts] {
        program.event("link", is("down"));
        program.event("link", |event| event["state"] == "up" && event["clock_offset_ms"].is_number());
    }
    println!("all up again {:.1?} after they continued", since.elapsed());
    no_stale_frame(&mut stopped, 5);
    assert_eq!(heard_beside_frames(&mut lasting, 2), ["one", "two"]);
    texts.say("after");
    assert_eq!(lasting.event("text", |_| true)["text"], "after");
}

/// Programs that report a link that they wait for, and exit with status 0 on a signal.
fn waiting(relay: &str, more: &[&str]) -> [Running; 3] {
    let pattern = ["--source", "pattern", "--size", "160x120"];
    let start = |what: &[&str]| Running::start(&[what, more, &["--json", "--quiet"]].concat());
    [
        start(&["view", relay, "--no-window"]),
        start(&[&["send", relay][..], &pattern].concat()),
        start(&[&["call", relay, "--no-window"][..], &pattern].concat()),
    ]
}

#[test]
fn a_program_that_pauses_between_two_attempts_ends_at_the_first_signal() {
    let nobody = RelayProgram::start(&[]).addr.clone();
    for (mut program, signal) in waiting(&nobody, &[]).into_iter().zip(["INT", "TERM", "INT"]) {
        program.event("link", |event| event["retry_in_ms"].as_f64() > Some(1000.0));
        program.forget();
        program.signal(signal);
        let rest = program.rest();
        assert!(!rest.iter().any(|line| line.contains("connecting")), "it waited to reconnect: {rest:#?}");
        assert_eq!(program.exit_code(), 0);
    }
}

/// An address that never answers a connection attempt: its accept queue is full.
fn deaf() -> (SocketAddr, Socket, Vec<TcpStream>) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
    socket.listen(0).unwrap();
    let addr = socket.local_addr().unwrap().as_socket().unwrap();
    let mut queue = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&addr, Duration::from_millis(300)) {
        queue.push(stream);
    }
    (addr, socket, queue)
}

#[test]
fn a_program_that_waits_for_an_answer_to_its_connecting_ends_at_the_first_signal() {
    let (addr, _socket, _queue) = deaf();
    // Longer than any test waits.
    for mut program in waiting(&addr.to_string(), &["--connect-timeout", "10m"]) {
        program.event("link", is("connecting"));
        program.signal("INT");
        assert_eq!(program.exit_code(), 0);
    }
}

#[test]
fn a_text_that_was_not_taken_does_not_end_with_0() {
    let nobody = RelayProgram::start(&[]).addr.clone();
    let mut text = Running::start(&["text", &nobody, "hello", "--json", "--quiet"]);
    text.event("link", is("down"));
    text.signal("INT");
    // Ended by the signal itself: a shell reports 130.
    assert_eq!(text.exit_code(), -1);
}
