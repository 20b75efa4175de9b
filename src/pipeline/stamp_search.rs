//! When a picture is searched for a stamp although nothing else needs its pixels at full size.
//!
//! Senders that give no capture time (Qt programs) may show the test picture, whose pixels carry it. Reading
//! it takes a decode at full size, so a stream whose pictures have none is searched once a second only.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use crate::{queue, stream_id::StreamId};

/// Successive pictures without a stamp after which a stream counts as one without: some may be illegible,
/// since they were coded too coarsely.
const MISSES: u32 = 8;

/// Interval at which such a stream is searched again: the test picture may be its next source.
const RETRY: Duration = Duration::from_secs(1);

/// The streams that were searched.
#[derive(Debug, Default)]
pub(super) struct StampSearch {
    /// Those whose last picture had no stamp.
    missed: HashMap<StreamId, Missed>,
}

#[derive(Clone, Copy, Debug)]
struct Missed {
    times: u32,
    last: Instant,
}

impl StampSearch {
    /// Whether the next picture of this stream is to be searched.
    pub(super) fn is_due(&self, stream: StreamId, now: Instant) -> bool {
        let waits =
            |missed: &Missed| missed.times >= MISSES && now.saturating_duration_since(missed.last) < RETRY;
        !self.missed.get(&stream).is_some_and(waits)
    }

    /// Notes the result of a search.
    pub(super) fn searched(&mut self, stream: StreamId, found: bool, now: Instant) {
        if found {
            self.missed.remove(&stream);
            return;
        }
        if self.missed.len() >= queue::MAX_KEYS && !self.missed.contains_key(&stream) {
            self.missed.retain(|_, missed| now.saturating_duration_since(missed.last) < RETRY);
        }
        if self.missed.len() < queue::MAX_KEYS || self.missed.contains_key(&stream) {
            let missed = self.missed.entry(stream).or_insert(Missed { times: 0, last: now });
            *missed = Missed { times: missed.times.saturating_add(1), last: now };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_without_stamps_is_searched_once_a_second() {
        let (mut search, start, id) = (StampSearch::default(), Instant::now(), StreamId::new(7));
        let mut searched = 0;
        for frame in 0..120 {
            let now = start + Duration::from_millis(25) * frame;
            if search.is_due(id, now) {
                search.searched(id, false, now);
                searched += 1;
            }
        }
        assert_eq!(searched, MISSES + 2, "three seconds");
        assert!(search.is_due(StreamId::new(8), start), "another stream");
        let later = start + Duration::from_secs(9);
        assert!(search.is_due(id, later));
        search.searched(id, true, later);
        assert!(search.is_due(id, later), "every picture of one that has stamps");
    }

    #[test]
    fn made_up_streams_do_not_fill_the_memory() {
        let (mut search, now) = (StampSearch::default(), Instant::now());
        for number in 0..3 * queue::MAX_KEYS as u64 {
            search.searched(StreamId::new(number), false, now);
        }
        assert_eq!(search.missed.len(), queue::MAX_KEYS);
        search.searched(StreamId::new(u64::MAX), false, now + RETRY);
        assert_eq!(search.missed.len(), 1);
    }
}
