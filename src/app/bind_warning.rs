//! Who can reach a relay and what protects it: what to say about it to the person who starts it.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use tokio::net::TcpListener;

/// Which addresses of this machine lead to a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// The one that the person wrote.
    One,
    /// All of both families.
    All,
    /// All of IPv4.
    AllOfIpv4,
    /// All of IPv6.
    AllOfIpv6,
}

impl Reach {
    /// Those of a listener, whoever opened it.
    pub(super) fn of(listener: &TcpListener) -> io::Result<Self> {
        let addr = listener.local_addr()?;
        // Asked of sockets that have it.
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

/// What there is to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BindWarning {
    /// It is as the person wrote it.
    AsAsked,
    /// All addresses, which are more than many think of, but somebody has thought of strangers.
    Everywhere(Reach, &'static str),
    /// All addresses, and nothing that keeps strangers away.
    Open(Reach),
}

impl BindWarning {
    pub(super) const fn of(reach: Reach, has_key: bool, has_tls: bool) -> Self {
        match (reach, has_key, has_tls) {
            (Reach::One, _, _) => Self::AsAsked,
            (_, false, false) => Self::Open(reach),
            (_, true, false) => {
                Self::Everywhere(reach, "who has the key; without TLS others on the way can look on")
            }
            (_, false, true) => {
                Self::Everywhere(reach, "everybody, over TLS; without a key anybody may come")
            }
            (_, true, true) => Self::Everywhere(reach, "who has the key, over TLS"),
        }
    }

    /// Into the log, as loud as it deserves.
    pub(super) fn tell(self) {
        match self {
            Self::AsAsked => {}
            Self::Everywhere(reach, whom) => {
                tracing::info!("open on {} to {whom}", reach.name());
            }
            Self::Open(reach) => tracing::warn!(
                "open on {}, to everybody and unencrypted: anybody who reaches it can watch and send; \
                 lock it with --key-file and --tls-cert (`pulsecam key`, `pulsecam cert`), or keep it to one address: --listen 127.0.0.1",
                reach.name()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_warns_only_where_strangers_can_come_and_nothing_stops_them() {
        for (key, tls) in [(false, false), (false, true), (true, false), (true, true)] {
            assert_eq!(BindWarning::of(Reach::One, key, tls), BindWarning::AsAsked);
        }
        for reach in [Reach::All, Reach::AllOfIpv4, Reach::AllOfIpv6] {
            assert_eq!(BindWarning::of(reach, false, false), BindWarning::Open(reach));
        }
        let said = |key, tls| match BindWarning::of(Reach::All, key, tls) {
            BindWarning::Everywhere(Reach::All, whom) => whom,
            other => panic!("{other:?}"),
        };
        assert!(said(true, false).contains("look on"));
        assert!(said(false, true).contains("anybody may come"));
        assert_eq!(said(true, true), "who has the key, over TLS");
    }

    #[test]
    fn all_addresses_are_those_of_the_families_that_the_socket_serves() {
        let at = |text: &str, only_v6| Reach::at(text.parse().unwrap(), only_v6);
        assert_eq!(at("[::]:1", false), Reach::All);
        assert_eq!(at("[::]:1", true), Reach::AllOfIpv6);
        assert_eq!(at("0.0.0.0:1", false), Reach::AllOfIpv4);
        assert_eq!(at("[::ffff:0.0.0.0]:1", false), Reach::AllOfIpv4);
        for one in ["127.0.0.1:1", "[::1]:1", "192.0.2.1:1"] {
            assert_eq!(at(one, false), Reach::One, "{one}");
        }
    }
}
