//! The ordered messages that wait for one client, counted by sender, and whether the client is reading.
//!
//! Texts and images are never dropped, so a client for which too much waits is disconnected. Another client
//! must not be able to cause that: a client that sends more than others can take is not read for a while
//! instead. Each sender may fill as much of a mailbox as the rest leaves free (dynamic thresholds, as
//! switches share their memory): one alone fills half of it, two a third each, and there is always room for
//! small senders. A client that does not read delays nobody: it is disconnected once its mailbox is full.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::event::ClientId;

/// A client that would need longer than this for a whole mailbox counts as not reading. By default that is
/// 112 kB/s, which is too slow for video.
const SLOWEST: Duration = Duration::from_secs(300);

/// The time over which a client's rate is measured. Systems report room for more in steps of up to a few
/// hundred kilobytes.
const WINDOW: Duration = Duration::from_secs(3);

/// The account of a mailbox's ordered messages.
#[derive(Debug)]
pub(super) struct Backlog {
    budget: usize,
    total: usize,
    items: usize,
    shares: BTreeMap<ClientId, usize>,
    /// When the measurement began, and the bytes taken since.
    begun: Instant,
    taken: usize,
    keeps_up: bool,
}

impl Backlog {
    /// Creates an empty account for a mailbox of `budget` bytes.
    pub(super) const fn new(budget: usize, now: Instant) -> Self {
        Self { budget, total: 0, items: 0, shares: BTreeMap::new(), begun: now, taken: 0, keeps_up: true }
    }

    /// Adds waiting bytes of this sender.
    pub(super) fn add(&mut self, from: ClientId, bytes: usize, now: Instant) {
        if self.total == 0 {
            (self.begun, self.taken, self.keeps_up) = (now, 0, true);
        }
        self.total = self.total.saturating_add(bytes);
        self.items = self.items.saturating_add(1);
        let share = self.shares.entry(from).or_default();
        *share = share.saturating_add(bytes);
    }

    /// Removes bytes whose writing has begun.
    pub(super) fn remove(&mut self, from: ClientId, bytes: usize) {
        self.total = self.total.saturating_sub(bytes);
        self.items = self.items.saturating_sub(1);
        if let Some(share) = self.shares.get_mut(&from) {
            *share = share.saturating_sub(bytes);
            if *share == 0 {
                self.shares.remove(&from);
            }
        }
    }

    /// Records bytes that the client's socket took.
    pub(super) const fn took(&mut self, bytes: usize) {
        self.taken = self.taken.saturating_add(bytes);
    }

    /// The number of waiting messages.
    pub(super) const fn items(&self) -> usize {
        self.items
    }

    /// Whether a message of `bytes` must wait at its sender until the client has taken more. `amid`: the
    /// client could not take anything since the last one, because it is still the sender's turn.
    pub(super) fn holds_up(&mut self, from: ClientId, bytes: usize, amid: bool, now: Instant) -> bool {
        if self.total == 0 {
            return false;
        }
        let free = self.budget.saturating_sub(self.total);
        let share = self.shares.get(&from).copied().unwrap_or(0);
        let is_alone = amid || share == 0;
        let fits = bytes <= free && (is_alone || share.saturating_add(bytes) <= free - bytes);
        !fits && self.keeps_up(now)
    }

    fn keeps_up(&mut self, now: Instant) -> bool {
        let time = now.saturating_duration_since(self.begun);
        if time >= WINDOW {
            let least = self.budget as f64 * time.as_secs_f64() / SLOWEST.as_secs_f64();
            self.keeps_up = self.taken as f64 >= least;
            (self.begun, self.taken) = (now, 0);
        }
        self.keeps_up
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    /// Fills it with as much as each of these senders may send, in turns.
    fn filled(senders: u64, bytes: usize) -> Backlog {
        let start = Instant::now();
        let mut backlog = Backlog::new(1000, start);
        loop {
            let before = backlog.total;
            for sender in 0..senders {
                if !backlog.holds_up(sender, bytes, false, start) {
                    backlog.add(sender, bytes, start);
                }
            }
            if backlog.total == before {
                return backlog;
            }
        }
    }

    #[test]
    fn one_sender_fills_half_two_a_third_each_and_none_all_of_it() {
        assert!((480..=500).contains(&filled(1, 10).total));
        let two = filled(2, 10);
        assert!(two.shares.values().all(|share| (310..=340).contains(share)), "{:?}", two.shares);
        for (senders, bytes) in [(5, 10), (20, 10), (3, 300), (200, 7), (2, 500)] {
            let mut backlog = filled(senders, bytes);
            assert!(backlog.total <= 1000, "{senders} {bytes}");
            let free = 1000 - backlog.total;
            assert!(
                free == 0 || !backlog.holds_up(999, 1.min(free), false, Instant::now()),
                "room for another sender"
            );
        }
    }

    #[test]
    fn within_a_turn_nothing_waits_that_fits() {
        let now = Instant::now();
        let mut backlog = Backlog::new(1000, now);
        backlog.add(1, 700, now);
        assert!(backlog.holds_up(1, 100, false, now) && !backlog.holds_up(1, 100, true, now));
        assert!(backlog.holds_up(1, 301, true, now));
    }

    #[test]
    fn a_message_larger_than_the_mailbox_waits_until_nothing_else_does() {
        let now = Instant::now();
        let mut backlog = Backlog::new(1000, now);
        assert!(!backlog.holds_up(1, 5000, false, now));
        backlog.add(2, 10, now);
        assert!(backlog.holds_up(1, 5000, false, now));
        backlog.remove(2, 10);
        assert!(!backlog.holds_up(1, 5000, false, now) && backlog.shares.is_empty());
    }

    #[test]
    fn a_client_that_takes_nothing_holds_up_nobody_after_a_moment() {
        let start = Instant::now();
        let mut backlog = Backlog::new(300_000, start);
        backlog.add(1, 250_000, start);
        assert!(backlog.holds_up(1, 60_000, false, start + 2 * S));
        assert!(!backlog.holds_up(1, 60_000, false, start + 3 * S));
        assert!(!backlog.holds_up(1, 60_000, false, start + 4 * S), "nor later");
        // Slow but sufficient: 1000 bytes a second would empty it in time.
        for second in 4..=60 {
            backlog.took(1100);
            backlog.holds_up(1, 60_000, false, start + second * S);
        }
        assert!(backlog.holds_up(1, 60_000, false, start + 60 * S), "it is reading");
        for second in 61..=70 {
            backlog.took(900);
            backlog.holds_up(1, 60_000, false, start + second * S);
        }
        assert!(!backlog.holds_up(1, 60_000, false, start + 70 * S), "it is no longer reading");
    }

    #[test]
    fn a_client_for_which_nothing_waited_was_not_slow() {
        let start = Instant::now();
        let mut backlog = Backlog::new(1000, start);
        backlog.add(1, 900, start + 500 * S);
        assert!(backlog.holds_up(1, 200, false, start + 501 * S));
    }
}
