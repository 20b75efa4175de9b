//! Source → encoder → link.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::sync::oneshot;
use tracing::{debug, warn};

use crate::{
    capture::{self, Frame, FrameData, Source},
    clock::Timestamp,
    fresh,
    jpeg::{self, Decoder, Encoder},
    wire::FrameInfo,
};

/// How long the encoder waits before it looks whether it should stop.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// A pause after a frame that could not be had: a source that fails at once must not spin.
const FAILURE_PAUSE: Duration = Duration::from_millis(250);

/// How to send what a source gives.
#[derive(Clone, Debug)]
pub struct Job {
    /// JPEG quality; where none is asked for, JPEG passes as it is and the rest gets the usual quality.
    pub quality: Option<u8>,
    /// The stream's name.
    pub name: String,
    /// Ends after so many frames were handed on.
    pub frames: Option<u64>,
    /// Ends after so long.
    pub time: Option<Duration>,
}

/// Why frames cannot be sent at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The source cannot be opened.
    #[error(transparent)]
    Source(#[from] capture::Error),
    /// The encoder cannot be set up.
    #[error(transparent)]
    Jpeg(#[from] jpeg::Error),
    /// No thread can be had.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] io::Error),
    /// The source's thread is gone without a word.
    #[error("the source ended before it was open")]
    Gone,
}

/// What went through, so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames that the source gave.
    pub captured: u64,
    /// Frames that were replaced by newer ones before the encoder took them.
    pub skipped: u64,
    /// Frames that went on as the JPEGs they were.
    pub passed_through: u64,
    /// Frames that were encoded.
    pub encoded: u64,
    /// Frames that could not be.
    pub failed: u64,
}

#[derive(Debug, Default)]
struct Tally {
    captured: AtomicU64,
    skipped: AtomicU64,
    passed_through: AtomicU64,
    encoded: AtomicU64,
    failed: AtomicU64,
    stop: AtomicBool,
}

/// An open source with its encoder. Stops when dropped.
#[derive(Debug)]
pub struct Outgoing {
    tally: Arc<Tally>,
    begin: mpsc::Sender<()>,
    done: oneshot::Receiver<()>,
    description: String,
}

impl Outgoing {
    /// Calls `open` on a thread of its own and waits until the source is open. From [`Outgoing::begin`] on, each frame's
    /// JPEG goes to `sink`.
    ///
    /// # Errors
    /// Where the source cannot be opened.
    pub async fn open(
        job: &Job,
        open: impl FnOnce() -> Result<Box<dyn Source>, capture::Error> + Send + 'static,
        sink: impl FnMut(FrameInfo, Bytes) + Send + 'static,
    ) -> Result<Self, Error> {
        let tally = Arc::new(Tally::default());
        let (frames, waiting) = fresh::channel::<(), Frame>(0);
        let (opened, is_open) = oneshot::channel();
        let (begin, begun) = mpsc::channel();
        let (finished, done) = oneshot::channel();
        let encoder = Encode::new(job, Arc::clone(&tally), sink)?;
        thread::Builder::new().name("capture".into()).spawn({
            let (tally, time) = (Arc::clone(&tally), job.time);
            move || match open() {
                Ok(source) => {
                    let _ = opened.send(Ok(source.describe()));
                    if begun.recv().is_err() {
                        return; // dropped before it began
                    }
                    capture(source, time, &tally, &frames);
                }
                Err(error) => _ = opened.send(Err(error)),
            }
        })?;
        thread::Builder::new().name("encode".into()).spawn(move || {
            encoder.run(waiting);
            let _ = finished.send(()); // nobody waits for the end: fine
        })?;
        let description = is_open.await.map_err(|_| Error::Gone)??;
        Ok(Self { tally, begin, done, description })
    }

    /// Begins to take frames; the job's time runs from here.
    pub fn begin(&self) {
        let _ = self.begin.send(()); // a source that is gone has ended
    }

