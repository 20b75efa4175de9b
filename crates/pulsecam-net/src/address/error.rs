//! Errors of parsing an address, which show the right form.

use std::net::Ipv6Addr;

use super::DEFAULT_PORT;

/// Why a text is not an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It is empty.
    #[error("it is empty: write HOST or HOST:PORT")]
    Empty,
    /// There is a port without a host.
    #[error("there is no host before the port: write HOST:{0}, or localhost:{0} for this machine")]
    NoHost(String),
    /// The part after the colon is not a port that can be connected to.
    #[error(
        "{port:?} is not a port, a number from 1 to 65535: write {host}:{DEFAULT_PORT}, or {host} alone for that port"
    )]
    Port {
        /// The part after the colon.
        port: String,
        /// The part before the colon.
        host: String,
    },
    /// It may be an IPv6 address, or one with a port.
    #[error("is the last number of {0} a port? Write {1} if it is, otherwise [{0}]")]
    Ambiguous(String, String),
    /// An IPv6 address with a port but without brackets.
    #[error("an IPv6 address with a port needs brackets: write {0}")]
    Unbracketed(String),
    /// Brackets that are not closed, not around an IPv6 address, or not followed by a port.
    #[error(
        "brackets are for IPv6 addresses, as in [::1]:{DEFAULT_PORT}: {0:?} is not one, or is not followed by a port"
    )]
    Brackets(String),
    /// A link-local address without its network interface.
    #[error(
        "{0} is link-local, so it needs its network interface: write {0}%eth0, or [{0}%eth0]:{DEFAULT_PORT}"
    )]
    NoZone(Ipv6Addr),
    /// It has more colons than a host with a port, and is not an IPv6 address.
    #[error("{0:?} is neither HOST, HOST:PORT nor [IPV6]:PORT")]
    Nonsense(String),
    /// It contains a user, as for ssh.
    #[error("a relay has no users: write {host} without {user}@")]
    User {
        /// The part before the @.
        user: String,
        /// The part after it.
        host: String,
    },
    /// It is a URL with more than host and port.
    #[error("a relay has no paths: write {host} without {path}")]
    Path {
        /// The part after the host.
        path: String,
        /// The host.
        host: String,
    },
    /// It is a URL with another scheme.
    #[error("{scheme}:// does not lead to a relay: write {host}")]
    Scheme {
        /// The scheme.
        scheme: String,
        /// The host.
        host: String,
    },
    /// It is a URL that requests encryption.
    #[error("the address does not select TLS: write {host} without {scheme}://")]
    TlsScheme {
        /// The scheme.
        scheme: String,
        /// The host.
        host: String,
    },
    /// There are more hosts than anyone needs.
    #[error("these are more than {0} hosts")]
    TooMany(usize),
}
