//! The relay's listening socket.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

use tokio::{
    net::{TcpListener, TcpSocket},
    task,
};

use crate::address::Bind;

/// Connections that may wait to be accepted. The usual 128 fill up when a meeting begins, and a client that
/// is dropped then retries only a second later.
const BACKLOG: u32 = 4096;

/// Opens a listener at `address`, in the forms of [`Bind`]. Port 0 takes a free one. Of a name's addresses,
/// only the first that can be bound is used.
///
/// "All addresses" means those of IPv6 and IPv4, or only those of IPv4 on a machine without IPv6.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] if it is not an address, [`io::ErrorKind::NotFound`] if it is a name without one;
/// otherwise the error of the last address tried.
pub async fn listen(address: &str) -> io::Result<TcpListener> {
    let bind: Bind = address.parse().map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let one = match bind {
        Bind::All(port) => return all(port),
        Bind::One(address) => address,
    };
    let mut why = io::Error::new(io::ErrorKind::NotFound, "it has no address");
    let addresses = match one.literal() {
        Some(address) => vec![address],
        None => {
            let found = task::spawn_blocking(move || one.look_up()).await?;
            found.map_err(|error| io::Error::new(io::ErrorKind::NotFound, error))?
        }
    };
    for address in addresses {
        match open(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => why = error,
        }
    }
    Err(why)
}

/// Listens on all addresses of both families.
fn all(port: u16) -> io::Result<TcpListener> {
    let error = match open((Ipv6Addr::UNSPECIFIED, port).into()) {
        // Such an error concerns both families.
        Err(error) if !is_in_the_way(&error) => error,
        result => return result,
    };
    tracing::debug!("no IPv6 here: {error}");
    open((Ipv4Addr::UNSPECIFIED, port).into())
}

fn is_in_the_way(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied)
}

/// Listens at an address; at `[::]` for both families.
pub(super) fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    if address.is_ipv6() && address.ip().is_unspecified() {
        // Whatever the system's default is.
        socket2::SockRef::from(&socket).set_only_v6(false)?;
    }
    // A restarted relay must get its port at once; on Windows this option would let other programs take it.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
