//! What the window tells its caller: what it is asked to do, and what became of each stream's frames.

use bytes::Bytes;

use super::stream::Counts;
use crate::playback::Progress;

/// What the caller is asked to do: the window itself writes no files and knows no network.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Save a frame of a stream, as received.
    Snapshot {
        /// The stream's name.
        stream: String,
        /// The frame's number, where it has one.
        seq: Option<u64>,
        /// The JPEG.
        jpeg: Bytes,
    },
    /// Save the image that is on display, as received.
    SaveImage {
        /// Who sent it, where that is known.
        sender: Option<String>,
        /// The file.
        file: Bytes,
    },
    /// Send a text to everybody, and tell what became of it ([`Update::Sent`](super::Update::Sent)).
    Say {
        /// The text's number at this window.
        number: u64,
        /// The text.
        text: String,
    },
    /// Begin to record, or stop; [`Update::Recording`](super::Update::Recording) tells whether that is so.
    Record(bool),
    /// Switch the own camera on or off.
    Camera(bool),
    /// Give this picture, an image or a stream's frame, to whatever is pasted into next.
    Copy(Bytes),
    /// Nothing: the film that is played was paused, goes on, was moved in, or has ended.
    Played(Progress),
}

/// A stream and what became of its frames, for the summary at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// The stream's name.
    pub stream: String,
    /// Its frames.
    pub counts: Counts,
}
