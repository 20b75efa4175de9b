//! The numbers of connections, which are the same at all relays.
//!
//! Each relay counts its own connections from 1, and has a block of numbers (a slot) for them, so that no two
//! relays ever give the same number, without asking each other. Numbers belong to an epoch, which all relays share: it
//! lasts for as long as one of them lives.

use super::{
    about::Epoch,
    claim::Claim,
    claimant::SLOTS,
    members::{RelayId, Roster},
};

/// The connections of a block. The relays' first blocks follow each other: people see "peer 1", "peer 1001".
const BLOCK: u64 = 1000;

/// Numbers of relays without a block are above this, and below those of clients that are recognised. No relay uses up
/// so many blocks.
const APART: u64 = 1 << 51;

/// Their connections; what is left of the 51 bits tells relays apart.
const APART_COUNTS: u64 = 1 << 20;

/// A relay's slot and epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    id: RelayId,
    claim: Claim,
    has_slot: bool,
    epoch: Epoch,
}

impl Identity {
    /// Creates the identity of a relay that has no slot yet.
    pub(super) fn new(id: RelayId, epoch: Epoch) -> Self {
        Self { id, claim: Claim::default(), has_slot: false, epoch }
    }

    /// The slot that it has, or wants.
    pub(super) const fn claim(&self) -> Claim {
        self.claim
    }

    /// Whether it has that slot.
    pub(super) const fn has_slot(&self) -> bool {
        self.has_slot
    }

    /// The cluster's epoch.
    pub(super) const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Takes over a claim, and the epoch of the others; returns whether that changed anything.
    ///
    /// A relay that only starts takes over the epoch of those that have slots, also if its clock says that its own began
    /// earlier: their clients would have to learn all numbers again.
    pub(super) fn settle(&mut self, claim: Claim, has_slot: bool, roster: &Roster) -> bool {
        let before = *self;
        let epochs = |has_slot: bool| {
            let others = roster.living().filter(move |(_, about)| about.has_slot || !has_slot);
            others.map(|(_, about)| about.epoch).min()
        };
        self.epoch = match epochs(true) {
            Some(others) if self.has_slot => self.epoch.min(others),
            Some(others) => others,
            None if self.has_slot => self.epoch,
            None => epochs(false).map_or(self.epoch, |others| self.epoch.min(others)),
        };
        (self.claim, self.has_slot) = (claim, has_slot);
        *self != before
    }

    /// The number that all relays know a connection by; `count` is its number at its own relay, from 1.
    ///
    /// In the first slot, the first connections have the numbers that they would have without a cluster. Without a slot,
    /// numbers are long ones that no other relay gives.
    pub(super) fn number(&self, count: u64) -> u64 {
        if !self.has_slot {
            let own = self.id.to_bits() % (APART / APART_COUNTS);
            return APART | (own * APART_COUNTS) | (count % APART_COUNTS);
        }
        let block = u64::from(self.claim.slot).saturating_add((count / BLOCK).saturating_mul(SLOTS.into()));
        block.saturating_mul(BLOCK).saturating_add(count % BLOCK)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        clock::Timestamp,
        relay::cluster::{About, Relay},
    };

    fn epoch(began: u64) -> Epoch {
        Epoch { began: Timestamp::from_micros(began), number: began }
    }

    fn identity(id: u64, slot: Option<u32>) -> Identity {
        let claim = Claim { slot: slot.unwrap_or(0), turn: 0 };
        Identity { id: RelayId::from_bits(id), claim, has_slot: slot.is_some(), epoch: epoch(5) }
    }

    fn roster(others: &[(u64, bool, bool)]) -> Roster {
        let relays = (1_u64..).zip(others).map(|(id, (began, has_slot, alive))| {
            let about = About { epoch: epoch(*began), has_slot: *has_slot, ..About::of_test(id) };
            (RelayId::from_bits(id), Relay { alive: *alive, about: Ok(about) })
        });
        relays.collect()
    }

    #[test]
    fn a_lone_relay_numbers_as_without_a_cluster() {
        let lone = identity(1, Some(0));
        assert_eq!([1, 2, 999].map(|count| lone.number(count)), [1, 2, 999]);
        assert_eq!(lone.number(1000), 1_024_000);
        assert_eq!(identity(1, Some(2)).number(1), 2001);
    }

    #[test]
    fn a_relay_that_starts_takes_over_the_epoch_and_one_that_runs_keeps_it() {
        let settled = |has_slot: bool, others: &[(u64, bool, bool)]| {
            let mut identity = identity(9, has_slot.then_some(0));
            identity.settle(Claim::default(), has_slot, &roster(others));
            identity.epoch().number
        };
        assert_eq!(settled(false, &[]), 5);
        assert_eq!(settled(false, &[(7, true, true), (8, true, true)]), 7, "although its own began earlier");
        assert_eq!(settled(false, &[(3, false, true), (7, true, true)]), 7);
        assert_eq!(settled(false, &[(3, false, true), (7, false, true)]), 3, "all of them start");
        assert_eq!(settled(true, &[(3, false, true)]), 5, "whatever the clock of one that starts says");
        assert_eq!(settled(true, &[(3, true, true), (7, true, true)]), 3, "after a cut");
        assert_eq!(settled(true, &[(3, true, false)]), 5, "of those that live");
        let mut known = identity(9, Some(4));
        assert!(!known.settle(known.claim(), true, &roster(&[(5, true, true)])), "nothing is new");
        assert!(known.settle(Claim { slot: 6, turn: 1 }, false, &roster(&[])));
    }

    proptest! {
        #[test]
        fn no_number_is_given_twice(
            picks in proptest::collection::vec((proptest::option::of(0..SLOTS), 1_u64..5000), 0..200),
        ) {
            let mut given = HashMap::new();
            for (slot, count) in picks {
                let number = identity(slot.map_or(7, u64::from), slot).number(count);
                prop_assert!(number < 1 << 52);
                let before = given.insert(number, (slot, count));
                prop_assert!(before.is_none_or(|before| before == (slot, count)));
            }
        }
    }
}
