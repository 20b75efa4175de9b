//! A member's stay in a room, which ends with this, however that comes about: a task that fails or is cut short leaves no ghost.

use std::{net::SocketAddr, sync::Arc, thread};

use tokio_util::sync::CancellationToken;

use super::{
    event::LeaveReason,
    member::{ClientId, Item, Member},
    memory::Accounts,
    room::Room,
};
use crate::{fresh, socket::Pen};

/// Somebody who is in.
pub(super) struct Stay {
    pub(super) room: Arc<Room>,
    pub(super) member: Arc<Member>,
    /// Why it ended, once it did as it should.
    reason: Option<LeaveReason>,
}

impl Stay {
    /// Lets a client in.
    pub(super) fn begin(
        room: Arc<Room>,
        addr: SocketAddr,
        pen: Arc<Pen>,
        accounts: Accounts,
        dismissed: CancellationToken,
    ) -> (Self, fresh::Receiver<ClientId, Item>) {
        let (member, waiting, joined) = room.join(addr, pen, accounts, dismissed);
        let stay = Self { room, member, reason: None };
        // Told once its end is sure to be.
        stay.room.house.tell(&joined);
        (stay, waiting)
    }

    /// It has ended.
    pub(super) fn end(mut self, reason: LeaveReason) {
        self.reason = Some(reason);
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        let reason = self.reason.take();
        // Cut short without a reason, it is the whole relay that ends, and nobody is told any more.
        let is_told = reason.is_some();
        let left = self.room.leave(&self.member, reason.unwrap_or(LeaveReason::Shutdown));
        if thread::panicking() {
            // Whoever listens may be what failed: the relay's own loop tells it.
            self.room.house.has_failed(left);
        } else if is_told {
            self.room.house.tell(&left);
        }
    }
}
