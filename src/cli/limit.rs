//! When a command ends by itself.

use std::time::Duration;

use super::{signal::Stopping, values};

/// What ended a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It did what it was to do, or nobody is there any more who wants it.
    Done,
    /// Its time is over.
    Time,
    /// A person ended it, or what runs it did: by a signal, or in the window.
    Asked,
}

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
    /// Completes at the end of the time, a signal, or the end of `work`.
    pub(super) async fn end(self, stop: &mut Stopping, work: impl Future<Output = ()>) -> End {
        tokio::select! {
            () = work => End::Done,
            () = self.time_is_over() => End::Time,
            _ = stop => End::Asked,
        }
    }

    /// Completes once the time is over, for who waits for something that may never come; never without a limit.
    pub(super) async fn time_is_over(self) {
        match self.time {
            Some(time) => tokio::time::sleep(time).await,
            None => std::future::pending().await,
        }
    }
}
