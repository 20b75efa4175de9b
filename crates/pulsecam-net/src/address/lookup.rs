//! Name lookup with the system's resolver.

use std::{collections::HashSet, net::SocketAddr};

use dns_lookup::{AddrInfoHints, LookupErrorKind, SockType, getaddrinfo};

use super::{Address, Host};

/// Why a host has no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct LookupError {
    reason: String,
    is_final: bool,
}

impl LookupError {
    /// Whether the name does not exist or has no address; otherwise the failure may be temporary.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        self.is_final
    }

    /// Creates an error that may be temporary.
    pub(crate) fn passing(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), is_final: false }
    }
}

impl Address {
    /// Looks up all addresses of the host, in the system's order of preference. Blocks on the system's
    /// resolver, which has its own time limits: 30 s and more if its servers are silent.
    ///
    /// # Errors
    /// The resolver's error, and whether it is final.
    pub fn look_up(&self) -> Result<Vec<SocketAddr>, LookupError> {
        let (host, zone) = match &self.host {
            Host::Ip(ip) => return Ok(vec![SocketAddr::new(*ip, self.port)]),
            Host::Zoned(ip, zone) => (format!("{ip}%{zone}"), Some(zone)),
            Host::Name(name) => (name.clone(), None),
        };
        // One entry per address, not one per protocol.
        let hints = AddrInfoHints { socktype: SockType::Stream.into(), ..AddrInfoHints::default() };
        let found = getaddrinfo(Some(&host), None, Some(hints)).map_err(|error| {
            if let Some(zone) = zone {
                // An interface may appear later.
                return LookupError::passing(format!("there is no network interface {zone}"));
            }
            let kind = error.kind();
            let is_final = matches!(kind, LookupErrorKind::NoName | LookupErrorKind::NoData);
            let error = error.to_string();
            // std's prefix: the surrounding message says the same.
            let reason = error.strip_prefix("failed to lookup address information: ").unwrap_or(&error);
            LookupError { reason: reason.to_owned(), is_final }
        })?;
        let mut seen = HashSet::new();
        let addresses: Vec<_> = found
            .filter_map(Result::ok) // other families are useless here
            .map(|found| {
                let mut addr = found.sockaddr;
                addr.set_port(self.port);
                addr
            })
            .filter(|addr| seen.insert(*addr))
            .collect();
        if addresses.is_empty() {
            return Err(LookupError { reason: "it has no address".into(), is_final: true });
        }
        Ok(addresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_found_by_name_and_by_number() {
        let address: Address = "localhost:7".parse().unwrap();
        let found = address.look_up().unwrap();
        assert!(found.iter().all(|addr| addr.ip().is_loopback() && addr.port() == 7), "{found:?}");
        let address: Address = "127.0.0.1:7".parse().unwrap();
        assert_eq!(address.look_up().unwrap(), ["127.0.0.1:7".parse().unwrap()]);
    }

    #[test]
    fn a_name_that_cannot_exist_is_final_and_an_interface_that_is_not_there_is_not() {
        let error = "no such host".parse::<Address>().unwrap().look_up().unwrap_err();
        assert!(error.is_final(), "{error}");
        let error = "fe80::2%nowhere0".parse::<Address>().unwrap().look_up().unwrap_err();
        assert_eq!(error.to_string(), "there is no network interface nowhere0");
        assert!(!error.is_final());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_zone_is_the_number_of_its_interface() {
        let address: Address = "[fe80::2%lo]:7".parse().unwrap();
        let [SocketAddr::V6(found)] = address.look_up().unwrap()[..] else { panic!("one IPv6 address") };
        // Loopback is the first interface of each network namespace.
        assert_eq!((found.scope_id(), found.port()), (1, 7));
    }
}
