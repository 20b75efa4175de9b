//! What the threads of a measurement share.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{guide::Guide, samples::Samples, screen_log::ScreenLog};
use crate::{bench::frame_timeline::FrameTimeline, clock::Timestamp};

/// How far the measurement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The sheet is searched for.
    Searching,
    /// Frames are measured until then.
    Measuring {
        /// When it is over.
        until: Instant,
    },
}

/// A measurement.
pub(super) struct Session {
    /// On each stamp, so that those of other windows are not taken for ours.
    pub(super) number: u8,
    state: Mutex<State>,
}

/// Its state.
pub(super) struct State {
    pub(super) phase: Phase,
    pub(super) guide: Guide,
    pub(super) log: ScreenLog,
    pub(super) samples: Samples,
    pub(super) steps: FrameTimeline,
    /// Size of the last delivered picture.
    pub(super) size: (usize, usize),
    /// Name of its stream.
    pub(super) stream: String,
    /// Largest uncertainty of a remote camera's capture times.
    pub(super) within: Option<Duration>,
}

impl Session {
    pub(super) fn new(now: Instant) -> Self {
        let state = State {
            phase: Phase::Searching,
            guide: Guide::new(now),
            log: ScreenLog::default(),
            samples: Samples::default(),
            steps: FrameTimeline::default(),
            size: (0, 0),
            stream: String::new(),
            within: None,
        };
        // Two runs at the same time must differ, and need no more than that.
        let number = (Timestamp::now().as_micros() / 1000 % 251) as u8 ^ std::process::id() as u8;
        Self { number, state: Mutex::new(state) }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Begins to count frames.
    pub(super) fn measure(&mut self, until: Instant) {
        self.phase = Phase::Measuring { until };
        self.samples.forget();
        self.steps = FrameTimeline::default();
    }
}
