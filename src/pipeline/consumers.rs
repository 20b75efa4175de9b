//! The consumers of a source's frames: the link, and the self view.
//!
//! Two threads share them. Each has a handle with what it may do: the source's thread must not wait while a
//! picture is encoded, so [`SourceSide`] sends only what costs no work; [`EncoderSide`] sends everything.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use bytes::Bytes;

use super::{
    counters::PipelineCounters,
    frame_sender::{FrameSender, Outcome},
    job::Job,
    self_view::{SelfViewScaler, SelfViewUpdate},
};
use crate::{
    capture::{Frame, FrameData},
    jpeg,
    wire::FrameInfo,
};

/// Memory of encoded pictures, for reuse.
#[derive(Clone, Debug, Default)]
struct SpareBuffer(Arc<Mutex<Option<Vec<u8>>>>);

impl SpareBuffer {
    /// Keeps the memory of a frame.
    fn recycle(&self, data: FrameData) {
        // An encoder's thread that is held up may have it still.
        if let FrameData::Picture(picture) = data
            && let Some(picture) = Arc::into_inner(picture)
        {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(picture.into_bytes());
        }
    }

    fn take(&self) -> Option<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

struct Consumers<F> {
    sender: FrameSender<F>,
    self_view: Option<SelfViewScaler>,
    spare: SpareBuffer,
}

impl<F: FnMut(FrameInfo, Bytes)> Consumers<F> {
    fn frame(&mut self, frame: Frame) {
        let now = Instant::now();
        let outcome = self.sender.send(&frame, now);
        // After the frame was sent, so that it is not delayed.
        if outcome != Outcome::Dropped
            && let Some(self_view) = &mut self.self_view
        {
            self_view.show(&frame.data, now);
        }
        let done_with = match outcome {
            Outcome::Sent => self.sender.sent(frame.data, now),
            Outcome::Dropped | Outcome::Failed => Some(frame.data),
        };
        if let Some(data) = done_with {
            self.spare.recycle(data);
        }
    }

    fn check_silence(&mut self, now: Instant) {
        if self.sender.note_switch(now) {
            self.update_self_view(SelfViewUpdate::Off);
        }
        self.sender.send_placeholder(now);
    }

    fn update_self_view(&self, update: SelfViewUpdate) {
        if let Some(self_view) = &self.self_view {
            self_view.update(update);
        }
    }
}

/// Creates the consumers, with a handle for each thread.
pub(super) fn consumers<F: FnMut(FrameInfo, Bytes)>(
    job: &Job,
    counters: Arc<PipelineCounters>,
    sink: F,
) -> Result<(SourceSide<F>, EncoderSide<F>), jpeg::Error> {
    let (sender, spare) = (FrameSender::new(job, counters, sink)?, SpareBuffer::default());
    let self_view = job.self_view.clone().map(SelfViewScaler::new);
    let consumers = Arc::new(Mutex::new(Consumers { sender, self_view, spare: spare.clone() }));
    Ok((SourceSide { consumers: Arc::clone(&consumers), spare }, EncoderSide(consumers)))
}

/// The handle of the source's thread.
pub(super) struct SourceSide<F> {
    consumers: Arc<Mutex<Consumers<F>>>,
    spare: SpareBuffer,
}

impl<F: FnMut(FrameInfo, Bytes)> SourceSide<F> {
    /// Memory for the next picture, if there is any.
    pub(super) fn spare(&self) -> Option<Vec<u8>> {
        self.spare.take()
    }

    /// Sends a frame that costs no work; returns whether all requested frames have been handled. Any other
    /// frame is returned, for the encoder's thread.
    pub(super) fn pass_through(&self, frame: Frame) -> Result<bool, Frame> {
        // If the encoder is busy, drawing a card for example, the frame waits like any other.
        match self.consumers.try_lock() {
            Ok(mut consumers) if consumers.sender.is_free(&frame) => {
                consumers.frame(frame);
                Ok(consumers.sender.is_done())
            }
            _ => Err(frame),
        }
    }

    /// Whether the self view needs a frame although nobody else does; no if the encoder is busy.
    pub(super) fn self_view_is_due(&self, now: Instant) -> bool {
        let is_due = |consumers: MutexGuard<'_, Consumers<F>>| {
            consumers.self_view.as_ref().is_some_and(|self_view| self_view.is_due(now))
        };
        self.consumers.try_lock().is_ok_and(is_due)
    }

    /// Shows a frame in the self view only.
    pub(super) fn show_only(&self, data: FrameData) {
        if let Some(self_view) = &mut lock(&self.consumers).self_view {
            self_view.show(&data, Instant::now());
        }
        self.spare.recycle(data);
    }

    /// Shows in the self view why there is no picture.
    pub(super) fn no_signal(&self, reason: String) {
        lock(&self.consumers).update_self_view(SelfViewUpdate::NoSignal(reason));
    }

    /// As [`EncoderSide::check_silence`].
    pub(super) fn check_silence(&self, now: Instant) {
        lock(&self.consumers).check_silence(now);
    }

    /// Whether all requested frames have been handled; no if the encoder is busy.
    pub(super) fn is_done(&self) -> bool {
        self.consumers.try_lock().is_ok_and(|consumers| consumers.sender.is_done())
    }
}

/// The handle of the encoder's thread.
pub(super) struct EncoderSide<F>(Arc<Mutex<Consumers<F>>>);

impl<F: FnMut(FrameInfo, Bytes)> EncoderSide<F> {
    /// Encodes and sends a frame, or drops it.
    pub(super) fn frame(&self, frame: Frame) {
        lock(&self.0).frame(frame);
    }

    /// Called when no frame came for a moment: if that has lasted too long, sends a card, and repeats it
    /// every second.
    pub(super) fn check_silence(&self, now: Instant) {
        lock(&self.0).check_silence(now);
    }

    /// Whether all requested frames have been handled.
    pub(super) fn is_done(&self) -> bool {
        lock(&self.0).sender.is_done()
    }
}

fn lock<F>(consumers: &Mutex<Consumers<F>>) -> MutexGuard<'_, Consumers<F>> {
    consumers.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "consumers_tests.rs"]
mod tests;
