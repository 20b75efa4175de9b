//! Decides of which other relays clients are told, so that they know where to go if this one dies.

use std::net::SocketAddr;

use super::{
    about::{About, Load},
    members::Roster,
};
use crate::{address::Address, wire::OtherRelays};

/// The shares of a relay's places that are told apart.
const SHARES: u64 = 100;

/// Those that live, have a place, and say where clients reach them; the least loaded ones first.
pub(super) fn for_clients(roster: &Roster) -> OtherRelays {
    let mut others: Vec<_> = roster
        .living()
        .filter(|(_, about)| has_place(about.load))
        .map(|(id, about)| (load(about), id, about))
        .collect();
    others.sort_by_key(|(load, id, _)| (*load, *id));
    OtherRelays::new(others.into_iter().filter_map(|(.., about)| Some(about.public.as_ref()?.to_string())))
}

/// Where clients reach a relay that listens for them at `clients`, and that other relays reach at `link`: there too, if
/// it listens for clients at all addresses. `None` if others cannot know.
#[must_use]
pub fn reached_at(clients: SocketAddr, link: SocketAddr) -> Option<Address> {
    let is_everywhere = clients.ip().to_canonical().is_unspecified();
    let address = if is_everywhere { SocketAddr::new(link.ip(), clients.port()) } else { clients };
    let ip = address.ip().to_canonical();
    // What only this machine reaches is of use to relays of this machine only.
    let is_useful = !ip.is_unspecified() && (!ip.is_loopback() || link.ip().to_canonical().is_loopback());
    is_useful.then(|| address.into())
}

const fn has_place(load: Load) -> bool {
    load.max_clients == 0 || load.clients < load.max_clients
}

/// The share of its places that is taken, and what it sends.
fn load(about: &About) -> (u64, u64) {
    let Load { clients, bytes_per_s, max_clients } = about.load;
    (u64::from(clients) * SHARES / u64::from(max_clients.max(1)), bytes_per_s)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relay::cluster::{Relay, RelayId};

    fn relay(public: Option<&str>, clients: u32, bytes_per_s: u64) -> Relay {
        let about = About {
            public: public.map(|public| public.parse().unwrap()),
            load: Load { clients, bytes_per_s, max_clients: 1000 },
            ..About::of_test(1)
        };
        Relay { alive: true, about: Ok(about) }
    }

    fn told(relays: Vec<Relay>) -> String {
        let numbered = (0..).map(RelayId::from_bits).zip(relays);
        for_clients(&numbered.collect()).to_string()
    }

    #[test]
    fn the_least_loaded_that_can_be_reached_come_first() {
        let dead = Relay { alive: false, ..relay(Some("dead"), 0, 0) };
        let all = vec![
            relay(Some("busy"), 900, 5),
            relay(None, 0, 0),
            dead,
            relay(Some("second"), 101, 2),
            relay(Some("first"), 105, 1),
            relay(Some("full"), 1000, 0),
        ];
        assert_eq!(told(all), "first:6868,second:6868,busy:6868");
        assert_eq!(told(vec![]), "");
        let many = (0..20).map(|number| relay(Some(&format!("h{number}")), number, 0)).collect();
        assert_eq!(told(many).split(',').count(), OtherRelays::MOST);
        let link_local = vec![relay(Some("fe80::1%eth0"), 0, 0), relay(Some("[2001:db8::1]:7"), 0, 0)];
        assert_eq!(told(link_local), "[2001:db8::1]:7", "an interface means nothing elsewhere");
    }

    #[test]
    fn a_relay_that_does_not_say_where_it_is_reached_is_where_it_listens() {
        let at = |clients: &str, link: &str| {
            let address = reached_at(clients.parse().unwrap(), link.parse().unwrap());
            address.map(|address| address.to_string())
        };
        assert_eq!(at("0.0.0.0:6868", "10.0.0.1:6869").as_deref(), Some("10.0.0.1:6868"));
        assert_eq!(at("[::]:7000", "10.0.0.1:6869").as_deref(), Some("10.0.0.1:7000"));
        assert_eq!(at("192.0.2.1:1", "10.0.0.1:6869").as_deref(), Some("192.0.2.1:1"));
        assert_eq!(at("127.0.0.1:1", "127.0.0.1:2").as_deref(), Some("127.0.0.1:1"));
        assert_eq!(at("127.0.0.1:1", "10.0.0.1:6869"), None);
        assert_eq!(at("0.0.0.0:1", "0.0.0.0:6869"), None);
        assert_eq!(at("[::]:6868", "10.0.0.1:6869").as_deref(), Some("10.0.0.1:6868"));
        assert_eq!(at("0.0.0.0:7000", "10.0.0.1:6869").as_deref(), Some("10.0.0.1:7000"));
        assert_eq!(at("10.0.1.1:7000", "10.0.0.1:6869").as_deref(), Some("10.0.1.1:7000"));
        assert_eq!(at("127.0.0.1:7000", "10.0.0.1:6869"), None);
        assert_eq!(at("127.0.0.1:7000", "127.0.0.1:6869").as_deref(), Some("127.0.0.1:7000"));
    }
}
