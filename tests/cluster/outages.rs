//! Relays that are cut off, die or stand still.

use std::{
    thread,
    time::{Duration, Instant},
};

use pulsecam_net::{link::Role, wire::MessageKind};

use crate::{
    client::{Client, Film, text_of},
    is_soak,
    lan::{Lan, Machine},
};

/// The interval of texts.
const TEXT_EVERY: Duration = Duration::from_millis(50);

/// Says numbered texts for a while; returns the next number.
fn talk(client: &Client, from: usize, time: Duration) -> usize {
    let end = Instant::now() + time;
    let mut number = from;
    while Instant::now() < end {
        client.say(&number.to_string());
        number += 1;
        thread::sleep(TEXT_EVERY);
    }
    number
}

/// Reads up to the text "end": all texts came once and in order, and no frame after a newer one.
fn all_came(viewer: &mut Client, count: usize) {
    let (mut texts, mut newest) = (Vec::new(), None);
    while texts.last().is_none_or(|text| text != "end") {
        let received = viewer.receive();
        if let Some(info) = &received.info {
            assert!(info.seq > newest, "frame {:?} after {newest:?}", info.seq);
            newest = info.seq;
        }
        texts.extend(text_of(&received));
    }
    let expected: Vec<_> = (0..count).map(|number| number.to_string()).chain(["end".into()]).collect();
    assert_eq!(texts, expected);
}

/// The time until the next frame that was taken after this moment.
fn picture_since(viewer: &mut Client, seq: u64) -> Duration {
    let since = Instant::now();
    loop {
        let received = viewer.receive();
        if received.info.is_some_and(|info| info.seq > Some(seq)) {
            return since.elapsed();
        }
    }
}

/// The tries that each client has to be heard by all, and the time for each. Who is just connecting again hears nothing of
/// what is said meanwhile: no relay keeps it.
const TRIES: usize = 20;
const TRY: Duration = Duration::from_secs(1);

/// Each client hears each other one.
fn echo(clients: &mut [Client; 3], word: &str) {
    for speaker in 0..3 {
        let mut deaf: Vec<_> = (0..3).filter(|listener| *listener != speaker).collect();
        for number in 0..TRIES {
            let said = format!("{word} {speaker} {number}");
            clients[speaker].say(&said);
            deaf.retain(|listener| !clients[*listener].hears(&said, TRY));
            if deaf.is_empty() {
                break;
            }
        }
        assert!(deaf.is_empty(), "{deaf:?} do not hear {speaker}");
    }
}

/// Three clients, one at each relay, that know of each other.
fn one_at_each(lan: &Lan) -> [Client; 3] {
    let clients = [&lan.a, &lan.b, &lan.c].map(|machine| Client::new(machine, Role::Both));
    clients.iter().for_each(|client| client.viewers(2));
    clients
}

/// Nothing was lost up to this text, and all are there.
fn went_well(sender: &Client, viewer: &mut Client, count: usize, clients: &mut [Client; 3]) {
    sender.say("end");
    all_came(viewer, count);
    sender.viewers(4);
    echo(clients, "echo");
}

/// One run of test 7.
fn pulled(time: Duration, settle: Duration) {
    let lan = Lan::new();
    let _relays = lan.relays();
    let mut clients = one_at_each(&lan);
    let mut viewer = Client::new(&lan.b, Role::Viewer);
    let sender = Client::new(&lan.a, Role::Sender);
    sender.viewers(4);
    let film = Film::start(&sender.link, 50_000, 30.0);
    let mut number = talk(&sender, 0, settle);
    lan.plug(&lan.b, false);
    number = talk(&sender, number, time);
    lan.plug(&lan.b, true);
    let newest = film.newest.load(std::sync::atomic::Ordering::Relaxed);
    // Another viewer, so that what this one takes is still there for the other.
    let back = {
        let viewer = &mut clients[1];
        picture_since(viewer, newest)
    };
    println!("out for {time:?}: pictures again {back:.2?} after the cable was back");
    number = talk(&sender, number, settle);
    drop(film);
    went_well(&sender, &mut viewer, number, &mut clients);
}

/// Test 7.
#[test]
#[ignore = "needs root and network namespaces: make test-cluster"]
fn a_pulled_cable_loses_no_text_and_brings_no_old_picture() {
    for seconds in if is_soak() { &[1, 5, 20, 90][..] } else { &[1, 5] } {
        pulled(Duration::from_secs(*seconds), Duration::from_secs(1));
    }
}

/// Test 7, fifty times in one life of the relays.
#[test]
#[ignore = "takes minutes: make soak-cluster"]
fn fifty_outages_leave_nothing_half_dead() {
    if !is_soak() {
        return;
    }
    let lan = Lan::new();
    let _relays = lan.relays();
    let mut clients = one_at_each(&lan);
    let mut viewer = Client::new(&lan.b, Role::Viewer);
    let sender = Client::new(&lan.a, Role::Sender);
    sender.viewers(4);
    let film = Film::start(&sender.link, 50_000, 30.0);
    let (mut random, mut number) = (fastrand::Rng::with_seed(1), 0);
    for round in 0..50 {
        lan.plug(&lan.b, false);
        number = talk(&sender, number, Duration::from_millis([200, 1000, 3000, 5000, 8000][round % 5]));
        lan.plug(&lan.b, true);
        number = talk(&sender, number, Duration::from_millis(random.u64(50..4000)));
    }
    drop(film);
    went_well(&sender, &mut viewer, number, &mut clients);
}

