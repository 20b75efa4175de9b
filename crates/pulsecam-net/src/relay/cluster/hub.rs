//! Runs a relay's part in its cluster: watches who is there, lets other relays in, and keeps the links that are needed.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, mpsc, watch},
    time::{self, MissedTickBehavior},
};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::{debug, warn};

use super::{
    about::{About, Load, MAX_ROOMS, Unusable},
    claimant::Claimant,
    config::Config,
    entering::Entering,
    identity::Identity,
    key::{ClusterKey, RoomTag},
    link::{self, Push},
    link_plan::{LinkKey, LinkPlan, LinkStep, MAX_RELAYS},
    members::{Relay, RelayId, Roster},
    others,
};
use crate::{
    address::Address,
    clock,
    relay::{ACCEPT_PAUSE, RoomKey, event::Event, server::Server},
};

/// The interval at which a relay tells how busy it is.
const LOAD_INTERVAL: Duration = Duration::from_secs(5);

/// The connections that wait to be noticed after they have entered a room: those of the largest cluster at once.
const INVITATIONS: usize = MAX_RELAYS;

/// A relay's part in its cluster.
struct Hub {
    config: Config,
    server: Arc<Server>,
    stop: CancellationToken,
    claimant: Claimant,
    identity: Identity,
    plan: LinkPlan,
    links: BTreeMap<LinkKey, Running>,
    /// What the others were told last.
    told: About,
    /// Where clients reach this relay, if they can know.
    public: Option<Address>,
    alive: BTreeSet<RelayId>,
    /// When the load was last looked at, and the bytes sent until then.
    load: (Instant, u64),
    /// The rooms of the current keys.
    known: Option<Known>,
}

/// Keys, if a relay has any, and the rooms that they open.
type Known = (Option<Arc<[RoomKey]>>, Arc<BTreeMap<RoomTag, String>>);

/// The rooms that these keys open. One that several keys open is known by the lowest of its tags, so that relays with the
/// same keys choose the same.
fn opened(cluster: &ClusterKey, keys: Option<&[RoomKey]>) -> BTreeMap<RoomTag, String> {
    let Some(keys) = keys else { return [(cluster.room_tag(None), String::new())].into() };
    let mut tags: BTreeMap<String, RoomTag> = BTreeMap::new();
    for entry in keys {
        let tag = cluster.room_tag(Some(&entry.key));
        tags.entry(entry.room.clone()).and_modify(|lowest| *lowest = tag.min(*lowest)).or_insert(tag);
    }
    tags.into_iter().map(|(room, tag)| (tag, room)).collect()
}

/// The task of a link, which ends when this is dropped.
struct Running {
    hurry: Arc<Notify>,
    _stop: DropGuard,
}

/// Takes part in the cluster until this is dropped; everything in it ends with `stop`. Clients connect at `clients`.
pub(in crate::relay) async fn run(
    config: Config,
    server: Arc<Server>,
    clients: SocketAddr,
    stop: CancellationToken,
) {
    let (own, about) = (config.members.id(), config.about.clone());
    let claimant = Claimant::new(about.started, own, config.patience, clock::now());
    let identity = Identity::new(own, about.epoch);
    server.shared.cluster.set(identity);
    let public = about.public.clone().or_else(|| others::reached_at(clients, about.link));
    let plan = LinkPlan::new(about.started, own);
    let load = (clock::now(), 0);
    let (links, alive) = (BTreeMap::new(), BTreeSet::new());
    server.shared.emit_guarded(&Event::ClusterListening {
        relay: own,
        addr: about.link,
        public: public.as_ref().map(ToString::to_string),
    });
    let (told, known) = (about, None);
    Hub { config, server, stop, claimant, identity, plan, links, told, public, alive, load, known }
        .run()
        .await;
}

