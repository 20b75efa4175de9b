//! Messages that the relay has not confirmed.
//!
//! TCP accepts bytes that the peer may never read. Messages that must not be lost are kept until a heartbeat
//! that was sent after them is answered: only then has the relay read them. Messages that are unconfirmed
//! when a connection dies are sent again on the next.

use std::{collections::VecDeque, time::Instant};

use crate::clock::Timestamp;

/// The most unanswered heartbeats that are remembered; a link counts as dead long before that.
const MAX_OUTSTANDING: usize = 1024;

/// The result of an answered heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answered<T> {
    /// When the heartbeat was sent.
    pub(super) sent: Instant,
    /// The messages that it confirms, in order.
    pub(super) confirmed: Vec<T>,
}

/// The messages and heartbeats sent on the current connection.
#[derive(Debug)]
pub(super) struct Unacked<T> {
    unconfirmed: VecDeque<T>,
    /// The total number of messages whose writing began.
    started: u64,
    /// The total number of confirmed messages.
    confirmed: u64,
    beats: VecDeque<Beat>,
}

#[derive(Clone, Copy, Debug)]
struct Beat {
    t1: Timestamp,
    sent: Instant,
    /// The number of messages sent before it.
    covers: u64,
}

impl<T> Default for Unacked<T> {
    fn default() -> Self {
        Self { unconfirmed: VecDeque::new(), started: 0, confirmed: 0, beats: VecDeque::new() }
    }
}

impl<T> Unacked<T> {
    /// Records a message whose writing began.
    pub(super) fn message(&mut self, message: T) {
        self.started += 1;
        self.unconfirmed.push_back(message);
    }

    /// Records a heartbeat whose writing began.
    pub(super) fn heartbeat(&mut self, t1: Timestamp, now: Instant) {
        if self.beats.len() == MAX_OUTSTANDING {
            self.beats.pop_front();
        }
        self.beats.push_back(Beat { t1, sent: now, covers: self.started });
    }

    /// Handles an answer to a heartbeat. It belongs to the one whose time it repeats, or, from a Qt peer that
    /// repeats no time, to the oldest. `None` if no such heartbeat was sent.
    pub(super) fn answered(&mut self, t1: Option<Timestamp>) -> Option<Answered<T>> {
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

    /// Whether a heartbeat should be sent to confirm messages. Only one at a time, so that a burst of texts
    /// costs one heartbeat per round trip and not one per text.
    #[must_use]
    pub(super) fn wants_heartbeat(&self) -> bool {
        self.beats.is_empty() && self.confirmed < self.started
    }

    /// Takes back the unconfirmed messages of a dead connection, in order.
    pub(super) fn take_unacked(&mut self) -> VecDeque<T> {
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
        let mut unacked = Unacked::default();
        unacked.message("a");
        assert!(unacked.wants_heartbeat());
        unacked.heartbeat(at(1), now);
        assert!(!unacked.wants_heartbeat());
        unacked.message("b");
        assert!(!unacked.wants_heartbeat());
        let answered = Answered { sent: now, confirmed: vec!["a"] };
        assert_eq!(unacked.answered(Some(at(1))), Some(answered));
        assert!(unacked.wants_heartbeat());
        assert_eq!(unacked.take_unacked(), ["b"]);
    }

    #[test]
    fn a_qt_relays_answers_count_in_order() {
        let now = Instant::now();
        let mut unacked = Unacked::default();
        unacked.heartbeat(at(1), now);
        unacked.message("a");
        unacked.heartbeat(at(2), now);
        assert_eq!(unacked.answered(None).unwrap().confirmed, [""; 0]);
        assert_eq!(unacked.answered(None).unwrap().confirmed, ["a"]);
        assert_eq!(unacked.answered(None), None);
    }

    #[test]
    fn what_is_sent_again_is_counted_once() {
        let now = Instant::now();
        let mut unacked = Unacked::default();
        for message in ["a", "b"] {
            unacked.message(message);
        }
        unacked.heartbeat(at(1), now);
        let again = unacked.take_unacked();
        assert_eq!(unacked.answered(Some(at(1))), None, "the old connection's answer means nothing");
        for message in again {
            unacked.message(message);
        }
        unacked.heartbeat(at(2), now);
        assert_eq!(unacked.answered(Some(at(2))).unwrap().confirmed, ["a", "b"]);
        assert!(unacked.take_unacked().is_empty());
    }

    #[test]
    fn answers_to_nothing_are_ignored() {
        let mut unacked = Unacked::<&str>::default();
        assert_eq!(unacked.answered(Some(at(9))), None);
        for micros in 0..2 * MAX_OUTSTANDING as u64 {
            unacked.heartbeat(at(micros), Instant::now());
        }
        assert_eq!(unacked.beats.len(), MAX_OUTSTANDING);
    }
}
