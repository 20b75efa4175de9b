//! Tests of abuse: attacks on the built program, while two healthy clients exchange messages. Each of their
//! texts arrives once and in order, the relay's memory stays within the sum of its limits, and no file
//! descriptor leaks.
//!
//! Needs: the built program, Linux. Alone: `make test-abuse`.

#![cfg(target_os = "linux")]
#![allow(missing_docs, unreachable_pub, reason = "a test's own parts")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a failing test says where")]

#[path = "../common/mod.rs"]
mod common;
mod healthy;
mod memory;

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    thread,
    time::Duration,
};

use bytes::Bytes;
use common::{program::RelayProgram, server::numbered_frame, wire_bytes};
use healthy::Healthy;
use pulsecam::wire::{Heartbeat, Message, MessageKind, Origin, QString, Side};
use serde_json::Value;

/// The longest wait in any test.
const PATIENCE: Duration = Duration::from_secs(20);

const KB: usize = 1 << 10;

/// Small limits, so that the bounded memory is small too. A client's burst (2 s of its rate) fits a mailbox,
/// so that a single client cannot displace another that keeps up.
const CLIENTS: usize = 40;
const MAX_MESSAGE: usize = 64 * KB;
const MAILBOX: usize = 512 * KB;
const MESSAGES_PER_S: usize = 900;
const BYTES_PER_S: usize = 250 * KB;
const MAX_TEXT: usize = 4 * KB;

const OPTIONS: [&str; 22] = [
    "--max-clients",
    "40",
    "--max-message",
    "64KiB",
    "--mailbox",
    "512KiB",
    "--max-messages",
    "900",
    "--max-rate",
    "250KiB",
    "--max-text",
    "4KiB",
    "--max-joins",
    "0",
    "--max-per-address",
    "0",
    "--hello-time",
    "700ms",
    "--message-time",
    "700ms",
    "--client-timeout",
    "1m",
];

/// The cost of a client besides its mailbox. It comprises a message that it sends and one that is being
/// written to it, a waiting frame of each of two senders, with an eighth of slack each, and the cost of an
/// idle client (tests/crowd.rs).
const BESIDE: usize = 4 * (MAX_MESSAGE + MAX_MESSAGE / 8) + 16 * KB;

/// The allowed growth of the relay while strangers fill all they can. It includes log lines that wait for
/// their reader (`app::line_writer`: two megabytes while they are written), and memory that the allocator keeps.
const fn bound(strangers: usize) -> usize {
    strangers * (MAILBOX + BESIDE) + 4 * KB * KB
}

/// A relay with two healthy clients.
struct Scene {
    relay: RelayProgram,
    healthy: Healthy,
    memory: usize,
    files: usize,
}

impl Scene {
    fn begin() -> Self {
        let relay = RelayProgram::start(&OPTIONS);
        let mut healthy = Healthy::start(relay.addr.parse().unwrap());
        healthy.goes_on();
        let id = relay.running.child.id();
        let (memory, files) = (peak_memory(id), open_files(id));
        Self { relay, healthy, memory, files }
    }

    /// A stranger that was admitted and has its answer.
    fn stranger(&self) -> TcpStream {
        let mut stream = self.unseen();
        stream.write_all(&beat()).unwrap();
        stream.read_exact(&mut [0; 107]).unwrap();
        stream
    }

    fn unseen(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.relay.addr).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn left(&mut self, why: &str) {
        self.relay.running.event("left", |event| event["reason"].as_str().unwrap().contains(why));
    }

    /// Checks that everything is as before, and that concurrent strangers cost no more than their limits.
    fn end(mut self, strangers: usize) {
        self.healthy.goes_on();
        let id = self.relay.running.child.id();
        let deadline = std::time::Instant::now() + PATIENCE;
        // A socket is closed a moment after its event.
        while open_files(id) != self.files {
            assert!(std::time::Instant::now() < deadline, "{} files, {} before", open_files(id), self.files);
            thread::sleep(Duration::from_millis(5));
        }
        let grown = peak_memory(id) - self.memory;
        println!("{} kB more at the peak; {} are allowed", grown / KB, bound(strangers) / KB);
        assert!(grown <= bound(strangers), "{} kB; {} are allowed", grown / KB, bound(strangers) / KB);
        let exchanged = self.healthy.stop();
        println!("{exchanged} texts and frames arrived meanwhile");
        self.relay.running.signal("TERM");
        let summary: Value = serde_json::from_str(self.relay.running.rest().last().unwrap()).unwrap();
        assert_eq!(summary["event"], "summary");
        assert!(summary["messages_in"].as_u64().unwrap() >= 2 * exchanged);
    }
}

