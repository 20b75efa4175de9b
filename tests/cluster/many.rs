//! Many relays on one host: what they cost at rest, and one restart after the other.

use std::{thread, time::Duration};

use pulsecam_net::link::Role;

use crate::{
    client::{Client, text_of},
    common::program::Running,
    is_soak,
    lan::{self, Lan, processor_time},
};

/// The first of the relays' ports, for clients and for relays.
const CLIENTS: usize = 7000;
const RELAYS: usize = 8000;

fn count() -> usize {
    if is_soak() { 20 } else { 4 }
}

fn start(lan: &Lan, number: usize) -> Running {
    let (listen, own) = (format!("0.0.0.0:{}", CLIENTS + number), format!("198.18.0.1:{}", RELAYS + number));
    let join: Vec<_> = (0..count()).map(|other| format!("198.18.0.1:{}", RELAYS + other)).collect();
    let key = lan.file("cluster.key").display().to_string();
    let join = join.join(",");
    let arguments = ["relay", "--listen", &listen, "--json", "--quiet", "--cluster", &own];
    let more = ["--join", &join, "--cluster-key-file", &key];
    lan::listening(&lan.a.host, &[&arguments[..], &more].concat())
}

fn at(lan: &Lan, number: usize, role: Role) -> Client {
    Client::at(&lan.a, &format!("198.18.0.1:{}", CLIENTS + number), role)
}

/// Test 15.
#[test]
#[ignore = "needs root and network namespaces: make test-cluster"]
fn relays_restart_one_after_the_other_and_clients_lose_no_text() {
    let lan = Lan::new();
    let mut relays: Vec<_> = (0..count()).map(|number| start(&lan, number)).collect();
    let clients: Vec<_> = (0..count()).map(|number| at(&lan, number, Role::Both)).collect();
    clients.iter().for_each(|client| client.viewers(count() as u32 - 1));
    let time = Duration::from_secs(if is_soak() { 20 } else { 4 });
    let before: Vec<_> = relays.iter().map(processor_time).collect();
    thread::sleep(time);
    let shares = relays
        .iter()
        .zip(&before)
        .map(|(relay, before)| (processor_time(relay) - before) / time.as_secs_f64() * 100.0);
    let worst = shares.fold(0.0, f64::max);
    println!("{} relays at rest: {worst:.2} % of a processor each, at most", count());

    // From each to each, across the restarts of all others.
    drop(clients);
    let speaker = at(&lan, 0, Role::Both);
    for (number, relay) in relays.iter_mut().enumerate().skip(1) {
        let mut listener = at(&lan, number, Role::Both);
        speaker.viewers(1);
        speaker.say(&format!("before {number}"));
        while text_of(&listener.receive()) != Some(format!("before {number}")) {}
        drop(listener);
        speaker.viewers(0);
        relay.signal("TERM");
        assert_eq!(relay.exit_code(), 0);
        *relay = start(&lan, number);
        let mut listener = at(&lan, number, Role::Both);
        speaker.viewers(1);
        speaker.say(&format!("after {number}"));
        while text_of(&listener.receive()) != Some(format!("after {number}")) {}
        drop(listener);
        speaker.viewers(0);
    }
}
