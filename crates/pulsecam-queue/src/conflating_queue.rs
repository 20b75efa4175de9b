//! The policy of what waits and what goes next, as plain data.

use std::collections::VecDeque;

/// The most streams that can wait in one queue. One frame of each is held; the limit keeps a peer that
/// invents a new stream name for each frame from filling memory. A screen with more pictures is unreadable
/// anyway. Their bytes have a separate limit ([`ConflatingQueue::with_latest_budget`]).
pub const MAX_KEYS: usize = 256;

/// The capacity of the ordered lane that is kept when it is empty. After a flood, 100,000 places would be
/// megabytes.
const KEPT_PLACES: usize = 64;

/// The error for an ordered item that does not fit the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{waiting} bytes are already waiting, and {refused} more would exceed the limit of {budget}")]
#[non_exhaustive]
pub struct Full {
    /// Bytes that wait.
    pub waiting: usize,
    /// Bytes of the item that was refused.
    pub refused: usize,
    /// The limit.
    pub budget: usize,
}

/// The lane that an item came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// Exhaustive: a receiver may have to handle each differently.
pub enum Priority<K> {
    /// Before all others, only the newest: answers to heartbeats.
    Urgent,
    /// In order, never dropped; the number is its cost in bytes.
    Ordered(usize),
    /// The newest of each key.
    Latest(K),
}

/// An item that was taken out, with its lane, so that it can be put back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dequeued<K, T> {
    /// Its priority.
    pub priority: Priority<K>,
    /// The item.
    pub item: T,
}

/// A queue with three priorities: urgent before ordered before latest.
#[derive(Debug)]
pub struct ConflatingQueue<K, T> {
    urgent: Option<T>,
    ordered: VecDeque<(usize, T)>,
    ordered_bytes: usize,
    budget: usize,
    held: bool,
    latest_held: bool,
    latest: VecDeque<(K, T)>,
    latest_bytes: usize,
    latest_budget: usize,
    weigh: fn(&T) -> usize,
    replaced: u64,
}

impl<K, T> ConflatingQueue<K, T> {
    /// Takes out all items, held or not, so that they can be dropped.
    pub fn drain_all(&mut self) -> impl Iterator<Item = T> + use<K, T> {
        self.ordered_bytes = 0;
        let ordered = std::mem::take(&mut self.ordered).into_iter().map(|(_, item)| item);
        let latest = std::mem::take(&mut self.latest).into_iter().map(|(_, item)| item);
        self.urgent.take().into_iter().chain(ordered).chain(latest)
    }
}

impl<K: PartialEq, T> ConflatingQueue<K, T> {
    /// Creates an empty queue; `budget` limits the ordered bytes.
    #[must_use]
    pub const fn new(budget: usize) -> Self {
        Self {
            urgent: None,
            ordered: VecDeque::new(),
            ordered_bytes: 0,
            budget,
            held: false,
            latest_held: false,
            latest: VecDeque::new(),
            latest_bytes: 0,
            latest_budget: usize::MAX,
            weigh: |_| 0,
            replaced: 0,
        }
    }

    /// Limits the bytes of the frames that wait, as measured by `weigh`. Beyond it, the frames that have
    /// waited longest are dropped and count as replaced; one frame is always accepted.
    #[must_use]
    pub fn with_latest_budget(self, budget: usize, weigh: fn(&T) -> usize) -> Self {
        Self { latest_budget: budget, weigh, ..self }
    }

    /// Puts an item before all others, and replaces an urgent one that still waits.
    pub fn push_urgent(&mut self, item: T) {
        self.urgent = Some(item);
    }

    /// Puts an item behind the other ordered ones. If nothing waits, an item of any size is accepted, because
    /// it delays nothing.
    ///
    /// # Errors
    /// [`Full`] if the bytes that wait would exceed the budget; the item is dropped.
    pub fn push_ordered(&mut self, bytes: usize, item: T) -> Result<(), Full> {
        let waiting = self.ordered_bytes;
        if waiting > 0 && waiting.saturating_add(bytes) > self.budget {
            return Err(Full { waiting, refused: bytes, budget: self.budget });
        }
        self.ordered_bytes = waiting.saturating_add(bytes);
        self.ordered.push_back((bytes, item));
        Ok(())
    }

    /// Adds a frame; it replaces the waiting one of the same key and takes its turn. Returns `true` if any
    /// frame was replaced or dropped.
    pub fn push_latest(&mut self, key: K, item: T) -> bool {
        let before = self.replaced;
        let bytes = (self.weigh)(&item);
        let at = match self.latest.iter().position(|(waiting, _)| *waiting == key) {
            Some(at) => {
                let old = std::mem::replace(&mut self.latest[at].1, item);
                self.latest_bytes -= (self.weigh)(&old);
                self.replaced += 1;
                at
            }
            None => {
                if self.latest.len() >= MAX_KEYS {
                    self.evict(0);
                }
                self.latest.push_back((key, item));
                self.latest.len() - 1
            }
        };
        self.latest_bytes = self.latest_bytes.saturating_add(bytes);
        self.keep_budget(at);
        self.replaced > before
    }

