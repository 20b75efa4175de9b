//! The source's thread: takes frames, and passes the newest to the encoder.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tracing::{info, warn};

use super::{
    consumers::SourceSide,
    counters::PipelineCounters,
    job::Job,
    selector::{Change, Open, SourceSelector},
};
use crate::{
    capture::{Error, Frame, Signal, Source},
    queue,
    wire::FrameInfo,
};

/// Pause after a failed frame: a source that fails at once must not spin, and a camera that is plugged in
/// again should be seen soon.
const FAILURE_PAUSE: Duration = Duration::from_millis(250);

/// How often a source that is switched off checks whether it should end.
const OFF_CHECK_INTERVAL: Duration = Duration::from_millis(250);

/// The state of the source's thread.
pub(super) struct CaptureLoop<F> {
    /// `None` while it is switched off.
    pub(super) source: Option<Box<dyn Source>>,
    pub(super) open: Open,
    pub(super) job: Job,
    pub(super) counters: Arc<PipelineCounters>,
    pub(super) frames: queue::Sender<(), Frame>,
    pub(super) consumers: SourceSide<F>,
    pub(super) numbers: SequenceNumbers,
}

impl<F: FnMut(FrameInfo, Bytes)> CaptureLoop<F> {
    pub(super) fn run(mut self) {
        if let Some(source) = &self.source {
            self.counters.health().opened(source.signal(), Instant::now());
        }
        let end = self.job.time.map(|time| Instant::now() + time);
        while !self.counters.stop.load(Relaxed) && end.is_none_or(|end| Instant::now() < end) {
            if let Some(change) = self.job.selector.as_ref().and_then(SourceSelector::take) {
                self.change(change);
                continue;
            }
            if self.job.is_off() {
                self.stay_off();
                continue;
            }
            let Some(mut source) = self.source.take() else {
                self.open_again();
                continue;
            };
            let step = self.step(source.as_mut());
            self.counters.lost(source.losses());
            self.counters.passed_over(source.passed_over());
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

    /// The source failed permanently: retrying is useless.
    fn ended(&self, error: &Error, live: Option<Signal>) {
        warn!("{error}");
        self.counters.health().set_signal(live);
        self.counters.reasons().ended = Some(error.to_string());
        self.consumers.no_signal(error.reason());
    }

    fn failed(&self, error: &Error, live: Option<Signal>) {
        let suffix = if live.is_some() { "; waiting for it" } else { "" };
        let mut life = self.counters.health();
        life.set_signal(live);
        let first = life.failed(error.reason(), error.is_permanent());
        drop(life);
        // Logged once, not four times a second for a whole night.
        if first {
            self.counters.outages.fetch_add(1, Relaxed);
            warn!("{error}{suffix}");
            self.consumers.no_signal(error.reason());
        }
        // A lasting failure is shown to viewers at once: the encoder might check only a second later.
        self.consumers.check_silence(Instant::now());
        thread::sleep(FAILURE_PAUSE);
    }

    /// Waits a moment for the switch. A live source is closed first, so that a camera's light goes out.
    fn stay_off(&mut self) {
        self.numbers.paused();
        self.consumers.check_silence(Instant::now());
        if self.source.as_ref().is_some_and(|source| source.signal().is_some()) {
            self.source = None;
        }
        if self.job.switch.as_ref().is_some_and(|switch| switch.wait_on(OFF_CHECK_INTERVAL))
            && let Some(source) = &self.source
        {
            self.counters.health().opened(source.signal(), Instant::now());
        }
    }

    /// Replaces the source. If the new one cannot be opened, the old one is opened again.
    fn change(&mut self, Change { mut open, done }: Change) {
        self.numbers.paused();
        self.source = None;
        if self.job.is_off() {
            self.open = open;
            return done(Ok(None));
        }
        match open() {
            Ok(source) => {
                self.counters.health().opened(source.signal(), Instant::now());
                let description = source.describe();
                (self.source, self.open) = (Some(source), open);
                done(Ok(Some(description)));
            }
            Err(error) => done(Err(error)),
        }
    }

    fn open_again(&mut self) {
        match (self.open)() {
            Ok(source) => {
                self.counters.health().opened(source.signal(), Instant::now());
                self.source = Some(source);
            }
            Err(error) => {
                // Treated like a camera that is gone: reported, and retried.
                let signal = Signal::new(self.job.name.clone(), Duration::ZERO);
                self.failed(&error, Some(signal));
            }
        }
    }

    /// Takes one frame and passes it on.
    fn step(&mut self, source: &mut dyn Source) -> Result<Step, Error> {
        if self.job.viewer_count() == Some(0) {
            return self.unseen(source);
        }
        if let Some(memory) = self.consumers.spare() {
            source.reuse(memory);
        }
        let Some(mut frame) = source.next_frame()? else { return Ok(Step::End) };
        self.counters.captured.fetch_add(1, Relaxed);
        frame.seq = self.numbers.of(frame.seq);
        let frame = match self.consumers.pass_through(frame) {
            Ok(is_done) => return Ok(Step::of(is_done)),
            Err(frame) => frame,
        };
        let Ok(replaced) = self.frames.send_latest((), frame) else {
            self.counters.surplus();
            return Ok(Step::Last);
        };
        self.counters.skipped.fetch_add(replaced.into(), Relaxed);
        Ok(Step::Came)
    }

    /// Takes a frame that nobody views; only the self view may show it.
    fn unseen(&self, source: &mut dyn Source) -> Result<Step, Error> {
        let came = if self.consumers.self_view_is_due(Instant::now()) {
            let frame = source.next_frame()?;
            let came = frame.is_some();
            if let Some(frame) = frame {
                self.consumers.show_only(frame.data);
            }
            came
        } else {
            source.pass_by()?
        };
        if !came {
            return Ok(Step::End);
        }
        self.counters.captured.fetch_add(1, Relaxed);
        self.counters.unseen.fetch_add(1, Relaxed);
        Ok(Step::of(self.consumers.is_done()))
    }

    /// A frame came: the source is alive.
    fn came(&self) {
        let away = self.counters.health().frame(Instant::now());
        if let Some(away) = away {
            // It may have come back as another device, or in another mode.
            let Some(source) = &self.source else { return };
            self.counters.health().set_signal(source.signal());
            info!("{} is back after {:.1} s", source.describe(), away.as_secs_f64());
        }
    }
}

/// The result of an attempt to take a frame.
enum Step {
    /// A frame came.
    Came,
    /// A frame came, and no more are requested.
    Last,
    /// No frame came, and none will.
    End,
}

impl Step {
    const fn of(is_done: bool) -> Self {
        if is_done { Self::Last } else { Self::Came }
    }
}

/// Continues the frame numbers after a source was switched off. Viewers see neither a loss nor another
/// stream.
#[derive(Debug, Default)]
pub(super) struct SequenceNumbers {
    last: Option<u64>,
    /// Added to the source's own numbers.
    shift: u64,
    paused: bool,
}

impl SequenceNumbers {
    /// The source stops for a while or for good; another may replace it.
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
    fn numbers_continue_after_a_pause() {
        let mut numbers = SequenceNumbers::default();
        assert_eq!([0, 1, 3].map(|seq| numbers.of(seq)), [0, 1, 3], "gaps of the source are kept");
        numbers.paused();
        assert_eq!([0, 1].map(|seq| numbers.of(seq)), [4, 5], "reopened");
        numbers.paused();
        assert_eq!([90, 92].map(|seq| numbers.of(seq)), [6, 8], "continued by itself");
        let mut off_at_first = SequenceNumbers::default();
        off_at_first.paused();
        assert_eq!(off_at_first.of(7), 7);
    }
}
