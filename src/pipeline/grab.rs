//! The source's thread: takes frames, and hands the newest to the encoder.

use std::{
    sync::{Arc, Mutex, PoisonError, atomic::Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tracing::{info, warn};

use super::{Viewers, encode::Encode, outgoing::viewing, tally::Tally};
use crate::{
    capture::{Frame, Source},
    fresh,
    wire::FrameInfo,
};

/// A pause after a frame that could not be had: a source that fails at once must not spin, and a camera that is plugged in
/// again shall be seen soon.
const FAILURE_PAUSE: Duration = Duration::from_millis(250);

/// Memory of pictures that are encoded, to make the next ones in.
#[derive(Clone, Debug, Default)]
pub(super) struct Spare(Arc<Mutex<Option<Vec<u8>>>>);

impl Spare {
    pub(super) fn give(&self, memory: Vec<u8>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(memory);
    }

    fn take(&self) -> Option<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What the source's thread works with.
pub(super) struct Grab<F> {
    pub(super) source: Box<dyn Source>,
    pub(super) time: Option<Duration>,
    pub(super) viewers: Option<Viewers>,
    pub(super) tally: Arc<Tally>,
    pub(super) frames: fresh::Sender<(), Frame>,
    pub(super) encode: Arc<Mutex<Encode<F>>>,
    pub(super) spare: Spare,
}

impl<F: FnMut(FrameInfo, Bytes)> Grab<F> {
    pub(super) fn run(mut self) {
        self.tally.life().opened(self.source.signal(), Instant::now());
        let end = self.time.map(|time| Instant::now() + time);
        while !self.tally.stop.load(Relaxed) && end.is_none_or(|end| Instant::now() < end) {
            let step = self.step();
            self.tally.lost(self.source.losses());
            match step {
                Ok(true) => self.came(),
                Ok(false) => return,
                Err(error) => {
                    let live = self.source.signal();
                    let lasting = if live.is_some() { "; waiting for it" } else { "" };
                    let mut life = self.tally.life();
                    life.known_as(live);
                    let first = life.failed(error.reason(), error.is_lasting());
                    drop(life);
                    // Told once, not four times a second for a night.
                    if first {
                        self.tally.failed.fetch_add(1, Relaxed);
                        warn!("{error}{lasting}");
                    }
                    // Viewers are told at once of what lasts: the encoder may look a second later.
                    self.encode.lock().unwrap_or_else(PoisonError::into_inner).look(Instant::now());
                    thread::sleep(FAILURE_PAUSE);
                }
            }
        }
    }

    /// Takes a frame and sees to it; false where no more are to come.
    fn step(&mut self) -> Result<bool, crate::capture::Error> {
        if viewing(self.viewers.as_ref()) == Some(0) {
            let more = self.source.pass_by()?;
            self.tally.unseen.fetch_add(more.into(), Relaxed);
            let done = self.encode.try_lock().is_ok_and(|encode| encode.is_done());
            return Ok(more && !done);
        }
        if let Some(memory) = self.spare.take() {
            self.source.reuse(memory);
        }
        let Some(frame) = self.source.next_frame()? else { return Ok(false) };
        // Where it is busy, with a card, the frame waits as any other.
        if let Ok(mut encode) = self.encode.try_lock()
            && encode.is_free(&frame)
        {
            encode.frame(frame);
            return Ok(!encode.is_done());
        }
        let Ok(replaced) = self.frames.send_fresh((), frame) else { return Ok(false) };
        self.tally.skipped.fetch_add(replaced.into(), Relaxed);
        Ok(true)
    }

    fn came(&self) {
        self.tally.captured.fetch_add(1, Relaxed);
        let away = self.tally.life().frame(Instant::now());
        if let Some(away) = away {
            // It may have come back as another device, or in another mode.
            self.tally.life().known_as(self.source.signal());
            info!("{} is back after {:.1} s", self.source.describe(), away.as_secs_f64());
        }
    }
}
