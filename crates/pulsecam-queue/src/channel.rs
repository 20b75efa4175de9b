//! [`ConflatingQueue`] between threads or tasks: senders never wait, the one receiver does.
//!
//! The receiver may be a task (`recv`) or a thread (`recv_timeout`): sources and codecs run on threads, link
//! and relay in tasks, and frames cross between them.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use super::{ConflatingQueue, Dequeued, Full};

/// The other end was dropped: nobody will receive, or nobody will send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the other end is gone")]
pub struct Closed;

#[derive(Debug)]
struct State<K, T> {
    queue: ConflatingQueue<K, T>,
    senders: usize,
    received: bool,
    /// Whether a thread waits: waking one is a system call even if none waits.
    thread_waits: bool,
}

#[derive(Debug)]
struct Shared<K, T> {
    state: Mutex<State<K, T>>,
    task: Notify,
    thread: Condvar,
}

impl<K, T> Shared<K, T> {
    /// Locks the state, ignoring poisoning. No code panics while it holds the lock, and the state is
    /// consistent between any two statements.
    fn lock(&self) -> MutexGuard<'_, State<K, T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Unlocks the state, then wakes the receiver.
    fn wake(&self, mut state: MutexGuard<'_, State<K, T>>) {
        let thread_waits = std::mem::take(&mut state.thread_waits);
        drop(state);
        self.task.notify_one();
        if thread_waits {
            self.thread.notify_one();
        }
    }
}

/// The sending end; clones send to the same receiver.
#[derive(Debug)]
pub struct Sender<K, T>(Arc<Shared<K, T>>);

/// The receiving end.
#[derive(Debug)]
pub struct Receiver<K, T>(Arc<Shared<K, T>>);

/// Creates a queue whose ordered lane holds up to `budget` bytes.
#[must_use]
pub fn channel<K: PartialEq, T>(budget: usize) -> (Sender<K, T>, Receiver<K, T>) {
    channel_with(ConflatingQueue::new(budget))
}

/// Creates a channel around this queue.
#[must_use]
pub fn channel_with<K: PartialEq, T>(queue: ConflatingQueue<K, T>) -> (Sender<K, T>, Receiver<K, T>) {
    let shared = Arc::new(Shared {
        state: Mutex::new(State { queue, senders: 1, received: true, thread_waits: false }),
        task: Notify::new(),
        thread: Condvar::new(),
    });
    (Sender(Arc::clone(&shared)), Receiver(shared))
}

impl<K: PartialEq, T> Sender<K, T> {
    /// See [`ConflatingQueue::push_urgent`].
    pub fn send_urgent(&self, item: T) {
        let mut state = self.0.lock();
        if !state.received {
            return;
        }
        state.queue.push_urgent(item);
        self.0.wake(state);
    }

    /// See [`ConflatingQueue::push_ordered`].
    ///
    /// # Errors
    /// [`Full`]; the item is dropped.
    pub fn send_ordered(&self, bytes: usize, item: T) -> Result<(), Full> {
        let mut state = self.0.lock();
        if !state.received {
            return Ok(()); // nobody will receive it, so it is dropped
        }
        let result = state.queue.push_ordered(bytes, item);
        self.0.wake(state);
        result
    }

    /// See [`ConflatingQueue::push_latest`]. Returns `Ok(true)` if a waiting frame was replaced.
    ///
    /// # Errors
    /// [`Closed`] if the receiver was dropped, so that a source can stop.
    pub fn send_latest(&self, key: K, item: T) -> Result<bool, Closed> {
        let mut state = self.0.lock();
        if !state.received {
            return Err(Closed);
        }
        let replaced = state.queue.push_latest(key, item);
        self.0.wake(state);
        Ok(replaced)
    }

    /// See [`ConflatingQueue::hold_ordered`].
    pub fn hold_ordered(&self, held: bool) {
        let mut state = self.0.lock();
        state.queue.hold_ordered(held);
        self.0.wake(state);
    }

    /// The number of frames replaced since the beginning.
    #[must_use]
    pub fn replaced(&self) -> u64 {
        self.0.lock().queue.replaced()
    }

    /// The number of frames that wait.
    #[must_use]
    pub fn waiting_frames(&self) -> usize {
        self.0.lock().queue.latest_len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.lock().queue.is_empty()
    }

    /// The number of bytes that wait, ordered and latest.
    #[must_use]
    pub fn waiting_bytes(&self) -> usize {
        let state = self.0.lock();
        state.queue.ordered_bytes().saturating_add(state.queue.latest_bytes())
    }
}

impl<K, T> Clone for Sender<K, T> {
    fn clone(&self) -> Self {
        self.0.lock().senders += 1;
        Self(Arc::clone(&self.0))
    }
}

impl<K, T> Drop for Sender<K, T> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.senders -= 1;
        self.0.wake(state);
    }
}

impl<K: PartialEq, T> Receiver<K, T> {
    /// Waits for the next item; `None` once all senders are gone and nothing waits. Cancel safe.
    pub async fn recv(&mut self) -> Option<Dequeued<K, T>> {
        loop {
            match self.try_recv() {
                Ok(Some(taken)) => return Some(taken),
                Err(Closed) => return None,
                Ok(None) => self.0.task.notified().await,
            }
        }
    }

    /// Waits until something can be taken or all senders are gone, without taking anything. Cancel safe.
    pub async fn ready(&mut self) {
        while {
            let state = self.0.lock();
            // Once the last sender is gone, nobody can release a held lane.
            !state.queue.has_next() && state.senders > 0
        } {
            self.0.task.notified().await;
        }
    }

