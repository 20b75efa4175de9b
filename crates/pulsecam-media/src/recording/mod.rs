//! Streams kept in files: JPEG frames as they came, each at its true time, in Matroska.
//!
//! Matroska, because it is whole wherever it is cut: a header, then clusters of at most a second, each written when it is done. So a
//! crash of the program or a full disk costs the last second, and players play the rest. Times are as fine as 100 µs and follow no grid, which AVI
//! could not, and nothing has to be written at the end for the file to play, as MP4 would need. What is written at the end, where there
//! is one, makes players seek at once: the index, and the duration.
//!
//! A crash of the machine costs what the system had not written to the disk, on Linux up to half a minute. Nothing here syncs the file:
//! a memory card that is asked to may stop for seconds, in which frames would be lost on every run to save a few after a power cut.

mod error;
mod live;
mod recorder;
mod takes;
mod timeline;
mod writer;

pub use self::{
    error::Error,
    live::{Given, Live},
    recorder::{Finished, Recorder},
    takes::{Begun, Place, Takes},
    timeline::Timeline,
};

use bytes::Bytes;

use crate::clock::Timestamp;

/// What a file's name ends with.
pub const EXTENSION: &str = "mkv";

/// A frame to be kept.
#[derive(Clone, Debug)]
pub struct Taken {
    /// When the picture was taken, by the sender's clock, where it told.
    pub captured: Option<Timestamp>,
    /// When it came.
    pub arrived: Timestamp,
    /// Pixels across and down.
    pub size: (usize, usize),
    /// The JPEG.
    pub jpeg: Bytes,
}
