//! One client, as the others see it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, OnceLock},
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;

use super::{
    attendance::{Attendance, Due},
    census::Meter,
    delivery::Delivery,
    room::lock,
};
use crate::{
    clock::{Timestamp, now},
    fresh::{self, Full},
    socket::Pen,
    wire::{Message, QString, Receipts, Token},
};

/// How often the same client is reported as slow.
const SLOW_REPORT_INTERVAL: Duration = Duration::from_secs(5);

/// A client's number: the key of its frames in every other client's mailbox.
pub(super) type ClientId = u64;

/// What waits in a mailbox.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// A heartbeat; what it says is in the client's [`Attendance`] until it leaves.
    Heartbeat,
    /// A message from another client, and when it came.
    Message(Message, Instant),
}

/// One client.
pub(super) struct Member {
    pub(super) id: ClientId,
    pub(super) addr: SocketAddr,
    pub(super) mailbox: fresh::Sender<ClientId, Item>,
    /// Its socket's writing side, for whoever has a message while nothing waits.
    pub(super) pen: Arc<Pen>,
    /// Cancelled to send it away; the reason is set before.
    pub(super) dismissed: CancellationToken,
    overflow: OnceLock<Full>,
    slow: Mutex<SlowReport>,
    /// When it came.
    pub(super) came: Instant,
    /// What came of it and what it was given, where somebody watches.
    pub(super) sent: Meter,
    /// Kept also by its writer.
    pub(super) got: Arc<Meter>,
    /// What its newest frame told of itself, and when that came.
    pub(super) newest: Mutex<Option<(QString, Timestamp)>>,
    /// Its number for the others, from its first text, image or frame on that one of ours gets.
    pub(super) number: OnceLock<u64>,
    /// By which it is known again.
    pub(super) token: OnceLock<Token>,
    /// Kept also by its writer, which outlives its place in the room.
    pub(super) attendance: Arc<Attendance>,
    /// What it is given of others' video. Kept by its writer too.
    pub(super) delivery: Arc<Mutex<Delivery>>,
    /// What comes of its own.
    pub(super) intake: Arc<Mutex<Receipts>>,
}

#[derive(Default)]
struct SlowReport {
    told: u64,
    last: Option<Instant>,
}

impl Member {
    pub(super) fn new(
        id: ClientId,
        addr: SocketAddr,
        mailbox: fresh::Sender<ClientId, Item>,
        pen: Arc<Pen>,
        dismissed: CancellationToken,
    ) -> Self {
        Self {
            id,
            addr,
            mailbox,
            pen,
            dismissed,
            overflow: OnceLock::new(),
            slow: Mutex::default(),
            came: now(),
            sent: Meter::default(),
            got: Arc::default(),
            newest: Mutex::default(),
            number: OnceLock::new(),
            token: OnceLock::new(),
            attendance: Arc::new(Attendance::new()),
            delivery: Arc::default(),
            intake: Arc::default(),
        }
    }

    /// More waits for it than may: it is sent away.
    pub(super) fn overflows(&self, full: Full) {
        let _ = self.overflow.set(full); // once is enough
        self.dismissed.cancel();
    }

    /// Why it was sent away, where its mailbox was the reason.
    pub(super) fn overflow(&self) -> Option<Full> {
        self.overflow.get().copied()
    }

    pub(super) fn say(&self, more: Due) {
        self.attendance.add(more);
        self.mailbox.send_urgent(Item::Heartbeat);
    }

    /// Frames lost since this was last told, and in all, where it is time to tell.
    pub(super) fn is_slow(&self, now: Instant) -> Option<(u64, u64)> {
        let frames_lost = self.mailbox.replaced();
        let mut slow = lock(&self.slow);
        let lost = frames_lost - slow.told;
        let due = slow.last.is_none_or(|last| now.duration_since(last) >= SLOW_REPORT_INTERVAL);
        (lost > 0 && due).then(|| {
            *slow = SlowReport { told: frames_lost, last: Some(now) };
            (lost, frames_lost)
        })
    }
}
