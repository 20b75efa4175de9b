//! A connection before it is used, and where connections come from.

use std::{fmt, io, net::SocketAddr};

use tokio::{
    io::AsyncRead,
    net::{TcpListener, TcpStream},
};

use super::{Outlet, tune};

/// What only the two ends of one TLS session know (RFC 9266), so that proof given in one cannot be used in another.
pub type Binding = [u8; 32];

/// What a peer says, over whatever it comes.
pub type Input = Box<dyn AsyncRead + Send + Unpin>;

/// Both directions of a connection.
pub struct Connection {
    /// What the peer says.
    pub input: Input,
    /// What it is told.
    pub output: Box<dyn Outlet>,
    /// What only its two ends know, under TLS.
    pub binding: Option<Binding>,
}

impl Connection {
    /// A plain TCP connection.
    ///
    /// # Errors
    /// What the system says to the options that video needs ([`tune`]).
    pub fn tcp(stream: TcpStream) -> io::Result<Self> {
        tune(&stream)?;
        let (input, output) = stream.into_split();
        Ok(Self { input: Box::new(input), output: Box::new(output), binding: None })
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("output", &self.output).finish_non_exhaustive()
    }
}

/// Somebody who has come to a relay.
#[derive(Debug)]
pub enum Incoming {
    /// Over the network.
    Tcp(TcpStream),
    /// In another way, ready to be used.
    Other(Connection),
}

/// Where a relay's clients come from.
pub trait Listen {
    /// The next one, and its address. Dropping the future loses nobody.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Incoming, SocketAddr)>>;

    /// Where they come to.
    ///
    /// # Errors
    /// What the system says.
    fn local_addr(&self) -> io::Result<SocketAddr>;
}

impl Listen for TcpListener {
    async fn accept(&mut self) -> io::Result<(Incoming, SocketAddr)> {
        let (stream, mut addr) = Self::accept(self).await?;
        // A socket for both families says ::ffff:192.0.2.1 of a client of IPv4.
        addr.set_ip(addr.ip().to_canonical());
        Ok((Incoming::Tcp(stream), addr))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Self::local_addr(self)
    }
}
