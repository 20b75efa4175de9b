//! Connections that have not authenticated yet.
//!
//! They have separate places (as sshd's MaxStartups), so that they cannot take those of members. If all are
//! taken, the newest is admitted, and of the address with most connections the one that has waited longest is
//! closed: showing a key takes a round trip or two, and only clients without one stay longer.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    num::NonZeroUsize,
};

/// One address may have 1/`PER_ADDRESS` of all places.
const PER_ADDRESS: usize = 4;

/// A connection's number, in order of arrival.
pub(super) type UnauthenticatedId = u64;

/// The connections that wait.
#[derive(Debug)]
pub(super) struct UnauthenticatedClients {
    places: Option<NonZeroUsize>,
    waiting: BTreeMap<UnauthenticatedId, IpAddr>,
    next: UnauthenticatedId,
}

impl UnauthenticatedClients {
    pub(super) const fn new(places: Option<NonZeroUsize>) -> Self {
        Self { places, waiting: BTreeMap::new(), next: 0 }
    }

    /// Adds a connection from this network. Returns its number, and that of the connection that must be
    /// closed for it.
    pub(super) fn add_unauthenticated(
        &mut self,
        network: IpAddr,
    ) -> (UnauthenticatedId, Option<UnauthenticatedId>) {
        let goes = self.places.and_then(|places| {
            let mut counts = HashMap::<IpAddr, usize>::new();
            self.waiting.values().for_each(|from| *counts.entry(*from).or_default() += 1);
            let own = counts.get(&network).copied().unwrap_or(0);
            let crowded = if own >= places.get().div_ceil(PER_ADDRESS) {
                Some(network)
            } else if self.waiting.len() >= places.get() {
                // Of two with equally many, the lower address: simulations must be reproducible.
                counts
                    .into_iter()
                    .max_by_key(|(from, count)| (*count, std::cmp::Reverse(*from)))
                    .map(|(from, _)| from)
            } else {
                None
            };
            let oldest = self.waiting.iter().find(|(_, from)| Some(**from) == crowded);
            oldest.map(|(number, _)| *number)
        });
        if let Some(number) = goes {
            self.waiting.remove(&number);
        }
        let number = self.next;
        self.next += 1;
        self.waiting.insert(number, network);
        (number, goes)
    }

    /// Removes a connection that has authenticated, or is gone.
    pub(super) fn remove_unauthenticated(&mut self, number: UnauthenticatedId) {
        self.waiting.remove(&number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[test]
    fn one_address_has_a_share_and_pushes_out_its_own() {
        let mut clients = UnauthenticatedClients::new(NonZeroUsize::new(8));
        assert_eq!(clients.add_unauthenticated(from(1)), (0, None));
        assert_eq!(clients.add_unauthenticated(from(1)), (1, None));
        assert_eq!(clients.add_unauthenticated(from(1)), (2, Some(0)));
        assert_eq!(clients.add_unauthenticated(from(2)), (3, None));
        clients.remove_unauthenticated(1);
        assert_eq!(clients.add_unauthenticated(from(1)), (4, None));
    }

    #[test]
    fn where_all_is_full_the_oldest_of_the_most_goes_and_a_newcomer_has_its_time() {
        let mut clients = UnauthenticatedClients::new(NonZeroUsize::new(8));
        for last in [9, 1, 1, 2, 2, 3, 3, 4] {
            assert_eq!(clients.add_unauthenticated(from(last)).1, None);
        }
        // Three addresses have two each; each new connection displaces one of theirs, not the single one.
        let gone: Vec<_> = (10..13).map(|last| clients.add_unauthenticated(from(last)).1).collect();
        assert_eq!(gone, [Some(1), Some(3), Some(5)]);
        assert!(clients.waiting.contains_key(&0), "the first, alone from its address");
        assert_eq!(clients.waiting.len(), 8);
    }

    #[test]
    fn without_a_limit_nobody_has_to_go() {
        let mut clients = UnauthenticatedClients::new(None);
        assert!((0..1000).all(|_| clients.add_unauthenticated(from(1)).1.is_none()));
    }
}
