//! The state of a link, as the window, the log and tests see it.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use super::clock::Offset;
use crate::{
    tls,
    wire::{Cause, CloseReason, Malformed},
};

/// The state of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
// Exhaustive: a program that shows the state must handle each. What a state says may grow.
pub enum State {
    /// An attempt to connect is in progress, or the relay has not answered yet.
    Connecting,
    /// The relay has answered, and was not silent for longer than the limit.
    #[non_exhaustive]
    Up {
        /// The relay's address.
        peer: SocketAddr,
        /// The last heartbeat's round trip, once one was answered.
        rtt: Option<Duration>,
        /// The relay's clock minus ours, if the relay sends its times.
        offset: Option<Offset>,
    },
    /// Not connected.
    #[non_exhaustive]
    Down {
        /// The reason.
        why: Down,
        /// When the next attempt starts.
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
    /// Looking up the host takes longer than the limit, and continues.
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
        /// The system's error.
        reason: String,
    },
    /// Connecting failed otherwise.
    #[error("cannot connect: {0}")]
    Unreachable(String),
    /// The other end speaks no usable TLS, or its certificate is invalid.
    #[error("no TLS with the relay: {0}")]
    Tls(String),
    /// The relay's certificate, or its authority, is not trusted here.
    #[error("no TLS with the relay: {0}")]
    Untrusted(String),
    /// The TLS handshake failed for a reason that may pass.
    #[error("the TLS handshake was not finished: {0}")]
    HandshakeFailed(String),
    /// The relay requires TLS and this client does not use it.
    #[error("the relay speaks TLS only")]
    TlsWanted,
    /// The relay asks for a key, and this client has none.
    #[error("the relay asks for a key, and none was given")]
    KeyMissing,
    /// The relay does not know this client's key.
    #[error("the relay does not know this key")]
    KeyRefused,
    /// The relay does not ask for a key, and this client has one.
    #[error("the relay does not ask for a key, so nothing meant for a protected room is sent to it")]
    NoKeyAsked,
    /// The relay asks for a key and does not know it itself.
    #[error("the relay could not prove that it knows the key: it may be the wrong relay")]
    RelayNotAuthenticated,
    /// The other end speaks another protocol.
    #[error("it is not a pulsecam relay: {0}")]
    NotARelay(String),
    /// Something accepted the connection and closed it before a relay had answered.
    #[error("something accepts connections there and closes them at once (is a relay running behind it?)")]
    ClosedAtOnce,
    /// The relay closed the connection.
    #[error("the relay closed the connection")]
    Closed,
    /// The relay is stopping, and said so because there are others.
    #[error("the relay is stopping")]
    Stopping,
    /// The relay closed it and gave a reason.
    #[error("the relay closed the connection: {0}")]
    SentAway(String),
    /// Nothing was received for too long.
    #[error("nothing heard for {}", humantime::format_duration(*.0))]
    Silent(Duration),
    /// The bytes received were not a message.
    #[error("{0}")]
    Malformed(String),
    /// The connection failed.
    #[error("connection lost: {0}")]
    Lost(String),
}

impl Down {
    /// Whether a retry cannot help: something has to be changed first, here or at the relay.
    #[must_use]
    pub const fn is_permanent(&self) -> bool {
        match self {
            Self::Tls(_)
            | Self::Untrusted(_)
            | Self::TlsWanted
            | Self::KeyMissing
            | Self::KeyRefused
            | Self::NoKeyAsked
            | Self::RelayNotAuthenticated
            | Self::NotARelay(_) => true,
            Self::Resolving { .. }
            | Self::Unresolved { .. }
            | Self::Refused
            | Self::ConnectTimeout(_)
            | Self::Unreachable(_)
            | Self::HandshakeFailed(_)
            | Self::ClosedAtOnce
            | Self::Closed
            | Self::Stopping
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

    /// The reason for a failed TLS handshake.
    pub(super) fn handshake(error: &io::Error) -> Self {
        let why = tls::explain(error);
        if tls::is_untrusted(error) {
            return Self::Untrusted(why);
        }
        if tls::is_permanent(error) { Self::Tls(why) } else { Self::HandshakeFailed(why) }
    }

    /// The reason for the relay's farewell.
    pub(super) fn said(close_reason: CloseReason) -> Self {
        match close_reason.cause {
            Some(Cause::KeyMissing) => Self::KeyMissing,
            Some(Cause::KeyRefused) => Self::KeyRefused,
            Some(Cause::Stopping) => Self::Stopping,
            _ => Self::SentAway(close_reason.reason),
        }
    }

    /// The reason for first bytes that are not a message.
    pub(super) fn foreign(malformed: &Malformed) -> Self {
        let Some(opening) = malformed.foreign_opening() else {
            return Self::Malformed(malformed.to_string());
        };
        Self::NotARelay(match &opening {
            // Some servers answer an invalid request with just a page.
            b"HTTP" | b"<!DO" | b"<!do" | b"<htm" | b"<HTM" => "a web server answers".into(),
            b"SSH-" => "an SSH server answers".into(),
            _ if opening.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') => {
                format!("the answer begins with {:?}", String::from_utf8_lossy(&opening))
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
            Down::foreign(&Malformed::new(0, Fault::SizeTooLarge { found, allowed: 1 }))
        };
        assert_eq!(first(b"<!DO"), first(b"HTTP"));
        for (bytes, words) in [(b"HTTP", "a web server"), (b"SSH-", "an SSH server"), (b"220 ", "\"220 \"")] {
            let why = first(bytes);
            assert!(matches!(&why, Down::NotARelay(what) if what.contains(words)), "{why}");
            assert!(why.is_permanent());
        }
        let large = first(&20_000_000_u32.to_be_bytes());
        assert!(matches!(large, Down::Malformed(_)), "a message that is merely too large: {large}");
    }

    #[test]
    fn a_key_that_is_refused_is_known_from_a_limit_that_was_passed() {
        let said = |cause| Down::said(CloseReason::new("no").with_cause(cause));
        assert_eq!(said(Some(Cause::KeyRefused)), Down::KeyRefused);
        assert_eq!(said(Some(Cause::KeyMissing)), Down::KeyMissing);
        assert_eq!(said(Some(Cause::Stopping)), Down::Stopping);
        let full = said(None);
        assert_eq!(full, Down::SentAway("no".into()));
        assert!(!full.is_permanent(), "places are freed");
    }
}
