//! Decides which relays may be used that another relay told of.
//!
//! The relay that tells is trusted with all that this client sends and shows, and whoever answers at the other address
//! must meet the same demands: the same key, TLS with the same trust. What is left is that a hostile relay could let its
//! clients knock at doors that only they can reach. So nothing is used that is closer to this machine than the relay
//! that told of it: a relay of the internet names no machines of the local network, and none but a relay of this machine
//! names this machine.

use std::net::IpAddr;

use crate::{
    address::{Address, AddressSpace},
    wire::OtherRelays,
};

/// A relay, and what limits its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Host {
    pub(super) address: Address,
    /// Its addresses may not be closer than this; `None` if the user named it.
    pub(super) within: Option<AddressSpace>,
}

impl Host {
    /// A relay that the user named.
    pub(super) const fn named(address: Address) -> Self {
        Self { address, within: None }
    }

    /// Whether it may be connected to at this address.
    pub(super) fn allows(&self, address: IpAddr) -> bool {
        self.within.is_none_or(|within| AddressSpace::of(address).is_some_and(|space| space >= within))
    }
}

/// Those of the others that may be used; `teller` is the address of the relay that tells of them. A name's addresses are
/// known later, so they are checked before each attempt.
pub(super) fn usable(others: &OtherRelays, teller: IpAddr) -> Vec<Host> {
    let within = Some(AddressSpace::of(teller).unwrap_or(AddressSpace::Public));
    let hosts = others.iter().filter_map(|other| Some(Host { address: other.parse().ok()?, within }));
    hosts.filter(|host| host.address.literal().is_none_or(|literal| host.allows(literal.ip()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(teller: &str, others: &[&str]) -> Vec<String> {
        let hosts = usable(&OtherRelays::new(others.iter().copied()), teller.parse().unwrap());
        hosts.iter().map(|host| host.address.to_string()).collect()
    }

    #[test]
    fn nothing_is_closer_than_the_relay_that_told_of_it() {
        let all = ["127.0.0.1:1", "192.168.1.7:1", "192.0.2.7:1", "[fd00::1]:1", "[::1]:1", "desk:1"];
        assert_eq!(used("127.0.0.1", &all), all);
        assert_eq!(used("10.0.0.1", &all), ["192.168.1.7:1", "192.0.2.7:1", "[fd00::1]:1", "desk:1"]);
        assert_eq!(used("2001:db8::1", &all), ["192.0.2.7:1", "desk:1"]);
    }

    #[test]
    fn what_is_no_address_is_ignored() {
        let odd = ["0.0.0.0:1", "224.0.0.1:1", "[::]:1", "a:b", "::1:6868", "a:0", "[fe80::1]:1", "]:1"];
        assert_eq!(used("::1", &odd), [""; 0]);
        assert_eq!(used("::1", &["desk"]), ["desk:6868"]);
    }

    #[test]
    fn a_names_addresses_are_checked_when_they_are_known() {
        let [host] = &usable(&OtherRelays::new(["desk:1"]), [10, 0, 0, 1].into())[..] else {
            panic!("it is a name")
        };
        assert!(host.allows([10, 9, 9, 9].into()) && host.allows([192, 0, 2, 1].into()));
        assert!(!host.allows([127, 0, 0, 1].into()) && !host.allows([0; 4].into()));
        let named = Host::named("localhost".parse().unwrap());
        assert!(named.allows([127, 0, 0, 1].into()), "the user may name any");
    }
}
