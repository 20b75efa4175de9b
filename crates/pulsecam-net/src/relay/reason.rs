//! Reasons: why a connection was refused, and why a client left.

use std::{
    io,
    num::{NonZeroU32, NonZeroU64, NonZeroUsize},
    time::Duration,
};

use crate::{
    auth::AuthFailure,
    queue::Full,
    wire::{self, Cause, CloseReason},
};

/// A setting of the relay, named as its field in [`Config`](super::Config) or [`Limits`](super::Limits).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Setting {
    /// `max_clients`.
    MaxClients,
    /// `client_timeout`.
    ClientTimeout,
    /// `mailbox`.
    Mailbox,
    /// `tls`.
    Tls,
    /// `keys`.
    Keys,
    /// `limits.clients_per_address`.
    ClientsPerAddress,
    /// `limits.joins_per_s`.
    JoinsPerSecond,
    /// `limits.messages_per_s`.
    MessagesPerSecond,
    /// `limits.bytes_per_s`.
    BytesPerSecond,
    /// `limits.message_time`.
    MessageTime,
    /// `limits.hello_time`.
    HelloTime,
    /// `limits.text`.
    Text,
}

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
    /// An operator keeps its address out, for this long.
    #[error("the operator of the relay keeps this address out for another {}", humantime::format_duration(*.0))]
    KeptOut(Duration),
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
    /// It comes from a page of another site, or used a host name that is not the relay's.
    #[error("a page of another site, or a host name that is not this relay's")]
    Origin,
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
        CloseReason::new(self.to_string()).with_cause(cause)
    }

    /// Its name in counters.
    pub(super) const fn label(&self) -> &'static str {
        match self {
            Self::Full(_) | Self::Crowded => "full",
            // One that is kept out has no places at all.
            Self::AddressFull(_) | Self::KeptOut(_) => "address_full",
            Self::TooOften(_) => "too_often",
            Self::Tls(_) | Self::SpeaksTls => "tls",
            Self::Key(_) => "key",
            Self::TooSlow(_) => "too_slow",
            Self::Origin => "origin",
            Self::Failed(_) => "failed",
        }
    }

    /// The setting that would admit it, for the operator.
    #[must_use]
    pub const fn setting(&self) -> Option<Setting> {
        Some(match self {
            Self::Full(_) => Setting::MaxClients,
            Self::AddressFull(_) => Setting::ClientsPerAddress,
            Self::TooOften(_) => Setting::JoinsPerSecond,
            Self::TooSlow(_) => Setting::HelloTime,
            Self::SpeaksTls => Setting::Tls,
            Self::Key(AuthFailure::NoKey) => Setting::Keys,
            _ => return None,
        })
    }
}

/// Why a client left.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LeaveReason {
    /// It closed the connection between two messages.
    #[error("closed the connection")]
    Closed,
    /// It was silent for too long.
    #[error("silent for {}", humantime::format_duration(*.0))]
    Silent(Duration),
    /// It has sent nothing since it connected.
    #[error("sent nothing for {} after connecting", humantime::format_duration(*.0))]
    SaidNothing(Duration),
    /// It started a message and did not finish it in time.
    #[error("did not finish a message within {}", humantime::format_duration(*.0))]
    Unfinished(Duration),
    /// More messages than allowed.
    #[error("sent more than {0} messages a second")]
    TooManyMessages(NonZeroU32),
    /// More bytes than allowed.
    #[error("sent more than {0} bytes a second")]
    TooManyBytes(NonZeroU64),
    /// A text that is too long.
    #[error("sent a text of {found} bytes; at most {allowed} are allowed")]
    LongText {
        /// Its bytes.
        found: usize,
        /// The limit.
        allowed: u32,
        /// The size field of its message.
        size: u32,
    },
    /// It speaks TLS, for which there is no certificate.
    #[error("speaks TLS, and this relay has no certificate")]
    SpeaksTls,
    /// It sent something that is not a message, or an incomplete one.
    #[error("{0}")]
    Wire(wire::Error),
    /// The connection failed.
    #[error("connection lost: {0}")]
    Io(io::Error),
    /// Too many bytes of text and images wait for it.
    #[error("too slow for text and images: {0}")]
    MailboxFull(Full),
    /// The relay's memory for messages is full, and this client used most of it.
    #[error("the memory for messages is full, and {0} bytes of it are messages from this client or for it")]
    MemoryUse(usize),
    /// An operator disconnected it.
    #[error("disconnected by the operator of the relay")]
    Kicked,
    /// Its key no longer opens its room.
    #[error("the key is no longer valid")]
    KeyGone,
    /// This program failed while it served the client.
    #[error("the relay failed while it served this client: {0}")]
    Failed(String),
    /// The relay is stopping.
    #[error("the relay stopped")]
    Shutdown,
}

