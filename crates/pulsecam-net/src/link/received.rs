//! Messages received over a link.

use std::time::Instant;

use super::{LossStats, Peer};
use crate::{
    clock::Timestamp,
    queue,
    stream_id::StreamId,
    wire::{FrameInfo, Message},
};

/// A received message.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Received {
    /// The message as its sender wrote it; a heartbeat of the relay if the sender has left.
    pub message: Message,
    /// The attributes of a video frame.
    pub info: Option<FrameInfo>,
    /// Its sender, or who has left; `None` if it is neither text, image nor video.
    pub sender: Option<Peer>,
    /// The counts of its stream's frames up to this one; all zero if it is not video.
    pub account: LossStats,
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
pub type Inbox = queue::Receiver<StreamId, Received>;
