//! How long to wait before connecting again.

use std::time::Duration;

/// The first pause after the immediate attempt; doubled for each one after.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// At once, then with doubling pauses up to a limit, for ever. Jitter keeps a hundred clients of a relay that
/// came back from knocking in the same millisecond.
#[derive(Clone, Debug)]
pub struct Backoff {
    max: Duration,
    failures: u32,
}

impl Backoff {
    /// A back-off whose pauses grow to `max`.
    #[must_use]
    pub const fn new(max: Duration) -> Self {
        Self { max, failures: 0 }
    }

    /// The pause before the next attempt. `random`, from 0 to 1, takes up to half of it away.
    pub fn next(&mut self, random: f64) -> Duration {
        let failures = self.failures;
        self.failures = failures.saturating_add(1);
        if failures == 0 {
            return Duration::ZERO;
        }
        let doubled = FIRST_PAUSE.saturating_mul(1_u32.checked_shl(failures - 1).unwrap_or(u32::MAX));
        doubled.min(self.max).mul_f64(1.0 - random.clamp(0.0, 1.0) / 2.0)
    }

    /// Starts over. Only a session that proved healthy earns it: a relay that accepts and closes at once
    /// must not be hammered.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_from_nothing_to_the_limit_and_stay_there() {
        let mut backoff = Backoff::new(Duration::from_secs(5));
        let pauses: Vec<_> = (0..8).map(|_| backoff.next(0.0).as_millis()).collect();
        assert_eq!(pauses, [0, 250, 500, 1000, 2000, 4000, 5000, 5000]);
        for _ in 0..100 {
            assert_eq!(backoff.next(0.0), Duration::from_secs(5));
        }
        backoff.reset();
        assert_eq!(backoff.next(0.0), Duration::ZERO);
    }

    #[test]
    fn jitter_takes_up_to_half_away() {
        let mut backoff = Backoff { max: Duration::from_secs(5), failures: 20 };
        assert_eq!(backoff.next(1.0), Duration::from_millis(2500));
        assert_eq!(backoff.next(0.5), Duration::from_millis(3750));
        assert_eq!(backoff.next(7.0), Duration::from_millis(2500));
    }
}
