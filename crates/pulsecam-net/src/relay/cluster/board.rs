//! Membership without a network, for tests and simulations: relays of one process, and who hears whom.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use tokio::sync::watch;

use super::{
    about::About,
    members::{Members, Relay, RelayId, Roster},
};
use crate::sync::lock;

/// The members of a cluster, whose script says who comes, dies, and hears whom. What a relay tells is known to all
/// that hear it at once; a simulation that wants delays waits before it tells.
#[derive(Clone, Debug, Default)]
pub struct Board(Arc<Mutex<Script>>);

#[derive(Debug, Default)]
struct Script {
    members: BTreeMap<RelayId, Member>,
    /// Pairs that do not hear each other, the smaller first.
    cut: BTreeSet<(RelayId, RelayId)>,
}

#[derive(Debug)]
struct Member {
    about: About,
    alive: bool,
    /// What each other one told it last.
    heard: BTreeMap<RelayId, About>,
    roster: watch::Sender<Arc<Roster>>,
}

/// A relay's place on the [`Board`].
#[derive(Debug)]
pub struct Place {
    id: RelayId,
    board: Board,
    roster: watch::Receiver<Arc<Roster>>,
}

impl Board {
    /// Adds a relay.
    #[must_use]
    pub fn join(&self, id: RelayId, about: About) -> Place {
        let roster = watch::Sender::default();
        let place = Place { id, board: self.clone(), roster: roster.subscribe() };
        let mut script = lock(&self.0);
        script.members.insert(id, Member { about, alive: true, heard: BTreeMap::new(), roster });
        script.publish();
        place
    }

    /// Lets a relay die, or live on: the others hear nothing of it meanwhile, and it of nobody.
    pub fn set_alive(&self, id: RelayId, alive: bool) {
        let mut script = lock(&self.0);
        if let Some(member) = script.members.get_mut(&id) {
            member.alive = alive;
        }
        script.publish();
    }

    /// Lets all forget a relay that is dead.
    pub fn forget(&self, id: RelayId) {
        let mut script = lock(&self.0);
        script.members.remove(&id);
        for member in script.members.values_mut() {
            member.heard.remove(&id);
        }
        script.publish();
    }

    /// Cuts the network between two relays, or heals it.
    pub fn set_cut(&self, one: RelayId, other: RelayId, cut: bool) {
        let mut script = lock(&self.0);
        let pair = (one.min(other), one.max(other));
        if cut {
            script.cut.insert(pair);
        } else {
            script.cut.remove(&pair);
        }
        script.publish();
    }
}

impl Script {
    fn hears(&self, one: RelayId, other: RelayId) -> bool {
        let alive = |id| self.members.get(&id).is_some_and(|member| member.alive);
        alive(one) && alive(other) && !self.cut.contains(&(one.min(other), one.max(other)))
    }

    /// Shows each relay what it can know. What one remembers of the dead, those that hear it remember too, as with
    /// gossip.
    fn publish(&mut self) {
        self.remember();
        let all: Vec<_> = self.members.iter().map(|(id, member)| (*id, member.about.clone())).collect();
        for id in all.iter().map(|(id, _)| *id) {
            let heard: Vec<_> =
                all.iter().filter(|(other, _)| *other != id && self.hears(id, *other)).cloned().collect();
            let Some(member) = self.members.get_mut(&id) else { continue };
            let living: BTreeSet<_> = heard.iter().map(|(other, _)| *other).collect();
            member.heard.extend(heard);
            let known = member.heard.iter().map(|(other, about)| {
                (*other, Relay { alive: living.contains(other), about: Ok(about.clone()) })
            });
            let roster = Arc::new(known.collect::<Roster>());
            member.roster.send_if_modified(|before| {
                let changed = *before != roster;
                *before = roster;
                changed
            });
        }
    }
    fn remember(&mut self) {
        let ids: Vec<_> = self.members.keys().copied().collect();
        for (one, other) in ids.iter().flat_map(|one| ids.iter().map(move |other| (*one, *other))) {
            if one == other || !self.hears(one, other) {
                continue;
            }
            let told = self.members.get(&other).map(|member| member.heard.clone()).unwrap_or_default();
            let Some(member) = self.members.get_mut(&one) else { continue };
            for (id, about) in told.into_iter().filter(|(id, _)| *id != one) {
                member.heard.entry(id).or_insert(about);
            }
        }
    }
}

impl Members for Place {
    fn id(&self) -> RelayId {
        self.id
    }

    fn roster(&self) -> watch::Receiver<Arc<Roster>> {
        self.roster.clone()
    }

    fn tell(&self, about: About) {
        let mut script = lock(&self.board.0);
        if let Some(member) = script.members.get_mut(&self.id) {
            member.about = about;
        }
        script.publish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relay::cluster::Claim;

    fn about(slot: u32) -> About {
        About { claim: Claim { slot, turn: 0 }, ..About::of_test(1) }
    }

    fn living(place: &Place) -> Vec<(u64, u32)> {
        let roster = place.roster().borrow().clone();
        roster.living().map(|(id, about)| (id.to_string().parse().unwrap(), about.claim.slot)).collect()
    }

    #[test]
    fn each_hears_of_those_that_live_and_that_no_cut_hides() {
        let board = Board::default();
        let ids = [1, 2, 3].map(RelayId::from_bits);
        let places = ids.map(|id| board.join(id, about(0)));
        assert_eq!(
            places.each_ref().map(living),
            [vec![(2, 0), (3, 0)], vec![(1, 0), (3, 0)], vec![(1, 0), (2, 0)]]
        );
        board.set_cut(ids[0], ids[2], true);
        places[2].tell(about(7));
        assert_eq!(places.each_ref().map(living), [vec![(2, 0)], vec![(1, 0), (3, 7)], vec![(2, 0)]]);
        let remembered = places[0].roster().borrow().clone();
        assert_eq!(remembered.known().count(), 2, "it is remembered");
        assert_eq!(remembered.relay(ids[2]).unwrap().about.as_ref().unwrap().claim.slot, 0, "as it was");
        board.set_cut(ids[2], ids[0], false);
        board.set_alive(ids[1], false);
        assert_eq!(places.each_ref().map(living), [vec![(3, 7)], vec![], vec![(1, 0)]]);
        let late = board.join(RelayId::from_bits(4), about(0));
        assert_eq!(
            (living(&late).len(), late.roster().borrow().known().count()),
            (2, 3),
            "it hears of the dead"
        );
        board.forget(ids[1]);
        assert_eq!(places[0].roster().borrow().iter().count(), 2);
    }

    #[tokio::test]
    async fn only_changes_are_news() {
        let board = Board::default();
        let one = board.join(RelayId::from_bits(1), about(0));
        let other = board.join(RelayId::from_bits(2), about(0));
        let mut roster = one.roster();
        roster.mark_unchanged();
        other.tell(about(0));
        assert!(!roster.has_changed().unwrap());
        other.tell(about(1));
        assert!(roster.has_changed().unwrap());
    }
}
