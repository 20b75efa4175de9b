//! The name and the addresses of this machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Returns the name of this machine, if it has one that can stand in an address.
#[must_use]
pub fn machine_name() -> Option<String> {
    #[cfg(unix)]
    let name = rustix::system::uname().nodename().to_str().ok()?.to_owned();
    #[cfg(not(unix))]
    let name = std::env::var("COMPUTERNAME").ok()?;
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    (!name.is_empty() && name.bytes().all(is_allowed)).then_some(name)
}

/// Addresses far away, of documentation (RFC 5737 and 3849): nothing is ever sent to them.
const FAR_AWAY: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 9),
    SocketAddr::new(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)), 9),
];

/// Returns the addresses from which this machine would send to a network far away, one of each family at most.
/// Nothing is sent. Empty without a network, or if a sandbox allows none.
#[must_use]
pub fn machine_addresses() -> Vec<IpAddr> {
    let own = |far: SocketAddr| {
        let any: IpAddr =
            if far.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket = UdpSocket::bind((any, 0)).ok()?;
        socket.connect(far).ok()?;
        socket.local_addr().ok().map(|own| own.ip())
    };
    let addresses = FAR_AWAY.into_iter().filter_map(own);
    addresses.filter(|ip| !ip.is_loopback() && !ip.is_unspecified()).collect()
}
