//! Decides which changes of a link's state are reported to the user.
//!
//! An outcome that recurs at every attempt is reported once, not every few seconds all night: no relay,
//! something that accepts and closes, a relay that disconnects this client again and again. The last report
//! is always true, or about to be retried.

use std::{mem::discriminant, time::Duration};

use super::Down;

/// The number of remembered reasons. A link that alternates between more of them is reported more often.
const REMEMBERED: usize = 8;

/// What was reported about a link.
#[derive(Debug)]
pub(super) struct Outages {
    /// A link that was up for this long counts as stable.
    steady: Duration,
    /// The reasons reported since the link was stable.
    told: Vec<Down>,
    /// Whether the last report was that it is up.
    said_up: bool,
    /// Whether the last connection was up only briefly.
    flaps: bool,
    /// Whether a move to another relay was reported since the link was stable.
    told_move: bool,
}

impl Outages {
    pub(super) const fn new(steady: Duration) -> Self {
        Self { steady, told: Vec::new(), said_up: false, flaps: false, told_move: false }
    }

    /// Records that the link came up, at another relay if it `moved`; returns whether to report it now. If its
    /// last connection was brief, this one has to prove stable first, except after the first move.
    pub(super) const fn came_up(&mut self, moved: bool) -> bool {
        let is_told = !self.flaps || (moved && !self.told_move);
        self.told_move |= moved;
        self.said_up |= is_told;
        is_told
    }

    /// Records how long the link has been up; returns whether to report it now, belatedly.
    pub(super) fn is_up(&mut self, since: Duration) -> bool {
        if since < self.steady {
            return false;
        }
        self.told.clear();
        self.flaps = false;
        self.told_move = false;
        !std::mem::replace(&mut self.said_up, true)
    }

    /// Records that the link is down, and how long it was up; returns whether to report it.
    pub(super) fn went_down(&mut self, why: &Down, up_for: Option<Duration>) -> bool {
        if let Some(time) = up_for {
            self.is_up(time); // answers are rare, so this may not have been called recently
        }
        self.flaps = up_for.is_some_and(|time| time < self.steady);
        let known = self.told.iter().any(|told| is_the_same(told, why));
        if !known {
            if self.told.len() == REMEMBERED {
                self.told.remove(0);
            }
            self.told.push(why.clone());
        }
        std::mem::replace(&mut self.said_up, false) || !known
    }
}

/// Whether both mean the same to a user. The system reports the same cause in different ways.
fn is_the_same(one: &Down, other: &Down) -> bool {
    match one {
        Down::Lost(_) | Down::Malformed(_) => discriminant(one) == discriminant(other),
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    fn outages() -> Outages {
        Outages::new(10 * S)
    }

    #[test]
    fn something_that_accepts_and_closes_is_reported_once() {
        let mut outages = outages();
        let lines = (0..25).filter(|_| outages.went_down(&Down::ClosedAtOnce, None)).count();
        assert_eq!(lines, 1);
        assert!(outages.went_down(&Down::Refused, None), "another reason");
        assert!(!outages.went_down(&Down::ClosedAtOnce, None), "by turns");
        assert!(outages.came_up(false), "and that it is finally up");
    }

    #[test]
    fn a_relay_that_drops_us_over_and_over_is_reported_once_and_so_is_that_it_stopped_doing_so() {
        let (mut outages, why) = (outages(), Down::SentAway("silent for 2s".into()));
        let mut lines = 0;
        for _ in 0..20 {
            lines += u32::from(outages.came_up(false));
            assert!(!outages.is_up(S));
            lines += u32::from(outages.went_down(&why, Some(2 * S)));
        }
        assert_eq!(lines, 2, "up, down");
        assert!(!outages.came_up(false));
        assert!(!outages.is_up(9 * S));
        assert!(outages.is_up(10 * S), "it is stable");
        assert!(!outages.is_up(13 * S), "only once");
        assert!(outages.went_down(&why, Some(60 * S)), "it was stable in between");
    }

    #[test]
    fn what_was_said_last_is_true() {
        let mut outages = outages();
        // A relay that is restarted three times in a row.
        for _ in 0..3 {
            assert!(outages.came_up(false));
            assert!(outages.went_down(&Down::Closed, Some(3 * S)));
            outages.went_down(&Down::Refused, None);
            assert!(!outages.went_down(&Down::Refused, None));
        }
    }

    #[test]
    fn a_link_that_was_well_is_reported_again_although_nobody_asked_meanwhile() {
        let mut outages = outages();
        assert!(outages.came_up(false));
        assert!(outages.went_down(&Down::Closed, Some(S)));
        assert!(!outages.came_up(false));
        assert!(outages.went_down(&Down::Closed, Some(20 * S)));
    }

    #[test]
    fn the_first_move_is_reported_and_a_link_that_moves_on_and_on_has_to_prove_stable() {
        let mut outages = outages();
        assert!(outages.came_up(false));
        assert!(outages.went_down(&Down::Closed, Some(S)));
        assert!(outages.came_up(true));
        assert!(outages.went_down(&Down::Closed, Some(S)), "what was said last is true");
        assert!(!outages.came_up(true));
        assert!(!outages.is_up(9 * S) && outages.is_up(10 * S));
        assert!(outages.went_down(&Down::Closed, Some(S)));
        assert!(outages.came_up(true), "it was stable in between");
    }

    #[test]
    fn what_the_system_says_of_a_cut_is_one_reason() {
        let mut outages = outages();
        assert!(outages.went_down(&Down::Lost("Broken pipe (os error 32)".into()), None));
        assert!(!outages.went_down(&Down::Lost("Connection reset by peer (os error 104)".into()), None));
        assert!(outages.went_down(&Down::SentAway("full".into()), None));
        assert!(outages.went_down(&Down::SentAway("too many".into()), None));
    }
}
