//! What waits, and what goes next: a pure policy.

use std::collections::VecDeque;

/// Streams that can wait in one hand-over. One frame of each is held, so that a peer that invents a new stream name for each frame
/// does not fill memory with names; a screen with more pictures is unreadable anyway. Their bytes have a limit of their own
/// ([`Lanes::with_fresh`]).
pub const MAX_KEYS: usize = 256;

/// Places in the ordered lane that are kept when it is empty. A flood makes room for a hundred thousand, which is megabytes.
const KEPT_PLACES: usize = 64;

/// An ordered item that does not fit the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{waiting} bytes wait already and {refused} more would pass the limit of {budget}")]
pub struct Full {
    /// Bytes that wait.
    pub waiting: usize,
    /// Bytes of the item that was refused.
    pub refused: usize,
    /// The limit.
    pub budget: usize,
}

/// Which lane an item came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane<K> {
    /// First of all, the newest only: answers to heartbeats.
    Urgent,
    /// In order, never dropped; the number is its cost in bytes.
    Ordered(usize),
    /// The newest of each key.
    Fresh(K),
}

/// An item that was taken out, and where it came from, so that it can be put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken<K, T> {
    /// Its lane.
    pub lane: Lane<K>,
    /// The item.
    pub item: T,
}

/// Three lanes: urgent before ordered before fresh.
#[derive(Debug)]
pub struct Lanes<K, T> {
    urgent: Option<T>,
    ordered: VecDeque<(usize, T)>,
    ordered_bytes: usize,
    budget: usize,
    held: bool,
    fresh: VecDeque<(K, T)>,
    fresh_bytes: usize,
    fresh_budget: usize,
    weigh: fn(&T) -> usize,
    replaced: u64,
}

impl<K, T> Lanes<K, T> {
    /// Takes out all that waits, whatever is held, so that it can be dropped.
    pub fn take_all(&mut self) -> impl Iterator<Item = T> + use<K, T> {
        self.ordered_bytes = 0;
        let ordered = std::mem::take(&mut self.ordered).into_iter().map(|(_, item)| item);
        let fresh = std::mem::take(&mut self.fresh).into_iter().map(|(_, item)| item);
        self.urgent.take().into_iter().chain(ordered).chain(fresh)
    }
}

impl<K: PartialEq, T> Lanes<K, T> {
    /// Empty lanes; `budget` bounds the bytes that may wait in order.
    #[must_use]
    pub const fn new(budget: usize) -> Self {
        Self {
            urgent: None,
            ordered: VecDeque::new(),
            ordered_bytes: 0,
            budget,
            held: false,
            fresh: VecDeque::new(),
            fresh_bytes: 0,
            fresh_budget: usize::MAX,
            weigh: |_| 0,
            replaced: 0,
        }
    }

    /// The same with a limit to the bytes of the frames that wait, which `weigh` tells. Past it, the frames that have waited
    /// longest give way and count as replaced; one frame is always taken.
    #[must_use]
    pub fn with_fresh(self, budget: usize, weigh: fn(&T) -> usize) -> Self {
        Self { fresh_budget: budget, weigh, ..self }
    }

    /// Puts an item before all others, in place of an urgent one that still waits.
    pub fn push_urgent(&mut self, item: T) {
        self.urgent = Some(item);
    }

    /// Puts an item behind the other ordered ones. Where nothing waits, any item is taken: one that is larger than the budget
    /// is not late, only large.
    ///
    /// # Errors
    /// [`Full`] where the bytes that wait would pass the budget; the item is dropped.
    pub fn push_ordered(&mut self, bytes: usize, item: T) -> Result<(), Full> {
        let waiting = self.ordered_bytes;
        if waiting > 0 && waiting.saturating_add(bytes) > self.budget {
            return Err(Full { waiting, refused: bytes, budget: self.budget });
        }
        self.ordered_bytes = waiting.saturating_add(bytes);
        self.ordered.push_back((bytes, item));
        Ok(())
    }

    /// Puts a frame in, in place of the waiting one of the same key, whose turn it keeps; `true` if one was replaced, or others gave
    /// way to it.
    pub fn push_fresh(&mut self, key: K, item: T) -> bool {
        let before = self.replaced;
        let bytes = (self.weigh)(&item);
        let at = match self.fresh.iter().position(|(waiting, _)| *waiting == key) {
            Some(at) => {
                let old = std::mem::replace(&mut self.fresh[at].1, item);
                self.fresh_bytes -= (self.weigh)(&old);
                self.replaced += 1;
                at
            }
            None => {
                if self.fresh.len() >= MAX_KEYS {
                    self.evict(0);
                }
                self.fresh.push_back((key, item));
                self.fresh.len() - 1
            }
        };
        self.fresh_bytes = self.fresh_bytes.saturating_add(bytes);
        self.keep_budget(at);
        self.replaced > before
    }

