//! What arrived from others, as viewers get it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::Undecodable;
use crate::{
    clock::{Age, Timestamp},
    jpeg::Header,
    link::{FrameInHand, LossStats, Peer, State},
    picture::Canvas,
    recording::RecordedFrame,
    still::StillInfo,
    stream_id::StreamId,
    wire::{FrameInfo, Origin},
};

/// Something that arrived.
#[derive(Debug)]
pub enum Arrival {
    /// A text; lone surrogates are shown as U+FFFD. UTF-8 in place of a `QString` is accepted as well.
    Text {
        /// The text.
        text: String,
        /// The sender, as the message claims.
        origin: Origin,
        /// The sender's stream and connection, as far as known.
        sender: Option<Peer>,
    },
    /// A text whose payload is neither a `QString` nor UTF-8.
    UnreadableText {
        /// Size of the payload in bytes.
        bytes: usize,
        /// Why it is no `QString`.
        reason: &'static str,
        /// The sender, as the message claims.
        origin: Origin,
        /// The sender's stream and connection, as far as known.
        sender: Option<Peer>,
    },
    /// An image.
    Image {
        /// The file as received.
        file: Bytes,
        /// Its format and size, or why it cannot be shown.
        look: Result<StillInfo, Undecodable>,
        /// The sender, as the message claims.
        origin: Origin,
        /// The sender's stream and connection, as far as known.
        sender: Option<Peer>,
    },
    /// A video frame.
    Frame(Box<ReceivedFrame>),
    /// The sender of a stream has left, as the relay says.
    Left {
        /// The stream.
        id: StreamId,
    },
    /// A video frame that cannot be shown.
    Damaged {
        /// The stream.
        id: StreamId,
        /// Its displayed name.
        stream: Arc<str>,
        /// The number of its sender's connection, if the relay reports it.
        peer: Option<u64>,
        /// Width and height, if the header could be read.
        size: Option<(usize, usize)>,
        /// The reason.
        reason: Undecodable,
    },
}

/// A video frame that arrived.
#[derive(Debug)]
pub struct ReceivedFrame {
    /// The stream.
    pub(crate) id: StreamId,
    /// Its displayed name: the one its sender claims, with equal names distinguished; empty if it claims
    /// none.
    pub(crate) stream: Arc<str>,
    /// The number of its sender's connection, if the relay reports it.
    pub(crate) peer: Option<u64>,
    /// The sender's information, or that of the stamp in the pixels if the sender gave none.
    pub(crate) info: FrameInfo,
    /// The stream's frame counts up to this one.
    pub(crate) account: LossStats,
    /// The frame as received.
    pub(crate) jpeg: Bytes,
    /// Its size.
    pub(crate) header: Header,
    /// Its pixels, if pixels are requested.
    pub(crate) canvas: Option<Canvas>,
    /// Whether it was decoded, for its pixels or for the stamp in them.
    pub(crate) was_decoded: bool,
    /// When its last byte was read.
    pub(crate) received: Timestamp,
    /// The same on the monotonic clock.
    pub(crate) received_at: Instant,
    /// When its pixels were ready; if none were requested, when the frame was examined.
    pub(crate) decoded: Timestamp,
    /// Duration of decoding.
    pub(crate) decoding: Duration,
    /// The picture's age at `decoded`.
    pub(crate) age: Option<Age>,
    /// Bytes on the wire.
    pub(crate) bytes: usize,
    /// Lasts until the viewer is done with it, so that the relay does not send more than it can show.
    pub(crate) in_hand: Option<FrameInHand>,
}

impl ReceivedFrame {
    /// The frame in the form that a recording takes.
    #[must_use]
    pub fn taken(&self) -> RecordedFrame {
        let size = (self.header.width, self.header.height);
        RecordedFrame::new(self.received, size, self.jpeg.clone()).with_captured(self.info.captured)
    }
}

/// The age of a picture at `now` on our clock; by the relay's clock if both ends know it.
#[must_use]
pub fn age(info: &FrameInfo, state: &State, now: Timestamp) -> Option<Age> {
    let ours = match state {
        State::Up { offset, .. } => *offset,
        _ => None,
    };
    match (info.captured_at_relay(), ours) {
        (Some(captured), Some(ours)) => Some(Age {
            time: now.offset(ours.micros).since(captured),
            within: info.within.map(|theirs| ours.uncertainty() + Duration::from_micros(theirs)),
        }),
        _ => Some(Age { time: now.since(info.captured?), within: None }),
    }
}
