//! What a relay has to say: a line for a person by `Display`, an object for a program by serde.

use std::{
    fmt, io,
    net::SocketAddr,
    num::{NonZeroU32, NonZeroU64},
    time::Duration,
};

use serde::{Serialize, Serializer};

use super::door::Refusal;
use crate::{
    fresh::Full,
    wire::{self, Farewell},
};

/// Something that happened.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// Ready for clients.
    Listening {
        /// The address, with the real port where 0 was asked for.
        addr: SocketAddr,
    },
    /// A client came.
    Joined {
        /// Its number, never used again.
        client: u64,
        /// Its address.
        addr: SocketAddr,
        /// The room that its key opened.
        #[serde(skip_serializing_if = "Option::is_none")]
        room: Option<String>,
        /// Clients there now.
        clients: usize,
    },
    /// A client went or was sent away.
    Left {
        /// Its number.
        client: u64,
        /// Its address.
        addr: SocketAddr,
        /// Why.
        reason: LeaveReason,
        /// Frames it was too slow for.
        frames_lost: u64,
        /// Clients now.
        clients: usize,
    },
    /// A client does not keep up; told once in a while for as long as it lasts.
    Slow {
        /// Its number.
        client: u64,
        /// Its address.
        addr: SocketAddr,
        /// Frames that newer ones replaced since this was last told.
        lost: u64,
        /// The same since it joined.
        frames_lost: u64,
    },
    /// A client was turned away at the door; told once a second at the most.
    Refused {
        /// Its address.
        addr: SocketAddr,
        /// Why.
        #[serde(serialize_with = "in_words")]
        reason: Refusal,
        /// How many were turned away since this was last told, this one included.
        times: u64,
    },
    /// A client's connection ended because this program failed, before the client was in.
    ClientFailed {
        /// What failed.
        reason: String,
    },
    /// The system could not accept a connection.
    AcceptFailed {
        /// What it said.
        reason: String,
    },
    /// The end.
    Summary(Summary),
}

/// What a relay did in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Clients that joined.
    pub joined: u64,
    /// Messages received to be passed on.
    pub messages_in: u64,
    /// Their bytes.
    pub bytes_in: u64,
    /// Messages passed on, once for each client that got them.
    pub messages_out: u64,
    /// Their bytes.
    pub bytes_out: u64,
    /// Frames that were replaced by newer ones before a slow client took them.
    pub frames_lost: u64,
    /// Connections that were turned away.
    pub refused: u64,
}

/// Why a client is gone.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LeaveReason {
    /// It closed the connection between two messages.
    #[error("closed the connection")]
    Closed,
    /// Nothing was heard of it.
    #[error("silent for {}", humantime::format_duration(*.0))]
    Silent(Duration),
    /// It has not said a thing since it came.
    #[error("said nothing for {} after it came", humantime::format_duration(*.0))]
    SaidNothing(Duration),
    /// It began a message and did not finish it.
    #[error("did not finish a message within {}", humantime::format_duration(*.0))]
    Unfinished(Duration),
    /// More messages than allowed.
    #[error("sent more than {0} messages a second")]
    TooManyMessages(NonZeroU32),
    /// More bytes than allowed.
    #[error("sent more than {0} bytes a second")]
    TooManyBytes(NonZeroU64),
    /// A text that is too long.
    #[error("sent a text of {found} bytes; up to {allowed} are allowed")]
    LongText {
        /// Its bytes.
        found: usize,
        /// The limit.
        allowed: u32,
        /// The size field of its message.
        size: u32,
    },
    /// It wants TLS, for which there is no certificate.
    #[error("speaks TLS, and this relay has no certificate")]
    SpeaksTls,
    /// What it sent is no message, or was cut.
    #[error("{0}")]
    Wire(wire::Error),
    /// The connection failed.
    #[error("connection lost: {0}")]
    Io(io::Error),
    /// Too much text or images wait for it.
    #[error("too slow for text and images: {0}")]
    MailboxFull(Full),
    /// The relay's memory for messages is full, and most of it was for this client's sake.
    #[error(
        "the memory for messages is full, and {0} bytes are unfinished messages of this client, or wait for it"
    )]
    Hoard(usize),
    /// The key that it came with opens its room no more.
    #[error("the key that it came with is not valid any more")]
    KeyGone,
    /// This program failed while it served the client.
    #[error("the relay failed while it served this client: {0}")]
    Failed(String),
    /// The relay stops.
    #[error("the relay stopped")]
    Shutdown,
}

impl LeaveReason {
    /// Whether the client did what is not allowed.
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
            | Self::Hoard(_)
            | Self::KeyGone
            | Self::MailboxFull(_) => true,
        }
    }

    /// What the client is told before the connection is closed, if it may be there to read it.
    pub(super) fn farewell(&self) -> Option<Farewell> {
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
        Some(Farewell { reason, refused, ..Farewell::default() })
    }

    /// The option of `pulsecam relay` that sets the limit, for whoever runs one.
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

/// Words for whoever runs the relay: with the option that sets a limit.
struct ForOperator<T>(T, Option<&'static str>);

impl<T: fmt::Display> fmt::Display for ForOperator<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)?;
        self.1.map_or(Ok(()), |option| write!(f, " ({option})"))
    }
}

fn in_words<S: Serializer>(reason: &Refusal, serializer: S) -> Result<S::Ok, S::Error> {
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
                "client {client} ({addr}) is slow: {lost} frames replaced by newer ones, {frames_lost} in all"
            ),
            Self::Refused { addr, reason, times: 1 } => {
                write!(f, "{addr} was turned away: {}", ForOperator(reason, reason.option()))
            }
            Self::Refused { addr, reason, times } => {
                let reason = ForOperator(reason, reason.option());
                write!(f, "{times} were turned away, at last {addr}: {reason}")
            }
            Self::ClientFailed { reason } => write!(f, "the relay failed while it let a client in: {reason}"),
            Self::AcceptFailed { reason } => write!(f, "cannot accept a connection: {reason}"),
            Self::Summary(summary) => write!(
                f,
                "stopped: {} clients in all, {} messages in, {} out, {} frames replaced by newer ones",
                summary.joined, summary.messages_in, summary.messages_out, summary.frames_lost
            ),
        }
    }
}

fn count(clients: usize) -> String {
    match clients {
        0 => "nobody is here now".into(),
        1 => "1 client is here".into(),
        more => format!("{more} clients are here"),
    }
}
