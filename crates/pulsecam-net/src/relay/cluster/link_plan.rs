//! Decides which links to other relays there are.
//!
//! A relay links to another one for each room in which both have clients, and pushes there what its own clients send.
//! The other does the same, so that a pair of relays has two links for a room, one in each direction.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use super::{
    about::About,
    key::RoomTag,
    members::{RelayId, Roster},
};
use crate::clock::Timestamp;

/// How long a link stays when it is not needed any more: clients that come back soon find it.
const LINGER: Duration = Duration::from_secs(30);

/// How long a link from another relay tells that it has clients in a room, before the gossip has to say it: ten times
/// what the gossip takes.
const INVITED: Duration = Duration::from_secs(5);

/// The most relays of one room. Each sends each frame of its clients to all others, and with more than that, little of
/// what a relay can send would be left for its own viewers.
pub const MAX_RELAYS: usize = 64;

/// A link from this relay to another one, for one room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkKey {
    /// The other relay.
    pub relay: RelayId,
    /// The room.
    pub room: RoomTag,
}

/// What has to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkStep {
    /// Keep a link up, from now on.
    Open(LinkKey),
    /// The other relay is heard from again: the next attempt to connect need not wait.
    Hurry(LinkKey),
    /// End a link that is not needed any more.
    Close(LinkKey),
    /// End a link to a relay that will not come back, with all that waits for it.
    Forget(LinkKey),
}

/// The links of one relay.
#[derive(Debug)]
pub struct LinkPlan {
    /// Its own age and name, which decide who is left out of a crowd.
    own: (Timestamp, RelayId),
    /// The rooms in which it has clients.
    rooms: BTreeSet<RoomTag>,
    /// Links that others opened, and until when these tell something.
    invitations: BTreeMap<LinkKey, Instant>,
    links: BTreeMap<LinkKey, LinkState>,
    /// Relays that were heard from at the last look.
    alive: BTreeSet<RelayId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LinkState {
    Needed,
    /// Not needed any more; it ends then.
    Until(Instant),
}

impl LinkPlan {
    /// Creates the plan of a relay that has no clients and knows nobody.
    #[must_use]
    pub const fn new(started: Timestamp, id: RelayId) -> Self {
        Self {
            own: (started, id),
            rooms: BTreeSet::new(),
            invitations: BTreeMap::new(),
            links: BTreeMap::new(),
            alive: BTreeSet::new(),
        }
    }

    /// Records in which rooms this relay has clients.
    pub fn occupied(&mut self, rooms: BTreeSet<RoomTag>) {
        self.rooms = rooms;
    }

    /// Records that another relay has opened a link: it has clients in that room, which the gossip may not say yet.
    /// So a first picture takes round trips, and no rounds of the gossip.
    pub fn invited(&mut self, link: LinkKey, now: Instant) {
        self.invitations.insert(link, now + INVITED);
    }

    /// What has to be done now, by what is known now.
    pub fn poll(&mut self, roster: &Roster, now: Instant) -> Vec<LinkStep> {
        self.invitations.retain(|_, until| *until > now);
        let needed = self.needed(roster);
        let mut steps = Vec::new();
        let back = |id: &RelayId| roster.is_alive(*id) && !self.alive.contains(id);
        steps.extend(self.links.keys().filter(|link| back(&link.relay)).map(|link| LinkStep::Hurry(*link)));
        self.alive = roster.living().map(|(id, _)| id).collect();
        self.links.retain(|link, state| {
            if roster.relay(link.relay).is_none() || is_replaced(link.relay, roster) {
                steps.push(LinkStep::Forget(*link));
                return false;
            }
            // Of one that is not heard from, nothing new is known: its clients may all be there still.
            let is_needed = needed.contains(link) || !self.alive.contains(&link.relay);
            *state = match *state {
                _ if is_needed => LinkState::Needed,
                LinkState::Needed => LinkState::Until(now + LINGER),
                LinkState::Until(end) => LinkState::Until(end),
            };
            let is_over = matches!(*state, LinkState::Until(end) if end <= now);
            if is_over {
                steps.push(LinkStep::Close(*link));
            }
            !is_over
        });
        for link in needed {
            self.links.entry(link).or_insert_with(|| {
                steps.push(LinkStep::Open(link));
                LinkState::Needed
            });
        }
        steps
    }

    /// When [`Self::poll`] has something to do, if nothing else happens before.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        let ends = self.links.values().filter_map(|state| match state {
            LinkState::Until(end) => Some(*end),
            LinkState::Needed => None,
        });
        ends.chain(self.invitations.values().copied()).min()
    }

    /// Whether more relays have clients in a room than can be linked, and this one is among those that are left out.
    #[must_use]
    pub fn is_left_out(&self, room: RoomTag, roster: &Roster) -> bool {
        self.rooms.contains(&room) && !self.linked(room, roster).contains(&self.own.1)
    }

    fn needed(&self, roster: &Roster) -> BTreeSet<LinkKey> {
        let mut needed = BTreeSet::new();
        for room in &self.rooms {
            let linked = self.linked(*room, roster);
            if linked.contains(&self.own.1) {
                let others = linked.into_iter().filter(|relay| *relay != self.own.1);
                needed.extend(others.map(|relay| LinkKey { relay, room: *room }));
            }
        }
        needed
    }

    /// The relays with clients in a room that are linked with each other: the eldest ones. All choose the same.
    fn linked(&self, room: RoomTag, roster: &Roster) -> BTreeSet<RelayId> {
        let has_clients = |(id, about): &(RelayId, &About)| {
            about.rooms.contains(&room) || self.invitations.contains_key(&LinkKey { relay: *id, room })
        };
        let mut all: Vec<_> =
            roster.living().filter(has_clients).map(|(id, about)| (about.started, id)).collect();
        all.push(self.own);
        all.sort_unstable();
        all.into_iter().take(MAX_RELAYS).map(|(_, id)| id).collect()
    }
}

/// Whether a relay is not heard from, and another one is at its address: it was started again, under another name.
fn is_replaced(relay: RelayId, roster: &Roster) -> bool {
    let known = roster.relay(relay).filter(|known| !known.alive);
    let Some(Ok(gone)) = known.map(|known| &known.about) else { return false };
    roster.living().any(|(_, about)| about.link == gone.link)
}

#[cfg(test)]
#[path = "link_plan_tests.rs"]
mod tests;
