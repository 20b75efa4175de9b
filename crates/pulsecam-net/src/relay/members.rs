//! The members of a room, as the other clients' tasks see them.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;

use super::{
    backlog::Backlog,
    delivery_delay::{DeliveryDelay, lower_median},
    event::ClientId,
    frame_ages::FrameAges,
    mailbox::{ITEM_COST, Item},
    memory::ClientMemory,
    passing::PieceSlot,
    presence::{PendingHeartbeat, Presence},
    reason::LeaveReason,
    stats::{ClientStats, NewestFrame, TrafficCounter},
    tally::DropReason,
};
use crate::{
    clock::now,
    feedback::FrameAcks,
    queue::{self, Full},
    sync::lock,
    transport::MessageWriter,
    wire::{FrameInfo, Message, Token},
};

/// The shortest interval between reports of the same slow client.
const SLOW_REPORT_INTERVAL: Duration = Duration::from_secs(5);

/// Why the relay disconnects a client.
#[derive(Clone, Copy, Debug)]
pub(super) enum Dismissal {
    /// More waits for it than its mailbox holds.
    MailboxFull(Full),
    /// An operator wants it to go.
    #[cfg(feature = "web")]
    Kicked,
    /// It holds this many bytes, and the memory for messages is full.
    MemoryUse(usize),
}

impl From<Dismissal> for LeaveReason {
    fn from(dismissal: Dismissal) -> Self {
        match dismissal {
            Dismissal::MailboxFull(full) => Self::MailboxFull(full),
            #[cfg(feature = "web")]
            Dismissal::Kicked => Self::Kicked,
            Dismissal::MemoryUse(bytes) => Self::MemoryUse(bytes),
        }
    }
}

/// What a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ClientKind {
    /// A program that speaks the wire.
    Native,
    /// A page in a browser.
    Page,
    /// A page that was opened by a link for viewing.
    Watcher,
    /// A client of HTTP that takes pictures only.
    Pictures,
    /// A client of HTTP that sends pictures.
    Publisher,
    /// A client of another relay.
    #[cfg(feature = "cluster")]
    Guest,
}

impl ClientKind {
    /// Its name in counters.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Page | Self::Watcher => "web",
            Self::Pictures | Self::Publisher => "stream",
            #[cfg(feature = "cluster")]
            Self::Guest => "guest",
        }
    }

    /// From where its messages came to this relay.
    #[cfg(feature = "cluster")]
    pub(super) const fn neighbour(self) -> super::cluster::Neighbour {
        match self {
            Self::Guest => super::cluster::Neighbour::Relay,
            _ => super::cluster::Neighbour::Client,
        }
    }

    /// Whether what it sends goes to others.
    pub(super) const fn may_send(self) -> bool {
        !matches!(self, Self::Watcher)
    }

    /// Whether it gets texts and images.
    pub(super) const fn takes_texts(self) -> bool {
        matches!(self, Self::Native | Self::Page | Self::Watcher)
    }
}

