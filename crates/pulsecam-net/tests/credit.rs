//! Tests of credit: a program that shows frames more slowly than they come lets the relay keep the rest.
//!
//! How slow a viewer is depends on the number of frames that are sent meanwhile, not on the time: a busy machine
//! changes nothing.
//!
//! Needs: nothing. Alone: `make test-relay`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use bytes::Bytes;
use common::{
    links::up,
    server::{Bare, PATIENCE, Server},
    wire_bytes,
};
use pulsecam_net::{
    link::{self, Inbox, Link, Received},
    relay,
    wire::{FrameInfo, Heartbeat, Message, MessageKind, Origin, Side},
};
use tokio::{
    sync::watch,
    time::{Duration, sleep, timeout},
};

/// Interval of the frames.
const INTERVAL: Duration = Duration::from_millis(8);

/// Frames that are sent while the slow viewer handles one: it handles five a second of thirty.
const SLOWNESS: u64 = 6;

/// Frames of a second or more.
const MANY: u64 = 150;

/// The most frames on the way to a viewer that credit may allow.
const MOST_ON_THE_WAY: u64 = 8;

/// Sends frames until it is dropped. The number of those that the relay has taken is published.
async fn camera(server: &Server) -> watch::Receiver<u64> {
    let mut sender = Bare::connect(server.addr).await;
    let (taken, watched) = watch::channel(0);
    tokio::spawn(async move {
        for number in 1.. {
            let info = FrameInfo::default().with_stream("camera").with_seq(number);
            let info = info.with(|info| info.out = Some(number));
            let frame = Message::video(Bytes::from_static(b"frame"), &info).unwrap();
            // In one write: a second small one would wait for the first one's acknowledgement.
            let question = Heartbeat::default().to_message(Side::Client);
            sender.send_bytes(&[wire_bytes(&frame), wire_bytes(&question)].concat()).await;
            while sender.receive().await.kind() != MessageKind::Heartbeat {}
            if taken.send(number).is_err() {
                return;
            }
            sleep(INTERVAL).await;
        }
    });
    watched
}

/// A viewer, and what it has seen.
struct Viewer {
    link: Link,
    inbox: Inbox,
    camera: watch::Receiver<u64>,
    slowness: u64,
    may_miss: bool,
    /// The newest frame, and how many came with it.
    newest: u64,
    arrived: u64,
    kept_back: u64,
}

impl Viewer {
    async fn new(server: &Server, slowness: u64) -> Self {
        let (link, inbox) = link::connect(link::Config::new(server.addr.to_string())).await.unwrap();
        up(&link).await;
        let camera = camera(server).await;
        let (newest, arrived, kept_back) = (0, 0, 0);
        Self { link, inbox, camera, slowness, may_miss: true, newest, arrived, kept_back }
    }

    async fn next(&mut self) -> Received {
        timeout(PATIENCE, self.inbox.recv()).await.expect("something comes").unwrap().item
    }

    fn note(&mut self, frame: &Received) {
        self.newest = frame.info.as_ref().unwrap().seq.unwrap();
        (self.arrived, self.kept_back) = (frame.account.arrived, frame.account.kept_back);
    }

    /// Handles a frame while [`Self::slowness`] others are sent; `meanwhile` happens too.
    async fn handle(&mut self, meanwhile: impl AsyncFnOnce(&mut Self)) {
        let frame = self.next().await;
        let in_hand = self.link.handling().take_up(self.may_miss);
        let taken = *self.camera.borrow();
        self.note(&frame);
        meanwhile(self).await;
        let enough = |sent: &u64| *sent >= taken + self.slowness;
        timeout(PATIENCE, self.camera.wait_for(enough)).await.expect("frames are sent").unwrap();
        drop(in_hand);
    }

    async fn handle_until(&mut self, done: impl Fn(&Self) -> bool) {
        while !done(self) {
            self.handle(async |_| ()).await;
        }
    }

