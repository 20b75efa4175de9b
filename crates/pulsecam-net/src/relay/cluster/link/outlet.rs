//! What waits for another relay in one room.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tracing::warn;

use super::mark::Mark;
use crate::{
    clock::{self, Timestamp},
    log_throttle::{self, LogThrottle},
    queue,
    relay::{
        cluster::{Ledger, LinkStatus, RelayId},
        delivery_delay::{self, AudienceReport, DeliveryDelay},
        event::ClientId,
        memory::Memory,
        stats::{Traffic, TrafficCounter},
    },
    sync::lock,
    transport::{MessageWriter, Written},
    wire::{Departed, Message},
};

/// The most bytes of texts and images that wait for one relay, also while it cannot be reached, and the same of frames.
const BUDGET: usize = 64 << 20;

/// An item in the mailbox of a link.
#[derive(Debug)]
pub(super) enum Outgoing {
    /// A note; what it says is known when it is sent.
    Note,
    /// The next text or image of the ledger.
    Ordered,
    /// A frame with its mark, and when it came here.
    Frame(Message, Instant),
}

impl Outgoing {
    fn weight(&self) -> usize {
        match self {
            Self::Note | Self::Ordered => 0,
            Self::Frame(message, _) => message.wire_len(),
        }
    }
}

/// The mailbox of a link. It outlives connections.
pub(super) type Mailbox = queue::Receiver<ClientId, Outgoing>;

/// The pushing end of a link, as the room sees it.
pub(in crate::relay) struct Outlet {
    /// The other relay.
    pub(in crate::relay) relay: RelayId,
    memory: Arc<Memory>,
    mailbox: queue::Sender<ClientId, Outgoing>,
    ordered: Mutex<Ordered>,
    /// The socket's writing side, while the link is up.
    writer: Mutex<Option<Arc<MessageWriter>>>,
    /// The other relay's viewers, 0 while the link is down.
    viewers: AtomicU32,
    /// What was sent to the other relay.
    sent: TrafficCounter,
    /// How the other relay gets frames on the current connection.
    delivery: Mutex<DeliveryDelay>,
    /// The shortest of the last round trips, while the link is up.
    round_trip: Mutex<Option<Duration>>,
    /// Connections of this relay that have ended, until the other one is told.
    gone: Mutex<Departed>,
    told: Mutex<LogThrottle>,
}

struct Ordered {
    ledger: Ledger<Waiting>,
    /// Whether [`Outgoing::Ordered`] waits in the mailbox.
    waits: bool,
}

/// A text or an image, with its mark.
struct Waiting {
    message: Message,
    /// Whether its memory is counted as that of links, and not as its sender's.
    is_copy: bool,
}

impl Waiting {
    /// Takes a message off its sender's account, as far as there is room on that of links. Who writes while another relay
    /// cannot be reached is not to blame for what waits.
    fn keep(&mut self, memory: &Memory) {
        if let Some(held) = memory.for_links(self.message.wire_len()).filter(|_| !self.is_copy) {
            self.message = self.message.copied(held);
            self.is_copy = true;
        }
    }
}

impl Outlet {
    pub(super) fn new(relay: RelayId, memory: Arc<Memory>) -> (Arc<Self>, Mailbox) {
        let queue = queue::ConflatingQueue::new(BUDGET).with_latest_budget(BUDGET, Outgoing::weight);
        let (mailbox, waiting) = queue::channel_with(queue);
        let ordered = Mutex::new(Ordered { ledger: Ledger::new(BUDGET), waits: false });
        let told = Mutex::new(LogThrottle::new(log_throttle::FLOOD));
        let (writer, viewers, gone) = (Mutex::default(), AtomicU32::new(0), Mutex::default());
        let (sent, delivery, round_trip) = (TrafficCounter::default(), Mutex::default(), Mutex::default());
        let outlet =
            Self { relay, memory, mailbox, ordered, writer, viewers, sent, delivery, round_trip, gone, told };
        (Arc::new(outlet), waiting)
    }

    /// Whether somebody views there.
    pub(in crate::relay) fn wants_frames(&self) -> bool {
        self.viewers.load(Relaxed) > 0
    }

    /// Records how many viewers there are.
    pub(super) fn set_viewers(&self, viewers: u32) {
        self.viewers.store(viewers, Relaxed);
    }

    /// Sends a marked frame of a client that came at `came`, or lets it wait in place of an older one.
    pub(in crate::relay) fn frame(&self, from: ClientId, marked: &Message, came: Instant) {
        let writer = if self.mailbox.is_empty() { lock(&self.writer).clone() } else { None };
        let written = writer.map_or(Written::Nothing, |writer| writer.try_write(marked));
        if written != Written::Nothing {
            self.forwarded(from, marked, came);
        } else if self.mailbox.send_latest(from, Outgoing::Frame(marked.clone(), came)).unwrap_or(false) {
            // The link's task holds the receiver.
            lock(&self.delivery).replaced(from);
        }
    }

    /// Records that the writing of a frame has begun.
    pub(super) fn forwarded(&self, from: ClientId, marked: &Message, came: Instant) {
        self.sent.count(marked);
        lock(&self.delivery).forwarded(from, came);
    }

