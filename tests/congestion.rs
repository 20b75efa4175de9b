//! Tests that the sender adapts to congestion, not to distance, over real sockets with a rate and a delay.
//!
//! The tests assert counts and orders: which settings were used, and how much of a link. The figures are
//! those of `pulsecam bench congestion`. Alone: `make test-congestion`.

#![allow(clippy::unwrap_used, reason = "a failing test says where")]

mod common;

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use common::{links::up, server::Server};
use pulsecam::{
    bench::{
        congestion::{Case, Figures, Plan, measure},
        freshness::Hop,
        shaped_link::{ShapedLink, UNLIMITED},
    },
    capture::{self, Frame, FrameData, Source},
    clock::Timestamp,
    link::{self, Role, connect},
    pipeline::{AdaptOptions, Job, Outgoing},
    wire::FrameInfo,
};
use tokio::time::{Instant, sleep, timeout};

const S: Duration = Duration::from_secs(1);

/// Small pictures, so that a busy machine keeps up: some 30 kB each.
const PLAN: Plan = Plan {
    width: 640,
    height: 360,
    fps: 30.0,
    quality: 80,
    max_queued: Duration::from_millis(200),
    settle: Duration::from_secs(8),
    time: Duration::from_secs(12),
    recovery: Duration::from_secs(15),
};

fn run(case: Case) -> Figures {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(measure(PLAN, case, |_| ())).unwrap()
}

#[test]
fn a_far_link_gets_the_whole_picture_also_after_a_hiccup() {
    let case = Case { hop: Hop::SenderToRelay, bytes_per_s: None, round_trip_ms: 300, hiccup: true };
    let figures = run(case);
    assert_eq!((figures.width, figures.quality), (640, Some(80)), "{figures:?}");
    assert_eq!((figures.changes, figures.size_changes), (0, 0), "{figures:?}");
}

#[test]
fn a_far_viewer_gets_the_whole_picture() {
    let case = Case { hop: Hop::RelayToViewer, bytes_per_s: None, round_trip_ms: 300, hiccup: true };
    let figures = run(case);
    assert_eq!((figures.width, figures.quality), (640, Some(80)), "{figures:?}");
}

fn is_used_and_recovers(hop: Hop, round_trip_ms: u64) {
    let figures = run(Case { hop, bytes_per_s: Some(400_000), round_trip_ms, hiccup: false });
    assert!(figures.used.unwrap() >= 0.7, "{figures:?}");
    assert!(figures.size_changes <= 1 && figures.width == 640, "{figures:?}");
    assert!(figures.quality.unwrap() < 80, "{figures:?}");
    assert!(figures.recovered_s.is_some(), "used again once it recovers: {figures:?}");
}

#[test]
fn a_slow_uplink_is_used_and_the_picture_keeps_its_size() {
    is_used_and_recovers(Hop::SenderToRelay, 40);
}

#[test]
fn a_slow_downlink_is_used_and_the_picture_keeps_its_size() {
    is_used_and_recovers(Hop::RelayToViewer, 150);
}

/// Frames of a fixed size, 30 a second.
struct Paced(u64);

impl Source for Paced {
    fn next_frame(&mut self) -> Result<Option<Frame>, capture::Error> {
        std::thread::sleep(Duration::from_millis(33));
        self.0 += 1;
        let picture = pulsecam::picture::Picture {
            width: 160,
            height: 120,
            pixels: pulsecam::picture::Pixels::Rgb(
                (0..160 * 120 * 3).map(|i| (i as u64 * 7919 * self.0 % 251) as u8).collect(),
            ),
        };
        let frame = Frame::new(self.0 - 1, Timestamp::now(), FrameData::Picture(picture.into()));
        Ok(Some(frame))
    }

    fn describe(&self) -> String {
        "noise".into()
    }
}

async fn client(address: SocketAddr, role: Role) -> (link::Link, link::Inbox) {
    let report = (role != Role::Viewer).then(|| Duration::from_millis(250));
    let mut config = link::Config::new(address.to_string());
    config.role = role;
    config.report = report;
    let (link, inbox) = connect(config).await.unwrap();
    up(&link).await;
    (link, inbox)
}

/// In a call, incoming video does not spoil outgoing video. A peer's large pictures fill our slow downlink,
/// while our uplink is not congested.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_congested_way_back_does_not_spoil_the_picture() {
    let server = Server::start(pulsecam::relay::Config::default()).await;
    let shaped = ShapedLink::to(server.addr, Duration::from_millis(20), UNLIMITED, 200_000).unwrap();
    let (caller, mut incoming) = client(shaped.address(), Role::Both).await;
    let (other, _) = client(server.addr, Role::Sender).await;
    let (_viewer, mut seen) = client(server.addr, Role::Viewer).await;
    let adapt = AdaptOptions { max_age: Duration::from_millis(200), reports: caller.reports() };
    let job = Job { quality: Some(80), name: "caller".into(), adapt: Some(adapt), ..Job::default() };
    let link = caller.clone();
    let open = || Ok(Box::new(Paced(0)) as Box<dyn Source>);
    let outgoing = Outgoing::open(&job, open, move |info, jpeg| link.send_frame(info, jpeg)).await.unwrap();
    outgoing.begin();
    let flood = tokio::spawn(async move {
        for seq in 0.. {
            let info = FrameInfo::default().with_stream("other").with_seq(seq);
            other.send_frame(info, Bytes::from(vec![0x5a; 50_000]));
            sleep(Duration::from_millis(33)).await;
        }
    });
    let (mut of_caller, mut of_other) = (Vec::new(), 0);
    let until = Instant::now() + 10 * S;
    while Instant::now() < until {
        tokio::select! {
            taken = timeout(S, seen.recv()) => {
                if let Ok(Some(taken)) = taken
                    && taken.item.info.as_ref().is_some_and(|info| info.stream.as_deref() == Some("caller"))
                {
                    of_caller.push(pulsecam::jpeg::quality(taken.item.message.payload().unwrap()));
                }
            }
            taken = incoming.recv() => of_other += u64::from(taken.is_some()),
        }
    }
    flood.abort();
    assert!(of_caller.len() > 100, "{}", of_caller.len());
    assert!(of_caller.iter().all(|quality| *quality == Some(80)), "{of_caller:?}");
    assert!(of_other > 5, "the downlink was busy: {of_other}");
}
