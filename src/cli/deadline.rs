//! When a delivery is given up: after a time without any progress.

use std::time::{Duration, Instant};

/// A limit on standing still, not on the whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    limit: Duration,
    progress: u64,
    since: Option<Instant>,
}

impl Deadline {
    /// A limit that counts from the first [`Self::is_over`].
    pub(super) const fn new(limit: Duration) -> Self {
        Self { limit, progress: 0, since: None }
    }

    /// Whether `progress`, a number that grows with it, has stood still for the limit. `runs`: while it does not, the limit does not
    /// count either, and begins again after that.
    pub(super) fn is_over(&mut self, progress: u64, runs: bool, now: Instant) -> bool {
        if !runs {
            self.since = None;
            return false;
        }
        let since = *self.since.get_or_insert(now);
        if progress != self.progress {
            (self.progress, self.since) = (progress, Some(now));
            return false;
        }
        now.saturating_duration_since(since) >= self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_standing_still_counts() {
        let (start, limit) = (Instant::now(), Duration::from_secs(10));
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut deadline = Deadline::new(limit);
        for second in 0..60 {
            assert!(!deadline.is_over(second, true, at(second)), "it moves on");
        }
        assert!(!deadline.is_over(59, true, at(68)));
        assert!(deadline.is_over(59, true, at(69)));
    }

    #[test]
    fn it_counts_from_when_it_runs() {
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
