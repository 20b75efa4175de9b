//! A bounded queue for the window: the oldest items give way.

use std::collections::VecDeque;

/// Items in order, bounded in number and in bytes.
#[derive(Debug)]
pub(super) struct BoundedQueue<T> {
    most: usize,
    most_bytes: usize,
    bytes: usize,
    items: VecDeque<(usize, T)>,
}

impl<T> BoundedQueue<T> {
    /// An empty queue.
    pub(super) const fn new(most: usize, most_bytes: usize) -> Self {
        Self { most, most_bytes, bytes: 0, items: VecDeque::new() }
    }

    /// Adds an item of this size. Returns the items that had to give way; never the new one, however large it
    /// is.
    pub(super) fn push(&mut self, bytes: usize, item: T) -> Vec<T> {
        let mut gone = Vec::new();
        while self.items.len() >= self.most || self.bytes.saturating_add(bytes) > self.most_bytes {
            let Some((freed, first)) = self.items.pop_front() else { break };
            self.bytes -= freed;
            gone.push(first);
        }
        self.bytes += bytes;
        self.items.push_back((bytes, item));
        gone
    }

    /// Removes the first item that matches.
    pub(super) fn take(&mut self, which: impl Fn(&T) -> bool) -> Option<T> {
        let at = self.items.iter().position(|(_, item)| which(item))?;
        let (bytes, item) = self.items.remove(at)?;
        self.bytes -= bytes;
        Some(item)
    }

    /// Removes all items.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = T> {
        self.bytes = 0;
        self.items.drain(..).map(|(_, item)| item)
    }

    #[cfg(test)]
    fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_gives_way_above_either_limit() {
        let mut waiting = BoundedQueue::new(3, 100);
        assert!(waiting.push(10, 'a').is_empty());
        assert!(waiting.push(60, 'b').is_empty());
        assert_eq!(waiting.push(40, 'c'), ['a']);
        assert_eq!(waiting.push(90, 'd'), ['b', 'c']);
        assert_eq!(waiting.push(1_000, 'e'), ['d'], "the newest stays, however large");
        assert_eq!(waiting.push(0, 'f'), ['e']);
        assert!(waiting.push(0, 'g').is_empty() && waiting.push(0, 'h').is_empty());
        assert_eq!(waiting.push(0, 'i'), ['f'], "too many");
        assert_eq!(waiting.take(|item| *item == 'h'), Some('h'));
        assert_eq!(waiting.take(|item| *item == 'h'), None);
        assert_eq!(waiting.drain().collect::<String>(), "gi");
        assert!(waiting.is_empty() && waiting.bytes == 0);
    }
}
