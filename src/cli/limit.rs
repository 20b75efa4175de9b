//! When a command ends by itself.

use std::time::Duration;

use super::values;

/// When to end.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(super) struct Limit {
    /// End after this time
    #[arg(long = "for", value_name = "TIME", value_parser = values::some_time, env = "PULSECAM_FOR")]
    pub(super) time: Option<Duration>,
    /// End after so many frames
    #[arg(long, value_name = "N", env = "PULSECAM_FRAMES")]
    pub(super) frames: Option<u64>,
}

impl Limit {
    /// Completes once the time is over, for who waits for something that may never come; never without a limit.
    pub(super) async fn time_is_over(self) {
        match self.time {
            Some(time) => tokio::time::sleep(time).await,
            None => std::future::pending().await,
        }
    }
}