/// One client.
pub(super) struct Member {
    pub(super) id: ClientId,
    pub(super) kind: ClientKind,
    pub(super) addr: SocketAddr,
    pub(super) mailbox: queue::Sender<ClientId, Item>,
    /// Its socket's writing side, used by any task that has a message while nothing waits.
    pub(super) writer: Arc<MessageWriter>,
    /// Cancelled to disconnect it, after the reason was set.
    pub(super) dismissed: CancellationToken,
    dismissal: OnceLock<Dismissal>,
    slow: Mutex<SlowReport>,
    /// The account of its waiting messages, shared with its writer.
    pub(super) backlog: Arc<Mutex<Backlog>>,
    /// The number of waiting messages, readable without the lock.
    pub(super) behind: Arc<AtomicUsize>,
    /// The memory of its messages.
    pub(super) memory: ClientMemory,
    /// Whether it sends many small messages in a row, which are then not written one by one.
    pub(super) crowds: AtomicBool,
    /// When it connected.
    pub(super) came: Instant,
    /// What it sent, counted only for a watcher.
    pub(super) sent: TrafficCounter,
    /// What it was sent, shared with its writer.
    pub(super) got: Arc<TrafficCounter>,
    /// Its frames that were passed on while they arrived, and whose rest did not come in time.
    pub(super) torn: AtomicU64,
    /// Whose frame it is getting in pieces.
    pub(super) slot: PieceSlot,
    /// Its newest frame.
    pub(super) newest: Mutex<Option<NewestFrame>>,
    /// The ages of its newest frames.
    pub(super) ages: Mutex<FrameAges>,
    /// Its number for other clients, assigned when its first text, image or frame goes to a client of ours.
    pub(super) number: OnceLock<u64>,
    /// The token that identifies it when it reconnects.
    pub(super) token: OnceLock<Token>,
    /// Shared with its writer, which outlives its place in the room.
    pub(super) presence: Arc<Presence>,
    /// The delivery of others' video to it, shared with its writer.
    pub(super) delivery: Arc<Mutex<DeliveryDelay>>,
    /// The video that it sends.
    pub(super) intake: Arc<Mutex<FrameAcks>>,
    /// Of a client of another relay: the clock of that relay.
    #[cfg(feature = "cluster")]
    pub(super) link_clock: Option<Arc<super::cluster::LinkClock>>,
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
        mailbox: queue::Sender<ClientId, Item>,
        writer: Arc<MessageWriter>,
        budget: usize,
        memory: ClientMemory,
        dismissed: CancellationToken,
    ) -> Self {
        let came = now();
        Self {
            id,
            kind: ClientKind::Native,
            addr,
            mailbox,
            writer,
            dismissed,
            dismissal: OnceLock::new(),
            slow: Mutex::default(),
            backlog: Arc::new(Mutex::new(Backlog::new(budget, came))),
            behind: Arc::default(),
            memory,
            crowds: AtomicBool::new(false),
            came,
            sent: TrafficCounter::default(),
            got: Arc::default(),
            torn: AtomicU64::new(0),
            slot: PieceSlot::default(),
            newest: Mutex::default(),
            ages: Mutex::default(),
            number: OnceLock::new(),
            token: OnceLock::new(),
            presence: Arc::new(Presence::new()),
            delivery: Arc::default(),
            intake: Arc::default(),
            #[cfg(feature = "cluster")]
            link_clock: None,
        }
    }

    /// A frame that came from another relay, with its times by the clock of this one; `None` if it stays as it is.
    #[cfg(feature = "cluster")]
    pub(super) fn shifted(&self, message: &Message) -> Option<Message> {
        self.link_clock.as_ref()?.shifted(message)
    }

    /// Disconnects it.
    pub(super) fn dismiss(&self, why: Dismissal) {
        let _ = self.dismissal.set(why); // the first reason counts
        self.dismissed.cancel();
    }

    /// Why it was disconnected, unless the relay is stopping.
    pub(super) fn dismissal(&self) -> Option<Dismissal> {
        self.dismissal.get().copied()
    }

    /// Whether it has sent video in the last seconds.
    #[cfg(any(feature = "cluster", feature = "web"))]
    pub(super) fn is_sending(&self) -> bool {
        lock(&self.newest).as_ref().is_some_and(NewestFrame::is_recent)
    }

    /// Why a waiting frame was replaced now, if not because its connection was busy.
    pub(super) fn drop_reason(&self) -> Option<DropReason> {
        if self.presence.rests() {
            return Some(DropReason::Rate);
        }
        self.writer.awaits_credit().then_some(DropReason::Credit)
    }

    /// Whether a frame that was replaced for this reason says something about the path to it. A page's credit
    /// is also for what is under way; a program's, which is paced, is only for how fast it handles frames.
    pub(super) fn is_loss(&self, reason: Option<DropReason>) -> bool {
        !(self.kind == ClientKind::Native && reason == Some(DropReason::Credit))
    }

    /// Queues a message that must not be lost; if too much waits, disconnects this client.
    pub(super) fn enqueue_ordered(&self, from: &Self, message: &Message) {
        let bytes = message.wire_len().saturating_add(ITEM_COST);
        let mut backlog = lock(&self.backlog);
        let place = from.memory.beside(ITEM_COST);
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

    /// The memory in bytes that would be freed if it were gone.
    pub(super) fn memory_use(&self) -> usize {
        let places = lock(&self.backlog).items().saturating_mul(ITEM_COST);
        self.memory.unfinished.bytes().saturating_add(self.writer.pending_bytes()).saturating_add(places)
    }

    pub(super) fn schedule_heartbeat(&self, more: PendingHeartbeat) {
        self.presence.add(more);
        self.mailbox.send_urgent(Item::Heartbeat);
    }

    /// A snapshot of it; `members` are those of its room.
    pub(super) fn stats(&self, room: &str, members: &[Arc<Self>], now: Instant) -> ClientStats {
        let newest = lock(&self.newest).clone();
        let stream = newest.as_ref().map(|newest| {
            let info = FrameInfo::parse(&newest.description);
            info.with(|info| info.peer = self.number.get().copied())
        });
        let captured = stream.as_ref().and_then(FrameInfo::captured_at_relay);
        // Skips members that send nothing: with a thousand members this would be a million look-ups.
        let sends = newest.is_some();
        let viewers = members.iter().filter(|other| sends && other.id != self.id && other.presence.views());
        let late =
            lower_median(viewers.filter_map(|viewer| lock(&viewer.delivery).known_lateness(self.id, now)));
        ClientStats {
            client: self.id,
            addr: self.addr,
            room: room.to_owned(),
            since: now.saturating_duration_since(self.came),
            size: newest.as_ref().and_then(|newest| newest.size),
            age: newest.and_then(|newest| Some(newest.came.since(captured?))),
            stream,
            late,
            views: self.presence.views(),
            sent: self.sent.amount(),
            got: self.got.amount(),
            lost: self.mailbox.replaced(),
            torn: self.torn.load(Relaxed),
        }
    }

    /// Frames lost since the last report, and in total, if a report is due.
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

/// All members of a room. The list that messages iterate is rebuilt by the first message after a change, not by each
/// change: a thousand clients that come and go between two frames cost one list.
#[derive(Default)]
pub(super) struct MemberList {
    inner: Mutex<Inner>,
    /// The number of members, to be read without the lock. It is set within it, so that it stays right if one comes while
    /// another leaves.
    count: AtomicUsize,
}

#[derive(Default)]
struct Inner {
    members: BTreeMap<ClientId, Arc<Member>>,
    list: Option<Arc<[Arc<Member>]>>,
}

impl MemberList {
    /// Adds a member; returns the number of members.
    pub(super) fn join(&self, member: &Arc<Member>) -> usize {
        let mut inner = lock(&self.inner);
        inner.members.insert(member.id, Arc::clone(member));
        self.changed(&mut inner)
    }

    /// Removes a member; returns the number of members left.
    pub(super) fn leave(&self, id: ClientId) -> usize {
        let mut inner = lock(&self.inner);
        inner.members.remove(&id);
        self.changed(&mut inner)
    }

    fn changed(&self, inner: &mut Inner) -> usize {
        inner.list = None;
        self.count.store(inner.members.len(), Relaxed);
        inner.members.len()
    }

    /// The number of members.
    pub(super) fn count(&self) -> usize {
        self.count.load(Relaxed)
    }

    /// All members, in the order in which they joined. The lock is held for one reference count.
    pub(super) fn list(&self) -> Arc<[Arc<Member>]> {
        let mut inner = lock(&self.inner);
        if let Some(list) = &inner.list {
            return Arc::clone(list);
        }
        let list: Arc<[_]> = inner.members.values().cloned().collect();
        inner.list = Some(Arc::clone(&list));
        list
    }
}
