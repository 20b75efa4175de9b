//! Durations of one step over many frames, as percentiles.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Longer durations are recorded as this: a minute means broken, not slow.
const LONGEST: Duration = Duration::from_secs(60);

/// Significant digits that are kept: results on a shared machine vary by far more than a thousandth.
const DIGITS: u8 = 3;

/// Percentiles that a plot shows, if there are enough frames: the usual nines, and some between for the shape
/// of the line.
const SHOWN: [f64; 13] = [0.0, 25.0, 50.0, 75.0, 90.0, 95.0, 97.5, 99.0, 99.5, 99.75, 99.9, 99.95, 99.99];

/// Durations of one step.
#[derive(Clone, Debug)]
pub struct StepTimes {
    histogram: Histogram<u64>,
}

/// Summary of a step, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Percentiles {
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// Maximum.
    pub max: f64,
}

impl Percentiles {
    /// A summary of these values, in milliseconds.
    #[must_use]
    pub const fn new(p50: f64, p95: f64, p99: f64, max: f64) -> Self {
        Self { p50, p95, p99, max }
    }
}

impl Default for StepTimes {
    fn default() -> Self {
        #[expect(clippy::unwrap_used, reason = "the bounds are constants that the histogram takes")]
        let histogram = Histogram::new_with_bounds(1, LONGEST.as_micros() as u64, DIGITS).unwrap();
        Self { histogram }
    }
}

impl StepTimes {
    /// Records the duration of one frame.
    pub fn record(&mut self, time: Duration) {
        self.histogram.saturating_record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// Merges all recordings.
    #[must_use]
    pub fn sum<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        all.fold(Self::default(), |mut sum, one| {
            let _ = sum.histogram.add(&one.histogram); // cannot fail: they have the same bounds
            sum
        })
    }

    /// Number of frames recorded.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// Summarises the durations.
    #[must_use]
    pub fn percentiles(&self) -> Percentiles {
        let at = |quantile| self.histogram.value_at_quantile(quantile) as f64 / 1000.0;
        let max = self.histogram.max() as f64 / 1000.0;
        // The histogram returns the upper end of a bucket, which can be above the maximum.
        let [p50, p95, p99] = [0.50, 0.95, 0.99].map(|quantile| at(quantile).min(max));
        Percentiles { p50, p95, p99, max }
    }

    /// Points (percentile, milliseconds) for plots, for the percentiles that the frame count can resolve.
    ///
    /// The last point is the slowest frame, at the percentile that this number of frames reaches.
    #[must_use]
    pub fn distribution(&self) -> Vec<(f64, f64)> {
        let count = self.count();
        if count == 0 {
            return Vec::new();
        }
        let max = self.histogram.max();
        let last = 100.0 * (1.0 - 1.0 / count as f64);
        let at = |percentile| self.histogram.value_at_percentile(percentile).min(max);
        let shown = SHOWN.into_iter().filter(|percentile| *percentile < last);
        let shown = shown.map(|percentile| (percentile, at(percentile)));
        shown.chain([(last, max)]).map(|(percentile, micros)| (percentile, micros as f64 / 1000.0)).collect()
    }
}

/// The median; 0 if empty. Unlike a mean, it does not move if one round is disturbed.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_values_given() {
        let mut step = StepTimes::default();
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

    #[test]
    fn a_distribution_goes_as_far_as_the_count() {
        let mut step = StepTimes::default();
        assert!(step.distribution().is_empty());
        step.record(Duration::from_millis(2));
        assert_eq!(step.distribution(), [(0.0, 2.0)]);
        for millis in 1..=999 {
            step.record(Duration::from_millis(millis));
        }
        let found = step.distribution();
        assert!(found.is_sorted(), "{found:?}");
        let (percentiles, times): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        assert!(percentiles.starts_with(&[0.0, 25.0, 50.0, 75.0, 90.0]), "{percentiles:?}");
        assert!(percentiles.ends_with(&[99.5, 99.75, 99.9]), "{percentiles:?}");
        assert!(times.first().is_some_and(|first| (*first - 1.0).abs() < 0.01), "{times:?}");
        assert!(times.last().is_some_and(|last| (*last - 999.0).abs() < 1.0), "{times:?}");
    }
}
