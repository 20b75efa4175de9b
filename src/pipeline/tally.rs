//! Counters of a pipeline, and whether its source is alive; shared by its threads.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use crate::capture::{Losses, Signal};

/// The counts so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames that the source gave: the sum of `unseen`, `skipped`, `still`, `thinned`, `failed`,
    /// `switched_off`, `handed_on` and `left`.
    pub captured: u64,
    /// Frames that the source gave damaged, and that were dropped.
    pub damaged: u64,
    /// Frames that were repaired.
    pub repaired: u64,
    /// Frames lost before they came here, according to the source's own numbers.
    pub missed: u64,
    /// Frames that were skipped because nobody views.
    pub unseen: u64,
    /// Frames replaced by newer ones before the encoder took them. Includes those a live source passed over.
    pub skipped: u64,
    /// Frames dropped because they were the same as the one before.
    pub still: u64,
    /// Frames dropped because the link cannot carry them all.
    pub thinned: u64,
    /// JPEG frames that were sent unchanged.
    pub passed_through: u64,
    /// Frames that were encoded.
    pub encoded: u64,
    /// Frames that could not be encoded.
    pub failed: u64,
    /// Frames that were taken before the source was switched off, and must not be sent.
    pub switched_off: u64,
    /// Frames that were sent.
    pub handed_on: u64,
    /// Frames without a result: on their way, and at the end those that came too late.
    pub left: u64,
    /// Failures of the source, each counted once however long it lasted.
    pub outages: u64,
    /// Cards sent while the source gave no frames.
    pub cards: u64,
}

impl Counts {
    /// Frames with a known result.
    const fn settled(&self) -> u64 {
        self.unseen
            + self.skipped
            + self.still
            + self.thinned
            + self.failed
            + self.switched_off
            + self.handed_on
    }
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) captured: AtomicU64,
    pub(super) damaged: AtomicU64,
    pub(super) repaired: AtomicU64,
    pub(super) missed: AtomicU64,
    pub(super) unseen: AtomicU64,
    pub(super) skipped: AtomicU64,
    pub(super) still: AtomicU64,
    pub(super) thinned: AtomicU64,
    pub(super) passed_through: AtomicU64,
    pub(super) encoded: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) switched_off: AtomicU64,
    pub(super) handed_on: AtomicU64,
    pub(super) outages: AtomicU64,
    pub(super) cards: AtomicU64,
    not_wanted: AtomicU64,
    /// Frames that the source itself replaced by newer ones; counted as captured and skipped.
    passed_over: AtomicU64,
    reasons: Mutex<Reasons>,
    pub(super) stop: AtomicBool,
    life: Mutex<Life>,
}

/// Reasons why there is nothing to see.
#[derive(Debug, Default)]
pub(super) struct Reasons {
    /// Why the source ended, unless it reached the end of its material.
    pub(super) ended: Option<String>,
    /// Why the last frame that failed could not be encoded.
    pub(super) failed: Option<String>,
}

impl Tally {
    pub(super) fn counts(&self) -> Counts {
        let passed_over = self.passed_over.load(Relaxed);
        let mut counts = Counts {
            captured: 0,
            damaged: self.damaged.load(Relaxed),
            repaired: self.repaired.load(Relaxed),
            missed: self.missed.load(Relaxed),
            unseen: self.unseen.load(Relaxed),
            skipped: self.skipped.load(Relaxed) + passed_over,
            still: self.still.load(Relaxed),
            thinned: self.thinned.load(Relaxed),
            passed_through: self.passed_through.load(Relaxed),
            encoded: self.encoded.load(Relaxed),
            failed: self.failed.load(Relaxed),
            switched_off: self.switched_off.load(Relaxed),
            handed_on: self.handed_on.load(Relaxed),
            left: 0,
            outages: self.outages.load(Relaxed),
            cards: self.cards.load(Relaxed),
        };
        // Read last: the result of a frame is counted after its arrival.
        counts.captured =
            self.captured.load(Relaxed).saturating_sub(self.not_wanted.load(Relaxed)) + passed_over;
        counts.left = counts.captured.saturating_sub(counts.settled());
        counts
    }

    /// A frame beyond the requested ones was taken: it was on its way when the last one was sent.
    pub(super) fn not_wanted(&self) {
        self.not_wanted.fetch_add(1, Relaxed);
    }

    pub(super) fn lost(&self, losses: Losses) {
        self.damaged.store(losses.damaged, Relaxed);
        self.missed.store(losses.missed, Relaxed);
        self.repaired.store(losses.repaired, Relaxed);
    }

    /// Sets the number of frames that a live source has passed over.
    pub(super) fn passed_over(&self, frames: u64) {
        self.passed_over.store(frames, Relaxed);
    }

    pub(super) fn reasons(&self) -> MutexGuard<'_, Reasons> {
        self.reasons.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a source is alive, and the reason if it is not.
#[derive(Debug, Default)]
pub(super) struct Life {
    signal: Option<Signal>,
    /// When the last frame came, or the source was opened.
    last: Option<Instant>,
    trouble: Option<String>,
    /// Whether it will certainly not come back within its patience.
    gone: bool,
    /// Its signal while it is switched off.
    off: Option<Signal>,
}

/// A source that gives nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Silence {
    pub(super) signal: Signal,
    /// The reason, if known.
    pub(super) trouble: Option<String>,
    /// Whether it was switched off.
    pub(super) off: bool,
}

