//! What can go wrong with a link, or with a message on it.

use super::Undeliverable;
use crate::{
    address::{self, LookupError},
    fresh::Full,
    wire::Fault,
};

/// Why no link can be set up at all, or a message cannot be sent or did not arrive.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The host is not written as one.
    #[error("the relay's address: {0}")]
    Address(#[from] address::Error),
    /// The host's name does not exist, or has no address.
    #[error("cannot find the host {host:?}: {source}")]
    Unresolvable {
        /// The name.
        host: String,
        /// What the resolver said.
        source: LookupError,
    },
    /// The message is too large to be a message.
    #[error(transparent)]
    Message(#[from] Fault),
    /// Too much waits to be sent.
    #[error("cannot send: {0}")]
    Full(#[from] Full),
    /// The relay did not take it.
    #[error(transparent)]
    Undeliverable(#[from] Undeliverable),
}
