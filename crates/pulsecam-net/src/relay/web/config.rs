//! What a relay offers to browsers.

use std::net::SocketAddr;

use bytes::Bytes;

use crate::auth::Key;

/// What a relay offers to browsers and HTTP clients. Start with [`Config::default`] and change
/// fields, also by [`Config::with`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Config {
    /// Names by which browsers may address the relay, besides addresses, this machine's name, and names that
    /// nobody can register. Without this check, any site could reach the relay through its readers' browsers.
    pub names: Vec<String>,
    /// Origins of other sites' pages that may connect, as `https://dash.example`.
    pub allowed_origins: Vec<String>,
    /// Whether pictures and passwords may go through unencrypted HTTP at a relay with a certificate, and
    /// passwords from other machines at one without.
    pub plain: bool,
    /// A certificate that people may install, in PEM.
    pub certificate: Option<Bytes>,
    /// Opens counters and the operators' interface at the public port, as a bearer's token; without it, they are
    /// only at the operators' own socket ([`Incoming::Admin`](crate::transport::Incoming::Admin)).
    pub admin_token: Option<Key>,
    /// Whether HTTP has a port of its own ([`Incoming::Http`](crate::transport::Incoming::Http)), so that the
    /// main one is for clients of the wire only.
    pub own_port: bool,
}

impl Config {
    /// Returns the same with changes, as in `web::Config::default().with(|config| config.plain = true)`.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The port of the page for browsers, if there is a page.
    ///
    /// `clients` is where the relay listens for clients, and `http` where it does for browsers
    /// ([`Listen::http_addr`](crate::transport::Listen::http_addr)). The two are the same unless browsers have a
    /// port of their own.
    #[must_use]
    pub fn page_port(&self, clients: SocketAddr, http: SocketAddr) -> Option<u16> {
        (http != clients || !self.own_port).then_some(http.port())
    }
}
