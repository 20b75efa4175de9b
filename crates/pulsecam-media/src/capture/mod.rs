//! Sources of frames: cameras, a test pattern, photos in motion, MJPEG files and pipes.
//!
//! Every source is a [`Source`]: an object that blocks until the next frame is due and returns it. It runs on
//! its own thread, paces itself, and knows nothing of the network. It returns pictures as it has them, JPEG
//! or pixels ([`FrameData`]), and leaves encoding to the encoder.

mod avi_pipe;
#[doc(hidden)]
pub mod camera;
#[cfg(all(target_os = "linux", feature = "camera"))]
mod catch_panic;
mod digits;
mod frame_repair;
mod live;
mod mjpeg;
mod motion;
mod newest;
mod numbered;
mod pace;
mod pattern;
mod photo;
mod placeholder;
pub(crate) mod probe;
mod recording;
mod resize;
mod schedule;
mod sequence;
mod spec;
mod splitter;
pub mod stamp;

use std::{path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;

use crate::{
    clock::Timestamp,
    jpeg::{MAX_DIMENSION, MAX_PIXELS},
    picture::{Picture, ScaleError},
    playback,
};

#[doc(hidden)]
pub use self::{camera::Wanted, placeholder::Placeholder};
pub use self::{
    camera::{
        CameraInfo, CameraSettings, Control, ControlError, ControlKind, ControlSetting, DeviceFault,
        DeviceUser, FrameRate, Interface, MenuEntry, Mode, PixelFormat, Which, WrongValue, camera_label,
        cameras, controls,
    },
    spec::{Settings, Spec},
    splitter::{Jpegs, jpegs},
};
pub use crate::playback::{Playback, Progress};

/// Keeps caught panics out of standard error: camera crates panic on some drivers' answers.
///
/// To be called once by the program at start-up: it installs a panic hook in front of the existing one, which
/// affects the whole process and is therefore not a library's decision. Without it those panics are still
/// caught, but printed to standard error.
pub fn silence_caught_panics() {
    #[cfg(all(target_os = "linux", feature = "camera"))]
    catch_panic::silence_caught_panics();
}

/// A frame that a source returns.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Counts from 0; numbers of frames that the source itself lost are skipped.
    pub seq: u64,
    /// When the picture was taken, as close to the exposure as the source can tell.
    pub captured: Timestamp,
    /// The picture.
    pub data: FrameData,
}

/// A picture in the form in which the source has it.
#[derive(Clone, Debug)]
pub enum FrameData {
    /// A complete JPEG, trimmed to its true length.
    Jpeg(Bytes),
    /// Pixels still to be encoded, by several threads.
    Picture(Arc<Picture>),
}

/// A producer of frames.
///
/// Not `Send`: a camera handle has to stay on the thread that opened it. Open a source with [`Spec::open`] on
/// the thread that will read it.
pub trait Source {
    /// Blocks until the next frame is due; `None` at the end of the material.
    ///
    /// # Errors
    /// What went wrong with the device, file or pipe. A source may be asked again after an error, unless it
    /// [is final](Error::is_final).
    fn next_frame(&mut self) -> Result<Option<Frame>, Error>;

    /// Returns one line for a person: what the source is, its size and rate.
    fn describe(&self) -> String;

    /// Skips the next frame because nobody will see it, which saves the cost of making it. False at the end
    /// of the material.
    ///
    /// # Errors
    /// As [`Source::next_frame`].
    fn pass_by(&mut self) -> Result<bool, Error> {
        Ok(self.next_frame()?.is_some())
    }

    /// What viewers are shown if no frames arrive; `None` for sources whose pauses mean nothing.
    fn signal(&self) -> Option<Signal> {
        None
    }

    /// Frames lost so far.
    fn losses(&self) -> Losses {
        Losses::default()
    }

    /// Number of intact frames that a live source dropped in favour of newer ones.
    fn passed_over(&self) -> u64 {
        0
    }

    /// Takes the memory of an earlier picture for use in the next one.
    fn reuse(&mut self, memory: Vec<u8>) {
        drop(memory);
    }
}

/// What viewers are told about a live source while it gives no picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// Its name.
    pub name: String,
    /// Width and height of its pictures, if known.
    pub size: Option<(usize, usize)>,
    /// Silence after which something must be wrong.
    pub patience: Duration,
}

/// Frames of a source that were lost or needed repair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Arrived incomplete, or marked as damaged by the driver.
    pub damaged: u64,
    /// Never arrived, according to the driver's frame numbers.
    pub missed: u64,
    /// Sent, but only after a repair: an end marker added, stray bytes removed.
    pub repaired: u64,
}

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
