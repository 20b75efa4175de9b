//! When to give up a delivery: after a time without progress.

use std::time::{Duration, Instant};

/// How long a delivery may stall, as a multiple of the time for which it has made progress.
///
/// What the kernel has taken is under way for about as long as it took to be taken (in slow start, half of
/// all), and its progress is invisible.
const UNDER_WAY: f64 = 1.5;

/// The longest stall, as a multiple of the limit: buffers are finite.
const LONGEST: u32 = 12;

/// A limit on the time without progress, not on the total time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    limit: Duration,
    progress: u64,
    began: Option<Instant>,
    since: Option<Instant>,
}

impl Deadline {
    /// A limit that counts from the first [`Self::is_over`].
    pub(super) const fn new(limit: Duration) -> Self {
        Self { limit, progress: 0, began: None, since: None }
    }

    /// Whether `progress`, a growing counter, has not changed for the limit.
    ///
    /// While `runs` is false, no time counts, and the limit starts again afterwards.
    pub(super) fn is_over(&mut self, progress: u64, runs: bool, now: Instant) -> bool {
        if !runs {
            (self.began, self.since) = (None, None);
            return false;
        }
        let began = *self.began.get_or_insert(now);
        let since = *self.since.get_or_insert(now);
        if progress != self.progress {
            (self.progress, self.since) = (progress, Some(now));
            return false;
        }
        let moved = since.saturating_duration_since(began).mul_f64(UNDER_WAY);
        let limit = self.limit.max(moved.min(self.limit.saturating_mul(LONGEST)));
        now.saturating_duration_since(since) >= limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_time_without_progress_counts() {
        let (start, limit) = (Instant::now(), Duration::from_secs(10));
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut deadline = Deadline::new(limit);
        for second in 0..60 {
            assert!(!deadline.is_over(second, true, at(second)), "it makes progress");
        }
        // What the kernel has taken may be under way for one and a half times as long as all before it.
        assert!(!deadline.is_over(59, true, at(59 + 88)));
        assert!(deadline.is_over(59, true, at(59 + 89)));
        let mut deadline = Deadline::new(limit);
        for second in 0..3_600 {
            assert!(!deadline.is_over(second, true, at(second)));
        }
        assert!(deadline.is_over(3_599, true, at(3_599 + 120)), "but not for ever");
        let mut deadline = Deadline::new(limit);
        assert!(!deadline.is_over(0, true, at(0)) && !deadline.is_over(1, true, at(1)));
        assert!(!deadline.is_over(1, true, at(10)) && deadline.is_over(1, true, at(11)));
    }

    #[test]
    fn time_counts_only_while_it_runs() {
        let (start, limit) = (Instant::now(), Duration::from_secs(10));
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut deadline = Deadline::new(limit);
        assert!(!deadline.is_over(0, false, at(0)));
        assert!(!deadline.is_over(0, false, at(100)));
        assert!(!deadline.is_over(0, true, at(101)));
        assert!(!deadline.is_over(0, true, at(110)));
        assert!(deadline.is_over(0, true, at(111)));
    }
}
