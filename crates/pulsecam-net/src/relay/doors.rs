//! All the sockets on which a relay listens.

use std::{
    future::pending,
    io,
    net::{Ipv6Addr, SocketAddr},
};

use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;

#[cfg(unix)]
use crate::transport::PolledWriter;
use crate::transport::{Connection, Incoming, Listen};

/// The port for clients, and if wanted ports of their own for browsers and for operators.
#[derive(Debug)]
pub struct Doors {
    main: TcpListener,
    http: Option<TcpListener>,
    admin: Option<AdminDoor>,
}

/// Where operators connect. Whoever reaches it may see and do everything.
#[derive(Debug)]
#[non_exhaustive]
pub enum AdminDoor {
    /// A port, of this machine only if it is to be safe.
    Tcp(TcpListener),
    /// A socket in the file system, with its permissions.
    #[cfg(unix)]
    Unix(UnixListener),
}

impl Doors {
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

    /// Adds a door for operators.
    #[must_use]
    pub fn with_admin(mut self, admin: Option<AdminDoor>) -> Self {
        self.admin = admin;
        self
    }
}

impl AdminDoor {
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
                let output = Box::new(PolledWriter::new(output));
                let connection = Connection { input: Box::new(input), output, binding: None };
                Ok((Incoming::Admin(connection), (Ipv6Addr::LOCALHOST, 0).into()))
            }
        }
    }
}

impl Listen for Doors {
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
