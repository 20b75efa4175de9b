//! Texts and images for another relay, until it has confirmed them.
//!
//! They are numbered from 1, in their order. A link that was cut begins again with the first that is not confirmed;
//! the other relay recognises what it had ([`Arrivals`](super::Arrivals)). So each comes once, and in order.

use std::collections::VecDeque;

/// The most bytes under way without a confirmation. As many again are sent a second time after a cut: on a slow link
/// of 1.5 MB/s, that is less than a second. A larger message goes alone.
const WINDOW_BYTES: usize = 1 << 20;

/// The most messages under way: confirmations come each round trip, and 10,000 a second are all that a client may send.
const WINDOW: usize = 4096;

/// The memory of a message besides its bytes. Without it, a flood of tiny messages would take ten times the budget.
const ITEM_COST: usize = 256;

/// The messages for one relay in one room.
#[derive(Debug)]
pub struct Ledger<T> {
    waiting: VecDeque<Entry<T>>,
    /// The number of the first one that waits.
    first: u64,
    /// How many of them are under way on the current connection, and their bytes.
    under_way: usize,
    under_way_bytes: usize,
    bytes: usize,
    budget: usize,
    refused: u64,
}

#[derive(Debug)]
struct Entry<T> {
    item: T,
    bytes: usize,
}

/// The error for a message that would exceed the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {budget} bytes of text and images wait for another relay")]
pub struct LedgerFull {
    /// The most bytes that may wait.
    pub budget: usize,
}

impl<T> Ledger<T> {
    /// Creates a ledger that keeps at most `budget` bytes.
    #[must_use]
    pub const fn new(budget: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            first: 1,
            under_way: 0,
            under_way_bytes: 0,
            bytes: 0,
            budget,
            refused: 0,
        }
    }

    /// The number of the next message that is added.
    #[must_use]
    pub fn following(&self) -> u64 {
        self.first + self.waiting.len() as u64
    }

    /// Adds a message of this size; returns its number.
    ///
    /// # Errors
    /// [`LedgerFull`]. Rather than an older one, the newest message is lost: so there is no gap in the numbers, and
    /// what comes late is complete up to a point.
    pub fn add(&mut self, item: T, bytes: usize) -> Result<u64, LedgerFull> {
        let bytes = bytes.saturating_add(ITEM_COST);
        if self.bytes.saturating_add(bytes) > self.budget {
            return Err(self.refuse());
        }
        let number = self.following();
        self.bytes += bytes;
        self.waiting.push_back(Entry { item, bytes });
        Ok(number)
    }

    /// Refuses a message for which there is no memory, in place of [`Self::add`].
    pub const fn refuse(&mut self) -> LedgerFull {
        self.refused += 1;
        LedgerFull { budget: self.budget }
    }

    /// All messages that wait, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.waiting.iter_mut().map(|entry| &mut entry.item)
    }

    /// The next message to be written and its number, if the window has room for it.
    #[must_use]
    pub fn next(&self) -> Option<(u64, &T)> {
        let entry = self.waiting.get(self.under_way)?;
        let is_open =
            self.under_way < WINDOW && self.under_way_bytes.saturating_add(entry.bytes) <= WINDOW_BYTES;
        (is_open || self.under_way == 0).then_some((self.first + self.under_way as u64, &entry.item))
    }

    /// Records that the writing of the next message has begun.
    pub fn started(&mut self) {
        if let Some(entry) = self.waiting.get(self.under_way) {
            self.under_way += 1;
            self.under_way_bytes += entry.bytes;
        }
    }

    /// Records that the other relay has all up to this number. It cannot confirm what was not sent.
    pub fn confirmed(&mut self, number: u64) {
        let count = number.saturating_add(1).saturating_sub(self.first);
        let count = usize::try_from(count).unwrap_or(usize::MAX).min(self.under_way);
        for entry in self.waiting.drain(..count) {
            self.bytes -= entry.bytes;
            self.under_way_bytes -= entry.bytes;
        }
        self.under_way -= count;
        self.first += count as u64;
    }

    /// Records that there is a new connection: all that is not confirmed has to be sent on it.
    pub const fn reconnected(&mut self) {
        (self.under_way, self.under_way_bytes) = (0, 0);
    }

    /// Whether a confirmation is missing.
    #[must_use]
    pub const fn is_unconfirmed(&self) -> bool {
        self.under_way > 0
    }

    /// The number of messages that wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The bytes of those that wait.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The number of messages that were refused.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
