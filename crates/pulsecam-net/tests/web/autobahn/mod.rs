//! The cases of the Autobahn test suite for WebSocket servers (25.10), by their numbers, through raw sockets.
//!
//! Autobahn's own client needs a server that returns every text. A relay returns nothing: it passes binary messages
//! on to others, each of them exactly one message of the wire. So where Autobahn waits for an echo, a witness has to
//! get the message, and where it sends texts, binary messages are sent. Texts themselves are closed with 1003, valid
//! UTF-8 or not. Not here are the cases for compression (12, 13), which is never agreed on.

mod closing;
mod framing;
mod messages;
mod own;

use std::net::SocketAddr;

use bytes::{Buf, Bytes};
use pulsecam_net::wire::{Message, MessageKind, Origin};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    common::{
        server::{Bare, PATIENCE, Server},
        wire_bytes,
    },
    with_web,
};

const FIN: u8 = 0x80;
const CONTINUE: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

const NORMAL: u16 = 1000;
const PROTOCOL: u16 = 1002;
const UNSUPPORTED: u16 = 1003;
const INVALID: u16 = 1007;

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A frame whose first byte is this, with the shortest form of its length.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..126 => bytes.push(0x80 | length as u8),
        length @ 126..0x1_0000 => {
            bytes.push(0x80 | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend(MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(FIN | CLOSE, &[&code.to_be_bytes(), reason].concat())
}

/// A message of the wire that has this many bytes and the name of its case.
fn message(case: &str, length: usize) -> Vec<u8> {
    let empty = Message::image(Bytes::new(), &Origin::default()).unwrap().wire_len();
    let mut payload = case.as_bytes().to_vec();
    payload.resize(length - empty, 0xfe);
    wire_bytes(&Message::image(payload.into(), &Origin::default()).unwrap())
}

/// The frames of a message that is sent in fragments.
fn fragments<'a>(message: &'a [u8], size: usize) -> impl Iterator<Item = Vec<u8>> + 'a {
    let last = message.len().div_ceil(size) - 1;
    message.chunks(size).enumerate().map(move |(index, part)| {
        let first = if index == 0 { BINARY } else { CONTINUE } | if index == last { FIN } else { 0 };
        frame(first, part)
    })
}

/// What is sent through one connection, and what has to come of it.
struct Case {
    number: String,
    frames: Vec<Vec<u8>>,
    /// Bytes of a write: fewer than a frame, or many frames.
    piece: usize,
    /// Bytes of the messages that others get.
    passed: Vec<usize>,
    pongs: Vec<Vec<u8>>,
    code: u16,
}

impl Case {
    fn new(number: impl Into<String>, frames: impl IntoIterator<Item = Vec<u8>>, code: u16) -> Self {
        let frames = frames.into_iter().collect();
        let (passed, pongs) = Default::default();
        Self { number: number.into(), frames, piece: usize::MAX, passed, pongs, code }
    }

    fn passes(mut self, lengths: impl IntoIterator<Item = usize>) -> Self {
        self.passed.extend(lengths);
        self
    }

    fn answers(mut self, pongs: &[&[u8]]) -> Self {
        self.pongs.extend(pongs.iter().map(|pong| pong.to_vec()));
        self
    }

    fn in_pieces(mut self, piece: usize) -> Self {
        self.piece = piece;
        self
    }

    async fn run(self, addr: SocketAddr, witness: &mut Bare) {
        let number = &self.number;
        let (mut stream, _) = open(addr, "").await;
        for piece in self.frames.concat().chunks(self.piece) {
            if stream.write_all(piece).await.is_err() {
                break; // it was closed amid what breaks the rules
            }
        }
        for length in self.passed {
            let passed = witness.receive().await;
            assert_eq!((passed.kind(), passed.wire_len()), (MessageKind::Image, length), "{number}");
            let payload = passed.payload().unwrap();
            assert!(payload.starts_with(number.as_bytes()), "{number} got {payload:?}");
            assert!(payload[number.len()..].iter().all(|byte| *byte == 0xfe), "{number}");
        }
        let Outcome { pongs, code, .. } = outcome(stream, number).await;
        assert_eq!(pongs, self.pongs, "{number}");
        assert_eq!(code, Some(self.code), "{number}");
    }
}

/// Opens a WebSocket, with more lines in the request; returns the head of the answer too.
async fn open(addr: SocketAddr, lines: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let request = format!(
        "GET /wire HTTP/1.1\r\nHost: {addr}\r\nOrigin: http://{addr}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{lines}\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(timeout(PATIENCE, stream.read_u8()).await.expect("an answer comes").unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("HTTP/1.1 101 ") && head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
    (stream, head)
}

/// What came back until the end of a connection.
#[derive(Default)]
struct Outcome {
    messages: Vec<Bytes>,
    pongs: Vec<Vec<u8>>,
    code: Option<u16>,
}

/// Reads to the end.
async fn outcome(mut stream: TcpStream, number: &str) -> Outcome {
    let mut all = Vec::new();
    // A reset comes after all that was sent before it.
    let end = timeout(PATIENCE, stream.read_to_end(&mut all)).await;
    assert!(end.is_ok(), "{number}: the connection is not closed");
    let (mut rest, mut outcome) = (Bytes::from(all), Outcome::default());
    while rest.has_remaining() {
        assert_eq!(outcome.code, None, "{number}: something after the last frame");
        let (first, second) = (rest.get_u8(), rest.get_u8());
        let length = match second {
            126 => u64::from(rest.get_u16()),
            127 => rest.get_u64(),
            _ => u64::from(second), // a mask would make it too long
        };
        let mut payload = rest.split_to(length as usize);
        match first {
            0x82 => outcome.messages.push(payload),
            0x8a => outcome.pongs.push(payload.to_vec()),
            0x88 => outcome.code = Some(payload.get_u16()),
            _ => panic!("{number}: {first:#x} {payload:?}"),
        }
    }
    outcome
}

/// Runs cases one after another, and looks whether somebody else noticed anything but their messages.
async fn run(cases: impl IntoIterator<Item = Case>) {
    let unlimited = |config: &mut pulsecam_net::relay::Config| {
        (config.limits.joins_per_s, config.limits.clients_per_address) = (None, None);
    };
    let server = Server::start_apart(with_web().with(unlimited)).await;
    let mut witness = Bare::connect(server.addr).await;
    for case in cases {
        case.run(server.addr, &mut witness).await;
    }
    let last = message("last", 100);
    let end = [frame(FIN | BINARY, &last), close(NORMAL, b"")];
    Case::new("last", end, NORMAL).passes([100]).run(server.addr, &mut witness).await;
    server.stop().await;
}

fn bye() -> Vec<u8> {
    close(NORMAL, b"")
}
