//! Cost of several streams in one window: while it is seen, minimised, covered and paused.
//!
//! Senders, relay and window are in this process, over real sockets; threads are told apart by name. The
//! display server's own time is not included.

mod processor_time;
mod stage;

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use serde::Serialize;
use tokio::runtime::{self, Handle, Runtime};

pub use self::stage::Stage;
use self::stage::connect;
use super::{scene, window_control::WindowControl};
use crate::{
    jpeg::Scale,
    link::{Link, Role},
    picture::Canvas,
    pipeline::{Arrival, Viewer, receive},
    stream_id::StreamId,
    view::{Demand, Update, WindowHandle},
};

/// Warm-up: fonts are loaded, links come up, and the buttons of a new window disappear (15 s).
const WARM_UP: Duration = Duration::from_secs(17);

/// Time between a change of the window and the measurement.
const SETTLE: Duration = Duration::from_secs(2);

/// Name of the thread that receives for the window.
const RECEIVER: &str = "receiver";

/// Names of the threads that decode: frames as they come, single pictures, and strips of either.
const DECODERS: [&str; 3] = ["decode", "fit", "strip"];

/// Parameters of the measurement.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Plan {
    /// Number of simultaneous streams.
    pub streams: usize,
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Frames per second of each stream.
    pub fps: f64,
    /// Duration of the measurement, for each condition.
    #[serde(skip)]
    pub time: Duration,
}

/// What happens to the window meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// It is seen; frames are decoded at the size at which they are shown.
    Seen,
    /// It is seen; frames are decoded at full size, for comparison.
    FullSize,
    /// It is minimised.
    Minimised,
    /// Another window covers it.
    Covered,
    /// Its user has paused it.
    Paused,
}

impl Condition {
    /// All, in the order of measurement.
    pub const ALL: [Self; 5] = [Self::Seen, Self::FullSize, Self::Minimised, Self::Covered, Self::Paused];
}

/// Cost under one condition, in shares of one core.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Figures {
    /// What happened to the window.
    pub window: Condition,
    /// Receiving from the network.
    pub receive: f64,
    /// Decoding and scaling.
    pub decode: f64,
    /// Painting and presenting.
    pub draw: f64,
    /// Bytes received in that time.
    pub bytes: u64,
    /// Frames received per second.
    pub received_per_s: f64,
    /// Frames decoded per second.
    pub decoded_per_s: f64,
    /// Frames shown per second.
    pub shown_per_s: f64,
}

impl Figures {
    /// The whole viewer.
    #[must_use]
    pub fn all(&self) -> f64 {
        self.receive + self.decode + self.draw
    }
}

/// Frames so far.
#[derive(Debug, Default)]
pub struct Counts {
    received: AtomicU64,
    decoded: AtomicU64,
    /// Frames that the display has received.
    pub shown: AtomicU64,
}

/// Running streams for a window; they stop when this is dropped.
#[derive(Debug)]
pub struct WindowBench {
    // The first to be dropped.
    stage: Stage,
    viewer: Link,
    counts: Arc<Counts>,
    /// Whether frames are decoded at full size.
    is_full_size: Arc<AtomicBool>,
    /// Receives for the window, apart from the relay and the senders.
    _receiver: Runtime,
}

impl WindowBench {
    /// Address of the relay.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.stage.host
    }
}

/// Passes frames to the window.
struct Looker {
    handle: WindowHandle,
    counts: Arc<Counts>,
    is_full_size: Arc<AtomicBool>,
    update: fn(Arrival) -> Option<Update>,
}

impl Viewer for Looker {
    fn take(&mut self, arrival: Arrival) -> bool {
        if let Arrival::Frame(frame) = &arrival {
            self.counts.received.fetch_add(1, Relaxed);
            self.counts.decoded.fetch_add(u64::from(frame.was_decoded), Relaxed);
        }
        (self.update)(arrival).is_none_or(|update| self.handle.push(update))
    }

    fn wants_pixels(&self, stream: StreamId) -> bool {
        self.handle.demand(stream) != Demand::Nothing
    }

    fn tile_size(&self, stream: StreamId, _own: (usize, usize)) -> Option<(usize, usize)> {
        if let Demand::Size(size) = self.handle.demand(stream) { Some(size) } else { None }
    }

    fn scale(&self, own: (usize, usize), room: (usize, usize)) -> Scale {
        if self.is_full_size.load(Relaxed) { Scale::Full } else { Scale::at_least(own, room) }
    }

    fn spare(&mut self) -> Canvas {
        self.handle.spare()
    }
}

/// A relay of its own, with one sender of a picture that stands still, or without any. Such a picture is sent as
/// `--skip-still` sends it: once a second.
///
/// # Errors
/// If a socket, a link or a thread cannot be created.
pub fn still(plan: Plan, runtime: &Handle, is_streamed: bool) -> io::Result<Stage> {
    let stage = Stage::start(runtime)?;
    if is_streamed {
        let mut frames = scene::jpegs(plan.width, plan.height, 80)?;
        frames.truncate(1);
        stage.send(runtime, "still".into(), frames.into(), 1.0)?;
    }
    Ok(stage)
}