/// Test 8, killed.
#[test]
#[ignore = "needs root and network namespaces: make test-cluster"]
fn the_clients_of_a_killed_relay_move_to_another_one() {
    gone(|_, relay| relay.signal("KILL"));
}

/// Test 8, vanished.
#[test]
#[ignore = "needs root and network namespaces: make test-cluster"]
fn the_clients_of_a_relay_whose_host_vanishes_move_to_another_one() {
    gone(|lan, relay| {
        lan.plug(&lan.b, false);
        relay.signal("KILL");
    });
}

fn gone(end: impl FnOnce(&Lan, &crate::common::program::Running)) {
    let lan = Lan::new();
    let [mut a, b, _c] = lan.relays();
    let hosts = |machines: [&Machine; 2]| machines.map(Machine::address).join(",");
    let sender = Client::new(&lan.a, Role::Sender);
    // From a host that stays.
    let mut viewer = Client::at(&lan.c, &hosts([&lan.b, &lan.c]), Role::Viewer);
    let talker = Client::at(&lan.c, &hosts([&lan.b, &lan.c]), Role::Sender);
    let mut beside = Client::new(&lan.a, Role::Viewer);
    sender.viewers(2);
    talker.viewers(2);
    let film = Film::start(&sender.link, 50_000, 30.0);
    viewer.next_of(MessageKind::Video);
    let since = Instant::now();
    end(&lan, &b);
    let newest = film.newest.load(std::sync::atomic::Ordering::Relaxed);
    talker.say("unconfirmed");
    picture_since(&mut viewer, newest);
    println!("pictures again after {:.2?}", since.elapsed());
    a.event("relay_gone", |_| true);
    println!("another relay has said so after {:.2?}", since.elapsed());
    drop(film);
    talker.say("end");
    let texts = beside.texts_until("end");
    assert_eq!(texts, ["unconfirmed", "end"], "once");
    sender.viewers(2);
}

/// Test 9.
#[test]
#[ignore = "needs root and network namespaces: make test-cluster"]
fn a_relay_that_stands_still_goes_on() {
    for seconds in if is_soak() { &[2, 20][..] } else { &[2, 6] } {
        let lan = Lan::new();
        let [a, _b, _c] = lan.relays();
        let mut clients = one_at_each(&lan);
        let mut viewer = Client::new(&lan.c, Role::Viewer);
        let sender = Client::new(&lan.b, Role::Sender);
        sender.viewers(4);
        a.signal("STOP");
        let number = talk(&sender, 0, Duration::from_secs(*seconds));
        a.signal("CONT");
        let since = Instant::now();
        sender.viewers(4);
        clients.iter().for_each(|client| client.viewers(3));
        println!("stood still for {seconds} s: all know of all again {:.2?} after", since.elapsed());
        sender.say("end");
        all_came(&mut viewer, number);
        echo(&mut clients, "echo");
    }
}

/// Test 10.
#[test]
#[ignore = "needs root and network namespaces: make test-cluster"]
fn both_sides_of_a_partition_work_and_come_together_again() {
    let lan = Lan::new();
    let _relays = lan.relays();
    let mut clients = one_at_each(&lan);
    let mut beside = Client::new(&lan.a, Role::Both);
    clients.iter().for_each(|client| client.viewers(3));
    lan.plug(&lan.a, false);
    clients[0].viewers(1);
    clients[1].viewers(1);
    clients[2].viewers(1);
    clients[0].say("at a");
    beside.say("beside a");
    clients[1].say("at b");
    assert_eq!(beside.texts_until("at a"), ["at a"]);
    assert_eq!(clients[0].texts_until("beside a"), ["beside a"]);
    assert_eq!(clients[2].texts_until("at b"), ["at b"]);
    for number in 0..20 {
        clients[0].say(&format!("a {number}"));
        clients[1].say(&format!("b {number}"));
    }
    lan.plug(&lan.a, true);
    let since = Instant::now();
    clients.iter().for_each(|client| client.viewers(3));
    println!("all know of all {:.2?} after the end of a partition", since.elapsed());
    let [a, b, c] = &mut clients;
    a.say("end");
    b.say("end");
    let from = |who: &str| (0..20).map(|number| format!("{who} {number}")).collect::<Vec<_>>();
    let heard = c.texts_until("end").into_iter().chain(c.texts_until("end")).collect::<Vec<_>>();
    for who in ["a", "b"] {
        let of = |text: &&String| text.starts_with(&format!("{who} "));
        assert_eq!(heard.iter().filter(of).cloned().collect::<Vec<_>>(), from(who), "{heard:?}");
    }
    let heard = a.texts_until("end");
    let later = |text: &&String| text.starts_with("b ");
    assert_eq!(heard.iter().filter(later).cloned().collect::<Vec<_>>(), from("b"), "{heard:?}");
}
