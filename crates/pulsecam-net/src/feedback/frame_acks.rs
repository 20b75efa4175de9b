//! Reports of the video received on one connection: the same for a relay and for its viewers.

use std::time::{Duration, Instant};

use pulsecam_wire::{Heartbeat, Receipt};

/// Counts received frames, decides when a report is due, and makes receipts if the other end asks for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FrameAcks {
    got: u64,
    last: Option<Instant>,
    wanted: Option<Duration>,
    told: Option<Instant>,
    /// Whether the other end wants a receipt of each frame.
    receipts: bool,
    /// When the first frame arrived: where the clock of receipts starts.
    first: Option<Instant>,
}

impl FrameAcks {
    /// Sets the shortest interval at which the other end asks for reports, or that it wants none. Returns
    /// whether it wanted none before.
    pub(crate) const fn asked(&mut self, interval: Option<Duration>) -> bool {
        let first = self.wanted.is_none();
        self.wanted = interval;
        first
    }

    /// Whether the other end wants reports.
    #[must_use]
    pub(crate) const fn is_asked(&self) -> bool {
        self.wanted.is_some()
    }

    /// Sets whether the other end wants a receipt of each frame.
    pub(crate) const fn asked_for_receipts(&mut self, wanted: bool) {
        self.receipts = wanted;
    }

    /// The receipt of the last frame, if one is wanted: it arrived in full at `now`, and `took` is the time
    /// since its first byte, unless it was skipped.
    pub(crate) fn receipt(&self, took: Option<Duration>, now: Instant) -> Option<Receipt> {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let at = now.saturating_duration_since(self.first?);
        let (at, took) = (took.map(|_| micros(at)), took.map(micros));
        self.receipts.then(|| {
            Receipt::default().with(|receipt| {
                receipt.got = Some(self.got);
                receipt.at = at;
                receipt.took = took;
            })
        })
    }

    /// Records a frame that arrived at `now`. Returns whether a report is due.
    pub(crate) fn came(&mut self, now: Instant) -> bool {
        self.got += 1;
        self.last = Some(now);
        self.first.get_or_insert(now);
        let Some(interval) = self.wanted else { return false };
        let due = self.told.is_none_or(|told| now.duration_since(told) >= interval);
        if due {
            self.told = Some(now);
        }
        due
    }

    /// Adds the report to a heartbeat, if one is wanted and there is something to report.
    #[must_use]
    pub(crate) fn tell(&self, heartbeat: Heartbeat, now: Instant) -> Heartbeat {
        let (Some(_), Some(last)) = (self.wanted, self.last) else { return heartbeat };
        let ago = u64::try_from(now.duration_since(last).as_micros()).unwrap_or(u64::MAX);
        heartbeat.with(|beat| {
            beat.got = Some(self.got);
            beat.ago = Some(ago);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn reports_are_due_as_often_as_they_are_wanted_while_frames_come() {
        let start = Instant::now();
        let mut receipts = FrameAcks::default();
        assert!(!receipts.came(start));
        assert!(receipts.asked(Some(100 * MS)) && !receipts.asked(Some(100 * MS)));
        assert!(receipts.is_asked());
        let due: Vec<_> = (1..=30).filter(|frame| receipts.came(start + *frame * 10 * MS)).collect();
        assert_eq!(due, [1, 11, 21]);
        assert_eq!(receipts.got, 31);
        let told = receipts.tell(Heartbeat::default(), start + 300 * MS);
        assert_eq!((told.got, told.ago), (Some(31), Some(0)));
    }

    #[test]
    fn the_other_end_is_told_as_often_as_it_asks() {
        let start = Instant::now();
        let mut receipts = FrameAcks::default();
        assert!(!receipts.came(start));
        assert_eq!(receipts.tell(Heartbeat::default(), start), Heartbeat::default());
        receipts.asked(Some(100 * MS));
        assert!(receipts.came(start + 10 * MS) && !receipts.came(start + 20 * MS));
        let told = receipts.tell(Heartbeat::default(), start + 25 * MS);
        assert_eq!((told.got, told.ago), (Some(3), Some(5000)));
        assert!(receipts.came(start + 110 * MS));
    }
}
