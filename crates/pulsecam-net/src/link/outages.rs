//! Which of a link's ups and downs are reported to a person.
//!
//! What happens at every try is reported once, not every few seconds for a night: no relay there, something that accepts and closes, a
//! relay that drops this client again and again. What was reported last is always true, or about to be tried again.

use std::{mem::discriminant, time::Duration};

use super::Down;

/// Reasons that are remembered; a link that is down for more of them by turns is reported more often.
const REMEMBERED: usize = 8;

/// What was reported of a link.
#[derive(Debug)]
pub(super) struct Outages {
    /// A link that was up for this long is well.
    steady: Duration,
    /// The reasons reported since the link was well.
    told: Vec<Down>,
    /// The last thing reported was that it is up.
    said_up: bool,
    /// The last connection was up, and not for long.
    flaps: bool,
}

impl Outages {
    pub(super) const fn new(steady: Duration) -> Self {
        Self { steady, told: Vec::new(), said_up: false, flaps: false }
    }

    /// The link comes up; whether that is reported now. If its last connection did not last, it has to last first.
    pub(super) const fn came_up(&mut self) -> bool {
        self.said_up |= !self.flaps;
        !self.flaps
    }

    /// The link has been up for this long; whether it is reported only now that it is up.
    pub(super) fn is_up(&mut self, since: Duration) -> bool {
        if since < self.steady {
            return false;
        }
        self.told.clear();
        self.flaps = false;
        !std::mem::replace(&mut self.said_up, true)
    }

    /// The link is down, after it was up for a time, if it was; whether that is reported.
    pub(super) fn went_down(&mut self, why: &Down, up_for: Option<Duration>) -> bool {
        if let Some(time) = up_for {
            self.is_up(time); // answers come seldom: it may not have been asked lately
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

/// Whether a person would call both the same. The system says of one and the same thing now this, now that.
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
        assert!(outages.came_up(), "and that it is up at last");
    }

    #[test]
    fn a_relay_that_drops_us_over_and_over_is_reported_once_and_so_is_that_it_stopped_doing_so() {
        let (mut outages, why) = (outages(), Down::SentAway("silent for 2s".into()));
        let mut lines = 0;
        for _ in 0..20 {
            lines += u32::from(outages.came_up());
            assert!(!outages.is_up(S));
            lines += u32::from(outages.went_down(&why, Some(2 * S)));
        }
        assert_eq!(lines, 2, "up, down");
        assert!(!outages.came_up());
        assert!(!outages.is_up(9 * S));
        assert!(outages.is_up(10 * S), "it has lasted");
        assert!(!outages.is_up(13 * S), "and once is enough");
        assert!(outages.went_down(&why, Some(60 * S)), "it was well in between");
    }

    #[test]
    fn what_was_said_last_is_true() {
        let mut outages = outages();
        // A relay that is started again three times in a row.
        for _ in 0..3 {
            assert!(outages.came_up());
            assert!(outages.went_down(&Down::Closed, Some(3 * S)));
            outages.went_down(&Down::Refused, None);
            assert!(!outages.went_down(&Down::Refused, None));
        }
    }

    #[test]
    fn a_link_that_was_well_is_reported_again_although_nobody_asked_meanwhile() {
        let mut outages = outages();
        assert!(outages.came_up());
        assert!(outages.went_down(&Down::Closed, Some(S)));
        assert!(!outages.came_up());
        assert!(outages.went_down(&Down::Closed, Some(20 * S)));
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
