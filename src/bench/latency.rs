//! How old a frame is when its pixels are there, step by step, over a real relay on this machine.
//!
//! The same pictures are also encoded and decoded at the same rate on one thread with nothing else in
//! between, before and after: that is the floor of the same run, and the difference is what we add.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde::Serialize;
use tokio::{net::TcpListener, sync::oneshot};

use super::{
    scene::Scene,
    steps::{Percentiles, Step},
};
use crate::{
    capture,
    jpeg::{self, Decoder, Encoder, Scale, Strips},
    link::{self, State},
    picture::Canvas,
    pipeline::{self, Arrival, Job, Outgoing, Shown, Viewer},
    relay,
};

/// Frames at the start that are not counted: caches, connections and clocks settle.
const WARM_UP: u64 = 15;

/// The share of the time that is spent on each of the two floors.
const FLOOR_SHARE: u32 = 4;

/// How long stragglers may take after the last frame was sent.
const LAST_FRAMES: Duration = Duration::from_secs(1);

/// What to measure.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Plan {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Frames a second.
    pub fps: f64,
    /// JPEG quality.
    pub quality: u8,
    /// Whether the way has its pictures in strips; the floor never has.
    pub strips: Strips,
    /// How long, the floor not included.
    #[serde(skip)]
    pub time: Duration,
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The plan.
    #[serde(flatten)]
    pub plan: Plan,
    /// Frames whose pixels arrived, and were counted.
    pub frames: u64,
    /// Frames that were replaced by newer ones on the way.
    pub replaced: u64,
    /// Bytes of one frame on the wire, on average.
    pub bytes_per_frame: u64,
    /// Captured to encoded.
    pub encode_ms: Percentiles,
    /// Encoded to the first byte given to the socket.
    pub queue_ms: Percentiles,
    /// From there over two hops and the relay to the last byte read.
    pub network_ms: Percentiles,
    /// Read to decoded.
    pub decode_ms: Percentiles,
    /// Captured to decoded.
    pub whole_ms: Percentiles,
    /// Encoding and decoding alone, one frame at a time on one thread.
    pub floor_ms: Percentiles,
    /// What we add at the median.
    pub added_p50_ms: f64,
    /// The whole over the floor, at the median.
    pub ratio_p50: f64,
    /// The whole as (percentile, milliseconds), for a plot.
    #[serde(skip)]
    pub whole_distribution: Vec<(f64, f64)>,
    /// The floor likewise.
    #[serde(skip)]
    pub floor_distribution: Vec<(f64, f64)>,
}

