//! Outages of a real network: relay and client on two hosts, which are network namespaces. TCP reports
//! "established" throughout.
//!
//! Needs Linux, root, iproute2 and the built program. Alone: `make test-net`. Ignored by default because it
//! needs root; CI runs it. With `--nocapture` each test prints how long both ends took.

#![cfg(target_os = "linux")]
#![allow(missing_docs, unreachable_pub, reason = "a test's own parts")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]
#![allow(clippy::print_stdout, reason = "the durations are informative")]

#[path = "../common/mod.rs"]
mod common;
mod discovery;
mod hosts;
mod names;

use std::time::Instant;

use common::program::Running;
use hosts::{Cable, Host};
use serde_json::Value;

/// The relay's port; each test has its own network.
const PORT: u16 = 6868;

/// Short limits, so that outages can be short.
const RELAY: [&str; 6] = ["relay", "--listen", "0.0.0.0:6868", "--json", "--client-timeout", "3s"];
const PATIENCE: [&str; 6] = ["--heartbeat", "500ms", "--timeout", "2s", "--max-backoff", "500ms"];

/// Longer than any limit: a frame older than this is from before the outage.
const OUTAGE_MS: f64 = 2000.0;

fn start_relay(host: &Host) -> Running {
    let mut relay = host.start(&RELAY);
    relay.event("listening", |_| true);
    relay
}

fn start(host: &Host, relay: &Host, what: &[&str], more: &[&str]) -> Running {
    let address = format!("{}:{PORT}", relay.address);
    let (command, options) = what.split_at(1);
    host.start(&[command, &[&address], options, &PATIENCE, more].concat())
}

fn viewer(host: &Host, relay: &Host) -> Running {
    let mut viewer = start(host, relay, &["view"], &["--no-window", "--json"]);
    viewer.event("link", is("up"));
    viewer
}

fn sender(host: &Host, relay: &Host) -> Running {
    let mut sender =
        start(host, relay, &["send", "--source", "pattern", "--size", "160x120", "--fps", "10"], &["--json"]);
    sender.event("link", is("up"));
    sender
}

fn is(state: &'static str) -> impl Fn(&Value) -> bool {
    move |event| event["state"] == state
}

/// Waits for new frames, none of them from before the outage.
fn goes_on(viewer: &mut Running) {
    for _ in 0..5 {
        let frame = viewer.event("frame", |_| true);
        assert!(frame["age_ms"].as_f64().unwrap() < OUTAGE_MS, "from before the outage: {frame}");
    }
}

/// An outage of both ends that is ended: `cut`, then `heal`.
fn outage(cable: &mut Cable, cut: impl Fn(&mut Cable), heal: impl Fn(&mut Cable)) {
    let mut relay = start_relay(&cable.relay);
    let mut beside = viewer(&cable.relay, &cable.relay);
    let mut sender = sender(&cable.client, &cable.relay);
    let mut texts = start(&cable.client, &cable.relay, &["text"], &["--deadline", "1m"]);
    texts.say("before");
    assert_eq!(beside.event("text", |_| true)["text"], "before");
    beside.event("frame", |_| true);

    cut(cable);
    let since = Instant::now();
    for text in ["one", "二", "three"] {
        texts.say(text);
    }
    let established = cable.client.established(PORT);
    assert!(established >= 2, "TCP has noticed nothing: {established}");
    let why = sender.event("link", is("down"))["why"].as_str().unwrap().to_owned();
    assert!(why.contains("nothing heard"), "{why}");
    let client_noticed = since.elapsed();
    // The sender and the texts.
    for _ in 0..2 {
        // If only the relay's packets are dropped, it receives the reset of a client that has given up.
        relay.event("left", |event| {
            ["silent", "reset"].iter().any(|why| event["reason"].to_string().contains(why))
        });
    }

    let relay_noticed = since.elapsed();

    heal(cable);
    let since = Instant::now();
    sender.event("link", is("up"));
    let up = since.elapsed();
    let (mut texts_seen, mut frames) = (Vec::new(), 0);
    while texts_seen.len() < 3 || frames < 5 {
        let event = beside.any_event(&["text", "frame"]);
        match event["text"].as_str() {
            Some(text) => texts_seen.push(text.to_owned()),
            None => {
                assert!(event["age_ms"].as_f64().unwrap() < OUTAGE_MS, "from before the outage: {event}");
                frames += 1;
            }
        }
    }
    assert_eq!(texts_seen, ["one", "二", "three"]);
    println!(
        "noticed by the client after {client_noticed:.1?}, by the relay after {relay_noticed:.1?}; up again {up:.1?} after the end"
    );
    texts.say("after");
    assert_eq!(beside.event("text", |_| true)["text"], "after", "each arrives once and in order");
    texts.stdin = None;
    assert_eq!(texts.exit_code(), 0, "all were accepted");
}

#[test]
#[ignore = "needs root and network namespaces: make test-net"]
fn a_pulled_cable_is_noticed_at_both_ends_and_healed() {
    let mut cable = Cable::new();
    outage(&mut cable, |cable| cable.client.plug(false), |cable| cable.client.plug(true));
}

