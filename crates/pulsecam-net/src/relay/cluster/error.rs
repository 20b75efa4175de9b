//! Errors of starting a relay in a cluster.

use std::{io, net::IpAddr};

use crate::{auth, tls};

/// An error of starting a relay in a cluster.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Other machines reach this address, and anybody there could pose as a relay.
    #[error("relays at {0} need a cluster key, because other machines can reach that address")]
    NoKey(IpAddr),
    /// The key is unusable, or the system provides no random numbers.
    #[error(transparent)]
    Key(#[from] auth::Error),
    /// The system refuses the socket for gossip.
    #[error("cannot listen for other relays: {0}")]
    Socket(#[from] io::Error),
    /// No certificate could be made for links.
    #[error(transparent)]
    Certificate(#[from] tls::Error),
    /// The gossip could not be started.
    #[error("cannot start the gossip between relays: {0}")]
    Gossip(String),
}
