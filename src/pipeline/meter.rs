//! Frames and bytes per second of one stream, over the last second.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Averaging time: long enough for a steady figure, short enough to show a change.
const WINDOW: Duration = Duration::from_secs(1);

/// Arrivals kept: a thousand frames per second.
const MAX_ARRIVALS: usize = 1000;

/// A sliding window of arrivals.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    arrivals: VecDeque<(Instant, usize)>,
}

/// The rates of a [`Meter`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// Frames per second.
    pub(crate) frames: f64,
    /// Bytes per second.
    pub(crate) bytes: f64,
}

impl Meter {
    /// Counts a frame of `bytes` bytes that arrived at `now`.
    pub fn arrived(&mut self, now: Instant, bytes: usize) {
        if self.arrivals.len() == MAX_ARRIVALS {
            self.arrivals.pop_front();
        }
        self.arrivals.push_back((now, bytes));
        self.forget(now);
    }

    /// The rates at `now`.
    pub fn rates(&mut self, now: Instant) -> Rates {
        self.forget(now);
        let Some(&(first, _)) = self.arrivals.front() else { return Rates::default() };
        // N arrivals have N − 1 intervals; the time since the last one counts once it is overdue.
        let gaps = self.arrivals.len() - 1;
        let last = self.arrivals.back().map_or(first, |&(at, _)| at);
        let spacing = last.duration_since(first).div_f64(gaps.max(1) as f64);
        let overdue = now.duration_since(last).saturating_sub(spacing);
        let span = (last.duration_since(first) + overdue).as_secs_f64();
        if gaps == 0 || span <= 0.0 {
            return Rates { frames: self.arrivals.len() as f64, bytes: self.bytes(0) as f64 };
        }
        Rates { frames: gaps as f64 / span, bytes: self.bytes(1) as f64 / span }
    }

    fn bytes(&self, skip: usize) -> usize {
        self.arrivals.iter().skip(skip).map(|(_, bytes)| bytes).sum()
    }

    fn forget(&mut self, now: Instant) {
        while self.arrivals.front().is_some_and(|(at, _)| now.duration_since(*at) > WINDOW) {
            self.arrivals.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stream_shows_its_rate() {
        let start = Instant::now();
        let mut meter = Meter::default();
        for frame in 0..100_u32 {
            meter.arrived(start + frame * Duration::from_millis(40), 1000);
        }
        let rates = meter.rates(start + 99 * Duration::from_millis(40));
        assert!((rates.frames - 25.0).abs() < 0.01, "{rates:?}");
        assert!((rates.bytes - 25_000.0).abs() < 10.0, "{rates:?}");
    }

    #[test]
    fn a_stream_that_stops_falls_to_nothing() {
        let start = Instant::now();
        let mut meter = Meter::default();
        for frame in 0..30_u32 {
            meter.arrived(start + frame * Duration::from_millis(33), 1000);
        }
        let half_later = meter.rates(start + Duration::from_millis(1457)).frames;
        assert!(half_later < 20.0, "{half_later}");
        assert_eq!(meter.rates(start + Duration::from_secs(3)), Rates::default());
    }
}
