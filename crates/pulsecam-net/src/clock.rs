//! The two clocks: wall-clock timestamps, which travel, and the steady clock, by which everything is decided.

use std::time::Duration;

pub use pulsecam_wire::timestamp::{Timestamp, hang};

/// The steady clock, as the runtime tells it: where a simulation tells its own, that.
#[must_use]
pub fn now() -> std::time::Instant {
    tokio::time::Instant::now().into_std()
}

/// How old a picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age {
    /// By the clocks.
    pub time: Duration,
    /// How far the truth may be from it; `None` where nothing is known of how the two clocks go together.
    pub within: Option<Duration>,
}

impl Age {
    /// Some time later.
    #[must_use]
    pub fn later(self, by: Duration) -> Self {
        Self { time: self.time.saturating_add(by), ..self }
    }
}
