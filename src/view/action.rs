//! What the window reports to its caller: requested actions, and the frame counts of each stream.

use bytes::Bytes;

use super::{arrangement::Arrangement, news::News, stream_counts::StreamCounts};
use crate::{playback::Progress, stream_id::StreamId};

/// A request to the caller: the window itself writes no files and has no access to the network.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Save a frame of a stream, as received.
    Snapshot {
        /// The stream's name.
        stream: String,
        /// The frame's number, if it has one.
        seq: Option<u64>,
        /// The JPEG.
        jpeg: Bytes,
    },
    /// Save the image that is on display, as received.
    SaveImage {
        /// Who sent it, if known.
        sender: Option<String>,
        /// The file.
        file: Bytes,
    },
    /// Send a text to everyone, and report the result ([`Update::Sent`](super::Update::Sent)).
    Say {
        /// The text's number at this window.
        number: u64,
        /// The text.
        text: String,
    },
    /// Send an image to everyone, and report the result ([`Update::Sent`](super::Update::Sent)).
    SendImage {
        /// Its number at this window, among the texts.
        number: u64,
        /// The file: a picture in any format.
        file: Bytes,
    },
    /// Start recording; [`Update::Recording`](super::Update::Recording) reports the actual state.
    Record {
        /// The stream to record; `None` for all of them.
        only: Option<StreamId>,
    },
    /// Stop recording.
    StopRecording,
    /// Turn the user's own camera on or off.
    Camera(bool),
    /// List the cameras ([`Update::Cameras`](super::Update::Cameras)).
    ListCameras,
    /// Send the picture of this row of the list.
    UseCamera(usize),
    /// Put this picture, an image or a stream's frame, on the clipboard.
    Copy {
        /// The name of the stream or of the image's sender, if known.
        name: Option<String>,
        /// The file.
        file: Bytes,
    },
    /// Remember the order of the streams.
    Arranged(Arrangement),
    /// Put this text on the clipboard.
    CopyText(String),
    /// Tell the user that someone came or wrote: the window does not have the focus.
    Attention(News),
    /// Open the folder with what was saved in a file manager.
    OpenFolder,
    /// Nothing to do: the film was paused or resumed, its position was changed, or it has ended.
    Played(Progress),
}

/// A stream and its frame counts, for the summary at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// The stream's name.
    pub(crate) stream: String,
    /// Its frames.
    pub(crate) counts: StreamCounts,
}
