//! Tests of frames that the relay passes on while they arrive: to whom, and what a hostile sender gains.
//!
//! Whether a frame is passed on early depends on its sender's rate, so each test tries until one is. Needs
//! nothing. Alone: `make test-relay`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    fs,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use common::{
    links::up,
    server::{Bare, PATIENCE, Server, number_of, numbered_frame},
    wire_bytes,
};
use pulsecam_net::{
    clock::Timestamp,
    link::{self, Role},
    relay::Config,
    tls::{Acceptor, Certificate, Connector, Trust},
    wire::{FrameInfo, Heartbeat, Message, MessageKind, Origin, PieceAssembler, QString, Side},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};

/// The type of a first piece.
const FIRST: MessageKind = MessageKind::Reserved(105);

/// The size of a frame's payload.
const PAYLOAD: usize = 60_000;

/// Parts in which a frame is sent, and the pause between two of them.
const PARTS: usize = 16;
const PAUSE: Duration = Duration::from_millis(1);

/// A viewer of ours.
struct Viewer {
    bare: Bare,
    pieces: PieceAssembler,
    torn: usize,
    frames: Vec<u32>,
}

impl Viewer {
    async fn connect(addr: SocketAddr) -> Self {
        let mut bare = Bare::connect_unseen(addr).await;
        greet(&mut bare, true).await;
        Self { bare, pieces: PieceAssembler::new(16 << 20), torn: 0, frames: Vec::new() }
    }

    /// The next message as it came. Each frame that it completes is whole and has its sender's number.
    async fn next(&mut self) -> Message {
        let message = self.bare.receive().await;
        let assembled = self.pieces.take(&message).unwrap_or_default();
        self.torn += usize::from(assembled.torn);
        let whole = Some(message.clone()).filter(|message| message.kind() == MessageKind::Video);
        if let Some(frame) = assembled.frame.or(whole) {
            let (number, payload) = (number_of(&frame), frame.payload().unwrap());
            assert!(frame.peer().is_some(), "{frame:?}");
            assert_eq!(frame, numbered(&numbered_frame(number, payload.len()), frame.peer().unwrap()));
            self.frames.push(number);
        }
        message
    }

    /// Reads until this frame is complete.
    async fn until_frame(&mut self, number: u32) {
        while !self.frames.contains(&number) {
            self.next().await;
        }
    }

    async fn until(&mut self, kind: MessageKind) -> Message {
        loop {
            let message = self.next().await;
            if message.kind() == kind {
                return message;
            }
        }
    }

    /// Reads until something else is done.
    async fn beside<T>(&mut self, other: impl Future<Output = T>) -> T {
        let mut other = std::pin::pin!(other);
        loop {
            // `next` is cancel safe, as `Reader::next` is.
            tokio::select! {
                done = &mut other => return done,
                _ = self.next() => {}
            }
        }
    }

    /// Sends a heartbeat and waits for its answer.
    async fn ask(&mut self) {
        self.bare.send(&heartbeat(true)).await;
        self.until(MessageKind::Heartbeat).await;
    }
}

fn heartbeat(pieces: bool) -> Message {
    Heartbeat::default()
        .with(|beat| {
            beat.t1 = Some(Timestamp::now());
            beat.pieces = pieces;
        })
        .to_message(Side::Client)
}

async fn greet(bare: &mut Bare, pieces: bool) {
    bare.send(&heartbeat(pieces)).await;
    while bare.receive().await.kind() != MessageKind::Heartbeat {}
}

/// The frame as a viewer of ours gets it.
fn numbered(frame: &Message, peer: u64) -> Message {
    frame.numbered(peer, u32::MAX).unwrap()
}

/// A sender whose frames arrive slowly.
struct Slow {
    bare: Bare,
    /// The number of its next frame, which no other sender uses.
    next: u32,
}

impl Slow {
    async fn connect(addr: SocketAddr) -> Self {
        static SENDERS: AtomicU32 = AtomicU32::new(0);
        let bare = Bare::connect(addr).await;
        bare.output.as_ref().set_nodelay(true).unwrap();
        Self { bare, next: SENDERS.fetch_add(1, Relaxed) * 10_000 }
    }

    /// Sends some parts of these bytes.
    async fn parts(&mut self, bytes: &[u8], parts: std::ops::Range<usize>) {
        let at = |part: usize| bytes.len() * part / PARTS;
        for part in parts {
            self.bare.send_bytes(&bytes[at(part)..at(part + 1)]).await;
            sleep(PAUSE).await;
        }
    }

