//! Why an address is not understood, with the right form.

use std::net::Ipv6Addr;

use super::DEFAULT_PORT;

/// Why something is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing.
    #[error("it is empty: write HOST or HOST:PORT")]
    Empty,
    /// There is a port and nothing before it.
    #[error("there is no host before the port: write HOST:{0}, or localhost:{0} for this machine")]
    NoHost(String),
    /// What stands behind the colon is no port that can be connected to.
    #[error(
        "{port:?} is no port, which is a number from 1 to 65535: write {host}:{DEFAULT_PORT}, or {host} alone for that port"
    )]
    Port {
        /// What stands there.
        port: String,
        /// What stands before it.
        host: String,
    },
    /// It may be an address of IPv6, or one with a port.
    #[error("is the last number of {0} a port? Write {1} if it is, else [{0}]")]
    Ambiguous(String, String),
    /// An address of IPv6 with a port and without brackets.
    #[error("an IPv6 address with a port needs brackets: write {0}")]
    Unbracketed(String),
    /// Brackets that are not closed, are not around an address of IPv6, or are followed by something else than a port.
    #[error(
        "brackets are for IPv6 addresses, as in [::1]:{DEFAULT_PORT}: {0:?} is none, or something else than a port comes after it"
    )]
    Brackets(String),
    /// A link-local address without the interface that leads to it.
    #[error(
        "{0} is link-local, so the interface that leads to it belongs to it: write {0}%eth0, or [{0}%eth0]:{DEFAULT_PORT}"
    )]
    NoZone(Ipv6Addr),
    /// It has more colons than a name, and is no address of IPv6.
    #[error("{0:?} is neither HOST, HOST:PORT nor [IPV6]:PORT")]
    Nonsense(String),
    /// It is written as for ssh.
    #[error("a relay knows no users: write {host} without {user}@")]
    User {
        /// What stands before the @.
        user: String,
        /// What stands behind it.
        host: String,
    },
    /// It is a URL with more than a host and a port.
    #[error("a relay has no paths: write {host} without {path}")]
    Path {
        /// What stands behind the host.
        path: String,
        /// The host.
        host: String,
    },
    /// It is a URL of another protocol.
    #[error("{scheme}:// is no way to a relay: write {host}")]
    Scheme {
        /// What stands before the host.
        scheme: String,
        /// The host.
        host: String,
    },
    /// It is a URL that asks for encryption.
    #[error("TLS is asked for apart from the address: write {host} without {scheme}://")]
    TlsScheme {
        /// What stands before the host.
        scheme: String,
        /// The host.
        host: String,
    },
}
