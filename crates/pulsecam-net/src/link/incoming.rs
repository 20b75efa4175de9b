//! Handles what arrives on a connection: it is counted and acknowledged, and messages go into the inbox.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use tracing::{debug, warn};

use super::{LossStats, Peer, Received, outbound::Outbound, session::Session};
use crate::{
    auth::Response,
    clock::{Timestamp, now},
    log_throttle::LogThrottle,
    wire::{Assembled, CloseReason, FrameInfo, Heartbeat, Message, MessageKind, Receipt, Skipped},
};

/// The memory of an ordered message besides its bytes: its place in the inbox and its allocations.
const ITEM_COST: usize = 256;

/// The longest wait for the relay's first answer, which takes one round trip.
const INTRODUCTION: Duration = Duration::from_millis(500);

impl Session<'_> {
    /// Handles a message.
    pub(super) fn take(&self, message: Message, took: Duration) {
        let (received, received_at) = (Timestamp::now(), now());
        if let Some(close_reason) = CloseReason::parse(&message) {
            // Not an answer: messages sent before it were not taken.
            self.lock().close_reason = Some(close_reason);
            return;
        }
        if Response::is_challenge(&message) {
            // Not an answer either: the relay requires a key, and will say so next.
            return;
        }
        let heartbeat =
            (message.kind() == MessageKind::Heartbeat).then(|| Heartbeat::parse(message.description()));
        if let Some(heartbeat) = &heartbeat {
            // Before the link is up: a sender that waits for that would send a frame that nobody views.
            self.viewers_told(heartbeat);
        }
        self.comes_up();
        if let Some(heartbeat) = heartbeat {
            self.departed(&heartbeat, &message, received, received_at);
            self.learn(message.description());
            self.answered(&heartbeat, received);
            return;
        }
        match message.kind() {
            MessageKind::Heartbeat => {} // above
            MessageKind::Reserved(number) => match Receipt::parse(&message) {
                Some(receipt) => self.receipt(&receipt),
                None => debug!("the reserved type {number} is ignored"),
            },
            MessageKind::Video => self.film(message, Some(took), received, received_at),
            MessageKind::Text | MessageKind::Image | MessageKind::Other(_) => {
                if message.origin().id.is_some_and(|id| self.hub.is_repeated(&id)) {
                    return;
                }
                let bytes = message.wire_len() + ITEM_COST;
                let claimed = message.origin().from.unwrap_or_default();
                let said = || self.hub.streams().said(message.peer(), &claimed, received_at);
                let sender = message.takes_number().then(said);
                let (account, message) = (LossStats::default(), as_written(message, sender.as_ref()));
                let item = Received { message, info: None, sender, account, received, received_at };
                if let Err(full) = self.hub.inbox.send_ordered(bytes, item) {
                    warn!("a message was lost because the inbox is not being read: {full}");
                }
            }
        }
    }

    /// Handles what a piece of a frame led to.
    pub(super) fn piece(
        &self,
        Assembled { frame, torn, too_large, .. }: Assembled,
        throttle: &mut LogThrottle,
    ) {
        self.hub.counters.frames_torn.fetch_add(torn.into(), Relaxed);
        if let Some(size) = too_large {
            let mut one = Skipped::default();
            (one.messages, one.frames, one.last_size) = (1, 1, size);
            self.skipped(Skipped::default(), one, throttle);
        }
        if let Some(frame) = frame {
            self.hub.counters.frames_in_pieces.fetch_add(1, Relaxed);
            // The time that it took says nothing about this link: it came as its sender sent it.
            self.film(frame, None, Timestamp::now(), now());
        }
    }

    /// Reports skipped messages, at a limited rate.
    pub(super) fn skipped(&self, before: Skipped, after: Skipped, throttle: &mut LogThrottle) {
        let now = now();
        self.hub.counters.messages_skipped.fetch_add(after.messages - before.messages, Relaxed);
        // The relay counts them among the frames that it has sent us.
        for _ in before.frames..after.frames {
            self.came(None, now);
        }
        self.tell_credit(); // they need no handling
        if let Some(more) = throttle.line(now) {
            let (size, allowed) = (after.last_size, self.hub.config.max_message);
            let others =
                if more > 0 { format!(" ({more} more since the last report)") } else { String::new() };
            warn!("a message of {size} bytes was skipped: the limit is {allowed}{others}");
        }
    }

    /// Puts into the inbox that streams have ended.
    fn departed(&self, heartbeat: &Heartbeat, message: &Message, received: Timestamp, received_at: Instant) {
        for number in heartbeat.gone.iter() {
            let Some(sender) = self.hub.streams().left(number, received_at) else { continue };
            let (sender, account) = (Some(sender), LossStats::default());
            let item =
                Received { message: message.clone(), info: None, sender, account, received, received_at };
            let _ = self.hub.inbox.send_ordered(ITEM_COST, item); // without room, its silence tells
        }
    }

    /// Handles what the relay says about receipts.
    fn receipt(&self, receipt: &Receipt) {
        if let Some(wanted) = receipt.ask {
            self.lock().frame_acks.asked_for_receipts(wanted && self.hub.config.pacing);
        }
        self.writer.receipt_came(receipt);
    }

    /// Handles a complete frame.
    fn film(&self, frame: Message, took: Option<Duration>, received: Timestamp, received_at: Instant) {
        // First: the relay may be waiting for it.
        self.came(took, received_at);
        if !self.is_untold(received_at) {
            self.show(frame, received, received_at);
        }
        self.tell_credit();
    }

    /// Counts a received video frame, and sends a receipt if one is wanted, and a report if one is due.
    fn came(&self, took: Option<Duration>, now: Instant) {
        let mut inner = self.lock();
        let due = inner.frame_acks.came(now);
        let receipt = inner.frame_acks.receipt(took, now);
        drop(inner);
        self.hub.handling.credit().arrived(took);
        if let Some(receipt) = receipt {
            self.hub.counters.receipts_sent.fetch_add(1, Relaxed);
            self.writer.send_receipt(receipt);
        }
        if due {
            self.hub.outbox.send_urgent(Outbound::Heartbeat);
        }
    }

    /// Whether a frame was sent before our relay got the first heartbeat. Only afterwards does it number
    /// frames; before, the frame would seem to be a separate stream for a moment.
    fn is_untold(&self, now: Instant) -> bool {
        now.duration_since(self.began) < INTRODUCTION && !self.lock().introduced
    }

    /// Puts a frame into the inbox, unless newer ones of its stream came before it.
    fn show(&self, message: Message, received: Timestamp, received_at: Instant) {
        let mut info = FrameInfo::parse(message.description());
        if !self.lock().introduced {
            // A relay that does not know yet that this client is one of ours gives the frame as it came, perhaps from
            // another relay, by whose clock the offset is.
            (info.offset, info.within) = (None, None);
        }
        let Some((sender, account)) = self.hub.streams().frame(&info, received_at) else {
            self.hub.counters.frames_late.fetch_add(1, Relaxed);
            return;
        };
        let (id, info, sender) = (sender.id, Some(info), Some(sender));
        let message = as_written(message, sender.as_ref());
        let item = Received { message, info, sender, account, received, received_at };
        // No receiver, no loss.
        if self.hub.inbox.send_latest(id, item).unwrap_or(false) {
            self.hub.handling.credit().replaced();
        }
    }
}

/// Returns the message as its sender wrote it: without the relay's number, if it has one.
fn as_written(message: Message, sender: Option<&Peer>) -> Message {
    let numbered = sender.is_some_and(|sender| sender.peer.is_some());
    numbered.then(|| message.unnumbered()).flatten().unwrap_or(message)
}
