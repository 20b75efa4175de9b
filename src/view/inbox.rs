//! The hand-over from any thread to the window's: the newest frame of each stream, and a wake-up.
//!
//! The window thread sleeps until something is pushed, so that a frame is on the screen at once and a quiet
//! window costs nearly nothing. Frames that wait while a newer one comes are replaced. Buffers of
//! frames that have been shown go back the same way: fresh ones of some megabytes cost page faults each time.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::update::{Frame, LinkState, Own, Update};
use crate::picture::Canvas;

/// Texts and notices that wait for the window; it shows far fewer, and older ones give way.
const WAITING_WORDS: usize = 64;

/// Images that wait for the window, which may be megabytes each.
const WAITING_IMAGES: usize = 8;

/// Buffers kept for reuse: one in the decoder for each of a few streams.
const SPARE_BUFFERS: usize = 4;

/// The producers' end: cheap to clone, usable from any thread.
#[derive(Clone, Debug)]
pub struct Handle {
    shared: Arc<Shared>,
}

/// The window's end.
#[derive(Debug)]
pub struct Inbox {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Pixels across and down of each stream's tile.
    rooms: Mutex<HashMap<String, (usize, usize)>>,
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    frames: Vec<Frame>,
    link: Option<LinkState>,
    own: Option<Own>,
    words: VecDeque<Update>,
    /// What became of texts that were written here. None of it gives way: such a text would be on its way for ever. There are as many as a
    /// person writes.
    sent: Vec<Update>,
    spare: Vec<Canvas>,
    stop: bool,
    closed: bool,
}

/// A new inbox and the handle to fill it.
#[must_use]
pub fn inbox() -> (Handle, Inbox) {
    let shared = Arc::<Shared>::default();
    (Handle { shared: Arc::clone(&shared) }, Inbox { shared })
}

impl Shared {
    /// A producer that panicked leaves whole values behind: each change below is one assignment.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handle {
    /// Hands something over and wakes the window; never blocks. False once the window has closed.
    pub fn push(&self, update: Update) -> bool {
        let mut waiting = self.shared.lock();
        if waiting.closed {
            return false;
        }
        waiting.take_in(update);
        drop(waiting);
        self.shared.arrived.notify_one();
        true
    }

    /// A buffer whose frame is no longer shown, for the next one; an empty one where there is none.
    #[must_use]
    pub fn spare(&self) -> Canvas {
        self.shared.lock().spare.pop().unwrap_or_default()
    }

    /// Pixels across and down at which frames of this stream are shown, as the window was last painted; `None` for one that it does not
    /// know. A frame that comes at this size needs no scaling.
    #[must_use]
    pub fn room(&self, stream: &str) -> Option<(usize, usize)> {
        self.shared.rooms.lock().unwrap_or_else(PoisonError::into_inner).get(stream).copied()
    }

    /// Whether the window is still there, or has yet to open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.shared.lock().closed
    }
}

impl Waiting {
    fn take_in(&mut self, update: Update) {
        match update {
            Update::Frame(frame) => self.take_frame(frame),
            Update::Link(link) => self.link = Some(link),
            Update::Own(own) => self.own = Some(own),
            Update::Stop => self.stop = true,
            Update::Sent { .. } => self.sent.push(update),
            Update::Left { stream } => {
                self.frames.retain(|frame| frame.stream != stream);
                self.words.push_back(Update::Left { stream });
            }
            other => {
                let is_image = |update: &Update| matches!(update, Update::Image(_));
                let images = self.words.iter().filter(|word| is_image(word)).count();
                if is_image(&other) && images >= WAITING_IMAGES {
                    let first = self.words.iter().position(is_image);
                    first.map(|first| self.words.remove(first));
                }
                if self.words.len() >= WAITING_WORDS {
                    self.words.pop_front();
                }
                self.words.push_back(other);
            }
        }
    }

    fn take_frame(&mut self, frame: Frame) {
        match self.frames.iter_mut().find(|waiting| waiting.stream == frame.stream) {
            Some(waiting) => {
                let old = std::mem::replace(waiting, frame);
                self.recycle(old.canvas);
            }
            None => self.frames.push(frame),
        }
    }

    fn recycle(&mut self, canvas: Arc<Canvas>) {
        if self.spare.len() < SPARE_BUFFERS {
            self.spare.extend(Arc::into_inner(canvas));
        }
    }

    fn is_empty(&self) -> bool {
        self.frames.is_empty()
            && self.link.is_none()
            && self.own.is_none()
            && self.words.is_empty()
            && self.sent.is_empty()
            && !self.stop
    }
}

