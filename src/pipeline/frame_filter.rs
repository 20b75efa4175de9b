//! Decides which frames are sent: the requested number of them, in order, without duplicates, and the share
//! that the link carries.

use std::time::Instant;

use super::{duplicate_filter::DuplicateFilter, job::Job};
use crate::capture::{Frame, FrameData};

pub(super) struct FrameFilter {
    limit: Option<u64>,
    /// Frames that were sent.
    sent: u64,
    /// The number of the newest frame taken.
    newest: Option<u64>,
    duplicates: Option<DuplicateFilter>,
    /// Accumulated share of frames; at 1, the next frame is sent.
    due: f64,
}

/// Why a frame is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// It waited for the encoder's thread while a newer one was passed through.
    Superseded,
    /// It is the same as the frame before.
    Duplicate,
}

impl FrameFilter {
    pub(super) fn new(job: &Job) -> Self {
        let duplicates = job.skip_still.then(DuplicateFilter::default);
        Self { limit: job.frames, sent: 0, newest: None, duplicates, due: 0.0 }
    }

    /// Whether all requested frames have been handled; `unseen` of them had no viewer.
    pub(super) fn is_done(&self, unseen: u64) -> bool {
        self.limit.is_some_and(|limit| self.sent + unseen >= limit)
    }

    /// Why this frame is dropped, if it is.
    pub(super) fn drops(&mut self, frame: &Frame, now: Instant) -> Option<Reason> {
        if self.newest.is_some_and(|newest| frame.seq < newest) {
            return Some(Reason::Superseded);
        }
        self.newest = Some(frame.seq);
        let is_same = self.duplicates.as_ref().is_some_and(|last| last.is_same(&frame.data, now));
        is_same.then_some(Reason::Duplicate)
    }

    /// Whether this frame is dropped because only the share `rate` of the frames is sent.
    pub(super) fn thins(&mut self, rate: f64) -> bool {
        self.due += rate;
        let drops = self.due < 1.0;
        self.due -= if drops { 0.0 } else { 1.0 };
        drops
    }

    /// Counts a frame that was sent; returns data that are no longer needed.
    pub(super) fn sent(&mut self, data: FrameData, now: Instant) -> Option<FrameData> {
        self.sent += 1;
        match &mut self.duplicates {
            Some(duplicates) => duplicates.sent(data, now),
            None => Some(data),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_spreads_the_frames_evenly() {
        let mut filter = FrameFilter::new(&Job::default());
        let dropped: Vec<_> = (0..8).map(|_| filter.thins(0.5)).collect();
        assert_eq!(dropped, [true, false, true, false, true, false, true, false]);
        assert!((0..8).all(|_| !filter.thins(1.0)));
    }
}
