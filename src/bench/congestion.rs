//! Behaviour on links that are distant, slow, or both, while the sender adapts.
//!
//! Measures link utilisation, age of frames, stability of the picture, and the time until a link that
//! recovers is fully used again. Runs the whole program except its window: source, encoder, rate controller,
//! link, relay, link. The sender's or the viewer's link is shaped.

use std::{
    io,
    time::{Duration, Instant},
};

use serde::Serialize;
use tokio::{net::TcpListener, sync::oneshot, time};

use super::{
    Percentiles, StepTimes,
    freshness::{Hop, connect},
    scene::Scene,
    shaped_link::{ShapedLink, UNLIMITED},
};
use crate::{
    capture, jpeg,
    link::{self, Inbox, Link, Role},
    pipeline::{self, AdaptOptions, Job, Outgoing},
    relay,
};

/// What to send, and for how long to measure.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Plan {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Frames per second.
    pub fps: f64,
    /// JPEG quality.
    pub quality: u8,
    /// Maximum time that frames may spend in queues.
    #[serde(skip)]
    pub max_queued: Duration,
    /// Time to settle before the measurement.
    #[serde(skip)]
    pub settle: Duration,
    /// Duration of the measurement.
    #[serde(skip)]
    pub time: Duration,
    /// Maximum time to recover after the limit is lifted.
    #[serde(skip)]
    pub recovery: Duration,
}

/// One link to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Case {
    /// Which hop it is.
    pub hop: Hop,
    /// Capacity in bytes per second, each way; `None` if unlimited.
    pub bytes_per_s: Option<u64>,
    /// Its round trip in milliseconds, without queues.
    pub round_trip_ms: u64,
    /// Whether it carries nothing for a second before the measurement.
    pub hiccup: bool,
}

/// Result for one link.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// The link.
    #[serde(flatten)]
    pub case: Case,
    /// Frames per second that arrived.
    pub came_per_s: f64,
    /// Mean size of a frame in bytes.
    pub frame_bytes: f64,
    /// Share of the link's capacity that was used, if it has a limit.
    pub used: Option<f64>,
    /// Width of the last frame in pixels.
    pub width: usize,
    /// JPEG quality of the last frame, if its tables tell.
    pub quality: Option<u8>,
    /// From encoded to received.
    pub age_ms: Percentiles,
    /// Time that the link takes for one frame, if it has a limit.
    pub frame_ms: Option<f64>,
    /// 95th percentile of the age minus the one-way delay, over `frame_ms`.
    pub p95_ratio: Option<f64>,
    /// Changes of size.
    pub size_changes: u64,
    /// Changes of size or quality.
    pub changes: u64,
    /// Seconds until frames had their full size and rate again after the limit was lifted; `None` if they had
    /// not.
    pub recovered_s: Option<f64>,
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
    /// Frames could not be produced.
    #[error(transparent)]
    Pipeline(#[from] pipeline::Error),
    /// No frame arrived.
    #[error("no frame arrived: measure for longer, or with a faster link")]
    Nothing,
}

/// A frame counts as full size again from this share of an unlimited link's bytes on.
const WHOLE: f64 = 0.8;

/// Duration of a hiccup.
const HICCUP: Duration = Duration::from_secs(1);

/// Measures one link.
///
/// # Errors
/// See [`Error`].
pub async fn measure(plan: Plan, case: Case, progress: impl Fn(f64)) -> Result<Figures, Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let relay =
        tokio::spawn(relay::run(listener, relay::Config::default(), async move { _ = stopped.await }));
    let delay = Duration::from_millis(case.round_trip_ms) / 2;
    let shaped = ShapedLink::to(address, delay, UNLIMITED, UNLIMITED)?;
    let (at_sender, at_viewer) = case.hop.through(shaped.address(), address);
    let (viewer, mut inbox) = connect(link::Config::new(at_viewer.to_string())).await?;
    let report = Some(Duration::from_millis(250));
    let mut config = link::Config::new(at_sender.to_string());
    config.role = Role::Sender;
    config.report = report;
    let (sender, mut ignored) = connect(config).await?;
    tokio::spawn(async move { while ignored.recv().await.is_some() {} });
    let outgoing = open(plan, &sender).await?;
    outgoing.begin();

    let mut watch = Watch::default();
    let begin = Instant::now();
    let whole = plan.settle + plan.time + plan.recovery;
    let done = |now: Instant| progress(now.duration_since(begin).as_secs_f64() / whole.as_secs_f64());
    // Size of a frame before anything is slow.
    let full = watch.over(&mut inbox, Duration::from_secs(2), &done).await.frame_bytes();
    let limit = case.bytes_per_s.unwrap_or(UNLIMITED);
    shaped.set_rates(limit, limit);
    watch.over(&mut inbox, plan.settle, &done).await;
    if case.hiccup {
        shaped.set_rates(0, 0);
        watch.over(&mut inbox, HICCUP, &done).await;
        shaped.set_rates(limit, limit);
        watch.over(&mut inbox, plan.settle, &done).await;
    }
    let seen = watch.over(&mut inbox, plan.time, &done).await;
    shaped.set_rates(UNLIMITED, UNLIMITED);
    let recovered_s = recovered(plan, &mut watch, &mut inbox, full, &done).await;
    drop((outgoing, viewer, sender));
    let _ = stop.send(()); // the relay may have ended by itself
    let _ = relay.await;
    progress(1.0);
    seen.figures(plan, case, recovered_s).ok_or(Error::Nothing)
}

