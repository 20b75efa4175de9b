//! Streams that programs send over HTTP.

use pulsecam_net::wire::{FrameInfo, MessageKind};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{
    browser::{exchange, parsed},
    common::server::{Bare, PATIENCE, Server},
    with_web,
};

/// The smallest thing with the markers of a JPEG, told by its number.
fn picture(number: u8) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xda, 0, 3, number];
    bytes.extend(vec![number; 5000]);
    bytes.extend([0xff, 0xd9]);
    bytes
}

#[tokio::test]
async fn what_ffmpeg_sends_arrives_as_frames() {
    let server = Server::start(with_web()).await;
    let mut viewer = Bare::connect(server.addr).await;
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    let head = format!(
        "POST /stream/door%20cam HTTP/1.1\r\nHost: {}\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\
         Content-Type: multipart/x-mixed-replace;boundary=ffmpeg\r\nConnection: close\r\n\r\n",
        server.addr
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    for number in 1..=3 {
        let part = [
            format!(
                "--ffmpeg\r\nContent-type: image/jpeg\r\nContent-length: {}\r\n\r\n",
                picture(number).len()
            )
            .as_bytes(),
            &picture(number),
            b"\r\n",
        ]
        .concat();
        let chunk = [format!("{:x}\r\n", part.len()).as_bytes(), &part, b"\r\n"].concat();
        // In pieces that end anywhere.
        for piece in chunk.chunks(777) {
            stream.write_all(piece).await.unwrap();
        }
        let frame = viewer.receive().await;
        assert_eq!((frame.kind(), &frame.payload().unwrap()[..]), (MessageKind::Video, &picture(number)[..]));
        let info = FrameInfo::parse(frame.description());
        assert_eq!((info.stream.as_deref(), info.seq), (Some("door cam"), Some(u64::from(number) - 1)));
        assert_eq!(info.captured, None, "nobody knows when");
    }
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    let mut all = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut all)).await.unwrap().unwrap();
    let all = all.strip_prefix(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap_or(&all);
    assert_eq!(parsed(all).status, 200);
    server.told(&["left", "closed the connection"]).await;
    server.stop().await;
}

#[tokio::test]
async fn bad_streams_are_refused_with_words() {
    let server = Server::start(with_web().with(|config| config.max_message = 100_000)).await;
    let post = |target: &str, lines: &str, body: &[u8]| {
        let head = format!(
            "POST {target} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\nConnection: close\r\n{lines}\r\n",
            server.addr,
            body.len()
        );
        [head.as_bytes(), body].concat()
    };
    let endless = [&[0xff, 0xd8, 0xff, 0xda, 0, 2][..], &[7; 200_000]].concat();
    for (request, status, words) in [
        (post("/stream", "", b""), 400, "name"),
        (post(&format!("/stream/{}", "x".repeat(300)), "", b""), 400, "name"),
        (post("/stream/a", "Origin: http://evil.example\r\n", b""), 403, "other sites"),
        (post("/stream/a", "", &endless), 413, "100000"),
        (post("/stream/a", "", b"no picture at all"), 200, "ended"),
    ] {
        let answer = exchange(server.addr, &request).await;
        assert_eq!(answer.status, status, "{words}");
        assert!(answer.text().contains(words), "{}", answer.text());
    }
    server.stop().await;
}
