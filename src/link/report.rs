//! What became of the frames that were sent, from what the relay tells.

use std::{collections::VecDeque, time::Duration};

use crate::{
    clock::Timestamp,
    wire::{FrameInfo, Heartbeat},
};

/// Frames on their way to the relay that are remembered. Those that a report no longer finds were too old to tell anything.
const MAX_UNDER_WAY: usize = 256;

/// What our relay tells of a frame that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// When the frame was ready to be sent, by our clock: what a camera takes to give it is not the link's.
    pub ready: Timestamp,
    /// Its number.
    pub seq: Option<u64>,
    /// How long after that the relay had it, by our clock alone: at the most this, as the way back is counted too.
    pub at_relay: Duration,
    /// How much later the viewers get such frames, the middle one of them; zero where there is none.
    pub late: Duration,
    /// Of a hundred frames, how many the middle viewer is not given because newer ones come first.
    pub lost: u8,
    /// When it was whole at the relay, by the relay's clock.
    pub relayed: Option<Timestamp>,
}

impl Report {
    /// How old a frame is when the viewers get it.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.at_relay.saturating_add(self.late)
    }
}

/// Frames whose writing began on this connection.
#[derive(Debug, Default)]
pub(super) struct Departures {
    sent: u64,
    under_way: VecDeque<(u64, Option<u64>, Timestamp)>,
}

impl Departures {
    pub(super) fn sent(&mut self, info: &FrameInfo) {
        self.sent += 1;
        let Some(ready) = info.encoded.or(info.captured) else { return };
        if self.under_way.len() == MAX_UNDER_WAY {
            self.under_way.pop_front();
        }
        self.under_way.push_back((self.sent, info.seq, ready));
    }

    /// The relay tells what it got.
    pub(super) fn reported(&mut self, heartbeat: &Heartbeat, now: Timestamp) -> Option<Report> {
        let (got, ago) = (heartbeat.got?, Duration::from_micros(heartbeat.ago?));
        while self.under_way.front().is_some_and(|(number, ..)| *number < got) {
            self.under_way.pop_front();
        }
        let &(_, seq, ready) = self.under_way.front().filter(|(number, ..)| *number == got)?;
        Some(Report {
            ready,
            seq,
            at_relay: now.since(ready).saturating_sub(ago),
            late: Duration::from_micros(heartbeat.late.unwrap_or_default()),
            lost: heartbeat.lost.unwrap_or_default().min(100),
            relayed: heartbeat.t3.map(|t3| t3.offset(-i64::try_from(ago.as_micros()).unwrap_or(0))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(seq: u64, captured: u64) -> FrameInfo {
        let captured = Some(Timestamp::from_micros(captured));
        FrameInfo { seq: Some(seq), captured, ..FrameInfo::default() }
    }

    #[test]
    fn a_report_tells_the_age_of_the_frame_that_it_means() {
        let mut departures = Departures::default();
        for frame in 0..300 {
            departures.sent(&info(frame, frame * 1000));
        }
        let heartbeat = |got| Heartbeat {
            t3: Some(Timestamp::from_micros(9_000_000)),
            got: Some(got),
            ago: Some(20_000),
            late: Some(5_000),
            lost: Some(200),
            ..Heartbeat::default()
        };
        let now = Timestamp::from_micros(400_000);
        assert_eq!(departures.reported(&heartbeat(3), now), None, "too long ago");
        let report = departures.reported(&heartbeat(291), now).unwrap();
        assert_eq!((report.seq, report.at_relay), (Some(290), Duration::from_millis(90)));
        assert_eq!((report.age(), report.lost), (Duration::from_millis(95), 100));
        assert_eq!(report.relayed, Some(Timestamp::from_micros(8_980_000)));
        assert_eq!(departures.reported(&heartbeat(u64::MAX), now), None, "a lie");
        assert_eq!(departures.reported(&Heartbeat::default(), now), None);
    }
}
