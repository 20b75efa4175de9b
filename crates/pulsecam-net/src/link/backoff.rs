//! The pauses between attempts to connect.

use std::time::Duration;

/// The pause before the first attempt. It is too short to notice, but long enough that all observers of the
/// link's state see why it went down.
pub(super) const AT_ONCE: Duration = Duration::from_millis(50);

/// The second pause; it doubles after each further failure.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// The pause after a failure that a retry does not heal, in units of the longest pause. It is 30 s by
/// default. The relay may be restarted with the right key, so retries never end.
const LASTING: u32 = 6;

/// Endless retries: the first at once, then with pauses that double up to a limit. Jitter keeps the clients
/// of a restarted relay from connecting in the same millisecond.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    max: Duration,
    failures: u32,
}

impl Backoff {
    /// Creates a back-off whose pauses grow to `max`.
    #[must_use]
    pub(super) const fn new(max: Duration) -> Self {
        Self { max, failures: 0 }
    }

    /// Returns the pause before the next attempt. `random`, from 0 to 1, shortens it by up to half.
    pub(super) fn next(&mut self, random: f64) -> Duration {
        let failures = self.failures;
        self.failures = failures.saturating_add(1);
        if failures == 0 {
            return AT_ONCE.min(self.max);
        }
        let doubled = FIRST_PAUSE.saturating_mul(1_u32.checked_shl(failures - 1).unwrap_or(u32::MAX));
        doubled.min(self.max).mul_f64(1.0 - random.clamp(0.0, 1.0) / 2.0)
    }

    /// Returns the pause after a failure that a retry does not heal.
    #[must_use]
    pub(super) fn slow(&self, random: f64) -> Duration {
        self.max.saturating_mul(LASTING).mul_f64(1.0 - random.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_from_next_to_nothing_to_the_limit_and_stay_there() {
        let mut backoff = Backoff::new(Duration::from_secs(5));
        let pauses: Vec<_> = (0..8).map(|_| backoff.next(0.0).as_millis()).collect();
        assert_eq!(pauses, [50, 250, 500, 1000, 2000, 4000, 5000, 5000]);
        for _ in 0..100 {
            assert_eq!(backoff.next(0.0), Duration::from_secs(5));
        }
    }

    #[test]
    fn what_does_not_heal_is_tried_slowly() {
        let backoff = Backoff::new(Duration::from_secs(5));
        assert_eq!(backoff.slow(0.0), Duration::from_secs(30));
        assert_eq!(backoff.slow(1.0), Duration::from_secs(15));
    }

    #[test]
    fn jitter_takes_up_to_half_away() {
        let mut backoff = Backoff { max: Duration::from_secs(5), failures: 20 };
        assert_eq!(backoff.next(1.0), Duration::from_millis(2500));
        assert_eq!(backoff.next(0.5), Duration::from_millis(3750));
        assert_eq!(backoff.next(7.0), Duration::from_millis(2500));
    }
}
