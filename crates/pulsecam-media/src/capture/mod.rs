//! Where frames come from: a camera, a test pattern, photographs in motion, MJPEG files and pipes.
//!
//! Every source is a [`Source`]: an object that blocks until the next frame is due and returns it.
//! It runs on a thread of its own, paces itself, and knows nothing of the network. What it cannot
//! give without work (a JPEG from a camera, a planar picture from another) it leaves to the
//! encoder: [`FrameData`] says which it is.

mod avi_pipe;
#[doc(hidden)]
pub mod camera;
mod card;
mod control;
mod digits;
#[cfg(target_os = "linux")]
mod guarded;
mod live;
mod mender;
mod mjpeg;
mod motion;
mod newest;
mod numbered;
mod pace;
mod pattern;
mod photo;
pub(crate) mod probe;
mod recording;
mod resize;
mod scale;
mod schedule;
#[doc(hidden)]
pub use self::scale::Scaler;
mod sequence;
mod spec;
mod splitter;
pub mod stamp;

use std::{path::PathBuf, time::Duration};

use bytes::Bytes;

use crate::{
    clock::Timestamp,
    jpeg::{MAX_DIMENSION, MAX_PIXELS},
    picture::Picture,
    playback,
};

#[doc(hidden)]
pub use self::{camera::Wanted, card::Card};
pub use self::{
    camera::{CameraInfo, Fault, Interface, Mode, PixelFormat, Rate, User, Which, camera_label, cameras},
    control::{Control, ControlError, Entry, Kind, Setting, WrongValue, controls},
    spec::{CameraSettings, Settings, Spec},
    splitter::{Jpegs, jpegs},
};
pub use crate::playback::{Playback, Progress};

/// Keeps panics out of the report that are caught here: crates that talk to cameras panic on what some drivers tell them.
///
/// For the program, once, when it starts: it puts a panic hook before the one that is there, which is the whole process's business and
/// not that of a library. Without it those panics are caught all the same, and written to standard error.
pub fn silence_caught_panics() {
    #[cfg(target_os = "linux")]
    guarded::silence_caught_panics();
}

/// What a source hands on.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Counts from 0, and skips the numbers of frames that the source itself lost.
    pub seq: u64,
    /// When the picture was taken, as near to the exposure as the source can tell.
    pub captured: Timestamp,
    /// The picture.
    pub data: FrameData,
}

/// A picture in the form in which the source had it.
#[derive(Clone, Debug)]
pub enum FrameData {
    /// A complete JPEG, trimmed to its true length.
    Jpeg(Bytes),
    /// Pixels still to be encoded.
    Picture(Picture),
}

/// Something that makes frames.
///
/// Not `Send`: a camera handle has to stay on the thread that opened it. Open a source with
/// [`Spec::open`] on the thread that will read it.
pub trait Source {
    /// Blocks until the next frame is due; `None` at the end of the material.
    ///
    /// # Errors
    /// What went wrong with the device, file or pipe. A source may be asked again after an error, unless it
    /// [is final](Error::is_final).
    fn next_frame(&mut self) -> Result<Option<Frame>, Error>;

    /// One line for a person: what it is, at which size and rate.
    fn describe(&self) -> String;

    /// Lets the next frame go by: nobody will see it, and what making it costs can be saved. False at the end of the
    /// material.
    ///
    /// # Errors
    /// As [`Source::next_frame`].
    fn pass_by(&mut self) -> Result<bool, Error> {
        Ok(self.next_frame()?.is_some())
    }

    /// What viewers are to be told where no frames come; `None` for sources whose pauses mean nothing.
    fn signal(&self) -> Option<Signal> {
        None
    }

    /// What was lost so far.
    fn losses(&self) -> Losses {
        Losses::default()
    }

    /// Frames that came and that the source left out for newer ones, all of them whole: it is live, and more came than were
    /// wanted or taken.
    fn passed_over(&self) -> u64 {
        0
    }

    /// Takes memory of an earlier picture, to make the next one in.
    fn reuse(&mut self, memory: Vec<u8>) {
        drop(memory);
    }
}

/// A live source, as viewers know it that do not see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// Its name.
    pub name: String,
    /// Width and height of its pictures, where they are known.
    pub size: Option<(usize, usize)>,
    /// Silence that means that something is wrong.
    pub patience: Duration,
}

/// Frames of a source that never came out of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Came in part, or marked as damaged by the driver.
    pub damaged: u64,
    /// Never came, as the driver's frame numbers tell.
    pub missed: u64,
    /// Sent, but only after something was put right: an end marker added, stray bytes removed.
    pub repaired: u64,
}

