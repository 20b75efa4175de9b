//! What the handle of a link and the connection's task share.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Instant,
};

use bytes::Bytes;
use tokio::sync::watch;

use super::{
    clock::Offset,
    config::Config,
    counters::AtomicCounters,
    delivery::Deliveries,
    handling::Handling,
    outbound::{Outbound, video},
    received::Received,
    report::{DeliveryReport, SentFrames},
    state::{Down, State},
    streams::Streams,
};
use crate::{
    clock::{Timestamp, now},
    queue,
    stream_id::StreamId,
    sync::lock,
    transport::{MessageWriter, Written},
    wire::{FrameInfo, Token},
};

/// The number of remembered ids of texts and images. Messages that a peer sent twice around an outage are
/// dropped.
const REMEMBERED_IDS: usize = 1024;

/// The state shared by the handle and the connection's task.
#[derive(Debug)]
pub(super) struct Hub {
    pub(super) config: Config,
    /// The relay to which the link is or was connected, or tries to connect.
    pub(super) relay: watch::Sender<Arc<str>>,
    pub(super) outbox: queue::Sender<(), Outbound>,
    pub(super) inbox: queue::Sender<StreamId, Received>,
    pub(super) state: watch::Sender<State>,
    pub(super) viewers: watch::Sender<Option<u32>>,
    /// The port of the relay's page for browsers; 0 is that of the link.
    pub(super) page: watch::Sender<Option<u16>>,
    pub(super) reports: watch::Sender<Option<DeliveryReport>>,
    pub(super) departures: Mutex<SentFrames>,
    pub(super) deliveries: Mutex<Deliveries>,
    /// When the newest answered heartbeat was sent.
    pub(super) answered: watch::Sender<Option<Instant>>,
    pub(super) counters: AtomicCounters,
    pub(super) seen: Mutex<VecDeque<String>>,
    pub(super) streams: Mutex<Streams>,
    /// What the viewer is busy with.
    pub(super) handling: Handling,
    /// Identifies this link to the relay on its next connection.
    pub(super) token: Option<Token>,
    pub(super) last_down: Mutex<Option<Down>>,
    /// The largest size field that the relay is known to accept.
    pub(super) largest: AtomicU32,
    /// The socket's writing side, while the link is up.
    pub(super) writer: Mutex<Option<Arc<MessageWriter>>>,
}

impl Hub {
    pub(super) fn new(
        config: Config,
        outbox: queue::Sender<(), Outbound>,
        inbox: queue::Sender<StreamId, Received>,
    ) -> Self {
        Self {
            outbox,
            inbox,
            state: watch::Sender::new(State::Connecting),
            viewers: watch::Sender::new(None),
            page: watch::Sender::new(None),
            reports: watch::Sender::new(None),
            departures: Mutex::new(SentFrames::new(now())),
            deliveries: Mutex::default(),
            answered: watch::Sender::new(None),
            counters: AtomicCounters::default(),
            seen: Mutex::default(),
            streams: Mutex::default(),
            handling: Handling::new(),
            token: Token::random(),
            last_down: Mutex::default(),
            largest: AtomicU32::new(u32::MAX),
            writer: Mutex::default(),
            relay: watch::Sender::new(config.host.as_str().into()),
            config,
        }
    }

    /// Allows frames to be written on their own threads, or ends that.
    pub(super) fn set_writer(&self, writer: Option<Arc<MessageWriter>>) {
        *lock(&self.writer) = writer;
    }

    /// Writes a frame on the caller's thread, if nothing else waits or is being written. This saves a
    /// wake-up.
    pub(super) fn write_now(&self, info: &FrameInfo, jpeg: &Bytes, offset: Option<Offset>) -> bool {
        if !self.outbox.is_empty() {
            return false;
        }
        let writer = lock(&self.writer);
        let out = self.counters.frames_sent.load(Relaxed);
        let Ok(message) = video(info, jpeg, offset, out) else { return false };
        // Held until it is known whether writing began, so that a report of it cannot come before.
        let mut departures = self.sent_frames();
        let written = writer.as_ref().is_some_and(|writer| writer.try_write(&message) != Written::Nothing);
        if written {
            departures.sent(info, message.wire_len(), now(), Timestamp::now());
            self.counters.frame_sent(info);
        }
        drop(departures);
        written
    }

    pub(super) fn sent_frames(&self) -> MutexGuard<'_, SentFrames> {
        lock(&self.departures)
    }

    pub(super) fn deliveries(&self) -> MutexGuard<'_, Deliveries> {
        lock(&self.deliveries)
    }

    pub(super) fn streams(&self) -> MutexGuard<'_, Streams> {
        lock(&self.streams)
    }

    /// Whether a message with this id came before.
    pub(super) fn is_repeated(&self, id: &str) -> bool {
        let mut seen = lock(&self.seen);
        if seen.iter().any(|before| before == id) {
            return true;
        }
        if seen.len() == REMEMBERED_IDS {
            seen.pop_front();
        }
        seen.push_back(id.to_owned());
        false
    }
}
