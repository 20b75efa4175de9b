//! Events of a relay: a line for people by `Display`, an object for programs by serde.

use std::{fmt, net::SocketAddr};

use serde::{Serialize, Serializer};

#[cfg(feature = "cluster")]
use super::cluster::RelayId;
use super::reason::{LeaveReason, RejectReason, Setting};

/// A client's number, as events contain it, and the key of its frames in the other clients' mailboxes.
pub(super) type ClientId = u64;

/// An event of a relay.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
// `Left` and `Refused` are exhaustive: a program that prints them in a form of its own must notice a new field.
pub enum Event {
    /// Ready for clients.
    #[non_exhaustive]
    Listening {
        /// The address, with the real port if 0 was requested.
        addr: SocketAddr,
    },
    /// A client joined.
    #[non_exhaustive]
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
        #[serde(serialize_with = "in_words")]
        reason: LeaveReason,
        /// Frames that were lost because it was too slow.
        frames_lost: u64,
        /// The number of clients now.
        clients: usize,
    },
    /// A client does not keep up; reported repeatedly while that lasts.
    #[non_exhaustive]
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
    #[non_exhaustive]
    ClientFailed {
        /// What failed.
        reason: String,
    },
    /// The system could not accept a connection.
    #[non_exhaustive]
    AcceptFailed {
        /// The system's error.
        reason: String,
    },
    /// Ready for other relays, with which it acts as one.
    #[cfg(feature = "cluster")]
    ClusterListening {
        /// Its name for the others, another one each time that it starts.
        #[serde(serialize_with = "in_words")]
        relay: RelayId,
        /// Where they reach it.
        addr: SocketAddr,
        /// Where clients reach it.
        #[serde(skip_serializing_if = "Option::is_none")]
        public: Option<String>,
    },
    /// Another relay of the cluster is there.
    #[cfg(feature = "cluster")]
    RelayCame {
        /// Its name.
        #[serde(serialize_with = "in_words")]
        relay: RelayId,
        /// Where other relays reach it.
        addr: SocketAddr,
        /// Where clients reach it, if it says so.
        #[serde(skip_serializing_if = "Option::is_none")]
        public: Option<String>,
    },
    /// Another relay of the cluster is not heard from any more.
    #[cfg(feature = "cluster")]
    RelayGone {
        /// Its name.
        #[serde(serialize_with = "in_words")]
        relay: RelayId,
    },
    /// What clients here send goes to those of another relay from now on.
    #[cfg(feature = "cluster")]
    LinkUp {
        /// The other relay.
        #[serde(serialize_with = "in_words")]
        relay: RelayId,
        /// The room, if the relay has several.
        #[serde(skip_serializing_if = "Option::is_none")]
        room: Option<String>,
    },
    /// The connection to another relay is lost. It is opened again.
    #[cfg(feature = "cluster")]
    LinkDown {
        /// The other relay.
        #[serde(serialize_with = "in_words")]
        relay: RelayId,
        /// The room, if the relay has several.
        #[serde(skip_serializing_if = "Option::is_none")]
        room: Option<String>,
        /// Why.
        reason: String,
    },
    /// The relay stopped.
    Summary(Summary),
}

/// The totals of a relay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
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
    /// Frames that were passed on while they arrived, and whose rest did not come in time.
    pub frames_torn: u64,
}

fn in_words<S: Serializer>(reason: &impl fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(reason)
}

impl Event {
    /// The setting that would have prevented it, for the operator.
    #[must_use]
    pub const fn setting(&self) -> Option<Setting> {
        match self {
            Self::Left { reason, .. } => reason.setting(),
            Self::Refused { reason, .. } => reason.setting(),
            _ => None,
        }
    }

    /// Its line for people, with the name of its setting behind the reason.
    pub(super) const fn line<'a>(&'a self, setting: Option<&'a str>) -> Line<'a> {
        Line { event: self, setting: Name(setting) }
    }
}

/// The line of an event.
pub(super) struct Line<'a> {
    event: &'a Event,
    setting: Name<'a>,
}

/// A setting's name in brackets, or nothing.
struct Name<'a>(Option<&'a str>);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |name| write!(f, " ({name})"))
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.line(None).fmt(f)
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Event::{AcceptFailed, ClientFailed, Joined, Left, Listening, Refused, Slow, Summary};
        let setting = &self.setting;
        match self.event {
            Listening { addr } => write!(f, "listening on {addr}"),
            Joined { client, addr, room: None, clients } => {
                write!(f, "client {client} ({addr}) joined; {}", count(*clients))
            }
            Joined { client, addr, room: Some(room), clients } => {
                write!(f, "client {client} ({addr}) joined room {room:?}; {}", count(*clients))
            }
            Left { client, addr, reason, frames_lost, clients } => {
                write!(f, "client {client} ({addr}) left: {reason}{setting}; {}", count(*clients))?;
                if *frames_lost > 0 {
                    write!(f, "; it was too slow for {frames_lost} frames")?;
                }
                Ok(())
            }
            Slow { client, addr, lost, frames_lost } => write!(
                f,
                "client {client} ({addr}) is slow: {lost} frames replaced by newer ones, {frames_lost} in total"
            ),
            Refused { addr, reason, times: 1 } => {
                write!(f, "{addr} was refused: {reason}{setting}")
            }
            Refused { addr, reason, times } => {
                write!(f, "{times} connections were refused, the last from {addr}: {reason}{setting}")
            }
            ClientFailed { reason } => {
                write!(f, "the relay failed while it admitted a client: {reason}")
            }
            AcceptFailed { reason } => write!(f, "cannot accept a connection: {reason}"),
            #[cfg(feature = "cluster")]
            event @ (Event::ClusterListening { .. }
            | Event::RelayCame { .. }
            | Event::RelayGone { .. }
            | Event::LinkUp { .. }
            | Event::LinkDown { .. }) => cluster_line(event, f),
            Summary(summary) => write!(
                f,
                "stopped: {} clients in total, {} messages in, {} out, {} frames replaced by newer ones",
                summary.joined, summary.messages_in, summary.messages_out, summary.frames_lost
            ),
        }
    }
}

/// The line of an event of the cluster.
#[cfg(feature = "cluster")]
fn cluster_line(event: &Event, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let in_room =
        |room: &Option<String>| room.as_ref().map_or_else(String::new, |room| format!(" for room {room:?}"));
    let for_clients = |public: &Option<String>| {
        public.as_ref().map_or_else(String::new, |public| format!("; clients reach it at {public}"))
    };
    match event {
        Event::ClusterListening { relay, addr, public } => {
            write!(f, "listening for other relays on {addr} as relay {relay}{}", for_clients(public))
        }
        Event::RelayCame { relay, addr, public } => {
            write!(f, "relay {relay} is there, at {addr}{}", for_clients(public))
        }
        Event::RelayGone { relay } => write!(f, "relay {relay} is gone"),
        Event::LinkUp { relay, room } => write!(f, "the link to relay {relay}{} is up", in_room(room)),
        Event::LinkDown { relay, room, reason } => {
            write!(f, "the link to relay {relay}{} is down: {reason}", in_room(room))
        }
        _ => Ok(()), // of no cluster
    }
}

fn count(clients: usize) -> String {
    match clients {
        0 => "no clients now".into(),
        1 => "1 client now".into(),
        more => format!("{more} clients now"),
    }
}
