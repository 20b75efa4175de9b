//! What the rest of a relay knows of its cluster.

use std::sync::Mutex;

use tokio::sync::Notify;

use super::identity::Identity;
use crate::sync::lock;

/// A relay's place in its cluster, as far as rooms need it.
#[derive(Debug, Default)]
pub(in crate::relay) struct Standing {
    identity: Mutex<Option<Identity>>,
    /// Notified when a client has joined or left a room.
    pub(in crate::relay) occupancy: Notify,
}

impl Standing {
    /// Takes over a slot and an epoch.
    pub(super) fn set(&self, identity: Identity) {
        *lock(&self.identity) = Some(identity);
    }

    /// The number of a connection for all relays; `count` is its number at this one.
    pub(in crate::relay) fn number(&self, count: u64) -> u64 {
        lock(&self.identity).map_or(count, |identity| identity.number(count))
    }

    /// The run to which numbers belong: the cluster's epoch, or else that of the room.
    pub(in crate::relay) fn epoch(&self, own: u64) -> u64 {
        lock(&self.identity).map_or(own, |identity| identity.epoch().number)
    }
}
