//! Admission: limits on clients in total, clients per address, and connections per second and address.
//!
//! Connections that have not authenticated yet have separate places (as sshd's MaxStartups), so that they
//! cannot take those of members. If all are taken, the newest is admitted, and of the address with most
//! connections the one that has waited longest is closed: showing a key takes a round trip or two, and only
//! clients without one stay longer.

use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, Ipv6Addr},
    num::{NonZeroU32, NonZeroUsize},
    time::{Duration, Instant},
};

use super::{kept_out::KeptOut, rate_limit::TokenBucket, reason::RejectReason};

/// The number of remembered addresses from which unneeded ones are dropped. They take a megabyte.
const REMEMBERED: usize = 4096;

/// The limits of admission.
#[derive(Clone, Copy, Debug)]
pub(super) struct AdmissionLimits {
    pub(super) clients: NonZeroUsize,
    pub(super) per_address: Option<NonZeroUsize>,
    pub(super) joins_per_s: Option<NonZeroU32>,
    /// Connections that are not authenticated yet.
    pub(super) unauthenticated: Option<NonZeroUsize>,
}

/// The admitted clients by address, and the connections that are not authenticated yet.
#[derive(Debug)]
pub(super) struct Admission {
    limits: AdmissionLimits,
    unauthenticated: UnauthenticatedClients,
    inside: usize,
    kept_out: KeptOut,
    origins: HashMap<IpAddr, AddressState>,
    /// The number of origins at which those without clients are dropped.
    sweep_at: usize,
}

#[derive(Debug)]
struct AddressState {
    inside: usize,
    joins: Option<TokenBucket>,
}

impl Admission {
    pub(super) fn new(limits: AdmissionLimits) -> Self {
        let (origins, sweep_at) = (HashMap::new(), REMEMBERED);
        Self {
            limits,
            unauthenticated: UnauthenticatedClients::new(limits.unauthenticated),
            inside: 0,
            kept_out: KeptOut::default(),
            origins,
            sweep_at,
        }
    }

    /// Adds an unauthenticated connection. Returns its number, and that of the connection that has to make
    /// room for it.
    pub(super) fn add_unauthenticated(
        &mut self,
        address: IpAddr,
        now: Instant,
    ) -> Result<(UnauthenticatedId, Option<UnauthenticatedId>), RejectReason> {
        self.connect(address, now)?;
        Ok(self.unauthenticated.add_unauthenticated(network(address)))
    }

    /// Removes an unauthenticated connection: it has authenticated, or is gone.
    pub(super) fn remove_unauthenticated(&mut self, unauthenticated: UnauthenticatedId) {
        self.unauthenticated.remove_unauthenticated(unauthenticated);
    }

    /// Keeps an address out for a while.
    #[cfg_attr(not(feature = "web"), allow(dead_code))]
    pub(super) fn keep_out(&mut self, address: IpAddr, time: Duration, now: Instant) {
        self.kept_out.add(network(address), time, now);
    }

    /// Checks whether an address is kept out.
    pub(super) fn let_in(&self, address: IpAddr, now: Instant) -> Result<(), RejectReason> {
        let left = self.kept_out.left(network(address), now);
        left.map_or(Ok(()), |left| Err(RejectReason::KeptOut(Duration::from_secs(left.as_secs() + 1))))
    }

    /// Checks whether an address is kept out, and the rate of connections from it.
    pub(super) fn connect(&mut self, address: IpAddr, now: Instant) -> Result<(), RejectReason> {
        self.let_in(address, now)?;
        let joins_per_s = self.limits.joins_per_s;
        if self.origins.len() >= self.sweep_at {
            self.origins.retain(|_, origin| origin.inside > 0 || !origin.is_calm(now));
            // Not for every connection while there are many addresses.
            self.sweep_at = REMEMBERED.max(2 * self.origins.len());
        }
        let origin = self.origin(address, now);
        // A connection that is refused for another reason counts as well.
        let too_often = origin.joins.as_mut().is_some_and(|joins| !joins.take(1.0, now));
        if let Some(rate) = joins_per_s.filter(|_| too_often) {
            return Err(RejectReason::TooOften(rate));
        }
        Ok(())
    }

