//! How fast helpers are, compared with the caller, and how long to wait for one.
//!
//! A strip may have more detail than those that the caller did, and a core that was just idle is slower. A helper
//! that is waited for too briefly is left behind in every picture, although it would have been done at once.

use std::time::Duration;

/// Weight of a picture in the running mean, as for whether strips pay.
const WEIGHT: f64 = 1.0 / 8.0;

/// The slowest helper that is waited for, as a multiple of the caller's time: with a slower one, strips do not
/// pay.
const SLOWEST: f64 = 2.0;

/// How much longer than usual a helper may take before another program seems to have its core.
const MARGIN: f64 = 1.25;

/// The mean time of a helper's strip, as a multiple of the caller's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct HelperPace(f64);

impl Default for HelperPace {
    fn default() -> Self {
        Self(1.0)
    }
}

impl HelperPace {
    /// Records the mean times of a helper's and of the caller's strips of one picture. One that was held up says
    /// no more than the slowest.
    pub(super) fn note(&mut self, helper: Duration, own: Duration) {
        let ratio = helper.as_secs_f64() / own.as_secs_f64().max(f64::MIN_POSITIVE);
        self.0 += (ratio.clamp(1.0, SLOWEST) - self.0) * WEIGHT;
    }

    /// How long a helper may take for a strip if the caller's longest took `own`.
    pub(super) fn patience(self, own: Duration) -> Duration {
        own.mul_f64(MARGIN * self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_helper_that_is_always_slower_is_waited_for_and_one_that_was_held_up_is_not() {
        let mut pace = HelperPace::default();
        assert_eq!(pace.patience(4 * MS), 5 * MS);
        (0..50).for_each(|_| pace.note(6 * MS, 4 * MS));
        assert!(pace.patience(4 * MS) > 7 * MS && pace.patience(4 * MS) < 8 * MS);
        let mut pace = HelperPace::default();
        for picture in 0..1000 {
            // A slow core in every thirtieth picture, as beside a program at a low priority.
            pace.note(if picture % 30 == 0 { 40 * MS } else { 3 * MS }, 4 * MS);
            assert!(pace.patience(4 * MS) < 6 * MS);
        }
        (0..100).for_each(|_| pace.note(40 * MS, 4 * MS));
        assert!(pace.patience(4 * MS) <= 10 * MS, "never longer than this");
    }
}
