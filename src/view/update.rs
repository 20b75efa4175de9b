//! Updates for the window: frames, texts, images and the state of the link.
//!
//! The types are the window's own, so that it is independent of the network, and a test or an example can
//! feed it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::camera_list::CameraChoice;
use crate::{
    clock::{Age, Timestamp},
    picture::Canvas,
    stream_id::StreamId,
};

/// Something new to show.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Update {
    /// A frame of a stream.
    Frame(VideoFrame),
    /// A frame that cannot be decoded.
    Damaged(Damaged),
    /// The sender of a stream has left: its tile is removed soon.
    Left {
        /// The stream.
        stream: StreamId,
    },
    /// A text from a peer.
    Text {
        /// The sender, if known.
        sender: Option<String>,
        /// The text.
        text: String,
        /// When it arrived.
        at: Timestamp,
    },
    /// A text from a peer that cannot be read.
    UnreadableText {
        /// The sender, if known.
        sender: Option<String>,
        /// Its size in bytes.
        bytes: usize,
        /// When it arrived.
        at: Timestamp,
    },
    /// The result of sending a text that was written here ([`Action::Say`](super::Action::Say)).
    Sent {
        /// Its number.
        number: u64,
        /// `false`: it was not sent, and will not be.
        left: bool,
    },
    /// An image from a peer.
    Image(Image),
    /// A picture that was requested at another size ([`RescaleRequest`]).
    Fitted {
        /// The request.
        wanted: RescaleRequest,
        /// The picture, or why it is not available.
        canvas: Result<Arc<Canvas>, String>,
    },
    /// The self view, or why there is none.
    Own(SelfViewState),
    /// The link's state has changed, or its round trip has been measured again.
    Link(LinkState),
    /// The cameras from which the user can choose ([`Action::ListCameras`](super::Action::ListCameras)).
    Cameras(Vec<CameraChoice>),
    /// The relay's page for browsers.
    Page(PageLink),
    /// The relay in use, of several.
    Host(String),
    /// The clipboard's text, for the line being written.
    Pasted(String),
    /// The clipboard's picture, which the user may send to everyone.
    PastedImage(Image),
    /// Pictures that were dropped on the window, which the user may send to everyone.
    Dropped(Vec<Image>),
    /// The start of the recording; `None` if nothing is being recorded.
    Recording(Option<Instant>),
    /// A message of the program itself, such as where a snapshot was saved.
    Notice(String),
    /// Where something was saved; the user can open the folder ([`Action::OpenFolder`](super::Action::OpenFolder)).
    Saved(String),
    /// Closes the window, because a time limit was reached, for example.
    Stop,
}

/// A decoded frame of a stream.
#[derive(Clone, Debug)]
pub struct VideoFrame {
    /// The stream to which it belongs.
    pub(crate) stream: StreamId,
    /// The stream's name; empty if it has none.
    pub(crate) name: Arc<str>,
    /// The number of the connection that it comes from, if known.
    pub(crate) peer: Option<u64>,
    /// The sender's frame number, if it sends one.
    pub(crate) seq: Option<u64>,
    /// The pixels, of the size from [`WindowHandle::demand`](super::WindowHandle::demand) or any other. Empty if
    /// nobody could see the stream; the window requests them if that changes.
    pub(crate) canvas: Arc<Canvas>,
    /// Width and height as in the JPEG's header.
    pub(crate) size: (usize, usize),
    /// The JPEG as received, for snapshots.
    pub(crate) jpeg: Bytes,
    /// The picture's age at `decoded`, if the clocks allow computing it.
    pub(crate) age: Option<Age>,
    /// When decoding was finished.
    pub(crate) decoded: Instant,
    /// Duration of decoding.
    pub(crate) decode: Duration,
    /// The stream's frame counts up to this one.
    pub(crate) account: FrameCounts,
    /// The kind of card, if it is a card in place of a picture.
    pub(crate) card: Option<PlaceholderKind>,
}

impl VideoFrame {
    /// Whether it was decoded.
    pub(crate) fn has_pixels(&self) -> bool {
        !self.canvas.pixels.is_empty()
    }
}

/// A frame that cannot be decoded.
#[derive(Clone, Debug)]
pub struct Damaged {
    /// The stream to which it belongs.
    pub(crate) stream: StreamId,
    /// The stream's name; empty if it has none.
    pub(crate) name: Arc<str>,
    /// The number of the connection that it comes from, if known.
    pub(crate) peer: Option<u64>,
    /// Width and height as in the JPEG's header, if it has one.
    pub(crate) size: Option<(usize, usize)>,
    /// Why it cannot be decoded.
    pub(crate) reason: String,
    /// Number of the stream's frames that could not be decoded so far, including this one.
    pub(crate) damaged: u64,
}

/// Frame counts of a stream since it appeared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameCounts {
    /// Frames that arrived.
    pub(crate) arrived: u64,
    /// Frames the sender left out: its camera lost them, or its link was too slow for them.
    pub(crate) left_out: u64,
    /// Frames that were sent and never arrived.
    pub(crate) lost: u64,
    /// Frames that arrived and could not be decoded.
    pub(crate) damaged: u64,
}

/// A card in place of a camera's picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceholderKind {
    /// The camera is gone, or delivers nothing.
    NoSignal,
    /// The camera was turned off.
    CameraOff,
}

/// The link to a relay's page for browsers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageLink {
    /// The link.
    pub(crate) url: String,
    /// Whether only this machine can open it.
    pub(crate) is_here: bool,
}

/// The self view.
#[derive(Clone, Debug)]
pub enum SelfViewState {
    /// A small, mirrored picture.
    Picture(Arc<Canvas>),
    /// The camera is turned off.
    Off,
    /// The camera delivers nothing; the reason, or an empty string if it is unknown.
    NoSignal(String),
}

/// A still picture from a peer.
#[derive(Clone, Debug)]
pub struct Image {
    /// The sender, if known.
    pub(crate) sender: Option<String>,
    /// Width and height of the picture, upright; `None` if unknown.
    pub(crate) size: Option<(usize, usize)>,
    /// The file as received: usually JPEG, but a peer may send anything.
    pub(crate) file: Bytes,
    /// Why it cannot be shown, if that is known already.
    pub(crate) fault: Option<String>,
}

/// A request for a picture at another size than that at which it was decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RescaleRequest {
    /// Identifies its content.
    pub(crate) stamp: u64,
    /// The file: a stream's JPEG, or an image.
    pub(crate) file: Bytes,
    /// Whether it is an image, which may be no JPEG, or be rotated by Exif data.
    pub(crate) is_image: bool,
    /// Width and height in pixels.
    pub(crate) size: (usize, usize),
}

/// State of the link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LinkState {
    /// The first attempt, or another one, is under way.
    #[default]
    Connecting,
    /// The relay answers.
    Up {
        /// The last measured round trip, if any.
        rtt: Option<Duration>,
    },
    /// Nothing gets through; another attempt will follow.
    Down {
        /// The reason, in a few words.
        why: String,
        /// When the next attempt begins.
        retry_at: Instant,
    },
    /// Nothing gets through, and retrying does not help: something must be changed first.
    Lasting {
        /// The reason, in a sentence.
        why: String,
        /// When the next attempt begins nevertheless.
        retry_at: Instant,
    },
    /// The relay refuses this client.
    Refused {
        /// The relay's reason.
        why: String,
        /// When the next attempt begins, if any.
        retry_at: Option<Instant>,
    },
}
