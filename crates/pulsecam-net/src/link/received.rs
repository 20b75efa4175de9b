//! What came in over a link.

use std::time::Instant;

use super::{Account, Sender};
use crate::{
    clock::Timestamp,
    fresh,
    stream_id::StreamId,
    wire::{FrameInfo, Message},
};

/// A message that came in.
#[derive(Clone, Debug)]
pub struct Received {
    /// The message as its sender wrote it.
    pub message: Message,
    /// What its description tells, for a video frame.
    pub info: Option<FrameInfo>,
    /// Who sent it; `None` for what is neither text, image nor video.
    pub sender: Option<Sender>,
    /// What became of its stream's frames up to this one; all zero for what is no video.
    pub account: Account,
    /// When its last byte was read, by the wall clock.
    pub received: Timestamp,
    /// The same by the steady clock.
    pub received_at: Instant,
}

impl Received {
    /// Bytes of the message.
    pub(super) fn weight(&self) -> usize {
        self.message.wire_len()
    }
}

/// What came in: texts and images in order, of each stream the newest frame.
pub type Inbox = fresh::Receiver<StreamId, Received>;
