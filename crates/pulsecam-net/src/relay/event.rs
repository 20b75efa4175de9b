//! Events of a relay: a line for people by `Display`, an object for programs by serde.

use std::{
    fmt, io,
    net::SocketAddr,
    num::{NonZeroU32, NonZeroU64},
    time::Duration,
};

use serde::{Serialize, Serializer};

use super::admission::RejectReason;
use crate::{
    queue::Full,
    wire::{self, CloseReason},
};

/// An event of a relay.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// Ready for clients.
    Listening {
        /// The address, with the real port if 0 was requested.
        addr: SocketAddr,
    },
    /// A client joined.
    Joined {
        /// Its number, never used again.
        client: u64,
        /// Its address.
        addr: SocketAddr,
        /// The room that its key opened.
        #[serde(skip_serializing_if = "Option::is_none")]
        room: Option<String>,
        /// The number of clients now.
        clients: usize,
    },
    /// A client left or was disconnected.
    Left {
        /// Its number.
        client: u64,
        /// Its address.
        addr: SocketAddr,
        /// Why.
        reason: LeaveReason,
        /// Frames that were lost because it was too slow.
        frames_lost: u64,
        /// The number of clients now.
        clients: usize,
    },
    /// A client does not keep up; reported repeatedly while that lasts.
    Slow {
        /// Its number.
        client: u64,
        /// Its address.
        addr: SocketAddr,
        /// Frames that newer ones replaced since the last report.
        lost: u64,
        /// The same since it joined.
        frames_lost: u64,
    },
    /// A connection was refused; reported at most once a second.
    Refused {
        /// Its address.
        addr: SocketAddr,
        /// Why.
        #[serde(serialize_with = "in_words")]
        reason: RejectReason,
        /// Connections refused since the last report, including this one.
        times: u64,
    },
    /// A connection ended because this program failed, before the client was admitted.
    ClientFailed {
        /// What failed.
        reason: String,
    },
    /// The system could not accept a connection.
    AcceptFailed {
        /// The system's error.
        reason: String,
    },
    /// The relay stopped.
    Summary(Summary),
}

/// The totals of a relay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Clients that joined.
    pub joined: u64,
    /// Messages received to be forwarded.
    pub messages_in: u64,
    /// Their bytes.
    pub bytes_in: u64,
    /// Messages forwarded, counted once per receiver.
    pub messages_out: u64,
    /// Their bytes.
    pub bytes_out: u64,
    /// Frames that were replaced by newer ones before a slow client took them.
    pub frames_lost: u64,
    /// Refused connections.
    pub refused: u64,
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
    /// Whether the client violated a limit.
    pub(super) const fn is_breach(&self) -> bool {
        match self {
            Self::Closed
            | Self::Silent(_)
            | Self::SpeaksTls
            | Self::Io(_)
            | Self::Failed(_)
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
        Some(CloseReason { reason, refused, ..CloseReason::default() })
    }

    /// The option of `pulsecam relay` that sets the limit, for the operator.
    const fn option(&self) -> Option<&'static str> {
        Some(match self {
            Self::Silent(_) => "--client-timeout",
            Self::SaidNothing(_) => "--hello-time",
            Self::Unfinished(_) => "--message-time",
            Self::TooManyMessages(_) => "--max-messages",
            Self::TooManyBytes(_) => "--max-rate",
            Self::LongText { .. } => "--max-text",
            Self::SpeaksTls => "--tls-cert",
            Self::MailboxFull(_) => "--mailbox",
            _ => return None,
        })
    }
}

/// Formats a reason for the operator: with the option that sets the limit.
struct ForOperator<T>(T, Option<&'static str>);

impl<T: fmt::Display> fmt::Display for ForOperator<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)?;
        self.1.map_or(Ok(()), |option| write!(f, " ({option})"))
    }
}

fn in_words<S: Serializer>(reason: &RejectReason, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&ForOperator(reason, reason.option()))
}

impl Serialize for LeaveReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&ForOperator(self, self.option()))
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

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listening { addr } => write!(f, "listening on {addr}"),
            Self::Joined { client, addr, room: None, clients } => {
                write!(f, "client {client} ({addr}) joined; {}", count(*clients))
            }
            Self::Joined { client, addr, room: Some(room), clients } => {
                write!(f, "client {client} ({addr}) joined room {room:?}; {}", count(*clients))
            }
            Self::Left { client, addr, reason, frames_lost, clients } => {
                let reason = ForOperator(reason, reason.option());
                write!(f, "client {client} ({addr}) left: {reason}; {}", count(*clients))?;
                if *frames_lost > 0 {
                    write!(f, "; it was too slow for {frames_lost} frames")?;
                }
                Ok(())
            }
            Self::Slow { client, addr, lost, frames_lost } => write!(
                f,
                "client {client} ({addr}) is slow: {lost} frames replaced by newer ones, {frames_lost} in total"
            ),
            Self::Refused { addr, reason, times: 1 } => {
                write!(f, "{addr} was refused: {}", ForOperator(reason, reason.option()))
            }
            Self::Refused { addr, reason, times } => {
                let reason = ForOperator(reason, reason.option());
                write!(f, "{times} connections were refused, the last from {addr}: {reason}")
            }
            Self::ClientFailed { reason } => {
                write!(f, "the relay failed while it admitted a client: {reason}")
            }
            Self::AcceptFailed { reason } => write!(f, "cannot accept a connection: {reason}"),
            Self::Summary(summary) => write!(
                f,
                "stopped: {} clients in total, {} messages in, {} out, {} frames replaced by newer ones",
                summary.joined, summary.messages_in, summary.messages_out, summary.frames_lost
            ),
        }
    }
}

fn count(clients: usize) -> String {
    match clients {
        0 => "no clients now".into(),
        1 => "1 client now".into(),
        more => format!("{more} clients now"),
    }
}
