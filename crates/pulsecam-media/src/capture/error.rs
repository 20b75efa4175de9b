//! Errors of sources.

use std::path::PathBuf;

use super::{ControlError, DeviceFault};
use crate::{
    jpeg::{MAX_DIMENSION, MAX_PIXELS},
    picture::ScaleError,
};

/// Why a source cannot be opened or cannot continue.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text names no source and no existing file.
    #[error("there is no file or folder {0:?}")]
    NoSuchSource(String),
    /// This build has no access to cameras: neither the feature `camera` nor `nokhwa` is on.
    #[error("this build does not support cameras")]
    NoCameraSupport,
    /// No camera is connected.
    #[error("no camera was found")]
    NoCamera,
    /// The named camera is not connected.
    #[error("there is no camera {wanted:?}; available: {present}")]
    NoSuchCamera {
        /// What was requested.
        wanted: String,
        /// The connected cameras, as one line.
        present: String,
    },
    /// The camera has a fault.
    #[error("camera {name}: {fault}")]
    Camera {
        /// The camera's name.
        name: String,
        /// The fault.
        fault: DeviceFault,
    },
    /// A folder without any pictures.
    #[error("{} has no pictures (looked for .jpg, .jpeg, .png, .gif, .webp and .bmp)", .0.display())]
    NoPictures(PathBuf),
    /// A sequence pattern that matches no file.
    #[error("no file matches {text:?}{hint}")]
    EmptySequence {
        /// The pattern.
        text: String,
        /// What exists instead, or what a pattern looks like.
        hint: String,
    },
    /// A sequence in which no file is a picture.
    #[error("none of the {count} files of {text:?} is a picture; the last: {last}")]
    NoneGood {
        /// The pattern.
        text: String,
        /// Number of files tried.
        count: u64,
        /// What is wrong with the last one.
        last: String,
    },
    /// A size that no picture can have.
    #[error(
        "a picture cannot have {width}x{height} pixels: at most {MAX_DIMENSION} per side and {MAX_PIXELS} in total are allowed"
    )]
    BadSize {
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
    },
    /// A file that is not a picture.
    #[error("{} is not a picture: {reason}", path.display())]
    NotAPicture {
        /// The file.
        path: PathBuf,
        /// What the decoder found.
        reason: String,
    },
    /// A stream in which no JPEG starts.
    #[error(
        "{name} is not an MJPEG stream: no JPEG starts within its first {searched} bytes (make one with: ffmpeg -i INPUT -f mjpeg -)"
    )]
    NotMjpeg {
        /// The file, or standard input.
        name: String,
        /// Bytes that were searched.
        searched: usize,
    },
    /// A stream that ended without a picture, or in which none is expected any more.
    #[error("{name} {brought}")]
    NoPicture {
        /// The pipe, the file, or standard input.
        name: String,
        /// What it contained instead, as a predicate: "ended before …".
        brought: String,
    },
    /// A format other than concatenated JPEGs.
    #[error("{name} contains {what}, not JPEG pictures{advice}")]
    Other {
        /// The pipe, the file, or standard input.
        name: String,
        /// The format.
        what: String,
        /// How to convert it, if that is known.
        advice: String,
    },
    /// A picture in a stream exceeds the message size limit.
    #[error("{name}: a picture exceeds {allowed} bytes")]
    TooLong {
        /// The file, or standard input.
        name: String,
        /// The size limit of a picture, in bytes.
        allowed: usize,
    },
    /// Reading failed.
    #[error("{name}: {source}")]
    Io {
        /// The file, or standard input.
        name: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// A recording that cannot be played.
    #[error("{name}: {reason}")]
    Recording {
        /// The file.
        name: String,
        /// Why.
        reason: String,
    },
    /// A picture could not be decoded or scaled.
    #[error("{name}: {reason}")]
    Picture {
        /// The file.
        name: String,
        /// The codec's error.
        reason: String,
    },
    /// The controls of a camera cannot be read.
    #[error("camera {name}: {source}")]
    Controls {
        /// The camera's name.
        name: String,
        /// Why.
        source: ControlError,
    },
}

impl From<ScaleError> for Error {
    fn from(error: ScaleError) -> Self {
        Self::Picture { name: "scaling".into(), reason: error.to_string() }
    }
}

impl Error {
    /// A format other than JPEG, with the command that converts it.
    pub(crate) fn other(name: &str, what: String, advice: Option<String>) -> Self {
        let advice = advice.map_or_else(String::new, |command| format!(" (convert it with: {command})"));
        Self::Other { name: name.to_owned(), what, advice }
    }

    /// Whether the source will never give a picture again. Examples are a pipe that cannot be read and a file
    /// of another format. After other errors it may be asked again: a camera may come back, and a damaged
    /// picture may be followed by a good one.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        match self {
            Self::NoSuchSource(_)
            | Self::NoCameraSupport
            | Self::NoPictures(_)
            | Self::EmptySequence { .. }
            | Self::NoneGood { .. }
            | Self::BadSize { .. }
            | Self::NotMjpeg { .. }
            | Self::NoPicture { .. }
            | Self::Other { .. }
            | Self::Io { .. }
            | Self::Recording { .. } => true,
            Self::NoCamera
            | Self::NoSuchCamera { .. }
            | Self::Camera { .. }
            | Self::NotAPicture { .. }
            | Self::TooLong { .. }
            | Self::Picture { .. }
            | Self::Controls { .. } => false,
        }
    }

    /// Whether the error persists: the camera is missing, not permitted, or in use by another program.
    #[must_use]
    pub const fn is_permanent(&self) -> bool {
        matches!(
            self,
            Self::NoCamera
                | Self::NoSuchCamera { .. }
                | Self::Camera {
                    fault: DeviceFault::Gone | DeviceFault::Busy(_) | DeviceFault::Denied { .. },
                    ..
                }
        )
    }

    /// The error without the source's name, for places that show the name beside it.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Camera { fault, .. } => fault.to_string(),
            Self::NoCamera | Self::NoSuchCamera { .. } => "it is not plugged in".into(),
            other => other.to_string(),
        }
    }
}
