//! A slow cable between two of three relays: 1.5 MB/s, fed four times as much.

use std::time::Duration;

use bytes::Bytes;
use pulsecam_net::{
    link::Role,
    wire::{Message, MessageKind, Origin},
};

use crate::{
    client::{Client, Film, Measuring, text_of},
    is_soak,
    lan::Lan,
    wire::{RATE, Wire},
};

/// A frame, and how many a second: 6 MB/s.
const FRAME: usize = 100_000;
const PER_S: f64 = 60.0;

/// Until pacing has settled.
const SETTLE: Duration = Duration::from_secs(3);

fn time() -> Duration {
    Duration::from_secs(if is_soak() { 60 } else { 6 })
}

/// One run of test 4.
fn fresh(rtt: Duration, queue: usize, congestion: &str) {
    let lan = Lan::new();
    let _wire = Wire::new(&lan, [&lan.a, &lan.b], rtt, queue, congestion);
    let _relays = lan.relays();
    let sender = Client::new(&lan.a, Role::Sender);
    let viewers = [&lan.b, &lan.c].map(|machine| Client::new(machine, Role::Viewer));
    sender.viewers(2);
    let film = Film::start(&sender.link, FRAME, PER_S);
    let [slow, fast] = viewers.map(|viewer| viewer.measure(SETTLE, time(), &film.newest)).map(Measuring::end);
    println!("{congestion}, {rtt:?} of round trip: {:.1} frames/s, age {:?}", slow.per_s, slow.age_ms);
    println!("    frames behind the newest: {:.0} (p95)", slow.lag.p95);
    println!("    at the relay beside it: {:.1} frames/s, age {:?}", fast.per_s, fast.age_ms);
    // What a frame takes on this cable, and what waits for it at most.
    let transfer = FRAME as f64 / RATE * 1e3;
    assert!(slow.per_s > 0.6 * RATE / FRAME as f64, "the cable is used: {}", slow.per_s);
    assert!(slow.age_ms.p95 < 4.0 * transfer + rtt.as_secs_f64() * 1e3, "frames wait: {:?}", slow.age_ms);
    assert!(fast.per_s > 2.0 * slow.per_s, "the others wait for the slow one: {}", fast.per_s);
}

/// Test 4.
#[test]
#[ignore = "needs root and network namespaces: make test-cluster"]
fn frames_stay_fresh_on_a_slow_cable_with_cubic() {
    fresh(Duration::ZERO, 64 << 10, "cubic");
    if is_soak() {
        fresh(Duration::from_millis(40), 128 << 10, "cubic");
    }
}

/// Test 4.
#[test]
#[ignore = "needs root and network namespaces: make test-cluster"]
fn frames_stay_fresh_on_a_slow_and_far_cable_with_bbr() {
    fresh(Duration::from_millis(40), 128 << 10, "bbr");
    if is_soak() {
        fresh(Duration::ZERO, 64 << 10, "bbr");
    }
}

/// Test 5.
#[test]
#[ignore = "needs root and network namespaces: make test-cluster"]
fn twenty_streams_share_a_slow_cable() {
    let lan = Lan::new();
    let _wire = Wire::new(&lan, [&lan.a, &lan.b], Duration::ZERO, 64 << 10, "cubic");
    let _relays = [lan.relay(&lan.a), lan.relay(&lan.b)];
    let senders: Vec<_> = (0..20).map(|_| Client::new(&lan.a, Role::Sender)).collect();
    let viewer = Client::new(&lan.b, Role::Viewer);
    senders.iter().for_each(|sender| sender.viewers(1));
    // Together four times what the cable carries.
    let films: Vec<_> = senders.iter().map(|sender| Film::start(&sender.link, FRAME, PER_S / 20.0)).collect();
    let time = Duration::from_secs(if is_soak() { 60 } else { 12 });
    let seen = viewer.measure(SETTLE, time, &films[0].newest).end();
    let (most, fewest) = (seen.streams.values().max().unwrap(), seen.streams.values().min().unwrap());
    println!("20 streams: {:.1} frames/s, age {:?}; most {most}, fewest {fewest}", seen.per_s, seen.age_ms);
    assert_eq!(seen.streams.len(), 20, "all come");
    assert!(*most <= 2 * *fewest + 2, "one stream got {most} frames, another {fewest}");
}

/// Test 6.
#[test]
#[ignore = "needs root and network namespaces: make test-cluster"]
fn texts_and_an_image_cross_a_full_cable_once_and_in_order() {
    let lan = Lan::new();
    let _wire = Wire::new(&lan, [&lan.a, &lan.b], Duration::ZERO, 64 << 10, "cubic");
    let _relays = [lan.relay(&lan.a), lan.relay(&lan.b)];
    let sender = Client::new(&lan.a, Role::Sender);
    let mut viewer = Client::new(&lan.b, Role::Viewer);
    sender.viewers(1);
    let _film = Film::start(&sender.link, FRAME, PER_S);
    let image = Bytes::from(vec![0x33; 1_000_000]);
    let seconds = if is_soak() { 60 } else { 5 };
    for number in 0..20 * seconds {
        if number == 40 {
            sender.link.send(Message::image(image.clone(), &Origin::default()).unwrap()).unwrap();
        }
        sender.say(&number.to_string());
        std::thread::sleep(Duration::from_millis(50));
    }
    sender.say("end");
    let (mut texts, mut images) = (Vec::new(), 0);
    while texts.last().is_none_or(|text| text != "end") {
        let received = viewer.receive();
        if received.message.kind() == MessageKind::Image {
            assert_eq!(received.message.payload(), Some(&image));
            assert_eq!(texts.len(), 40, "in order");
            images += 1;
        }
        texts.extend(text_of(&received));
    }
    let expected: Vec<_> = (0..20 * seconds).map(|number| number.to_string()).chain(["end".into()]).collect();
    assert_eq!((texts, images), (expected, 1));
}
