//! Counters of a pipeline, shared by its threads.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use super::source_health::SourceHealth;
use crate::capture::Losses;

/// The counts so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceCounts {
    /// Frames that the source gave: the sum of `unseen`, `skipped`, `duplicate_filter`, `thinned`, `failed`,
    /// `switched_off`, `handed_on` and `left`.
    pub(crate) captured: u64,
    /// Frames that the source gave damaged, and that were dropped.
    pub(crate) damaged: u64,
    /// Frames that were repaired.
    pub(crate) repaired: u64,
    /// Frames lost before they came here, according to the source's own numbers.
    pub(crate) missed: u64,
    /// Frames that were skipped because nobody views.
    pub(crate) unseen: u64,
    /// Frames replaced by newer ones before the encoder took them. Includes those a live source passed over.
    pub(crate) skipped: u64,
    /// Frames dropped because they were the same as the one before.
    pub(crate) still: u64,
    /// Frames dropped because the link cannot carry them all.
    pub(crate) thinned: u64,
    /// JPEG frames that were sent unchanged.
    pub(crate) passed_through: u64,
    /// Frames that were encoded.
    pub(crate) encoded: u64,
    /// Frames that could not be encoded.
    pub(crate) failed: u64,
    /// Frames that were taken before the source was switched off, and must not be sent.
    pub(crate) switched_off: u64,
    /// Frames that were sent.
    pub(crate) handed_on: u64,
    /// Frames without a result: on their way, and at the end those that came too late.
    pub(crate) left: u64,
    /// Failures of the source, each counted once however long it lasted.
    pub(crate) outages: u64,
    /// Cards sent while the source gave no frames.
    pub(crate) cards: u64,
}

impl SourceCounts {
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
pub(super) struct PipelineCounters {
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
    surplus: AtomicU64,
    /// Frames that the source itself replaced by newer ones; counted as captured and skipped.
    passed_over: AtomicU64,
    reasons: Mutex<Reasons>,
    pub(super) stop: AtomicBool,
    life: Mutex<SourceHealth>,
}

/// Reasons why there is nothing to see.
#[derive(Debug, Default)]
pub(super) struct Reasons {
    /// Why the source ended, unless it reached the end of its material.
    pub(super) ended: Option<String>,
    /// Why the last frame that failed could not be encoded.
    pub(super) failed: Option<String>,
}

impl PipelineCounters {
    pub(super) fn counts(&self) -> SourceCounts {
        let passed_over = self.passed_over.load(Relaxed);
        let mut counts = SourceCounts {
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
            self.captured.load(Relaxed).saturating_sub(self.surplus.load(Relaxed)) + passed_over;
        counts.left = counts.captured.saturating_sub(counts.settled());
        counts
    }

    /// A frame beyond the requested ones was taken: it was on its way when the last one was sent.
    pub(super) fn surplus(&self) {
        self.surplus.fetch_add(1, Relaxed);
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

    pub(super) fn health(&self) -> MutexGuard<'_, SourceHealth> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
