//! What crosses between two hosts, what the second relay adds, and what a relay without a cluster does.

use std::{
    thread,
    time::{Duration, Instant},
};

use pulsecam_net::link::Role;

use crate::{
    client::{Client, Film},
    common::program::{Running, text_of},
    is_soak,
    lan::{self, Lan, processor_time},
};

/// A frame, and how many a second.
const FRAME: usize = 100_000;
const PER_S: f64 = 30.0;

/// Test 2.
#[test]
#[ignore = "needs root and network namespaces: make test-cluster"]
fn a_second_relay_adds_little() {
    let lan = Lan::new();
    let _relays = lan.relays();
    let sender = Client::new(&lan.a, Role::Sender);
    let (near, far) = (Client::new(&lan.a, Role::Viewer), Client::new(&lan.b, Role::Viewer));
    sender.viewers(2);
    let film = Film::start(&sender.link, FRAME, PER_S);
    let time = Duration::from_secs(if is_soak() { 60 } else { 6 });
    let settle = Duration::from_secs(2);
    let measuring = [near, far].map(|viewer| viewer.measure(settle, time, &film.newest));
    let [near, far] = measuring.map(crate::client::Measuring::end);
    println!("one relay:  {:.1} frames/s, age {:?}", near.per_s, near.age_ms);
    println!("two relays: {:.1} frames/s, age {:?}", far.per_s, far.age_ms);
    println!("the second adds {:.2} ms (p50)", far.age_ms.p50 - near.age_ms.p50);
    assert!(far.per_s > 0.8 * near.per_s, "all cross");
    assert!(far.age_ms.p50 < near.age_ms.p50 + 50.0, "no frame waits at the second relay");
}

/// Test 3.
#[test]
#[ignore = "needs root and network namespaces: make test-cluster"]
fn each_frame_crosses_once_and_not_at_all_if_nobody_views() {
    let lan = Lan::new();
    let _relays = [lan.relay(&lan.a), lan.relay(&lan.b)];
    let sender = Client::new(&lan.a, Role::Sender);
    let blind = Client::new(&lan.b, Role::Sender);
    let viewers: Vec<_> = (0..5).map(|_| Client::new(&lan.b, Role::Viewer)).collect();
    sender.viewers(5);
    let _film = Film::start(&sender.link, FRAME, PER_S);
    let settle = || thread::sleep(Duration::from_secs(1));
    let measure = || {
        let (before, since) = (lan.b.traffic(), Instant::now());
        thread::sleep(Duration::from_secs(5));
        let ([received, sent], time) = (lan.b.traffic(), since.elapsed().as_secs_f64());
        [received - before[0], sent - before[1]].map(|bytes| bytes as f64 / time)
    };
    settle();
    let [received, _] = measure();
    let stream = FRAME as f64 * PER_S;
    println!("5 viewers: {:.3} of the stream", received / stream);
    assert!((0.5..=1.03).contains(&(received / stream)), "{received} bytes a second of {stream}");
    drop(viewers);
    sender.viewers(0);
    settle();
    let [received, sent] = measure();
    println!("a client that does not view: {received:.0} bytes/s in, {sent:.0} bytes/s out");
    assert!(received.max(sent) <= 8000.0, "{received} and {sent} bytes a second");
    drop(blind);
    settle();
    let [received, sent] = measure();
    println!("nobody: {received:.0} bytes/s in, {sent:.0} bytes/s out");
    assert!(received.max(sent) <= 8000.0, "{received} and {sent} bytes a second");
}

/// The sockets of a program, as `ss` lists them, without addresses of others.
fn sockets(lan: &Lan, running: &Running) -> Vec<String> {
    let output = lan.a.host.run_here("ss").args(["-H", "-t", "-u", "-l", "-n", "-p"]).output().unwrap();
    let own = format!("pid={},", running.child.id());
    let lines = text_of(&output.stdout);
    let words = lines.lines().filter(|line| line.contains(&own)).map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        format!("{} {}", words[0], words[4])
    });
    words.collect()
}

/// Test 17.
#[test]
#[ignore = "needs root and network namespaces: make test-cluster"]
fn a_relay_without_a_cluster_is_as_before() {
    let lan = Lan::new();
    let plain: Vec<_> = ["relay", "--listen", "0.0.0.0:6868", "--json", "--quiet"].map(str::to_owned).into();
    let clustered = lan.relay_arguments(&lan.a, &[]);
    let mut costs = Vec::new();
    for (name, arguments) in [("without", &plain), ("with", &clustered)] {
        let since = Instant::now();
        let relay = lan::listening(&lan.a.host, arguments);
        let started = since.elapsed();
        let listens = sockets(&lan, &relay);
        let sender = Client::new(&lan.a, Role::Sender);
        let viewers: Vec<_> = (0..4).map(|_| Client::new(&lan.a, Role::Viewer)).collect();
        sender.viewers(4);
        let film = Film::start(&sender.link, FRAME, 60.0);
        let before = processor_time(&relay);
        let time = Duration::from_secs(4);
        let seen: Vec<_> = viewers
            .into_iter()
            .map(|viewer| viewer.measure(Duration::ZERO, time, &film.newest))
            .collect::<Vec<_>>()
            .into_iter()
            .map(crate::client::Measuring::end)
            .collect();
        let spent = processor_time(&relay) - before;
        let frames: u64 = seen.iter().flat_map(|seen| seen.streams.values()).sum();
        let gigabytes = (frames as usize * FRAME) as f64 / 1e9;
        println!("{name} --cluster: listens after {started:.0?}, {:.2} s/GB", spent / gigabytes);
        costs.push(spent / gigabytes);
        match name {
            "without" => assert_eq!(listens, ["tcp 0.0.0.0:6868"], "no other socket"),
            _ => assert_eq!(listens.len(), 3, "{listens:?}"),
        }
    }
    println!("the cluster alone costs {:.0} % more", (costs[1] / costs[0] - 1.0) * 100.0);
}

/// The same, by bytes: a Qt client gets from a relay with a cluster what it gets from one without.
#[test]
#[ignore = "needs root and network namespaces: make test-cluster"]
fn a_qt_client_gets_the_same_with_and_without_a_cluster() {
    let lan = Lan::new();
    let plain: Vec<_> = ["relay", "--listen", "0.0.0.0:6868", "--json", "--quiet"].map(str::to_owned).into();
    let clustered = lan.relay_arguments(&lan.a, &[]);
    let heard = [&plain, &clustered].map(|arguments| {
        let _relay = lan::listening(&lan.a.host, arguments);
        let [mut one, mut other] = [lan.a.qt(), lan.a.qt()];
        let text = lan.a.start_at(&lan.a, &["text", "hello"], &["--name", "ann"]);
        let hello = other.event("message", |event| event["text"] == "hello");
        drop(text);
        one.say("text 你好");
        let from_qt = other.event("message", |event| event["text"] == "你好");
        one.say("heartbeat");
        let answer = one.event("heartbeat", |_| true);
        // The id of a text is random.
        let description = hello["description"].as_str().unwrap().split("; id=").next().unwrap().to_owned();
        (description, from_qt, answer)
    });
    assert_eq!(heard[0], heard[1]);
}
