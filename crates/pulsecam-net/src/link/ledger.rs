//! What the relay has surely taken.
//!
//! TCP takes bytes that nobody will ever read. Messages that must not be lost are kept until a
//! heartbeat that was sent after them is answered: only then has the relay read them. What is not confirmed
//! when a connection dies is sent again on the next.

use std::{collections::VecDeque, time::Instant};

use crate::clock::Timestamp;

/// Heartbeats that can be unanswered at one time; a link that is dead by its own measure has far fewer.
const MAX_OUTSTANDING: usize = 1024;

/// What an answered heartbeat proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered<T> {
    /// When the heartbeat went out.
    pub sent: Instant,
    /// The messages that are confirmed by it, in order.
    pub confirmed: Vec<T>,
}

/// A book of what went out on the present connection.
#[derive(Debug)]
pub struct Ledger<T> {
    unconfirmed: VecDeque<T>,
    /// Messages whose writing began, ever.
    started: u64,
    /// Messages known to be taken, ever.
    confirmed: u64,
    beats: VecDeque<Beat>,
}

#[derive(Clone, Copy, Debug)]
struct Beat {
    t1: Timestamp,
    sent: Instant,
    /// Messages that went before it.
    covers: u64,
}

impl<T> Default for Ledger<T> {
    fn default() -> Self {
        Self { unconfirmed: VecDeque::new(), started: 0, confirmed: 0, beats: VecDeque::new() }
    }
}

impl<T> Ledger<T> {
    /// The writing of a message began.
    pub fn message(&mut self, message: T) {
        self.started += 1;
        self.unconfirmed.push_back(message);
    }

    /// The writing of a heartbeat began.
    pub fn heartbeat(&mut self, t1: Timestamp, now: Instant) {
        if self.beats.len() == MAX_OUTSTANDING {
            self.beats.pop_front();
        }
        self.beats.push_back(Beat { t1, sent: now, covers: self.started });
    }

    /// A heartbeat was answered: the one whose time comes back, or, by a Qt peer that repeats no
    /// time, the oldest. `None` if no such heartbeat was sent.
    pub fn answered(&mut self, t1: Option<Timestamp>) -> Option<Answered<T>> {
        let position = match t1 {
            Some(t1) => self.beats.iter().position(|beat| beat.t1 == t1)?,
            None => 0,
        };
        let beat = *self.beats.get(position)?;
        self.beats.drain(..=position);
        let count = beat.covers.saturating_sub(self.confirmed);
        self.confirmed += count;
        let count = usize::try_from(count).map_or(self.unconfirmed.len(), |n| n.min(self.unconfirmed.len()));
        Some(Answered { sent: beat.sent, confirmed: self.unconfirmed.drain(..count).collect() })
    }

    /// Whether a heartbeat should go out to confirm what is not. One at a time: its answer asks again, so that a
    /// burst of texts costs a heartbeat each round trip, not one each.
    #[must_use]
    pub fn wants_heartbeat(&self) -> bool {
        self.beats.is_empty() && self.confirmed < self.started
    }

    /// The connection is gone: what is to be sent again, in order.
    pub fn take_back(&mut self) -> VecDeque<T> {
        self.beats.clear();
        self.started = self.confirmed;
        std::mem::take(&mut self.unconfirmed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: u64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    #[test]
    fn an_answer_confirms_what_went_before_its_heartbeat_and_no_more() {
        let now = Instant::now();
        let mut ledger = Ledger::default();
        ledger.message("a");
        assert!(ledger.wants_heartbeat());
        ledger.heartbeat(at(1), now);
        assert!(!ledger.wants_heartbeat());
        ledger.message("b");
        assert!(!ledger.wants_heartbeat());
        let answered = Answered { sent: now, confirmed: vec!["a"] };
        assert_eq!(ledger.answered(Some(at(1))), Some(answered));
        assert!(ledger.wants_heartbeat());
        assert_eq!(ledger.take_back(), ["b"]);
    }

    #[test]
    fn a_qt_relays_answers_count_in_order() {
        let now = Instant::now();
        let mut ledger = Ledger::default();
        ledger.heartbeat(at(1), now);
        ledger.message("a");
        ledger.heartbeat(at(2), now);
        assert_eq!(ledger.answered(None).unwrap().confirmed, [""; 0]);
        assert_eq!(ledger.answered(None).unwrap().confirmed, ["a"]);
        assert_eq!(ledger.answered(None), None);
    }

    #[test]
    fn what_is_sent_again_is_counted_once() {
        let now = Instant::now();
        let mut ledger = Ledger::default();
        for message in ["a", "b"] {
            ledger.message(message);
        }
        ledger.heartbeat(at(1), now);
        let again = ledger.take_back();
        assert_eq!(ledger.answered(Some(at(1))), None, "the old connection's answer means nothing");
        for message in again {
            ledger.message(message);
        }
        ledger.heartbeat(at(2), now);
        assert_eq!(ledger.answered(Some(at(2))).unwrap().confirmed, ["a", "b"]);
        assert!(ledger.take_back().is_empty());
    }

    #[test]
    fn answers_to_nothing_are_ignored() {
        let mut ledger = Ledger::<&str>::default();
        assert_eq!(ledger.answered(Some(at(9))), None);
        for micros in 0..2 * MAX_OUTSTANDING as u64 {
            ledger.heartbeat(at(micros), Instant::now());
        }
        assert_eq!(ledger.beats.len(), MAX_OUTSTANDING);
    }
}
