//! The links of a room: where its clients' messages go besides its clients, and what other relays said.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{mark::Mark, outlet::Outlet};
use crate::{
    relay::{
        cluster::{Arrivals, RelayId, audience::Audience},
        event::ClientId,
    },
    sync::lock,
    wire::{Departed, Message, MessageKind},
};

/// The first number of a guest, far from those of clients.
const FIRST_GUEST: ClientId = 1 << 63;

/// The links of one room.
pub(in crate::relay) struct RoomLinks {
    outlets: Mutex<Arc<[Arc<Outlet>]>>,
    /// Whether there are any: looked at for each message, also of relays that take part in no cluster.
    any: AtomicBool,
    audience: Mutex<Audience>,
    /// The texts and images that came from other relays.
    pub(super) arrivals: Mutex<Arrivals>,
    /// The newest connection from each other relay, to be ended by a newer one.
    takers: Mutex<BTreeMap<RelayId, CancellationToken>>,
    /// The room's own viewers.
    viewers: watch::Sender<u32>,
    guests: AtomicU64,
}

impl Default for RoomLinks {
    fn default() -> Self {
        Self {
            outlets: Mutex::new(Arc::new([])),
            any: AtomicBool::new(false),
            audience: Mutex::default(),
            arrivals: Mutex::default(),
            takers: Mutex::default(),
            viewers: watch::Sender::new(0),
            guests: AtomicU64::new(FIRST_GUEST),
        }
    }
}

impl RoomLinks {
    /// The links to other relays.
    fn outlets(&self) -> Arc<[Arc<Outlet>]> {
        Arc::clone(&lock(&self.outlets))
    }

    /// Whether there is none.
    pub(in crate::relay) fn is_empty(&self) -> bool {
        !self.any.load(Relaxed)
    }

    pub(super) fn add(&self, outlet: &Arc<Outlet>) {
        let mut outlets = lock(&self.outlets);
        *outlets = outlets.iter().chain([outlet]).cloned().collect();
        self.any.store(true, Relaxed);
    }

    pub(super) fn remove(&self, relay: RelayId) {
        let mut outlets = lock(&self.outlets);
        *outlets = outlets.iter().filter(|outlet| outlet.relay != relay).cloned().collect();
        self.any.store(!outlets.is_empty(), Relaxed);
    }

    /// Sends a message of a client of this relay to the others; `peer` is the number of its connection.
    pub(in crate::relay) fn push(&self, from: ClientId, peer: u64, message: &Message) {
        let is_video = message.kind() == MessageKind::Video;
        let mut marked = None;
        for outlet in self.outlets().iter() {
            if !is_video {
                outlet.ordered(peer, message);
            } else if outlet.wants_frames() {
                // The same for all of them.
                let mark = || Mark { peer, number: 0 }.put(message);
                if let Some(marked) = marked.get_or_insert_with(mark) {
                    outlet.frame(from, marked);
                }
            }
        }
    }

    /// Tells the others that connections of this relay have ended.
    pub(in crate::relay) fn departed(&self, gone: Departed) {
        self.outlets().iter().for_each(|outlet| outlet.departed(gone));
    }

    /// Records how many viewers another relay has; returns whether that changes the number of all.
    pub(super) fn said(&self, relay: RelayId, viewers: u32) -> bool {
        lock(&self.audience).said(relay, viewers)
    }

    /// Records that the link to another relay is down; returns whether that changes the number of viewers.
    pub(super) fn left(&self, relay: RelayId) -> bool {
        lock(&self.audience).left(relay)
    }

    /// The viewers at all other relays.
    pub(in crate::relay) fn viewers(&self) -> u32 {
        lock(&self.audience).count()
    }

    /// Tells the other relays how many viewers there are here.
    pub(in crate::relay) fn tell_viewers(&self, viewers: u32) {
        self.viewers.send_if_modified(|told| std::mem::replace(told, viewers) != viewers);
    }

    /// The room's own viewers, and each change.
    pub(super) fn told_viewers(&self) -> watch::Receiver<u32> {
        self.viewers.subscribe()
    }

    /// Begins to take what another relay pushes. An older connection from it ends: what is still under way there would
    /// come after what is newer.
    pub(super) fn takes_from(&self, relay: RelayId, stop: &CancellationToken) -> CancellationToken {
        let token = stop.child_token();
        if let Some(older) = lock(&self.takers).insert(relay, token.clone()) {
            older.cancel();
        }
        token
    }

    /// Ends what [`Self::takes_from`] began.
    pub(super) fn ends(&self, relay: RelayId, token: &CancellationToken) {
        if !token.is_cancelled() {
            lock(&self.takers).remove(&relay);
        }
    }

    /// The number of the next guest.
    pub(super) fn next_guest(&self) -> ClientId {
        self.guests.fetch_add(1, Relaxed)
    }
}
