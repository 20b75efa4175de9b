//! What a browser does: requests, and a WebSocket with one message in each.

#![allow(clippy::result_large_err, reason = "tungstenite's errors")]

use std::{
    net::{SocketAddr, TcpStream as StdStream},
    sync::Arc,
};

use bytes::Bytes;
use pulsecam_net::wire::{Codec, DEFAULT_MAX_MESSAGE, Heartbeat, Message, MessageKind, Reader, Side};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::spawn_blocking,
    time::timeout,
};
use tungstenite::{Message as Frame, WebSocket, client::client, http};

use crate::common::{server::PATIENCE, wire_bytes};

/// The answer to a request.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

/// Sends the bytes of a request and reads until the end.
pub async fn exchange(addr: SocketAddr, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut all = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut all)).await.expect("an answer comes").unwrap();
    parsed(&all)
}

pub fn parsed(all: &[u8]) -> Answer {
    let end = all.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
    let head = String::from_utf8(all[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head, body: all[end..].to_vec() }
}

/// Gets a resource on a connection of its own, with more lines in the head.
pub async fn get_with(addr: SocketAddr, target: &str, lines: &str) -> Answer {
    let request = format!("GET {target} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n{lines}\r\n");
    exchange(addr, request.as_bytes()).await
}

pub async fn get(addr: SocketAddr, target: &str) -> Answer {
    get_with(addr, target, "").await
}

/// A page's WebSocket.
pub struct Page {
    socket: Option<WebSocket<StdStream>>,
    pub cookie: Option<String>,
}

impl Page {
    pub async fn connect(addr: SocketAddr) -> Self {
        Self::try_connect(addr, &format!("http://{addr}")).await.expect("it connects")
    }

    /// Connects from a page at `origin`; otherwise returns the status.
    pub async fn try_connect(addr: SocketAddr, origin: &str) -> Result<Self, u16> {
        Self::open(addr, origin, "/wire").await
    }

    /// The same at another address.
    pub async fn open(addr: SocketAddr, origin: &str, target: &str) -> Result<Self, u16> {
        let request = http::Request::builder()
            .uri(format!("ws://{addr}{target}"))
            .header("Host", addr.to_string())
            .header("Origin", origin)
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
            .body(())
            .unwrap();
        let connected = spawn_blocking(move || {
            let stream = StdStream::connect(addr).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            client(request, stream)
        });
        match connected.await.unwrap() {
            Ok((socket, answer)) => {
                let cookie =
                    answer.headers().get("set-cookie").map(|cookie| cookie.to_str().unwrap().to_owned());
                Ok(Self { socket: Some(socket), cookie })
            }
            Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(answer))) => {
                Err(answer.status().as_u16())
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Does something with the socket, which blocks.
    pub async fn with<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut WebSocket<StdStream>) -> T + Send + 'static,
    ) -> T {
        let mut socket = self.socket.take().unwrap();
        let (socket, result) = spawn_blocking(move || {
            let result = work(&mut socket);
            (socket, result)
        })
        .await
        .unwrap();
        self.socket = Some(socket);
        result
    }

    pub async fn send(&mut self, message: &Message) {
        let bytes = Bytes::from(wire_bytes(message));
        self.with(move |socket| socket.send(Frame::Binary(bytes)).unwrap()).await;
    }

    /// The next frame of the WebSocket.
    pub async fn frame(&mut self) -> tungstenite::Result<Frame> {
        self.with(WebSocket::read).await
    }

    /// The next message, which is the whole of a binary one.
    pub async fn receive(&mut self) -> Message {
        loop {
            match self.frame().await.unwrap() {
                Frame::Binary(bytes) => {
                    let length = bytes.len();
                    let mut reader = Reader::new(&bytes[..], Codec::new(DEFAULT_MAX_MESSAGE));
                    let message = reader.next().await.unwrap().unwrap();
                    assert_eq!(message.wire_len(), length, "one message in each");
                    return message;
                }
                Frame::Ping(_) | Frame::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next message that is no heartbeat.
    pub async fn content(&mut self) -> Message {
        loop {
            let message = self.receive().await;
            if message.kind() != MessageKind::Heartbeat {
                return message;
            }
        }
    }

    /// Sends a heartbeat with these attributes, and waits for its answer.
    pub async fn ask(&mut self, heartbeat: Heartbeat) -> Heartbeat {
        self.send(&heartbeat.to_message(Side::Client)).await;
        loop {
            let message = self.receive().await;
            if message.kind() == MessageKind::Heartbeat {
                return Heartbeat::parse(message.description());
            }
        }
    }
}

/// A certificate for this machine, and how a client trusts it.
pub fn certificate() -> (Arc<pulsecam_net::tls::Acceptor>, pulsecam_net::tls::Fingerprint) {
    let folder = tempfile::tempdir().unwrap();
    let made = pulsecam_net::tls::Certificate::for_relay(vec!["localhost".into()]).unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.certificate).unwrap();
    std::fs::write(&key, made.key).unwrap();
    (Arc::new(pulsecam_net::tls::Acceptor::load(&certificate, &key).unwrap()), made.fingerprint)
}