    /// Takes the next item, if there is one.
    ///
    /// # Errors
    /// [`Closed`] if nothing waits and nothing will come.
    pub fn try_recv(&mut self) -> Result<Option<Dequeued<K, T>>, Closed> {
        let mut state = self.0.lock();
        match state.queue.pop() {
            None if state.senders == 0 => Err(Closed),
            next => Ok(next),
        }
    }

    /// See [`ConflatingQueue::pop_ordered`].
    pub fn try_recv_ordered(&mut self, most: usize) -> Option<Dequeued<K, T>> {
        self.0.lock().queue.pop_ordered(most)
    }

    /// Blocks this thread until an item is there; returns `Ok(None)` after `timeout`.
    ///
    /// # Errors
    /// [`Closed`] if nothing waits and nothing will come.
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Option<Dequeued<K, T>>, Closed> {
        let deadline = Instant::now() + timeout;
        let mut state = self.0.lock();
        loop {
            if let Some(taken) = state.queue.pop() {
                return Ok(Some(taken));
            }
            if state.senders == 0 {
                return Err(Closed);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            state.thread_waits = true;
            state = self.0.thread.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// See [`ConflatingQueue::requeue`].
    pub fn requeue(&mut self, taken: Dequeued<K, T>) {
        self.0.lock().queue.requeue(taken);
    }

    /// See [`ConflatingQueue::hold_latest`].
    pub fn hold_latest(&mut self, held: bool) {
        self.0.lock().queue.hold_latest(held);
    }

    /// See [`ConflatingQueue::clear_latest`].
    pub fn clear_latest(&mut self) -> usize {
        self.0.lock().queue.clear_latest()
    }

    /// The number of frames replaced since the beginning.
    #[must_use]
    pub fn replaced(&self) -> u64 {
        self.0.lock().queue.replaced()
    }
}

impl<K, T> Drop for Receiver<K, T> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.received = false;
        // Senders may live on for long, and nobody will receive this.
        let waiting = state.queue.drain_all();
        drop(state);
        drop(waiting); // not under the lock: items may have a `Drop` of their own
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_thread_is_woken_by_each_lane_and_by_the_end() {
        let (sender, mut receiver) = channel::<u8, &str>(100);
        let taker = thread::spawn(move || {
            let mut items = Vec::new();
            while let Ok(Some(taken)) = receiver.recv_timeout(LONG) {
                items.push(taken.item);
            }
            items
        });
        sender.send_latest(0, "frame").unwrap();
        while !sender.0.lock().queue.is_empty() {
            thread::yield_now();
        }
        sender.clone().send_ordered(5, "text").unwrap();
        drop(sender);
        assert_eq!(taker.join().unwrap(), ["frame", "text"]);
    }

    #[tokio::test]
    async fn a_task_is_woken_and_loses_nothing_when_cancelled() {
        let (sender, mut receiver) = channel::<u8, u32>(100);
        let cancelled = tokio::time::timeout(Duration::from_millis(1), receiver.recv()).await;
        assert!(cancelled.is_err());
        let give = tokio::spawn(async move {
            for number in 0..100 {
                sender.send_ordered(1, number).unwrap();
                tokio::task::yield_now().await;
            }
        });
        receiver.ready().await;
        let mut seen = Vec::new();
        while let Some(taken) = receiver.recv().await {
            seen.push(taken.item);
        }
        give.await.unwrap();
        assert_eq!(seen, (0..100).collect::<Vec<_>>());
        assert_eq!(receiver.try_recv(), Err(Closed));
    }

    #[test]
    fn a_source_learns_that_nobody_takes() {
        let (sender, receiver) = channel::<u8, u8>(0);
        assert_eq!(sender.send_latest(0, 1), Ok(false));
        assert_eq!(sender.send_latest(0, 2), Ok(true));
        assert_eq!((sender.replaced(), receiver.replaced()), (1, 1));
        drop(receiver);
        assert_eq!(sender.send_latest(0, 3), Err(Closed));
    }

    /// A sender may live as long as the program.
    #[test]
    fn what_waits_is_let_go_of_with_the_receiver() {
        let item = Arc::new(());
        let (sender, receiver) = channel::<u8, Arc<()>>(100);
        sender.send_urgent(Arc::clone(&item));
        sender.send_ordered(1, Arc::clone(&item)).unwrap();
        sender.send_latest(0, Arc::clone(&item)).unwrap();
        drop(receiver);
        assert_eq!(Arc::strong_count(&item), 1);
        sender.send_urgent(Arc::clone(&item));
        sender.send_ordered(1, Arc::clone(&item)).unwrap();
        assert_eq!(Arc::strong_count(&item), 1, "later items are not kept either");
        assert!(sender.is_empty());
    }

    #[tokio::test]
    async fn a_lane_that_is_held_does_not_hide_that_all_senders_are_gone() {
        let (sender, mut receiver) = channel::<u8, u8>(100);
        sender.send_ordered(1, 1).unwrap();
        sender.hold_ordered(true);
        drop(sender);
        tokio::time::timeout(LONG, receiver.ready()).await.expect("ready() must not wait");
        assert_eq!(receiver.try_recv(), Err(Closed));
        assert_eq!(receiver.recv().await, None);
    }

    #[test]
    fn waiting_ends_at_the_timeout() {
        let (_sender, mut receiver) = channel::<u8, u8>(0);
        assert_eq!(receiver.recv_timeout(Duration::from_millis(1)), Ok(None));
    }
}
