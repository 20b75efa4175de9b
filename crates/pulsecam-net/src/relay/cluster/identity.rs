//! The numbers of connections, which are the same at all relays.
//!
//! Each relay counts its own connections from 1, and has a block of numbers (a slot) for them, so that no two
//! relays ever give the same number, without asking each other. Numbers belong to an epoch, which all relays share: it
//! lasts for as long as one of them lives.

use std::collections::BTreeSet;

use super::{
    about::{About, Epoch},
    members::{RelayId, Roster},
};
use crate::clock::Timestamp;

/// The connections of a block. The relays' first blocks follow each other: people see "peer 1", "peer 1001".
const BLOCK: u64 = 1000;

/// The most slots. A relay that has used up its block goes on behind those of all others.
const SLOTS: u64 = 1024;

/// A relay's slot and epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    own: (Timestamp, RelayId),
    slot: u32,
    epoch: Epoch,
}

impl Identity {
    /// Creates the identity of a relay that knows nobody.
    #[must_use]
    pub const fn new(started: Timestamp, id: RelayId, epoch: Epoch) -> Self {
        Self { own: (started, id), slot: 0, epoch }
    }

    /// Its slot.
    #[must_use]
    pub const fn slot(&self) -> u32 {
        self.slot
    }

    /// The cluster's epoch.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Adapts both to what is known of the others; returns whether that changed anything.
    ///
    /// Of relays with the same slot, the eldest keeps it. The others take the lowest ones that nobody known has, not even
    /// one that is dead, whose numbers viewers still remember.
    pub fn settle(&mut self, roster: &Roster) -> bool {
        let before = *self;
        self.epoch = roster.living().map(|(_, about)| about.epoch).fold(self.epoch, Epoch::min);
        let is_elder = |(id, about): &(RelayId, &About)| (about.started, *id) < self.own;
        let elders = roster.known().filter(|relay| is_elder(relay) && relay.1.slot == self.slot).count();
        if let Some(rank) = elders.checked_sub(1) {
            let taken: BTreeSet<_> = roster.known().map(|(_, about)| about.slot).collect();
            // By rank, so that many relays that start together do not all choose the same again.
            let free = (0..SLOTS as u32).filter(|slot| !taken.contains(slot)).nth(rank);
            self.slot = free.unwrap_or(self.slot);
        }
        *self != before
    }

    /// The number that all relays know a connection by; `count` is its number at its own relay, from 1.
    ///
    /// In the first slot, the first connections have the numbers that they would have without a cluster.
    #[must_use]
    pub const fn number(&self, count: u64) -> u64 {
        let block = (self.slot as u64).saturating_add((count / BLOCK).saturating_mul(SLOTS));
        block.saturating_mul(BLOCK).saturating_add(count % BLOCK)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};

    use proptest::prelude::*;

    use super::*;
    use crate::relay::cluster::{Load, Relay};

    const FIRST: RelayId = RelayId::from_bits(1);

    fn about(started: u64, slot: u32, epoch: Epoch) -> About {
        About {
            started: Timestamp::from_micros(started),
            link: ([127, 0, 0, 1], 1).into(),
            certificate: "00".repeat(32).parse().unwrap(),
            public: None,
            slot,
            epoch,
            load: Load::default(),
            rooms: BTreeSet::new(),
        }
    }

    fn epoch(began: u64) -> Epoch {
        Epoch { began: Timestamp::from_micros(began), number: began }
    }

    fn identity(started: u64, id: u64) -> Identity {
        Identity::new(Timestamp::from_micros(started), RelayId::from_bits(id), epoch(started))
    }

    #[test]
    fn a_lone_relay_numbers_as_without_a_cluster() {
        let mut lone = identity(5, 1);
        assert!(!lone.settle(&Roster::default()));
        assert_eq!([1, 2, 999].map(|count| lone.number(count)), [1, 2, 999]);
        assert_eq!(lone.number(1000), 1_024_000);
    }

