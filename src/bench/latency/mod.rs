//! Age of a frame when its pixels are decoded, step by step, over a real relay.
//!
//! The floor of the same run: the same pictures are encoded and decoded at the same rate on one thread with
//! nothing in between, before and after. The difference is what the program adds.

mod measuring_viewer;
mod report;

use std::{
    sync::{Arc, Mutex, mpsc},
    time::{Duration, Instant},
};

use tokio::{
    net::TcpListener,
    sync::oneshot,
    time::{self, MissedTickBehavior},
};

use self::measuring_viewer::{MeasuringViewer, lock};
pub use self::{
    measuring_viewer::NullViewer,
    report::{Error, Plan, Report},
};
use super::{StepTimes, frame_timeline::FrameTimeline, own_cpu_time, scene::Scene};
use crate::{
    capture,
    clock::Timestamp,
    jpeg::{Decoder, Encoder, Scale},
    link::{self, Link, Role, State, clock::Offset},
    picture::Canvas,
    pipeline::{self, Job, Outgoing, Viewer},
    relay,
    view::Presented,
    wire::FrameInfo,
};

/// Frames at the start that are not counted: caches, connections and clocks settle.
const WARM_UP: u64 = 15;

/// The measurement of the floor takes the total time divided by this, twice.
const FLOOR_SHARE: u32 = 4;

/// Interval of reports that is short enough to have every frame reported.
const EVERY_FRAME: Duration = Duration::from_millis(1);

/// Maximum time for a relay's first answer.
const CONNECTING: Duration = Duration::from_secs(10);

/// Maximum wait for stragglers after the last frame was sent.
const LAST_FRAMES: Duration = Duration::from_secs(1);

/// The path to measure.
pub struct Route<V> {
    /// A running relay; `None` starts one in this process.
    pub via: Option<String>,
    /// Gets the frames once they are recorded.
    pub viewer: V,
    /// Reports when frames were on the display, if there is one.
    pub presented: Option<mpsc::Receiver<Presented>>,
}

/// Measures. `progress` is called with the share that is done, from 0 to 1.
///
/// # Errors
/// See [`Error`].
pub async fn run<V: Viewer>(plan: Plan, way: Route<V>, progress: impl Fn(f64)) -> Result<Report, Error> {
    let floor_time = plan.time / FLOOR_SHARE;
    let (mut floor, mut floor_cost) = (StepTimes::default(), Cost::default());
    measure_floor(plan, floor_time, &mut floor, &mut floor_cost)?;
    progress(0.2);
    let Travelled { lives, replaced, offset_within, cost } = measure_way(plan, way, &progress).await?;
    measure_floor(plan, floor_time, &mut floor, &mut floor_cost)?;
    progress(1.0);

    let whole = lives.between(|life| life.captured, |life| life.decoded);
    let frames = whole.count();
    if frames == 0 {
        return Err(Error::TooFew(lives.arrived));
    }
    let presented = lives.between(|life| life.captured, |life| life.presented);
    let (whole_distribution, floor_distribution) = (whole.distribution(), floor.distribution());
    let (whole, floor) = (whole.percentiles(), floor.percentiles());
    Ok(Report {
        plan,
        frames,
        replaced,
        bytes_per_frame: lives.bytes / lives.arrived.max(1),
        steps: lives.steps(),
        relay_clock_within_ms: offset_within.map(|within| within.as_secs_f64() * 1000.0),
        whole_ms: whole,
        presented_ms: (presented.count() > 0).then(|| presented.percentiles()),
        floor_ms: floor,
        cpu_ms_per_frame: cost.per_frame(),
        floor_cpu_ms_per_frame: floor_cost.per_frame(),
        added_p50_ms: whole.p50 - floor.p50,
        added_p99_ms: whole.p99 - floor.p99,
        ratio_p50: whole.p50 / floor.p50,
        ratio_p99: whole.p99 / floor.p99,
        whole_distribution,
        floor_distribution,
    })
}

/// Processor time of this program for a number of frames.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    time: Duration,
    frames: u64,
}

impl Cost {
    /// Milliseconds per frame, if the system tells.
    fn per_frame(self) -> Option<f64> {
        let known = self.frames > 0 && !self.time.is_zero();
        known.then(|| self.time.as_secs_f64() * 1000.0 / self.frames as f64)
    }
}