    /// A snapshot of it; of the other direction, nothing is known here.
    pub(super) fn status(&self) -> LinkStatus {
        let ordered = lock(&self.ordered);
        LinkStatus {
            room: String::new(),
            up: lock(&self.writer).is_some(),
            viewers: self.viewers.load(Relaxed),
            sent: self.sent.amount(),
            received: Traffic::default(),
            lost: self.mailbox.replaced(),
            waiting: (ordered.ledger.len(), ordered.ledger.bytes()),
            dropped: ordered.ledger.refused(),
            late: lock(&self.delivery).newest_lateness(clock::now()),
            round_trip: *lock(&self.round_trip),
        }
    }

    /// Records the shortest of the last round trips.
    pub(super) fn measured(&self, round_trip: Duration) {
        *lock(&self.round_trip) = Some(round_trip);
    }

    /// Records that the other relay had so many frames of this connection, and the last one `ago` microseconds before
    /// `t3`, when it said so.
    pub(super) fn reported(&self, (got, ago): (u64, u64), t3: Option<Timestamp>) {
        let now = clock::now();
        let then = now.checked_sub(Duration::from_micros(ago)).unwrap_or(now);
        let clock = t3.and_then(|t3| i64::try_from(t3.as_micros().saturating_sub(ago)).ok());
        lock(&self.delivery).reported(got, then, clock);
    }

    /// How the other relay gets the frames of a client since the last report; `None` if that is not known.
    pub(super) fn report(&self, of: ClientId, now: Instant) -> Option<AudienceReport> {
        let lateness = lock(&self.delivery).lateness(of, now)?;
        let median = delivery_delay::median(&[lateness])?;
        let path = lock(&self.writer).as_ref().and_then(|writer| writer.path());
        Some(AudienceReport { median, rate: path.map(|(rate, _)| rate as u64) })
    }

    /// Sends a text or an image of the connection with the number `peer`, after all before it.
    pub(in crate::relay) fn ordered(&self, peer: u64, message: &Message) {
        let mut ordered = lock(&self.ordered);
        let Some(marked) = (Mark { peer, number: ordered.ledger.following() }).put(message) else { return };
        let bytes = marked.wire_len();
        let mut waiting = Waiting { message: marked, is_copy: false };
        let is_down = lock(&self.writer).is_none();
        if is_down {
            waiting.keep(&self.memory);
        }
        let added = if is_down && !waiting.is_copy {
            Err(ordered.ledger.refuse())
        } else {
            ordered.ledger.add(waiting, bytes)
        };
        if let Err(error) = added
            && lock(&self.told).line(clock::now()).is_some()
        {
            let refused = ordered.ledger.refused();
            warn!("{refused} texts and images for relay {} were dropped: {error}", self.relay);
        }
        self.wake(&mut ordered);
    }

    /// Lets the mailbox's reader look at the ledger, if there is something for it.
    fn wake(&self, ordered: &mut Ordered) {
        if !ordered.waits && ordered.ledger.next().is_some() {
            ordered.waits = self.mailbox.send_ordered(0, Outgoing::Ordered).is_ok();
        }
    }

    /// The next text or image.
    pub(super) fn next(&self) -> Option<Message> {
        let mut ordered = lock(&self.ordered);
        let next = ordered.ledger.next().map(|(_, waiting)| waiting.message.clone());
        ordered.waits = next.is_some();
        next
    }

    /// Records that the next text or image is being written.
    pub(super) fn started(&self, message: &Message) {
        self.sent.count(message);
        let mut ordered = lock(&self.ordered);
        ordered.ledger.started();
        ordered.waits = false;
        self.wake(&mut ordered);
    }

    /// Records that the other relay has all up to this number.
    pub(super) fn confirmed(&self, number: u64) {
        let mut ordered = lock(&self.ordered);
        ordered.ledger.confirmed(number);
        self.wake(&mut ordered);
    }

    /// Tells the other relay that connections have ended.
    pub(in crate::relay) fn departed(&self, gone: Departed) {
        let mut waiting = lock(&self.gone);
        *waiting = waiting.and(gone);
        drop(waiting);
        self.note();
    }

    /// The connections that have ended, as the next note tells.
    pub(super) fn gone(&self) -> Departed {
        *lock(&self.gone)
    }

    /// Records that a note was sent, with all that it has told.
    pub(super) fn told(&self, gone: Departed) {
        let mut waiting = lock(&self.gone);
        let mut left = Departed::default();
        let untold = waiting.iter().filter(|number| gone.iter().all(|told| told != *number));
        untold.for_each(|number| _ = left.add(number));
        *waiting = left;
    }

    /// Schedules a note.
    pub(super) fn note(&self) {
        self.mailbox.send_urgent(Outgoing::Note);
    }

    /// Records that there is a new connection, on which frames may be written.
    pub(super) fn connected(&self, writer: &Arc<MessageWriter>) {
        let mut ordered = lock(&self.ordered);
        ordered.ledger.reconnected();
        self.wake(&mut ordered);
        drop(ordered);
        self.note();
        // The other end counts the frames of this connection.
        *lock(&self.delivery) = DeliveryDelay::default();
        *lock(&self.writer) = Some(Arc::clone(writer));
    }

    /// Records that the connection is gone.
    pub(super) fn disconnected(&self) {
        *lock(&self.writer) = None;
        *lock(&self.round_trip) = None;
        self.set_viewers(0);
        lock(&self.ordered).ledger.iter_mut().for_each(|waiting| waiting.keep(&self.memory));
    }
}

#[cfg(test)]
#[path = "outlet_tests.rs"]
mod tests;
