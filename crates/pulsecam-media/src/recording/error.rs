//! Why something cannot be recorded.

use std::{io, path::PathBuf};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file of that name is there.
    #[error("{} is there already: choose another name, or move it away", .0.display())]
    Exists(PathBuf),
    /// The file cannot be made.
    #[error("cannot record into {}: {}", path.display(), reason(source))]
    Create {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Writing failed on the way; what was written before is whole.
    #[error("{}: recording stopped after {frames} frames; {} plays to there", reason(source), path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Frames that are in it.
        frames: u64,
        /// What the system said.
        source: io::Error,
    },
    /// More streams than are recorded at one time.
    #[error("{0} streams are recorded: no more at one time")]
    TooMany(usize),
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull => "the disk is full".into(),
        io::ErrorKind::QuotaExceeded => "your part of the disk is full".into(),
        io::ErrorKind::FileTooLarge => "the file may not grow any further".into(),
        _ => error.to_string(),
    }
}
