//! Which frames come too late: a stream never goes back.
//!
//! A link that takes its connection for dead makes a new one, but what the old one had under way may still arrive once the network is
//! back: TCP sends it again even for a program that has closed it. So frames from before an outage can come after newer ones.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::{clock::Timestamp, wire::FrameInfo};

/// Streams that are remembered. A peer that invents names must not fill memory.
const MAX_STREAMS: usize = 64;

/// How long after a stream's newest frame an older one is known as such: longer than a relay listens to a connection on which it hears
/// nothing (15 s). Not for ever, or a sender whose clock was set back and that was started again would not be seen until its clock has
/// caught up.
const MEMORY: Duration = Duration::from_secs(20);

/// The newest frame of a stream.
#[derive(Debug)]
struct Newest {
    stream: String,
    seq: u64,
    captured: Timestamp,
    came: Instant,
}

/// How far each stream has come.
#[derive(Debug, Default)]
pub(super) struct Progress(VecDeque<Newest>);

impl Progress {
    /// Whether a frame that comes at `now` is older than one that came before: by its number and by its time, for a sender that is
    /// started again counts from 0, and a clock may be set back. Frames that tell neither are never late.
    pub(super) fn is_late(&mut self, info: &FrameInfo, now: Instant) -> bool {
        let (Some(seq), Some(captured)) = (info.seq, info.captured) else { return false };
        let stream = info.stream_name();
        match self.0.iter_mut().find(|newest| newest.stream == stream) {
            Some(newest) => {
                let is_older = seq < newest.seq && captured < newest.captured;
                if is_older && now.saturating_duration_since(newest.came) < MEMORY {
                    return true;
                }
                (newest.seq, newest.captured, newest.came) = (seq, captured, now);
            }
            None => {
                if self.0.len() == MAX_STREAMS {
                    self.0.pop_front();
                }
                self.0.push_back(Newest { stream: stream.into_owned(), seq, captured, came: now });
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(stream: &str, seq: u64, captured: u64) -> FrameInfo {
        let (stream, captured) = (Some(stream.into()), Some(Timestamp::from_micros(captured)));
        FrameInfo { stream, seq: Some(seq), captured, ..FrameInfo::default() }
    }

    #[test]
    fn a_frame_from_before_an_outage_is_late_once_a_newer_one_came() {
        let (mut progress, now) = (Progress::default(), Instant::now());
        assert!(!progress.is_late(&frame("a", 7, 700), now));
        assert!(!progress.is_late(&frame("b", 3, 300), now), "another stream");
        assert!(progress.is_late(&frame("a", 6, 600), now));
        assert!(progress.is_late(&frame("a", 6, 600), now), "again");
        assert!(!progress.is_late(&frame("a", 8, 800), now));
    }

    #[test]
    fn who_starts_again_or_sets_the_clock_back_is_seen() {
        let (mut progress, now) = (Progress::default(), Instant::now());
        assert!(!progress.is_late(&frame("a", 7, 700), now));
        assert!(!progress.is_late(&frame("a", 0, 900), now), "started again");
        assert!(!progress.is_late(&frame("a", 1, 50), now), "the clock was set back");
        assert!(progress.is_late(&frame("a", 0, 10), now), "both");
        assert!(!progress.is_late(&frame("a", 0, 10), now + MEMORY), "not for ever");
        assert!(!progress.is_late(&FrameInfo::default(), now), "tells nothing");
    }

    #[test]
    fn invented_names_cannot_fill_memory() {
        let (mut progress, now) = (Progress::default(), Instant::now());
        for name in 0..3 * MAX_STREAMS {
            assert!(!progress.is_late(&frame(&name.to_string(), 0, 0), now));
        }
        assert_eq!(progress.0.len(), MAX_STREAMS);
    }
}
