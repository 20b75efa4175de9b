//! The source's thread: takes frames, and hands the newest to the encoder.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tracing::{info, warn};

use super::{Job, encode::Encode, mirror::Reflection, outgoing::viewing, tally::Tally};
use crate::{
    capture::{Error, Frame, Signal, Source},
    fresh,
    wire::FrameInfo,
};

/// A pause after a frame that could not be had: a source that fails at once must not spin, and a camera that is plugged in
/// again shall be seen soon.
const FAILURE_PAUSE: Duration = Duration::from_millis(250);

/// How often one that is off looks whether it should end.
const OFF_LOOK: Duration = Duration::from_millis(250);

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

/// Opens the source, again where it was switched off.
pub(super) type Open = Box<dyn FnMut() -> Result<Box<dyn Source>, Error> + Send>;

/// What the source's thread works with.
pub(super) struct Grab<F> {
    /// `None` while it is switched off.
    pub(super) source: Option<Box<dyn Source>>,
    pub(super) open: Open,
    pub(super) job: Job,
    pub(super) tally: Arc<Tally>,
    pub(super) frames: fresh::Sender<(), Frame>,
    pub(super) encode: Arc<Mutex<Encode<F>>>,
    pub(super) spare: Spare,
    pub(super) numbers: Numbers,
}

impl<F: FnMut(FrameInfo, Bytes)> Grab<F> {
    pub(super) fn run(mut self) {
        if let Some(source) = &self.source {
            self.tally.life().opened(source.signal(), Instant::now());
        }
        let end = self.job.time.map(|time| Instant::now() + time);
        while !self.tally.stop.load(Relaxed) && end.is_none_or(|end| Instant::now() < end) {
            if self.job.switch.as_ref().is_some_and(|switch| !switch.is_on()) {
                self.stay_off();
                continue;
            }
            let Some(mut source) = self.source.take() else {
                self.open_again();
                continue;
            };
            let step = self.step(source.as_mut());
            self.tally.lost(source.losses());
            self.tally.passed_over(source.passed_over());
            let live = source.signal();
            self.source = Some(source);
            match step {
                Ok(Step::Came) => self.came(),
                Ok(Step::Last) => return self.came(),
                Ok(Step::End) => return,
                Err(error) if error.is_final() => return self.ended(&error, live),
                Err(error) => self.failed(&error, live),
            }
        }
    }

    /// The source failed for good: nothing is gained by asking it again.
    fn ended(&self, error: &Error, live: Option<Signal>) {
        warn!("{error}");
        self.tally.life().known_as(live);
        self.tally.reasons().ended = Some(error.to_string());
        self.encode().reflect(Reflection::NoSignal(error.reason()));
    }

