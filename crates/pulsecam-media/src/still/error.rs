//! Errors of reading still pictures.

use std::io;

use super::{Foreign, Format, MAX_DECODED_BYTES, MAX_FILE_BYTES};
use crate::jpeg;

/// Why a still picture cannot be read or sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file is empty.
    #[error("not a picture: it is empty")]
    Empty,
    /// Known content, recognised by its first bytes, that is not supported.
    #[error("{0}")]
    Foreign(Foreign),
    /// First bytes of no known format.
    #[error("not a picture: unknown format (it starts with {})", hex(found))]
    Unknown {
        /// The first bytes, at most eight.
        found: Vec<u8>,
    },
    /// The file is longer than [`MAX_FILE_BYTES`].
    #[error("more than {} MiB: too large for a picture", MAX_FILE_BYTES >> 20)]
    TooLong,
    /// The pixels take too much memory.
    #[error(
        "a picture of {width}x{height} pixels: decoding it takes {} MiB; up to {} are allowed",
        bytes >> 20,
        MAX_DECODED_BYTES >> 20
    )]
    TooLarge {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// Bytes that its pixels take.
        bytes: u64,
    },
    /// More pixels than the caller's limit.
    #[error("a picture of {width}x{height} pixels; up to {allowed} in total are allowed")]
    TooManyPixels {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// The limit.
        allowed: usize,
    },
    /// A PNG, GIF, WebP or BMP that is damaged.
    #[error("cannot read the picture: {0}")]
    Damaged(String),
    /// A format that this build does not read, because the feature `photos` is off.
    #[error("{} pictures are not supported by this build, which reads JPEG only", format.extension().to_uppercase())]
    NotBuiltIn {
        /// The format.
        format: Format,
    },
    /// A JPEG that is damaged, or of a kind that is not supported.
    #[error("cannot read the picture: {0}")]
    Jpeg(#[from] jpeg::Error),
    /// Reading failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}
