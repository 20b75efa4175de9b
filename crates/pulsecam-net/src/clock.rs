//! The two clocks: wall-clock timestamps, which travel, and the steady clock, by which everything is decided.

use std::time::Duration;

pub use pulsecam_wire::timestamp::{Timestamp, set_wall_clock};

/// The monotonic clock of the runtime, which a simulation may control.
#[must_use]
pub fn now() -> std::time::Instant {
    tokio::time::Instant::now().into_std()
}

/// The age of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age {
    /// The age by the clocks.
    pub time: Duration,
    /// The uncertainty; `None` if the offset of the two clocks is unknown.
    pub within: Option<Duration>,
}

impl Age {
    /// The age after some more time.
    #[must_use]
    pub fn later(self, by: Duration) -> Self {
        Self { time: self.time.saturating_add(by), ..self }
    }
}
