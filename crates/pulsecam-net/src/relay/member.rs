//! One client, as the others see it.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;

use super::{
    attendance::{Attendance, Due},
    backlog::Backlog,
    census::Meter,
    delivery::Delivery,
    event::LeaveReason,
    memory::Accounts,
    room::lock,
};
use crate::{
    clock::{Timestamp, now},
    feedback::Receipts,
    fresh::{self, Full},
    socket::Pen,
    wire::{Message, QString, Share, Token},
};

/// How often the same client is reported as slow.
const SLOW_REPORT_INTERVAL: Duration = Duration::from_secs(5);

/// A client's number: the key of its frames in every other client's mailbox.
pub(super) type ClientId = u64;

/// What an ordered message costs beside its bytes: its place in the mailbox and its allocations. Without it, a flood of
/// tiny messages would take ten times the budget.
const ITEM_COST: usize = 256;

/// What waits in a mailbox.
#[derive(Debug)]
pub(super) enum Item {
    /// A heartbeat; what it says is in the client's [`Attendance`] until it leaves.
    Heartbeat,
    /// A frame from another client, and when it came.
    Message(Message, Instant),
    /// A message that waits in order.
    Ordered {
        message: Message,
        from: ClientId,
        /// Its place, which counts as its sender's.
        _place: Share,
    },
}

impl Item {
    /// Bytes of the message.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Heartbeat => 0,
            Self::Message(message, _) | Self::Ordered { message, .. } => message.wire_len(),
        }
    }
}

/// Why the relay sends a client away of its own accord.
#[derive(Clone, Copy, Debug)]
pub(super) enum Dismissal {
    /// More waits for it than may.
    MailboxFull(Full),
    /// It holds so many bytes, and the memory for messages is full.
    Hoard(usize),
}

impl From<Dismissal> for LeaveReason {
    fn from(dismissal: Dismissal) -> Self {
        match dismissal {
            Dismissal::MailboxFull(full) => Self::MailboxFull(full),
            Dismissal::Hoard(bytes) => Self::Hoard(bytes),
        }
    }
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
    dismissal: OnceLock<Dismissal>,
    slow: Mutex<SlowReport>,
    /// What waits for it in order. Kept by its writer too.
    pub(super) backlog: Arc<Mutex<Backlog>>,
    /// Whether any of that does, for those who only want to know that.
    pub(super) behind: Arc<AtomicUsize>,
    /// What its messages take of the relay's memory.
    pub(super) accounts: Accounts,
    /// Whether it sends many small messages in a row: they are not written one by one.
    pub(super) crowds: AtomicBool,
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
        budget: usize,
        accounts: Accounts,
        dismissed: CancellationToken,
    ) -> Self {
        let came = now();
        Self {
            id,
            addr,
            mailbox,
            pen,
            dismissed,
            dismissal: OnceLock::new(),
            slow: Mutex::default(),
            backlog: Arc::new(Mutex::new(Backlog::new(budget, came))),
            behind: Arc::default(),
            accounts,
            crowds: AtomicBool::new(false),
            came,
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

    /// The relay sends it away.
    pub(super) fn dismiss(&self, why: Dismissal) {
        let _ = self.dismissal.set(why); // once is enough
        self.dismissed.cancel();
    }

    /// Why it was sent away, if that was not because the relay stops.
    pub(super) fn dismissal(&self) -> Option<Dismissal> {
        self.dismissal.get().copied()
    }

    /// Gives it a message of another that must not be lost; one for which too much waits is sent away.
    pub(super) fn give_ordered(&self, from: &Self, message: &Message) {
        let bytes = message.wire_len().saturating_add(ITEM_COST);
        let mut backlog = lock(&self.backlog);
        let place = from.accounts.beside(ITEM_COST);
        let item = Item::Ordered { message: message.clone(), from: from.id, _place: place };
        match self.mailbox.send_ordered(bytes, item) {
            Ok(()) => {
                backlog.add(from.id, bytes, now());
                self.behind.store(backlog.items(), Relaxed);
            }
            Err(full) => self.dismiss(Dismissal::MailboxFull(full)),
        }
    }

    /// See [`Backlog::holds_up`].
    pub(super) fn holds_up(&self, from: ClientId, bytes: usize, amid: bool, now: Instant) -> bool {
        self.behind.load(Relaxed) > 0
            && !self.dismissed.is_cancelled()
            && lock(&self.backlog).holds_up(from, bytes.saturating_add(ITEM_COST), amid, now)
    }

    /// What would be free in memory if it were gone, all but what others hold too.
    pub(super) fn hoard(&self) -> usize {
        let places = lock(&self.backlog).items().saturating_mul(ITEM_COST);
        self.accounts.unfinished.bytes().saturating_add(self.pen.holds()).saturating_add(places)
    }

    pub(super) fn say(&self, more: Due) {
        self.attendance.add(more);
        self.mailbox.send_urgent(Item::Heartbeat);
    }

    /// Frames lost since this was last told, and in all, where it is time to tell.
    pub(super) fn is_slow(&self, now: Instant) -> Option<(u64, u64)> {
        let frames_lost = self.mailbox.replaced();
        let mut slow = lock(&self.slow);
        let lost = frames_lost.saturating_sub(slow.told);
        let due = slow.last.is_none_or(|last| now.duration_since(last) >= SLOW_REPORT_INTERVAL);
        (lost > 0 && due).then(|| {
            *slow = SlowReport { told: frames_lost, last: Some(now) };
            (lost, frames_lost)
        })
    }
}
