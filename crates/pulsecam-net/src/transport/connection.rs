//! Connections, and the listeners they come from.

use std::{fmt, io, net::SocketAddr};

use tokio::{
    io::AsyncRead,
    net::{TcpListener, TcpStream},
};

use super::{SendHalf, tune};

/// A secret that only the two ends of one TLS session know (RFC 9266). A proof given in one session is
/// worthless in another.
pub type Binding = [u8; 32];

/// The receiving side, over any transport.
pub type ReceiveHalf = Box<dyn AsyncRead + Send + Unpin>;

/// Both directions of a connection.
#[non_exhaustive]
pub struct Connection {
    /// The receiving side.
    pub input: ReceiveHalf,
    /// The sending side.
    pub output: Box<dyn SendHalf>,
    /// The channel binding, under TLS.
    pub binding: Option<Binding>,
}

impl Connection {
    /// Joins two directions, without TLS.
    #[must_use]
    pub fn new(input: impl AsyncRead + Send + Unpin + 'static, output: impl SendHalf + 'static) -> Self {
        Self { input: Box::new(input), output: Box::new(output), binding: None }
    }

    /// Wraps a plain TCP connection.
    ///
    /// # Errors
    /// The system's error when setting the socket options ([`tune`]).
    pub fn tcp(stream: TcpStream) -> io::Result<Self> {
        tune(&stream)?;
        let (input, output) = stream.into_split();
        Ok(Self::new(input, output))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("output", &self.output).finish_non_exhaustive()
    }
}

/// A connection that a relay has accepted.
#[derive(Debug)]
#[non_exhaustive]
pub enum Incoming {
    /// A TCP stream, not configured yet.
    Tcp(TcpStream),
    /// A TCP stream from a port that is for browsers and HTTP clients only, not configured yet.
    Http(TcpStream),
    /// A connection from the operators' own socket, which only they can reach.
    Admin(Connection),
    /// Any other connection, ready to be used.
    Other(Connection),
}

/// A source of incoming connections.
pub trait Listen {
    /// Waits for the next connection, and its address. Cancel safe: no connection is lost.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Incoming, SocketAddr)>>;

    /// The address that it listens on.
    ///
    /// # Errors
    /// The system's error.
    fn local_addr(&self) -> io::Result<SocketAddr>;

    /// The address at which it listens for browsers: the same, unless they have one of their own.
    ///
    /// # Errors
    /// The system's error.
    fn http_addr(&self) -> io::Result<SocketAddr> {
        self.local_addr()
    }
}

impl Listen for TcpListener {
    async fn accept(&mut self) -> io::Result<(Incoming, SocketAddr)> {
        let (stream, mut addr) = Self::accept(self).await?;
        // A dual-stack socket reports an IPv4 client as ::ffff:192.0.2.1.
        addr.set_ip(addr.ip().to_canonical());
        Ok((Incoming::Tcp(stream), addr))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Self::local_addr(self)
    }
}