    /// Lets frames go, those first that have waited longest, until the budget is kept; the one at `kept` stays.
    fn keep_budget(&mut self, mut kept: usize) {
        while self.fresh_bytes > self.fresh_budget && self.fresh.len() > 1 {
            let first = usize::from(kept == 0);
            self.evict(first);
            kept = kept.saturating_sub(1 - first);
        }
    }

    fn evict(&mut self, at: usize) {
        if let Some((_, old)) = self.fresh.remove(at) {
            self.fresh_bytes -= (self.weigh)(&old);
            self.replaced += 1;
        }
    }

    /// Takes what goes next.
    pub fn pop(&mut self) -> Option<Taken<K, T>> {
        if let Some(item) = self.urgent.take() {
            return Some(Taken { lane: Lane::Urgent, item });
        }
        if let Some(taken) = self.pop_ordered(usize::MAX) {
            return Some(taken);
        }
        let (key, item) = self.fresh.pop_front()?;
        self.fresh_bytes -= (self.weigh)(&item);
        Some(Taken { lane: Lane::Fresh(key), item })
    }

    /// Takes what goes next if it is an ordered item of at most `most` bytes: it may be sent together with another.
    pub fn pop_ordered(&mut self, most: usize) -> Option<Taken<K, T>> {
        if self.held || self.urgent.is_some() {
            return None;
        }
        self.ordered.front().filter(|(bytes, _)| *bytes <= most)?;
        let (bytes, item) = self.ordered.pop_front()?;
        self.ordered_bytes -= bytes;
        if self.ordered.is_empty() {
            self.ordered.shrink_to(KEPT_PLACES);
        }
        Some(Taken { lane: Lane::Ordered(bytes), item })
    }

    /// Puts back, as the next, what was taken and could not be started; a newer one that came in the
    /// meantime wins where the lane says so.
    pub fn put_back(&mut self, taken: Taken<K, T>) {
        match taken.lane {
            Lane::Urgent => {
                self.urgent.get_or_insert(taken.item);
            }
            Lane::Ordered(bytes) => {
                self.ordered_bytes = self.ordered_bytes.saturating_add(bytes);
                self.ordered.push_front((bytes, taken.item));
            }
            Lane::Fresh(key) => match self.fresh.iter().position(|(waiting, _)| *waiting == key) {
                Some(newer) => {
                    self.replaced += 1;
                    if let Some(newer) = self.fresh.remove(newer) {
                        self.fresh.push_front(newer);
                    }
                }
                None => {
                    self.fresh_bytes = self.fresh_bytes.saturating_add((self.weigh)(&taken.item));
                    self.fresh.push_front((key, taken.item));
                    self.keep_budget(0);
                }
            },
        }
    }

    /// Keeps the ordered lane shut, or opens it again; the others go on.
    pub const fn hold_ordered(&mut self, held: bool) {
        self.held = held;
    }

    /// Whether there is something to take now.
    #[must_use]
    pub fn has_next(&self) -> bool {
        self.urgent.is_some() || (!self.held && !self.ordered.is_empty()) || !self.fresh.is_empty()
    }

    /// Forgets the frames that wait, and says how many: after an outage they are too old to be news.
    pub fn clear_fresh(&mut self) -> usize {
        let forgotten = self.fresh.len();
        self.fresh.clear();
        self.fresh_bytes = 0;
        forgotten
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.urgent.is_none() && self.ordered.is_empty() && self.fresh.is_empty()
    }

    /// Frames that a newer one replaced, since the beginning.
    #[must_use]
    pub const fn replaced(&self) -> u64 {
        self.replaced
    }

    /// Bytes that wait in order.
    #[must_use]
    pub const fn ordered_bytes(&self) -> usize {
        self.ordered_bytes
    }

    /// Bytes of the frames that wait; 0 without [`Self::with_fresh`].
    #[must_use]
    pub const fn fresh_bytes(&self) -> usize {
        self.fresh_bytes
    }
}

#[cfg(test)]
#[path = "lanes_tests.rs"]
mod tests;
