//! Why a film cannot be shown.

use std::io;

/// What is wrong with it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No container that is known here.
    #[error("this is no film: Matroska, AVI, QuickTime and MP4 with Motion-JPEG are read")]
    NotAFilm,
    /// It has no video that can be passed on as it is.
    #[error("its video is {0}, not Motion-JPEG (convert it: ffmpeg -i FILE -c:v mjpeg -q:v 3 -an other.mkv)")]
    NotMotionJpeg(String),
    /// It has no video at all.
    #[error("it has no video")]
    NoVideo,
    /// Motion-JPEG, in a form that is not read here.
    #[error("{0}, which is not read here (copy its frames: ffmpeg -i FILE -c:v copy -an other.mkv)")]
    Unsupported(&'static str),
    /// It can only be read from a file, not as it comes through a pipe.
    #[error(
        "it cannot be read through a pipe, because it is not stored in the order of its frames: give the file itself"
    )]
    NeedsFile,
    /// Its header contradicts itself, or lacks what is needed.
    #[error("it is damaged: {0}")]
    Damaged(&'static str),
    /// A part of its header is longer than it may be.
    #[error("a part of its header takes {found} bytes; up to {allowed} are allowed")]
    TooLong {
        /// Its bytes.
        found: u64,
        /// The limit.
        allowed: u64,
    },
    /// Reading failed.
    #[error(transparent)]
    Read(#[from] io::Error),
}
