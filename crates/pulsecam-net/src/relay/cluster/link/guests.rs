//! The clients of another relay whose messages come over a link. For the clients here, each is a sender of its own.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use tokio_util::sync::CancellationToken;

use crate::{
    queue,
    relay::{
        event::ClientId,
        mailbox::Item,
        members::{ClientKind, Member},
        memory::ClientMemory,
        room::Room,
    },
    transport::MessageWriter,
};

/// The most guests of a link: as many as a relay has clients by default. Of more, the one that sent nothing for the
/// longest time is forgotten; it becomes another sender if it sends again.
const MAX_GUESTS: usize = 1024;

/// The guests of one link, by their numbers.
pub(super) struct Guests {
    room: Arc<Room>,
    from: SocketAddr,
    writer: Arc<MessageWriter>,
    memory: ClientMemory,
    known: BTreeMap<u64, (Arc<Member>, u64)>,
    /// Counts messages, so that it is known who sent nothing for the longest time.
    turn: u64,
}

impl Guests {
    pub(super) fn new(
        room: Arc<Room>,
        from: SocketAddr,
        writer: Arc<MessageWriter>,
        memory: ClientMemory,
    ) -> Self {
        Self { room, from, writer, memory, known: BTreeMap::new(), turn: 0 }
    }

    /// The sender with this number.
    pub(super) fn sender(&mut self, peer: u64) -> Arc<Member> {
        self.turn += 1;
        if !self.known.contains_key(&peer)
            && self.known.len() >= MAX_GUESTS
            && let Some(oldest) = self.known.iter().min_by_key(|(_, (_, turn))| *turn).map(|(peer, _)| *peer)
        {
            self.known.remove(&oldest);
        }
        if let Some((guest, last)) = self.known.get_mut(&peer) {
            *last = self.turn;
            return Arc::clone(guest);
        }
        let guest = self.guest(peer);
        self.known.insert(peer, (Arc::clone(&guest), self.turn));
        guest
    }

    /// A member of no list, which gets nothing.
    fn guest(&self, peer: u64) -> Arc<Member> {
        let (mailbox, _) = queue::channel::<ClientId, Item>(0);
        let (id, writer) = (self.room.links.next_guest(), Arc::clone(&self.writer));
        let memory = self.memory.clone();
        let mut guest = Member::new(id, self.from, mailbox, writer, 0, memory, CancellationToken::new());
        guest.kind = ClientKind::Guest;
        let _ = guest.number.set(peer); // it has none yet
        Arc::new(guest)
    }
}
