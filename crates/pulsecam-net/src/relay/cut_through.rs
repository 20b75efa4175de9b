//! Decides whether a frame is passed on while it still arrives, by the recent rate of its sender.
//!
//! If the rest is about to come anyway, waiting for it costs less than passing on pieces. If it may not come
//! soon, the viewers would get pieces of a frame that is never finished.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// The number of frames whose rate is remembered: a sixth of a second at 30 frames per second.
const REMEMBERED: usize = 5;

/// The number of frames whose rate must be known. A new sender has to earn this, and one that stalled has to
/// earn it again.
const KNOWN: usize = 3;

/// If the rest takes less time, it is waited for: within this time nobody notices a difference, and each
/// piece costs a write per viewer.
const WORTHWHILE: Duration = Duration::from_millis(1);

/// If the rest takes longer, it is waited for as well: it may never come. A viewer gets the frames of one
/// sender at a time in pieces, and others must have their turn. Senders of ours keep frames this young.
const SOON: Duration = Duration::from_millis(200);

/// How much later than expected the rest may come before the frame is given up. Nothing but the next frame
/// in pieces waits for it.
const LENIENCE: Duration = Duration::from_millis(50);

/// A frame is passed on in at most about this many pieces. The age that remains is that of the last one.
const PIECES: usize = 12;

/// The smallest piece in bytes: three packets. A smaller one costs more to write than its bytes.
const SMALLEST: usize = 4 << 10;

/// The smallest frame in bytes that is passed on in pieces, and whose rate is measured: a smaller one
/// arrives in a few packets.
const CUT_FROM: usize = 4 * SMALLEST;

/// The frames of one sender: how fast they arrive, and the one that is arriving.
#[derive(Debug, Default)]
pub(super) struct CutThrough {
    /// Seconds per byte of the last frames.
    recent: VecDeque<f64>,
    /// Whether another one like the last would be passed on in pieces.
    expects: bool,
    /// Bytes of the message that is arriving after which it is looked at again, once that is decided.
    next: Option<usize>,
    /// When it is given up, once a piece of it was passed on.
    deadline: Option<Instant>,
}

impl CutThrough {
    /// The bytes of an unfinished message beyond which it has to be looked at.
    pub(super) fn looks_beyond(&self) -> usize {
        self.next.unwrap_or(if self.expects { SMALLEST } else { usize::MAX })
    }

    /// Ignores the unfinished message until it is complete.
    pub(super) const fn ignore(&mut self) {
        self.next = Some(usize::MAX);
    }

    /// Waits for more than these `arrived` bytes: the head is not complete.
    pub(super) const fn wait(&mut self, arrived: usize) {
        self.next = Some(arrived);
    }

    /// Handles a frame of `length` bytes of which `arrived` have arrived. Returns whether these may be passed
    /// on now.
    pub(super) fn part(&mut self, length: usize, arrived: usize) -> bool {
        let piece = (length / PIECES).max(SMALLEST);
        let begun = self.deadline.is_some();
        if !begun && (length < CUT_FROM || !self.is_worthwhile(length.saturating_sub(arrived))) {
            self.ignore();
            return false;
        }
        let enough = begun || arrived >= piece;
        self.next = Some(if enough { arrived + piece } else { piece });
        enough
    }

    /// Records that a piece of it was passed on while `arrived` of its `length` bytes had arrived.
    pub(super) fn begun(&mut self, length: usize, arrived: usize, now: Instant) {
        let rest = self.expected(length.saturating_sub(arrived)).map_or(SOON, |(_, slowest)| slowest);
        self.deadline.get_or_insert(now + rest.min(SOON) + LENIENCE);
    }

    /// When the frame that is being passed on is given up.
    pub(super) const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Handles that the rest came too late: the sender has to earn trust again.
    pub(super) fn tear(&mut self) {
        self.recent.clear();
        self.expects = false;
        self.ignore();
        self.deadline = None;
    }

    /// Handles the end of a message of `length` bytes, the last of which arrived `took` after the first.
    pub(super) fn whole(&mut self, length: usize, is_video: bool, took: Duration) {
        (self.next, self.deadline) = (None, None);
        if !is_video || length < CUT_FROM {
            return;
        }
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(took.as_secs_f64() / length as f64);
        self.expects = self.is_worthwhile(length);
    }

    /// Whether it is better not to wait for this many bytes.
    fn is_worthwhile(&self, bytes: usize) -> bool {
        self.expected(bytes).is_some_and(|(typical, slowest)| typical >= WORTHWHILE && slowest <= SOON)
    }

    /// The time for this many bytes at the rate of the median frame, and of the slowest one, if enough are
    /// known.
    fn expected(&self, bytes: usize) -> Option<(Duration, Duration)> {
        if self.recent.len() < KNOWN {
            return None;
        }
        let mut sorted: Vec<_> = self.recent.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        let time = |pace: f64| Duration::try_from_secs_f64(pace * bytes as f64).unwrap_or(Duration::MAX);
        Some((time(sorted[sorted.len() / 2]), time(*sorted.last()?)))
    }
}

#[cfg(test)]
#[path = "cut_through_tests.rs"]
mod tests;
