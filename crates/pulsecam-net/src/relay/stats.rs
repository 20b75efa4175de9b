//! A snapshot of all clients and their traffic, for monitoring.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use super::{event::Summary, picture_size::PictureSize};
use crate::{
    clock::Timestamp,
    wire::{FrameInfo, Message, MessageKind, QString},
};

/// A snapshot of the relay. Counters start when the client connected, or when the relay started.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RelayStats {
    /// The connected clients, in the order in which they joined.
    pub clients: Vec<ClientStats>,
    /// Totals of all clients, including those that have left.
    pub totals: Summary,
    /// The cluster, if the relay is in one.
    #[cfg(feature = "cluster")]
    pub cluster: Option<super::cluster::Status>,
    /// The clients of other relays whose video has come in the last seconds.
    #[cfg(feature = "cluster")]
    pub guests: Vec<ClientStats>,
}

/// One client.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientStats {
    /// Its number.
    pub client: u64,
    /// Its address.
    pub addr: SocketAddr,
    /// The room that its key opened; empty without keys.
    pub room: String,
    /// How long it has been connected.
    pub since: Duration,
    /// The attributes of its newest frame, if it sends any.
    pub stream: Option<FrameInfo>,
    /// The size of that frame's picture, if it is a JPEG that tells it.
    pub size: Option<PictureSize>,
    /// The age of that frame when it arrived, if the clocks are known.
    pub age: Option<Duration>,
    /// How much later the median viewer gets its frames.
    pub late: Option<Duration>,
    /// Whether it may show video.
    pub views: bool,
    /// What it sent.
    pub sent: Traffic,
    /// What it was sent.
    pub got: Traffic,
    /// Frames for it that newer ones replaced.
    pub lost: u64,
    /// Its frames that were passed on while they arrived, and whose rest did not come in time.
    pub torn: u64,
}

/// The first number of clients of other relays, far from those of clients.
#[cfg(any(feature = "cluster", feature = "web"))]
pub(super) const FIRST_GUEST: u64 = 1 << 63;

impl ClientStats {
    /// A client that has just connected, and neither sends nor shows anything.
    #[must_use]
    pub fn new(client: u64, addr: SocketAddr) -> Self {
        Self {
            client,
            addr,
            room: String::new(),
            since: Duration::ZERO,
            stream: None,
            size: None,
            age: None,
            late: None,
            views: false,
            sent: Traffic::default(),
            got: Traffic::default(),
            lost: 0,
            torn: 0,
        }
    }

    /// Returns the same with changes, as in `stats.with(|client| client.views = true)`.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Whether it is a client of another relay.
    #[cfg(feature = "web")]
    pub(super) const fn is_guest(&self) -> bool {
        self.client >= FIRST_GUEST
    }
}

/// Messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traffic {
    /// Video frames.
    pub frames: u64,
    /// Texts, images and unknown types.
    pub others: u64,
    /// Bytes of all messages.
    pub bytes: u64,
}

/// A counter of messages.
#[derive(Debug, Default)]
pub(super) struct TrafficCounter {
    frames: AtomicU64,
    others: AtomicU64,
    bytes: AtomicU64,
}

impl TrafficCounter {
    pub(super) fn count(&self, message: &Message) {
        let which = if message.kind() == MessageKind::Video { &self.frames } else { &self.others };
        which.fetch_add(1, Relaxed);
        self.bytes.fetch_add(message.wire_len() as u64, Relaxed);
    }

    pub(super) fn amount(&self) -> Traffic {
        let read = |counter: &AtomicU64| counter.load(Relaxed);
        Traffic { frames: read(&self.frames), others: read(&self.others), bytes: read(&self.bytes) }
    }
}

/// A stream that was silent for longer than this does not count as one.
#[cfg(any(feature = "cluster", feature = "web"))]
const RECENT: Duration = Duration::from_secs(5);

/// The most UTF-16 units of a description that are kept. Ours have a few hundred, but one may be as long as a
/// message.
const KEPT: usize = 2048;

/// What is known about the newest frame of a client.
#[derive(Clone, Debug)]
pub(super) struct NewestFrame {
    pub(super) description: QString,
    pub(super) size: Option<PictureSize>,
    pub(super) came: Timestamp,
}

impl NewestFrame {
    /// Copies what a frame that came at `came` says: a slice would keep the whole frame in memory.
    pub(super) fn of(message: &Message, came: Timestamp) -> Self {
        let units = message.description().units().take(KEPT);
        let description = QString::from_utf16(&units.collect::<Vec<_>>());
        Self { description, size: message.payload().and_then(|jpeg| PictureSize::of(jpeg)), came }
    }

    /// Whether it came in the last seconds.
    #[cfg(any(feature = "cluster", feature = "web"))]
    pub(super) fn is_recent(&self) -> bool {
        Timestamp::now().since(self.came) < RECENT
    }
}
