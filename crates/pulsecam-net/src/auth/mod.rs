//! Room keys: only clients that know the key get in.
//!
//! Right after connecting, the relay sends a nonce ([`Challenge`]); the client answers with its own nonce and
//! a proof that it knows the key ([`Response`]): an HMAC over both nonces and, under TLS, over the channel
//! binding of the session. The relay proves the same. The key itself is never sent.
//!
//! These messages have reserved types, which no relay forwards and no Qt program knows.

mod error;
mod handshake;
mod secret;

#[cfg(any(feature = "cluster", feature = "web"))]
pub(crate) use self::secret::random;
pub use self::{
    error::Error,
    handshake::{AuthFailure, Challenge, Channel, Hello, Response},
    secret::Key,
};