fn measure_floor(plan: Plan, time: Duration, step: &mut StepTimes, cost: &mut Cost) -> Result<(), Error> {
    let scene = Scene::new(plan.width, plan.height, plan.fps).map_err(Error::Scene)?;
    let (mut encoder, mut decoder) = (Encoder::new(plan.quality)?, Decoder::new()?);
    let mut canvas = Canvas::default();
    let interval = Duration::from_secs_f64(1.0 / plan.fps);
    let (begin, cpu) = (Instant::now(), own_cpu_time());
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
    *cost = Cost { time: cost.time + (own_cpu_time() - cpu), frames: cost.frames + frames as u64 };
    Ok(())
}

/// Result of the whole path.
struct Travelled {
    lives: FrameTimeline,
    replaced: u64,
    /// Uncertainty of the relay's clock offset, if the relay tells the time.
    offset_within: Option<Duration>,
    cost: Cost,
}

async fn measure_way<V: Viewer>(
    plan: Plan,
    way: Route<V>,
    progress: &impl Fn(f64),
) -> Result<Travelled, Error> {
    let (stop, stopped) = oneshot::channel::<()>();
    let (host, relay) = match way.via {
        Some(host) => (host, None),
        None => {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let (host, config) = (listener.local_addr()?.to_string(), relay::Config::default());
            let relay = tokio::spawn(relay::run(listener, config, async move { _ = stopped.await }));
            (host, Some(relay))
        }
    };
    let name = format!("bench-{}", std::process::id());
    let lives = Arc::new(Mutex::new(FrameTimeline::default()));
    let (viewer, inbox) = link::connect(link::Config::new(host.as_str())).await?;
    let audience = MeasuringViewer {
        stream: name.clone(),
        lives: Arc::clone(&lives),
        strips: plan.strips,
        viewer: way.viewer,
    };
    pipeline::receive(&viewer, inbox, audience)?;
    let config = link::Config::new(host.as_str()).with(|config| {
        config.role = Role::Sender;
        config.report = Some(EVERY_FRAME);
    });
    let (sender, mut ignored) = link::connect(config).await?;
    for link in [&viewer, &sender] {
        let mut state = link.state();
        let up = state.wait_for(|state| matches!(state, State::Up { .. }));
        let _ = time::timeout(CONNECTING, up).await.map_err(|_| Error::NoRelay(host.clone()))?;
    }
    tokio::spawn(async move { while ignored.recv().await.is_some() {} });
    let listening = tokio::spawn(hear_reports(sender.clone(), Arc::clone(&lives)));

    let frames = (plan.time.as_secs_f64() * plan.fps) as u64 + WARM_UP;
    let job = Job {
        quality: Some(plan.quality),
        name,
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
    let (link, known) = (sender.clone(), Arc::clone(&lives));
    let sink = move |info: FrameInfo, jpeg| {
        let (seq, queued) = (info.seq, Timestamp::now());
        link.send_frame(info, jpeg);
        // Only now: sending must not wait for this lock.
        if let Some(seq) = seq {
            lock(&known).of(seq).queued = Some(queued);
        }
    };
    let mut outgoing = Outgoing::open(&job, scene, sink).await?;
    let cpu = own_cpu_time();
    outgoing.begin();
    let mut tick = time::interval(Duration::from_millis(250));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
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
    while lock(&lives).arrived < frames && Instant::now() < deadline {
        time::sleep(Duration::from_millis(5)).await;
    }
    let cost = Cost { time: own_cpu_time() - cpu, frames };
    let offset = match *sender.state().borrow() {
        State::Up { offset, .. } => offset,
        _ => None,
    };
    listening.abort();
    drop((viewer, sender));
    let _ = stop.send(()); // the relay may have ended, or is not ours
    if let Some(relay) = relay {
        let _ = relay.await;
    }
    let mut lives = std::mem::take(&mut *lock(&lives));
    for Presented { seq, at, .. } in way.presented.iter().flat_map(mpsc::Receiver::try_iter) {
        if let Some(seq) = seq {
            lives.of(seq).presented = Some(at);
        }
    }
    let replaced = frames.saturating_sub(lives.arrived) + outgoing.counts().skipped;
    lives.forget_before(WARM_UP);
    Ok(Travelled { lives, replaced, offset_within: offset.map(Offset::uncertainty), cost })
}

/// Records when the relay got each frame, by our clock.
async fn hear_reports(sender: Link, lives: Arc<Mutex<FrameTimeline>>) {
    let (mut reports, state) = (sender.reports(), sender.state());
    drop(sender);
    while reports.changed().await.is_ok() {
        let State::Up { offset: Some(offset), .. } = *state.borrow() else { continue };
        if let Some(link::DeliveryReport { seq: Some(seq), relayed: Some(relayed), .. }) =
            *reports.borrow_and_update()
        {
            lock(&lives).of(seq).relayed = Some(relayed.offset(-offset.micros));
        }
    }
}
