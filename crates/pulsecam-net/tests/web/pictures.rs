//! Pictures as HTTP clients take them.

use std::net::SocketAddr;

use bytes::Bytes;
use pulsecam_net::wire::{FrameInfo, Message};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Duration, sleep, timeout},
};

use super::{
    browser::{get, get_with},
    common::server::{Bare, PATIENCE, Server},
    with_web,
};

/// A frame that is recognised by its first bytes.
fn frame(stream: &str, seq: u64, bytes: usize) -> Message {
    let mut jpeg = vec![0x55; bytes];
    jpeg[..8].copy_from_slice(&seq.to_be_bytes());
    let info = FrameInfo::default().with_stream(stream).with_seq(seq);
    Message::video(Bytes::from(jpeg), &info).unwrap()
}

/// Sends frames of a stream until it is dropped.
fn camera(addr: SocketAddr, stream: &'static str, bytes: usize) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let mut sender = Bare::connect(addr).await;
        for seq in 0.. {
            sender.send(&frame(stream, seq, bytes)).await;
            sleep(Duration::from_millis(10)).await;
        }
    })
}

/// Reads a stream as Mainsail does: each picture by its length.
struct Parts {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Parts {
    async fn open(addr: SocketAddr, target: &str, lines: &str) -> (String, Self) {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        let request = format!("GET {target} HTTP/1.1\r\nHost: {addr}\r\n{lines}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut parts = Self { stream, buffer: Vec::new() };
        let head = parts.until(b"\r\n\r\n").await;
        (head, parts)
    }

    async fn more(&mut self) {
        let read = timeout(PATIENCE, self.stream.read_buf(&mut self.buffer)).await;
        assert!(read.expect("more comes").unwrap() > 0, "it goes on");
    }

    async fn until(&mut self, end: &[u8]) -> String {
        loop {
            if let Some(at) = self.buffer.windows(end.len()).position(|window| window == end) {
                let rest = self.buffer.split_off(at + end.len());
                return String::from_utf8(std::mem::replace(&mut self.buffer, rest)).unwrap();
            }
            self.more().await;
        }
    }

    /// The head and the number of the next picture.
    async fn next(&mut self) -> (String, u64) {
        let head = self.until(b"\r\n\r\n").await;
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
        let length: usize = length.parse().unwrap();
        while self.buffer.len() < length {
            self.more().await;
        }
        let rest = self.buffer.split_off(length);
        let picture = std::mem::replace(&mut self.buffer, rest);
        (head, u64::from_be_bytes(picture[..8].try_into().unwrap()))
    }
}

#[tokio::test]
async fn a_stream_is_read_by_lengths_under_every_name() {
    let server = Server::start(with_web()).await;
    let camera = camera(server.addr, "门 cam", 20_000);
    for target in [
        "/stream",
        "/?action=stream&1608856928650",
        "/webcam/?action=stream&timestamp=1",
        "/stream/%E9%97%A8%20cam?extra_headers=1",
        "/api/stream.mjpeg?src=%E9%97%A8%20cam",
    ] {
        let (head, mut parts) = Parts::open(server.addr, target, "Accept: */*\r\n").await;
        assert!(head.starts_with("HTTP/1.0 200"), "closed at its end, not in chunks: {head}");
        let mut last = None;
        for _ in 0..3 {
            let (head, seq) = parts.next().await;
            assert!(head.contains("Content-Type: image/jpeg\r\n") && head.contains("X-Timestamp: "));
            assert!(last.is_none_or(|last| seq > last), "newer ones only");
            last = Some(seq);
            assert_eq!(head.contains("X-Pulsecam-Seq"), target.contains("extra_headers"));
        }
    }
    camera.abort();
    server.stop().await;
}

/// Chromium shows a picture of an `<img>` when the next part begins.
#[tokio::test]
async fn an_img_gets_the_next_head_with_each_picture() {
    let server = Server::start(with_web()).await;
    let mut sender = Bare::connect(server.addr).await;
    let accept = "Accept: image/avif,image/webp,image/apng,*/*;q=0.8\r\n";
    let opening = Parts::open(server.addr, "/stream/only", accept);
    let sending = async {
        server.told(&["joined", "\"client\":2"]).await;
        sender.send(&frame("only", 1, 3000)).await;
    };
    let ((_, mut parts), ()) = tokio::join!(opening, sending);
    parts.until(b"\r\n--boundarydonotcross\r\nContent-Type: image/jpeg\r\n\r\n").await;
    let again = Parts::open(server.addr, "/stream/only?advance_headers=0", accept);
    let sending = async {
        server.told(&["joined", "\"client\":3"]).await;
        sender.send(&frame("only", 2, 3000)).await;
    };
    let ((_, mut parts), ()) = tokio::join!(again, sending);
    assert_eq!(parts.next().await.1, 2);
    server.stop().await;
}

#[tokio::test]
async fn a_snapshot_is_the_frame_as_it_came() {
    let server = Server::start(with_web()).await;
    let cameras = [camera(server.addr, "one", 3000), camera(server.addr, "two", 4000)];
    for target in ["/snapshot/two", "/api/frame.jpeg?src=two"] {
        let picture = get(server.addr, target).await;
        assert_eq!((picture.status, picture.body.len()), (200, 4000));
        assert_eq!(picture.header("content-type"), Some("image/jpeg"));
        assert_eq!(picture.header("cache-control"), Some("no-store"));
        assert_eq!(picture.header("x-pulsecam-stream"), Some("two"));
        assert!(picture.header("x-pulsecam-seq").is_some());
    }
    assert_eq!(get(server.addr, "/?action=snapshot&123").await.status, 200);
    cameras.iter().for_each(tokio::task::JoinHandle::abort);
    server.stop().await;
}

/// A client that takes nothing for a while gets what is newest then, not what was sent meanwhile.
#[tokio::test]
async fn a_client_that_does_not_read_gets_the_newest_frame_after_it() {
    let server = Server::start_apart(with_web()).await;
    let mut sender = Bare::connect(server.addr).await;
    let mut seq = 0;
    let opening = Parts::open(server.addr, "/stream", "");
    let begin = async {
        server.told(&["joined", "\"client\":2"]).await;
        sender.send(&frame("a", 0, 400_000)).await;
    };
    let ((_, mut parts), ()) = tokio::join!(opening, begin);
    // Far more than the socket's buffers hold at both ends.
    for _ in 0..100 {
        seq += 1;
        sender.send(&frame("a", seq, 400_000)).await;
        sender.ask().await;
    }
    let mut seen = Vec::new();
    while seen.last() != Some(&seq) {
        seen.push(parts.next().await.1);
    }
    assert!(seen.is_sorted());
    assert!(seen.len() < 60, "most were replaced: {seen:?}");
    let summary = server.stop().await;
    assert!(summary.frames_lost > 40, "{}", summary.frames_lost);
}

#[tokio::test]
async fn a_slower_rate_is_kept() {
    let server = Server::start(with_web()).await;
    let camera = camera(server.addr, "a", 1000);
    let (_, mut parts) = Parts::open(server.addr, "/stream?fps=10", "").await;
    let (first, mut last) = (parts.next().await.1, 0);
    for _ in 0..3 {
        last = parts.next().await.1;
    }
    assert!(last - first > 9, "three tenths of a second at a hundred frames a second: {first} to {last}");
    camera.abort();
    server.stop().await;
}

/// Only what is asked for goes to other sites' scripts.
#[tokio::test]
async fn scripts_of_allowed_pages_may_read_pictures() {
    let allowed = |config: &mut pulsecam_net::relay::Config| {
        config.web = Some(pulsecam_net::relay::web::Config::default().with(|web| {
            web.allowed_origins = vec!["http://mainsail.local".into()];
        }));
    };
    let server = Server::start(with_web().with(allowed)).await;
    let camera = camera(server.addr, "a", 1000);
    let ours = get_with(server.addr, "/snapshot", "Origin: http://mainsail.local\r\n").await;
    assert_eq!(ours.header("access-control-allow-origin"), Some("http://mainsail.local"));
    let other = get_with(server.addr, "/snapshot", "Origin: http://evil.example\r\n").await;
    assert_eq!(other.header("access-control-allow-origin"), None);
    camera.abort();
    server.stop().await;
}