    /// Sends frames until a piece of one has reached the viewer, and returns that frame, which is sent by
    /// three quarters.
    async fn begin(&mut self, viewer: &mut Viewer) -> (u32, Vec<u8>) {
        let tries = async {
            loop {
                let number = self.next;
                self.next += 1;
                let bytes = wire_bytes(&numbered_frame(number, PAYLOAD));
                self.parts(&bytes, 0..PARTS * 3 / 4).await;
                let begun = timeout(10 * PAUSE, viewer.until(FIRST)).await.is_ok();
                if begun {
                    return (number, bytes);
                }
                self.finish(&bytes).await;
                viewer.until_frame(number).await;
            }
        };
        timeout(PATIENCE, tries).await.expect("a frame is passed on while it arrives")
    }

    /// Sends the rest of a frame that was begun.
    async fn finish(&mut self, bytes: &[u8]) {
        self.parts(bytes, PARTS * 3 / 4..PARTS).await;
    }
}

#[tokio::test]
async fn a_frame_is_passed_on_while_it_arrives_and_old_clients_get_it_whole() {
    let server = Server::start(Config::default()).await;
    let (mut viewer, mut other) = (Viewer::connect(server.addr).await, Viewer::connect(server.addr).await);
    let (qt, mut ours) = (Bare::connect(server.addr).await, Bare::connect_unseen(server.addr).await);
    greet(&mut ours, false).await;
    let old = [tokio::spawn(until_the_end(qt)), tokio::spawn(until_the_end(ours))];
    let mut sender = Slow::connect(server.addr).await;
    for _ in 0..3 {
        let (number, bytes) = sender.begin(&mut viewer).await;
        sender.finish(&bytes).await;
        viewer.until_frame(number).await;
        other.until_frame(number).await;
    }
    assert!(viewer.frames.is_sorted() && other.frames.is_sorted());
    let summary = server.stop().await;
    let [qt, ours] = old;
    let (qt, ours) = (qt.await.unwrap(), ours.await.unwrap());
    assert!(!qt.is_empty() && !ours.is_empty());
    for message in &qt {
        let frame = numbered_frame(number_of(message), PAYLOAD);
        assert!(wire_bytes(message) == wire_bytes(&frame), "byte for byte");
    }
    for message in &ours {
        let frame = numbered(&numbered_frame(number_of(message), PAYLOAD), 1);
        assert!(*message == frame, "{:?}", message.description());
    }
    let frames = viewer.frames.len() + other.frames.len() + qt.len() + ours.len();
    assert_eq!(summary.messages_out, frames as u64, "each frame counts once");
}

/// All frames that a client gets before the relay stops.
async fn until_the_end(mut client: Bare) -> Vec<Message> {
    let mut frames = Vec::new();
    while let Ok(Some(message)) = client.reader.next().await {
        assert_eq!(message.kind(), MessageKind::Video);
        frames.push(message);
    }
    frames
}

#[tokio::test]
async fn a_sender_that_stalls_holds_up_nothing() {
    let server = Server::start(Config::default()).await;
    let (mut viewer, mut writer) = (Viewer::connect(server.addr).await, Bare::connect(server.addr).await);
    let shows_nothing = Heartbeat::default().with(|beat| beat.views = Some(false));
    writer.send(&shows_nothing.to_message(Side::Client)).await;
    let mut sender = Slow::connect(server.addr).await;
    for round in 0..3 {
        let torn = viewer.torn;
        let (number, bytes) = sender.begin(&mut viewer).await;
        let before = viewer.frames.len();
        writer.send(&Message::text("hello", &Origin::default()).unwrap()).await;
        viewer.until(MessageKind::Text).await;
        viewer.ask().await;
        assert_eq!(viewer.frames.len(), before, "all that while the frame is unfinished");
        while viewer.torn == torn {
            viewer.next().await;
        }
        // The rest comes after all: the viewer gets the frame whole.
        sender.finish(&bytes).await;
        while viewer.until(MessageKind::Video).await.payload().map(Bytes::len) != Some(PAYLOAD) {}
        assert_eq!(viewer.frames.last(), Some(&number), "{round}");
    }
    let frames = viewer.frames.len() as u64;
    let summary = server.stop().await;
    assert!(summary.frames_torn >= 3 && viewer.torn as u64 == summary.frames_torn, "{summary:?}");
    assert_eq!(summary.messages_out, frames + 2 * 3, "and the texts, which the sender gets as well");
}

