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
mod error;
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
mod recording;
mod resize;
mod schedule;
mod sequence;
mod spec;
mod splitter;
pub mod stamp;
mod stdin;
mod transform;
mod turn;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use crate::{clock::Timestamp, picture::Picture, playback};

#[doc(hidden)]
pub use self::{camera::Wanted, placeholder::Placeholder};
pub use self::{
    camera::{
        CameraInfo, CameraSettings, Control, ControlError, ControlKind, ControlSetting, DeviceFault,
        DeviceUser, FrameRate, Interface, MenuEntry, Mode, PixelFormat, Which, WrongValue, camera_label,
        cameras, controls,
    },
    error::Error,
    spec::{Settings, Spec},
    splitter::{Jpegs, jpegs},
    transform::{Transform, Transformed},
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
#[non_exhaustive]
pub struct Frame {
    /// Counts from 0; numbers of frames that the source itself lost are skipped.
    pub seq: u64,
    /// When the picture was taken, as close to the exposure as the source can tell.
    pub captured: Timestamp,
    /// The picture.
    pub data: FrameData,
}

impl Frame {
    /// A frame with this number, taken at this time.
    #[must_use]
    pub const fn new(seq: u64, captured: Timestamp, data: FrameData) -> Self {
        Self { seq, captured, data }
    }
}

/// A picture in the form in which the source has it.
#[derive(Clone, Debug)]
// Exhaustive: everyone who takes frames must be able to take each form.
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

/// What viewers see of a live source while it gives no picture.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signal {
    /// Its name.
    pub name: String,
    /// Width and height of its pictures, if known.
    pub size: Option<(usize, usize)>,
    /// Silence after which something must be wrong.
    pub patience: Duration,
}

impl Signal {
    /// A source of this name, whose size is not known.
    #[must_use]
    pub fn new(name: impl Into<String>, patience: Duration) -> Self {
        Self { name: name.into(), size: None, patience }
    }

    /// Sets [`Signal::size`].
    #[must_use]
    pub fn with_size(self, size: impl Into<Option<(usize, usize)>>) -> Self {
        Self { size: size.into(), ..self }
    }
}

/// Frames of a source that were lost or needed repair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Losses {
    /// Arrived incomplete, or marked as damaged by the driver.
    pub damaged: u64,
    /// Never arrived, according to the driver's frame numbers.
    pub missed: u64,
    /// Sent, but only after a repair: an end marker added, stray bytes removed.
    pub repaired: u64,
}
