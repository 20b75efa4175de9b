//! A page as a client of the wire, through a WebSocket.

use bytes::Bytes;
use pulsecam_net::{
    clock::Timestamp,
    wire::{FrameInfo, Heartbeat, Message, MessageKind, Origin, close_reason_text},
};
use tungstenite::{Message as Frame, protocol::frame::coding::CloseCode};

use super::{
    browser::{Page, get},
    common::server::{Bare, Server, number_of, numbered_frame},
    with_web,
};

fn beat() -> Heartbeat {
    Heartbeat::default().with(|beat| beat.t1 = Some(Timestamp::now()))
}

#[tokio::test]
async fn a_page_sees_frames_and_texts_and_is_seen() {
    let server = Server::start(with_web()).await;
    let mut page = Page::connect(server.addr).await;
    let answer = page.ask(beat()).await;
    assert!(answer.t2.is_some() && answer.epoch.is_some() && answer.silence.is_some());
    let mut sender = Bare::connect(server.addr).await;
    // Over 64 KiB, and a small one: two forms of a frame's header.
    for (number, size) in [(1, 200_000), (2, 10)] {
        sender.send(&numbered_frame(number, size)).await;
        let frame = page.receive().await;
        assert_eq!((frame.kind(), number_of(&frame)), (MessageKind::Video, number));
        assert!(frame.description().to_text_lossy().ends_with("; peer=1"), "it is a client of ours");
    }
    let origin = Origin::named("浏览器");
    page.send(&Message::text("你好", &origin).unwrap()).await;
    let text = sender.receive().await;
    assert_eq!(text.text_content().unwrap().to_text_lossy(), "你好");
    sender.send(&Message::text("hello", &Origin::default()).unwrap()).await;
    assert_eq!(page.receive().await.text_content().unwrap().to_text_lossy(), "hello");
    let info = FrameInfo::default().with_stream("phone");
    page.send(&Message::video(Bytes::from(vec![7; 300_000]), &info).unwrap()).await;
    let frame = sender.receive().await;
    assert_eq!((frame.kind(), frame.payload().unwrap().len()), (MessageKind::Video, 300_000));
    server.stop().await;
}

#[tokio::test]
async fn a_page_is_pinged_and_says_goodbye() {
    let server = Server::start(with_web()).await;
    let mut page = Page::connect(server.addr).await;
    page.with(|socket| socket.send(Frame::Ping(Bytes::from_static(b"there?"))).unwrap()).await;
    assert_eq!(page.frame().await.unwrap(), Frame::Pong(Bytes::from_static(b"there?")));
    page.with(|socket| socket.close(None).unwrap()).await;
    assert!(
        matches!(page.frame().await.unwrap(), Frame::Close(Some(close)) if close.code == CloseCode::Normal)
    );
    server.told(&["left", "closed the connection"]).await;
    server.stop().await;
}

/// A page that shows nothing is sent nothing, at once.
#[tokio::test]
async fn a_hidden_page_gets_no_frames() {
    let server = Server::start(with_web()).await;
    let mut page = Page::connect(server.addr).await;
    page.ask(beat().with(|beat| beat.views = Some(false))).await;
    let mut sender = Bare::connect(server.addr).await;
    sender.send(&numbered_frame(1, 100)).await;
    sender.ask().await;
    page.ask(beat().with(|beat| beat.views = Some(true))).await;
    sender.send(&numbered_frame(2, 100)).await;
    let frame = page.content().await;
    assert_eq!((frame.kind(), number_of(&frame)), (MessageKind::Video, 2));
    server.stop().await;
}

/// What breaks the rules ends its own connection only.
#[tokio::test]
async fn junk_after_the_upgrade_is_closed_with_a_reason() {
    let server = Server::start(with_web()).await;
    let mut other = Page::connect(server.addr).await;
    for (junk, code) in [
        (Frame::text("hello"), CloseCode::Unsupported),
        (Frame::Binary(Bytes::from_static(b"\0\0\0\x0ctoo short")), CloseCode::Invalid),
    ] {
        let mut page = Page::connect(server.addr).await;
        page.ask(beat()).await;
        page.with(move |socket| socket.send(junk).unwrap()).await;
        let end = loop {
            match page.frame().await.unwrap() {
                Frame::Close(close) => break close.unwrap(),
                Frame::Binary(_) => {}
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(end.code, code);
    }
    // What is no message is reported as on TCP: here a description of three bytes.
    let mut page = Page::connect(server.addr).await;
    let odd = b"\0\0\0\x0f\0\0\0\x01\0\0\0\x03abc\0\0\0\0";
    page.with(|socket| socket.send(Frame::Binary(Bytes::from_static(odd))).unwrap()).await;
    let farewell = page.receive().await;
    assert!(close_reason_text(&farewell).unwrap().contains("description"));
    assert!(other.ask(beat()).await.t2.is_some(), "others go on");
    server.stop().await;
}

#[tokio::test]
async fn pages_of_other_sites_are_refused() {
    let server = Server::start(with_web()).await;
    for origin in ["http://evil.example", "null", "https://127.0.0.1"] {
        assert_eq!(Page::try_connect(server.addr, origin).await.err(), Some(403), "{origin}");
    }
    assert_eq!(get(server.addr, "/").await.status, 200);
    assert_eq!(server.stop().await.joined, 0);
}
