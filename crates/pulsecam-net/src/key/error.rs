//! What can be wrong with a key.

use std::{io, path::PathBuf};

use super::secret::MIN_LENGTH;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Its file cannot be read.
    #[error("{}: {source}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Too easy to guess.
    #[error("a key has {MIN_LENGTH} characters or more, this one {0}")]
    TooShort(usize),
    /// The system has no random numbers.
    #[error("the system gives no random numbers")]
    NoRandomness,
}
