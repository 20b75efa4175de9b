//! Decides which block of numbers a relay has, so that no two relays give the same numbers.
//!
//! A relay says which block it wants ([`Claim`]), and has it once all relays that it hears of have agreed, which each does
//! for one relay and block only. So two relays that hear of a common third one never have the same block, whatever their
//! clocks say and however late they hear of each other. Who has a block keeps it; of two that only want it, the elder one
//! does, and the other one wants another.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use super::{
    about::{About, Unusable},
    claim::Claim,
    members::{RelayId, Roster},
};
use crate::clock::Timestamp;

/// The most blocks.
pub(super) const SLOTS: u32 = 1024;

/// While a relay waits, it is looked at this often, also if it hears nothing.
const LOOK: Duration = Duration::from_millis(500);

/// One that was not looked at for this long stood still, and what it knows is old.
const STOOD_STILL: Duration = Duration::from_secs(1);

/// How long a relay waits for the others' consent, before it admits clients all the same; it has no block then. A relay that
/// dies meanwhile is noticed earlier.
const LONGEST: Duration = Duration::from_secs(5);

/// How long a relay waits before it takes a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Patience {
    /// While it hears of nobody.
    pub(super) alone: Duration,
    /// After the last change of those it hears of.
    pub(super) steady: Duration,
}

/// A relay that wants a block of numbers, or has one.
#[derive(Clone, Debug)]
pub(super) struct Claimant {
    own: (Timestamp, RelayId),
    claim: Claim,
    has_it: bool,
    patience: Patience,
    begun: Instant,
    /// Those that live, and since when that has not changed, nor what it wants.
    heard: BTreeSet<RelayId>,
    steady: Instant,
    looked: Instant,
    /// Those that have ever lived, as far as they are remembered. One that starts is known before it is seen to live.
    met: BTreeSet<RelayId>,
    /// The claims of others that it has agreed to, and that they have not taken yet.
    agreed: BTreeMap<RelayId, Claim>,
}

impl Claimant {
    /// A relay that starts now, and wants the first block.
    pub(super) fn new(started: Timestamp, id: RelayId, patience: Patience, now: Instant) -> Self {
        Self {
            own: (started, id),
            claim: Claim::default(),
            has_it: false,
            patience,
            begun: now,
            heard: BTreeSet::new(),
            steady: now,
            looked: now,
            met: BTreeSet::new(),
            agreed: BTreeMap::new(),
        }
    }

    /// The block that it wants.
    pub(super) const fn claim(&self) -> Claim {
        self.claim
    }

    /// Whether it has that block.
    pub(super) const fn has_it(&self) -> bool {
        self.has_it
    }

    /// The claims of others that it has agreed to.
    pub(super) const fn agreed(&self) -> &BTreeMap<RelayId, Claim> {
        &self.agreed
    }

    /// Whether clients may be admitted: it has a block, or has waited for too long.
    pub(super) fn may_begin(&self, now: Instant) -> bool {
        self.has_it || now >= self.begun + LONGEST
    }

    /// When it has to be looked at again if nothing is heard.
    pub(super) fn due(&self) -> Option<Instant> {
        let (settled, alone) = (self.steady + self.patience.steady, self.begun + self.patience.alone);
        let times = [settled, alone, self.begun + LONGEST, self.looked + LOOK];
        times.into_iter().filter(|time| !self.has_it && *time > self.looked).min()
    }

    /// Adapts all to what is known of the others.
    pub(super) fn poll(&mut self, roster: &Roster, now: Instant) {
        let heard: BTreeSet<_> = roster.iter().filter(|(_, relay)| relay.alive).map(|(id, _)| id).collect();
        if heard != self.heard || now.saturating_duration_since(self.looked) > STOOD_STILL {
            (self.heard, self.steady) = (heard, now);
        }
        self.looked = now;
        self.met.retain(|id| roster.relay(*id).is_some());
        self.met.extend(&self.heard);
        if self.has_to_yield(roster) {
            self.want_another(roster);
            (self.has_it, self.steady) = (false, now);
        }
        self.agree(roster);
        self.has_it = self.has_it || self.is_agreed_to(roster, now);
    }

