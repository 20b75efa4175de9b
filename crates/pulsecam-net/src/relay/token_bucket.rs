//! Token bucket: a rate limit with room for a burst (as in RFC 2697).

use std::time::{Duration, Instant};

/// The time for which unused rate is saved. A sender that was delayed by its own machine can catch up at
/// once.
const BURST: Duration = Duration::from_secs(2);

/// A token bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct TokenBucket {
    per_second: f64,
    left: f64,
    at: Instant,
}

impl TokenBucket {
    /// Creates a full bucket.
    pub(super) fn new(per_second: f64, now: Instant) -> Self {
        Self { per_second, left: per_second * BURST.as_secs_f64(), at: now }
    }

    /// Takes `amount` if anything is left. One large amount may take more than there is; later ones have to
    /// wait for it.
    pub(super) fn take(&mut self, amount: f64, now: Instant) -> bool {
        self.grow(now);
        let allowed = self.left > 0.0;
        if allowed {
            self.left -= amount;
        }
        allowed
    }

    /// Takes `amount` even if it is not there; returns the time until something is left again.
    pub(super) fn spend(&mut self, amount: f64, now: Instant) -> Duration {
        self.grow(now);
        self.left -= amount;
        Duration::try_from_secs_f64(-self.left / self.per_second).unwrap_or(Duration::ZERO)
    }

    /// Whether the bucket is full, so that it need not be remembered.
    pub(super) fn is_full(&mut self, now: Instant) -> bool {
        self.grow(now);
        self.left >= self.most()
    }

    fn grow(&mut self, now: Instant) {
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + since * self.per_second).min(self.most());
        self.at = now;
    }

    fn most(&self) -> f64 {
        self.per_second * BURST.as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_rate_is_kept_and_a_burst_is_let_through() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(100.0, start);
        assert!(bucket.is_full(start));
        assert_eq!((0..300).filter(|_| bucket.take(1.0, start)).count(), 200, "2 s of the rate at once");
        assert!(!bucket.is_full(start + 1_999 * MS) && bucket.is_full(start + 2_001 * MS));
        let mut bucket = TokenBucket::new(100.0, start);
        // Twice the rate for 10 s: the burst, and the rate.
        let let_through = (0..2_000).filter(|step| bucket.take(1.0, start + 5 * *step * MS)).count();
        assert!((1_195..=1_205).contains(&let_through), "{let_through}");
    }

    #[test]
    fn what_is_larger_than_a_burst_passes_alone() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(100.0, start);
        assert!(bucket.take(1_000.0, start));
        assert!(!bucket.take(1.0, start + 7_900 * MS));
        assert!(bucket.take(1.0, start + 8_100 * MS));
    }

    #[test]
    fn what_was_spent_too_much_is_waited_for() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(100.0, start);
        assert_eq!(bucket.spend(200.0, start), Duration::ZERO);
        assert_eq!(bucket.spend(50.0, start), 500 * MS);
        assert_eq!(bucket.spend(0.0, start + 500 * MS), Duration::ZERO);
        assert_eq!(
            bucket.spend(1e300, start + 500 * MS),
            Duration::ZERO,
            "a longer time than a Duration holds"
        );
    }

    #[test]
    fn a_clock_that_stands_still_or_jumps_back_gives_nothing() {
        let start = Instant::now() + 10_000 * MS;
        let mut bucket = TokenBucket::new(10.0, start);
        while bucket.take(1.0, start) {}
        assert!(!bucket.take(1.0, start) && !bucket.take(1.0, start - 5_000 * MS));
    }
}
