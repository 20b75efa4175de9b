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
mod listed;
mod server;
mod session;

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};

pub use self::{
    certificate::Certificate,
    client::{Client, Trust},
    error::Error,
    explain::explain,
    fingerprint::{Fingerprint, NotAFingerprint},
    server::Server,
};

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
