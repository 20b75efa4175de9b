//! TLS on a link, with rustls. The relay shows a certificate ([`Acceptor`]); a client trusts those of an
//! authority, or a single certificate by its [`Fingerprint`] ([`Connector`]).
//!
//! tokio-rustls does the handshakes. Afterwards the session is driven here, because its records must not
//! become a queue in which frames age: encrypted bytes must be sent.

mod acceptor;
mod certificate;
mod connector;
mod error;
mod explain;
mod files;
mod fingerprint;
mod listed;
mod permanent;
mod session;

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};

pub(crate) use self::acceptor::Inner;
pub use self::{
    acceptor::Acceptor,
    certificate::Certificate,
    connector::{Connector, Trust},
    error::Error,
    explain::{explain, is_untrusted},
    fingerprint::{Fingerprint, NotAFingerprint},
    permanent::is_permanent,
};

/// Requires the extended master secret for TLS 1.2. Without it two sessions can be made to share their keys,
/// and a proof that is bound to one of them would be accepted in the other (RFC 7627, 5.4).
const REQUIRE_EMS: bool = true;

/// A TLS record that rejects a client before any handshake: a fatal alert, access_denied (RFC 8446, 6).
pub(crate) const ACCESS_DENIED: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 49];

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
