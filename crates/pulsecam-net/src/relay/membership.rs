//! A member's presence in a room, which ends when this is dropped. So a failed or cancelled task leaves no
//! ghost.

use std::{net::SocketAddr, sync::Arc, thread};

use tokio_util::sync::CancellationToken;

use super::{
    event::LeaveReason,
    member::{ClientId, Item, Member},
    memory::ClientMemory,
    room::Room,
};
use crate::{queue, transport::MessageWriter};

/// A guard that removes a member from its room.
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
    ) -> (Self, queue::Receiver<ClientId, Item>) {
        let (member, waiting, joined) = room.join(addr, writer, memory, dismissed);
        let membership = Self { room, member, reason: None };
        // Reported only once its end is certain to be reported as well.
        membership.room.server.emit(&joined);
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
            self.room.server.has_failed(left);
        } else if is_told {
            self.room.server.emit(&left);
        }
    }
}
