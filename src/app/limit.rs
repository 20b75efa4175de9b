//! When a command ends.

use std::time::Duration;

use super::signal::Stopping;

/// Why a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndReason {
    /// Its work is done, or no longer needed.
    Done,
    /// Its time is over.
    Time,
    /// On request: by a signal, or in the window.
    Asked,
}

/// When a command ends by itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limit {
    /// After this time.
    pub(crate) time: Option<Duration>,
    /// After this many frames.
    pub(crate) frames: Option<u64>,
}

impl Limit {
    /// Completes at the time limit, a signal, or the end of `work`.
    pub(crate) async fn end(self, stop: &mut Stopping, work: impl Future<Output = ()>) -> EndReason {
        tokio::select! {
            () = work => EndReason::Done,
            () = self.time_is_over() => EndReason::Time,
            _ = stop => EndReason::Asked,
        }
    }

    /// Completes once the time is over; never without a limit.
    pub(crate) async fn time_is_over(self) {
        match self.time {
            Some(time) => tokio::time::sleep(time).await,
            None => std::future::pending().await,
        }
    }
}
