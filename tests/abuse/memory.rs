//! Tests of the memory bound in SECURITY.md with the default limits. The relay's memory stays within it,
//! whatever strangers send without finishing, and whatever others do not take.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use pulsecam::{
    relay::Config,
    wire::{FrameInfo, Message, MessageKind, QString},
};

use crate::{
    KB, PATIENCE, beat,
    common::{program::RelayProgram, wire_bytes},
    healthy::Healthy,
    peak_memory,
};

const MB: usize = KB * KB;

/// The cost of each client besides its messages: its task, socket, place, and the entries in its mailbox.
const EACH: usize = 96 * KB;

/// The program itself.
const BESIDE: usize = 32 * MB;

/// The bound of SECURITY.md. It is the sum of the memory for messages and a quarter for fragmentation, the
/// cost of each client, and the program.
fn bound(limit: usize, clients: usize) -> usize {
    limit / 4 * 5 + clients * EACH + BESIDE
}

fn connect(addr: &str) -> TcpStream {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&beat()).unwrap();
    stream.read_exact(&mut [0; 107]).unwrap();
    stream
}

/// Whether the error means that the relay has closed the connection.
fn is_closed(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset)
}

/// The largest possible message without its end, from 200 connections.
#[test]
fn messages_that_are_begun_and_never_finished() {
    const STRANGERS: usize = 200;
    let mut relay = RelayProgram::start(&[]);
    let (limit, largest) = (Config::default().memory, Config::default().max_message as usize);
    let mut healthy = Healthy::start(relay.addr.parse().unwrap());
    healthy.goes_on();
    let id = relay.running.child.id();
    // First only the size, which costs nothing.
    let before = peak_memory(id);
    let head = (largest as i32).to_be_bytes();
    let mut strangers: Vec<_> = (0..STRANGERS).map(|_| connect(&relay.addr)).collect();
    strangers.iter_mut().for_each(|stream| stream.write_all(&head).unwrap());
    healthy.goes_on();
    let claimed = peak_memory(id) - before;
    assert!(claimed < STRANGERS * EACH, "{} kB for claims", claimed / KB);
    // Then all but the end, in turns of a megabyte each.
    let megabyte = vec![0; MB];
    for _ in 0..largest / MB - 1 {
        strangers.retain_mut(|stream| match stream.write_all(&megabyte) {
            Ok(()) => true,
            Err(error) => {
                assert!(is_closed(&error), "{error}");
                false
            }
        });
    }
    relay
        .running
        .event("left", |event| event["reason"].as_str().unwrap().contains("the memory for messages is full"));
    healthy.goes_on();
    let (peak, allowed) = (peak_memory(id), bound(limit, STRANGERS + 2));
    println!(
        "{} MB at the peak; {} are allowed; {} strangers are left",
        peak / MB,
        allowed / MB,
        strangers.len()
    );
    assert!(peak <= allowed, "{} MB; {} are allowed", peak / MB, allowed / MB);
    assert!(!strangers.is_empty(), "only as many as necessary are disconnected");
    healthy.stop();
}

/// The largest possible frames under invented names, to viewers that take nothing.
#[test]
fn large_frames_under_invented_names_for_those_who_never_read() {
    const SENDERS: usize = 30;
    const DEAF: usize = 40;
    // A tenth of the default, to be reached soon.
    let limit = 50 * MB;
    let relay = RelayProgram::start(&["--max-memory", "50MiB", "--mailbox", "4MiB", "--max-rate", "0"]);
    let mut healthy = Healthy::start(relay.addr.parse().unwrap());
    healthy.goes_on();
    let id = relay.running.child.id();
    let addr = &relay.addr;
    let deaf: Vec<_> = (0..DEAF).map(|_| connect(addr)).collect();
    let begun = Instant::now();
    thread::scope(|scope| {
        for sender in 0..SENDERS {
            scope.spawn(move || {
                for number in 0..20 {
                    // They reconnect if they are disconnected.
                    let mut stream = connect(addr);
                    let info = FrameInfo::default().with_stream(format!("{sender} {number}"));
                    let frame = Message::video(vec![7; 2 * MB].into(), &info).unwrap();
                    let other = Message::new(
                        MessageKind::Other(200),
                        QString::NULL,
                        Some(Bytes::from(vec![7; 100 * KB])),
                    );
                    let all = [wire_bytes(&frame), wire_bytes(&other.unwrap())].concat();
                    let _ = stream.write_all(&all); // may be closed in the middle
                    if begun.elapsed() > PATIENCE {
                        return;
                    }
                }
            });
        }
    });
    healthy.goes_on();
    let (peak, allowed) = (peak_memory(id), bound(limit, SENDERS + DEAF + 2));
    println!("{} MB at the peak; {} are allowed", peak / MB, allowed / MB);
    assert!(peak <= allowed, "{} MB; {} are allowed", peak / MB, allowed / MB);
    drop(deaf);
    healthy.stop();
}

/// The smallest messages cost the relay more than their bytes, for each client that does not take them.
#[test]
fn tiny_messages_for_many_who_never_read() {
    const DEAF: usize = 60;
    let limit = 50 * MB;
    let relay =
        RelayProgram::start(&["--max-memory", "50MiB", "--max-messages", "0", "--max-deliveries", "0"]);
    let mut healthy = Healthy::start(relay.addr.parse().unwrap());
    healthy.goes_on();
    let id = relay.running.child.id();
    let deaf: Vec<_> = (0..DEAF).map(|_| connect(&relay.addr)).collect();
    let mut flooder = connect(&relay.addr);
    flooder.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
    let tiny =
        wire_bytes(&Message::new(MessageKind::Other(200), QString::NULL, None).unwrap()).repeat(10_000);
    for _ in 0..20 {
        // It is delayed or disconnected.
        if flooder.write_all(&tiny).is_err() {
            break;
        }
    }
    healthy.goes_on();
    let (peak, allowed) = (peak_memory(id), bound(limit, DEAF + 3));
    println!("{} MB at the peak; {} are allowed", peak / MB, allowed / MB);
    assert!(peak <= allowed, "{} MB; {} are allowed", peak / MB, allowed / MB);
    drop(deaf);
    healthy.stop();
}
