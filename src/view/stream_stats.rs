//! Measurements of a stream: rate, age and size of its frames, now and over the last minute.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::update::VideoFrame;
use crate::clock::Age;

/// Time over which rates are counted.
const WINDOW: Duration = Duration::from_secs(1);

/// Interval between updates of the figures: digits that change thirty times a second cannot be read.
const FIGURES_EVERY: Duration = Duration::from_millis(500);

/// Arrivals kept for the rate, a bound for senders that flood.
const MAX_ARRIVALS: usize = 1_000;

/// Samples of the graphs: a minute, at two per second.
pub(crate) const SAMPLES: usize = 120;

/// Measurements of a stream, as displayed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Figures {
    /// Unknown until a second frame has come, and while only a card comes.
    pub(crate) fps: Option<f32>,
    pub(crate) bytes_per_second: u64,
    pub(crate) age: Option<Age>,
    pub(crate) decode: Duration,
}

/// Half a second of the graphs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct RateSample {
    pub(crate) fps: f32,
    pub(crate) age: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
struct Arrival {
    at: Instant,
    bytes: usize,
    age: Option<Age>,
    /// `None` if it was not decoded.
    decode: Option<Duration>,
}

/// Measures a stream.
#[derive(Debug)]
pub(crate) struct StreamStats {
    pub(crate) figures: Figures,
    /// The last minute, the newest last.
    pub(crate) samples: VecDeque<RateSample>,
    arrivals: VecDeque<Arrival>,
    sampled: Option<Instant>,
    refreshed: Instant,
}

impl StreamStats {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            figures: Figures::default(),
            samples: VecDeque::new(),
            arrivals: VecDeque::new(),
            sampled: None,
            refreshed: now,
        }
    }

    /// Forgets the current figures; the graphs stay.
    pub(super) fn forget(&mut self) {
        self.arrivals.clear();
        self.figures = Figures::default();
    }

    /// Starts a new measurement of the rate.
    pub(super) fn forget_arrivals(&mut self) {
        self.arrivals.clear();
    }

    /// Whether the figures should be updated.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.figures.fps.is_none() || now.saturating_duration_since(self.refreshed) >= FIGURES_EVERY
    }

    /// Counts a frame.
    pub(super) fn arrived(&mut self, frame: &VideoFrame, now: Instant) {
        let VideoFrame { jpeg, age, decoded, decode, .. } = frame;
        // The frame has aged since it was decoded.
        let age = age.map(|age| age.later(now.saturating_duration_since(*decoded)));
        let arrival =
            Arrival { at: now, bytes: jpeg.len(), age, decode: frame.has_pixels().then_some(*decode) };
        if self.arrivals.len() >= MAX_ARRIVALS {
            self.arrivals.pop_front();
        }
        self.arrivals.push_back(arrival);
    }

    /// Updates the figures. `last`: arrival of the newest frame; `pace`: interval before it; `live`: it is no
    /// card.
    pub(super) fn measure(&mut self, last: Instant, pace: Duration, live: bool, now: Instant) {
        while self.arrivals.front().is_some_and(|arrival| now.saturating_duration_since(arrival.at) >= WINDOW)
        {
            self.arrivals.pop_front();
        }
        self.refreshed = now;
        let count = self.arrivals.len();
        // N frames have N − 1 intervals between them.
        let span = self.arrivals.front().map(|first| last.saturating_duration_since(first.at));
        let per_second = match span {
            Some(span) if count > 1 && !span.is_zero() => Some((count - 1) as f32 / span.as_secs_f32()),
            Some(_) if !pace.is_zero() => Some(pace.as_secs_f32().recip()),
            Some(_) => None,
            None => Some(0.0),
        };
        let bytes: u64 = self.arrivals.iter().map(|arrival| arrival.bytes as u64).sum();
        let mean_bytes = bytes as f32 / count.max(1) as f32;
        let mean_of = |sum: Duration, count: usize| {
            sum.checked_div(u32::try_from(count).unwrap_or(u32::MAX)).unwrap_or_default()
        };
        let mean = |sum| mean_of(sum, count);
        let decoded = || self.arrivals.iter().filter_map(|arrival| arrival.decode);
        let ages: Option<Vec<Age>> = self.arrivals.iter().map(|arrival| arrival.age).collect();
        let ages = ages.filter(|ages| !ages.is_empty());
        let age = ages.map(|ages| Age {
            time: mean(ages.iter().map(|age| age.time).sum()),
            // The largest uncertainty.
            within: ages
                .iter()
                .map(|age| age.within)
                .collect::<Option<Vec<_>>>()
                .and_then(|all| all.into_iter().max()),
        });
        self.figures = Figures {
            fps: per_second.filter(|_| live),
            bytes_per_second: (mean_bytes * per_second.unwrap_or_default()) as u64,
            age: age.filter(|_| live),
            decode: mean_of(decoded().sum(), decoded().count()),
        };
        if self.sampled.is_none_or(|sampled| now.saturating_duration_since(sampled) >= FIGURES_EVERY) {
            self.sampled = Some(now);
            if self.samples.len() == SAMPLES {
                self.samples.pop_front();
            }
            let Figures { fps, age, .. } = self.figures;
            self.samples.push_back(RateSample { fps: fps.unwrap_or_default(), age: age.map(|age| age.time) });
        }
    }
}
