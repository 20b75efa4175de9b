//! The order and timing of connection attempts to a host's addresses (RFC 8305, "happy eyeballs").

use std::{
    collections::VecDeque,
    net::SocketAddr,
    time::{Duration, Instant},
};

/// The delay between addresses: the Connection Attempt Delay that RFC 8305 recommends.
const STEP: Duration = Duration::from_millis(250);

/// The most concurrent attempts. More would be many sockets for a silent address, and names with more
/// addresses balance load among equal servers.
const MAX_UNDER_WAY: usize = 16;

/// Orders the addresses. The one that worked last comes first, then the families alternate, beginning with
/// that of the first, each in the system's order.
pub(super) fn order(addresses: &[SocketAddr], worked: Option<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut ones, mut others): (VecDeque<_>, VecDeque<_>) =
        addresses.iter().copied().partition(|address| address.is_ipv6() == first_is_v6);
    let mut ordered = Vec::with_capacity(addresses.len());
    while !(ones.is_empty() && others.is_empty()) {
        ordered.extend(ones.pop_front());
        ordered.extend(others.pop_front());
    }
    if let Some(at) = worked.and_then(|worked| ordered.iter().position(|address| *address == worked)) {
        ordered[..=at].rotate_right(1);
    }
    ordered
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step<A> {
    /// Start an attempt.
    Begin(A),
    /// Do nothing before this time, unless an attempt fails.
    Wait(Instant),
    /// All have failed.
    Over,
}

/// One round of attempts to all targets.
///
/// A silent target repeatedly gets another attempt beside the first: after an outage the system's own
/// retransmissions come after 1, 2, 4, 8 seconds, so a single long attempt would notice late that the path
/// works again.
#[derive(Debug)]
pub(super) struct Race<A> {
    waiting: VecDeque<A>,
    under_way: Vec<A>,
    /// The time between two rounds.
    again: Duration,
    next: Instant,
    round: Instant,
}

impl<A: Clone + PartialEq> Race<A> {
    /// Creates a race of `targets`, in this order. Silent ones get another attempt after `again`.
    pub(super) fn new(targets: impl IntoIterator<Item = A>, again: Duration, now: Instant) -> Self {
        let waiting = targets.into_iter().collect();
        Self { waiting, under_way: Vec::new(), again, next: now, round: now }
    }

    /// Decides what to do at `now`.
    pub(super) fn poll(&mut self, now: Instant) -> Step<A> {
        if self.waiting.is_empty() && self.under_way.is_empty() {
            return Step::Over;
        }
        if self.waiting.is_empty() && now >= self.round + self.again {
            self.round = now;
            for target in &self.under_way {
                if !self.waiting.contains(target) {
                    self.waiting.push_back(target.clone());
                }
            }
        }
        let due = if self.waiting.is_empty() { self.next.max(self.round + self.again) } else { self.next };
        let may_begin = self.under_way.is_empty() || (now >= due && self.under_way.len() < MAX_UNDER_WAY);
        if let Some(target) = may_begin.then(|| self.waiting.pop_front()).flatten() {
            self.next = now + STEP;
            self.under_way.push(target.clone());
            return Step::Begin(target);
        }
        // At the limit of concurrent attempts, only a failure changes anything.
        Step::Wait(if now < due { due } else { now + self.again.max(STEP) })
    }

    /// Records a failed attempt. The next starts at once, and this target gets no other in this race.
    pub(super) fn failed(&mut self, target: &A, now: Instant) {
        self.under_way.retain(|other| other != target);
        self.waiting.retain(|other| other != target);
        self.next = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGAIN: Duration = Duration::from_millis(1500);

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    /// The attempts and their start times in milliseconds, until `end`.
    fn begun(race: &mut Race<char>, start: Instant, end: u64) -> Vec<(char, u128)> {
        let (mut now, mut begun) = (start, Vec::new());
        while now < start + Duration::from_millis(end) {
            match race.poll(now) {
                Step::Begin(target) => begun.push((target, (now - start).as_millis())),
                Step::Wait(until) => {
                    assert!(until > now, "it must not spin");
                    now = until;
                }
                Step::Over => break,
            }
        }
        begun
    }

    #[test]
    fn families_take_turns_and_the_one_that_worked_is_first() {
        let system = addresses(&[
            "[2001:db8::1]:1",
            "[2001:db8::2]:1",
            "192.0.2.1:1",
            "[2001:db8::3]:1",
            "192.0.2.2:1",
        ]);
        let turns = addresses(&[
            "[2001:db8::1]:1",
            "192.0.2.1:1",
            "[2001:db8::2]:1",
            "192.0.2.2:1",
            "[2001:db8::3]:1",
        ]);
        assert_eq!(order(&system, None), turns);
        let worked = addresses(&[
            "192.0.2.2:1",
            "[2001:db8::1]:1",
            "192.0.2.1:1",
            "[2001:db8::2]:1",
            "[2001:db8::3]:1",
        ]);
        assert_eq!(order(&system, Some(worked[0])), worked);
        let gone = "198.51.100.1:1".parse().unwrap();
        assert_eq!(order(&system, Some(gone)), turns, "an address that the name no longer has is not tried");
        let v4_first = addresses(&["192.0.2.1:1", "[2001:db8::1]:1"]);
        assert_eq!(order(&v4_first, None), v4_first);
        assert_eq!(order(&[], None), []);
    }

    #[test]
    fn targets_begin_a_quarter_of_a_second_apart() {
        let start = Instant::now();
        let mut race = Race::new(['a', 'b', 'c'], AGAIN, start);
        assert_eq!(begun(&mut race, start, 1500), [('a', 0), ('b', 250), ('c', 500)]);
    }

    #[test]
    fn a_failure_begins_the_next_at_once() {
        let start = Instant::now();
        let mut race = Race::new(['a', 'b'], AGAIN, start);
        assert_eq!(race.poll(start), Step::Begin('a'));
        let soon = start + Duration::from_millis(3);
        race.failed(&'a', soon);
        assert_eq!(race.poll(soon), Step::Begin('b'));
        race.failed(&'b', soon);
        assert_eq!(race.poll(soon), Step::Over);
    }

    #[test]
    fn a_silent_target_is_begun_again_and_a_failed_one_is_not() {
        let start = Instant::now();
        let mut race = Race::new(['a', 'b'], AGAIN, start);
        assert_eq!(begun(&mut race, start, 3000), [('a', 0), ('b', 250), ('a', 1500), ('b', 1750)]);
        race.failed(&'a', start + Duration::from_millis(3000));
        let later = start + Duration::from_millis(3000);
        assert_eq!(begun(&mut race, later, 2000), [('b', 0), ('b', 1500)]);
    }

    #[test]
    fn many_silent_targets_are_not_many_sockets() {
        let start = Instant::now();
        let mut race = Race::new('a'..='z', AGAIN, start);
        assert_eq!(begun(&mut race, start, 60_000).len(), MAX_UNDER_WAY);
        race.failed(&'a', start + Duration::from_secs(60));
        assert!(matches!(race.poll(start + Duration::from_secs(60)), Step::Begin(_)));
    }
}
