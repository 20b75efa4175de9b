//! Who has no key, another one, or only noise.

use std::{
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use pulsecam_net::link::Role;

use crate::{
    client::{Client, Film},
    common::program::text_of,
    lan::{self, LINK_PORT, Lan, Machine},
    network,
};

/// Test 11: keys.
#[test]
#[ignore = "needs root and network namespaces: make test-cluster"]
fn who_does_not_have_the_key_is_told_nothing() {
    let lan = Lan::new();
    let _relays = [lan.relay(&lan.a), lan.relay(&lan.b)];
    let here = Client::new(&lan.a, Role::Both);
    let mut there = Client::new(&lan.b, Role::Both);
    here.viewers(1);

    let other = lan.file("other.key");
    std::fs::write(&other, "the key of another cluster").unwrap();
    let mut arguments = lan.relay_arguments(&lan.c, &[]);
    let at = arguments.iter().position(|word| word == "--cluster-key-file").unwrap();
    let without: Vec<_> = arguments[..at].iter().chain(&arguments[at + 2..]).map(String::as_str).collect();
    let refused = lan.c.host.run(&without);
    let complaint = text_of(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{complaint}");
    assert!(complaint.contains("--cluster-key-file"), "{complaint}");

    arguments[at + 1] = other.display().to_string();
    let _stranger = lan::listening(&lan.c.host, &arguments);
    let outside = Client::new(&lan.c, Role::Both);
    outside.say("let me in");

    let door = format!("{}:{LINK_PORT}", lan.a.host.address);
    let posing = lan.c.host.run(&["text", &door, "--deadline", "2s", "I am a relay"]);
    assert_eq!(posing.status.code(), Some(1), "{}", text_of(&posing.stderr));

    here.say("end");
    assert_eq!(there.texts_until("end"), ["end"]);
    here.viewers(1);
    outside.viewers(0);
}

/// Sends datagrams from a host until this is dropped.
struct Noise {
    stop: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<u64>>,
}

impl Noise {
    fn start(from: &Machine, to: SocketAddr, datagrams: Vec<Vec<u8>>, per_s: f64) -> Self {
        let (stop, name) = (Arc::new(AtomicBool::new(false)), from.host.name().to_owned());
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            network::enter(&name).unwrap();
            let socket = UdpSocket::bind(("0.0.0.0", 0)).unwrap();
            let (begin, mut sent) = (Instant::now(), 0_u64);
            while !stopped.load(Relaxed) {
                while (sent as f64) < begin.elapsed().as_secs_f64() * per_s {
                    let datagram = &datagrams[sent as usize % datagrams.len()];
                    let _ = socket.send_to(datagram, to); // a full queue drops it, as a network does
                    sent += 1;
                }
                thread::sleep(Duration::from_millis(1));
            }
            sent
        });
        Self { stop, thread: Some(thread) }
    }

    fn end(mut self) -> u64 {
        self.stop.store(true, Relaxed);
        self.thread.take().unwrap().join().unwrap()
    }
}

/// The age of frames from a to b while something else goes on.
fn age(sender: &Client, viewer: Client, film: &Film) -> crate::client::Seen {
    sender.viewers(1);
    viewer.measure(Duration::from_millis(500), Duration::from_secs(3), &film.newest).end()
}

/// Test 11: noise.
#[test]
#[ignore = "needs root and network namespaces: make test-cluster"]
fn noise_makes_frames_no_older() {
    let lan = Lan::new();
    let _relays = [lan.relay(&lan.a), lan.relay(&lan.b)];
    let sender = Client::new(&lan.a, Role::Sender);
    let film = Film::start(&sender.link, 100_000, 30.0);
    let before = age(&sender, Client::new(&lan.b, Role::Viewer), &film);
    let mut random = fastrand::Rng::with_seed(1);
    // Some that look like ours, with salts and tags of nobody.
    let datagrams = (0..100).map(|number| {
        let mut datagram: Vec<u8> = (0..random.usize(1..1400)).map(|_| random.u8(..)).collect();
        if number % 2 == 0 {
            datagram[0] = 1;
            datagram.iter_mut().skip(1).take(1).for_each(|kind| *kind = 1);
        }
        datagram
    });
    let noise = Noise::start(&lan.c, lan.a.link_address(), datagrams.collect(), 10_000.0);
    let during = age(&sender, Client::new(&lan.b, Role::Viewer), &film);
    let sent = noise.end();
    println!("without noise: {:.1} frames/s, age {:?}", before.per_s, before.age_ms);
    println!("{sent} datagrams of noise: {:.1} frames/s, age {:?}", during.per_s, during.age_ms);
    assert!(sent > 10_000 && during.per_s > 0.8 * before.per_s);
}

/// A listener between two relays, which keeps what the second one sends.
struct Tap {
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
    address: SocketAddr,
}

impl Tap {
    fn start(on: &Machine, to: SocketAddr) -> Self {
        let (heard, name) = (Arc::<Mutex<Vec<_>>>::default(), on.host.name().to_owned());
        let address = SocketAddr::from((on.host.address, 7777));
        let kept = Arc::clone(&heard);
        thread::spawn(move || {
            network::enter(&name).unwrap();
            let socket = UdpSocket::bind(address).unwrap();
            let (mut buffer, mut other) = ([0; 65_536], None);
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                let datagram = &buffer[..length];
                if from == to {
                    let _ = other.map(|other| socket.send_to(datagram, other)); // nobody has spoken yet
                } else {
                    other = Some(from);
                    kept.lock().unwrap().push(datagram.to_vec());
                    let _ = socket.send_to(datagram, to); // as a network
                }
            }
        });
        Self { heard, address }
    }
}

/// Test 11: what was recorded is sent again, to the same relay and to one that was started since.
#[test]
#[ignore = "needs root and network namespaces: make test-cluster"]
fn what_was_recorded_is_not_believed_again() {
    let lan = Lan::new();
    let mut a = lan.relay(&lan.a);
    let tap = Tap::start(&lan.c, lan.a.link_address());
    let mut arguments = lan.relay_arguments(&lan.b, &[]);
    let at = arguments.iter().position(|word| word == "--join").unwrap();
    arguments[at + 1] = tap.address.to_string();
    let b = lan::listening(&lan.b.host, &arguments);
    let sender = Client::new(&lan.a, Role::Sender);
    let viewer = Client::new(&lan.b, Role::Viewer);
    sender.viewers(1);
    thread::sleep(Duration::from_secs(1));
    let recorded = tap.heard.lock().unwrap().clone();
    assert!(recorded.len() > 5, "{}", recorded.len());
    drop(viewer);
    b.signal("KILL");
    sender.viewers(0);
    let replay = Noise::start(&lan.c, lan.a.link_address(), recorded.clone(), 2000.0);
    thread::sleep(Duration::from_secs(3));
    println!("{} datagrams sent again", replay.end());
    a.signal("TERM");
    assert_eq!(a.exit_code(), 0);
    let mut a = lan.relay(&lan.a);
    let replay = Noise::start(&lan.c, lan.a.link_address(), recorded, 2000.0);
    thread::sleep(Duration::from_secs(2));
    println!("{} datagrams sent to another start of the relay", replay.end());
    // It has heard of nobody.
    a.signal("TERM");
    let events = a.rest();
    assert!(!events.iter().any(|event| event.contains("relay_")), "{events:#?}");
}
