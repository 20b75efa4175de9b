//! Counts the frames of each stream: received, skipped by the sender, and lost on the way.
//!
//! A sender numbers its source's frames (`seq`) and those that it puts on the wire (`out`). A gap only in
//! `seq` means frames that the sender or its camera skipped; a gap in `out` means frames lost at the relay or
//! with a connection.

use crate::wire::FrameInfo;

/// The frames of a stream, counted from the first that arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LossStats {
    /// Frames that arrived.
    pub arrived: u64,
    /// Frames that the sender skipped.
    pub left_out: u64,
    /// Frames that were sent and never arrived. If the sender does not number what it sends, skipped frames
    /// are among them.
    pub lost: u64,
    /// Frames that the relay left out because this viewer was slow: newer ones replaced them there.
    pub kept_back: u64,
}

/// The latest numbers of a stream, and its counts.
#[derive(Debug, Default)]
pub(super) struct LossCounter {
    seq: Option<u64>,
    out: Option<u64>,
    account: LossStats,
}

impl LossCounter {
    /// Counts a frame; returns the counts so far. `limited` tells whether the relay was told to send fewer.
    pub(super) fn came(&mut self, info: &FrameInfo, limited: bool) -> LossStats {
        let account = &mut self.account;
        account.arrived = account.arrived.saturating_add(1);
        let lost = gap(self.out, info.out);
        // A card has no `seq` of its own: it is not a frame of the source.
        let missing = gap(self.seq, info.seq);
        if let Some(lost) = lost {
            account.left_out = account.left_out.saturating_add(missing.unwrap_or(0).saturating_sub(lost));
        }
        let absent = if limited { &mut account.kept_back } else { &mut account.lost };
        *absent = absent.saturating_add(lost.or(missing).unwrap_or(0));
        self.out = info.out.or(self.out);
        self.seq = info.seq.or(self.seq);
        self.account
    }
}

/// The gap between two consecutive numbers. A restarted sender counts from 0, which is no gap.
fn gap(before: Option<u64>, now: Option<u64>) -> Option<u64> {
    Some(now?.saturating_sub(before?).saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(numbers: &[(Option<u64>, Option<u64>)]) -> LossStats {
        let mut course = LossCounter::default();
        let frame = |&(seq, out)| {
            FrameInfo::default().with(|info| {
                info.seq = seq;
                info.out = out;
            })
        };
        numbers.iter().map(frame).map(|info| course.came(&info, false)).last().unwrap_or_default()
    }

    #[test]
    fn each_missing_frame_has_its_place() {
        let numbered = |seq, out| (Some(seq), Some(out));
        assert_eq!(
            after(&[numbered(0, 0), numbered(3, 1), numbered(9, 4)]),
            LossStats { arrived: 3, left_out: 2 + 3, lost: 2, ..LossStats::default() },
            "two skipped; then two lost and three skipped"
        );
        let card = (None, Some(5));
        assert_eq!(
            after(&[numbered(7, 4), card, numbered(8, 6)]),
            LossStats { arrived: 3, ..LossStats::default() },
            "a card is not a frame"
        );
        assert_eq!(
            after(&[numbered(700, 400), numbered(0, 0), numbered(1, 1)]),
            LossStats { arrived: 3, ..LossStats::default() },
            "restarted"
        );
    }

    #[test]
    fn who_tells_less_is_counted_as_well_as_can_be() {
        assert_eq!(after(&[(None, None), (None, None)]).arrived, 2);
        let seq = |seq| (Some(seq), None);
        let lost = LossStats { arrived: 2, lost: 3, ..LossStats::default() };
        assert_eq!(after(&[seq(0), seq(4)]), lost);
        let huge = after(&[seq(0), seq(u64::MAX), seq(0), seq(u64::MAX)]);
        assert_eq!(huge.lost, u64::MAX);
    }

    #[test]
    fn what_a_slow_viewer_does_not_want_is_not_lost() {
        let mut course = LossCounter::default();
        let mut came = |number, limited| {
            let info = FrameInfo::default().with(|info| (info.seq, info.out) = (Some(number), Some(number)));
            course.came(&info, limited)
        };
        came(0, false);
        assert_eq!(came(5, true), LossStats { arrived: 2, kept_back: 4, ..LossStats::default() });
        assert_eq!(came(7, false), LossStats { arrived: 3, kept_back: 4, lost: 1, ..LossStats::default() });
    }
}
