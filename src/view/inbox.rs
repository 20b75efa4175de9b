//! The queue from any thread to the window's: the newest frame of each stream, and a wake-up.
//!
//! The window thread sleeps until something is pushed, so that a frame is shown at once and an idle window
//! costs nearly nothing. A waiting frame is replaced by a newer one. Buffers of shown frames are reused:
//! newly allocated ones of some megabytes cost page faults each time.
//!
//! A display may hang for any time: what others send is bounded, in number and in bytes. Results of the
//! user's own actions, such as the delivery of a text, are never dropped for that.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{
    bounded_queue::BoundedQueue,
    demand::Demand,
    on_drawn::{OnDrawn, Undrawn},
    stream_list::MAX_STREAMS,
    update::{Damaged, Image, LinkState, RescaleRequest, SelfViewState, Update, VideoFrame},
};
use crate::{picture::Canvas, stream_id::StreamId};

/// Bytes of waiting frames, pixels and JPEGs: twice what many streams at the displayed sizes need on the
/// largest screen.
const FRAME_BYTES: usize = 128 << 20;

/// Waiting texts and notices; the window shows far fewer, and older ones give way.
const WAITING_WORDS: usize = 64;

/// Bytes of those: as much as the conversation keeps.
const WORD_BYTES: usize = 4 << 20;

/// Waiting images, which may be megabytes each.
const WAITING_IMAGES: usize = 8;

/// Bytes of those: two of the largest that a relay passes on.
const IMAGE_BYTES: usize = 32 << 20;

/// Waiting scaled pictures that the window has requested.
const WAITING_FITTED: usize = 128;

/// Bytes of those.
const FITTED_BYTES: usize = 64 << 20;

/// Buffers kept for reuse: one in the decoder for each of a few streams.
const SPARE_BUFFERS: usize = 4;

/// The producers' end: cheap to clone, usable from any thread.
#[derive(Clone, Debug)]
pub struct WindowHandle {
    shared: Arc<Shared>,
}

/// The window's end.
#[derive(Debug)]
pub struct WindowInbox {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    demands: Mutex<Demands>,
    waiting: Mutex<Queues>,
    arrived: Condvar,
}

/// What the window needs of each stream.
#[derive(Debug, Default)]
struct Demands {
    streams: HashMap<StreamId, Demand>,
    /// That of streams that it does not know.
    others: Demand,
}

#[derive(Debug)]
struct Queues {
    frames: BoundedQueue<VideoFrame>,
    undrawn: Undrawn,
    /// The newest of each stream.
    damaged: BoundedQueue<Damaged>,
    link: Option<LinkState>,
    own: Option<SelfViewState>,
    /// Texts and notices.
    words: BoundedQueue<Update>,
    images: BoundedQueue<Image>,
    fitted: BoundedQueue<(RescaleRequest, Result<Arc<Canvas>, String>)>,
    /// Results of the user's own actions and departures of streams, each of them once.
    news: Vec<Update>,
    spare: Vec<Canvas>,
    /// Whether anything waits that the window should be woken for.
    has_visible: bool,
    stop: bool,
    closed: bool,
}

impl Default for Queues {
    fn default() -> Self {
        Self {
            frames: BoundedQueue::new(MAX_STREAMS, FRAME_BYTES),
            undrawn: Undrawn::default(),
            damaged: BoundedQueue::new(MAX_STREAMS, WORD_BYTES),
            link: None,
            own: None,
            words: BoundedQueue::new(WAITING_WORDS, WORD_BYTES),
            images: BoundedQueue::new(WAITING_IMAGES, IMAGE_BYTES),
            fitted: BoundedQueue::new(WAITING_FITTED, FITTED_BYTES),
            news: Vec::new(),
            spare: Vec::new(),
            has_visible: false,
            stop: false,
            closed: false,
        }
    }
}

