//! Stands in for TLS in a build without the feature `tls`: its types have no values, so no connection can use it.

use std::{convert::Infallible, io};

use tokio::net::TcpStream;

use crate::transport::Connection;

/// A TLS client; there is none without the feature `tls`.
#[derive(Clone, Debug)]
pub struct Connector(Infallible);

impl Connector {
    #[expect(clippy::unused_async, reason = "the same call as with TLS")]
    pub(crate) async fn connect(&self, _host: &str, _stream: TcpStream) -> io::Result<Connection> {
        match self.0 {}
    }
}

/// A TLS server; there is none without the feature `tls`.
#[derive(Clone, Debug)]
pub struct Acceptor(Infallible);

impl Acceptor {
    #[expect(clippy::unused_async, reason = "the same call as with TLS")]
    pub(crate) async fn accept(&self, _stream: TcpStream) -> io::Result<Connection> {
        match self.0 {}
    }

    #[expect(clippy::unused_async, reason = "the same call as with TLS")]
    pub(crate) async fn accept_any(&self, _stream: TcpStream) -> io::Result<(Connection, Option<Inner>)> {
        match self.0 {}
    }
}

/// What is spoken within TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inner {
    Wire,
    Http,
}

pub(crate) const ACCESS_DENIED: [u8; 0] = [];

/// What a failed handshake means to a person.
#[must_use]
pub fn explain(error: &io::Error) -> String {
    error.to_string()
}

pub(crate) const fn is_untrusted(_error: &io::Error) -> bool {
    false
}

pub(crate) const fn is_permanent(_error: &io::Error) -> bool {
    false
}
