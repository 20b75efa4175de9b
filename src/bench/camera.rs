//! Processor time of a camera's frame, from the driver's buffer to the socket, against a floor.
//!
//! A synthetic camera plays frames from memory, at its rate; everything behind it is the program's own:
//! source, encoder thread, link, socket. For JPEGs, the floor of the same run is one copy out of the driver's
//! buffer and one write of it to a socket, on one thread; for raw pixels, it is one pass of unpacking and
//! libjpeg-turbo's encoding from planes.

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use bytes::Buf;
use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

use super::{
    median,
    synthetic_camera::{FramePacer, SyntheticCamera},
};
use crate::{
    capture::{
        self, CameraSettings, Mode, PixelFormat, Wanted, Which,
        camera::{Camera, unpack},
    },
    jpeg::{self, Encoder},
    link::{self, State},
    pipeline::{self, Job, Outgoing},
    wire::{Heartbeat, Side},
};

/// Rounds, in which both sides are measured in turn; the median of their ratios counts.
const ROUNDS: u32 = 5;

/// Frames at the start of each round that are not counted.
const WARM_UP: u64 = 10;

/// Size of the reader's buffer: large enough that reading is cheap.
const READ_SIZE: usize = 256 << 10;

/// Parameters of the measurement.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Plan {
    /// Frames per second.
    pub fps: u32,
    /// Total duration.
    #[serde(skip)]
    pub time: Duration,
}

/// Result, in microseconds of processor time per frame.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Cost {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Pixel format of the synthetic camera.
    pub format: PixelFormat,
    /// Size of an outgoing JPEG in bytes.
    pub bytes: u64,
    /// The program's time, the median of the rounds.
    pub ours_us: f64,
    /// The floor, the median of the rounds.
    pub floor_us: f64,
    /// `ours_us` ÷ `floor_us`, the median of the rounds' ratios.
    pub ratio: f64,
}

/// Why nothing could be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A socket or a thread could not be created.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The codec failed.
    #[error(transparent)]
    Jpeg(#[from] jpeg::Error),
    /// The pictures could not be prepared.
    #[error("{0}")]
    Scene(String),
    /// Frames were replaced by newer ones, so not all of them were written.
    #[error(
        "only {sent} of {of} frames were written: measure at a lower frame rate, or on a less busy machine"
    )]
    TooFast {
        /// Frames that were written.
        sent: u64,
        /// Frames that were captured.
        of: u64,
    },
    /// The link could not be set up.
    #[error(transparent)]
    Link(#[from] link::Error),
    /// The pipeline could not be set up.
    #[error(transparent)]
    Pipeline(#[from] pipeline::Error),
}

/// Measures JPEGs of 1920x1080 that pass through, and YUYV of 1280x720 that is encoded.
///
/// `progress` is called with the share that is done.
///
/// # Errors
/// See [`Error`].
pub async fn run(plan: Plan, progress: impl Fn(f64)) -> Result<[Cost; 2], Error> {
    let steps = f64::from(ROUNDS * 2);
    let passed = SyntheticCamera::jpegs(1920, 1080, plan.fps)?;
    let raw = SyntheticCamera::yuyv(1280, 720, plan.fps)?;
    let frames = (plan.time.as_secs_f64() / steps / 2.0 * f64::from(plan.fps)).ceil() as u64;
    let (mut passed_rounds, mut raw_rounds) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let done = f64::from(round) / f64::from(ROUNDS);
        progress(done);
        passed_rounds.push((pass(&passed, frames).await?, copy_and_write(&passed, frames)?));
        progress(done + 1.0 / steps);
        raw_rounds.push((encode(&raw, frames).await?, unpack_and_encode(&raw, frames)?));
    }
    progress(1.0);
    Ok([passed.cost(&passed_rounds), raw.cost(&raw_rounds)])
}

impl SyntheticCamera {
    /// Calls `work` with each frame when it is due. Returns processor time per frame in microseconds, without
    /// that of `readers`.
    fn play(
        &self,
        frames: u64,
        readers: &AtomicU64,
        mut work: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<f64, Error> {
        let mut pace = FramePacer::new(self.mode.rate);
        let mut begin = 0;
        for index in 0..frames + WARM_UP {
            if index == WARM_UP {
                begin = used(readers);
            }
            pace.wait();
            work(self.frame(index))?;
        }
        Ok((used(readers) - begin) as f64 / 1000.0 / frames as f64)
    }

    fn cost(&self, rounds: &[(f64, f64)]) -> Cost {
        let median = |of: fn(&(f64, f64)) -> f64| median(rounds.iter().map(of));
        let Mode { format, width, height, .. } = self.mode;
        let (ours_us, floor_us) = (median(|round| round.0), median(|round| round.1));
        Cost {
            width,
            height,
            format,
            bytes: self.bytes,
            ours_us,
            floor_us,
            ratio: median(|round| round.0 / round.1),
        }
    }
}

/// Processor time of this process so far in nanoseconds, without that of `readers`.
fn used(readers: &AtomicU64) -> u64 {
    nanoseconds(ClockId::ProcessCPUTime).saturating_sub(readers.load(Relaxed))
}

fn nanoseconds(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}

/// Reads everything from one connection, and records the processor time that this takes. Sends one message
/// first, as a relay does: without it, a link does not come up.
fn reader(cost: &Arc<AtomicU64>) -> io::Result<std::net::SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let cost = Arc::clone(cost);
    thread::Builder::new().name("reader".into()).spawn(move || {
        let Ok((mut stream, _)) = listener.accept() else { return };
        let hello = Heartbeat::default().to_message(Side::Relay);
        if io::copy(&mut hello.to_buf().reader(), &mut stream).is_err() {
            return;
        }
        let mut buffer = vec![0; READ_SIZE];
        while stream.read(&mut buffer).is_ok_and(|bytes| bytes > 0) {
            cost.store(nanoseconds(ClockId::ThreadCPUTime), Relaxed);
        }
    })?;
    Ok(address)
}

