//! Several relays as one, as the built program runs them: options, events, and what `relays HOST` prints.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::fs;

use common::program::{RelayProgram, Running, fails, run, text_of, viewer};
use serde_json::Value;

/// A relay of a cluster on this machine, and where other relays reach it.
fn member(join: Option<&str>, more: &[&str]) -> (RelayProgram, String) {
    let mut arguments = vec!["--cluster", "127.0.0.1:0"];
    arguments.extend(join.into_iter().flat_map(|join| ["--join", join]));
    arguments.extend(more);
    // Events of the cluster may come before or after those that clients can connect.
    let mut running = Running::start(
        &[&["relay", "--listen", "127.0.0.1:0", "--json", "--quiet"][..], &arguments].concat(),
    );
    let (mut door, mut addr) = (None, None);
    while door.is_none() || addr.is_none() {
        let event = running.any_event(&["cluster_listening", "listening"]);
        let place = if event["event"] == "listening" { &mut addr } else { &mut door };
        *place = Some(event["addr"].as_str().unwrap().to_owned());
    }
    (RelayProgram { running, addr: addr.unwrap() }, door.unwrap())
}

#[test]
fn relays_of_this_machine_are_one_and_are_listed() {
    let (mut first, door) = member(None, &[]);
    let (second, _) = member(Some(&door), &[]);
    let came = first.running.event("relay_came", |_| true);
    assert_eq!(came["public"].as_str(), Some(second.addr.as_str()), "where it listens for clients");
    let mut viewing = viewer(&second.addr, &[]);
    let _here = viewer(&first.addr, &[]);
    first.running.event("link_up", |event| event["relay"] == came["relay"]);
    let text = ["text", &first.addr, "across relays", "--name", "ann", "--quiet"];
    assert_eq!(run(&text).status.code(), Some(0));
    viewing.event("text", |event| event["text"] == "across relays" && event["from"] == "ann");

    let listed = run(&["relays", &first.addr]);
    let lines = text_of(&listed.stdout);
    assert_eq!(listed.status.code(), Some(0), "{lines}");
    let (asked, there) = (format!("{}  asked", first.addr), format!("{}  there", second.addr));
    for wanted in [asked.as_str(), there.as_str(), "link up", "1 viewer there"] {
        assert!(lines.contains(wanted), "no {wanted:?} in {lines}");
    }
    let listed: Value = serde_json::from_slice(&run(&["relays", &first.addr, "--json"]).stdout).unwrap();
    assert_eq!(listed["relays"][0]["public"].as_str(), Some(second.addr.as_str()));
    drop(second);
    first.running.event("link_down", |_| true);
    first.running.event("relay_gone", |event| event["relay"] == came["relay"]);
}

#[test]
fn a_room_with_a_key_is_listed_to_those_who_have_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let cluster = file("cluster.key", "the key of all relays");
    let (room, other) = (file("room.key", "the key of this room"), file("other.key", "the key of another"));
    let key = format!("lab={room}");
    let options = ["--cluster-key-file", &cluster, "--key-file", &key];
    let (_first, door) = member(None, &options);
    let (second, _) = member(Some(&door), &options);
    let mut listing = second;
    listing.running.event("relay_came", |_| true);
    let addr = listing.addr.as_str();
    let listed = run(&["relays", addr, "--key-file", &room, "--json"]);
    let known: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(known["relays"].as_array().map(Vec::len), Some(1), "{known}");
    assert!(known["addr"].is_null(), "where relays listen is for operators");
    fails(&["relays", addr, "--key-file", &other], 1, &["cannot be asked"]);
    fails(&["relays", addr], 1, &["cannot be asked"]);
}

#[test]
fn wrong_usage_is_explained() {
    let lone = RelayProgram::start(&[]);
    fails(&["relays", &lone.addr], 1, &["on its own"]);
    fails(
        &["relay", "--listen", "127.0.0.1:0", "--cluster", "0.0.0.0:0", "--advertise", "192.0.2.1"],
        2,
        &["cluster key", "pulsecam key", "--cluster-key-file"],
    );
    fails(&["relay", "--join", "127.0.0.1"], 2, &["--cluster"]);
    fails(&["relay", "--cluster", "127.0.0.1:x"], 2, &["is not a port"]);
    fails(&["relay", "--cluster", "127.0.0.1", "--cluster-key-file", "/no/such"], 1, &["/no/such"]);
}