#[tokio::test]
async fn a_sender_that_dies_within_a_frame_leaves_nothing_behind() {
    let server = Server::start(Config::default()).await;
    let mut viewer = Viewer::connect(server.addr).await;
    for round in 1..=3 {
        let mut sender = Slow::connect(server.addr).await;
        let torn = viewer.torn;
        let (number, _) = sender.begin(&mut viewer).await;
        drop(sender);
        while viewer.torn == torn {
            viewer.next().await;
        }
        assert!(!viewer.frames.ends_with(&[number]) || round > 1);
        viewer.ask().await;
    }
    let frames = viewer.frames.len() as u64;
    let summary = server.stop().await;
    assert_eq!((summary.messages_out, summary.frames_torn), (frames, viewer.torn as u64));
}

#[tokio::test]
async fn a_head_that_lies_is_passed_on_to_nobody() {
    let server = Server::start(Config::default()).await;
    let (mut viewer, mut writer) = (Viewer::connect(server.addr).await, Bare::connect(server.addr).await);
    let described = 2 * "this is video image".len();
    for (at, change) in [(8, 2), (8, 1), (12 + described, 1), (12 + described, -1)] {
        let mut liar = Slow::connect(server.addr).await;
        // Trusted until now.
        let (number, bytes) = liar.begin(&mut viewer).await;
        liar.finish(&bytes).await;
        viewer.until_frame(number).await;
        let mut lie = bytes;
        let field = i32::from_be_bytes(lie[at..at + 4].try_into().unwrap()) + change;
        lie[at..at + 4].copy_from_slice(&field.to_be_bytes());
        liar.parts(&lie, 0..PARTS).await;
        liar.bare.end().await;
        writer.send(&Message::text("hello", &Origin::default()).unwrap()).await;
        assert_eq!(viewer.next().await.kind(), MessageKind::Text, "{at} {change}: nothing came before it");
    }
    server.stop().await;
}

/// A sender whose next frame is passed on while it arrives.
async fn trusted(addr: SocketAddr) -> Slow {
    let mut sender = Slow::connect(addr).await;
    for frame in 0..4 {
        let bytes = wire_bytes(&numbered_frame(1_000_000 + frame, PAYLOAD));
        sender.parts(&bytes, 0..PARTS).await;
    }
    sender
}

/// Dies within a frame, trickles and dies, or stalls.
async fn be_hostile(mut sender: Slow, number: usize) {
    let bytes = wire_bytes(&numbered_frame(2_000_000, PAYLOAD));
    match number % 3 {
        0 => sender.parts(&bytes, 0..PARTS / 2).await,
        1 => {
            sender.parts(&bytes, 0..PARTS / 2).await;
            for byte in &bytes[bytes.len() / 2..][..100] {
                sender.bare.send_bytes(&[*byte]).await;
                sleep(PAUSE).await;
            }
        }
        _ => {
            sender.parts(&bytes, 0..PARTS / 2).await;
            sleep(200 * PAUSE).await;
            sender.parts(&bytes, PARTS / 2..PARTS).await;
        }
    }
}

#[tokio::test]
async fn fifty_hostile_senders_at_once_gain_nothing() {
    let memory = 64 << 20;
    let server = Server::start(Config::default().with(|config| config.memory = memory)).await;
    let (mut viewer, mut writer) = (Viewer::connect(server.addr).await, Bare::connect(server.addr).await);
    // Until they have torn a frame: on a busy machine their frames may arrive too slowly for that.
    let attacked = async {
        while viewer.torn == 0 {
            let mut senders = Vec::new();
            for _ in 0..50 {
                // One after the other: all of them together would be too slow to be trusted.
                let warming = trusted(server.addr);
                senders.push(viewer.beside(warming).await);
            }
            let mut attacks = tokio::task::JoinSet::new();
            for (number, sender) in senders.into_iter().enumerate() {
                attacks.spawn(be_hostile(sender, number));
            }
            let texts = 40;
            let writing = async {
                for _ in 0..texts {
                    writer.send(&Message::text("hello", &Origin::default()).unwrap()).await;
                    sleep(10 * PAUSE).await;
                }
            };
            let reading = async {
                for _ in 0..texts {
                    viewer.until(MessageKind::Text).await;
                }
                viewer.ask().await;
            };
            tokio::join!(writing, reading);
            while attacks.join_next().await.is_some() {}
            viewer.ask().await;
        }
    };
    timeout(3 * PATIENCE, attacked).await.expect("some frame is torn");
    // An honest sender is served as before.
    let mut honest = Slow::connect(server.addr).await;
    let (number, bytes) = honest.begin(&mut viewer).await;
    honest.finish(&bytes).await;
    viewer.until_frame(number).await;
    viewer.ask().await;
    assert!(server.events.lock().unwrap().iter().all(|event| !event.contains("memory")));
    let summary = server.stop().await;
    assert!(summary.frames_torn > 0, "{summary:?}");
}

