//! A client's membership in a room, from its arrival to the reason why it left.

use std::{net::SocketAddr, sync::Arc, thread};

use tokio_util::sync::CancellationToken;

use super::{
    event::ClientId,
    mailbox::Item,
    members::{ClientKind, Member},
    memory::ClientMemory,
    reason::LeaveReason,
    room::Room,
};
use crate::{queue, transport::MessageWriter};

/// A member's presence in a room, which ends when this is dropped. So a failed or cancelled task leaves no
/// ghost.
pub(super) struct Membership {
    pub(super) room: Arc<Room>,
    pub(super) member: Arc<Member>,
    /// The reason, once it ended properly.
    reason: Option<LeaveReason>,
}

impl Membership {
    /// Adds a client to the room.
    pub(super) fn begin(
        room: Arc<Room>,
        addr: SocketAddr,
        writer: Arc<MessageWriter>,
        memory: ClientMemory,
        dismissed: CancellationToken,
        kind: ClientKind,
    ) -> (Self, queue::Receiver<ClientId, Item>) {
        let (member, waiting, joined) = room.join(addr, writer, memory, dismissed, kind);
        let membership = Self { room, member, reason: None };
        // Reported only once its end is certain to be reported as well.
        membership.room.shared.emit(&joined);
        (membership, waiting)
    }

    /// Ends it with a reason.
    pub(super) fn end(mut self, reason: LeaveReason) {
        self.reason = Some(reason);
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let reason = self.reason.take();
        // Without a reason the whole relay is ending, and nothing is reported any more.
        let is_told = reason.is_some();
        let left = self.room.leave(&self.member, reason.unwrap_or(LeaveReason::Shutdown));
        if thread::panicking() {
            // The listener may be what failed, so the relay's own loop reports it.
            self.room.shared.has_failed(left);
        } else if is_told {
            self.room.shared.emit(&left);
        }
    }
}
