//! One direction of a cable with a rate, a delay and a queue, for packets.
//!
//! A plain type that decides when a packet arrives; moving packets is up to the caller. For kernels without
//! netem: `examples/links` joins network namespaces with it.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// Properties of a cable, the same in both directions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Shape {
    /// Capacity in bytes per second, headers included; `None`: unlimited.
    pub bytes_per_s: Option<f64>,
    /// The time that each packet travels, besides its serialisation.
    pub one_way: Duration,
    /// Bytes that may wait to be serialised; a packet that finds no room is dropped.
    pub queue: usize,
}

impl Shape {
    /// A cable of this rate, delay and queue.
    #[must_use]
    pub const fn new(bytes_per_s: Option<f64>, one_way: Duration, queue: usize) -> Self {
        Self { bytes_per_s, one_way, queue }
    }
}

/// One direction of a cable.
#[derive(Clone, Debug)]
pub struct Lane {
    shape: Shape,
    /// When the last accepted packet is serialised.
    free_at: Instant,
    counts: LaneCounts,
}

/// What a lane has carried since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LaneCounts {
    /// Packets that were accepted.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Packets that found no room.
    pub dropped: u64,
}

impl Lane {
    /// Creates an idle lane.
    #[must_use]
    pub fn new(shape: Shape, now: Instant) -> Self {
        Self { shape, free_at: now, counts: LaneCounts::default() }
    }

    /// Takes a packet; returns when it arrives at the other end, or `None` if it is dropped.
    pub fn offer(&mut self, now: Instant, bytes: usize) -> Option<Instant> {
        if self.queued(now) + bytes as f64 > self.shape.queue as f64 {
            self.counts.dropped += 1;
            return None;
        }
        self.counts.packets += 1;
        self.counts.bytes += bytes as u64;
        let serialised = self.shape.bytes_per_s.map_or(0.0, |rate| bytes as f64 / rate);
        self.free_at = self.free_at.max(now) + Duration::from_secs_f64(serialised);
        Some(self.free_at + self.shape.one_way)
    }

    /// Bytes that are not serialised yet.
    #[must_use]
    pub fn queued(&self, now: Instant) -> f64 {
        let waiting = self.free_at.saturating_duration_since(now).as_secs_f64();
        self.shape.bytes_per_s.map_or(0.0, |rate| waiting * rate)
    }

    /// What it has carried so far.
    #[must_use]
    pub const fn counts(&self) -> LaneCounts {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLIS: Duration = Duration::from_millis(1);

    fn lane(now: Instant) -> Lane {
        // 1,000 bytes in a millisecond.
        Lane::new(Shape { bytes_per_s: Some(1e6), one_way: 20 * MILLIS, queue: 3000 }, now)
    }

    #[test]
    fn packets_arrive_one_after_the_other_each_with_the_delay() {
        let now = Instant::now();
        let mut lane = lane(now);
        assert_eq!(lane.offer(now, 1000), Some(now + 21 * MILLIS));
        assert_eq!(lane.offer(now, 1000), Some(now + 22 * MILLIS));
        // The lane was idle in between.
        assert_eq!(lane.offer(now + 10 * MILLIS, 500), Some(now + 10 * MILLIS + MILLIS / 2 + 20 * MILLIS));
    }

    #[test]
    fn what_finds_no_room_is_dropped_and_takes_none() {
        let now = Instant::now();
        let mut lane = lane(now);
        assert!((0..3).all(|_| lane.offer(now, 1000).is_some()));
        assert_eq!(lane.offer(now, 1), None);
        assert!((lane.queued(now) - 3000.0).abs() < 1.0);
        // After a millisecond a thousand bytes have left.
        assert_eq!(lane.offer(now + MILLIS, 1001), None);
        assert_eq!(lane.offer(now + MILLIS, 999), Some(now + 3 * MILLIS + 999 * MILLIS / 1000 + 20 * MILLIS));
        assert_eq!(lane.counts(), LaneCounts { packets: 4, bytes: 3999, dropped: 2 });
    }

    #[test]
    fn an_unlimited_lane_only_delays() {
        let now = Instant::now();
        let shape = Shape { bytes_per_s: None, one_way: MILLIS, queue: 1500 };
        let mut lane = Lane::new(shape, now);
        assert!((0..100).all(|_| lane.offer(now, 1500) == Some(now + MILLIS)));
        assert_eq!(lane.queued(now), 0.0);
    }
}
