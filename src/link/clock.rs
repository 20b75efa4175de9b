//! How far the relay's clock is from ours.
//!
//! Four times of an exchange, as in NTP (RFC 5905, section 8): `t1` asked, `t2` heard there, `t3` answered there,
//! `t4` heard here. The error of one sample is at most half its round trip, so of the last few the one with the
//! shortest round trip counts.

use std::{collections::VecDeque, time::Duration};

use crate::clock::Timestamp;

/// Samples that are remembered: eight, as NTP's clock filter. At 3 s each, a drift shows within half a minute.
const SAMPLES: usize = 8;

/// What to add to our clock to get the relay's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    /// Microseconds; positive where the relay's clock is ahead.
    pub micros: i64,
    /// The truth lies within this many microseconds of it.
    pub uncertainty: u64,
}

/// The last samples.
#[derive(Clone, Debug, Default)]
pub struct OffsetFilter {
    samples: VecDeque<(u64, i64)>,
}

impl OffsetFilter {
    /// Takes one exchange and returns what is now believed. Times that cannot be (an answer before its question) are
    /// ignored.
    pub fn sample(&mut self, t1: Timestamp, t2: Timestamp, t3: Timestamp, t4: Timestamp) -> Option<Offset> {
        let round_trip = t4.micros_since(t1).checked_sub(t3.micros_since(t2));
        if let Some(round_trip) = round_trip.and_then(|micros| u64::try_from(micros).ok()) {
            if self.samples.len() == SAMPLES {
                self.samples.pop_front();
            }
            // Halved first: hostile times must not overflow.
            let offset = t2.micros_since(t1) / 2 + t3.micros_since(t4) / 2;
            self.samples.push_back((round_trip, offset));
        }
        self.best()
    }

    /// The offset by the sample with the shortest round trip.
    #[must_use]
    pub fn best(&self) -> Option<Offset> {
        let &(round_trip, micros) = self.samples.iter().min_by_key(|(round_trip, _)| *round_trip)?;
        Some(Offset { micros, uncertainty: round_trip.div_ceil(2) })
    }
}

impl Offset {
    /// The uncertainty as a duration.
    #[must_use]
    pub const fn uncertainty(self) -> Duration {
        Duration::from_micros(self.uncertainty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: u64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    #[test]
    fn the_sample_with_the_shortest_round_trip_counts() {
        let mut filter = OffsetFilter::default();
        assert_eq!(filter.best(), None);
        // The relay is 1,000,000 ahead; 400 there, 100 held, 8,000 back: badly lopsided.
        let bad = filter.sample(at(10_000), at(1_010_400), at(1_010_500), at(18_500));
        assert_eq!(bad, Some(Offset { micros: 996_200, uncertainty: 4_200 }));
        let good = filter.sample(at(20_000), at(1_020_100), at(1_020_200), at(20_300));
        assert_eq!(good, Some(Offset { micros: 1_000_000, uncertainty: 100 }));
        let later = filter.sample(at(30_000), at(1_030_400), at(1_030_500), at(38_500));
        assert_eq!(later, good);
    }

    #[test]
    fn old_samples_are_forgotten() {
        let mut filter = OffsetFilter::default();
        filter.sample(at(0), at(5), at(5), at(10));
        for round in 1..=SAMPLES as u64 {
            filter.sample(
                at(round * 1000),
                at(round * 1000 + 550),
                at(round * 1000 + 550),
                at(round * 1000 + 100),
            );
        }
        assert_eq!(filter.best(), Some(Offset { micros: 500, uncertainty: 50 }));
    }

    #[test]
    fn hostile_times_are_ignored() {
        let mut filter = OffsetFilter::default();
        let ends = [at(0), at(1), at(u64::MAX), at(u64::MAX / 2), at(i64::MAX as u64)];
        for t1 in ends {
            for t2 in ends {
                for t3 in ends {
                    for t4 in ends {
                        filter.sample(t1, t2, t3, t4);
                    }
                }
            }
        }
        assert_eq!(OffsetFilter::default().sample(at(100), at(0), at(50), at(110)), None);
    }
}