    fn origin(&mut self, address: IpAddr, now: Instant) -> &mut AddressState {
        let joins = self.limits.joins_per_s;
        let fresh =
            || AddressState { inside: 0, joins: joins.map(|rate| TokenBucket::new(rate.get().into(), now)) };
        self.origins.entry(network(address)).or_insert_with(fresh)
    }

    /// Admits a client, or returns why not.
    pub(super) fn admit(&mut self, address: IpAddr, now: Instant) -> Result<(), RejectReason> {
        let AdmissionLimits { clients, per_address, .. } = self.limits;
        if self.inside >= clients.get() {
            return Err(RejectReason::Full(clients));
        }
        let origin = self.origin(address, now);
        if let Some(most) = per_address.filter(|most| origin.inside >= most.get()) {
            return Err(RejectReason::AddressFull(most));
        }
        origin.inside += 1;
        self.inside += 1;
        Ok(())
    }

    /// Records that a client has left.
    pub(super) fn leave(&mut self, address: IpAddr, now: Instant) {
        self.inside = self.inside.saturating_sub(1);
        let network = network(address);
        if let Some(origin) = self.origins.get_mut(&network) {
            origin.inside = origin.inside.saturating_sub(1);
            if origin.inside == 0 && origin.is_calm(now) {
                self.origins.remove(&network);
            }
        }
    }
}

impl AddressState {
    fn is_calm(&mut self, now: Instant) -> bool {
        self.joins.as_mut().is_none_or(|joins| joins.is_full(now))
    }
}

/// The part of an address that the limits count. Of IPv6 it is the first 64 bits, because one host owns all
/// the rest.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 => v4,
    }
}

/// One address may have 1/`PER_ADDRESS` of all places.
const PER_ADDRESS: usize = 4;

/// A connection's number, in order of arrival.
pub(super) type UnauthenticatedId = u64;

/// The connections that have not authenticated yet.
#[derive(Debug)]
struct UnauthenticatedClients {
    places: Option<NonZeroUsize>,
    waiting: BTreeMap<UnauthenticatedId, IpAddr>,
    next: UnauthenticatedId,
}

impl UnauthenticatedClients {
    const fn new(places: Option<NonZeroUsize>) -> Self {
        Self { places, waiting: BTreeMap::new(), next: 0 }
    }

