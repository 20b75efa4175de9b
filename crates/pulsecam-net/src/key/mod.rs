//! The key to a room: who does not know it stays out.
//!
//! Right after connecting the relay sends a number of its own ([`Challenge`]); the client answers with one of its own and with proof
//! that it knows the key ([`Response`]): an HMAC over both numbers and, under TLS, over what only the two ends of that session know.
//! The relay proves the same. The key itself never leaves its owner.
//!
//! These are messages of the reserved types, which no relay passes on and a Qt program does not know.

mod error;
mod handshake;
mod secret;

pub use self::{
    error::Error,
    handshake::{Challenge, Refused, Response},
    secret::Key,
};