    /// The others with the same block.
    fn rivals<'a>(&self, roster: &'a Roster) -> impl Iterator<Item = (RelayId, &'a About)> {
        let slot = self.claim.slot;
        roster.known().filter(move |(_, about)| about.claim.slot == slot)
    }

    /// Whether another relay comes first, of two with the same block.
    fn outranks(&self, roster: &Roster, (id, about): (RelayId, &About)) -> bool {
        let is_elder = (about.started, id) < self.own;
        if self.has_it {
            // They did not hear of each other when they took it.
            return about.has_slot && is_elder;
        }
        // One that has died may have had it, unheard of: viewers still remember its numbers.
        about.has_slot || is_elder || (self.met.contains(&id) && !roster.is_alive(id))
    }

    fn has_to_yield(&self, roster: &Roster) -> bool {
        let is_promised = || {
            self.agreed.values().any(|claim| claim.slot == self.claim.slot)
                || promised(roster).any(|(to, claim)| {
                    let is_unknown = to != self.own.1 && roster.relay(to).is_none();
                    is_unknown && claim.slot == self.claim.slot
                })
        };
        self.rivals(roster).any(|rival| self.outranks(roster, rival)) || (!self.has_it && is_promised())
    }

    /// Wants the first block that nobody known has or wants.
    fn want_another(&mut self, roster: &Roster) {
        let others = roster.known().map(|(_, about)| about.claim.slot);
        let given = self.agreed.values().map(|claim| claim.slot);
        let promised = promised(roster).filter(|(to, _)| *to != self.own.1).map(|(_, claim)| claim.slot);
        let taken: BTreeSet<_> = others.chain(given).chain(promised).collect();
        // By rank, so that many relays that start together do not all choose the same again.
        let before = self.rivals(roster).filter(|rival| self.outranks(roster, *rival)).count();
        let mut free = (0..SLOTS).filter(|slot| !taken.contains(slot));
        let slot = free.nth(before.saturating_sub(1)).unwrap_or(self.claim.slot);
        self.claim = Claim { slot, turn: self.claim.turn.wrapping_add(1) };
    }

    /// Agrees to what others want, one for each block.
    fn agree(&mut self, roster: &Roster) {
        self.agreed.retain(|id, agreed| {
            let about = roster.relay(*id).and_then(|relay| relay.about.as_ref().ok());
            about.is_some_and(|about| about.claim == *agreed && !about.has_slot)
        });
        for (id, about) in roster.living().filter(|(_, about)| !about.has_slot) {
            let slot = about.claim.slot;
            let is_others = |(other, others): (RelayId, &About)| {
                let is_first = others.has_slot || (others.started, other) < (about.started, id);
                other != id && others.claim.slot == slot && is_first
            };
            let is_given = slot == self.claim.slot || self.agreed.values().any(|claim| claim.slot == slot);
            if !is_given && !roster.living().any(is_others) {
                self.agreed.insert(id, about.claim);
            }
        }
    }

    /// Whether all that it hears of have agreed.
    fn is_agreed_to(&self, roster: &Roster, now: Instant) -> bool {
        let has_waited = now >= self.steady + self.patience.steady
            && (!self.heard.is_empty() || now >= self.begun + self.patience.alone);
        let mut living = roster.iter().filter(|(_, relay)| relay.alive);
        has_waited
            && !self.rivals(roster).any(|(id, _)| roster.is_alive(id))
            && living.all(|(_, relay)| match &relay.about {
                Ok(about) => about.agreed.get(&self.own.1) == Some(&self.claim),
                // What it wants comes in a moment.
                Err(Unusable::Missing(_)) => false,
                // It is linked with nobody, so that its numbers are seen by its own clients only.
                Err(_) => true,
            })
    }
}

/// What those that are heard of have agreed to.
fn promised(roster: &Roster) -> impl Iterator<Item = (RelayId, Claim)> {
    roster.living().flat_map(|(_, about)| about.agreed.iter().map(|(to, claim)| (*to, *claim)))
}

#[cfg(test)]
#[path = "claimant_tests.rs"]
mod tests;
