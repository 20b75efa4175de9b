//! Recognises texts and images of other relays that came before, and counts those that are missing.

use std::collections::BTreeMap;

use super::{link_plan::MAX_RELAYS, members::RelayId};

/// The most relays whose numbers are remembered in a room: four times the largest cluster. Beyond it, the one that was
/// heard from least recently is forgotten.
const REMEMBERED: usize = 4 * MAX_RELAYS;

/// What a message with a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The next one.
    Next,
    /// One that came before.
    Repeated,
    /// A new one, before which some are missing: the other relay had too many to keep.
    After {
        /// How many.
        missing: u64,
    },
}

/// The numbers of the messages that came from each other relay, in one room.
#[derive(Debug, Default)]
pub struct Arrivals {
    relays: BTreeMap<RelayId, Heard>,
    /// Counts messages, so that it is known who was heard from least recently.
    turn: u64,
}

#[derive(Clone, Copy, Debug)]
struct Heard {
    upto: u64,
    turn: u64,
}

impl Arrivals {
    /// Records a message. It is for clients here unless it is repeated.
    pub fn take(&mut self, from: RelayId, number: u64) -> Arrival {
        self.turn += 1;
        let turn = self.turn;
        if self.relays.len() >= REMEMBERED
            && !self.relays.contains_key(&from)
            && let Some((&oldest, _)) = self.relays.iter().min_by_key(|(_, heard)| heard.turn)
        {
            self.relays.remove(&oldest);
        }
        let heard = self.relays.entry(from).or_insert(Heard { upto: 0, turn });
        heard.turn = turn;
        if number <= heard.upto {
            return Arrival::Repeated;
        }
        let missing = number - heard.upto - 1;
        heard.upto = number;
        if missing == 0 { Arrival::Next } else { Arrival::After { missing } }
    }

    /// Up to which number all have come, as it is confirmed to the other relay.
    #[must_use]
    pub fn upto(&self, from: RelayId) -> u64 {
        self.relays.get(&from).map_or(0, |heard| heard.upto)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: RelayId = RelayId::from_bits(1);
    const B: RelayId = RelayId::from_bits(2);

    #[test]
    fn each_message_of_each_relay_is_taken_once() {
        let mut arrivals = Arrivals::default();
        assert_eq!(
            [1, 2, 1, 2, 3].map(|number| arrivals.take(A, number)),
            [Arrival::Next, Arrival::Next, Arrival::Repeated, Arrival::Repeated, Arrival::Next]
        );
        assert_eq!((arrivals.take(B, 1), arrivals.take(A, 0)), (Arrival::Next, Arrival::Repeated));
        assert_eq!((arrivals.upto(A), arrivals.upto(B), arrivals.upto(RelayId::from_bits(3))), (3, 1, 0));
    }

    #[test]
    fn what_is_missing_is_counted() {
        let mut arrivals = Arrivals::default();
        assert_eq!(arrivals.take(A, 3), Arrival::After { missing: 2 });
        assert_eq!(arrivals.take(A, u64::MAX), Arrival::After { missing: u64::MAX - 4 });
        assert_eq!(arrivals.take(A, u64::MAX), Arrival::Repeated);
    }

    #[test]
    fn relays_that_come_and_go_cannot_fill_memory() {
        let mut arrivals = Arrivals::default();
        arrivals.take(A, 9);
        for bits in 10..3 * REMEMBERED as u64 {
            arrivals.take(RelayId::from_bits(bits), 1);
            assert_eq!(arrivals.take(A, 9), Arrival::Repeated, "it is heard from");
        }
        assert_eq!(arrivals.relays.len(), REMEMBERED);
    }
}
