//! What a link says of itself: the window, the log and tests see the same thing.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use super::clock::Offset;
use crate::{
    tls,
    wire::{Cause, Farewell, Malformed},
};

/// The state of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// An attempt to connect is under way, or there is a connection on which the relay has not said anything yet.
    Connecting,
    /// The relay has answered, and was heard of within the limit.
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
    /// TLS is impossible with what is there, or its certificate is wrong.
    #[error("no TLS with the relay: {0}")]
    Tls(String),
    /// TLS would be possible if the relay's certificate, or its authority, were trusted here.
    #[error("no TLS with the relay: {0}")]
    Untrusted(String),
    /// The handshake of TLS was broken off for a reason that may pass.
    #[error("the TLS handshake was not finished: {0}")]
    HandshakeFailed(String),
    /// It speaks TLS and this client does not.
    #[error("the relay speaks TLS only")]
    TlsWanted,
    /// It asks for a key, and this client was given none.
    #[error("the relay asks for a key, and none was given")]
    KeyMissing,
    /// It does not know the key that this client was given.
    #[error("the key is none of this relay's")]
    KeyRefused,
    /// It does not ask for the key that this client was given.
    #[error("the relay asks for no key, and what is for a room with one is not sent there")]
    NoKeyAsked,
    /// It asks for a key and does not know it itself.
    #[error("the relay could not prove that it knows the key: it may not be the relay that you mean")]
    Impostor,
    /// What is there speaks another protocol.
    #[error("no pulsecam relay is there: {0}")]
    NotARelay(String),
    /// Something accepted the connection and ended it before a relay had said anything.
    #[error("something accepts connections there and closes them at once (is a relay running behind it?)")]
    ClosedAtOnce,
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
    /// Whether trying again cannot help: somebody has to change something first, here or at the relay.
    #[must_use]
    pub const fn is_lasting(&self) -> bool {
        match self {
            Self::Tls(_)
            | Self::Untrusted(_)
            | Self::TlsWanted
            | Self::KeyMissing
            | Self::KeyRefused
            | Self::NoKeyAsked
            | Self::Impostor
            | Self::NotARelay(_) => true,
            Self::Resolving { .. }
            | Self::Unresolved { .. }
            | Self::Refused
            | Self::ConnectTimeout(_)
            | Self::Unreachable(_)
            | Self::HandshakeFailed(_)
            | Self::ClosedAtOnce
            | Self::Closed
            | Self::SentAway(_)
            | Self::Silent(_)
            | Self::Malformed(_)
            | Self::Lost(_) => false,
        }
    }

    pub(super) fn connecting(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            _ => Self::Unreachable(error.to_string()),
        }
    }

    /// A handshake of TLS that failed.
    pub(super) fn handshake(error: &io::Error) -> Self {
        let why = tls::explain(error);
        if tls::is_untrusted(error) {
            return Self::Untrusted(why);
        }
        if tls::is_lasting(error) { Self::Tls(why) } else { Self::HandshakeFailed(why) }
    }

    /// What the relay said last.
    pub(super) fn said(farewell: Farewell) -> Self {
        match farewell.cause {
            Some(Cause::KeyMissing) => Self::KeyMissing,
            Some(Cause::KeyRefused) => Self::KeyRefused,
            _ => Self::SentAway(farewell.reason),
        }
    }

    /// Bytes that are no message, where the first ones should have been the relay's.
    pub(super) fn foreign(malformed: &Malformed) -> Self {
        let Some(opening) = malformed.foreign_opening() else {
            return Self::Malformed(malformed.to_string());
        };
        Self::NotARelay(match &opening {
            // Some answer what is no request of theirs with the bare page.
            b"HTTP" | b"<!DO" | b"<!do" | b"<htm" | b"<HTM" => "a web server answers".into(),
            b"SSH-" => "an SSH server answers".into(),
            _ if opening.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') => {
                format!("what answers begins with {:?}", String::from_utf8_lossy(&opening))
            }
            _ => malformed.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Fault;

    #[test]
    fn what_answers_in_another_protocol_is_named() {
        let first = |bytes: &[u8; 4]| {
            let found = u64::from(u32::from_be_bytes(*bytes));
            Down::foreign(&Malformed {
                peer: None,
                offset: 0,
                fault: Fault::SizeTooLarge { found, allowed: 1 },
            })
        };
        assert_eq!(first(b"<!DO"), first(b"HTTP"));
        for (bytes, words) in [(b"HTTP", "a web server"), (b"SSH-", "an SSH server"), (b"220 ", "\"220 \"")] {
            let why = first(bytes);
            assert!(matches!(&why, Down::NotARelay(what) if what.contains(words)), "{why}");
            assert!(why.is_lasting());
        }
        let large = first(&20_000_000_u32.to_be_bytes());
        assert!(matches!(large, Down::Malformed(_)), "a message that is only too large: {large}");
    }

    #[test]
    fn a_key_that_is_refused_is_known_from_a_limit_that_was_passed() {
        let said = |cause| Down::said(Farewell { reason: "no".into(), cause, refused: None });
        assert_eq!(said(Some(Cause::KeyRefused)), Down::KeyRefused);
        assert_eq!(said(Some(Cause::KeyMissing)), Down::KeyMissing);
        let full = said(None);
        assert_eq!(full, Down::SentAway("no".into()));
        assert!(!full.is_lasting(), "places are freed");
    }
}
