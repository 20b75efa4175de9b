//! What is wrong with a configuration file, and where.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A line of a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: Arc<Path>,
    /// Counted from 1.
    pub(crate) line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// Why a configuration file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("{}: cannot be read: {reason}", path.display())]
    Unreadable { path: PathBuf, reason: String },
    #[error("{place}: {what}")]
    Wrong { place: Place, what: String },
}

impl Fault {
    pub(super) fn at(place: &Place, what: impl Into<String>) -> Self {
        Self::Wrong { place: place.clone(), what: what.into() }
    }
}
