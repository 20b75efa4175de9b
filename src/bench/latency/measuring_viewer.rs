//! Viewers for the measured frames.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{
    bench::frame_timeline::FrameTimeline,
    jpeg::Strips,
    picture::Canvas,
    pipeline::{Arrival, Viewer},
};

/// Discards frames, but returns each picture's memory for the next, as the window does.
#[derive(Debug, Default)]
pub struct NullViewer {
    spare: Canvas,
}

impl Viewer for NullViewer {
    fn take(&mut self, arrival: Arrival) -> bool {
        if let Arrival::Frame(frame) = arrival {
            self.spare = frame.canvas.unwrap_or_default();
        }
        true
    }

    fn spare(&mut self) -> Canvas {
        std::mem::take(&mut self.spare)
    }
}

/// Records arrivals, and passes them on.
pub(super) struct MeasuringViewer<V> {
    /// The measured stream: the relay may have others.
    pub(super) stream: String,
    pub(super) lives: Arc<Mutex<FrameTimeline>>,
    pub(super) strips: Strips,
    pub(super) viewer: V,
}

impl<V: Viewer> Viewer for MeasuringViewer<V> {
    fn take(&mut self, arrival: Arrival) -> bool {
        match &arrival {
            Arrival::Frame(frame) if *frame.stream == *self.stream => {
                lock(&self.lives).arrived(frame);
                self.viewer.take(arrival)
            }
            _ => true,
        }
    }

    fn strips(&self) -> Strips {
        self.strips
    }

    fn spare(&mut self) -> Canvas {
        self.viewer.spare()
    }
}

pub(super) fn lock(lives: &Mutex<FrameTimeline>) -> MutexGuard<'_, FrameTimeline> {
    lives.lock().unwrap_or_else(PoisonError::into_inner)
}
