//! Reading films: files of JPEG frames with times, written by any program.
//!
//! Matroska, AVI, QuickTime and MP4, each with its own demuxer. No maintained crate was found that reads
//! everything that webcam programs and digital cameras write, including damaged files. Little is needed here:
//! one video track, no re-ordering, no sound.
//!
//! Files are untrusted. Every length is checked before anything is allocated, tables are read in place, and
//! damaged parts are skipped and counted.

mod avi;
mod codec;
mod damage;
mod error;
mod input;
mod matroska;
mod quicktime;

use std::time::Duration;

use bytes::Bytes;

pub use self::{error::Error, input::Input};
use crate::signature::{FileKind, probe};

/// The largest frame that is read: the maximum of a message.
pub const MAX_FRAME: usize = pulsecam_wire::DEFAULT_MAX_MESSAGE as usize;

/// Bytes from which a container is recognised.
pub const MAGIC_LENGTH: usize = 12;

/// A demuxer: returns the frames of one file.
pub trait Demuxer {
    /// Returns the next frame and its time; `None` at the end, also if the file is cut off. Whether a frame
    /// is a complete JPEG is not checked.
    ///
    /// # Errors
    /// [`Error::Read`], after which no more frames follow.
    fn next_frame(&mut self) -> Result<Option<(Duration, Bytes)>, Error>;

    /// Seeks: the next frame is the last one whose time is not after `to`, or the first of all.
    ///
    /// # Errors
    /// [`Error::NeedsFile`] if [`Demuxer::can_seek`] is false, [`Error::Read`].
    fn seek(&mut self, to: Duration) -> Result<(), Error>;

    /// Whether seeking is possible: not if it is read from a pipe.
    fn can_seek(&self) -> bool;

    /// The time at which it ends, on the frames' time line; `None` if it is not known. Searches for the end
    /// if the file does not say.
    ///
    /// # Errors
    /// [`Error::Read`].
    fn length(&mut self) -> Result<Option<Duration>, Error>;

    /// Damaged parts that were skipped; each has cost at least one frame.
    fn damaged(&self) -> u64;

    /// The name of the container: Matroska, AVI, QuickTime.
    fn container(&self) -> &'static str;
}

/// A container format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Container {
    /// Matroska and WebM.
    Matroska,
    /// AVI.
    Avi,
    /// QuickTime and MP4.
    QuickTime,
}

impl Container {
    /// Recognises a file by its first [`MAGIC_LENGTH`] bytes.
    #[must_use]
    pub fn of(start: &[u8]) -> Option<Self> {
        match probe(start)? {
            FileKind::Matroska => Some(Self::Matroska),
            FileKind::Avi => Some(Self::Avi),
            FileKind::Mov => Some(Self::QuickTime),
            _ => None,
        }
    }
}

/// Opens a film in any container, detected by its first bytes.
///
/// # Errors
/// [`Error::NotAFilm`], or what prevents its video from being read.
pub fn open(mut input: Input) -> Result<Box<dyn Demuxer>, Error> {
    match Container::of(input.peek(MAGIC_LENGTH)?) {
        Some(Container::Matroska) => Ok(Box::new(matroska::Matroska::open(input)?)),
        Some(Container::Avi) => Ok(Box::new(avi::Avi::open(input)?)),
        Some(Container::QuickTime) => Ok(Box::new(quicktime::QuickTime::open(input)?)),
        None => Err(Error::NotAFilm),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_recognised_by_their_first_bytes() {
        let starts: [(&[u8], _); 8] = [
            (b"\x1a\x45\xdf\xa3\x01\0\0\0", Some(Container::Matroska)),
            (b"RIFF\0\0\0\0AVI LIST", Some(Container::Avi)),
            (b"RIFF\0\0\0\0WAVEfmt ", None),
            (b"RIFF\0\0\0\0WEBP", None),
            (b"\0\0\0\x14ftypqt  ", Some(Container::QuickTime)),
            (b"\0\0\0\x08wide\0\0", Some(Container::QuickTime)),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", None),
            (b"", None),
        ];
        for (start, wanted) in starts {
            assert_eq!(Container::of(start), wanted, "{start:?}");
        }
    }
}
