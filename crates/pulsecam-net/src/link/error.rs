//! Errors of a link, or of a message on it.

use super::Undeliverable;
use crate::{
    address::{self, LookupError},
    queue::Full,
    wire::Fault,
};

/// Why a link cannot be created, or a message cannot be sent or was not delivered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is invalid.
    #[error("the relay's address: {0}")]
    Address(#[from] address::Error),
    /// The host's name does not exist, or has no address.
    #[error("cannot find the host {host:?}: {source}")]
    Unresolvable {
        /// The name.
        host: String,
        /// The resolver's error.
        source: LookupError,
    },
    /// The message is too large.
    #[error(transparent)]
    Message(#[from] Fault),
    /// Too many bytes wait to be sent.
    #[error("cannot send: {0}")]
    Full(#[from] Full),
    /// The message was not delivered.
    #[error(transparent)]
    Undeliverable(#[from] Undeliverable),
}
