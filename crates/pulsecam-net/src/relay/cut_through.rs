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

/// If the rest takes longer, it is waited for as well: it may never come.
const SOON: Duration = Duration::from_millis(50);

/// How much later than expected the rest may come before the frame is given up.
const LENIENCE: Duration = Duration::from_millis(50);

/// A frame is passed on in at most about this many pieces. The age that remains is that of the last one.
const PIECES: usize = 12;

/// The smallest piece in bytes: three packets. A smaller one costs more to write than its bytes.
const SMALLEST: usize = 4 << 10;

/// Bytes of a frame whose rate is measured: a smaller one arrives in a few packets.
const MEASURED: usize = 4 * SMALLEST;

/// The frames of one sender: how fast they arrive, and the one that is arriving.
#[derive(Debug, Default)]
pub(super) struct CutThrough {
    /// Seconds per byte of the last frames.
    recent: VecDeque<f64>,
    arriving: Option<ArrivingFrame>,
}

#[derive(Debug)]
struct ArrivingFrame {
    seen: Instant,
    /// Bytes that had arrived when it was seen first.
    first: usize,
    /// Bytes after which it is looked at again.
    next: usize,
    /// When it is given up, once a piece of it was passed on.
    deadline: Option<Instant>,
}

impl CutThrough {
    /// The bytes of an unfinished message beyond which it has to be looked at.
    pub(super) fn looks_beyond(&self) -> usize {
        self.arriving.as_ref().map_or(0, |frame| frame.next)
    }

    /// Ignores the unfinished message until it is complete.
    pub(super) fn ignore(&mut self, now: Instant) {
        self.frame(0, now).next = usize::MAX;
    }

    /// Waits for more than these `arrived` bytes: the head is not complete.
    pub(super) fn wait(&mut self, arrived: usize, now: Instant) {
        self.frame(arrived, now).next = arrived;
    }

    /// Handles a frame of `length` bytes of which `arrived` have arrived. Returns whether these may be passed
    /// on now.
    pub(super) fn part(&mut self, length: usize, arrived: usize, now: Instant) -> bool {
        let (rate, piece) = (self.rate(), (length / PIECES).max(SMALLEST));
        let rest = length.saturating_sub(arrived) as f64;
        let frame = self.frame(arrived, now);
        if frame.deadline.is_some() {
            frame.next = arrived + piece;
            return true;
        }
        let Some((typical, slowest)) = rate.filter(|_| length >= MEASURED) else {
            frame.next = usize::MAX;
            return false;
        };
        if rest * typical < WORTHWHILE.as_secs_f64() || rest * slowest > SOON.as_secs_f64() {
            frame.next = usize::MAX;
            return false;
        }
        frame.next = if arrived < piece { piece } else { arrived + piece };
        arrived >= piece
    }

    /// Records that a piece of it was passed on while `arrived` of its `length` bytes had arrived.
    pub(super) fn begun(&mut self, length: usize, arrived: usize, now: Instant) {
        let slowest = self.rate().map_or(0.0, |(_, slowest)| slowest);
        let rest = Duration::try_from_secs_f64(length.saturating_sub(arrived) as f64 * slowest);
        let deadline = now + rest.unwrap_or(SOON).min(SOON) + LENIENCE;
        self.frame(arrived, now).deadline.get_or_insert(deadline);
    }

    /// When the frame that is being passed on is given up.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.arriving.as_ref()?.deadline
    }

    /// Handles that the rest came too late: the sender has to earn trust again.
    pub(super) fn tear(&mut self, now: Instant) {
        self.recent.clear();
        self.ignore(now);
        self.frame(0, now).deadline = None;
    }

    /// Handles the end of a message of `length` bytes.
    pub(super) fn whole(&mut self, length: usize, is_video: bool, now: Instant) {
        let arriving = self.arriving.take();
        if !is_video || length < MEASURED {
            return;
        }
        // One that was not seen before arrived at once.
        let (bytes, time) = arriving.map_or((length, Duration::ZERO), |frame| {
            (length.saturating_sub(frame.first), now.saturating_duration_since(frame.seen))
        });
        if bytes < length / 4 {
            return; // it was seen too late
        }
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(time.as_secs_f64() / bytes as f64);
    }

    /// The seconds per byte of the median frame and of the slowest one, if enough are known.
    fn rate(&self) -> Option<(f64, f64)> {
        if self.recent.len() < KNOWN {
            return None;
        }
        let mut sorted: Vec<_> = self.recent.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        Some((sorted[sorted.len() / 2], *sorted.last()?))
    }

    fn frame(&mut self, arrived: usize, now: Instant) -> &mut ArrivingFrame {
        let first = ArrivingFrame { seen: now, first: arrived, next: 0, deadline: None };
        self.arriving.get_or_insert(first)
    }
}

#[cfg(test)]
#[path = "cut_through_tests.rs"]
mod tests;
