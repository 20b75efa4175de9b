//! How relays reach each other: TLS over TCP, or a simulated network.

use std::{io, net::SocketAddr, pin::Pin, sync::Arc};

use tokio::net::{TcpListener, TcpStream};

use super::Error;
use crate::{
    relay::listen,
    tls::{self, Connector, Fingerprint, Trust},
    transport::Connection,
};

/// The name in the certificates of links. Nobody looks at it: they are pinned.
const CERTIFICATE_NAME: &str = "relay.pulsecam.invalid";

/// A connection that is being opened, or why it could not be.
pub type Opening = Pin<Box<dyn Future<Output = Result<Connection, String>> + Send>>;

/// Waits for the next connection.
pub type Accepting<'a> = Pin<Box<dyn Future<Output = io::Result<(Opening, SocketAddr)>> + Send + 'a>>;

/// Carries links. Both ends of one are of the same kind.
pub trait Carrier: Send + Sync {
    /// Waits for the next connection of another relay, and its address. Cancel safe.
    fn accept(&self) -> Accepting<'_>;

    /// Connects to the relay at this address, which shows this certificate.
    fn connect(&self, address: SocketAddr, certificate: Fingerprint) -> Opening;
}

/// Where other relays connect: a port, and the certificate that is shown there, which is made for each start.
#[derive(Debug)]
pub struct Door {
    listener: TcpListener,
    tls: Arc<tls::Acceptor>,
}

impl Door {
    /// Listens at an address.
    ///
    /// # Errors
    /// [`Error::Socket`], and [`Error::Certificate`].
    pub async fn open(address: SocketAddr) -> Result<Self, Error> {
        let listener = listen::open(address)?;
        let certificate = tls::Certificate::for_relay(vec![CERTIFICATE_NAME.to_owned()])?;
        Ok(Self { listener, tls: Arc::new(tls::Acceptor::showing(&certificate)?) })
    }

    /// The address, with the real port if 0 was requested.
    ///
    /// # Errors
    /// The system's error.
    pub fn address(&self) -> Result<SocketAddr, Error> {
        Ok(self.listener.local_addr()?)
    }

    /// The fingerprint of its certificate.
    #[must_use]
    pub fn certificate(&self) -> Fingerprint {
        self.tls.fingerprint()
    }
}

impl Carrier for Door {
    fn accept(&self) -> Accepting<'_> {
        Box::pin(async {
            let (stream, peer) = self.listener.accept().await?;
            let tls = Arc::clone(&self.tls);
            let opening = async move { tls.accept(stream).await.map_err(|error| tls::explain(&error)) };
            Ok((Box::pin(opening) as Opening, peer))
        })
    }

    fn connect(&self, address: SocketAddr, certificate: Fingerprint) -> Opening {
        Box::pin(async move {
            let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
            let tls = Connector::new(&Trust::Pinned(certificate)).map_err(|error| error.to_string())?;
            tls.connect(&address.to_string(), stream).await.map_err(|error| error.to_string())
        })
    }
}
