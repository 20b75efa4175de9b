//! Age of frames over a link that carries only a fraction of them.
//!
//! Fixed frames at a fixed rate through real links and the relay, with a token bucket before one of the two
//! hops. The minimum is the time that the link takes for one frame: the figure is the age over that.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use serde::Serialize;
use tokio::{
    net::TcpListener,
    sync::oneshot,
    time::{self, MissedTickBehavior},
};

use super::{
    Percentiles, StepTimes,
    throttle::{Bucket, Slow, proxy},
};
use pulsecam_net::{
    clock::Timestamp,
    link::{self, Inbox, Link, Role, State},
    relay,
};
use pulsecam_wire::{Fault, FrameInfo, Message};

/// Warm-up of each hop: windows grow and buffers fill.
const WARM_UP: Duration = Duration::from_secs(1);

/// Parameters of the measurement.
#[derive(Clone, Copy, Debug, Serialize)]
#[non_exhaustive]
pub struct Plan {
    /// Capacity of the link in bytes per second.
    pub link: usize,
    /// Size of a frame in bytes.
    pub bytes: usize,
    /// Frames per second that are sent.
    pub fps: f64,
    /// Total duration, for both hops together.
    #[serde(skip)]
    pub time: Duration,
}

impl Plan {
    /// A plan for a link of this capacity.
    #[must_use]
    pub const fn new(link: usize, bytes: usize, fps: f64, time: Duration) -> Self {
        Self { link, bytes, fps, time }
    }
}

/// Which hop is slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Hop {
    /// From the sender to the relay.
    SenderToRelay,
    /// From the relay to the viewer.
    RelayToViewer,
}

/// Result for one hop.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Figures {
    /// The plan.
    #[serde(flatten)]
    pub plan: Plan,
    /// Which hop was slow.
    pub hop: Hop,
    /// Frames per second that arrived.
    pub came_per_s: f64,
    /// Share of the link's capacity that was used.
    pub used: f64,
    /// From when the link got a frame until its last byte was read.
    pub age_ms: Percentiles,
    /// Time that the link takes for one frame.
    pub frame_ms: f64,
    /// 95th percentile of the age over `frame_ms`.
    pub p95_ratio: f64,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A socket could not be created.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The link could not be set up.
    #[error(transparent)]
    Link(#[from] link::Error),
    /// The frames are not valid.
    #[error(transparent)]
    Frame(#[from] Fault),
    /// No frame arrived.
    #[error("no frame arrived: measure for longer, or with a faster link")]
    Nothing,
}

/// Measures one hop after the other. `progress` is called with the share that is done, from 0 to 1.
///
/// # Errors
/// See [`Error`].
pub async fn run(plan: Plan, progress: impl Fn(f64)) -> Result<Vec<Figures>, Error> {
    let mut found = Vec::new();
    for hop in [Hop::SenderToRelay, Hop::RelayToViewer] {
        let begin = found.len() as f64 / 2.0;
        found.push(measure(plan, hop, |done| progress(begin + done / 2.0)).await?);
    }
    progress(1.0);
    Ok(found)
}

async fn measure(plan: Plan, hop: Hop, progress: impl Fn(f64)) -> Result<Figures, Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let relay =
        tokio::spawn(relay::run(listener, relay::Config::default(), async move { _ = stopped.await }));
    let bucket = Bucket::default();
    let _rate = bucket.rate(plan.link);
    let slow = match hop {
        Hop::SenderToRelay => Slow::ToRelay,
        Hop::RelayToViewer => Slow::FromRelay,
    };
    let slowly = proxy(address, slow, &bucket)?;
    let (at_sender, at_viewer) = hop.through(slowly, address);
    let (viewer, mut inbox) = connect(link::Config::new(at_viewer.to_string())).await?;
    let config = link::Config::new(at_sender.to_string()).with(|config| config.role = Role::Sender);
    let (sender, _ignored) = connect(config).await?;
    let sending = tokio::spawn(send(sender, plan));
    let (mut ages, mut came) = (StepTimes::default(), 0_u64);
    let (begin, time) = (Instant::now(), plan.time / 2);
    while let Some(left) = (WARM_UP + time).checked_sub(begin.elapsed()) {
        let Ok(Some(age)) = time::timeout(left, next(&mut inbox)).await else { break };
        if begin.elapsed() >= WARM_UP {
            ages.record(age);
            came += 1;
        }
        progress((begin.elapsed().as_secs_f64() / (WARM_UP + time).as_secs_f64()).min(1.0));
    }
    sending.abort();
    drop(viewer);
    let _ = stop.send(()); // the relay may have ended by itself
    let _ = relay.await;
    if came == 0 {
        return Err(Error::Nothing);
    }
    let on_the_wire =
        Message::video(Bytes::from(vec![0; plan.bytes]), &FrameInfo::default())?.wire_len() as f64;
    let (frame_ms, age_ms) = (on_the_wire / plan.link as f64 * 1000.0, ages.percentiles());
    let came_per_s = came as f64 / time.as_secs_f64();
    Ok(Figures {
        plan,
        hop,
        came_per_s,
        used: came_per_s * on_the_wire / plan.link as f64,
        age_ms,
        frame_ms,
        p95_ratio: age_ms.p95 / frame_ms,
    })
}

impl Hop {
    /// Addresses for sender and viewer, if this hop goes through `proxy` and the other directly to `relay`.
    pub const fn through(self, proxy: SocketAddr, relay: SocketAddr) -> (SocketAddr, SocketAddr) {
        match self {
            Self::SenderToRelay => (proxy, relay),
            Self::RelayToViewer => (relay, proxy),
        }
    }
}

/// Returns a link that is up.
pub async fn connect(config: link::Config) -> Result<(Link, Inbox), link::Error> {
    let (link, inbox) = link::connect(config).await?;
    // The relay runs in this process, so the link comes up.
    let _ = link.state().wait_for(|state| matches!(state, State::Up { .. })).await;
    Ok((link, inbox))
}

async fn send(link: Link, plan: Plan) {
    let payload = Bytes::from(vec![0x5a; plan.bytes]);
    let mut due = time::interval(Duration::from_secs_f64(1.0 / plan.fps));
    // A camera does not catch up on missed pictures.
    due.set_missed_tick_behavior(MissedTickBehavior::Skip);
    for seq in 0.. {
        due.tick().await;
        let captured = Some(Timestamp::now());
        link.send_frame(FrameInfo::default().with_seq(seq).with_captured(captured), payload.clone());
    }
}

/// Age of the next frame when its last byte was read.
async fn next(inbox: &mut Inbox) -> Option<Duration> {
    loop {
        let received = inbox.recv().await?.item;
        if let Some(captured) = received.info.and_then(|info| info.captured) {
            return Some(received.received.since(captured));
        }
    }
}
