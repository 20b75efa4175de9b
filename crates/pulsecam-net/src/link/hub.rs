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
    counters::Tally,
    delivery::Deliveries,
    outbound::{Outbound, video},
    received::Received,
    report::{Departures, Report},
    state::{Down, State},
    streams::Streams,
};
use crate::{
    address::Address,
    clock::{Timestamp, now},
    fresh,
    socket::{Pen, Written},
    stream_id::StreamId,
    sync::lock,
    wire::{FrameInfo, Token},
};

/// The number of remembered ids of texts and images. Messages that a peer sent twice around an outage are
/// dropped.
const REMEMBERED_IDS: usize = 1024;

/// The state shared by the handle and the connection's task.
#[derive(Debug)]
pub(super) struct Hub {
    pub(super) config: Config,
    /// The parsed [`Config::host`].
    pub(super) address: Address,
    pub(super) outbox: fresh::Sender<(), Outbound>,
    pub(super) inbox: fresh::Sender<StreamId, Received>,
    pub(super) state: watch::Sender<State>,
    pub(super) viewers: watch::Sender<Option<u32>>,
    pub(super) reports: watch::Sender<Option<Report>>,
    pub(super) departures: Mutex<Departures>,
    pub(super) deliveries: Mutex<Deliveries>,
    /// When the newest answered heartbeat was sent.
    pub(super) answered: watch::Sender<Option<Instant>>,
    pub(super) tally: Tally,
    pub(super) seen: Mutex<VecDeque<String>>,
    pub(super) streams: Mutex<Streams>,
    /// Identifies this link to the relay on its next connection.
    pub(super) token: Option<Token>,
    pub(super) last_down: Mutex<Option<Down>>,
    /// The largest size field that the relay is known to accept.
    pub(super) largest: AtomicU32,
    /// The socket's writing side, while the link is up.
    pub(super) pen: Mutex<Option<Arc<Pen>>>,
}

impl Hub {
    pub(super) fn new(
        config: Config,
        address: Address,
        outbox: fresh::Sender<(), Outbound>,
        inbox: fresh::Sender<StreamId, Received>,
    ) -> Self {
        Self {
            outbox,
            inbox,
            state: watch::Sender::new(State::Connecting),
            viewers: watch::Sender::new(None),
            reports: watch::Sender::new(None),
            departures: Mutex::new(Departures::new(now())),
            deliveries: Mutex::default(),
            answered: watch::Sender::new(None),
            tally: Tally::default(),
            seen: Mutex::default(),
            streams: Mutex::default(),
            token: Token::random(),
            last_down: Mutex::default(),
            largest: AtomicU32::new(u32::MAX),
            pen: Mutex::default(),
            address,
            config,
        }
    }

    /// Allows frames to be written on their own threads, or ends that.
    pub(super) fn lend(&self, pen: Option<Arc<Pen>>) {
        *lock(&self.pen) = pen;
    }

    /// Writes a frame on the caller's thread, if nothing else waits or is being written. This saves a
    /// wake-up.
    pub(super) fn write_now(&self, info: &FrameInfo, jpeg: &Bytes, offset: Option<Offset>) -> bool {
        if !self.outbox.is_empty() {
            return false;
        }
        let pen = lock(&self.pen);
        let out = self.tally.frames_sent.load(Relaxed);
        let Ok(message) = video(info, jpeg, offset, out) else { return false };
        // Held until it is known whether writing began, so that a report of it cannot come before.
        let mut departures = self.departures();
        let written = pen.as_ref().is_some_and(|pen| pen.try_write(&message) != Written::Nothing);
        if written {
            departures.sent(info, now(), Timestamp::now());
            self.tally.frame_sent(info);
        }
        drop(departures);
        written
    }

    pub(super) fn departures(&self) -> MutexGuard<'_, Departures> {
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
