//! Replaces a source by another one while it runs: requested from any thread, done on the source's own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::capture::{Error, Source};

/// Opens a source, also after it was switched off.
pub(super) type Open = Box<dyn FnMut() -> Result<Box<dyn Source>, Error> + Send>;

/// Takes the result of a change: what the new source calls itself, or why it cannot be used. `None`: it will be opened
/// once the switch is on.
pub(super) type Done = Box<dyn FnOnce(Result<Option<String>, Error>) + Send>;

/// A change of the source.
pub(super) struct Change {
    pub(super) open: Open,
    pub(super) done: Done,
}

/// Selects the source; clones share one state.
#[derive(Clone, Default)]
pub struct SourceSelector(Arc<Mutex<Option<Change>>>);

impl std::fmt::Debug for SourceSelector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourceSelector").field("is_waiting", &self.lock().is_some()).finish()
    }
}

impl SourceSelector {
    fn lock(&self) -> MutexGuard<'_, Option<Change>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Requests another source. The present one is closed first, since it may be the same camera in another mode; it
    /// is opened again if the other cannot be. Of several requests, the last one counts, and the others are dropped.
    ///
    /// `done` is called on the source's thread with what the new source calls itself, with `None` if it will be
    /// opened once the source is switched on, or with the error.
    pub fn select(
        &self,
        open: impl FnMut() -> Result<Box<dyn Source>, Error> + Send + 'static,
        done: impl FnOnce(Result<Option<String>, Error>) + Send + 'static,
    ) {
        *self.lock() = Some(Change { open: Box::new(open), done: Box::new(done) });
    }

    /// The change that waits.
    pub(super) fn take(&self) -> Option<Change> {
        self.lock().take()
    }
}
