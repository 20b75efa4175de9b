//! Messages that go out in one write: one, or several small ordered ones that wait behind each other.

use bytes::{Buf, BufMut, Bytes, BytesMut, buf::Chain};

use super::WriteHooks;
use crate::{
    queue::{Dequeued, Priority, Receiver},
    wire::Message,
};

/// The most bytes that are joined. This is half of what the kernel may hold unsent, so that an answer to a
/// heartbeat waits for no more than that.
const MAX_JOINED: usize = super::NOTSENT_LOWAT as usize / 2;

/// The largest message that is joined to others, in bytes. A larger one costs more to copy than to write
/// separately.
const SMALL: usize = 1 << 10;

/// The messages that are written next.
#[derive(Debug)]
pub(super) struct Batch<K, T> {
    first: (Dequeued<K, T>, Message),
    more: Vec<(Dequeued<K, T>, Message)>,
    length: usize,
}

impl<K: PartialEq, T> Batch<K, T> {
    pub(super) fn new(taken: Dequeued<K, T>, message: Message) -> Self {
        Self { length: message.wire_len(), first: (taken, message), more: Vec::new() }
    }

    /// Adds the small ordered messages that wait behind the first.
    pub(super) fn fill(&mut self, waiting: &mut Receiver<K, T>, hooks: &mut impl WriteHooks<K, T>) {
        if !matches!(self.first.0.priority, Priority::Ordered(_)) || self.length > SMALL {
            return;
        }
        while self.length + SMALL <= MAX_JOINED
            && let Some(taken) = waiting.try_recv_ordered(SMALL)
        {
            if let Some(message) = hooks.prepare(&taken.item) {
                self.length += message.wire_len();
                self.more.push((taken, message));
            }
        }
    }

    /// The total number of bytes.
    pub(super) const fn wire_len(&self) -> usize {
        self.length
    }

    pub(super) fn to_buf(&self) -> Chain<Bytes, Bytes> {
        if self.more.is_empty() {
            return self.first.1.to_buf();
        }
        let mut joined = BytesMut::with_capacity(self.length);
        self.for_each(|_, message| joined.put(message.to_buf()));
        joined.freeze().chain(Bytes::new())
    }

    pub(super) fn for_each(&self, mut each: impl FnMut(&Dequeued<K, T>, &Message)) {
        for (taken, message) in std::iter::once(&self.first).chain(&self.more) {
            each(taken, message);
        }
    }

    /// Returns all of it to the queue, as the next, because none of it was written.
    pub(super) fn requeue(self, waiting: &mut Receiver<K, T>) {
        for (taken, _) in self.more.into_iter().rev() {
            waiting.requeue(taken);
        }
        waiting.requeue(self.first.0);
    }
}