    fn encode(&self) -> MutexGuard<'_, Encode<F>> {
        self.encode.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, error: &Error, live: Option<Signal>) {
        let lasting = if live.is_some() { "; waiting for it" } else { "" };
        let mut life = self.tally.life();
        life.known_as(live);
        let first = life.failed(error.reason(), error.is_lasting());
        drop(life);
        // Told once, not four times a second for a night.
        if first {
            self.tally.outages.fetch_add(1, Relaxed);
            warn!("{error}{lasting}");
            self.encode().reflect(Reflection::NoSignal(error.reason()));
        }
        // Viewers are told at once of what lasts: the encoder may look a second later.
        self.encode().look(Instant::now());
        thread::sleep(FAILURE_PAUSE);
    }

    /// Waits a moment for the switch. What is live is closed first: a camera's light goes out.
    fn stay_off(&mut self) {
        self.numbers.paused();
        self.encode().look(Instant::now());
        if self.source.as_ref().is_some_and(|source| source.signal().is_some()) {
            self.source = None;
        }
        if self.job.switch.as_ref().is_some_and(|switch| switch.wait_on(OFF_LOOK))
            && let Some(source) = &self.source
        {
            self.tally.life().opened(source.signal(), Instant::now());
        }
    }

    fn open_again(&mut self) {
        match (self.open)() {
            Ok(source) => {
                self.tally.life().opened(source.signal(), Instant::now());
                self.source = Some(source);
            }
            Err(error) => {
                // As a camera that is gone: told, and tried again.
                let signal = Signal { name: self.job.name.clone(), size: None, patience: Duration::ZERO };
                self.failed(&error, Some(signal));
            }
        }
    }

    /// Takes a frame and sees to it.
    fn step(&mut self, source: &mut dyn Source) -> Result<Step, Error> {
        if viewing(self.job.viewers.as_ref()) == Some(0) {
            return self.unseen(source);
        }
        if let Some(memory) = self.spare.take() {
            source.reuse(memory);
        }
        let Some(frame) = source.next_frame()? else { return Ok(Step::End) };
        self.tally.captured.fetch_add(1, Relaxed);
        let frame = Frame { seq: self.numbers.of(frame.seq), ..frame };
        // Where it is busy, with a card, the frame waits as any other.
        if let Ok(mut encode) = self.encode.try_lock()
            && encode.is_free(&frame)
        {
            encode.frame(frame);
            return Ok(Step::of(encode.is_done()));
        }
        let Ok(replaced) = self.frames.send_fresh((), frame) else {
            self.tally.not_wanted();
            return Ok(Step::Last);
        };
        self.tally.skipped.fetch_add(replaced.into(), Relaxed);
        Ok(Step::Came)
    }

    /// A frame that goes by, but for the mirror's picture.
    fn unseen(&self, source: &mut dyn Source) -> Result<Step, Error> {
        let wanted = self.encode.try_lock().is_ok_and(|encode| encode.wants_a_look(Instant::now()));
        let came = if wanted {
            let frame = source.next_frame()?;
            let came = frame.is_some();
            if let Some(frame) = frame {
                self.encode().look_only(frame.data);
            }
            came
        } else {
            source.pass_by()?
        };
        if !came {
            return Ok(Step::End);
        }
        self.tally.captured.fetch_add(1, Relaxed);
        self.tally.unseen.fetch_add(1, Relaxed);
        Ok(Step::of(self.encode.try_lock().is_ok_and(|encode| encode.is_done())))
    }

    /// A frame came: the source is alive.
    fn came(&self) {
        let away = self.tally.life().frame(Instant::now());
        if let Some(away) = away {
            // It may have come back as another device, or in another mode.
            let Some(source) = &self.source else { return };
            self.tally.life().known_as(source.signal());
            info!("{} is back after {:.1} s", source.describe(), away.as_secs_f64());
        }
    }
}

/// What became of an attempt to take a frame.
enum Step {
    /// One came.
    Came,
    /// One came, and no more are wanted.
    Last,
    /// None came, and none will.
    End,
}

impl Step {
    const fn of(is_done: bool) -> Self {
        if is_done { Self::Last } else { Self::Came }
    }
}

/// Numbers frames on where a source was switched off and begins again: no viewer takes that for a loss, or for another stream.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    last: Option<u64>,
    /// What to add to the source's own numbers.
    shift: u64,
    paused: bool,
}

impl Numbers {
    /// The source stops for a while, or for good; another may take its place.
    const fn paused(&mut self) {
        self.paused = true;
    }

    fn of(&mut self, seq: u64) -> u64 {
        if std::mem::take(&mut self.paused)
            && let Some(last) = self.last
        {
            self.shift = (last + 1).wrapping_sub(seq);
        }
        let seq = seq.wrapping_add(self.shift);
        self.last = Some(seq);
        seq
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_after_a_pause() {
        let mut numbers = Numbers::default();
        assert_eq!([0, 1, 3].map(|seq| numbers.of(seq)), [0, 1, 3], "what the source lost stays lost");
        numbers.paused();
        assert_eq!([0, 1].map(|seq| numbers.of(seq)), [4, 5], "opened anew");
        numbers.paused();
        assert_eq!([90, 92].map(|seq| numbers.of(seq)), [6, 8], "went on by itself");
        let mut off_at_first = Numbers::default();
        off_at_first.paused();
        assert_eq!(off_at_first.of(7), 7);
    }
}
