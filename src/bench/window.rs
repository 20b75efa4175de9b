//! Cost of several streams in one window: decoded at the size at which they are shown, and at full size.
//!
//! Senders, relay and window are in this process, over real sockets; threads are told apart by name. The
//! display server's own time is not included.

use std::{
    fs, io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use serde::Serialize;
use tokio::{net::TcpListener, runtime::Handle as Runtime};
use tokio_util::sync::CancellationToken;

use super::{freshness, scene};
use crate::{
    clock::Timestamp,
    jpeg::Scale,
    link::{self, Inbox, Link, Role},
    picture::Canvas,
    pipeline::{Arrival, Viewer, receive},
    relay,
    stream_id::StreamId,
    view::{Update, WindowHandle},
    wire::FrameInfo,
};

/// Warm-up: fonts are loaded, links come up.
const WARM_UP: Duration = Duration::from_secs(2);

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
    /// Duration of the measurement, for each way of decoding.
    #[serde(skip)]
    pub time: Duration,
}

/// Cost of one way of decoding, in shares of one core.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Figures {
    /// Whether frames were decoded at the size at which they are shown.
    pub reduced: bool,
    /// Decoding and scaling.
    pub decode: f64,
    /// Painting and presenting.
    pub draw: f64,
    /// Bytes received in that time.
    pub bytes: u64,
}

impl Figures {
    /// `decode` + `draw`.
    #[must_use]
    pub fn all(&self) -> f64 {
        self.decode + self.draw
    }
}

/// Running streams for a window; they stop when this is dropped.
#[derive(Debug)]
pub struct WindowBench {
    /// Address of the relay.
    pub host: String,
    viewer: Link,
    stop: Arc<AtomicBool>,
    relay: CancellationToken,
}

impl Drop for WindowBench {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        self.relay.cancel();
    }
}

/// Passes frames to the window.
struct Looker {
    handle: WindowHandle,
    reduced: bool,
    update: fn(Arrival) -> Option<Update>,
}

impl Viewer for Looker {
    fn take(&mut self, arrival: Arrival) -> bool {
        (self.update)(arrival).is_none_or(|update| self.handle.push(update))
    }

    fn tile_size(&self, stream: StreamId) -> Option<(usize, usize)> {
        self.handle.tile_size(stream)
    }

    fn scale(&self, own: (usize, usize), room: (usize, usize)) -> Scale {
        if self.reduced { Scale::at_least(own, room) } else { Scale::Full }
    }

    fn spare(&mut self) -> Canvas {
        self.handle.spare()
    }
}

/// Starts a relay, senders and a viewer; the viewer passes arrivals to `handle`, converted by `update`.
///
/// # Errors
/// If a socket, a link or a thread cannot be created.
pub fn stage(
    plan: Plan,
    reduced: bool,
    runtime: &Runtime,
    handle: WindowHandle,
    update: fn(Arrival) -> Option<Update>,
) -> io::Result<WindowBench> {
    let frames: Arc<[Bytes]> = scene::jpegs(plan.width, plan.height, 80)?.into();
    let (relay, stop) = (CancellationToken::new(), Arc::<AtomicBool>::default());
    let (host, viewer, inbox) = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let host = listener.local_addr()?.to_string();
        tokio::spawn(relay::run(listener, relay::Config::default(), relay.clone().cancelled_owned()));
        let (viewer, inbox) = connect(&host, Role::Viewer).await?;
        Ok::<_, io::Error>((host, viewer, inbox))
    })?;
    for number in 0..plan.streams {
        let (sender, ignored) = runtime.block_on(connect(&host, Role::Sender))?;
        runtime.spawn(async move {
            let mut ignored = ignored;
            while ignored.recv().await.is_some() {}
        });
        let (frames, stop) = (Arc::clone(&frames), Arc::clone(&stop));
        let name = format!("stream {}", number + 1);
        thread::Builder::new()
            .name("sender".into())
            .spawn(move || send(&sender, &name, &frames, plan.fps, &stop))?;
    }
    receive(&viewer, inbox, Looker { handle, reduced, update })?;
    Ok(WindowBench { host, viewer, stop, relay })
}

async fn connect(host: &str, role: Role) -> io::Result<(Link, Inbox)> {
    let config = link::Config::new(host).with(|config| config.role = role);
    freshness::connect(config).await.map_err(io::Error::other)
}

fn send(link: &Link, name: &str, frames: &[Bytes], fps: f64, stop: &AtomicBool) {
    let begin = Instant::now();
    for seq in 0_u64.. {
        let due = begin + Duration::from_secs_f64(seq as f64 / fps);
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if stop.load(Relaxed) {
            return;
        }
        let info = FrameInfo {
            stream: Some(name.to_owned()),
            seq: Some(seq),
            captured: Some(Timestamp::now()),
            ..FrameInfo::default()
        };
        if let Some(frame) = frames.get(seq as usize % frames.len().max(1)) {
            link.send_frame(info, frame.clone());
        }
    }
}

/// Waits for the warm-up, then measures; meanwhile the window runs on the main thread.
///
/// # Errors
/// If the kernel keeps no scheduler statistics.
pub fn measure(plan: Plan, stage: &WindowBench, reduced: bool) -> io::Result<Figures> {
    thread::sleep(WARM_UP);
    let (decode, draw, bytes) = (cpu("decode")?, main_cpu()?, stage.viewer.counters().bytes_received);
    let begin = Instant::now();
    thread::sleep(plan.time);
    let share = |now: Duration, then: Duration| (now - then).as_secs_f64() / begin.elapsed().as_secs_f64();
    let came = stage.viewer.counters().bytes_received - bytes;
    Ok(Figures {
        reduced,
        decode: share(cpu("decode")?, decode),
        draw: share(main_cpu()?, draw),
        bytes: came,
    })
}

/// Processor time so far of this process's threads with this name, and of those that rescale pictures
/// (`fit`).
fn cpu(name: &str) -> io::Result<Duration> {
    let mut all = Duration::ZERO;
    for thread in fs::read_dir("/proc/self/task")? {
        let path = thread?.path();
        let comm = fs::read_to_string(path.join("comm")).unwrap_or_default();
        if comm.trim() == name || comm.trim() == "fit" {
            all += schedstat(&fs::read_to_string(path.join("schedstat")).unwrap_or_default())?;
        }
    }
    Ok(all)
}

fn main_cpu() -> io::Result<Duration> {
    let id = std::process::id();
    schedstat(&fs::read_to_string(format!("/proc/self/task/{id}/schedstat"))?)
}

fn schedstat(line: &str) -> io::Result<Duration> {
    let first = line.split_whitespace().next().and_then(|number| number.parse().ok());
    first.map(Duration::from_nanos).ok_or_else(|| io::Error::other("the kernel keeps no schedstat"))
}