    #[test]
    fn the_younger_of_two_changes_and_takes_no_dead_ones_slot() {
        let known = |relays: &[(u64, u32, bool)]| -> Roster {
            let relays = relays.iter().enumerate().map(|(at, (started, slot, alive))| {
                let about = Ok(about(*started, *slot, epoch(*started)));
                (RelayId::from_bits(at as u64 + 10), Relay { alive: *alive, about })
            });
            relays.collect()
        };
        let mut elder = identity(5, 1);
        assert!(!elder.settle(&known(&[(6, 0, true)])));
        let mut younger = identity(7, 1);
        assert!(younger.settle(&known(&[(6, 0, true), (3, 1, false), (9, 3, true)])));
        assert_eq!((younger.slot(), younger.epoch()), (2, epoch(6)), "the epoch is that of a living one");
        assert_eq!(younger.number(1), 2001);
        assert!(!younger.settle(&known(&[(6, 0, true), (3, 1, false), (9, 3, true)])));
        assert!(!younger.settle(&known(&[])), "the epoch outlives the relay that began it");
        assert_eq!(younger.epoch(), epoch(6));
    }

    #[test]
    fn two_that_started_together_are_told_apart_by_their_names() {
        let [mut one, mut other] = [identity(5, 1), identity(5, 2)];
        let relay = |of: &Identity| Relay { alive: true, about: Ok(about(5, of.slot(), of.epoch())) };
        let sees_one: Roster = [(FIRST, relay(&one))].into_iter().collect();
        let sees_other: Roster = [(RelayId::from_bits(2), relay(&other))].into_iter().collect();
        assert!(!one.settle(&sees_other));
        assert!(other.settle(&sees_one));
        assert_eq!((one.slot(), other.slot()), (0, 1));
    }

    proptest! {
        #[test]
        fn no_number_is_given_twice(picks in proptest::collection::vec((0_u32..SLOTS as u32, 1_u64..5000), 0..200)) {
            let mut given = HashMap::new();
            for (slot, count) in picks {
                let identity = Identity { slot, ..identity(1, 1) };
                let before = given.insert(identity.number(count), (slot, count));
                prop_assert!(before.is_none_or(|before| before == (slot, count)));
            }
        }

        /// Relays that hear of each other in any order, and late.
        #[test]
        fn all_agree_after_they_have_heard_of_each_other(
            ages in proptest::collection::vec(0_u64..5, 1..8),
            hearings in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..60),
        ) {
            let mut relays: Vec<_> = (0_u64..).zip(&ages).map(|(id, age)| identity(*age, id)).collect();
            let mut heard: Vec<BTreeMap<usize, Identity>> = vec![BTreeMap::new(); relays.len()];
            let known = |heard: &BTreeMap<usize, Identity>| -> Roster {
                let relay = |of: &Identity| Relay { alive: true, about: Ok(about(of.own.0.as_micros(), of.slot, of.epoch)) };
                heard.values().map(|of| (of.own.1, relay(of))).collect()
            };
            for (who, whom) in hearings {
                let (who, whom) = (who.index(relays.len()), whom.index(relays.len()));
                if who != whom {
                    heard[who].insert(whom, relays[whom]);
                    relays[who].settle(&known(&heard[who]));
                }
            }
            // From now on, each hears of each in each round.
            for _ in 0..=relays.len() {
                let now = relays.clone();
                for (at, relay) in relays.iter_mut().enumerate() {
                    let others = now.iter().copied().enumerate().filter(|(other, _)| *other != at).collect();
                    relay.settle(&known(&others));
                }
            }
            let slots: BTreeSet<_> = relays.iter().map(Identity::slot).collect();
            prop_assert_eq!(slots.len(), relays.len());
            let eldest = ages.iter().min().copied().unwrap_or(0);
            prop_assert!(relays.iter().all(|relay| relay.epoch == epoch(eldest)));
        }
    }
}
