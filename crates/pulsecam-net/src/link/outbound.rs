//! Outgoing items, which become messages only when they are sent.

use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use tracing::warn;

use super::{Role, clock::Offset, session::Session};
use crate::{
    clock::{Timestamp, now},
    queue::{Dequeued, Priority},
    transport::WriteHooks,
    wire::{Fault, FrameInfo, Heartbeat, Message, Side},
};

/// An outgoing item, which becomes a message only when it is sent.
#[derive(Clone, Debug)]
pub(super) enum Outbound {
    Heartbeat,
    Message(Attempt),
    Frame { info: FrameInfo, jpeg: Bytes },
}

/// A message that must arrive, and the number of attempts.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) message: Message,
    pub(super) tries: u32,
}

/// Builds a frame's message, with the attributes that are known only when it is sent.
pub(super) fn video(
    info: &FrameInfo,
    jpeg: &Bytes,
    offset: Option<Offset>,
    out: u64,
) -> Result<Message, Fault> {
    let (within, offset) = (offset.map(|offset| offset.uncertainty), offset.map(|offset| offset.micros));
    let info = info.clone().with(|info| {
        info.sent = Some(Timestamp::now());
        info.offset = offset;
        info.within = within;
        info.out = Some(out);
    });
    Message::video(jpeg.clone(), &info)
}

impl WriteHooks<(), Outbound> for &Session<'_> {
    /// Sets the times as late as possible.
    fn prepare(&mut self, item: &Outbound) -> Option<Message> {
        match item {
            Outbound::Heartbeat => {
                let asked = Timestamp::now();
                self.lock().asked = asked;
                let config = &self.hub.config;
                let report =
                    config.report.map(|interval| u32::try_from(interval.as_millis()).unwrap_or(u32::MAX));
                let token = self.hub.token.filter(|_| !self.lock().introduced);
                let views = config.role.views();
                let receipts = config.pacing.then_some(true);
                let pieces = config.pieces && config.role != Role::Sender;
                let plain = Heartbeat::default().with(|beat| {
                    beat.t1 = Some(asked);
                    beat.views = views;
                    beat.report = report;
                    beat.token = token;
                    beat.receipts = receipts;
                    beat.pieces = pieces;
                });
                Some(self.lock().frame_acks.tell(plain, now()).to_message(Side::Client))
            }
            Outbound::Message(attempt) => Some(attempt.message.clone()),
            Outbound::Frame { info, jpeg } => {
                let offset = self.lock().offsets.best();
                let out = self.hub.counters.frames_sent.load(Relaxed);
                let message = video(info, jpeg, offset, out);
                message.inspect_err(|fault| warn!("a frame cannot be sent: {fault}")).ok()
            }
        }
    }

    fn started(&mut self, taken: &Dequeued<(), Outbound>, message: &Message) {
        match taken.priority {
            Priority::Urgent => {
                let mut inner = self.lock();
                let asked = inner.asked;
                inner.kept.unacked.heartbeat(asked, now());
            }
            Priority::Ordered(_) => {
                let mut inner = self.lock();
                inner.kept.unacked.message(taken.clone());
                // Doubtful messages are sent one by one, each after the one before it is confirmed, to find
                // one that the relay rejects.
                self.hub.outbox.hold_ordered(inner.kept.retrying > 0);
                drop(inner);
                self.confirm.notify_one();
            }
            Priority::Latest(()) => {
                if let Outbound::Frame { info, .. } = &taken.item {
                    self.hub.sent_frames().sent(info, message.wire_len(), now(), Timestamp::now());
                    self.hub.counters.frame_sent(info);
                }
            }
        }
    }

    /// Counts the progress of a full socket as a sign of life. A large message on a slow link takes longer
    /// than the timeout, and no heartbeat can pass it.
    fn progressed(&mut self) {
        self.hub.counters.written_on.fetch_add(1, Relaxed);
        self.lock().keep_alive.heard(now());
    }
}
