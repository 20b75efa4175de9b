//! The items in a client's mailbox.

use std::time::Instant;

use super::event::ClientId;
use crate::wire::{HeldShare, Message};

/// The memory of an ordered message besides its bytes: its place in the mailbox and its allocations. Without
/// it, a flood of tiny messages would take ten times the budget.
pub(super) const ITEM_COST: usize = 256;

/// An item in a mailbox.
#[derive(Debug)]
pub(super) enum Item {
    /// A heartbeat; its contents are in the client's [`Presence`] until it is sent.
    Heartbeat,
    /// A frame from another client, and when it arrived.
    Message(Message, Instant),
    /// A message that is delivered in order.
    Ordered {
        message: Message,
        from: ClientId,
        /// Its place, which is charged to its sender.
        _place: HeldShare,
    },
    /// The last piece of a frame that was begun.
    Piece {
        piece: Message,
        from: ClientId,
        /// The frame that is complete with it, and when that arrived; `None` if the rest does not come.
        ends: Option<(Message, Instant)>,
    },
}

impl Item {
    /// The cost of a last piece among the messages that are delivered in order. It is not the piece's size,
    /// because it must not take the place of texts, and there is at most one per client. But it is more than
    /// that of messages which are joined.
    pub(super) const PIECE_COST: usize = 2 << 10;

    /// The size of the message in bytes.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Heartbeat => 0,
            Self::Message(message, _)
            | Self::Ordered { message, .. }
            | Self::Piece { piece: message, .. } => message.wire_len(),
        }
    }
}
