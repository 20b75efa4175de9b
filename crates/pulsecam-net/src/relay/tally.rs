//! Counters for operators: how often what happened, by a few fixed words; and the traffic of each room.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use crate::{
    sync::lock,
    wire::{Message, MessageKind},
};

/// Counts of rare things, by a word.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<BTreeMap<&'static str, u64>>);

impl Tally {
    pub(super) fn count(&self, what: &'static str) {
        *lock(&self.0).entry(what).or_default() += 1;
    }

    #[cfg_attr(not(feature = "web"), allow(dead_code))]
    pub(super) fn counts(&self) -> BTreeMap<&'static str, u64> {
        lock(&self.0).clone()
    }
}

/// The types of messages that are counted apart.
pub(super) const TYPES: [&str; 4] = ["video", "text", "image", "other"];

const fn index(kind: MessageKind) -> usize {
    match kind {
        MessageKind::Video => 0,
        MessageKind::Text => 1,
        MessageKind::Image => 2,
        _ => 3,
    }
}

/// The traffic of a room since the relay began.
#[derive(Debug, Default)]
pub(super) struct RoomTraffic {
    received: [AtomicU64; TYPES.len()],
    sent: [AtomicU64; TYPES.len()],
    received_bytes: AtomicU64,
    sent_bytes: AtomicU64,
    /// Frames that newer ones replaced, of clients that have left.
    replaced_by_gone: AtomicU64,
    /// By [`DropReason`].
    dropped: [AtomicU64; 3],
    /// The ages of frames when they came.
    pub(super) ages: Histogram,
    /// The ages of frames at viewers, by their reports.
    pub(super) ages_at_viewers: Histogram,
}

/// Why a frame was not sent to a viewer, other than that a newer one came while its connection was busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DropReason {
    /// The viewer had given no credit for more.
    Credit,
    /// The viewer left before the frame was sent.
    Gone,
    /// The viewer had asked for fewer frames a second.
    Rate,
}

/// Messages and bytes in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(not(feature = "web"), allow(dead_code))]
pub(super) struct Amount {
    /// By [`TYPES`].
    pub(super) messages: [u64; TYPES.len()],
    pub(super) bytes: u64,
}

impl RoomTraffic {
    pub(super) fn received(&self, message: &Message) {
        self.received[index(message.kind())].fetch_add(1, Relaxed);
        self.received_bytes.fetch_add(message.wire_len() as u64, Relaxed);
    }

    pub(super) fn sent(&self, message: &Message) {
        self.sent[index(message.kind())].fetch_add(1, Relaxed);
        self.sent_bytes.fetch_add(message.wire_len() as u64, Relaxed);
    }

    pub(super) fn lost_by_gone(&self, frames: u64) {
        self.replaced_by_gone.fetch_add(frames, Relaxed);
    }

    pub(super) fn dropped(&self, reason: DropReason, frames: u64) {
        self.dropped[reason as usize].fetch_add(frames, Relaxed);
    }
}

#[cfg_attr(not(feature = "web"), allow(dead_code))]
impl RoomTraffic {
    pub(super) fn amounts(&self) -> (Amount, Amount) {
        let read = |messages: &[AtomicU64; TYPES.len()], bytes: &AtomicU64| Amount {
            messages: std::array::from_fn(|index| messages[index].load(Relaxed)),
            bytes: bytes.load(Relaxed),
        };
        (read(&self.received, &self.received_bytes), read(&self.sent, &self.sent_bytes))
    }

    pub(super) fn replaced_by_gone(&self) -> u64 {
        self.replaced_by_gone.load(Relaxed)
    }

    pub(super) fn drops(&self, reason: DropReason) -> u64 {
        self.dropped[reason as usize].load(Relaxed)
    }
}

/// The upper bounds of a histogram's buckets, in milliseconds: doubling from what a wired network takes.
pub(super) const BOUNDS_MS: [u64; 11] = [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 6400];

/// Counts durations in buckets.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    buckets: [AtomicU64; BOUNDS_MS.len() + 1],
    micros: AtomicU64,
}

impl Histogram {
    pub(super) fn observe(&self, time: Duration) {
        let bucket = BOUNDS_MS.iter().position(|bound| time <= Duration::from_millis(*bound));
        self.buckets[bucket.unwrap_or(BOUNDS_MS.len())].fetch_add(1, Relaxed);
        self.micros.fetch_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    /// The number of observations up to each bound and without one, and the sum of all.
    #[cfg_attr(not(feature = "web"), allow(dead_code))]
    pub(super) fn read(&self) -> ([u64; BOUNDS_MS.len() + 1], Duration) {
        let mut up_to = 0;
        let cumulated = std::array::from_fn(|index| {
            up_to += self.buckets[index].load(Relaxed);
            up_to
        });
        (cumulated, Duration::from_micros(self.micros.load(Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_include_what_is_below_them() {
        let histogram = Histogram::default();
        for millis in [1, 5, 6, 7000] {
            histogram.observe(Duration::from_millis(millis));
        }
        let (buckets, sum) = histogram.read();
        assert_eq!(
            (buckets[0], buckets[1], buckets[BOUNDS_MS.len() - 1], buckets[BOUNDS_MS.len()]),
            (2, 3, 3, 4)
        );
        assert_eq!(sum, Duration::from_millis(7012));
    }

    #[test]
    fn what_happens_is_counted_by_its_word() {
        let tally = Tally::default();
        for what in ["closed", "silent", "closed"] {
            tally.count(what);
        }
        assert_eq!(tally.counts().into_iter().collect::<Vec<_>>(), [("closed", 2), ("silent", 1)]);
    }
}
