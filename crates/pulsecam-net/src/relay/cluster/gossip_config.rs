//! How a relay takes part in the gossip.

use std::net::SocketAddr;

use super::key::ClusterKey;
use crate::address::Address;

/// How a relay takes part in the gossip.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GossipConfig {
    /// Where it listens, by UDP.
    pub listen: SocketAddr,
    /// Where others reach it, if that is another address. The port is that of `listen` if it is 0.
    pub advertise: Option<SocketAddr>,
    /// Some of the others, looked up repeatedly.
    pub join: Vec<Address>,
    /// The cluster's key; needed unless only this machine reaches `listen`.
    pub key: Option<ClusterKey>,
}

impl GossipConfig {
    /// A relay that listens at this address, and knows nobody.
    #[must_use]
    pub const fn new(listen: SocketAddr) -> Self {
        Self { listen, advertise: None, join: Vec::new(), key: None }
    }

    /// Where others reach this relay.
    #[must_use]
    pub fn reached_at(&self) -> SocketAddr {
        let mut address = self.advertise.unwrap_or(self.listen);
        if address.port() == 0 {
            address.set_port(self.listen.port());
        }
        address
    }

    /// Returns the same with changes.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}
