//! Tests of receipts and credit: between our own programs only, and an old peer notices nothing.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use bytes::Bytes;
use common::server::{Bare, PATIENCE, Server};
use pulsecam_net::{
    clock::Timestamp,
    relay,
    wire::{FrameInfo, Heartbeat, Message, MessageKind, Origin, Receipt, Side},
};
use tokio::time::{Duration, sleep, timeout};

fn frame(payload: &'static str) -> Message {
    Message::video(Bytes::from_static(payload.as_bytes()), &FrameInfo::default()).unwrap()
}

fn text(text: &str) -> Message {
    Message::text(text, &Origin::default()).unwrap()
}

/// A client that understands receipts, and the relay's answer to it.
async fn able(server: &Server) -> (Bare, Heartbeat) {
    let mut client = Bare::connect(server.addr).await;
    let hello = Heartbeat::default().with(|beat| {
        beat.t1 = Some(Timestamp::now());
        beat.receipts = Some(true);
    });
    client.send(&hello.to_message(Side::Client)).await;
    let answer = Heartbeat::parse(client.receive().await.description());
    (client, answer)
}

/// The next message that is no heartbeat.
async fn next(client: &mut Bare) -> Message {
    loop {
        let message = client.receive().await;
        if message.kind() != MessageKind::Heartbeat {
            return message;
        }
    }
}

/// The answer to a heartbeat is the next message: nothing was sent before it.
async fn nothing_waits(client: &mut Bare) {
    client.send(&Heartbeat::default().to_message(Side::Client)).await;
    assert_eq!(client.receive().await.kind(), MessageKind::Heartbeat);
}

#[tokio::test]
async fn credit_holds_frames_but_no_texts_and_the_newest_frame_goes_next() {
    let server = Server::start(relay::Config::default()).await;
    let (mut viewer, answer) = able(&server).await;
    assert_eq!(answer.receipts, Some(true));
    let until = |until| Receipt::default().with(|receipt| receipt.until = Some(until)).to_message();
    viewer.send(&until(1)).await;
    viewer.ask().await;
    let mut sender = Bare::connect(server.addr).await;
    for message in [frame("one"), frame("two"), frame("three"), text("after")] {
        sender.send(&message).await;
    }
    assert_eq!(next(&mut viewer).await.payload(), frame("one").payload());
    assert_eq!(next(&mut viewer).await.kind(), MessageKind::Text);
    viewer.send(&until(2)).await;
    assert_eq!(next(&mut viewer).await.payload(), frame("three").payload());
    sender.send(&frame("four")).await;
    sender.send(&text("again")).await;
    assert_eq!(next(&mut viewer).await.kind(), MessageKind::Text);
    viewer.send(&until(u64::MAX)).await;
    assert_eq!(next(&mut viewer).await.payload(), frame("four").payload());
    server.stop().await;
}

#[tokio::test]
async fn what_a_programs_credit_holds_is_not_reported_as_lost() {
    let server = Server::start(relay::Config::default()).await;
    let (mut viewer, _) = able(&server).await;
    viewer.send(&Receipt::default().with(|receipt| receipt.until = Some(1)).to_message()).await;
    viewer.ask().await;
    let mut sender = Bare::connect(server.addr).await;
    let hello = Heartbeat::default().with(|beat| (beat.t1, beat.report) = (Some(Timestamp::now()), Some(1)));
    sender.send(&hello.to_message(Side::Client)).await;
    let frames = 10;
    for _ in 0..frames {
        sender.send(&frame("frame")).await;
        sleep(Duration::from_millis(2)).await; // a report is due again
    }
    loop {
        let report = Heartbeat::parse(sender.receive().await.description());
        assert!(report.lost.is_none_or(|lost| lost == 0), "{report:?}");
        if report.got == Some(frames) {
            assert!(report.lost.is_some(), "{report:?}");
            break;
        }
    }
    assert_eq!(server.stop().await.frames_lost, frames - 2, "one was sent, and one waits");
}

#[tokio::test]
async fn a_sender_that_asks_gets_a_receipt_of_each_frame() {
    let server = Server::start(relay::Config::default()).await;
    let (mut sender, _) = able(&server).await;
    sender.send(&frame("before")).await;
    sender.send(&Receipt::default().with(|receipt| receipt.ask = Some(true)).to_message()).await;
    let mut last = 0;
    for got in 2..5 {
        sender.send(&frame("frame")).await;
        let receipt = Receipt::parse(&next(&mut sender).await).unwrap();
        assert_eq!((receipt.got, receipt.ask, receipt.until), (Some(got), None, None));
        assert!(receipt.took.is_some());
        let at = receipt.at.unwrap();
        assert!(at >= last, "the receiver's clock is steady");
        last = at;
    }
    sender.send(&Receipt::default().with(|receipt| receipt.ask = Some(false)).to_message()).await;
    sender.send(&frame("unnoticed")).await;
    nothing_waits(&mut sender).await;
    server.stop().await;
}

#[tokio::test]
async fn a_relay_without_pacing_neither_says_nor_sends_anything_of_it() {
    let server = Server::start(relay::Config::default().with(|config| config.pacing = false)).await;
    let (mut sender, answer) = able(&server).await;
    assert_eq!(answer.receipts, None);
    sender.send(&Receipt::default().with(|receipt| receipt.ask = Some(true)).to_message()).await;
    sender.send(&frame("frame")).await;
    nothing_waits(&mut sender).await;
    server.stop().await;
}

/// Large frames to a viewer that does not read, until some were replaced, and then to one that reads.
async fn stall_and_read(server: &Server, viewer: &mut Bare, mut until: impl FnMut(&Message) -> bool) {
    let mut sender = Bare::connect(server.addr).await;
    let big = Message::video(vec![7; 1 << 20].into(), &FrameInfo::default()).unwrap();
    let sending = async {
        loop {
            sender.send(&big).await;
            tokio::task::yield_now().await;
        }
    };
    let stalled = async { server.told(&["slow"]).await };
    let reading = async {
        stalled.await;
        while !until(&viewer.receive().await) {}
    };
    tokio::select! {
        () = sending => {}
        () = reading => {}
    }
}

/// Lets a sender be as fast as it can.
fn without_limit() -> relay::Config {
    relay::Config::default().with(|config| config.limits.bytes_per_s = None)
}

#[tokio::test]
async fn receipts_are_asked_for_once_the_socket_was_full() {
    let server = Server::start_apart(without_limit()).await;
    let (mut viewer, _) = able(&server).await;
    let asked = |message: &Message| Receipt::parse(message).is_some_and(|receipt| receipt.ask == Some(true));
    let seen = timeout(PATIENCE, stall_and_read(&server, &mut viewer, asked)).await;
    assert!(seen.is_ok(), "nothing was asked");
    server.stop().await;
}

#[tokio::test]
async fn an_old_peer_that_is_slow_is_asked_for_nothing() {
    let server = Server::start_apart(without_limit()).await;
    let mut viewer = Bare::connect(server.addr).await;
    let mut frames = 0;
    let enough = |message: &Message| {
        assert_eq!(message.kind(), MessageKind::Video);
        frames += 1;
        frames == 20
    };
    timeout(PATIENCE, stall_and_read(&server, &mut viewer, enough)).await.unwrap();
    server.stop().await;
}
