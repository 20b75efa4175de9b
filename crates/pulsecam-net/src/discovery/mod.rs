//! Finding relays on the local network, and being found: multicast DNS with service discovery (RFC 6762 and 6763),
//! as `_pulsecam._tcp`.
//!
//! Whoever is on the network can announce a relay of any name, so what is found is a suggestion: a key or a
//! certificate proves who it is.

mod announcer;
mod finder;
mod record;

use std::net::IpAddr;

pub use self::{
    announcer::Announcer,
    finder::find,
    record::{Announcement, Found},
};

/// The type of the service.
const SERVICE: &str = "_pulsecam._tcp.local.";

/// Why relays cannot be announced or found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Multicast DNS does not work here.
    #[error("multicast DNS: {0}")]
    Mdns(String),
    /// The name, with what surrounds it, is too long or not a name.
    #[error("{name:?} cannot be announced: {reason}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Error {
    fn of(error: impl std::fmt::Display) -> Self {
        Self::Mdns(error.to_string())
    }
}

/// How useful an address is to a client that knows nothing else, the best first: those that need no interface, IPv4
/// before IPv6, since routers at home block the latter more often.
fn rank(address: &IpAddr) -> u8 {
    match address {
        IpAddr::V4(ip) if ip.is_loopback() => 3,
        IpAddr::V4(ip) if ip.is_link_local() => 2,
        IpAddr::V4(_) => 0,
        IpAddr::V6(ip) if ip.is_loopback() => 5,
        IpAddr::V6(ip) if ip.is_unicast_link_local() => 4,
        IpAddr::V6(_) => 1,
    }
}
