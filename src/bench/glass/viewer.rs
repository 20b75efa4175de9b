//! The viewer: passes delivered pictures to the window and to the reader.

use std::{
    collections::VecDeque,
    sync::{Arc, mpsc},
};

use super::{reader::Reader, session::Session, window::Event};
use crate::{
    jpeg::Strips,
    picture::Canvas,
    pipeline::{Arrival, ReceivedFrame, Viewer},
};

/// Pictures whose memory may come back: in the window, with the reader, and between.
const MAX_LENT: usize = 12;

/// Which streams are measured.
#[derive(Clone, Debug)]
pub(super) enum Measured {
    /// That of our own camera, by name.
    Own(String),
    /// Any in which the sheet is seen: the camera is at another machine.
    Any,
}

/// Passes delivered pictures on.
pub(super) struct GlassViewer {
    pub(super) measured: Measured,
    pub(super) strips: Strips,
    pub(super) window: mpsc::Sender<Event>,
    pub(super) reader: Reader,
    pub(super) session: Arc<Session>,
    pub(super) lent: VecDeque<Arc<Canvas>>,
}

impl GlassViewer {
    fn frame(&mut self, frame: &mut ReceivedFrame) -> bool {
        let is_own = match &self.measured {
            Measured::Own(name) if **name != *frame.stream => return true,
            Measured::Own(_) => true,
            Measured::Any => false,
        };
        let (Some(captured), Some(canvas)) = (frame.info.captured, frame.canvas.take()) else { return true };
        let (key, canvas) = (captured.as_micros(), Arc::new(canvas));
        if !is_own {
            // Another machine's times are no steps by our clock.
            let info = &mut frame.info;
            (info.captured, info.encoded, info.sent) = (None, None, None);
        }
        let mut state = self.session.state();
        (state.size, state.stream) = ((frame.header.width, frame.header.height), frame.stream.to_string());
        state.steps.arrived(frame);
        drop(state);
        // The window first: what follows must not delay it.
        let event = Event::Picture { key, seq: frame.info.seq, canvas: Arc::clone(&canvas) };
        if self.window.send(event).is_err() {
            return false;
        }
        if !is_own && self.reader.admit(key) {
            // By the relay's clock, if both ends know it.
            let known = frame.age.as_ref().and_then(|age| Some((age.time, age.within?)));
            let captured = known.map(|(age, _)| frame.decoded.offset(-(age.as_micros() as i64)));
            let mut state = self.session.state();
            state.within = state.within.max(known.map(|(_, within)| within));
            state.samples.captured(key, captured);
        }
        self.reader.delivered(key, Arc::clone(&canvas));
        if self.lent.len() == MAX_LENT {
            self.lent.pop_front();
        }
        self.lent.push_back(canvas);
        true
    }
}

impl Viewer for GlassViewer {
    fn take(&mut self, arrival: Arrival) -> bool {
        match arrival {
            Arrival::Frame(mut frame) => self.frame(&mut frame),
            _ => true,
        }
    }

    fn strips(&self) -> Strips {
        self.strips
    }

    /// Memory of a picture that nobody has any more: a new one costs page faults.
    fn spare(&mut self) -> Canvas {
        let free = self.lent.iter().position(|canvas| Arc::strong_count(canvas) == 1);
        free.and_then(|at| self.lent.remove(at)).and_then(Arc::into_inner).unwrap_or_default()
    }
}
