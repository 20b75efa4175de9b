//! What a camera's frame costs in processor time, from the driver's buffer to the socket, against the least that it could.
//!
//! The camera is played from memory, at its rate; everything behind it is the program's own: source, encoder's thread, link,
//! socket. For a camera's JPEGs the floor of the same run is one copy out of the driver's buffer and one write of it to a
//! socket, on one thread; for raw pixels it is one pass of unpacking and libjpeg-turbo's encoding from planes.

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
    steps::median,
    studio::{Pace, Studio},
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

/// Rounds of both sides in turn; the median of their ratios counts.
const ROUNDS: u32 = 5;

/// Frames at the start of each round that are not counted.
const WARM_UP: u64 = 10;

/// The reader's buffer: as large as it takes to read cheaply.
const READ_SIZE: usize = 256 << 10;

/// What to measure.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Plan {
    /// Frames a second.
    pub fps: u32,
    /// How long, in all.
    #[serde(skip)]
    pub time: Duration,
}

/// What was measured, in microseconds of processor time a frame.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Cost {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// How the played camera gives them.
    pub format: PixelFormat,
    /// Bytes of a frame as it leaves, on average.
    pub bytes: u64,
    /// All of it, the median of the rounds.
    pub ours_us: f64,
    /// The least that it could be.
    pub floor_us: f64,
    /// One over the other, the median of the rounds' ratios.
    pub ratio: f64,
}

/// Why nothing could be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A socket or thread could not be had.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The codec failed.
    #[error(transparent)]
    Jpeg(#[from] jpeg::Error),
    /// The pictures could not be made.
    #[error("{0}")]
    Scene(String),
    /// Frames were replaced by newer ones, so that not all of them were written.
    #[error(
        "only {sent} of {of} frames were written: measure at a lower --fps, or with less going on beside"
    )]
    TooFast {
        /// Frames that were.
        sent: u64,
        /// Frames that should have been.
        of: u64,
    },
    /// The link could not be made.
    #[error(transparent)]
    Link(#[from] link::Error),
    /// The pipeline could not be made.
    #[error(transparent)]
    Pipeline(#[from] pipeline::Error),
}

/// Measures JPEGs of 1920x1080 that pass through, and YUYV of 1280x720 that is encoded. `progress` is told the share that is
/// done.
///
/// # Errors
/// See [`Error`].
pub async fn run(plan: Plan, progress: impl Fn(f64)) -> Result<[Cost; 2], Error> {
    let steps = f64::from(ROUNDS * 2);
    let passed = Studio::jpegs(1920, 1080, plan.fps)?;
    let raw = Studio::yuyv(1280, 720, plan.fps)?;
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

impl Studio {
    /// Calls `work` with each frame when it is due; the processor time of a frame, that of the readers not included.
    fn play(
        &self,
        frames: u64,
        readers: &AtomicU64,
        mut work: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<f64, Error> {
        let mut pace = Pace::new(self.mode.rate);
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

/// Nanoseconds of processor time of this process so far, but for what `readers` took.
fn used(readers: &AtomicU64) -> u64 {
    nanoseconds(ClockId::ProcessCPUTime).saturating_sub(readers.load(Relaxed))
}

fn nanoseconds(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}

/// Reads whatever comes on a connection, and tells the processor time that it takes. It says one word first, as a relay does: without that a
/// link is not up.
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

/// The program's way of a camera's JPEGs: source, threads, link, socket.
async fn pass(studio: &Studio, frames: u64) -> Result<f64, Error> {
    let cost = Arc::new(AtomicU64::new(0));
    let address = reader(&cost)?;
    // The reader answers no further heartbeat.
    let config =
        link::Config { timeout: Duration::from_secs(3600), ..link::Config::new(address.to_string()) };
    let (link, mut ignored) = link::connect(config).await?;
    tokio::spawn(async move { while ignored.recv().await.is_some() {} });
    let _ = link.state().wait_for(|state| matches!(state, State::Up { .. })).await;
    let sender = link.clone();
    let spent = through(studio, frames, &cost, move |info, jpeg| sender.send_frame(info, jpeg)).await?;
    // A frame that was replaced costs little: a figure with such in it would flatter.
    let sent = link.counters().frames_sent;
    if sent == frames + WARM_UP { Ok(spent) } else { Err(Error::TooFast { sent, of: frames + WARM_UP }) }
}

/// The program's way of raw pixels, to the JPEG.
async fn encode(studio: &Studio, frames: u64) -> Result<f64, Error> {
    through(studio, frames, &AtomicU64::new(0), |_, _| ()).await
}

async fn through(
    studio: &Studio,
    frames: u64,
    readers: &AtomicU64,
    mut sink: impl FnMut(crate::wire::FrameInfo, bytes::Bytes) + Send + 'static,
) -> Result<f64, Error> {
    let job = Job { name: "bench".into(), frames: Some(frames + WARM_UP), ..Job::default() };
    let studio = studio.clone();
    let mut studio = Some(studio);
    let open = move || {
        // It is opened once.
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

/// The floor of passing through.
fn copy_and_write(studio: &Studio, frames: u64) -> Result<f64, Error> {
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

/// The floor of encoding.
fn unpack_and_encode(studio: &Studio, frames: u64) -> Result<f64, Error> {
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

    /// Waited for without a limit by a measurement, which then never began.
    #[tokio::test]
    async fn the_reader_brings_a_link_up() {
        let address = reader(&Arc::default()).unwrap();
        let (link, _inbox) = link::connect(link::Config::new(address.to_string())).await.unwrap();
        let mut state = link.state();
        let up = state.wait_for(|state| matches!(state, State::Up { .. }));
        tokio::time::timeout(Duration::from_secs(30), up).await.expect("it comes up").unwrap();
    }
}
