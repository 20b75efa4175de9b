//! Errors of recording.

use std::{io, path::PathBuf};

/// Why a recording failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file exists already.
    #[error("{} already exists: choose another name, or move it away", .0.display())]
    Exists(PathBuf),
    /// The file cannot be created.
    #[error("cannot record into {}: {}", path.display(), reason(source))]
    Create {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Writing failed during the recording; everything written before is intact.
    #[error("{}: recording stopped after {frames} frames; {} plays up to that point", reason(source), path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Frames in the file.
        frames: u64,
        /// The system's error.
        source: io::Error,
    },
    /// More streams than can be recorded at the same time.
    #[error("{0} streams are being recorded: no more at the same time")]
    TooMany(usize),
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull => "the disk is full".into(),
        io::ErrorKind::QuotaExceeded => "your disk quota is used up".into(),
        io::ErrorKind::FileTooLarge => "the file has reached the size limit".into(),
        _ => error.to_string(),
    }
}
