//! How far an address reaches: this machine, its networks, or the internet.

use std::net::{IpAddr, Ipv4Addr};

/// The part of the world to which an address belongs, the closest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AddressSpace {
    /// This machine.
    Machine,
    /// Private networks (RFC 1918, 4193, 6598) and the links of this machine.
    Local,
    /// All others.
    Public,
}

/// The shared space between providers and their customers (RFC 6598), which some virtual private networks use too.
const SHARED: (Ipv4Addr, u32) = (Ipv4Addr::new(100, 64, 0, 0), 10);

impl AddressSpace {
    /// The space of an address; `None` if nobody can be connected to there.
    pub(crate) fn of(address: IpAddr) -> Option<Self> {
        let address = address.to_canonical();
        if address.is_unspecified() || address.is_multicast() {
            return None;
        }
        if address.is_loopback() {
            return Some(Self::Machine);
        }
        let is_local = match address {
            IpAddr::V4(v4) if v4.is_broadcast() || v4.octets()[0] == 0 => return None,
            IpAddr::V4(v4) => v4.is_private() || v4.is_link_local() || is_shared(v4),
            IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
        };
        Some(if is_local { Self::Local } else { Self::Public })
    }
}

fn is_shared(address: Ipv4Addr) -> bool {
    let (network, bits) = SHARED;
    (address.to_bits() ^ network.to_bits()) >> (u32::BITS - bits) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_space() {
        let is = |space, addresses: &[&str]| {
            for address in addresses {
                assert_eq!(AddressSpace::of(address.parse().unwrap()), space, "{address}");
            }
        };
        is(Some(AddressSpace::Machine), &["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]);
        is(
            Some(AddressSpace::Local),
            &["10.0.0.1", "172.16.0.1", "192.168.1.7", "169.254.1.1", "100.64.0.1", "100.127.255.255"],
        );
        is(Some(AddressSpace::Local), &["fd00::1", "fe80::2", "::ffff:10.0.0.1"]);
        is(
            Some(AddressSpace::Public),
            &["100.63.0.1", "100.128.0.1", "192.0.2.1", "172.32.0.1", "2001:db8::7"],
        );
        is(None, &["0.0.0.0", "0.1.2.3", "::", "255.255.255.255", "224.0.0.251", "ff02::1"]);
        assert!(AddressSpace::Machine < AddressSpace::Local && AddressSpace::Local < AddressSpace::Public);
    }
}
