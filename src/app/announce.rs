//! Announces a relay on the local network.

use std::{io, net::SocketAddr};

/// What is announced.
pub(super) struct Announced {
    pub(super) address: io::Result<SocketAddr>,
    /// Whether the service manager passed the socket: the relay then has no network of its own.
    pub(super) is_inherited: bool,
    pub(super) tls: bool,
    pub(super) key: bool,
    /// The port of the page for browsers, if there is one.
    pub(super) page: Option<u16>,
}

#[cfg(feature = "discovery")]
impl Announced {
    /// Announces it until the result is dropped. A relay that cannot be announced runs all the same.
    pub(super) fn start(self) -> Option<crate::discovery::Announcer> {
        use tracing::{info, warn};

        use crate::{
            address::machine_name,
            discovery::{Announcement, Announcer},
        };

        if self.is_inherited {
            warn!("the socket is the service manager's: this relay has no network to announce itself on");
            return None;
        }
        let address = self.address.ok()?;
        let name = machine_name().unwrap_or_else(|| "pulsecam".into());
        let announced = Announcement::new(name, address).with(|announced| {
            announced.tls = self.tls;
            announced.key = self.key;
            announced.web = self.page;
        });
        match Announcer::start(&announced) {
            Ok(announcer) => {
                info!("announced on this network as {:?}", announced.name);
                Some(announcer)
            }
            Err(error) => {
                warn!("not announced on this network: {error}");
                None
            }
        }
    }
}

#[cfg(not(feature = "discovery"))]
impl Announced {
    /// Nothing can be announced.
    pub(super) fn start(self) -> Option<std::convert::Infallible> {
        None
    }
}
