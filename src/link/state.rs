//! What a link says of itself: the window, the log and tests see the same thing.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use super::clock::Offset;

/// The state of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// An attempt to connect is under way.
    Connecting,
    /// Connected, and the peer was heard of within the limit.
    Up {
        /// The relay's address.
        peer: SocketAddr,
        /// The last heartbeat's round trip, once one was answered.
        rtt: Option<Duration>,
        /// What the relay's clock shows beyond ours, where the relay tells.
        offset: Option<Offset>,
    },
    /// Not connected.
    Down {
        /// Why not.
        why: Down,
        /// When the next attempt begins.
        retry_at: Instant,
    },
}

/// Why a link is down.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Down {
    /// Nobody listens there.
    #[error("connection refused (is a relay running there?)")]
    Refused,
    /// No answer within the limit.
    #[error("no answer within {}", humantime::format_duration(*.0))]
    ConnectTimeout(Duration),
    /// Looking up the host takes longer than the limit, and goes on.
    #[error("looking up {host} takes longer than {}", humantime::format_duration(*.limit))]
    Resolving {
        /// The host's name.
        host: String,
        /// The limit.
        limit: Duration,
    },
    /// The host could not be looked up for now.
    #[error("cannot look up {host}: {reason}")]
    Unresolved {
        /// The host's name.
        host: String,
        /// What the system said.
        reason: String,
    },
    /// Connecting failed otherwise.
    #[error("cannot connect: {0}")]
    Unreachable(String),
    /// No session came about, or the relay is not the one that is trusted.
    #[error("no TLS with the relay: {0}")]
    Tls(String),
    /// It speaks TLS and this client does not.
    #[error("the relay speaks TLS only (--tls, with --tls-ca or --tls-pin)")]
    TlsWanted,
    /// It does not ask for the key that this client was given.
    #[error(
        "the relay asks for no key, and what is for a room with one is not sent there: leave --key-file out, or start it with one"
    )]
    NoKeyAsked,
    /// It asks for a key and does not know it itself.
    #[error("the relay does not know the key: it is not the one that you mean")]
    Impostor,
    /// The relay closed the connection.
    #[error("the relay closed the connection")]
    Closed,
    /// The relay closed it and said why.
    #[error("the relay closed the connection: {0}")]
    SentAway(String),
    /// Nothing was heard for too long.
    #[error("nothing heard for {}", humantime::format_duration(*.0))]
    Silent(Duration),
    /// What came was no message.
    #[error("{0}")]
    Malformed(String),
    /// The connection failed.
    #[error("connection lost: {0}")]
    Lost(String),
}

impl Down {
    pub(super) fn connecting(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            _ => Self::Unreachable(error.to_string()),
        }
    }
}
