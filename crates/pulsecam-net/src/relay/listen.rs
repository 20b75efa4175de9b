//! The socket that clients come to.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

use tokio::{
    net::{TcpListener, TcpSocket},
    task,
};

use crate::address::Bind;

/// Connections that may wait to be accepted. The usual 128 fill up where a meeting begins, and whoever is dropped then tries again
/// only a second later.
const BACKLOG: u32 = 4096;

/// Opens a listener at what `address` means to [`Bind`]: a port alone, or an address or a name with or without one; port 0 takes a free
/// one. A name with several addresses stands for the first that can be had, and for no other.
///
/// All addresses are those of IPv6 and IPv4; of IPv4 alone on a machine without IPv6.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] if it is no address; else the reason of the last one that was tried.
pub async fn listen(address: &str) -> io::Result<TcpListener> {
    let bind: Bind = address.parse().map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let one = match bind {
        Bind::All(port) => return all(port),
        Bind::One(address) => address,
    };
    let mut why = io::Error::other("it has no address");
    let addresses = match one.literal() {
        Some(address) => vec![address],
        None => task::spawn_blocking(move || one.look_up()).await?.map_err(io::Error::other)?,
    };
    for address in addresses {
        match open(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => why = error,
        }
    }
    Err(why)
}

/// On every address of both families.
fn all(port: u16) -> io::Result<TcpListener> {
    let error = match open((Ipv6Addr::UNSPECIFIED, port).into()) {
        // What is in the way of one is in the way of the other.
        Err(error) if !is_in_the_way(&error) => error,
        result => return result,
    };
    tracing::debug!("no IPv6 here: {error}");
    open((Ipv4Addr::UNSPECIFIED, port).into())
}

fn is_in_the_way(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied)
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    if address.is_ipv6() && address.ip().is_unspecified() {
        // Whatever the system's own default is.
        socket2::SockRef::from(&socket).set_only_v6(false)?;
    }
    // A relay that is started again shall have its port at once; on Windows this would let others take it.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
