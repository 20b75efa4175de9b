//! Reports who can reach a relay, and warns if nothing protects it.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use tokio::net::TcpListener;

/// The addresses of this machine on which a relay can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BindScope {
    /// The address that was asked for.
    One,
    /// All addresses, IPv4 and IPv6.
    All,
    /// All IPv4 addresses.
    AllOfIpv4,
    /// All IPv6 addresses.
    AllOfIpv6,
}

impl BindScope {
    /// The addresses of a listener, including an inherited one.
    pub(super) fn of(listener: &TcpListener) -> io::Result<Self> {
        let addr = listener.local_addr()?;
        // IPv4 sockets do not have this option.
        let only_v6 = addr.is_ipv6() && socket2::SockRef::from(listener).only_v6()?;
        Ok(Self::at(addr, only_v6))
    }

    const fn at(addr: SocketAddr, only_v6: bool) -> Self {
        match addr.ip().to_canonical() {
            IpAddr::V4(ip) if ip.is_unspecified() => Self::AllOfIpv4,
            IpAddr::V6(ip) if ip.is_unspecified() && only_v6 => Self::AllOfIpv6,
            IpAddr::V6(ip) if ip.is_unspecified() => Self::All,
            _ => Self::One,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::One => "one address of this machine",
            Self::All => "all addresses of this machine",
            Self::AllOfIpv4 => "all addresses of this machine (IPv4 only)",
            Self::AllOfIpv6 => "all addresses of this machine (IPv6 only)",
        }
    }
}

/// What to report about a relay's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BindWarning {
    /// Nothing: the relay listens on the address that was asked for.
    AsAsked,
    /// All addresses, which are more than many people expect, but with a key or TLS.
    Everywhere(BindScope, &'static str),
    /// All addresses, without key and TLS.
    Open(BindScope),
}

impl BindWarning {
    pub(super) const fn of(reach: BindScope, has_key: bool, has_tls: bool) -> Self {
        match (reach, has_key, has_tls) {
            (BindScope::One, _, _) => Self::AsAsked,
            (_, false, false) => Self::Open(reach),
            (_, true, false) => {
                Self::Everywhere(reach, "clients with the key; without TLS, the network can watch")
            }
            (_, false, true) => Self::Everywhere(reach, "everyone, over TLS; without a key, anyone may join"),
            (_, true, true) => Self::Everywhere(reach, "clients with the key, over TLS"),
        }
    }

    /// Logs it: as a warning with this hint if the relay is unprotected.
    pub(super) fn tell(self, hint: &str) {
        match self {
            Self::AsAsked => {}
            Self::Everywhere(reach, whom) => {
                tracing::info!("open on {} to {whom}", reach.name());
            }
            Self::Open(reach) => tracing::warn!(
                "open on {}, to everyone and unencrypted: anyone who can reach it can watch and send; {hint}",
                reach.name()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_warns_only_if_strangers_can_join_and_nothing_protects() {
        for (key, tls) in [(false, false), (false, true), (true, false), (true, true)] {
            assert_eq!(BindWarning::of(BindScope::One, key, tls), BindWarning::AsAsked);
        }
        for reach in [BindScope::All, BindScope::AllOfIpv4, BindScope::AllOfIpv6] {
            assert_eq!(BindWarning::of(reach, false, false), BindWarning::Open(reach));
        }
        let said = |key, tls| match BindWarning::of(BindScope::All, key, tls) {
            BindWarning::Everywhere(BindScope::All, whom) => whom,
            other => panic!("{other:?}"),
        };
        assert!(said(true, false).contains("can watch"));
        assert!(said(false, true).contains("anyone may join"));
        assert_eq!(said(true, true), "clients with the key, over TLS");
    }

    #[test]
    fn all_addresses_are_those_of_the_families_that_the_socket_serves() {
        let at = |text: &str, only_v6| BindScope::at(text.parse().unwrap(), only_v6);
        assert_eq!(at("[::]:1", false), BindScope::All);
        assert_eq!(at("[::]:1", true), BindScope::AllOfIpv6);
        assert_eq!(at("0.0.0.0:1", false), BindScope::AllOfIpv4);
        assert_eq!(at("[::ffff:0.0.0.0]:1", false), BindScope::AllOfIpv4);
        for one in ["127.0.0.1:1", "[::1]:1", "192.0.2.1:1"] {
            assert_eq!(at(one, false), BindScope::One, "{one}");
        }
    }
}
