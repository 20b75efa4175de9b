//! All the sockets on which a relay listens.

#[cfg(unix)]
use std::net::Ipv6Addr;
use std::{future::pending, io, net::SocketAddr};

use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;

#[cfg(unix)]
use crate::transport::PolledWriter;
use crate::transport::{Connection, Incoming, Listen};

/// The port for clients, and if wanted ports of their own for browsers and for operators.
#[derive(Debug)]
pub struct Listeners {
    main: TcpListener,
    http: Option<TcpListener>,
    admin: Option<AdminListener>,
}

/// The socket for operators. Anyone who reaches it may see and do everything.
#[derive(Debug)]
#[non_exhaustive]
pub enum AdminListener {
    /// A port. Only one of this machine is safe.
    Tcp(TcpListener),
    /// A socket in the file system, with its permissions.
    #[cfg(unix)]
    Unix(UnixListener),
}

impl Listeners {
    /// Listens at one port for all.
    #[must_use]
    pub const fn new(main: TcpListener) -> Self {
        Self { main, http: None, admin: None }
    }

    /// Adds a port for browsers and HTTP clients.
    #[must_use]
    pub fn with_http(mut self, http: Option<TcpListener>) -> Self {
        self.http = http;
        self
    }

    /// Adds a socket for operators.
    #[must_use]
    pub fn with_admin(mut self, admin: Option<AdminListener>) -> Self {
        self.admin = admin;
        self
    }
}

impl AdminListener {
    async fn accept(&self) -> io::Result<(Incoming, SocketAddr)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, addr) = listener.accept().await?;
                Ok((Incoming::Admin(Connection::tcp(stream)?), addr))
            }
            #[cfg(unix)]
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                let (input, output) = stream.into_split();
                let connection = Connection::new(input, PolledWriter::new(output));
                Ok((Incoming::Admin(connection), (Ipv6Addr::LOCALHOST, 0).into()))
            }
        }
    }
}

impl Listen for Listeners {
    async fn accept(&mut self) -> io::Result<(Incoming, SocketAddr)> {
        let http = async {
            match &self.http {
                Some(http) => http.accept().await,
                None => pending().await,
            }
        };
        let admin = async {
            match &self.admin {
                Some(admin) => admin.accept().await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            // Before the others: a relay that is overrun can still be looked at.
            accepted = admin => accepted,
            accepted = <TcpListener as Listen>::accept(&mut self.main) => accepted,
            accepted = http => {
                let (stream, mut addr) = accepted?;
                addr.set_ip(addr.ip().to_canonical());
                Ok((Incoming::Http(stream), addr))
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.main.local_addr()
    }

    fn http_addr(&self) -> io::Result<SocketAddr> {
        self.http.as_ref().unwrap_or(&self.main).local_addr()
    }
}