/// A window that nothing happens in: the whole program's share of one core, while `process` shows it.
///
/// # Errors
/// If the kernel keeps no scheduler statistics, or the process has ended.
pub fn idle(process: u32, time: Duration) -> io::Result<f64> {
    thread::sleep(WARM_UP);
    let (begin, before) = (Instant::now(), processor_time::of_process(process)?);
    thread::sleep(time);
    let used = processor_time::of_process(process)?.saturating_sub(before);
    Ok(used.as_secs_f64() / begin.elapsed().as_secs_f64())
}

/// Starts a relay, senders and a viewer; the viewer passes arrivals to `handle`, converted by `update`.
///
/// # Errors
/// If a socket, a link or a thread cannot be created.
pub fn stage(
    plan: Plan,
    runtime: &Handle,
    handle: WindowHandle,
    counts: &Arc<Counts>,
    update: fn(Arrival) -> Option<Update>,
) -> io::Result<WindowBench> {
    let frames: Arc<[Bytes]> = scene::jpegs(plan.width, plan.height, 80)?.into();
    let stage = Stage::start(runtime)?;
    // As many threads as the program gives a link.
    let receiver =
        runtime::Builder::new_multi_thread().worker_threads(1).thread_name(RECEIVER).enable_all().build()?;
    let (viewer, inbox) = receiver.block_on(connect(&stage.host, Role::Viewer))?;
    for number in 0..plan.streams {
        let name = format!("stream {}", number + 1);
        stage.send(runtime, name, Arc::clone(&frames), plan.fps)?;
    }
    let (counts, is_full_size) = (Arc::clone(counts), Arc::<AtomicBool>::default());
    let looker =
        Looker { handle, counts: Arc::clone(&counts), is_full_size: Arc::clone(&is_full_size), update };
    receive(&viewer, inbox, looker)?;
    Ok(WindowBench { stage, viewer, counts, is_full_size, _receiver: receiver })
}

/// Measures under each condition; meanwhile the window of this title runs on the main thread.
///
/// # Errors
/// If the window is not found, or the kernel keeps no scheduler statistics.
pub fn measure(plan: Plan, stage: &WindowBench, title: &str) -> io::Result<Vec<Figures>> {
    thread::sleep(WARM_UP);
    let control = WindowControl::find(title)?;
    Condition::ALL.into_iter().map(|condition| under(condition, plan, stage, &control)).collect()
}

fn under(
    condition: Condition,
    plan: Plan,
    stage: &WindowBench,
    control: &WindowControl,
) -> io::Result<Figures> {
    let mut cover = None;
    match condition {
        Condition::Seen => {}
        Condition::FullSize => stage.is_full_size.store(true, Relaxed),
        Condition::Minimised => control.minimise()?,
        Condition::Covered => cover = Some(control.cover()?),
        Condition::Paused => control.press_space()?,
    }
    thread::sleep(SETTLE);
    let figures = figures(condition, plan, stage)?;
    match condition {
        Condition::Seen => {}
        Condition::FullSize => stage.is_full_size.store(false, Relaxed),
        Condition::Minimised => control.restore()?,
        Condition::Covered => cover.map_or(Ok(()), |cover| control.uncover(cover))?,
        Condition::Paused => control.press_space()?,
    }
    Ok(figures)
}

fn figures(condition: Condition, plan: Plan, stage: &WindowBench) -> io::Result<Figures> {
    let now = || {
        let Counts { received, decoded, shown } = &*stage.counts;
        let counts = [received, decoded, shown].map(|count| count.load(Relaxed));
        Ok::<_, io::Error>((
            processor_time::of_threads(&[RECEIVER])?,
            processor_time::of_threads(&DECODERS)?,
            processor_time::of_main_thread()?,
            counts,
        ))
    };
    let bytes = stage.viewer.counters().bytes_received;
    let (begin, before) = (Instant::now(), now()?);
    thread::sleep(plan.time);
    let (after, time) = (now()?, begin.elapsed().as_secs_f64());
    let share = |now: Duration, then: Duration| now.saturating_sub(then).as_secs_f64() / time;
    let [received_per_s, decoded_per_s, shown_per_s] =
        [0, 1, 2].map(|at| after.3[at].saturating_sub(before.3[at]) as f64 / time);
    Ok(Figures {
        window: condition,
        receive: share(after.0, before.0),
        decode: share(after.1, before.1),
        draw: share(after.2, before.2),
        bytes: stage.viewer.counters().bytes_received - bytes,
        received_per_s,
        decoded_per_s,
        shown_per_s,
    })
}