/// Why a source cannot be opened or cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text after `--source` names nothing that exists.
    #[error(
        "there is no file or folder {0:?}: --source takes camera, pattern, a photo, a folder of photos, an MJPEG file, a numbered sequence such as shots/%04d.jpg, or - for standard input"
    )]
    NoSuchSource(String),
    /// No camera at all.
    #[error("no camera was found: plug one in, or use --source pattern")]
    NoCamera,
    /// A camera was named that is not there.
    #[error("there is no camera {wanted:?}; there is {present}")]
    NoSuchCamera {
        /// What was asked for.
        wanted: String,
        /// The cameras that are there, as one line.
        present: String,
    },
    /// Something is wrong with the camera.
    #[error("camera {name}: {fault}")]
    Camera {
        /// The camera's name.
        name: String,
        /// What it is.
        fault: Fault,
    },
    /// A folder without a single picture in it.
    #[error("{} has no pictures (looked for .jpg, .jpeg, .png, .gif, .webp and .bmp)", .0.display())]
    NoPictures(PathBuf),
    /// A sequence pattern that matches no file.
    #[error("no file matches {text:?}{hint}")]
    EmptySequence {
        /// The pattern.
        text: String,
        /// What there is instead, or what a pattern looks like.
        hint: String,
    },
    /// A sequence of which no file is a picture.
    #[error("none of the {count} files of {text:?} is a picture; the last: {last}")]
    NoneGood {
        /// The pattern.
        text: String,
        /// How many were tried.
        count: u64,
        /// What is wrong with the last one.
        last: String,
    },
    /// A size that no picture can have.
    #[error(
        "a picture of {width}x{height} pixels cannot be made: up to {MAX_DIMENSION} a side and {MAX_PIXELS} in all are allowed"
    )]
    BadSize {
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
    },
    /// A file that is no picture.
    #[error("{} is no picture: {reason}", path.display())]
    NotAPicture {
        /// The file.
        path: PathBuf,
        /// What the decoder found.
        reason: String,
    },
    /// A stream in which no JPEG begins.
    #[error(
        "{name} is no MJPEG stream: no JPEG begins within its first {searched} bytes (make one with: ffmpeg -i INPUT -f mjpeg -)"
    )]
    NotMjpeg {
        /// The file, or standard input.
        name: String,
        /// Bytes that were searched.
        searched: usize,
    },
    /// A stream that ended without a picture, or brought so much without one that none is expected any more.
    #[error("{name} {brought}")]
    NoPicture {
        /// The pipe, the file, or standard input.
        name: String,
        /// What it brought instead, as a sentence about it.
        brought: String,
    },
    /// Another format than JPEGs one after another.
    #[error("{name} brings {what}, not JPEG pictures{advice}")]
    Other {
        /// The pipe, the file, or standard input.
        name: String,
        /// The format.
        what: String,
        /// How to convert it, if that is known.
        advice: String,
    },
    /// A picture in a stream that grows past what a message may hold.
    #[error("{name}: a picture of more than {allowed} bytes")]
    TooLong {
        /// The file, or standard input.
        name: String,
        /// The largest picture that is taken, in bytes.
        allowed: usize,
    },
    /// Reading failed.
    #[error("{name}: {source}")]
    Io {
        /// The file, or standard input.
        name: String,
        /// What the system said.
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
        /// What the codec said.
        reason: String,
    },
    /// The controls of a camera cannot be told.
    #[error("camera {name}: {source}")]
    Controls {
        /// The camera's name.
        name: String,
        /// Why.
        source: ControlError,
    },
}

impl Error {
    /// Something else than JPEGs, and the command that converts it.
    pub(crate) fn other(name: &str, what: String, advice: Option<String>) -> Self {
        let advice = advice.map_or_else(String::new, |command| format!(" (convert it with: {command})"));
        Self::Other { name: name.to_owned(), what, advice }
    }

    /// Whether nothing will ever come of this source any more: a pipe that cannot be read, a file of another format. After other
    /// errors it may be asked again: a camera may come back, and behind a damaged picture there may be a good one.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        match self {
            Self::NoSuchSource(_)
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

    /// Whether it lasts for longer than a moment: a camera that is not there, or that somebody else has.
    #[must_use]
    pub const fn is_lasting(&self) -> bool {
        matches!(
            self,
            Self::NoCamera
                | Self::NoSuchCamera { .. }
                | Self::Camera { fault: Fault::Gone | Fault::Busy(_) | Fault::Denied { .. }, .. }
        )
    }

    /// What it is, without what it is with, for where that is said beside it.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Camera { fault, .. } => fault.to_string(),
            Self::NoCamera | Self::NoSuchCamera { .. } => "it is not plugged in".into(),
            other => other.to_string(),
        }
    }
}