    /// What the source says it is.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// What went through so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let tally = &self.tally;
        Counts {
            captured: tally.captured.load(Relaxed),
            skipped: tally.skipped.load(Relaxed),
            passed_through: tally.passed_through.load(Relaxed),
            encoded: tally.encoded.load(Relaxed),
            failed: tally.failed.load(Relaxed),
        }
    }

    /// Waits for the end: of the material, of the number of frames, of the time.
    pub async fn ended(&mut self) {
        if !self.done.is_terminated() {
            let _ = (&mut self.done).await; // gone without a word is an end too
        }
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        self.tally.stop.store(true, Relaxed);
    }
}

/// The source's thread.
fn capture(
    mut source: Box<dyn Source>,
    time: Option<Duration>,
    tally: &Tally,
    frames: &fresh::Sender<(), Frame>,
) {
    let end = time.map(|time| Instant::now() + time);
    let mut failing = false;
    while !tally.stop.load(Relaxed) && end.is_none_or(|end| Instant::now() < end) {
        match source.next_frame() {
            Ok(Some(frame)) => {
                failing = false;
                tally.captured.fetch_add(1, Relaxed);
                match frames.send_fresh((), frame) {
                    Ok(replaced) => _ = tally.skipped.fetch_add(replaced.into(), Relaxed),
                    Err(fresh::Closed) => return,
                }
            }
            Ok(None) => return,
            Err(error) => {
                if !failing {
                    warn!("{error}");
                }
                failing = true;
                tally.failed.fetch_add(1, Relaxed);
                thread::sleep(FAILURE_PAUSE);
            }
        }
    }
}

/// The encoder's thread.
struct Encode<F> {
    tally: Arc<Tally>,
    sink: F,
    encoder: Encoder,
    /// Where another quality than the source's is asked for, JPEG is decoded first.
    decoder: Option<Decoder>,
    name: String,
    limit: Option<u64>,
}

impl<F: FnMut(FrameInfo, Bytes)> Encode<F> {
    fn new(job: &Job, tally: Arc<Tally>, sink: F) -> Result<Self, jpeg::Error> {
        Ok(Self {
            tally,
            sink,
            encoder: Encoder::new(job.quality.unwrap_or(Encoder::DEFAULT_QUALITY))?,
            decoder: job.quality.map(|_| Decoder::new()).transpose()?,
            name: job.name.clone(),
            limit: job.frames,
        })
    }

    fn run(mut self, mut frames: fresh::Receiver<(), Frame>) {
        let mut handed_on = 0;
        while self.limit.is_none_or(|limit| handed_on < limit) && !self.tally.stop.load(Relaxed) {
            let frame = match frames.recv_timeout(LOOK_INTERVAL) {
                Ok(Some(taken)) => taken.item,
                Ok(None) => continue,
                Err(fresh::Closed) => return,
            };
            let (seq, captured) = (frame.seq, frame.captured);
            match self.jpeg(frame.data) {
                Ok(jpeg) => {
                    let info = FrameInfo {
                        stream: Some(self.name.clone()),
                        seq: Some(seq),
                        captured: Some(captured),
                        encoded: Some(Timestamp::now()),
                        ..FrameInfo::default()
                    };
                    (self.sink)(info, jpeg);
                    handed_on += 1;
                }
                Err(error) => {
                    debug!("frame {seq} is left out: {error}");
                    self.tally.failed.fetch_add(1, Relaxed);
                }
            }
        }
    }

    fn jpeg(&mut self, data: FrameData) -> Result<Bytes, jpeg::Error> {
        let (count, jpeg) = match (data, &mut self.decoder) {
            (FrameData::Jpeg(jpeg), None) => (&self.tally.passed_through, jpeg),
            (FrameData::Jpeg(jpeg), Some(decoder)) => {
                (&self.tally.encoded, self.encoder.encode(&decoder.decode_rgb(&jpeg)?)?)
            }
            (FrameData::Picture(picture), _) => (&self.tally.encoded, self.encoder.encode(&picture)?),
        };
        count.fetch_add(1, Relaxed);
        Ok(jpeg)
    }
}