impl Inbox {
    /// All that has arrived, in an order in which it can be applied; waits up to `timeout` for something.
    pub(crate) fn wait(&self, timeout: Duration) -> Vec<Update> {
        let deadline = Instant::now() + timeout;
        let mut waiting = self.shared.lock();
        while waiting.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let woken = self.shared.arrived.wait_timeout(waiting, left);
            waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        let Waiting { frames, link, own, words, sent, stop, .. } = &mut *waiting;
        let mut updates: Vec<Update> = sent.drain(..).chain(words.drain(..)).collect();
        updates.extend(link.take().map(Update::Link));
        updates.extend(own.take().map(Update::Own));
        updates.extend(frames.drain(..).map(Update::Frame));
        updates.extend(std::mem::take(stop).then_some(Update::Stop));
        updates
    }

    /// A handle to fill this.
    pub(crate) fn handle(&self) -> Handle {
        Handle { shared: Arc::clone(&self.shared) }
    }

    /// Tells decoders at which size each stream is shown.
    pub(crate) fn tell_rooms(&self, rooms: impl Iterator<Item = (String, (usize, usize))>) {
        let mut told = self.shared.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        told.clear();
        told.extend(rooms);
    }

    /// Takes back the buffer of a frame that is no longer shown.
    pub(crate) fn recycle(&self, canvas: Arc<Canvas>) {
        self.shared.lock().recycle(canvas);
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::view::look::{frame, image};

    const NONE: Duration = Duration::ZERO;

    #[test]
    fn the_newest_frame_of_each_stream_wins() {
        let (handle, inbox) = inbox();
        for (stream, seq) in [("a", 1), ("b", 1), ("a", 2), ("a", 3)] {
            handle.push(Update::Frame(frame(stream, seq, 8, 8)));
        }
        let found: Vec<_> = inbox
            .wait(NONE)
            .into_iter()
            .map(|update| match update {
                Update::Frame(frame) => (frame.stream, frame.seq),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(found, [("a".into(), Some(3)), ("b".into(), Some(1))]);
        assert!(inbox.wait(NONE).is_empty());
    }

    #[test]
    fn replaced_buffers_can_be_used_again() {
        let (handle, inbox) = inbox();
        assert!(handle.spare().pixels.is_empty());
        handle.push(Update::Frame(frame("a", 1, 8, 8)));
        handle.push(Update::Frame(frame("a", 2, 8, 8)));
        assert_eq!(handle.spare().pixels.len(), 64);
        for _ in 0..20 {
            inbox.recycle(Arc::new(Canvas::filled(4, 4, 0)));
        }
        assert_eq!(inbox.shared.lock().spare.len(), SPARE_BUFFERS);
    }

    #[test]
    fn texts_keep_their_order_and_a_flood_keeps_the_last() {
        let (handle, inbox) = inbox();
        for number in 0..WAITING_WORDS + 10 {
            handle.push(Update::Notice(number.to_string()));
        }
        let updates = inbox.wait(NONE);
        assert_eq!(updates.len(), WAITING_WORDS);
        assert!(matches!(&updates[0], Update::Notice(text) if text == "10"));
        for number in 0..WAITING_IMAGES + 3 {
            handle.push(Update::Image(image(&number.to_string(), 8, 8)));
        }
        let images = inbox.wait(NONE);
        assert_eq!(images.len(), WAITING_IMAGES);
        assert!(matches!(&images[0], Update::Image(image) if image.sender.as_deref() == Some("3")));
    }

    /// A text would be on its way for ever.
    #[test]
    fn what_became_of_a_text_gives_way_to_nothing() {
        let (handle, inbox) = inbox();
        handle.push(Update::Sent { number: 1, left: true });
        for number in 0..2 * WAITING_WORDS {
            handle.push(Update::Notice(number.to_string()));
        }
        handle.push(Update::Sent { number: 2, left: false });
        let updates = inbox.wait(NONE);
        let sent = updates.iter().filter(|update| matches!(update, Update::Sent { .. })).count();
        assert_eq!((sent, updates.len()), (2, WAITING_WORDS + 2));
        assert!(inbox.wait(NONE).is_empty());
    }

    #[test]
    fn decoders_are_told_how_large_a_stream_is_shown() {
        let (handle, inbox) = inbox();
        assert_eq!(handle.room("a"), None);
        inbox.tell_rooms([("a".to_owned(), (640, 360))].into_iter());
        assert_eq!(handle.room("a"), Some((640, 360)));
        inbox.tell_rooms(std::iter::empty());
        assert_eq!(handle.room("a"), None);
    }

    #[test]
    fn a_stream_that_left_takes_its_waiting_frame_with_it() {
        let (handle, inbox) = inbox();
        handle.push(Update::Frame(frame("a", 1, 8, 8)));
        handle.push(Update::Left { stream: "a".into() });
        assert!(matches!(&inbox.wait(NONE)[..], [Update::Left { .. }]));
    }

    #[test]
    fn a_push_wakes_the_waiting_window_and_a_closed_one_refuses() {
        let (handle, inbox) = inbox();
        let waiter = thread::spawn(move || inbox.wait(Duration::from_secs(60)).len());
        assert!(handle.push(Update::Stop));
        assert_eq!(waiter.join().unwrap(), 1);
        assert!(!handle.is_open());
        assert!(!handle.push(Update::Stop));
    }
}
