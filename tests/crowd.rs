//! Tests with a thousand clients: the cost of an idle one, and a stream that continues while they come and
//! go.
//!
//! Needs: the built program, 3000 open files. Alone: `make test-relay`.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::Duration,
};

use bytes::Bytes;
use common::{program::RelayProgram, wire_bytes};
use pulsecam::{
    transport::raise_file_limit,
    wire::{FrameInfo, Heartbeat, Message, Side},
};

const CLIENTS: usize = 1000;

/// All clients connect from one address.
const OPEN: [&str; 6] = ["--max-clients", "1100", "--max-per-address", "0", "--max-joins", "0"];

/// The promised cost of an idle client, in bytes of the relay's resident memory.
const IDLE_CLIENT: usize = 16_000;

/// The longest wait in any test.
const PATIENCE: Duration = Duration::from_secs(20);

fn resident(pid: u32) -> usize {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<usize>().unwrap() * 1024
}

/// A client that has announced that it does not view, and got its answer.
fn idle(address: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let heartbeat = Heartbeat::default().with(|beat| beat.views = Some(false));
    stream.write_all(&wire_bytes(&heartbeat.to_message(Side::Client))).unwrap();
    stream.read_exact(&mut [0; 107]).unwrap();
    stream
}

#[test]
fn a_thousand_idle_clients_cost_little() {
    raise_file_limit();
    let relay = RelayProgram::start(&[&OPEN[..], &["--client-timeout", "10m"]].concat());
    let _first = idle(&relay.addr);
    let before = resident(relay.running.child.id());
    let clients: Vec<_> = (0..CLIENTS).map(|_| idle(&relay.addr)).collect();
    let each = (resident(relay.running.child.id()) - before) / clients.len();
    println!("{each} bytes for each idle client");
    assert!(each < IDLE_CLIENT, "{each} bytes for each idle client");
}

#[test]
fn a_stream_goes_on_while_a_thousand_clients_come_and_go() {
    const FRAMES: u64 = 300;
    raise_file_limit();
    let relay = RelayProgram::start(&OPEN);
    let mut viewer = TcpStream::connect(&relay.addr).unwrap();
    viewer.set_read_timeout(Some(PATIENCE)).unwrap();
    // It is in the room at once, like every client that says something: a silent one might speak HTTP.
    viewer.write_all(&wire_bytes(&Heartbeat::default().to_message(Side::Client))).unwrap();
    viewer.read_exact(&mut [0; 107]).unwrap();
    let mut sender = idle(&relay.addr);
    let frame = |seq| {
        let info = FrameInfo::default().with_seq(seq);
        wire_bytes(&Message::video(Bytes::from(vec![1; 20_000]), &info).unwrap())
    };
    let sending = thread::spawn(move || {
        // The viewer has joined once the relay has answered a client that connected later.
        for seq in 1..=FRAMES {
            sender.write_all(&frame(seq)).unwrap();
            thread::sleep(Duration::from_millis(5));
        }
        sender
    });
    let address = relay.addr.clone();
    let coming = thread::spawn(move || {
        for _ in 0..CLIENTS {
            drop(idle(&address));
        }
    });
    let (mut last, mut count) = (0, 0);
    while last < FRAMES {
        let mut size = [0; 4];
        viewer.read_exact(&mut size).unwrap();
        let mut rest = vec![0; u32::from_be_bytes(size) as usize];
        viewer.read_exact(&mut rest).unwrap();
        let length = u32::from_be_bytes(rest[4..8].try_into().unwrap()) as usize;
        let units = rest[8..8 + length].chunks_exact(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
        let description = String::from_utf16(&units.collect::<Vec<_>>()).unwrap();
        let seq: u64 = description.split("seq=").nth(1).unwrap().parse().unwrap();
        assert!(seq > last, "{seq} after {last}");
        (last, count) = (seq, count + 1);
    }
    coming.join().unwrap();
    drop(sending.join().unwrap());
    println!("{count} of {FRAMES} frames");
    // A frame may be replaced if this machine is busy for a moment; a stream that is really disturbed loses
    // most.
    assert!(count >= FRAMES * 9 / 10, "only {count} of {FRAMES} frames arrived");
}
