//! What the rest of a relay knows of its cluster.

use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use super::{identity::Identity, key::ClusterKey};
use crate::{
    sync::lock,
    wire::{OtherRelays, Token},
};

/// A relay's place in its cluster, as far as rooms need it.
#[derive(Debug, Default)]
pub(in crate::relay) struct Standing {
    identity: Mutex<Option<Identity>>,
    key: Mutex<Option<ClusterKey>>,
    others: Mutex<Arc<OtherRelays>>,
    /// Notified when a client has joined or left a room.
    pub(in crate::relay) occupancy: Notify,
}

impl Standing {
    /// Takes over a slot and an epoch.
    pub(super) fn set(&self, identity: Identity) {
        *lock(&self.identity) = Some(identity);
    }

    /// Takes over the key.
    pub(super) fn set_key(&self, key: ClusterKey) {
        *lock(&self.key) = Some(key);
    }

    /// Takes over the relays of which clients are told.
    pub(super) fn set_others(&self, others: OtherRelays) {
        let mut known = lock(&self.others);
        if **known != others {
            *known = Arc::new(others);
        }
    }

    /// The relays of which clients are told.
    pub(in crate::relay) fn others(&self) -> Arc<OtherRelays> {
        Arc::clone(&lock(&self.others))
    }

    /// The number of a client at all relays, if it can be recognised; `None` without a cluster.
    pub(in crate::relay) fn number_of(&self, token: Token) -> Option<u64> {
        lock(&self.key).as_ref().map(|key| key.number_of(token))
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
