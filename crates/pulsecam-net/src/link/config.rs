//! The configuration of a link.

use std::time::Duration;

use super::Dial;
use crate::{auth::Key, tls, wire};

/// The configuration of a link: its destination, timeouts and limits. Start with [`Config::new`] and change
/// fields, also by [`Config::with`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The relay, as `HOST` or `HOST:PORT`; several are separated by commas.
    /// [`AddressList`](crate::address::AddressList) parses them; an IPv6 address with a port is written
    /// `[::1]:6868`. The first that answers is used, and if it dies, another.
    pub host: String,
    /// Whether other relays of a cluster are used if the relay tells of them: with the same key and the same trust,
    /// and none that is closer to this machine.
    pub others: bool,
    /// The time between two heartbeats: 3 s, as in the Qt example.
    pub interval: Duration,
    /// The silence after which the link is down: a little more than three heartbeats. The Qt example waits
    /// for 100. If several relays are known, it is 3 s at most, and the interval 1 s.
    pub timeout: Duration,
    /// The time for looking up the host before that is reported; the lookup continues. Generous, because a
    /// dead nameserver alone takes 5 s.
    pub resolve_timeout: Duration,
    /// The time for each step of an attempt to connect (TCP, TLS, the key). It is doubled after each timeout,
    /// up to 12 s, and shortened again by success.
    pub connect_timeout: Duration,
    /// The longest pause between two attempts.
    pub max_backoff: Duration,
    /// The largest message that is read or sent, in bytes.
    pub max_message: u32,
    /// What this client does with video; our relay reports the number of viewers to senders.
    pub role: Role,
    /// The shortest interval at which our relay is asked for reports on the frames sent.
    pub report: Option<Duration>,
    /// Whether frames are paced on a slow link, in both directions, if the relay takes part.
    pub pacing: bool,
    /// Bytes of text and images that may wait to be sent, and the same again in the inbox. It also limits the
    /// bytes of frames in the inbox, of all streams together: beyond it, those that have waited longest are
    /// dropped.
    pub budget: usize,
    /// Lets our relay pass frames on to this client while they still arrive there, if it shows video.
    pub pieces: bool,
    /// Uses TLS, with this trust.
    pub tls: Option<tls::Connector>,
    /// The key to a room. With one, nothing is sent to a relay that does not prove that it knows the key.
    pub key: Option<Key>,
    /// How to connect, if not over TCP to `host`.
    pub dial: Option<Dial>,
}

impl Config {
    /// The defaults, with this host.
    #[must_use]
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            others: true,
            interval: Duration::from_secs(3),
            timeout: Duration::from_secs(10),
            resolve_timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_millis(1500),
            max_backoff: Duration::from_secs(5),
            max_message: wire::DEFAULT_MAX_MESSAGE,
            role: Role::Viewer,
            report: None,
            pacing: true,
            budget: 64 << 20,
            pieces: true,
            tls: None,
            key: None,
            dial: None,
        }
    }

    /// Returns the same with changes, as in `Config::new("desk").with(|config| config.role = Role::Both)`.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

/// What a client does with video.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Shows video. A relay assumes the same of Qt peers.
    #[default]
    Viewer,
    /// Sends video or nothing, and shows none.
    Sender,
    /// Sends and shows video.
    Both,
}

impl Role {
    /// The value of `views` in its heartbeats; `None` if it does not want the number of viewers.
    pub(super) const fn views(self) -> Option<bool> {
        match self {
            Self::Viewer => None,
            Self::Sender => Some(false),
            Self::Both => Some(true),
        }
    }
}
