//! What happens while a client's mailbox is written: heartbeats get their contents, and messages are counted.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use super::{
    backlog::Backlog,
    delivery_delay::DeliveryDelay,
    event::ClientId,
    mailbox::Item,
    members::Member,
    presence::{PendingHeartbeat, Presence},
    room::Room,
    stats::TrafficCounter,
};
use crate::{
    clock::{self, Timestamp},
    feedback::FrameAcks,
    queue::{Dequeued, Priority},
    sync::lock,
    transport::WriteHooks,
    wire::{Heartbeat, Message, Side},
};

/// The hooks of one client's writer.
pub(super) struct RoomHooks<'a> {
    room: &'a Room,
    id: ClientId,
    client: Arc<Presence>,
    delivery: Arc<Mutex<DeliveryDelay>>,
    intake: Arc<Mutex<FrameAcks>>,
    backlog: Arc<Mutex<Backlog>>,
    behind: Arc<AtomicUsize>,
    got: Arc<TrafficCounter>,
    /// The contents of the heartbeat that is about to be sent; it may have to wait.
    due: PendingHeartbeat,
}

impl<'a> RoomHooks<'a> {
    pub(super) fn new(room: &'a Room, member: &Member) -> Self {
        Self {
            room,
            id: member.id,
            client: Arc::clone(&member.presence),
            delivery: Arc::clone(&member.delivery),
            intake: Arc::clone(&member.intake),
            backlog: Arc::clone(&member.backlog),
            behind: Arc::clone(&member.behind),
            got: Arc::clone(&member.got),
            due: PendingHeartbeat::default(),
        }
    }
}

impl WriteHooks<ClientId, Item> for RoomHooks<'_> {
    fn prepare(&mut self, item: &Item) -> Option<Message> {
        if let Item::Message(message, _) | Item::Ordered { message, .. } = item {
            return if self.client.is_pulsecam() {
                self.room.checked(message)
            } else {
                Some(message.clone())
            };
        }
        if let Item::Piece { piece, .. } = item {
            return Some(piece.clone());
        }
        self.due = self.due.and(self.client.take());
        let PendingHeartbeat { answer, report, alive, gone, notice: _ } = self.due;
        if self.due == PendingHeartbeat::default() {
            return None;
        }
        let told = if report { self.room.report(self.id, &self.intake) } else { Heartbeat::default() };
        let answer = answer.unwrap_or_default();
        // With the number of viewers, it is not taken for an answer.
        let viewers = self.room.viewers_for(&self.client, alive || !gone.is_empty());
        if let Some(viewers) = viewers {
            self.client.told(viewers);
        }
        let heartbeat = told.with(|beat| {
            beat.t1 = answer.t1;
            beat.t2 = answer.t2;
            beat.t3 = answer.t2.map(|_| Timestamp::now()).or(beat.t3);
            beat.viewers = viewers;
            beat.report = answer.report;
            beat.silence = answer.t1.map(|_| self.room.shared.config.silence_millis());
            beat.epoch = answer.epoch;
            beat.web = answer.t1.and_then(|_| self.room.shared.page());
            beat.receipts = answer.receipts;
            beat.gone = gone;
        });
        Some(match answer.t1 {
            Some(_) => heartbeat.to_message_with(Side::Relay, &self.room.other_relays()),
            None => heartbeat.to_message(Side::Relay),
        })
    }

    fn started(&mut self, taken: &Dequeued<ClientId, Item>, message: &Message) {
        if taken.priority == Priority::Urgent {
            self.due = PendingHeartbeat::default();
            return;
        }
        let message = match &taken.item {
            Item::Piece { ends: None, .. } => return,
            // Counted as the frame that is complete with it.
            Item::Piece { ends: Some((whole, came)), from, .. } => {
                lock(&self.delivery).forwarded(*from, *came);
                whole
            }
            _ => message,
        };
        self.room.count_out(message);
        if self.room.shared.watches {
            self.got.count(message);
        }
        match (&taken.priority, &taken.item) {
            (Priority::Latest(from), Item::Message(_, came)) => lock(&self.delivery).forwarded(*from, *came),
            (Priority::Ordered(bytes), Item::Ordered { from, .. }) => {
                let mut backlog = lock(&self.backlog);
                backlog.remove(*from, *bytes);
                self.behind.store(backlog.items(), Relaxed);
            }
            _ => {}
        }
    }

    fn wrote(&mut self, bytes: usize) {
        if self.behind.load(Relaxed) > 0 {
            lock(&self.backlog).took(bytes);
        }
    }

    fn joins(&self) -> bool {
        true
    }

    fn finished(&mut self) {
        lock(&self.delivery).written(clock::now());
    }
}
