//! Decides what is reported of a link that moves between relays: one line for a move that succeeds at once.

use std::fmt;

use super::Down;
use crate::address::Address;

/// An outage of a relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outage {
    pub(super) host: Address,
    pub(super) why: Down,
}

/// How a link came up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// For the first time, or after an outage that was reported.
    Up,
    /// At the same relay, after an outage that was not reported.
    Back(Down),
    /// At another relay, because the one before had this outage.
    Moved(Outage),
}

/// Where the link was, and what is not reported yet.
#[derive(Debug, Default)]
pub(super) struct Moves {
    /// Where it was up last.
    home: Option<Address>,
    /// Why it is not up there any more.
    left: Option<Down>,
    /// An outage that another relay may end in a moment.
    withheld: Option<Outage>,
}

impl Moves {
    /// Records an outage; returns the one to report now. `is_news`: whether it is to be reported at all; `may_end`:
    /// whether there is a relay that has not failed yet.
    pub(super) fn went_down(&mut self, outage: Outage, is_news: bool, may_end: bool) -> Option<Outage> {
        if self.home.as_ref() == Some(&outage.host) {
            self.left = Some(outage.why.clone());
        }
        let due = self.withheld.take().or(is_news.then_some(outage));
        if may_end {
            self.withheld = due;
            return None;
        }
        due
    }

    /// Records that the link is up.
    pub(super) fn came_up(&mut self, host: &Address) -> Arrival {
        let (left, withheld) = (self.left.take(), self.withheld.take());
        match self.home.replace(host.clone()) {
            Some(home) if home != *host => {
                Arrival::Moved(Outage { host: home, why: left.unwrap_or(Down::Closed) })
            }
            Some(_) => withheld.map_or(Arrival::Up, |outage| Arrival::Back(outage.why)),
            None => Arrival::Up,
        }
    }
}

impl fmt::Display for Outage {
    /// As the reason of a move.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, why } = self;
        match why {
            Down::Refused
            | Down::ConnectTimeout(_)
            | Down::Unreachable(_)
            | Down::ClosedAtOnce
            | Down::Closed
            | Down::Silent(_)
            | Down::Lost(_) => write!(f, "{host} does not answer"),
            Down::Stopping => write!(f, "{host} is stopping"),
            other => write!(f, "{host}: {other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn address(name: &str) -> Address {
        name.parse().unwrap()
    }

    fn outage(name: &str, why: Down) -> Outage {
        Outage { host: address(name), why }
    }

    #[test]
    fn a_move_that_succeeds_at_once_is_one_line() {
        let mut moves = Moves::default();
        assert_eq!(moves.came_up(&address("a")), Arrival::Up);
        let silent = outage("a", Down::Silent(Duration::from_secs(3)));
        assert_eq!(moves.went_down(silent.clone(), true, true), None);
        assert_eq!(moves.came_up(&address("b")), Arrival::Moved(silent.clone()));
        assert_eq!(silent.to_string(), "a:6868 does not answer");
        assert_eq!(moves.went_down(outage("b", Down::Stopping), true, true), None);
        let Arrival::Moved(outage) = moves.came_up(&address("a")) else { panic!("it moved") };
        assert_eq!(outage.to_string(), "b:6868 is stopping");
    }

    #[test]
    fn an_outage_of_all_is_reported_with_the_first_reason() {
        let mut moves = Moves::default();
        moves.came_up(&address("a"));
        let closed = outage("a", Down::Closed);
        assert_eq!(moves.went_down(closed.clone(), true, true), None);
        assert_eq!(moves.went_down(outage("a", Down::Refused), true, true), None);
        assert_eq!(moves.went_down(outage("b", Down::Refused), false, false), Some(closed));
        assert_eq!(moves.went_down(outage("a", Down::Refused), false, false), None, "once");
        assert_eq!(
            moves.went_down(outage("a", Down::KeyRefused), true, false).unwrap().why,
            Down::KeyRefused
        );
        let moved = moves.came_up(&address("b"));
        assert_eq!(moved, Arrival::Moved(outage("a", Down::KeyRefused)), "the last that is known of it");
    }

    #[test]
    fn a_relay_that_restarts_in_a_moment_is_one_line_too() {
        let mut moves = Moves::default();
        moves.came_up(&address("a"));
        assert_eq!(moves.went_down(outage("a", Down::Closed), true, true), None);
        assert_eq!(moves.came_up(&address("a")), Arrival::Back(Down::Closed));
        assert_eq!(moves.went_down(outage("a", Down::Closed), true, false), Some(outage("a", Down::Closed)));
        assert_eq!(moves.came_up(&address("a")), Arrival::Up, "a single one");
        assert_eq!(moves.came_up(&address("b")), Arrival::Moved(outage("a", Down::Closed)));
    }

    #[test]
    fn the_first_relay_that_answers_is_no_move() {
        let mut moves = Moves::default();
        assert_eq!(moves.went_down(outage("a", Down::Refused), true, true), None);
        assert_eq!(moves.came_up(&address("b")), Arrival::Up);
        assert_eq!(outage("a", Down::KeyMissing).to_string(), format!("a:6868: {}", Down::KeyMissing));
    }
}
