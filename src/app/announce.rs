//! Announces a relay on the local network.

use std::{io, net::SocketAddr};

use super::web::Page;

/// What is announced.
pub(super) struct Announced {
    pub(super) address: io::Result<SocketAddr>,
    /// Whether the service manager passed the socket: the relay then has no network of its own.
    pub(super) is_inherited: bool,
    pub(super) tls: bool,
    pub(super) key: bool,
    pub(super) web: Page,
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
        let web = match self.web {
            Page::SamePort => Some(address.port()),
            Page::Port(port) if port > 0 => Some(port),
            Page::Port(_) | Page::None => None,
        };
        let announced = Announcement { name, address, tls: self.tls, key: self.key, web };
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
