//! Times of one step over many frames, as percentiles.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// Times above this are counted as this: a minute is broken, not slow.
const LONGEST: Duration = Duration::from_secs(60);

/// Significant digits that are kept: a thousandth of a value is far below what a shared machine repeats.
const DIGITS: u8 = 3;

/// The times of one step.
#[derive(Clone, Debug)]
pub struct Step {
    histogram: Histogram<u64>,
}

/// What is told of a step, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Percentiles {
    /// Half of the frames took no longer.
    pub p50: f64,
    /// 95 of 100.
    pub p95: f64,
    /// 99 of 100.
    pub p99: f64,
    /// The slowest.
    pub max: f64,
}

impl Default for Step {
    fn default() -> Self {
        #[expect(clippy::unwrap_used, reason = "the bounds are constants that the histogram takes")]
        let histogram = Histogram::new_with_bounds(1, LONGEST.as_micros() as u64, DIGITS).unwrap();
        Self { histogram }
    }
}

impl Step {
    /// One frame took this long.
    pub fn record(&mut self, time: Duration) {
        self.histogram.saturating_record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// Adds what another has recorded.
    pub fn add(&mut self, other: &Self) {
        let _ = self.histogram.add(&other.histogram); // the same bounds: always fits
    }

    /// Frames recorded.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// The percentiles.
    #[must_use]
    pub fn percentiles(&self) -> Percentiles {
        let at = |quantile| self.histogram.value_at_quantile(quantile) as f64 / 1000.0;
        let max = self.histogram.max() as f64 / 1000.0;
        // The histogram answers with the upper end of a bucket: never above what was seen.
        let [p50, p95, p99] = [0.50, 0.95, 0.99].map(|quantile| at(quantile).min(max));
        Percentiles { p50, p95, p99, max }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_values_given() {
        let mut step = Step::default();
        for millis in 1..=1000 {
            step.record(Duration::from_millis(millis));
        }
        let Percentiles { p50, p95, p99, max } = step.percentiles();
        for (found, wanted) in [(p50, 500.0), (p95, 950.0), (p99, 990.0), (max, 1000.0)] {
            assert!((found - wanted).abs() <= wanted / 500.0, "{found} {wanted}");
        }
        step.record(Duration::from_secs(3600));
        assert!(step.percentiles().max <= 60_100.0);
    }
}