impl Report {
    /// The steps that make up the whole, in their order, with their names.
    #[must_use]
    pub fn steps(&self) -> Vec<(&'static str, Percentiles)> {
        vec![
            ("captured to encoded", self.encode_ms),
            ("waiting for the socket", self.queue_ms),
            ("two hops and the relay", self.network_ms),
            ("received to decoded", self.decode_ms),
        ]
    }
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The codec failed.
    #[error(transparent)]
    Jpeg(#[from] jpeg::Error),
    /// The source or the encoder cannot be set up.
    #[error(transparent)]
    Pipeline(#[from] pipeline::Error),
    /// The link cannot be set up.
    #[error(transparent)]
    Link(#[from] link::Error),
    /// A socket or a thread cannot be had.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The pictures cannot be prepared.
    #[error("cannot prepare pictures of this size: {0}")]
    Scene(String),
    /// Not enough frames for a figure.
    #[error("only {0} frames arrived: measure for longer (--for)")]
    TooFew(u64),
}

#[derive(Default)]
struct Tally {
    seen: u64,
    bytes: u64,
    encode: Step,
    queue: Step,
    network: Step,
    decode: Step,
    whole: Step,
}

impl Tally {
    fn take(&mut self, frame: &Shown) {
        let info = &frame.info;
        let (Some(captured), Some(encoded), Some(sent)) = (info.captured, info.encoded, info.sent) else {
            return;
        };
        self.seen += 1;
        if self.seen <= WARM_UP {
            return;
        }
        self.bytes += frame.bytes as u64;
        self.encode.record(encoded.since(captured));
        self.queue.record(sent.since(encoded));
        self.network.record(frame.received.since(sent));
        self.decode.record(frame.decoded.since(frame.received));
        self.whole.record(frame.decoded.since(captured));
    }
}

/// Takes the place of the window: counts, and gives each picture's memory back for the next, as the window does.
struct Audience {
    tally: Arc<Mutex<Tally>>,
    spare: Canvas,
    strips: Strips,
}

impl Viewer for Audience {
    fn take(&mut self, arrival: Arrival) -> bool {
        if let Arrival::Frame(mut frame) = arrival {
            self.tally.lock().unwrap_or_else(PoisonError::into_inner).take(&frame);
            self.spare = frame.canvas.take().unwrap_or_default();
        }
        true
    }

    fn strips(&self) -> Strips {
        self.strips
    }

    fn spare(&mut self) -> Canvas {
        std::mem::take(&mut self.spare)
    }
}

/// Measures. `progress` is told how far it is, from 0 to 1.
///
/// # Errors
/// See [`Error`].
pub async fn run(plan: Plan, progress: impl Fn(f64)) -> Result<Report, Error> {
    let floor_time = plan.time / FLOOR_SHARE;
    let mut floor = Step::default();
    measure_floor(plan, floor_time, &mut floor)?;
    progress(0.2);
    let (tally, replaced) = measure_way(plan, &progress).await?;
    measure_floor(plan, floor_time, &mut floor)?;
    progress(1.0);

    let frames = tally.whole.count();
    if frames == 0 {
        return Err(Error::TooFew(tally.seen));
    }
    let (whole_distribution, floor_distribution) = (tally.whole.distribution(), floor.distribution());
    let (whole, floor) = (tally.whole.percentiles(), floor.percentiles());
    Ok(Report {
        plan,
        frames,
        replaced,
        bytes_per_frame: tally.bytes / frames,
        encode_ms: tally.encode.percentiles(),
        queue_ms: tally.queue.percentiles(),
        network_ms: tally.network.percentiles(),
        decode_ms: tally.decode.percentiles(),
        whole_ms: whole,
        floor_ms: floor,
        added_p50_ms: whole.p50 - floor.p50,
        ratio_p50: whole.p50 / floor.p50,
        whole_distribution,
        floor_distribution,
    })
}

fn measure_floor(plan: Plan, time: Duration, step: &mut Step) -> Result<(), Error> {
    let scene = Scene::new(plan.width, plan.height, plan.fps).map_err(Error::Scene)?;
    let (mut encoder, mut decoder) = (Encoder::new(plan.quality)?, Decoder::new()?);
    let mut canvas = Canvas::default();
    let interval = Duration::from_secs_f64(1.0 / plan.fps);
    let begin = Instant::now();
    let frames = (time.as_secs_f64() * plan.fps) as usize + WARM_UP as usize;
    for index in 0..frames {
        let due = begin + interval.mul_f64(index as f64);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let begin = Instant::now();
        let jpeg = encoder.encode(scene.picture(index))?;
        canvas = decoder.decode(&jpeg, Scale::Full, canvas)?.canvas;
        if index >= WARM_UP as usize {
            step.record(begin.elapsed());
        }
    }
    Ok(())
}

async fn measure_way(plan: Plan, progress: &impl Fn(f64)) -> Result<(Tally, u64), Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let host = listener.local_addr()?.to_string();
    let (stop, stopped) = oneshot::channel::<()>();
    let config = relay::Config::default();
    let relay = tokio::spawn(relay::run(listener, config, async move { _ = stopped.await }));

    let tally = Arc::new(Mutex::new(Tally::default()));
    let (viewer, inbox) = link::connect(link::Config::new(host.as_str())).await?;
    let audience = Audience { tally: Arc::clone(&tally), spare: Canvas::default(), strips: plan.strips };
    pipeline::receive(&viewer, inbox, audience)?;
    let (sender, mut ignored) = link::connect(link::Config::new(host.as_str())).await?;
    for link in [&viewer, &sender] {
        // The relay lives in this process: it will be up.
        let _ = link.state().wait_for(|state| matches!(state, State::Up { .. })).await;
    }
    tokio::spawn(async move { while ignored.recv().await.is_some() {} });

    let frames = (plan.time.as_secs_f64() * plan.fps) as u64 + WARM_UP;
    let job = Job {
        quality: Some(plan.quality),
        name: "bench".into(),
        frames: Some(frames),
        strips: plan.strips,
        ..Job::default()
    };
    let scene = move || {
        let scene = Scene::new(plan.width, plan.height, plan.fps);
        let scene = scene.map_err(|reason| capture::Error::Picture { name: "the photo".into(), reason })?;
        Ok(Box::new(scene) as Box<dyn capture::Source>)
    };
    let begin = Instant::now();
    let link = sender.clone();
    let mut outgoing = Outgoing::open(&job, scene, move |info, jpeg| link.send_frame(info, jpeg)).await?;
    outgoing.begin();
    let mut tick = tokio::time::interval(Duration::from_millis(250));
    loop {
        tokio::select! {
            () = outgoing.ended() => break,
            _ = tick.tick() => {
                let done = begin.elapsed().as_secs_f64() / plan.time.as_secs_f64();
                progress(0.2 + 0.6 * done.min(1.0));
            }
        }
    }
    sender.settled().await;
    let deadline = Instant::now() + LAST_FRAMES;
    let count = || tally.lock().unwrap_or_else(PoisonError::into_inner).seen;
    while count() < frames && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop((viewer, sender));
    let _ = stop.send(()); // the relay may have ended by itself
    let _ = relay.await;
    let tally = std::mem::take(&mut *tally.lock().unwrap_or_else(PoisonError::into_inner));
    let replaced = frames.saturating_sub(tally.seen) + outgoing.counts().skipped;
    Ok((tally, replaced))
}
