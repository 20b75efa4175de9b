//! Options of when a command ends by itself.

use std::time::Duration;

use super::values;
use crate::app::limit::Limit;

/// When to end.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct LimitArgs {
    /// Stop after this time
    #[arg(long = "for", value_name = "TIME", value_parser = values::some_time, env = "PULSECAM_FOR")]
    time: Option<Duration>,
    /// Stop after N frames
    #[arg(long, value_name = "N", env = "PULSECAM_FRAMES")]
    frames: Option<u64>,
}

impl LimitArgs {
    /// The options of the application.
    pub(super) const fn limit(self) -> Limit {
        Limit { time: self.time, frames: self.frames }
    }
}
