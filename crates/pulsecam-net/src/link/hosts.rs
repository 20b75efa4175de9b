//! Decides to which of several relays a link connects next.
//!
//! A client may know several relays of a cluster: those that its user named, and those that a relay told of. If its
//! relay dies, it is at another one as soon as that is known: at once if its connection was closed or refused, and
//! after a shorter silence than usual, since to try another relay costs nothing.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// The most relays that are learnt from another one. Those are the least loaded ones; a client needs one.
pub(super) const MAX_LEARNT: usize = 8;

/// The pause of a relay that failed once; it doubles after each further failure.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// The interval of heartbeats, and the silence after which a relay is given up, if others are known.
const INTERVAL: Duration = Duration::from_secs(1);
const SILENCE: Duration = Duration::from_secs(3);

/// How a connection that was up ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// It was closed: the relay may be restarting, and one that is gone refuses the next attempt at once.
    Closed,
    /// Nothing came for too long: an attempt to connect may take as long.
    Silent,
}

/// The next attempt to connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Next {
    /// The relay, as its user or another relay wrote it.
    pub(super) host: String,
    /// When.
    pub(super) at: Instant,
}

/// The relays that a client knows.
#[derive(Debug)]
pub(super) struct Hosts {
    /// Those that the user named, in the order of preference.
    named: Vec<String>,
    learnt: Vec<String>,
    /// The last one that was up.
    current: Option<String>,
    failures: BTreeMap<String, Failures>,
    /// The longest pause.
    max_pause: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    /// When it may be tried again.
    until: Instant,
}

impl Hosts {
    /// Creates the list of those that the user named.
    pub(super) fn new(named: Vec<String>, max_pause: Duration) -> Self {
        Self { named, learnt: Vec::new(), current: None, failures: BTreeMap::new(), max_pause }
    }

    /// Records which others there are, as a relay says.
    pub(super) fn learn(&mut self, others: impl IntoIterator<Item = String>) {
        self.learnt.clear();
        for other in others {
            if self.learnt.len() < MAX_LEARNT && !self.all().any(|known| *known == other) {
                self.learnt.push(other);
            }
        }
        let known: Vec<_> = self.all().cloned().collect();
        self.failures.retain(|host, _| known.contains(host));
    }

    /// Which one to try next, and when. `None` if none is known.
    pub(super) fn next(&self, now: Instant) -> Option<Next> {
        let at = |host: &String| self.failures.get(host).map_or(now, |failures| failures.until.max(now));
        // Of several that may be tried now, the first.
        let host = self.all().min_by_key(|host| at(host))?;
        Some(Next { host: host.clone(), at: at(host) })
    }

    /// Records that an attempt failed. `random`, from 0 to 1, shortens the pause before the next one with the same host by
    /// up to half; the others may be tried at once.
    pub(super) fn failed(&mut self, host: &str, random: f64, now: Instant) {
        let max = self.max_pause;
        let failures = self.failures.entry(host.to_owned()).or_insert(Failures { count: 0, until: now });
        let doubled = FIRST_PAUSE.saturating_mul(1_u32.checked_shl(failures.count).unwrap_or(u32::MAX));
        failures.count = failures.count.saturating_add(1);
        failures.until = now + doubled.min(max).mul_f64(1.0 - random.clamp(0.0, 1.0) / 2.0);
    }

    /// Records that a relay has answered. Its failures are forgotten only once the connection proved well, so that one
    /// that accepts and closes is not hammered.
    pub(super) fn up(&mut self, host: &str) {
        self.current = Some(host.to_owned());
    }

    /// Records that the connection has been up for a while.
    pub(super) fn well(&mut self, host: &str) {
        self.failures.remove(host);
    }

    /// Records that the connection ended.
    pub(super) fn lost(&mut self, host: &str, loss: Loss, random: f64, now: Instant) {
        let was_well = !self.failures.contains_key(host);
        if loss == Loss::Silent || !was_well {
            self.failed(host, random, now);
        }
    }

    /// The interval of heartbeats and the limit of silence; `alone` if no other relay is known.
    pub(super) fn patience(&self, alone: (Duration, Duration)) -> (Duration, Duration) {
        let (interval, silence) = alone;
        if self.all().nth(1).is_none() { alone } else { (interval.min(INTERVAL), silence.min(SILENCE)) }
    }

