//! One attempt to connect.

use std::{fmt, io, net::SocketAddr, pin::Pin, sync::Arc};

use tokio::{net::TcpStream, time};

use super::{Down, Hub};
use crate::socket::Connection;

type Dialing = Pin<Box<dyn Future<Output = io::Result<(Connection, SocketAddr)>> + Send>>;

/// A way to connect that is not TCP: in memory, or simulated. Gives the connection and the peer's address.
#[derive(Clone)]
pub struct Dial(Arc<dyn Fn(&str) -> Dialing + Send + Sync>);

impl Dial {
    /// Calls `how` for each attempt, with the host and port of [`super::Config`].
    pub fn new<F>(how: impl Fn(&str) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = io::Result<(Connection, SocketAddr)>> + Send + 'static,
    {
        Self(Arc::new(move |host| Box::pin(how(host))))
    }
}

impl fmt::Debug for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dial")
    }
}

/// A connection to the host.
pub(super) async fn connect(hub: &Hub) -> Result<(Connection, SocketAddr), Down> {
    let limit = hub.config.connect_timeout;
    let Some(Dial(dial)) = &hub.config.dial else { return tcp(hub).await };
    match time::timeout(limit, dial(&hub.config.host)).await {
        Ok(result) => result.map_err(|error| Down::connecting(&error)),
        Err(_) => Err(Down::ConnectTimeout(limit)),
    }
}

/// Tries each of the host's addresses; each gets the time limit for itself, so that one that swallows everything does
/// not hide the next.
async fn tcp(hub: &Hub) -> Result<(Connection, SocketAddr), Down> {
    let limit = hub.config.connect_timeout;
    let unreachable = |error: io::Error| Down::connecting(&error);
    let lookup = tokio::net::lookup_host(hub.config.host.as_str());
    let addresses = time::timeout(limit, lookup).await.map_err(|_| Down::ConnectTimeout(limit))?;
    let mut why = Down::Unreachable("the host has no address".into());
    for address in addresses.map_err(unreachable)? {
        match time::timeout(limit, TcpStream::connect(address)).await {
            // A port of our own that nobody listens on can connect to itself.
            Ok(Ok(stream)) if stream.local_addr().ok() == stream.peer_addr().ok() => why = Down::Refused,
            Ok(Ok(stream)) => {
                let peer = stream.peer_addr().map_err(unreachable)?;
                let Some(client) = &hub.config.tls else {
                    return Ok((Connection::tcp(stream).map_err(unreachable)?, peer));
                };
                match time::timeout(limit, client.connect(&hub.config.host, stream)).await {
                    Ok(Ok(connection)) => return Ok((connection, peer)),
                    Ok(Err(error)) => why = Down::handshake(&error),
                    Err(_) => {
                        let within = humantime::format_duration(limit);
                        why = Down::HandshakeFailed(format!("no answer to it within {within}"));
                    }
                }
            }
            Ok(Err(error)) => why = Down::connecting(&error),
            Err(_) => why = Down::ConnectTimeout(limit),
        }
    }
    Err(why)
}
