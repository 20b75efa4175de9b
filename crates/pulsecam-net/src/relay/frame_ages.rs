//! How old frames were when they came, so that viewers' later reports can be turned into ages.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// The most frames of one sender that are remembered: as many as may be under way to one viewer, because no
/// report is about an older one.
const REMEMBERED: usize = 64;

/// The ages of a sender's newest frames on arrival at the relay, by when they came.
#[derive(Debug, Default)]
pub(super) struct FrameAges(VecDeque<(Instant, Duration)>);

impl FrameAges {
    /// Records the age of a frame that came at `came`.
    pub(super) fn note(&mut self, came: Instant, age: Duration) {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back((came, age));
    }

    /// The age of that frame at a viewer that had it at `then`; `None` if it was not recorded.
    pub(super) fn at(&self, came: Instant, then: Instant) -> Option<Duration> {
        let (_, age) = self.0.iter().rev().find(|(noted, _)| *noted == came)?;
        Some(age.saturating_add(then.saturating_duration_since(came)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_frame_ages_on_its_way_to_a_viewer() {
        let start = Instant::now();
        let mut ages = FrameAges::default();
        for frame in 0..100 {
            ages.note(start + frame * 10 * MS, frame * MS);
        }
        assert_eq!(ages.at(start + 990 * MS, start + 1000 * MS), Some(109 * MS));
        assert_eq!(ages.at(start + 990 * MS, start), Some(99 * MS), "clocks of tests may jump");
        assert_eq!(ages.at(start + 991 * MS, start + 1000 * MS), None, "no frame came then");
        assert_eq!(ages.at(start, start + 1000 * MS), None, "it is too long ago");
        assert_eq!(ages.0.len(), REMEMBERED);
    }
}