    /// All known ones, in the order in which they are tried: the current one, then those that the user named.
    fn all(&self) -> impl Iterator<Item = &String> {
        let current = self.current.iter();
        let others = self.named.iter().chain(&self.learnt);
        current.chain(others.filter(|host| Some(*host) != self.current.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MAX: Duration = Duration::from_secs(5);
    const MS: Duration = Duration::from_millis(1);

    fn hosts(named: &[&str]) -> Hosts {
        Hosts::new(named.iter().map(|&host| host.to_owned()).collect(), MAX)
    }

    fn next(hosts: &Hosts, now: Instant) -> (String, Duration) {
        let Next { host, at } = hosts.next(now).unwrap();
        (host, at - now)
    }

    fn at_once(host: &str) -> (String, Duration) {
        (host.to_owned(), Duration::ZERO)
    }

    #[test]
    fn after_a_refused_connection_the_next_one_is_tried_at_once() {
        let (mut hosts, now) = (hosts(&["a", "b"]), Instant::now());
        assert_eq!(next(&hosts, now), at_once("a"));
        hosts.failed("a", 0.0, now);
        assert_eq!(next(&hosts, now), at_once("b"));
        hosts.failed("b", 0.0, now + MS);
        assert_eq!(next(&hosts, now + MS), ("a".into(), 249 * MS), "all have failed");
        hosts.failed("a", 1.0, now + 250 * MS);
        assert_eq!(next(&hosts, now + 250 * MS), ("b".into(), MS));
        hosts.up("b");
        hosts.well("b");
        assert_eq!(next(&hosts, now + 300 * MS), at_once("b"), "where it is");
    }

    #[test]
    fn a_relay_that_closed_may_restart_and_a_silent_one_may_be_gone() {
        let now = Instant::now();
        for (loss, first) in [(Loss::Closed, "b"), (Loss::Silent, "a")] {
            let mut hosts = hosts(&["a", "b"]);
            hosts.up("b");
            hosts.lost("b", loss, 0.0, now);
            assert_eq!(next(&hosts, now), at_once(first));
        }
        let mut hosts = hosts(&["a", "b"]);
        hosts.failed("b", 0.0, now);
        hosts.up("b");
        hosts.lost("b", Loss::Closed, 0.0, now);
        assert_eq!(next(&hosts, now), at_once("a"), "it accepts and closes");
    }

    #[test]
    fn relays_that_are_learnt_are_used_and_forgotten() {
        let (mut hosts, now) = (hosts(&["a"]), Instant::now());
        let usual = (Duration::from_secs(3), Duration::from_secs(10));
        assert_eq!(hosts.patience(usual), usual);
        hosts.learn(["a", "b", "b"].map(str::to_owned));
        assert_eq!(hosts.learnt, ["b"]);
        assert_eq!(hosts.patience(usual), (INTERVAL, SILENCE));
        assert_eq!(hosts.patience((MS, 5 * MS)), (MS, 5 * MS), "of one that is less patient, as before");
        hosts.failed("a", 0.0, now);
        hosts.up("b");
        hosts.learn(["c".to_owned()]);
        assert_eq!(next(&hosts, now), at_once("b"), "it is there still");
        hosts.failed("b", 0.0, now);
        assert_eq!(next(&hosts, now), at_once("c"));
        hosts.learn((0..100).map(|number| format!("{number}")));
        assert_eq!(hosts.learnt.len(), MAX_LEARNT);
    }

    #[test]
    fn pauses_double_up_to_the_limit() {
        let (mut hosts, now) = (hosts(&["a"]), Instant::now());
        let pauses: Vec<_> = (0..7)
            .map(|_| {
                hosts.failed("a", 0.0, now);
                next(&hosts, now).1.as_millis()
            })
            .collect();
        assert_eq!(pauses, [250, 500, 1000, 2000, 4000, 5000, 5000]);
        (0..100).for_each(|_| hosts.failed("a", 1.0, now));
        assert_eq!(next(&hosts, now).1, MAX / 2);
        assert_eq!(Hosts::new(Vec::new(), MAX).next(now), None);
    }

    proptest! {
        /// Whatever has failed before, a relay that answers is found before any is tried twice.
        #[test]
        fn one_that_lives_is_found(
            failed in proptest::collection::vec((0_usize..5, 0.0_f64..1.0, 0_u64..3000), 0..40),
            living in 0_usize..5,
        ) {
            let names = ["a", "b", "c", "d", "e"];
            let (mut hosts, mut now) = (hosts(&names[..2]), Instant::now());
            hosts.learn(names[2..].iter().map(|&name| name.to_owned()));
            for (which, random, pause) in failed {
                hosts.failed(names[which], random, now);
                now += Duration::from_millis(pause);
            }
            let begun = now;
            for attempt in 0.. {
                let Next { host, at } = hosts.next(now).unwrap();
                prop_assert!(at - begun <= MAX + MAX, "{attempt}");
                now = at;
                if host == names[living] {
                    break;
                }
                hosts.failed(&host, 0.0, now);
            }
        }
    }
}
