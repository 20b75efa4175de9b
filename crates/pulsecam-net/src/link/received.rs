//! Messages received over a link.

use std::time::Instant;

use super::{Account, Sender};
use crate::{
    clock::Timestamp,
    fresh,
    stream_id::StreamId,
    wire::{FrameInfo, Message},
};

/// A received message.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Received {
    /// The message as its sender wrote it.
    pub message: Message,
    /// The attributes of a video frame.
    pub info: Option<FrameInfo>,
    /// Its sender; `None` if it is neither text, image nor video.
    pub sender: Option<Sender>,
    /// The counts of its stream's frames up to this one; all zero if it is not video.
    pub account: Account,
    /// When its last byte was read, by the wall clock.
    pub received: Timestamp,
    /// The same by the monotonic clock.
    pub received_at: Instant,
}

impl Received {
    /// The size of the message in bytes.
    pub(super) fn weight(&self) -> usize {
        self.message.wire_len()
    }
}

/// The received messages: texts and images in order, and the newest frame of each stream.
pub type Inbox = fresh::Receiver<StreamId, Received>;
