//! Why there is no picture.

use std::io;

use super::{Foreign, MAX_DECODED_BYTES, MAX_FILE_BYTES};
use crate::jpeg;

/// Why a still picture cannot be read or sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing at all.
    #[error("no picture: it is empty")]
    Empty,
    /// Something else, which is known by its first bytes.
    #[error("{0}")]
    Foreign(Foreign),
    /// First bytes that say nothing.
    #[error("no picture: what it starts with ({}) belongs to no format that is known", hex(found))]
    Unknown {
        /// The first bytes, eight at most.
        found: Vec<u8>,
    },
    /// A file that goes on and on.
    #[error("more than {} MiB: too long for a picture", MAX_FILE_BYTES >> 20)]
    TooLong,
    /// A picture whose pixels take too much memory.
    #[error(
        "a picture of {width}x{height} pixels: decoding it takes {} MiB, and up to {} are allowed",
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
    /// More pixels than are wanted of others.
    #[error("a picture of {width}x{height} pixels; up to {allowed} in all are allowed")]
    TooManyPixels {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// The limit.
        allowed: usize,
    },
    /// A PNG, GIF, WebP or BMP with a fault.
    #[error("no picture that can be read: {0}")]
    Damaged(#[from] image::ImageError),
    /// A JPEG with a fault, or of a kind that nobody shows.
    #[error("no picture that can be read: {0}")]
    Jpeg(#[from] jpeg::Error),
    /// Reading failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}
