//! Who is told when a frame is drawn: only the window knows how fast it draws.

use std::fmt;

use crate::stream_id::StreamId;

/// Told once what became of a frame: `true` once it was drawn and the next one could be, `false` if a newer one
/// replaced it before that. Dropped if there is no window any more.
pub struct OnDrawn(Box<dyn FnOnce(bool) + Send>);

impl OnDrawn {
    /// Calls this, on any thread; it must not wait.
    pub(crate) fn new(told: impl FnOnce(bool) + Send + 'static) -> Self {
        Self(Box::new(told))
    }

    fn tell(self, is_drawn: bool) {
        (self.0)(is_drawn);
    }
}

impl fmt::Debug for OnDrawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnDrawn").finish_non_exhaustive()
    }
}

/// The frames that are not drawn yet, at most one of each stream in either place.
#[derive(Debug, Default)]
pub(super) struct Undrawn {
    /// Those that wait in the inbox.
    waiting: Vec<(StreamId, OnDrawn)>,
    /// Those that the window has taken.
    taken: Vec<(StreamId, OnDrawn)>,
}

impl Undrawn {
    /// Adds a frame that waits now.
    pub(super) fn add(&mut self, stream: StreamId, on_drawn: OnDrawn) {
        replace(&mut self.waiting, stream, on_drawn);
    }

    /// Records that the waiting frame of this stream is gone.
    pub(super) fn replaced(&mut self, stream: StreamId) {
        if let Some(at) = self.waiting.iter().position(|(waiting, _)| *waiting == stream) {
            self.waiting.swap_remove(at).1.tell(false);
        }
    }

    /// Records that the window has taken what waits.
    pub(super) fn take(&mut self) {
        for (stream, on_drawn) in self.waiting.drain(..) {
            replace(&mut self.taken, stream, on_drawn);
        }
    }

    /// Takes out those that the window has drawn, which is all that it has taken.
    pub(super) fn drawn(&mut self) -> Drawn {
        Drawn(std::mem::take(&mut self.taken))
    }
}

fn replace(frames: &mut Vec<(StreamId, OnDrawn)>, stream: StreamId, newer: OnDrawn) {
    match frames.iter_mut().find(|(other, _)| *other == stream) {
        Some((_, older)) => std::mem::replace(older, newer).tell(false),
        None => frames.push((stream, newer)),
    }
}

/// Frames that were drawn.
#[must_use]
#[derive(Debug)]
pub(super) struct Drawn(Vec<(StreamId, OnDrawn)>);

impl Drawn {
    /// Tells so.
    pub(super) fn tell(self) {
        for (_, on_drawn) in self.0 {
            on_drawn.tell(true);
        }
    }
}
