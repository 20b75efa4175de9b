//! Where a link goes, and how patient it is.

use std::time::Duration;

use super::Dial;
use crate::{key::Key, tls, wire};

/// How to connect, and how patient to be.
#[derive(Clone, Debug)]
pub struct Config {
    /// `HOST` or `HOST:PORT`, as [`Address`](crate::address::Address) reads it; an IPv6 address with a port is written `[::1]:6868`.
    pub host: String,
    /// Time between two heartbeats. 3 s, as the Qt example.
    pub interval: Duration,
    /// Silence after which the link is down: three heartbeats and a little. The Qt example waits for 100.
    pub timeout: Duration,
    /// Time to look the host up, before that is reported; the lookup goes on all the same. Generous: a dead nameserver alone takes 5 s.
    pub resolve_timeout: Duration,
    /// Time for each step of an attempt to connect (TCP, TLS, the key): doubled after each attempt that ran out of it, up to 12 s, and
    /// shortened again by success.
    pub connect_timeout: Duration,
    /// The longest pause between two attempts.
    pub max_backoff: Duration,
    /// The largest message that is read or sent, in bytes.
    pub max_message: u32,
    /// What this client does with video: our relay tells its senders how many view.
    pub role: Role,
    /// How often our relay is asked to tell what became of the frames that are sent, at the most.
    pub report: Option<Duration>,
    /// Bytes of text and images that may wait to be sent, and again to be taken; and of frames that may wait to be taken, of all streams
    /// together: past it, those that have waited longest give way.
    pub budget: usize,
    /// Speak TLS, and to whom.
    pub tls: Option<tls::Client>,
    /// The key to a room. With one, only a relay that knows it is spoken to.
    pub key: Option<Key>,
    /// How to connect, where not over TCP to `host`.
    pub dial: Option<Dial>,
}

impl Config {
    /// The usual patience, to `host`.
    #[must_use]
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            interval: Duration::from_secs(3),
            timeout: Duration::from_secs(10),
            resolve_timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_millis(1500),
            max_backoff: Duration::from_secs(5),
            max_message: wire::DEFAULT_MAX_MESSAGE,
            role: Role::Viewer,
            report: None,
            budget: 64 << 20,
            tls: None,
            key: None,
            dial: None,
        }
    }
}

/// What a client does with video.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Shows it. So do Qt peers, as far as a relay knows.
    #[default]
    Viewer,
    /// Sends it or nothing, and shows none.
    Sender,
    /// Both.
    Both,
}

impl Role {
    /// What its heartbeats say: whether it shows video, from those who want to know how many others do.
    pub(super) const fn views(self) -> Option<bool> {
        match self {
            Self::Viewer => None,
            Self::Sender => Some(false),
            Self::Both => Some(true),
        }
    }
}
