//! Places for connections of relays that have not entered a room yet.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex},
};

use super::link_plan::MAX_RELAYS;
use crate::{relay::admission::network, sync::lock};

/// The most places: those of the largest cluster at once.
const PLACES: usize = MAX_RELAYS;

/// The most places of one address, or of one network of IPv6. A relay needs one for a few round trips, so that one with
/// many rooms enters them one after the other; a stranger does not keep others out.
const PER_ADDRESS: usize = 8;

/// The connections that have not entered yet, by their networks.
#[derive(Debug, Default)]
pub(super) struct Entering(Mutex<BTreeMap<IpAddr, usize>>);

/// The place of one connection, until this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    entering: Arc<Entering>,
    network: IpAddr,
}

impl Entering {
    /// Takes a place for a connection from an address; `None` if there is none.
    pub(super) fn place(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let network = network(address);
        let mut taken = lock(&self.0);
        if taken.values().sum::<usize>() >= PLACES
            || taken.get(&network).is_some_and(|own| *own >= PER_ADDRESS)
        {
            return None;
        }
        *taken.entry(network).or_default() += 1;
        Some(Place { entering: Arc::clone(self), network })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = lock(&self.entering.0);
        if let Some(own) = taken.get_mut(&self.network) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_leaves_places_for_others() {
        let entering = Arc::new(Entering::default());
        let place = |last: u8| entering.place([192, 0, 2, last].into());
        let mut taken: Vec<_> = std::iter::from_fn(|| place(1)).collect();
        assert_eq!(taken.len(), PER_ADDRESS);
        assert!(place(2).is_some());
        taken.pop();
        taken.extend(place(1));
        assert!(place(1).is_none());
        taken.extend((2..=255).filter_map(place));
        assert_eq!(taken.len(), PLACES);
        drop(taken);
        assert!(lock(&entering.0).is_empty(), "nothing is left of those that are gone");
    }

    #[test]
    fn the_addresses_of_an_ipv6_network_count_as_one() {
        let entering = Arc::new(Entering::default());
        let place = |last: u16| entering.place([0x2001, 0xdb8, 0, 0, 0, 0, 0, last].into());
        let taken: Vec<_> = (1..100).filter_map(place).collect();
        assert_eq!(taken.len(), PER_ADDRESS);
    }
}
