//! Admission: limits on clients in total, clients per address, and connections per second and address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    num::{NonZeroU32, NonZeroUsize},
    time::{Duration, Instant},
};

use super::{
    token_bucket::TokenBucket,
    unauthenticated::{UnauthenticatedClients, UnauthenticatedId},
};
use crate::{
    auth::AuthFailure,
    wire::{Cause, CloseReason},
};

/// The number of remembered addresses from which unneeded ones are dropped. They take a megabyte.
const REMEMBERED: usize = 4096;

/// Why a connection was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RejectReason {
    /// The relay is full.
    #[error("the relay is full: {0} connected")]
    Full(NonZeroUsize),
    /// Too many from one address.
    #[error("too many clients from this address: {0} connected")]
    AddressFull(NonZeroUsize),
    /// Too many connections a second from one address.
    #[error("more than {0} connections a second from this address")]
    TooOften(NonZeroU32),
    /// It showed no key while many others connected.
    #[error("too many unauthenticated connections, and this one has waited longest")]
    Crowded,
    /// The TLS handshake failed.
    #[error("TLS handshake failed: {0}")]
    Tls(String),
    /// It speaks TLS, for which there is no certificate.
    #[error("speaks TLS, and this relay has no certificate")]
    SpeaksTls,
    /// No key, or a wrong one.
    #[error(transparent)]
    Key(#[from] AuthFailure),
    /// It did not finish the handshakes in time.
    #[error("it was not admitted within {}", humantime::format_duration(*.0))]
    TooSlow(Duration),
    /// Its connection failed, or it sent something invalid.
    #[error("{0}")]
    Failed(String),
}

impl RejectReason {
    /// The message for the client.
    pub(super) fn close_reason(&self) -> CloseReason {
        let cause = match self {
            Self::Key(AuthFailure::NoKey) => Some(Cause::KeyMissing),
            Self::Key(AuthFailure::WrongKey) => Some(Cause::KeyRefused),
            _ => None,
        };
        CloseReason { reason: self.to_string(), cause, refused: None }
    }

    /// The option of `pulsecam relay` that sets the limit, for the operator.
    pub(super) const fn option(&self) -> Option<&'static str> {
        Some(match self {
            Self::Full(_) => "--max-clients",
            Self::AddressFull(_) => "--max-per-address",
            Self::TooOften(_) => "--max-joins",
            Self::TooSlow(_) => "--hello-time",
            Self::SpeaksTls => "--tls-cert",
            Self::Key(AuthFailure::NoKey) => "--key-file",
            _ => return None,
        })
    }
}

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

    /// Checks the rate of connections from an address.
    pub(super) fn connect(&mut self, address: IpAddr, now: Instant) -> Result<(), RejectReason> {
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
}
