//! When a command ends by itself.

use std::time::Duration;

use super::signal::Stopping;

/// What ended a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It did what it was to do, or nobody is there any more who wants it.
    Done,
    /// Its time is over.
    Time,
    /// A person ended it, or what runs it did: by a signal, or in the window.
    Asked,
}

/// When to end.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limit {
    /// After this time.
    pub(crate) time: Option<Duration>,
    /// After so many frames.
    pub(crate) frames: Option<u64>,
}

impl Limit {
    /// Completes at the end of the time, a signal, or the end of `work`.
    pub(crate) async fn end(self, stop: &mut Stopping, work: impl Future<Output = ()>) -> End {
        tokio::select! {
            () = work => End::Done,
            () = self.time_is_over() => End::Time,
            _ = stop => End::Asked,
        }
    }

    /// Completes once the time is over, for who waits for something that may never come; never without a limit.
    pub(crate) async fn time_is_over(self) {
        match self.time {
            Some(time) => tokio::time::sleep(time).await,
            None => std::future::pending().await,
        }
    }
}
