//! What happens while a client's mailbox is written: heartbeats get their contents, and messages are counted.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use super::{
    attendance::{Attendance, Due},
    backlog::Backlog,
    census::Meter,
    delivery::Delivery,
    event::ClientId,
    members::{Item, Member},
    room::Room,
};
use crate::{
    clock::{self, Timestamp},
    feedback::Receipts,
    fresh::{Lane, Taken},
    socket::Feed,
    sync::lock,
    wire::{Heartbeat, Message, Side},
};

/// The hooks of one client's writer.
pub(super) struct RoomHooks<'a> {
    room: &'a Room,
    id: ClientId,
    client: Arc<Attendance>,
    delivery: Arc<Mutex<Delivery>>,
    intake: Arc<Mutex<Receipts>>,
    backlog: Arc<Mutex<Backlog>>,
    behind: Arc<AtomicUsize>,
    got: Arc<Meter>,
    /// The contents of the heartbeat that is about to be sent; it may have to wait.
    due: Due,
}

impl<'a> RoomHooks<'a> {
    pub(super) fn new(room: &'a Room, member: &Member) -> Self {
        Self {
            room,
            id: member.id,
            client: Arc::clone(&member.attendance),
            delivery: Arc::clone(&member.delivery),
            intake: Arc::clone(&member.intake),
            backlog: Arc::clone(&member.backlog),
            behind: Arc::clone(&member.behind),
            got: Arc::clone(&member.got),
            due: Due::default(),
        }
    }
}

impl Feed<ClientId, Item> for RoomHooks<'_> {
    fn prepare(&mut self, item: &Item) -> Option<Message> {
        if let Item::Message(message, _) | Item::Ordered { message, .. } = item {
            return if self.client.is_ours() { self.room.checked(message) } else { Some(message.clone()) };
        }
        self.due = self.due.and(self.client.take());
        let Due { answer, report, alive, notice: _ } = self.due;
        if self.due == Due::default() {
            return None;
        }
        let told = if report { self.room.report(self.id, &self.intake) } else { Heartbeat::default() };
        let answer = answer.unwrap_or_default();
        let viewers = self.room.viewers_for(&self.client, alive);
        if let Some(viewers) = viewers {
            self.client.told(viewers);
        }
        let heartbeat = Heartbeat {
            t1: answer.t1,
            t2: answer.t2,
            t3: answer.t2.map(|_| Timestamp::now()).or(told.t3),
            viewers,
            report: answer.report,
            silence: answer.t1.map(|_| self.room.shared.config.silence_millis()),
            epoch: answer.epoch,
            ..told
        };
        Some(heartbeat.to_message(Side::Relay))
    }

    fn started(&mut self, taken: &Taken<ClientId, Item>, message: &Message) {
        if taken.lane == Lane::Urgent {
            self.due = Due::default();
            return;
        }
        self.room.shared.count_out(message);
        if self.room.shared.config.watcher.is_some() {
            self.got.count(message);
        }
        match (&taken.lane, &taken.item) {
            (Lane::Fresh(from), Item::Message(_, came)) => lock(&self.delivery).given(*from, *came),
            (Lane::Ordered(bytes), Item::Ordered { from, .. }) => {
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