    /// Handles frames until the relay keeps some back.
    async fn limited(&mut self) {
        let start = self.newest;
        self.handle_until(|viewer| {
            assert!(viewer.newest < start + 100 * MANY, "nothing is kept back");
            viewer.kept_back > 0
        })
        .await;
    }
}

#[tokio::test]
async fn a_slow_viewer_is_sent_what_it_can_handle_and_the_newest() {
    let server = Server::start(relay::Config::default()).await;
    let mut viewer = Viewer::new(&server, SLOWNESS).await;
    viewer.limited().await;
    let before = (viewer.arrived, viewer.newest);
    let handled = 40;
    for _ in 0..handled {
        let taken = *viewer.camera.borrow();
        viewer.handle(async |_| ()).await;
        assert!(viewer.newest + SLOWNESS + 2 >= taken, "{} is old: {taken} were sent", viewer.newest);
    }
    let (sent, offered) = (viewer.arrived - before.0, viewer.newest - before.1);
    assert!(offered >= handled * (SLOWNESS - 1), "{offered} were offered");
    assert!(sent <= handled + MOST_ON_THE_WAY, "{sent} of {offered} were sent, {handled} handled");
    server.stop().await;
}

#[tokio::test]
async fn texts_reach_a_viewer_that_is_held() {
    let server = Server::start(relay::Config::default()).await;
    let mut writer = Bare::connect(server.addr).await;
    let mut viewer = Viewer::new(&server, SLOWNESS).await;
    viewer.limited().await;
    for number in 0..10 {
        let written = format!("text {number}");
        viewer
            .handle(async |viewer| {
                writer.send(&Message::text(&written, &Origin::default()).unwrap()).await;
                let mut frames = 0;
                let text = loop {
                    let received = viewer.next().await;
                    if received.message.kind() == MessageKind::Text {
                        break received.message.text_content().unwrap().to_text().unwrap();
                    }
                    frames += 1;
                };
                assert_eq!(text, written);
                assert!(frames <= MOST_ON_THE_WAY, "it is not held");
            })
            .await;
    }
    server.stop().await;
}

#[tokio::test]
async fn a_viewer_that_keeps_up_is_sent_everything_and_says_nothing() {
    let server = Server::start(relay::Config::default()).await;
    let mut viewer = Viewer::new(&server, 0).await;
    viewer.handle(async |_| ()).await;
    let before = (viewer.arrived, viewer.newest);
    viewer.handle_until(|viewer| viewer.newest > 3 * MANY).await;
    assert_eq!(viewer.arrived - before.0, viewer.newest - before.1);
    let counters = viewer.link.counters();
    assert_eq!((counters.credits_sent, counters.receipts_sent), (0, 0));
    server.stop().await;
}

#[tokio::test]
async fn a_viewer_that_needs_every_frame_is_sent_every_frame() {
    let server = Server::start(relay::Config::default()).await;
    let mut viewer = Viewer::new(&server, SLOWNESS).await;
    viewer.may_miss = false;
    viewer.handle_until(|viewer| viewer.newest > 3 * MANY).await;
    assert_eq!((viewer.kept_back, viewer.link.counters().credits_sent), (0, 0));
    viewer.may_miss = true;
    viewer.limited().await;
    // A recording begins.
    viewer.may_miss = false;
    for _ in 0..3 {
        viewer.handle(async |_| ()).await;
    }
    let before = (viewer.arrived, viewer.newest, viewer.kept_back);
    viewer.handle_until(|viewer| viewer.newest > before.1 + MANY).await;
    assert_eq!(viewer.arrived - before.0, viewer.newest - before.1);
    assert_eq!(viewer.kept_back, before.2);
    server.stop().await;
}

#[tokio::test]
async fn a_relay_that_does_not_know_receipts_is_told_nothing() {
    let server = Server::start(relay::Config::default().with(|config| config.pacing = false)).await;
    let mut viewer = Viewer::new(&server, SLOWNESS).await;
    viewer.handle_until(|viewer| viewer.newest > 4 * MANY).await;
    assert_eq!((viewer.kept_back, viewer.link.counters().credits_sent), (0, 0));
    server.stop().await;
}