impl LeaveReason {
    /// Its name in counters.
    pub(super) const fn label(&self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Silent(_) => "silent",
            Self::SaidNothing(_) => "said_nothing",
            Self::Unfinished(_) => "unfinished",
            Self::TooManyMessages(_) => "too_many_messages",
            Self::TooManyBytes(_) => "too_many_bytes",
            Self::LongText { .. } => "long_text",
            Self::SpeaksTls | Self::Wire(_) => "wire",
            Self::Io(_) | Self::Failed(_) => "io",
            Self::MailboxFull(_) | Self::MemoryUse(_) => "mailbox_full",
            Self::KeyGone | Self::Kicked => "kicked",
            Self::Shutdown => "shutdown",
        }
    }

    /// Whether the client violated a limit.
    pub(super) const fn is_breach(&self) -> bool {
        match self {
            Self::Closed
            | Self::Silent(_)
            | Self::SpeaksTls
            | Self::Io(_)
            | Self::Failed(_)
            | Self::Kicked
            | Self::Shutdown => false,
            Self::SaidNothing(_)
            | Self::Unfinished(_)
            | Self::TooManyMessages(_)
            | Self::TooManyBytes(_)
            | Self::LongText { .. }
            | Self::Wire(_)
            | Self::MemoryUse(_)
            | Self::KeyGone
            | Self::MailboxFull(_) => true,
        }
    }

    /// The message for the client before the connection is closed, if it may still read it.
    pub(super) fn close_reason(&self) -> Option<CloseReason> {
        let refused = match self {
            Self::Closed | Self::Io(_) | Self::Shutdown => return None,
            Self::LongText { size, .. } => Some(*size),
            Self::Wire(wire::Error::Malformed(malformed)) => malformed.too_large(),
            _ => None,
        };
        let reason = match self {
            Self::Wire(wire::Error::Malformed(malformed)) => malformed.for_peer().to_string(),
            other => other.to_string(),
        };
        Some(CloseReason::new(reason).with_refused(refused))
    }

    /// The setting that would keep it, for the operator.
    #[must_use]
    pub const fn setting(&self) -> Option<Setting> {
        Some(match self {
            Self::Silent(_) => Setting::ClientTimeout,
            Self::SaidNothing(_) => Setting::HelloTime,
            Self::Unfinished(_) => Setting::MessageTime,
            Self::TooManyMessages(_) => Setting::MessagesPerSecond,
            Self::TooManyBytes(_) => Setting::BytesPerSecond,
            Self::LongText { .. } => Setting::Text,
            Self::SpeaksTls => Setting::Tls,
            Self::MailboxFull(_) => Setting::Mailbox,
            _ => return None,
        })
    }
}

impl From<wire::Error> for LeaveReason {
    fn from(error: wire::Error) -> Self {
        match error {
            wire::Error::Io(error) => Self::Io(error),
            wire::Error::Malformed(malformed) if malformed.is_tls() => Self::SpeaksTls,
            other => Self::Wire(other),
        }
    }
}