/// Measures the program's path of a camera's JPEGs: source, threads, link, socket.
async fn pass(studio: &SyntheticCamera, frames: u64) -> Result<f64, Error> {
    let cost = Arc::new(AtomicU64::new(0));
    let address = reader(&cost)?;
    // The reader does not answer heartbeats.
    let config =
        link::Config::new(address.to_string()).with(|config| config.timeout = Duration::from_secs(3600));
    let (link, mut ignored) = link::connect(config).await?;
    tokio::spawn(async move { while ignored.recv().await.is_some() {} });
    let _ = link.state().wait_for(|state| matches!(state, State::Up { .. })).await;
    let sender = link.clone();
    let spent = through(studio, frames, &cost, move |info, jpeg| sender.send_frame(info, jpeg)).await?;
    // A replaced frame costs little, so it would make the figure look better than it is.
    let sent = link.counters().frames_sent;
    if sent == frames + WARM_UP { Ok(spent) } else { Err(Error::TooFast { sent, of: frames + WARM_UP }) }
}

/// Measures the program's path of raw pixels, up to the JPEG.
async fn encode(studio: &SyntheticCamera, frames: u64) -> Result<f64, Error> {
    through(studio, frames, &AtomicU64::new(0), |_, _| ()).await
}

async fn through(
    studio: &SyntheticCamera,
    frames: u64,
    readers: &AtomicU64,
    mut sink: impl FnMut(crate::wire::FrameInfo, bytes::Bytes) + Send + 'static,
) -> Result<f64, Error> {
    let job = Job { name: "bench".into(), frames: Some(frames + WARM_UP), ..Job::default() };
    let studio = studio.clone();
    let mut studio = Some(studio);
    let open = move || {
        // It is opened only once.
        let studio = studio.take().ok_or(crate::capture::Error::NoCamera)?;
        let camera =
            Camera::open(Box::new(studio), Which::First, Wanted::default(), CameraSettings::default())?;
        Ok(Box::new(camera) as Box<dyn capture::Source>)
    };
    let (warm, is_warm) = tokio::sync::oneshot::channel();
    let (mut warm, mut count) = (Some(warm), 0);
    let mut outgoing = Outgoing::open(&job, open, move |info, jpeg| {
        sink(info, jpeg);
        count += 1;
        if count == WARM_UP {
            let _ = warm.take().map(|warm| warm.send(()));
        }
    })
    .await?;
    outgoing.begin();
    let _ = is_warm.await;
    let begin = used(readers);
    outgoing.ended().await;
    Ok((used(readers) - begin) as f64 / 1000.0 / frames as f64)
}

/// Measures the floor of passing JPEGs through.
fn copy_and_write(studio: &SyntheticCamera, frames: u64) -> Result<f64, Error> {
    let cost = Arc::new(AtomicU64::new(0));
    let mut stream = TcpStream::connect(reader(&cost)?)?;
    stream.set_nodelay(true)?;
    let mut copy = Vec::new();
    studio.play(frames, &cost, |frame| {
        copy.clear();
        copy.extend_from_slice(frame);
        Ok(stream.write_all(&copy)?)
    })
}

/// Measures the floor of encoding.
fn unpack_and_encode(studio: &SyntheticCamera, frames: u64) -> Result<f64, Error> {
    let mut encoder = Encoder::new(Encoder::DEFAULT_QUALITY)?;
    let mut spare = Vec::new();
    studio.play(frames, &AtomicU64::new(0), |frame| {
        let picture = unpack::picture(frame, &studio.shape(), std::mem::take(&mut spare));
        let picture = picture.ok_or_else(|| Error::Scene("a frame is too short".into()))?;
        encoder.encode(&picture)?;
        spare = picture.into_bytes();
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A measurement waits for this without a time limit.
    #[tokio::test]
    async fn the_reader_brings_a_link_up() {
        let address = reader(&Arc::default()).unwrap();
        let (link, _inbox) = link::connect(link::Config::new(address.to_string())).await.unwrap();
        let mut state = link.state();
        let up = state.wait_for(|state| matches!(state, State::Up { .. }));
        tokio::time::timeout(Duration::from_secs(30), up).await.expect("it comes up").unwrap();
    }
}
