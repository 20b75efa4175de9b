//! Errors of loading or making a key.

use std::{io, path::PathBuf};

use super::secret::MIN_LENGTH;

/// An error of loading or making a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Its file cannot be read.
    #[error("{}: {source}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Too easy to guess.
    #[error("a key needs at least {MIN_LENGTH} characters; this one has {0}")]
    TooShort(usize),
    /// The system provides no random numbers.
    #[error("the system provides no random numbers")]
    NoRandomness,
}
