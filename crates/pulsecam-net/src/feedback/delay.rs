//! Queueing delay: how long frames wait on a path beyond the recent minimum.
//!
//! Distance is not congestion: a frame that takes 300 ms because the other end is far away also took 300 ms
//! when the path was idle, and sending less does not help. So delays are compared with a base: the minimum of
//! the last 30 s, as in LEDBAT (RFC 6817, section 4.2) and in GCC. The excess over the base was spent in
//! queues.

use std::time::{Duration, Instant};

/// The length of one bucket of a windowed minimum.
const BUCKET: Duration = Duration::from_secs(5);

/// The number of buckets: 30 s in total. With a longer window, a path that became longer for good (another
/// route) counts as congested for that time; with a shorter one, a queue that stands for a while counts as
/// distance.
const BUCKETS: usize = 6;

/// A difference of delays, in microseconds, that shows that one of the two clocks was set. If the one-way
/// queueing delay exceeds the round trip's by more than this, it is no delay. A clock that is merely slewed
/// does not move that far within 30 s.
const CLOCK_JUMP: i64 = 500_000;

/// The minimum of the last 30 s.
#[derive(Clone, Debug, Default)]
pub struct WindowedMin {
    began: Option<Instant>,
    /// Each bucket's number and minimum.
    buckets: [Option<(u64, i64)>; BUCKETS],
}

impl WindowedMin {
    /// Adds a value and returns the minimum of the window.
    pub fn sample(&mut self, value: i64, now: Instant) -> i64 {
        let began = *self.began.get_or_insert(now);
        let bucket = now.saturating_duration_since(began).as_secs() / BUCKET.as_secs();
        let place = &mut self.buckets[bucket as usize % BUCKETS];
        *place = Some(match *place {
            Some((same, least)) if same == bucket => (bucket, least.min(value)),
            _ => (bucket, value),
        });
        let lately = |&&(then, _): &&(u64, i64)| then + BUCKETS as u64 > bucket;
        self.buckets.iter().flatten().filter(lately).map(|(_, least)| *least).min().unwrap_or(value)
    }
}

/// The queueing delay of one path in one direction, from two measurements of each frame.
///
/// The round trip (frame there, report back) needs only our own clock, and contains the queues of the way
/// back. The one-way delay needs the other end's clock, whose offset cancels when the base is subtracted.
/// Neither understates the queues of the way there by more than its own base does, so the smaller of the two
/// counts.
#[derive(Clone, Debug, Default)]
pub struct QueueingDelay {
    round: WindowedMin,
    one_way: WindowedMin,
}

impl QueueingDelay {
    /// Adds one frame's measurements and returns how long the frame waited in queues.
    ///
    /// `round` is the time of the frame and its report. `one_way`, if the other end reports it, is the
    /// arrival by its clock minus the departure by ours, in microseconds, whatever their epochs.
    pub fn sample(&mut self, round: Duration, one_way: Option<i64>, now: Instant) -> Duration {
        let round = i64::try_from(round.as_micros()).unwrap_or(i64::MAX);
        let mut queued = round.saturating_sub(self.round.sample(round, now));
        if let Some(one_way) = one_way {
            let of_one_way = one_way.saturating_sub(self.one_way.sample(one_way, now));
            if of_one_way > queued.saturating_add(CLOCK_JUMP) {
                self.one_way = WindowedMin::default();
                self.one_way.sample(one_way, now);
            } else {
                queued = queued.min(of_one_way);
            }
        }
        Duration::from_micros(queued.max(0).unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_minimum_forgets_after_half_a_minute() {
        let (mut least, start) = (WindowedMin::default(), Instant::now());
        assert_eq!(least.sample(50, start), 50);
        assert_eq!(least.sample(90, start + 10_000 * MS), 50);
        assert_eq!(least.sample(90, start + 29_000 * MS), 50);
        assert_eq!(least.sample(95, start + 31_000 * MS), 90);
        assert_eq!(least.sample(120, start + 3_600_000 * MS), 120, "after a long pause");
        assert_eq!(least.sample(i64::MIN, start), i64::MIN, "time that goes backwards");
    }

    #[test]
    fn distance_is_no_queue() {
        let (mut delay, start) = (QueueingDelay::default(), Instant::now());
        for report in 0..40 {
            assert_eq!(delay.sample(600 * MS, None, start + report * 250 * MS), Duration::ZERO);
        }
        assert_eq!(delay.sample(680 * MS, None, start + 10_000 * MS), 80 * MS);
    }

    #[test]
    fn the_way_back_does_not_count_if_the_other_ends_clock_is_known() {
        let (mut delay, start) = (QueueingDelay::default(), Instant::now());
        let hour = 3_600_000_000;
        delay.sample(40 * MS, Some(hour + 20_000), start);
        // The way back has 300 ms of queues.
        assert_eq!(delay.sample(340 * MS, Some(hour + 20_000), start + 250 * MS), Duration::ZERO);
        assert_eq!(delay.sample(400 * MS, Some(hour + 80_000), start + 500 * MS), 60 * MS);
    }

    #[test]
    fn a_clock_that_is_set_does_not_make_a_queue() {
        const HOUR: i64 = 3_600_000_000;
        for jump in [HOUR, -HOUR] {
            let (mut delay, start) = (QueueingDelay::default(), Instant::now());
            delay.sample(40 * MS, Some(20_000), start);
            for report in 1..20 {
                let now = start + report * 250 * MS;
                assert_eq!(delay.sample(40 * MS, Some(20_000 + jump), now), Duration::ZERO, "{jump}");
            }
            let queued = delay.sample(100 * MS, Some(80_000 + jump), start + 6_000 * MS);
            assert_eq!(queued, 60 * MS, "{jump}: queues are still seen");
        }
    }

    #[test]
    fn hostile_times_are_survived() {
        let ends = [i64::MIN, -1, 0, 1, i64::MAX];
        for first in ends {
            for then in ends {
                let mut delay = QueueingDelay::default();
                delay.sample(Duration::ZERO, Some(first), Instant::now());
                delay.sample(Duration::MAX, Some(then), Instant::now());
            }
        }
    }
}
