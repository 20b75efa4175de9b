//! What the rest of a relay knows of its cluster.

use std::sync::{Arc, Mutex};

use tokio_util::sync::CancellationToken;

use super::{identity::Identity, occupancy::Occupancy};
use crate::{sync::lock, wire::OtherRelays};

/// A relay's place in its cluster, as far as rooms need it.
#[derive(Debug, Default)]
pub(in crate::relay) struct Standing {
    identity: Mutex<Option<Identity>>,
    others: Mutex<Arc<OtherRelays>>,
    /// Who has come and gone.
    pub(in crate::relay) occupancy: Occupancy,
    /// Cancelled once the relay has numbers for its clients.
    numbered: CancellationToken,
}

impl Standing {
    /// Takes over a slot and an epoch.
    pub(super) fn set(&self, identity: Identity) {
        *lock(&self.identity) = Some(identity);
    }

    /// Records that the relay has numbers for its clients.
    pub(super) fn has_numbers(&self) {
        self.numbered.cancel();
    }

    /// Whether it has.
    pub(super) fn is_ready(&self) -> bool {
        self.numbered.is_cancelled()
    }

    /// Waits until the relay has numbers for its clients.
    pub(in crate::relay) async fn ready(&self) {
        self.numbered.cancelled().await;
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

    /// The number of a connection for all relays; `count` is its number at this one.
    pub(in crate::relay) fn number(&self, count: u64) -> u64 {
        lock(&self.identity).map_or(count, |identity| identity.number(count))
    }

    /// The run to which numbers belong: the cluster's epoch, or else that of the room.
    pub(in crate::relay) fn epoch(&self, own: u64) -> u64 {
        lock(&self.identity).map_or(own, |identity| identity.epoch().number)
    }
}
