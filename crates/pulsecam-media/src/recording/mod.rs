//! Recording streams to files: JPEG frames unchanged, each at its true time, in Matroska.
//!
//! Matroska, because a file is valid wherever it is cut: a header, then clusters of at most a second, each
//! written when it is complete. A crash of the program or a full disk costs the last second, and players play
//! the rest. Times have a resolution of 100 µs and follow no fixed rate, which AVI does not support, and the
//! file plays without anything written at the end, which MP4 would need. The index and the duration, written
//! at the end if possible, make players seek at once.
//!
//! A crash of the machine costs what the system had not yet written to the disk, on Linux up to half a
//! minute. The file is never synced: a memory card may then stall for seconds, so frames would be lost in
//! every recording to save a few after a power failure.

mod error;
mod pipe_recorder;
mod recorder;
mod recordings;
mod timeline;
mod writer;

pub use self::{
    error::Error,
    pipe_recorder::{PipeOutcome, PipeRecorder},
    recorder::{Finished, Recorder},
    recordings::{FileTarget, Recordings, Started},
    timeline::Timeline,
};

use bytes::Bytes;

use crate::clock::Timestamp;

/// The extension of recordings.
pub const EXTENSION: &str = "mkv";

/// A frame to be recorded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RecordedFrame {
    /// When the picture was taken, by the sender's clock, if known.
    pub captured: Option<Timestamp>,
    /// When it arrived.
    pub arrived: Timestamp,
    /// Pixels across and down.
    pub size: (usize, usize),
    /// The JPEG.
    pub jpeg: Bytes,
}

impl RecordedFrame {
    /// A frame of this size that arrived at this time.
    #[must_use]
    pub const fn new(arrived: Timestamp, size: (usize, usize), jpeg: Bytes) -> Self {
        Self { captured: None, arrived, size, jpeg }
    }

    /// Sets [`RecordedFrame::captured`].
    #[must_use]
    pub fn with_captured(self, captured: impl Into<Option<Timestamp>>) -> Self {
        Self { captured: captured.into(), ..self }
    }
}
