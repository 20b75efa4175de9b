//! The offset of another machine's clock from ours: a relay's, for its clients and for other relays.
//!
//! Each exchange has four times, as in NTP (RFC 5905, section 8): `t1` sent, `t2` received there, `t3`
//! answered there, `t4` received here. The error of one sample is at most half its round trip, so of the last
//! few the one with the shortest round trip counts.
//!
//! A clock may jump: it is set, or a laptop wakes up. Each sample gives bounds of the offset, so an older one
//! whose bounds do not overlap those of the newest is outdated, whichever of the two clocks moved, and is
//! dropped.

use std::{collections::VecDeque, time::Duration};

use crate::clock::Timestamp;

/// The number of samples kept: eight, as in NTP's clock filter. At 3 s each, a drift shows within 30 s.
const SAMPLES: usize = 8;

/// The microseconds by which rounding may separate the bounds of two samples.
const ROUNDING: u64 = 4;

/// The other end's clock minus ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    /// Microseconds; positive if the other end's clock is ahead.
    pub micros: i64,
    /// The greatest error of `micros`, in microseconds.
    pub uncertainty: u64,
}

/// The latest samples, all compatible with the newest.
#[derive(Clone, Debug, Default)]
pub(crate) struct OffsetFilter {
    samples: VecDeque<(u64, i64)>,
}

impl OffsetFilter {
    /// Adds one exchange and returns the current estimate. Impossible times (an answer before its question)
    /// are ignored.
    pub(crate) fn sample(
        &mut self,
        t1: Timestamp,
        t2: Timestamp,
        t3: Timestamp,
        t4: Timestamp,
    ) -> Option<Offset> {
        let round_trip = t4.micros_since(t1).checked_sub(t3.micros_since(t2));
        if let Some(round_trip) = round_trip.and_then(|micros| u64::try_from(micros).ok()) {
            if self.samples.len() == SAMPLES {
                self.samples.pop_front();
            }
            // Halved first: hostile times must not overflow.
            let offset = t2.micros_since(t1) / 2 + t3.micros_since(t4) / 2;
            self.samples.retain(|(before, micros)| {
                // The sum of two halves and a few microseconds cannot overflow.
                micros.abs_diff(offset) <= before.div_ceil(2) + round_trip.div_ceil(2) + ROUNDING
            });
            self.samples.push_back((round_trip, offset));
        }
        self.best()
    }

    /// The offset from the sample with the shortest round trip.
    #[must_use]
    pub(crate) fn best(&self) -> Option<Offset> {
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
        // The relay is 1,000,000 ahead; 400 there, 100 held, 8,000 back: very asymmetric.
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

    /// An exchange at `start` by our clock; the relay's is ahead by `ahead`.
    fn exchange(filter: &mut OffsetFilter, start: u64, ahead: i64, each_way: u64) -> Option<Offset> {
        let there = at(start + each_way).offset(ahead);
        filter.sample(at(start), there, there, at(start + 2 * each_way))
    }

    #[test]
    fn a_clock_that_jumps_is_believed_from_the_next_exchange_on() {
        const HOUR: i64 = 3_600_000_000;
        let start = 10 * HOUR.unsigned_abs();
        // Our clock or the relay's, forward or back: the bounds before and after do not overlap.
        for jump in [HOUR, -HOUR, 50_000, -50_000] {
            let mut filter = OffsetFilter::default();
            for round in 0..SAMPLES as u64 {
                exchange(&mut filter, start + round * 3_000_000, 700, 20);
            }
            // Slower than all before: by the round trip alone, it would not count.
            let after = exchange(&mut filter, start + 30_000_000, 700 + jump, 4_000);
            assert_eq!(after, Some(Offset { micros: 700 + jump, uncertainty: 4_000 }), "{jump}");
        }
    }

    #[test]
    fn a_clock_that_jumps_between_question_and_answer_spoils_one_exchange() {
        const HOUR: u64 = 3_600_000_000;
        for (asked, answered) in [(2 * HOUR, 3 * HOUR), (3 * HOUR, 2 * HOUR)] {
            let mut filter = OffsetFilter::default();
            exchange(&mut filter, asked - 3_000_000, 0, 50);
            let there = at(asked + 50);
            filter.sample(at(asked), there, there, at(answered + 100));
            let jump = asked.cast_signed() - answered.cast_signed();
            let after = exchange(&mut filter, answered + 3_000_000, jump, 50);
            let error = after.unwrap().micros.abs_diff(jump);
            assert!(error <= after.unwrap().uncertainty + ROUNDING, "{asked} {answered}: {after:?}");
        }
    }

    #[test]
    fn samples_that_agree_are_kept_however_much_slower_the_newest_is() {
        let mut filter = OffsetFilter::default();
        exchange(&mut filter, 1_000_000, 700, 20);
        for round in 2..=SAMPLES as u64 {
            // All of the delay on the way there: the greatest possible error, and still compatible.
            let there = at(round * 1_000_000 + 90_000).offset(700);
            let now = filter.sample(at(round * 1_000_000), there, there, at(round * 1_000_000 + 90_000));
            assert_eq!(now, Some(Offset { micros: 700, uncertainty: 20 }));
        }
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