#[test]
#[ignore = "needs root and network namespaces: make test-net"]
fn a_firewall_that_drops_what_the_client_sends_is_noticed_at_both_ends_and_healed() {
    let mut cable = Cable::new();
    outage(&mut cable, |cable| cable.relay.deaf(true), |cable| cable.relay.deaf(false));
}

#[test]
#[ignore = "needs root and network namespaces: make test-net"]
fn a_firewall_that_drops_what_the_relay_sends_is_noticed_at_both_ends_and_healed() {
    let mut cable = Cable::new();
    outage(&mut cable, |cable| cable.client.deaf(true), |cable| cable.client.deaf(false));
}

#[test]
#[ignore = "needs root and network namespaces: make test-net"]
fn a_client_whose_address_changes_comes_back() {
    let mut cable = Cable::new();
    // Nobody has the old connection's address any more.
    outage(&mut cable, |cable| cable.client.moves_to(3), |_| ());
}

/// Tests that data of a connection that only the client has given up does not arrive later. The client's
/// system still holds it.
fn given_up(cut: impl Fn(&Cable, bool)) {
    let cable = Cable::new();
    let mut relay = cable.relay.start(&[&RELAY[..5], &["1m"]].concat());
    relay.event("listening", |_| true);
    let mut beside = viewer(&cable.relay, &cable.relay);
    let mut sender = sender(&cable.client, &cable.relay);
    for _ in 0..10 {
        beside.event("frame", |_| true);
    }
    cut(&cable, true);
    sender.event("link", is("down"));
    cut(&cable, false);
    sender.event("link", is("up"));
    nothing_old_comes(&mut beside);
}

/// Watches long enough for TCP's retransmissions, which come a second or two after the cable is back.
fn nothing_old_comes(viewer: &mut Running) {
    let mut newest = None;
    for _ in 0..50 {
        let frame = viewer.event("frame", |_| true);
        assert!(frame["age_ms"].as_f64().unwrap() < OUTAGE_MS, "from before the outage: {frame}");
        let number = frame["seq"].as_u64();
        assert!(number > newest, "after frame {newest:?}: {frame}");
        newest = number;
    }
}

#[test]
#[ignore = "needs root and network namespaces: make test-net"]
fn what_waited_for_a_pulled_cable_is_not_shown_when_it_is_back() {
    given_up(|cable, cut| cable.client.plug(!cut));
}

#[test]
#[ignore = "needs root and network namespaces: make test-net"]
fn what_waited_before_a_firewall_is_not_shown_when_it_opens() {
    given_up(|cable, cut| cable.relay.deaf(cut));
}

#[test]
#[ignore = "needs root and network namespaces: make test-net"]
fn what_waited_for_a_viewer_that_the_relay_gives_up_is_not_shown_when_the_firewall_opens() {
    let cable = Cable::new();
    let mut relay = start_relay(&cable.relay);
    let _sender = sender(&cable.relay, &cable.relay);
    // More patient than the relay: it keeps reading the old connection.
    let address = format!("{}:{PORT}", cable.relay.address);
    let patient = ["view", &address, "--no-window", "--json", "--heartbeat", "500ms", "--timeout", "1m"];
    let mut viewer = cable.client.start(&patient);
    for _ in 0..10 {
        viewer.event("frame", |_| true);
    }
    // The cable is not pulled here: a packet that waits for the other host's link address is sent once the
    // carrier is back, even if its connection is gone.
    for end in [&cable.client, &cable.relay] {
        end.deaf(true);
    }
    relay.event("left", |event| event["reason"].to_string().contains("silent"));
    viewer.forget();
    for end in [&cable.client, &cable.relay] {
        end.deaf(false);
    }
    nothing_old_comes(&mut viewer);
}

#[test]
#[ignore = "needs root and network namespaces: make test-net"]
fn a_relay_host_that_vanishes_comes_back_as_another_process() {
    let cable = Cable::new();
    let relay = start_relay(&cable.relay);
    let mut sender = sender(&cable.client, &cable.relay);
    let mut viewer = viewer(&cable.client, &cable.relay);
    viewer.event("frame", |_| true);
    // Neither FIN nor RST of the relay reaches the clients.
    cable.relay.plug(false);
    relay.signal("KILL");
    let since = Instant::now();
    for program in [&mut sender, &mut viewer] {
        program.event("link", is("down"));
    }
    let noticed = since.elapsed();
    let mut relay = start_relay(&cable.relay);
    cable.relay.plug(true);
    let since = Instant::now();
    for program in [&mut sender, &mut viewer] {
        program.event("link", is("up"));
    }
    println!("noticed by both clients after {noticed:.1?}; up again {:.1?} after the end", since.elapsed());
    goes_on(&mut viewer);
    relay.event("joined", |event| event["clients"] == 2);
}

#[test]
#[ignore = "needs root and network namespaces: make test-net"]
fn a_test_that_fails_leaves_no_network_behind() {
    let (give, take) = std::sync::mpsc::channel();
    let failing = std::thread::spawn(move || {
        let cable = Cable::new();
        give.send([cable.relay.name().to_owned(), cable.client.name().to_owned()]).unwrap();
        let _relay = start_relay(&cable.relay);
        panic!("on purpose");
    });
    assert!(failing.join().is_err());
    let left = hosts::all();
    for name in take.recv().unwrap() {
        assert!(!left.contains(&name), "{name} is left in {left}");
    }
}