    /// Drops the frames that have waited longest until the budget is kept; the one at `kept` stays.
    fn keep_budget(&mut self, mut kept: usize) {
        while self.latest_bytes > self.latest_budget && self.latest.len() > 1 {
            let first = usize::from(kept == 0);
            self.evict(first);
            kept = kept.saturating_sub(1 - first);
        }
    }

    fn evict(&mut self, at: usize) {
        if let Some((_, old)) = self.latest.remove(at) {
            self.latest_bytes -= (self.weigh)(&old);
            self.replaced += 1;
        }
    }

    /// Takes the next item.
    pub fn pop(&mut self) -> Option<Dequeued<K, T>> {
        if let Some(item) = self.urgent.take() {
            return Some(Dequeued { priority: Priority::Urgent, item });
        }
        if let Some(taken) = self.pop_ordered(usize::MAX) {
            return Some(taken);
        }
        if self.latest_held {
            return None;
        }
        let (key, item) = self.latest.pop_front()?;
        self.latest_bytes -= (self.weigh)(&item);
        Some(Dequeued { priority: Priority::Latest(key), item })
    }

    /// Takes the next item if it is ordered and has at most `most` bytes. It can then be sent together with
    /// another.
    pub fn pop_ordered(&mut self, most: usize) -> Option<Dequeued<K, T>> {
        if self.held || self.urgent.is_some() {
            return None;
        }
        self.ordered.front().filter(|(bytes, _)| *bytes <= most)?;
        let (bytes, item) = self.ordered.pop_front()?;
        self.ordered_bytes -= bytes;
        if self.ordered.is_empty() {
            self.ordered.shrink_to(KEPT_PLACES);
        }
        Some(Dequeued { priority: Priority::Ordered(bytes), item })
    }

    /// Puts back an item that could not be started; it goes next. If the lane keeps only the newest and a
    /// newer one has come, that one wins.
    pub fn requeue(&mut self, taken: Dequeued<K, T>) {
        match taken.priority {
            Priority::Urgent => {
                self.urgent.get_or_insert(taken.item);
            }
            Priority::Ordered(bytes) => {
                self.ordered_bytes = self.ordered_bytes.saturating_add(bytes);
                self.ordered.push_front((bytes, taken.item));
            }
            Priority::Latest(key) => match self.latest.iter().position(|(waiting, _)| *waiting == key) {
                Some(newer) => {
                    self.replaced += 1;
                    if let Some(newer) = self.latest.remove(newer) {
                        self.latest.push_front(newer);
                    }
                }
                None => {
                    self.latest_bytes = self.latest_bytes.saturating_add((self.weigh)(&taken.item));
                    self.latest.push_front((key, taken.item));
                    self.keep_budget(0);
                }
            },
        }
    }

    /// Holds the ordered lane, or releases it; the others are not affected.
    pub const fn hold_ordered(&mut self, held: bool) {
        self.held = held;
    }

    /// Holds the latest frames, or releases them; the other lanes are not affected. Held frames are replaced
    /// as always.
    pub const fn hold_latest(&mut self, held: bool) {
        self.latest_held = held;
    }

    /// Whether an item can be taken now.
    #[must_use]
    pub fn has_next(&self) -> bool {
        self.urgent.is_some()
            || (!self.held && !self.ordered.is_empty())
            || (!self.latest_held && !self.latest.is_empty())
    }

    /// Drops the waiting frames, and returns how many: after an outage they are too old.
    pub fn clear_latest(&mut self) -> usize {
        let forgotten = self.latest.len();
        self.latest.clear();
        self.latest_bytes = 0;
        forgotten
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.urgent.is_none() && self.ordered.is_empty() && self.latest.is_empty()
    }

    /// The number of frames replaced since the beginning.
    #[must_use]
    pub const fn replaced(&self) -> u64 {
        self.replaced
    }

    /// The number of frames that wait.
    #[must_use]
    pub fn latest_len(&self) -> usize {
        self.latest.len()
    }

    /// The number of bytes in the ordered lane.
    #[must_use]
    pub const fn ordered_bytes(&self) -> usize {
        self.ordered_bytes
    }

    /// The number of bytes of the waiting frames; 0 without [`Self::with_latest_budget`].
    #[must_use]
    pub const fn latest_bytes(&self) -> usize {
        self.latest_bytes
    }
}

#[cfg(test)]
#[path = "conflating_queue_tests.rs"]
mod tests;