impl Hub {
    async fn run(mut self) {
        let mut roster = self.config.members.roster();
        let (invite, mut invited) = mpsc::channel(INVITATIONS);
        let entering = Arc::new(Entering::default());
        let mut tick = time::interval(LOAD_INTERVAL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let server = Arc::clone(&self.server);
        let carrier = Arc::clone(&self.config.carrier);
        loop {
            tokio::select! {
                biased;
                Ok(()) = roster.changed() => {}
                Some(link) = invited.recv() => self.plan.invited(link, clock::now()),
                () = server.shared.cluster.occupancy.next() => {}
                () = until(self.plan.due().into_iter().chain(self.claimant.due()).min()) => {}
                _ = tick.tick() => self.look_at_load(),
                accepted = carrier.accept() => {
                    match accepted {
                        Ok((opening, peer)) => {
                            // A stranger that finds no place may try again.
                            if let Some(place) = entering.place(peer.ip()) {
                                let (server, key) = (Arc::clone(&self.server), self.config.key.clone());
                                let rooms = self.rooms();
                                let (invite, stop) = (invite.clone(), self.stop.child_token());
                                let host = link::Host { server, key, rooms, invite, stop, place };
                                tokio::spawn(link::serve(opening, peer, host));
                            }
                        }
                        Err(error) => {
                            debug!("cannot accept a relay: {error}");
                            time::sleep(ACCEPT_PAUSE).await;
                        }
                    }
                    continue;
                }
            }
            self.settle(&mut roster);
        }
    }

    /// Adapts everything to what is known now.
    fn settle(&mut self, roster: &mut watch::Receiver<Arc<Roster>>) {
        let changes = self.server.shared.cluster.occupancy.changes();
        let known = Arc::clone(&roster.borrow_and_update());
        let rooms = self.rooms();
        self.report(&known);
        self.server.shared.cluster.set_others(others::for_clients(&known));
        let occupied = self.occupied(&rooms);
        self.plan.occupied(occupied.clone());
        self.number(&known);
        self.tell(About {
            claim: self.identity.claim(),
            has_slot: self.identity.has_slot(),
            agreed: self.claimant.agreed().clone(),
            epoch: self.identity.epoch(),
            rooms: occupied.into_iter().take(MAX_ROOMS).collect(),
            public: self.public.clone(),
            ..self.told.clone()
        });
        for step in self.plan.poll(&known, clock::now()) {
            self.follow(step, &rooms, roster);
        }
        self.server.shared.cluster.occupancy.adapted(changes);
    }

    /// Adapts the numbers of connections, and admits clients once there are any.
    fn number(&mut self, roster: &Roster) {
        self.claimant.poll(roster, clock::now());
        let (claim, has_slot) = (self.claimant.claim(), self.claimant.has_it());
        if self.identity.settle(claim, has_slot, roster) {
            debug!("this relay's numbers are those of {:?}", self.identity);
            self.server.shared.cluster.set(self.identity);
        }
        let cluster = &self.server.shared.cluster;
        if self.claimant.may_begin(clock::now()) && !cluster.is_ready() {
            if !has_slot {
                warn!(
                    "not all relays have agreed to this one's numbers: clients without a name get long ones"
                );
            }
            cluster.has_numbers();
        }
    }

    fn follow(
        &mut self,
        step: LinkStep,
        rooms: &BTreeMap<RoomTag, String>,
        roster: &watch::Receiver<Arc<Roster>>,
    ) {
        match step {
            LinkStep::Open(link) => {
                let Some(name) = rooms.get(&link.room) else { return };
                let (stop, hurry) = (self.stop.child_token(), Arc::new(Notify::new()));
                let push = Push {
                    own: self.config.members.id(),
                    link,
                    key: self.config.key.clone(),
                    carrier: Arc::clone(&self.config.carrier),
                    room: self.server.room(name),
                    roster: roster.clone(),
                    hurry: Arc::clone(&hurry),
                    stop: self.stop.clone(),
                };
                let (ended, pushing) = (stop.clone(), push.open());
                tokio::spawn(async move { ended.run_until_cancelled(pushing).await });
                self.links.insert(link, Running { hurry, _stop: stop.drop_guard() });
            }
            LinkStep::Hurry(link) => {
                if let Some(running) = self.links.get(&link) {
                    running.hurry.notify_one();
                }
            }
            LinkStep::Close(link) | LinkStep::Forget(link) => {
                self.links.remove(&link);
            }
        }
    }

    /// The rooms that this relay's keys open.
    fn rooms(&mut self) -> Arc<BTreeMap<RoomTag, String>> {
        let keys = self.server.shared.config.keys.as_ref().map(|ring| ring.keys());
        let is_known = |(known, _): &&Known| match (known, &keys) {
            (Some(known), Some(keys)) => Arc::ptr_eq(known, keys),
            (known, keys) => known.is_none() && keys.is_none(),
        };
        if let Some((_, rooms)) = self.known.as_ref().filter(is_known) {
            return Arc::clone(rooms);
        }
        let rooms = Arc::new(opened(&self.config.key, keys.as_deref()));
        self.known = Some((keys, Arc::clone(&rooms)));
        rooms
    }

    /// The rooms with clients.
    fn occupied(&self, rooms: &BTreeMap<RoomTag, String>) -> BTreeSet<RoomTag> {
        let occupied: BTreeSet<_> = self
            .server
            .rooms()
            .iter()
            .filter(|room| room.is_occupied())
            .map(|room| room.name().to_owned())
            .collect();
        rooms.iter().filter(|(_, name)| occupied.contains(*name)).map(|(tag, _)| *tag).collect()
    }

    fn look_at_load(&mut self) {
        let (now, summary) = (clock::now(), self.server.summary());
        let (then, before) = self.load;
        self.load = (now, summary.bytes_out);
        let seconds = now.saturating_duration_since(then).as_secs_f64().max(1.0);
        let clients: usize = self.server.rooms().iter().map(|room| room.count()).sum();
        let limit = self.server.shared.config.max_clients.get();
        let load = Load {
            clients: u32::try_from(clients).unwrap_or(u32::MAX),
            bytes_per_s: (summary.bytes_out.saturating_sub(before) as f64 / seconds) as u64,
            max_clients: u32::try_from(limit).unwrap_or(u32::MAX),
        };
        self.tell(About { load, ..self.told.clone() });
    }

    fn tell(&mut self, about: About) {
        if about != self.told {
            self.told = about.clone();
            self.config.members.tell(about);
        }
    }

    /// Reports who has come and gone.
    fn report(&mut self, roster: &Roster) {
        let shared = &self.server.shared;
        // One that has not said all about itself yet comes later.
        let is_there = |relay: &Relay| relay.alive && !matches!(relay.about, Err(Unusable::Missing(_)));
        let alive: BTreeSet<_> =
            roster.iter().filter(|(_, relay)| is_there(relay)).map(|(id, _)| id).collect();
        for id in alive.difference(&self.alive) {
            match roster.relay(*id).map(|relay| &relay.about) {
                Some(Ok(about)) => {
                    let public = about.public.as_ref().map(ToString::to_string);
                    shared.emit_guarded(&Event::RelayCame { relay: *id, addr: about.link, public });
                }
                Some(Err(why)) => debug!("relay {id} cannot be linked: {why}"),
                None => {}
            }
        }
        for id in self.alive.difference(&alive) {
            shared.emit_guarded(&Event::RelayGone { relay: *id });
        }
        self.alive = alive;
    }
}

impl Drop for Hub {
    /// Nothing adapts links any more: nobody shall wait for it.
    fn drop(&mut self) {
        self.server.shared.cluster.occupancy.adapted(u64::MAX);
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}
