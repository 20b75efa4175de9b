//! Drops late frames: a stream never goes back in time.
//!
//! A link replaces a connection that seems dead, but frames on the old one may still arrive once the network
//! is back: TCP retransmits even for a program that has closed the socket. So frames from before an outage
//! can arrive after newer ones.

use std::time::{Duration, Instant};

use crate::{clock::Timestamp, wire::FrameInfo};

/// The time after a stream's newest frame during which older ones are dropped. It is longer than a relay
/// keeps a silent connection (15 s). Limited, because a restarted sender whose clock was set back would
/// otherwise not be seen until its clock has caught up.
const MEMORY: Duration = Duration::from_secs(20);

/// The newest frame of a stream.
#[derive(Debug)]
struct Newest {
    seq: u64,
    captured: Timestamp,
    came: Instant,
}

/// The progress of a stream.
#[derive(Debug, Default)]
pub(super) struct StaleFilter(Option<Newest>);

impl StaleFilter {
    /// Whether a frame that arrives at `now` is older than an earlier one. It must be so by both number and
    /// time, because a restarted sender counts from 0, and a clock may be set back. Frames with neither are
    /// never late.
    pub(super) fn is_late(&mut self, info: &FrameInfo, now: Instant) -> bool {
        let (Some(seq), Some(captured)) = (info.seq, info.captured) else { return false };
        if let Some(newest) = &self.0 {
            let is_older = seq < newest.seq && captured < newest.captured;
            if is_older && now.saturating_duration_since(newest.came) < MEMORY {
                return true;
            }
        }
        self.0 = Some(Newest { seq, captured, came: now });
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(seq: u64, captured: u64) -> FrameInfo {
        let captured = Some(Timestamp::from_micros(captured));
        FrameInfo::default().with_seq(seq).with_captured(captured)
    }

    #[test]
    fn a_frame_from_before_an_outage_is_late_once_a_newer_one_came() {
        let (mut progress, now) = (StaleFilter::default(), Instant::now());
        assert!(!progress.is_late(&frame(7, 700), now));
        assert!(progress.is_late(&frame(6, 600), now));
        assert!(progress.is_late(&frame(6, 600), now), "again");
        assert!(!progress.is_late(&frame(8, 800), now));
    }

    #[test]
    fn who_starts_again_or_sets_the_clock_back_is_seen() {
        let (mut progress, now) = (StaleFilter::default(), Instant::now());
        assert!(!progress.is_late(&frame(7, 700), now));
        assert!(!progress.is_late(&frame(0, 900), now), "restarted");
        assert!(!progress.is_late(&frame(1, 50), now), "the clock was set back");
        assert!(progress.is_late(&frame(0, 10), now), "both");
        assert!(!progress.is_late(&frame(0, 10), now + MEMORY), "not for ever");
        assert!(!progress.is_late(&FrameInfo::default(), now), "no attributes");
    }
}