#[tokio::test]
async fn a_viewer_that_does_not_read_gets_whole_frames_later() {
    let server = Server::start(Config::default()).await;
    let (mut viewer, mut healthy) = (Viewer::connect(server.addr).await, Viewer::connect(server.addr).await);
    let mut sender = Slow::connect(server.addr).await;
    // Until the viewer's socket has been full within a frame that was begun, with some more after it.
    let (first, mut size) = (sender.next, 60_000);
    for _ in 0..60 {
        let number = sender.next;
        sender.next += 1;
        let bytes = wire_bytes(&numbered_frame(number, size));
        sender.parts(&bytes, 0..PARTS).await;
        healthy.until_frame(number).await;
        size += 10_000;
    }
    viewer.until_frame(sender.next - 1).await;
    assert!(viewer.frames.is_sorted(), "{:?}", viewer.frames);
    let frames = (viewer.frames.len() + healthy.frames.len()) as u64;
    let summary = server.stop().await;
    assert_eq!(summary.messages_out, frames, "what was begun was finished, and counted once");
    assert_eq!(summary.frames_lost, 2 * u64::from(sender.next - first) - frames);
}

/// A proxy that passes on what comes from a client at a few megabytes per second.
async fn slow_proxy(relay: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let relay = TcpStream::connect(relay).await.unwrap();
            relay.set_nodelay(true).unwrap();
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_relay, mut to_relay) = relay.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut from_relay, &mut to_client).await });
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
                    if to_relay.write_all(&buffer[..count]).await.is_err() {
                        break;
                    }
                    sleep(PAUSE).await;
                }
            });
        }
    });
    addr
}

/// Two links over a relay, of which the sender's is slow, until frames come in pieces.
async fn frames_come_in_pieces(config: Config, tls: Option<&Connector>) {
    let server = Server::start(config).await;
    let link = async |addr: SocketAddr, role| {
        let config = link::Config::new(addr.to_string()).with(|config| {
            (config.role, config.tls) = (role, tls.cloned());
        });
        let (link, inbox) = link::connect(config).await.unwrap();
        up(&link).await;
        (link, inbox)
    };
    let (viewer, mut inbox) = link(server.addr, Role::Viewer).await;
    let (sender, _ignored) = link(slow_proxy(server.addr).await, Role::Sender).await;
    let tries = async {
        for seq in 0.. {
            let jpeg: Bytes = (0..PAYLOAD).map(|at| (at as u64 * (seq + 1) % 251) as u8).collect();
            let info = FrameInfo::default().with_stream("ann").with_seq(seq);
            sender.send_frame(info, jpeg.clone());
            let received = inbox.recv().await.unwrap().item;
            assert_eq!(received.message.payload(), Some(&jpeg), "{seq}");
            let info = received.info.unwrap();
            assert_eq!((info.seq, received.account.lost, received.account.left_out), (Some(seq), 0, 0));
            assert_eq!(
                received.message.description(),
                &QString::from(info.with(|info| info.peer = None).to_string().as_str()),
                "as its sender wrote it"
            );
            if viewer.counters().frames_in_pieces >= 5 {
                return;
            }
        }
    };
    timeout(PATIENCE, tries).await.expect("frames come in pieces");
    server.stop().await;
}

#[tokio::test]
async fn links_take_frames_in_pieces() {
    frames_come_in_pieces(Config::default(), None).await;
}

#[tokio::test]
async fn links_take_frames_in_pieces_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let made = Certificate::for_relay(vec!["127.0.0.1".into()]).unwrap();
    fs::write(&certificate, made.certificate).unwrap();
    fs::write(&key, made.key).unwrap();
    let acceptor = Arc::new(Acceptor::load(&certificate, &key).unwrap());
    let connector = Connector::new(&Trust::Pinned(made.fingerprint)).unwrap();
    let config = Config::default().with(|config| config.tls = Some(acceptor));
    frames_come_in_pieces(config, Some(&connector)).await;
}
