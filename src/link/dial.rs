//! One attempt to connect.

use tokio::{net::TcpStream, time};

use super::{Down, Hub};
use crate::socket;

/// Tries each of the host's addresses; each gets the time limit for itself, so that one that swallows everything does
/// not hide the next.
pub(super) async fn connect(hub: &Hub) -> Result<TcpStream, Down> {
    let limit = hub.config.connect_timeout;
    let unreachable = |error: std::io::Error| Down::connecting(&error);
    let lookup = tokio::net::lookup_host(hub.config.host.as_str());
    let addresses = time::timeout(limit, lookup).await.map_err(|_| Down::ConnectTimeout(limit))?;
    let mut why = Down::Unreachable("the host has no address".into());
    for address in addresses.map_err(unreachable)? {
        match time::timeout(limit, TcpStream::connect(address)).await {
            // A port of our own that nobody listens on can connect to itself.
            Ok(Ok(stream)) if stream.local_addr().ok() == stream.peer_addr().ok() => why = Down::Refused,
            Ok(Ok(stream)) => {
                socket::tune(&stream).map_err(unreachable)?;
                return Ok(stream);
            }
            Ok(Err(error)) => why = Down::connecting(&error),
            Err(_) => why = Down::ConnectTimeout(limit),
        }
    }
    Err(why)
}