/// The peak resident memory of the process in bytes.
fn peak_memory(id: u32) -> usize {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<usize>().unwrap() * KB
}

fn open_files(id: u32) -> usize {
    fs::read_dir(format!("/proc/{id}/fd")).unwrap().count()
}

fn beat() -> Vec<u8> {
    wire_bytes(&Heartbeat::default().to_message(Side::Client))
}

fn other(bytes: usize) -> Vec<u8> {
    wire_bytes(
        &Message::new(MessageKind::Other(4711), QString::NULL, Some(Bytes::from(vec![7; bytes]))).unwrap(),
    )
}

/// Sends without reading, until all is sent or the connection is closed.
fn pour(stream: &mut TcpStream, bytes: &[u8], times: usize) {
    for _ in 0..times {
        match stream.write_all(bytes) {
            Ok(()) => {}
            Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
                return;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_flood_of_connections() {
    let mut scene = Scene::begin();
    let mut inside: Vec<_> = (2..CLIENTS).map(|_| scene.stranger()).collect();
    for _ in 0..5 {
        let flood: Vec<_> = (0..200).map(|_| scene.unseen()).collect();
        for mut stream in flood {
            let mut farewell = Vec::new();
            // Some are reset, because they were closed with unread data.
            let _ = stream.read_to_end(&mut farewell);
        }
        scene.healthy.goes_on();
    }
    scene.relay.running.event("refused", |event| event["reason"].as_str().unwrap().contains("--max-clients"));
    // There is room again as soon as a client leaves.
    drop(inside.pop());
    scene.relay.running.event("left", |_| true);
    inside.push(scene.stranger());
    drop(inside);
    scene.end(CLIENTS - 2);
}

#[test]
fn a_flood_of_tiny_messages() {
    let mut scene = Scene::begin();
    let tiny = other(0).repeat(1_000);
    for _ in 0..5 {
        pour(&mut scene.stranger(), &tiny, 100);
        scene.left(&format!("more than {MESSAGES_PER_S} messages a second"));
        scene.healthy.goes_on();
    }
    scene.end(1);
}

#[test]
fn the_largest_messages_as_fast_as_can_be() {
    let mut scene = Scene::begin();
    let largest = other(MAX_MESSAGE - 12);
    let frame = wire_bytes(&numbered_frame(1, MAX_MESSAGE - 100));
    for message in [largest, frame] {
        let mut stream = scene.stranger();
        pour(&mut stream, &message, 1_000);
        scene.left(&format!("more than {BYTES_PER_S} bytes a second"));
        scene.healthy.goes_on();
    }
    scene.end(1);
}

/// Slow sending: a message byte by byte.
#[test]
fn messages_that_are_never_finished() {
    let mut scene = Scene::begin();
    let mut strangers: Vec<_> = (0..30).map(|_| scene.stranger()).collect();
    // It claims to be the largest possible, and memory is allocated for it.
    let largest = other(MAX_MESSAGE - 12);
    strangers.iter_mut().for_each(|stream| stream.write_all(&largest[..20]).unwrap());
    for byte in largest[20..].chunks(1) {
        strangers.retain_mut(|stream| stream.write_all(byte).is_ok());
        if strangers.is_empty() {
            break;
        }
        scene.healthy.progress.recv_timeout(PATIENCE).expect("the healthy clients must continue");
    }
    assert!(strangers.is_empty(), "all must be closed");
    (0..30).for_each(|_| scene.left("did not finish a message within 700ms"));
    scene.end(30);
}

/// Slow receiving: a client that never reads loses frames, and then its place, once too many texts wait.
#[test]
fn strangers_who_never_read() {
    let mut scene = Scene::begin();
    let deaf: Vec<_> = (0..30).map(|_| scene.stranger()).collect();
    let (message, beat) = (other(16 * KB), beat());
    let gone = |stream: &TcpStream| {
        stream.set_nonblocking(true).unwrap();
        let end = matches!((&mut &*stream).write(&beat), Err(error) if error.kind() != ErrorKind::WouldBlock);
        stream.set_nonblocking(false).unwrap();
        end
    };
    // The kernel's buffers of each are filled first; no client may send that much at once.
    while !deaf.iter().all(&gone) {
        pour(&mut scene.stranger(), &message, 2 * BYTES_PER_S / message.len());
        scene.healthy.goes_on();
    }
    (0..deaf.len()).for_each(|_| scene.left("too slow for text and images"));
    drop(deaf);
    scene.end(31);
}

/// Half-open connections: those that never send, and those that vanish.
#[test]
fn connections_that_lead_nowhere() {
    let mut scene = Scene::begin();
    for _ in 0..200 {
        let stream = scene.unseen();
        // Closed with a reset.
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    }
    scene.healthy.goes_on();
    let mute: Vec<_> = (0..30).map(|_| scene.unseen()).collect();
    // And those that have closed their sending side after half a message.
    let half: Vec<_> = (0..5).map(|_| scene.stranger()).collect();
    for mut stream in &half {
        stream.write_all(&other(1_000)[..30]).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
    }
    (0..half.len()).for_each(|_| scene.left("closed after 30 of the 1016 bytes of a message"));
    (0..mute.len()).for_each(|_| scene.left("sent nothing for 700ms after connecting"));
    drop((mute, half));
    scene.end(35);
}

#[test]
fn garbage() {
    let mut scene = Scene::begin();
    let mut random = fastrand::Rng::with_seed(7);
    for round in 0..100 {
        let mut stream = scene.stranger();
        let mut bytes: Vec<u8> = (0..4 * KB).map(|_| random.u8(..)).collect();
        // Half of them begin like messages, and one in four is HTTP.
        match round % 4 {
            0 | 1 => {
                bytes[..8].copy_from_slice(&[0, 0, random.u8(..4), random.u8(..), 0, 0, 0, random.u8(..4)]);
            }
            2 => bytes.splice(..0, *b"GET / HTTP/1.1\r\nHost: relay\r\n\r\n").for_each(drop),
            _ => {}
        }
        pour(&mut stream, &bytes, 1);
        let _ = stream.shutdown(Shutdown::Write);
        scene.relay.running.event("left", |_| true);
    }
    scene.end(1);
}

#[test]
fn a_lie_in_each_field() {
    let mut scene = Scene::begin();
    let message =
        |fields: &[i32]| -> Vec<u8> { fields.iter().flat_map(|field| field.to_be_bytes()).collect() };
    let long = MAX_MESSAGE as i32;
    let lies: [(&str, Vec<u8>); 10] = [
        ("-1", message(&[-1])),
        ("size", message(&[i32::MIN])),
        ("size", message(&[11])),
        ("size", message(&[long + 1])),
        ("size", message(&[i32::MAX])),
        ("description", message(&[12, 42, long, -1])),
        ("description", message(&[13, 42, 1, 0])),
        ("description", message(&[12, 42, -2, -1])),
        ("payload", message(&[12, 42, -1, 1])),
        ("after the payload", message(&[16, 42, -1, 0, 7])),
    ];
    for (word, lie) in lies.iter().cycle().take(60) {
        let mut stream = scene.stranger();
        // The following bytes belong to no message.
        pour(&mut stream, &[&lie[..], &[0x55; 32]].concat(), 1);
        let event = scene.relay.running.event("left", |event| event["client"].as_u64() > Some(2));
        let reason = event["reason"].as_str().unwrap().to_lowercase();
        assert!(reason.contains(word), "{lie:02x?}: {reason}");
    }
    // An unknown type is allowed, and a text that is too long has a separate limit.
    let mut stream = scene.stranger();
    stream.write_all(&message(&[12, i32::MIN, -1, -1])).unwrap();
    pour(&mut stream, &wire_bytes(&Message::text(&"x".repeat(MAX_TEXT), &Origin::default()).unwrap()), 1);
    scene.left("(--max-text)");
    scene.end(1);
}