    /// Adds a connection from this network. Returns its number, and that of the connection that must be
    /// closed for it.
    fn add_unauthenticated(&mut self, network: IpAddr) -> (UnauthenticatedId, Option<UnauthenticatedId>) {
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
    fn remove_unauthenticated(&mut self, number: UnauthenticatedId) {
        self.waiting.remove(&number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(clients: usize, per_address: usize, joins_per_s: u32) -> Admission {
        Admission::new(AdmissionLimits {
            clients: clients.try_into().unwrap(),
            per_address: NonZeroUsize::new(per_address),
            joins_per_s: NonZeroU32::new(joins_per_s),
            unauthenticated: NonZeroUsize::new(4),
        })
    }

    impl Admission {
        fn perform(&mut self, address: IpAddr, now: Instant) -> Result<(), RejectReason> {
            self.connect(address, now)?;
            self.admit(address, now)
        }
    }

    fn from(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn a_place_that_is_freed_is_taken() {
        let (mut admission, now) = (admission(3, 2, 0), Instant::now());
        assert_eq!([1, 1].map(|last| admission.perform(from(last), now)), [Ok(()), Ok(())]);
        assert_eq!(admission.perform(from(1), now), Err(RejectReason::AddressFull(2.try_into().unwrap())));
        assert_eq!(admission.perform(from(2), now), Ok(()));
        assert_eq!(admission.perform(from(3), now), Err(RejectReason::Full(3.try_into().unwrap())));
        admission.leave(from(1), now);
        assert_eq!(admission.perform(from(3), now), Ok(()));
    }

    #[test]
    fn a_rush_from_one_address_is_stopped_and_others_come_in() {
        let (mut admission, start) = (admission(10_000, 0, 50), Instant::now());
        let let_in = (0..1_000).filter(|_| admission.perform(from(1), start).is_ok()).count();
        assert_eq!(let_in, 100, "2 s of the rate");
        assert_eq!(admission.perform(from(2), start), Ok(()));
        assert_eq!(admission.perform(from(1), start), Err(RejectReason::TooOften(50.try_into().unwrap())));
        assert_eq!(admission.perform(from(1), start + Duration::from_secs(1)), Ok(()));
    }

    #[test]
    fn one_host_is_one_address_whatever_it_calls_itself() {
        let (mut admission, now) = (admission(10, 1, 0), Instant::now());
        let full = Err(RejectReason::AddressFull(1.try_into().unwrap()));
        assert_eq!(admission.perform("2001:db8::1".parse().unwrap(), now), Ok(()));
        assert_eq!(admission.perform("2001:db8::2:3:4:5".parse().unwrap(), now), full);
        assert_eq!(admission.perform("2001:db8:0:1::1".parse().unwrap(), now), Ok(()));
        assert_eq!(admission.perform(from(7), now), Ok(()));
        assert_eq!(admission.perform("::ffff:192.0.2.7".parse().unwrap(), now), full);
    }

    #[test]
    fn who_is_kept_out_cannot_connect_from_the_same_network() {
        let (mut admission, start) = (admission(10, 10, 0), Instant::now());
        let [one, same, other] =
            ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"].map(|ip| ip.parse().unwrap());
        admission.keep_out(one, Duration::from_secs(60), start);
        let now = start + Duration::from_millis(1);
        let kept = Err(RejectReason::KeptOut(Duration::from_secs(60)));
        assert_eq!((admission.connect(same, now), admission.let_in(one, now)), (kept.clone(), kept));
        assert_eq!(admission.connect(other, now), Ok(()));
        assert_eq!(admission.connect(same, start + Duration::from_secs(60)), Ok(()));
    }

    #[test]
    fn strangers_take_nobodys_place() {
        let (mut admission, now) = (admission(2, 2, 0), Instant::now());
        for last in 1..=20 {
            assert!(admission.add_unauthenticated(from(last), now).is_ok());
        }
        assert_eq!(admission.admit(from(1), now), Ok(()));
        assert_eq!(admission.admit(from(9), now), Ok(()));
        assert_eq!(admission.admit(from(1), now), Err(RejectReason::Full(2.try_into().unwrap())));
    }

    #[test]
    fn a_million_addresses_are_not_remembered() {
        let (mut admission, start) = (admission(10, 1, 5), Instant::now());
        for number in 0..100_000_u32 {
            let now = start + Duration::from_millis(u64::from(number));
            let address = IpAddr::from(number.to_be_bytes());
            if admission.perform(address, now).is_ok() {
                admission.leave(address, now);
            }
        }
        assert!(admission.origins.len() <= REMEMBERED + 1, "{}", admission.origins.len());
    }

    #[test]
    fn one_address_has_a_share_and_pushes_out_its_own() {
        let mut unauthenticated = UnauthenticatedClients::new(NonZeroUsize::new(8));
        assert_eq!(unauthenticated.add_unauthenticated(from(1)), (0, None));
        assert_eq!(unauthenticated.add_unauthenticated(from(1)), (1, None));
        assert_eq!(unauthenticated.add_unauthenticated(from(1)), (2, Some(0)));
        assert_eq!(unauthenticated.add_unauthenticated(from(2)), (3, None));
        unauthenticated.remove_unauthenticated(1);
        assert_eq!(unauthenticated.add_unauthenticated(from(1)), (4, None));
    }

    #[test]
    fn where_all_is_full_the_oldest_of_the_most_goes_and_a_newcomer_has_its_time() {
        let mut unauthenticated = UnauthenticatedClients::new(NonZeroUsize::new(8));
        for last in [9, 1, 1, 2, 2, 3, 3, 4] {
            assert_eq!(unauthenticated.add_unauthenticated(from(last)).1, None);
        }
        // Three addresses have two each; each new connection displaces one of theirs, not the single one.
        let gone: Vec<_> = (10..13).map(|last| unauthenticated.add_unauthenticated(from(last)).1).collect();
        assert_eq!(gone, [Some(1), Some(3), Some(5)]);
        assert!(unauthenticated.waiting.contains_key(&0), "the first, alone from its address");
        assert_eq!(unauthenticated.waiting.len(), 8);
    }

    #[test]
    fn without_a_limit_nobody_has_to_go() {
        let mut unauthenticated = UnauthenticatedClients::new(None);
        assert!((0..1000).all(|_| unauthenticated.add_unauthenticated(from(1)).1.is_none()));
    }
}
