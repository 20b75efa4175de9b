//! What the window is told: frames, texts, images and how the link is.
//!
//! Its own words, so that the window knows nothing of the network, and a test or an example can feed it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;

use crate::{clock::Age, picture::Canvas};

/// Something new to show.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Update {
    /// A frame of a stream.
    Frame(Frame),
    /// Frames of a stream that will never be shown although they were sent: undecodable ones, say. Gaps in
    /// [`Frame::seq`] are found without being told.
    Lost {
        /// The stream's name.
        stream: String,
        /// How many.
        frames: u64,
    },
    /// A stream has ended: its tile goes at once.
    Left {
        /// The stream's name.
        stream: String,
    },
    /// Somebody says something.
    Text {
        /// Who, where that is known.
        sender: Option<String>,
        /// What.
        text: String,
    },
    /// Somebody shows a picture.
    Image(Image),
    /// The link's state has changed, or its round trip has been measured again.
    Link(LinkState),
    /// A word from the program itself, such as where a snapshot was saved.
    Notice(String),
    /// The window shall close, because the time is over, say.
    Stop,
}

/// A decoded frame of a stream.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The stream's name: frames of one name are one stream.
    pub stream: String,
    /// The sender's count, where it counts: gaps in it are losses.
    pub seq: Option<u64>,
    /// The pixels; fewer than `size` where it was decoded at a fraction.
    pub canvas: Arc<Canvas>,
    /// Width and height as in the JPEG's header.
    pub size: (usize, usize),
    /// The JPEG as received, for snapshots.
    pub jpeg: Bytes,
    /// How old the picture was at `decoded`, where the clocks allow to tell.
    pub age: Option<Age>,
    /// When it was ready to be shown.
    pub decoded: Instant,
    /// What decoding took.
    pub decode: Duration,
    /// Frames of this stream that arrived since the last one handed over, and were replaced before they
    /// got this far. The window adds those that it replaces itself.
    pub replaced: u64,
    /// Whether it is a card that says why there is no picture, and not what the camera sees.
    pub card: bool,
}

/// A still picture that somebody sent.
#[derive(Clone, Debug)]
pub struct Image {
    /// Who, where that is known.
    pub sender: Option<String>,
    /// The pixels.
    pub canvas: Arc<Canvas>,
    /// The file as received.
    pub jpeg: Bytes,
}

/// How the link is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LinkState {
    /// The first try, or another one, is under way.
    #[default]
    Connecting,
    /// The other side answers.
    Up {
        /// The last round trip, once there was one.
        rtt: Option<Duration>,
    },
    /// Nothing gets through; another try will follow.
    Down {
        /// What happened, in a few words.
        why: String,
        /// When the next try begins.
        retry_at: Instant,
    },
    /// The other side does not want us; no further try will follow.
    Refused {
        /// What it said.
        why: String,
    },
}