async fn open(plan: Plan, sender: &Link) -> Result<Outgoing, Error> {
    let adapt = AdaptOptions { max_age: plan.max_queued, reports: sender.reports() };
    let job = Job { quality: Some(plan.quality), name: "bench".into(), adapt: Some(adapt), ..Job::default() };
    let scene = move || {
        let scene = Scene::new(plan.width, plan.height, plan.fps);
        let scene = scene.map_err(|reason| capture::Error::Picture { name: "the photo".into(), reason })?;
        Ok(Box::new(scene) as Box<dyn capture::Source>)
    };
    let link = sender.clone();
    Ok(Outgoing::open(&job, scene, move |info, jpeg| link.send_frame(info, jpeg)).await?)
}

/// Seconds until frames have their full size again, and nearly their bytes and rate.
async fn recovered(
    plan: Plan,
    watch: &mut Watch,
    inbox: &mut Inbox,
    full: f64,
    done: &impl Fn(Instant),
) -> Option<f64> {
    let begin = Instant::now();
    while begin.elapsed() < plan.recovery {
        let second = watch.over(inbox, Duration::from_millis(500), done).await;
        let rate = second.frames as f64 / 0.5;
        let whole = second.frame_bytes() >= full * WHOLE && rate >= plan.fps * WHOLE;
        if whole && second.last.width == plan.width {
            return Some(begin.elapsed().as_secs_f64());
        }
    }
    None
}

/// Visible properties of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Look {
    width: usize,
    quality: Option<u8>,
}

/// Observes incoming frames.
#[derive(Debug, Default)]
struct Watch {
    last: Option<Look>,
}

/// What arrived in a period.
#[derive(Debug, Default)]
struct Seen {
    frames: u64,
    bytes: u64,
    ages: StepTimes,
    last: Look,
    size_changes: u64,
    changes: u64,
}

impl Watch {
    async fn over(&mut self, inbox: &mut Inbox, time: Duration, done: &impl Fn(Instant)) -> Seen {
        let (begin, mut seen) = (Instant::now(), Seen::default());
        while let Some(left) = time.checked_sub(begin.elapsed()) {
            let Ok(Some(taken)) = time::timeout(left, inbox.recv()).await else { break };
            done(Instant::now());
            let (received, bytes) = (&taken.item, taken.item.message.wire_len());
            let (Some(info), Some(jpeg)) = (&received.info, received.message.payload()) else { continue };
            let (Some(ready), Ok(header)) = (info.encoded, jpeg::header(jpeg)) else { continue };
            let look = Look { width: header.width, quality: jpeg::quality(jpeg) };
            let before = self.last.replace(look).unwrap_or(look);
            seen.frames += 1;
            seen.bytes += bytes as u64;
            seen.ages.record(received.received.since(ready));
            seen.size_changes += u64::from(before.width != look.width);
            seen.changes += u64::from(before != look);
            seen.last = look;
        }
        seen
    }
}

impl Seen {
    fn frame_bytes(&self) -> f64 {
        self.bytes as f64 / self.frames.max(1) as f64
    }

    fn figures(self, plan: Plan, case: Case, recovered_s: Option<f64>) -> Option<Figures> {
        let (seconds, frame_bytes) = (plan.time.as_secs_f64(), self.frame_bytes());
        let age_ms = (self.frames > 0).then(|| self.ages.percentiles())?;
        let carried = case.bytes_per_s.map(|rate| rate as f64);
        let frame_ms = carried.map(|rate| frame_bytes / rate * 1000.0);
        Some(Figures {
            case,
            came_per_s: self.frames as f64 / seconds,
            frame_bytes,
            used: carried.map(|rate| self.bytes as f64 / seconds / rate),
            width: self.last.width,
            quality: self.last.quality,
            age_ms,
            frame_ms,
            p95_ratio: frame_ms.map(|frame_ms| (age_ms.p95 - case.round_trip_ms as f64 / 2.0) / frame_ms),
            size_changes: self.size_changes,
            changes: self.changes,
            recovered_s,
        })
    }
}
