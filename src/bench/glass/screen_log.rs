//! When the window gave which stamp to the display.

use std::{collections::VecDeque, time::Duration};

use crate::{bench::fiducial::Stamp, clock::Timestamp};

/// Stamps that are kept: more than an hour of them, as long as frames are measured.
const MAX_SHOWN: usize = 1 << 18;

/// A stamp on its way to the display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) stamp: Stamp,
    /// Before the picture with it was given to the display.
    pub(super) painted: Timestamp,
    /// When the display had it.
    pub(super) presented: Timestamp,
}

/// When a stamp was the newest on the display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Light {
    /// It was not there before.
    pub(super) from: Timestamp,
    /// The display had it.
    pub(super) begin: Timestamp,
    /// The display had the next one.
    pub(super) end: Timestamp,
}

impl Light {
    /// The middle of its time: a picture in which it is the newest is as likely from before as from after.
    pub(super) const fn middle(self) -> Timestamp {
        self.begin.offset(self.end.micros_since(self.begin) / 2)
    }

    /// For how long it was the newest.
    pub(super) const fn time(self) -> Duration {
        self.end.since(self.begin)
    }

    /// Whether something that was seen at `seen`, give or take `within`, can have been this.
    pub(super) fn may_be(self, seen: Timestamp, within: Duration) -> bool {
        self.from.since(seen) <= within && seen.since(self.end) <= within
    }
}

/// All stamps that were shown, in order.
#[derive(Debug, Default)]
pub(super) struct ScreenLog {
    shown: VecDeque<Shown>,
}

impl ScreenLog {
    pub(super) fn push(&mut self, shown: Shown) {
        if self.shown.len() == MAX_SHOWN {
            self.shown.pop_front();
        }
        self.shown.push_back(shown);
    }

    /// When this stamp was the newest; `None` if it still is, or never was shown here.
    pub(super) fn light(&self, stamp: Stamp) -> Option<Light> {
        let at = self.shown.partition_point(|shown| shown.stamp.millis_since(stamp) < 0);
        let shown = self.shown.get(at).filter(|shown| shown.stamp == stamp)?;
        let next = self.shown.get(at + 1)?;
        Some(Light { from: shown.painted, begin: shown.presented, end: next.presented })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Timestamp {
        Timestamp::from_micros(millis * 1000)
    }

    fn log() -> ScreenLog {
        let mut log = ScreenLog::default();
        for millis in [100, 116, 140, 150] {
            let stamp = Stamp::new(3, millis);
            log.push(Shown { stamp, painted: at(millis), presented: at(millis + 4) });
        }
        log
    }

    #[test]
    fn a_stamp_is_the_newest_until_the_display_has_the_next() {
        let light = log().light(Stamp::new(3, 116)).unwrap();
        assert_eq!(light, Light { from: at(116), begin: at(120), end: at(144) });
        assert_eq!((light.middle(), light.time()), (at(132), Duration::from_millis(24)));
        let none = Duration::ZERO;
        assert!(light.may_be(at(116), none) && light.may_be(at(144), none));
        assert!(!light.may_be(at(115), none) && !light.may_be(at(145), none));
        assert!(
            light.may_be(at(110), Duration::from_millis(6))
                && light.may_be(at(150), Duration::from_millis(6))
        );
    }

    #[test]
    fn the_newest_one_and_those_of_others_are_unknown() {
        for (session, millis) in [(3, 150), (4, 116), (3, 117), (3, 1), (3, 999)] {
            assert_eq!(log().light(Stamp::new(session, millis)), None, "{session} {millis}");
        }
        assert_eq!(ScreenLog::default().light(Stamp::new(3, 116)), None);
    }

    #[test]
    fn the_oldest_give_way() {
        let mut log = ScreenLog::default();
        for millis in 0..MAX_SHOWN as u64 + 2 {
            log.push(Shown { stamp: Stamp::new(0, millis), painted: at(millis), presented: at(millis) });
        }
        assert_eq!(log.shown.len(), MAX_SHOWN);
        assert_eq!((log.light(Stamp::new(0, 1)), log.light(Stamp::new(0, 2)).is_some()), (None, true));
    }
}
