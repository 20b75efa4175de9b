//! Who is here and what they do, for whoever watches over a relay.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use super::Summary;
use crate::wire::{FrameInfo, Kind, Message, QString};

/// All that goes on at one moment. Counters count from when a client came, or the relay began.
#[derive(Clone, Debug, Default)]
pub struct Census {
    /// Who is here, in the order in which they came.
    pub clients: Vec<Resident>,
    /// Of all, those who have gone included.
    pub totals: Summary,
}

/// A client.
#[derive(Clone, Debug)]
pub struct Resident {
    /// Its number.
    pub client: u64,
    /// Its address.
    pub addr: SocketAddr,
    /// The room that its key opened; empty where there are none.
    pub room: String,
    /// How long it has been here.
    pub since: Duration,
    /// What its newest frame told of itself, where it sends any.
    pub stream: Option<FrameInfo>,
    /// Whether that frame was captured so long before it came here, as far as the clocks tell.
    pub age: Option<Duration>,
    /// How much later the middle one of its viewers gets its frames.
    pub late: Option<Duration>,
    /// Whether it may show video.
    pub views: bool,
    /// What came of it.
    pub sent: Amount,
    /// What it was given.
    pub got: Amount,
    /// Frames that newer ones replaced before it took them.
    pub lost: u64,
}

/// Messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Video frames.
    pub frames: u64,
    /// Texts, images and what is unknown.
    pub others: u64,
    /// Bytes of all.
    pub bytes: u64,
}

/// An amount that is being counted.
#[derive(Debug, Default)]
pub(super) struct Meter {
    frames: AtomicU64,
    others: AtomicU64,
    bytes: AtomicU64,
}

impl Meter {
    pub(super) fn count(&self, message: &Message) {
        let which = if message.kind() == Kind::Video { &self.frames } else { &self.others };
        which.fetch_add(1, Relaxed);
        self.bytes.fetch_add(message.wire_len() as u64, Relaxed);
    }

    pub(super) fn amount(&self) -> Amount {
        let read = |counter: &AtomicU64| counter.load(Relaxed);
        Amount { frames: read(&self.frames), others: read(&self.others), bytes: read(&self.bytes) }
    }
}

/// UTF-16 units of a description that are kept: ours have a few hundred, and it may be as long as a message.
const KEPT: usize = 2048;

/// What a frame's description tells, in bytes of its own: a slice would keep the whole frame.
pub(super) fn kept(description: &QString) -> QString {
    QString::from_utf16(&description.units().take(KEPT).collect::<Vec<_>>())
}