/// A new inbox and the handle to fill it.
#[must_use]
pub fn inbox() -> (WindowHandle, WindowInbox) {
    let shared = Arc::<Shared>::default();
    (WindowHandle { shared: Arc::clone(&shared) }, WindowInbox { shared })
}

impl Shared {
    /// A producer that panicked leaves whole values behind: each change below is one assignment.
    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn demands(&self) -> MutexGuard<'_, Demands> {
        self.demands.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WindowHandle {
    /// Pushes an update and wakes the window, unless it has nothing to show; never blocks. False once the window
    /// has closed.
    pub fn push(&self, update: Update) -> bool {
        self.push_with(update, None)
    }

    /// Pushes a frame as [`Self::push`] does, and tells `on_drawn` what becomes of it if it has pixels.
    pub(crate) fn push_frame(&self, frame: VideoFrame, on_drawn: OnDrawn) -> bool {
        let on_drawn = frame.has_pixels().then_some((frame.stream, on_drawn));
        self.push_with(Update::Frame(frame), on_drawn)
    }

    fn push_with(&self, update: Update, on_drawn: Option<(StreamId, OnDrawn)>) -> bool {
        let is_visible = !matches!(&update, Update::Frame(frame) if !frame.has_pixels());
        let mut waiting = self.shared.lock();
        if waiting.closed {
            return false;
        }
        waiting.take_in(update);
        if let Some((stream, on_drawn)) = on_drawn {
            waiting.undrawn.add(stream, on_drawn);
        }
        waiting.has_visible |= is_visible;
        drop(waiting);
        if is_visible {
            self.shared.arrived.notify_one();
        }
        true
    }

    /// A buffer whose frame is no longer shown, for reuse; an empty one if there is none.
    #[must_use]
    pub fn spare(&self) -> Canvas {
        self.shared.lock().spare.pop().unwrap_or_default()
    }

    /// What the window needs of this stream, by its last painting. A frame of the size in it needs no scaling.
    #[must_use]
    pub fn demand(&self, stream: StreamId) -> Demand {
        let demands = self.shared.demands();
        demands.streams.get(&stream).copied().unwrap_or(demands.others)
    }

    /// Whether the window is still open, or has yet to open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.shared.lock().closed
    }
}

impl Queues {
    fn take_in(&mut self, update: Update) {
        match update {
            Update::Frame(frame) => self.take_frame(frame),
            Update::Damaged(damaged) => {
                self.damaged.take(|waiting| waiting.stream == damaged.stream);
                self.damaged.push(damaged.reason.len() + damaged.name.len(), damaged);
            }
            Update::Link(link) => self.link = Some(link),
            Update::Own(own) => self.own = Some(own),
            Update::Stop => self.stop = true,
            Update::Text { ref text, ref sender, .. } => {
                let bytes = text.len() + sender.as_ref().map_or(0, String::len);
                self.words.push(bytes, update);
            }
            Update::UnreadableText { ref sender, .. } => {
                let bytes = sender.as_ref().map_or(0, String::len);
                self.words.push(bytes, update);
            }
            Update::Notice(ref text) | Update::Saved(ref text) => {
                let bytes = text.len();
                self.words.push(bytes, update);
            }
            Update::Image(image) => _ = self.images.push(image.file.len(), image),
            Update::Fitted { wanted, canvas } => {
                let bytes = wanted.file.len() + canvas.as_deref().map_or(0, bytes_of);
                self.fitted.push(bytes, (wanted, canvas));
            }
            Update::Left { stream } => {
                self.frames.take(|frame| frame.stream == stream);
                self.undrawn.replaced(stream);
                self.damaged.take(|damaged| damaged.stream == stream);
                let is_known =
                    |news: &Update| matches!(news, Update::Left { stream: left } if *left == stream);
                if !self.news.iter().any(is_known) {
                    self.news.push(Update::Left { stream });
                }
            }
            Update::Sent { .. } | Update::Pasted(_) => self.news.push(update),
            Update::Dropped(_)
            | Update::PastedImage(_)
            | Update::Recording(_)
            | Update::Cameras(_)
            | Update::Page(_)
            | Update::Host(_) => {
                let kind = mem::discriminant(&update);
                self.news.retain(|news| mem::discriminant(news) != kind); // the last one counts
                self.news.push(update);
            }
        }
    }

