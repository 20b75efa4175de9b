//! The time limit for each step of an attempt to connect.

use std::time::Duration;

use tokio::time;

use crate::clock::now;

/// The greatest limit. A link tolerates 10 s of silence, so a path with such a round trip must be able to
/// connect; TCP and TLS 1.3 need one round trip each.
const LONGEST: Duration = Duration::from_secs(12);

/// The least ratio of the next limit to the slowest step of a successful attempt, because delays vary.
const SLACK: (u32, u32) = (3, 2);

/// The limit of each step (TCP, TLS, the key). It is doubled after a timeout, up to a cap, and reduced to
/// what is needed after a success. A refusal does not change it.
#[derive(Debug)]
pub(super) struct AdaptiveTimeout {
    base: Duration,
    limit: Duration,
    /// Whether the current attempt ran out of time.
    ran_out: bool,
    /// The slowest step of the current attempt.
    slowest: Duration,
}

impl AdaptiveTimeout {
    /// Starts with `base`.
    pub(super) const fn new(base: Duration) -> Self {
        Self { base, limit: base, ran_out: false, slowest: Duration::ZERO }
    }

    /// The limit of each step of the current attempt.
    pub(super) const fn limit(&self) -> Duration {
        self.limit
    }

    /// Begins another attempt.
    pub(super) fn begin(&mut self) {
        if std::mem::take(&mut self.ran_out) {
            self.limit = self.limit.saturating_mul(2).min(LONGEST.max(self.base));
        }
        self.slowest = Duration::ZERO;
    }

    /// Records the time of a step.
    pub(super) fn took(&mut self, time: Duration) {
        self.slowest = self.slowest.max(time);
    }

    /// Records that a step exceeded the limit.
    pub(super) const fn ran_out(&mut self) {
        self.ran_out = true;
    }

    /// Records that the current attempt succeeded. The next one gets the shortest limit that would have been
    /// enough for it.
    pub(super) fn succeeded(&mut self) {
        let enough = self.slowest.saturating_mul(SLACK.0) / SLACK.1;
        let cap = LONGEST.max(self.base);
        self.limit = self.base;
        while self.limit < enough.min(cap) {
            self.limit = self.limit.saturating_mul(2).min(cap);
        }
        self.ran_out = false;
    }

    /// Waits for a step, at most until the limit.
    pub(super) async fn within<T>(&mut self, step: impl Future<Output = T>) -> Option<T> {
        let began = now();
        if let Ok(done) = time::timeout(self.limit, step).await {
            self.took(now().saturating_duration_since(began));
            return Some(done);
        }
        self.ran_out();
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: Duration = Duration::from_millis(1500);

    fn fail(patience: &mut AdaptiveTimeout) -> u128 {
        patience.ran_out();
        patience.begin();
        patience.limit().as_millis()
    }

    #[test]
    fn each_try_that_runs_out_of_time_doubles_the_limit_up_to_the_cap() {
        let mut patience = AdaptiveTimeout::new(BASE);
        patience.begin();
        assert_eq!(patience.limit(), BASE);
        let limits: Vec<_> = (0..5).map(|_| fail(&mut patience)).collect();
        assert_eq!(limits, [3000, 6000, 12_000, 12_000, 12_000]);
        patience.begin();
        assert_eq!(patience.limit().as_millis(), 12_000, "a refusal changes nothing");
    }

    #[test]
    fn success_leaves_the_limit_that_was_needed() {
        let mut patience = AdaptiveTimeout::new(BASE);
        for _ in 0..4 {
            fail(&mut patience);
        }
        patience.took(Duration::from_millis(1600));
        patience.took(Duration::from_millis(40));
        patience.succeeded();
        patience.begin();
        assert_eq!(patience.limit().as_millis(), 3000, "1.6 s and half of it");
        patience.took(Duration::from_millis(40));
        patience.succeeded();
        patience.begin();
        assert_eq!(patience.limit(), BASE);
    }

    #[test]
    fn a_longer_base_is_its_own_cap() {
        let mut patience = AdaptiveTimeout::new(Duration::from_secs(30));
        assert_eq!(fail(&mut patience), 30_000);
        patience.took(Duration::from_secs(29));
        patience.succeeded();
        assert_eq!(patience.limit().as_millis(), 30_000);
    }

    #[tokio::test(start_paused = true)]
    async fn a_step_that_takes_too_long_is_noted() {
        let mut patience = AdaptiveTimeout::new(BASE);
        assert_eq!(patience.within(time::sleep(BASE * 2)).await, None);
        patience.begin();
        assert_eq!(patience.limit(), BASE * 2);
        assert_eq!(patience.within(async { 7 }).await, Some(7));
    }
}
