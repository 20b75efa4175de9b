//! Tests of the number of viewers: the relay sends it to senders, and old peers do not notice.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use common::server::{Bare, PATIENCE, Server};
use pulsecam_net::{
    clock::Timestamp,
    link::{self, Config, Link, Role},
    relay,
    wire::{FrameInfo, Heartbeat, Message, MessageKind, Origin, Side},
};
use tokio::time::timeout;

async fn connect(server: &Server, role: Role) -> Link {
    let config = Config::new(server.addr.to_string()).with(|config| config.role = role);
    let (link, mut inbox) = link::connect(config).await.unwrap();
    tokio::spawn(async move { while inbox.recv().await.is_some() {} });
    link
}

async fn until(link: &Link, wanted: Option<u32>) {
    let mut viewers = link.viewers();
    let seen = timeout(PATIENCE, viewers.wait_for(|viewers| *viewers == wanted)).await;
    assert!(seen.is_ok(), "{:?} instead of {wanted:?}", *link.viewers().borrow());
}

#[tokio::test]
async fn a_sender_knows_how_many_view_as_soon_as_that_changes() {
    let server = Server::start(relay::Config::default()).await;
    let sender = connect(&server, Role::Sender).await;
    until(&sender, Some(0)).await;
    let viewer = connect(&server, Role::Viewer).await;
    until(&sender, Some(1)).await;
    let other = connect(&server, Role::Sender).await;
    until(&other, Some(1)).await;
    until(&sender, Some(1)).await;
    let both = connect(&server, Role::Both).await;
    until(&both, Some(1)).await;
    until(&sender, Some(2)).await;
    drop(viewer);
    until(&sender, Some(1)).await;
    until(&both, Some(0)).await;
    drop((both, other));
    until(&sender, Some(0)).await;
    assert_eq!(*sender.viewers().borrow(), Some(0));
    server.stop().await;
    until(&sender, None).await;
}

#[tokio::test]
async fn an_old_peer_counts_from_the_start_and_hears_nothing_of_it() {
    let server = Server::start(relay::Config::default()).await;
    let sender = connect(&server, Role::Sender).await;
    until(&sender, Some(0)).await;
    let mut old = Bare::connect(server.addr).await;
    until(&sender, Some(1)).await;
    // The number changes repeatedly; still, the next message that it gets is its own plain answer.
    for _ in 0..5 {
        let viewer = connect(&server, Role::Viewer).await;
        until(&sender, Some(2)).await;
        drop(viewer);
        until(&sender, Some(1)).await;
    }
    old.send(&Heartbeat::default().to_message(Side::Client)).await;
    assert_eq!(old.receive().await, Heartbeat::default().to_message(Side::Relay));
    server.stop().await;
}

#[tokio::test]
async fn one_that_only_views_is_not_told_unasked() {
    let server = Server::start(relay::Config::default()).await;
    let mut viewer = Bare::connect(server.addr).await;
    let asked = Heartbeat::default().with(|beat| beat.t1 = Some(Timestamp::now()));
    viewer.send(&asked.to_message(Side::Client)).await;
    let answer = Heartbeat::parse(viewer.receive().await.description());
    assert_eq!((answer.t1, answer.viewers), (asked.t1, None));
    let mut other = Bare::connect(server.addr).await;
    other.send(&Message::text("after", &Origin::default()).unwrap()).await;
    assert_eq!(viewer.receive().await.kind(), MessageKind::Text, "nothing arrived before the text");
    server.stop().await;
}

#[tokio::test]
async fn texts_are_confirmed_however_often_viewers_come_and_go() {
    let server = Server::start(relay::Config::default()).await;
    let sender = connect(&server, Role::Sender).await;
    let addr = server.addr;
    let coming_and_going = tokio::spawn(async move {
        loop {
            drop(Bare::connect(addr).await);
        }
    });
    for number in 0..50 {
        sender.send(Message::text(&format!("text {number}"), &Origin::default()).unwrap()).unwrap();
        timeout(PATIENCE, sender.flushed()).await.unwrap().unwrap();
    }
    coming_and_going.abort();
    assert_eq!(sender.counters().sessions, 1);
    until(&sender, Some(0)).await;
    server.stop().await;
}

/// The number of the next one who has left.
async fn departure(inbox: &mut link::Inbox) -> u64 {
    loop {
        let received = timeout(PATIENCE, inbox.recv()).await.unwrap().unwrap().item;
        if received.message.kind() == MessageKind::Heartbeat {
            return received.sender.and_then(|sender| sender.peer).unwrap();
        }
    }
}

#[tokio::test]
async fn viewers_are_told_who_has_left() {
    let server = Server::start(relay::Config::default()).await;
    let config = Config::new(server.addr.to_string()).with(|config| config.role = Role::Viewer);
    let (viewer, mut inbox) = link::connect(config).await.unwrap();
    let is_up = |state: &link::State| matches!(state, link::State::Up { .. });
    assert!(timeout(PATIENCE, viewer.state().wait_for(is_up)).await.is_ok());
    let jpeg = bytes::Bytes::from_static(b"\xff\xd8 a frame");
    let mut senders = Vec::new();
    let frame = |name: &str| FrameInfo::default().with_stream(name);
    let mut come = async |name: &str| {
        let sender = connect(&server, Role::Sender).await;
        until(&sender, Some(1)).await;
        sender.send_frame(frame(name), jpeg.clone());
        let came = timeout(PATIENCE, inbox.recv()).await.unwrap().unwrap().item;
        (sender, came.sender.and_then(|sender| sender.peer).unwrap())
    };
    for name in ["ann", "bob"] {
        senders.push(come(name).await);
    }
    let (bob, number) = senders.pop().unwrap();
    let (ann, first) = senders.pop().unwrap();
    drop(bob);
    assert_eq!(departure(&mut inbox).await, number);
    drop(ann);
    assert_eq!(departure(&mut inbox).await, first);
    server.stop().await;
}