impl Life {
    /// A source was opened; its patience starts now.
    pub(super) fn opened(&mut self, signal: Option<Signal>, now: Instant) {
        self.signal = signal;
        self.last = Some(now);
        self.off = None;
    }

    /// A frame came. If the source had failed, returns the time without a frame.
    pub(super) fn frame(&mut self, now: Instant) -> Option<Duration> {
        let last = self.last.replace(now);
        self.gone = false;
        self.trouble.take()?;
        Some(now.duration_since(last?))
    }

    /// The source failed; `gone`: it is away for a while. Returns true if it had not failed before.
    pub(super) fn failed(&mut self, trouble: String, gone: bool) -> bool {
        self.gone |= gone;
        self.trouble.replace(trouble).is_none()
    }

    /// It was switched off or on; returns whether that is new. `name` and `size` are used if the source gave
    /// none.
    pub(super) fn switched(
        &mut self,
        on: bool,
        name: &str,
        size: Option<(usize, usize)>,
        now: Instant,
    ) -> bool {
        let news = on == self.off.is_some();
        if news && on {
            (self.off, self.last) = (None, Some(now));
        } else if news {
            let size = self.signal.as_ref().and_then(|signal| signal.size).or(size);
            let signal = Signal { name: name.to_owned(), size, patience: Duration::ZERO };
            (self.off, self.trouble, self.gone) = (Some(signal), None, false);
        }
        news
    }

    /// Why no frames come, if the source failed and none came since.
    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.clone()
    }

    /// Updates the source's signal.
    pub(super) fn known_as(&mut self, signal: Option<Signal>) {
        self.signal = signal;
    }

    /// How long it may still be silent; zero if it has been too long, `None` if silence means nothing.
    pub(super) fn patience(&self, now: Instant) -> Option<Duration> {
        if self.off.is_some() {
            return Some(Duration::ZERO);
        }
        let patience = self.signal.as_ref()?.patience;
        Some(patience.saturating_sub(now.duration_since(self.last?)))
    }

    /// The silence to report to viewers, if any.
    pub(super) fn silence(&self, now: Instant) -> Option<Silence> {
        if let Some(signal) = &self.off {
            return Some(Silence { signal: signal.clone(), trouble: None, off: true });
        }
        let signal = self.signal.as_ref()?;
        let silent = now.duration_since(self.last?);
        (self.gone || silent >= signal.patience).then(|| Silence {
            signal: signal.clone(),
            trouble: self.trouble.clone(),
            off: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn signal() -> Signal {
        Signal { name: "C920".into(), size: None, patience: 700 * MS }
    }

    #[test]
    fn silence_is_told_once_it_lasts() {
        let start = Instant::now();
        let mut life = Life::default();
        assert_eq!(life.silence(start), None);
        life.opened(Some(signal()), start);
        assert_eq!(life.silence(start + 699 * MS), None);
        assert_eq!(life.patience(start + 600 * MS), Some(100 * MS));
        assert_eq!(life.patience(start + 900 * MS), Some(Duration::ZERO));
        assert_eq!(
            life.silence(start + 700 * MS),
            Some(Silence { signal: signal(), trouble: None, off: false })
        );
        assert_eq!(life.frame(start + 800 * MS), None, "a slow source has not failed");
        assert_eq!(life.silence(start + 900 * MS), None);
        assert!(life.failed("stumbled".into(), false));
        assert_eq!(life.silence(start + 900 * MS), None, "it may come back at once");
        assert!(!life.failed("unplugged".into(), true));
        assert!(life.silence(start + 900 * MS).is_some());
        assert!(!life.failed("still unplugged".into(), false));
        let silence = life.silence(start + 1500 * MS).unwrap();
        assert_eq!(silence.trouble.as_deref(), Some("still unplugged"));
        assert_eq!(life.frame(start + 2800 * MS), Some(2000 * MS));
        assert_eq!(life.silence(start + 2900 * MS), None);
    }

    #[test]
    fn what_is_switched_off_is_told_at_once_until_it_is_on_again() {
        let start = Instant::now();
        let mut life = Life::default();
        life.opened(None, start);
        let ann = Signal { name: "ann".into(), size: Some((64, 48)), patience: Duration::ZERO };
        assert!(!life.switched(true, "ann", None, start), "it is on already");
        assert!(life.switched(false, "ann", ann.size, start) && !life.switched(false, "ann", None, start));
        assert_eq!(life.patience(start), Some(Duration::ZERO));
        assert_eq!(life.silence(start), Some(Silence { signal: ann, trouble: None, off: true }));
        life.opened(Some(signal()), start + 100 * MS);
        assert_eq!(life.silence(start + 200 * MS), None);
        // A source that hangs in its driver meanwhile is not reopened.
        life.switched(false, "ann", None, start + 300 * MS);
        assert!(life.switched(true, "ann", None, start + 400 * MS));
        assert_eq!(life.silence(start + 500 * MS), None);
        assert!(life.silence(start + 1_200 * MS).is_some_and(|silence| !silence.off));
    }

    #[test]
    fn sources_whose_pauses_mean_nothing_are_never_silent() {
        let start = Instant::now();
        let mut life = Life::default();
        life.opened(None, start);
        assert_eq!(life.silence(start + 3_600_000 * MS), None);
        assert_eq!(life.patience(start), None);
    }
}
