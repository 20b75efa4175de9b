//! What the window is told: frames, texts, images and how the link is.
//!
//! Its own words, so that the window knows nothing of the network, and a test or an example can feed it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;

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
    Frame(Frame),
    /// A frame of a stream came that cannot be decoded.
    Damaged(Damaged),
    /// A stream has ended: its tile goes at once.
    Left {
        /// Which.
        stream: StreamId,
    },
    /// Somebody says something.
    Text {
        /// Who, where that is known.
        sender: Option<String>,
        /// What.
        text: String,
        /// When it came.
        at: Timestamp,
    },
    /// Somebody sent a text that cannot be read.
    UnreadableText {
        /// Who, where that is known.
        sender: Option<String>,
        /// Bytes of it.
        bytes: usize,
        /// When it came.
        at: Timestamp,
    },
    /// What became of a text that was written here ([`Action::Say`](super::Action::Say)).
    Sent {
        /// Its number.
        number: u64,
        /// `false`: it will not be sent any more.
        left: bool,
    },
    /// Somebody shows a picture.
    Image(Image),
    /// A picture that was asked for at another size ([`Wanted`]).
    Fitted {
        /// What was asked for.
        wanted: Wanted,
        /// The picture, or why it cannot be had.
        canvas: Result<Arc<Canvas>, String>,
    },
    /// What the own camera sees, or why there is nothing to see.
    Own(Own),
    /// The link's state has changed, or its round trip has been measured again.
    Link(LinkState),
    /// What was on the clipboard, for the line that is being written.
    Pasted(String),
    /// Whether what is seen is recorded, since when.
    Recording(Option<Instant>),
    /// A word from the program itself, such as where a snapshot was saved.
    Notice(String),
    /// The window shall close, because the time is over, say.
    Stop,
}

/// A decoded frame of a stream.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The stream to which it belongs.
    pub stream: StreamId,
    /// What that is called; empty if it has no name.
    pub name: Arc<str>,
    /// The number of the connection that it comes from, where that is known.
    pub peer: Option<u64>,
    /// The sender's count, where it counts.
    pub seq: Option<u64>,
    /// The pixels: of the size that [`Handle::room`](super::Handle::room) asks for, or any other.
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
    /// What became of the stream's frames up to this one.
    pub account: Account,
    /// Whether it is a card that says why there is no picture, and which.
    pub card: Option<Card>,
}

/// A frame that cannot be decoded.
#[derive(Clone, Debug)]
pub struct Damaged {
    /// The stream to which it belongs.
    pub stream: StreamId,
    /// What that is called; empty if it has no name.
    pub name: Arc<str>,
    /// The number of the connection that it comes from, where that is known.
    pub peer: Option<u64>,
    /// Width and height as in the JPEG's header, where it has one.
    pub size: Option<(usize, usize)>,
    /// Why it cannot be decoded.
    pub reason: String,
    /// Frames of the stream that could not be decoded so far, this one included.
    pub damaged: u64,
}

/// Frames of a stream, counted since it came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// That arrived.
    pub arrived: u64,
    /// That the sender left out: its camera lost them, or its link was too slow for them.
    pub left_out: u64,
    /// That were sent and never arrived.
    pub lost: u64,
    /// That arrived and could not be decoded.
    pub damaged: u64,
}

/// A card in place of a camera's picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Card {
    /// The camera is gone, or gives nothing.
    NoSignal,
    /// It was switched off.
    CameraOff,
}

/// What the own camera sees.
#[derive(Clone, Debug)]
pub enum Own {
    /// A small picture of it, as in a mirror.
    Picture(Arc<Canvas>),
    /// It is switched off.
    Off,
    /// It gives nothing, and why, as far as that is known.
    NoSignal(String),
}

/// A still picture that somebody sent.
#[derive(Clone, Debug)]
pub struct Image {
    /// Who, where that is known.
    pub sender: Option<String>,
    /// Width and height of the picture, upright; `None` where they are not known.
    pub size: Option<(usize, usize)>,
    /// The file as received: JPEG as a rule, but a peer may send what it likes.
    pub file: Bytes,
    /// Why it cannot be shown, if that is known already.
    pub fault: Option<String>,
}

/// A picture that the window shows at a size at which it was not decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Names its content.
    pub stamp: u64,
    /// The file: a stream's JPEG, or an image.
    pub file: Bytes,
    /// Whether it is an image, which may be no JPEG, or lie.
    pub is_image: bool,
    /// Pixels across and down.
    pub size: (usize, usize),
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
    /// Nothing gets through, and trying again does not help: somebody has to change something first.
    Lasting {
        /// What, in a sentence.
        why: String,
        /// When the next try begins all the same.
        retry_at: Instant,
    },
    /// The other side does not want us.
    Refused {
        /// What it said.
        why: String,
        /// When the next try begins, if any.
        retry_at: Option<Instant>,
    },
}
