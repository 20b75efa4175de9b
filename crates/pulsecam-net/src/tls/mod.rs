//! TLS on a link, with rustls: who is on the way reads and changes nothing. The relay shows a certificate ([`Server`]); a client
//! trusts those of an authority, or one certificate alone by its [`Fingerprint`] ([`Client`]).
//!
//! Handshakes are tokio-rustls's. After them the session is driven here, for its records must not become a queue in which frames get
//! old: what is encrypted is under way.

mod certificate;
mod client;
mod error;
mod explain;
mod files;
mod fingerprint;
mod lasting;
mod listed;
mod server;
mod session;

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};

pub use self::{
    certificate::Certificate,
    client::{Client, Trust},
    error::Error,
    explain::{explain, is_untrusted},
    fingerprint::{Fingerprint, NotAFingerprint},
    lasting::is_lasting,
    server::Server,
};

/// TLS 1.2 only with the extended master secret: without it two sessions can be made to share their keys, and a proof that is bound to one
/// of them would be taken in the other (RFC 7627, 5.4).
const REQUIRE_EMS: bool = true;

/// A record of TLS that tells a client, before any handshake, that it is not let in: a fatal alert, access_denied (RFC 8446, 6).
pub(crate) const ACCESS_DENIED: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 49];

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