    fn take_frame(&mut self, frame: VideoFrame) {
        let replaced = self.frames.take(|waiting| waiting.stream == frame.stream);
        let gone = self.frames.push(bytes_of(&frame.canvas) + frame.jpeg.len(), frame);
        for old in replaced.into_iter().chain(gone) {
            self.undrawn.replaced(old.stream);
            self.recycle(old.canvas);
        }
    }

    fn recycle(&mut self, canvas: Arc<Canvas>) {
        if self.spare.len() < SPARE_BUFFERS && !canvas.pixels.is_empty() {
            self.spare.extend(Arc::into_inner(canvas));
        }
    }
}

/// Size of the pixels in bytes.
fn bytes_of(canvas: &Canvas) -> usize {
    canvas.pixels.len() * size_of::<u32>()
}

impl WindowInbox {
    /// Takes all that has arrived, in an order in which it can be applied; waits up to `timeout` for
    /// something to show.
    pub(crate) fn wait(&self, timeout: Duration) -> Vec<Update> {
        let deadline = Instant::now() + timeout;
        let mut waiting = self.shared.lock();
        while !waiting.has_visible {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let woken = self.shared.arrived.wait_timeout(waiting, left);
            waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        waiting.has_visible = false;
        waiting.undrawn.take();
        let Queues { frames, damaged, link, own, words, images, fitted, news, stop, .. } = &mut *waiting;
        let mut updates = std::mem::take(news);
        updates.extend(words.drain());
        updates.extend(images.drain().map(Update::Image));
        updates.extend(fitted.drain().map(|(wanted, canvas)| Update::Fitted { wanted, canvas }));
        updates.extend(link.take().map(Update::Link));
        updates.extend(own.take().map(Update::Own));
        // Applied after `damaged`: a frame that can be shown is newer, or at least shows that the stream is
        // alive.
        updates.extend(damaged.drain().map(Update::Damaged));
        updates.extend(frames.drain().map(Update::Frame));
        updates.extend(std::mem::take(stop).then_some(Update::Stop));
        updates
    }

    /// Returns a handle to this inbox.
    pub(crate) fn handle(&self) -> WindowHandle {
        WindowHandle { shared: Arc::clone(&self.shared) }
    }

    /// Publishes what is needed of each stream for the decoders.
    pub(crate) fn set_demands(&self, streams: impl Iterator<Item = (StreamId, Demand)>) {
        let mut demands = self.shared.demands();
        demands.streams.clear();
        demands.streams.extend(streams);
        demands.others = Demand::OwnSize;
    }

    /// Publishes that nobody can see the window, so that nothing is needed.
    pub(crate) fn set_unseen(&self) {
        *self.shared.demands() = Demands { streams: HashMap::new(), others: Demand::Nothing };
    }

    /// Tells that all frames so far are drawn, and that the next ones can be.
    pub(crate) fn drawn(&self) {
        let drawn = self.shared.lock().undrawn.drawn();
        drawn.tell();
    }

    /// Takes back the buffer of a frame that is no longer shown.
    pub(crate) fn recycle(&self, canvas: Arc<Canvas>) {
        self.shared.lock().recycle(canvas);
    }
}

impl Drop for WindowInbox {
    fn drop(&mut self) {
        let mut waiting = self.shared.lock();
        waiting.closed = true;
        let undrawn = std::mem::take(&mut waiting.undrawn);
        drop(waiting);
        drop(undrawn);
    }
}

#[cfg(test)]
#[path = "inbox_tests.rs"]
mod tests;
