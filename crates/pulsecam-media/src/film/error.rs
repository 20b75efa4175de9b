//! Errors of reading films.

use std::io;

/// Why a film cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not a supported container.
    #[error("not a supported film: Matroska, AVI, QuickTime or MP4 with Motion-JPEG expected")]
    NotAFilm,
    /// Its video is not Motion-JPEG.
    #[error("its video is {0}, not Motion-JPEG (convert it: ffmpeg -i FILE -c:v mjpeg -q:v 3 -an other.mkv)")]
    NotMotionJpeg(String),
    /// It has no video.
    #[error("it has no video")]
    NoVideo,
    /// Motion-JPEG in a form that is not supported.
    #[error("{0}, which is not supported (copy its frames: ffmpeg -i FILE -c:v copy -an other.mkv)")]
    Unsupported(&'static str),
    /// It can only be read from a file, not from a pipe.
    #[error(
        "it cannot be read from a pipe, because its frames are not stored in order: give the file itself"
    )]
    NeedsFile,
    /// Its header is inconsistent or incomplete.
    #[error("it is damaged: {0}")]
    Damaged(&'static str),
    /// A part of its header is too long.
    #[error("a part of its header takes {found} bytes; up to {allowed} are allowed")]
    TooLong {
        /// Its length in bytes.
        found: u64,
        /// The limit.
        allowed: u64,
    },
    /// Reading failed.
    #[error(transparent)]
    Read(#[from] io::Error),
}
