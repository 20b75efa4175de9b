//! The clients of another relay whose messages come over a link. For the clients here, each is a sender of its own.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Instant,
};

use tokio_util::sync::CancellationToken;

use super::note::{MOST_REPORTS, PeerReport};
use crate::{
    queue,
    relay::{
        event::ClientId,
        mailbox::Item,
        members::{ClientKind, Member},
        memory::ClientMemory,
        room::Room,
    },
    sync::lock,
    transport::MessageWriter,
    wire::{ClockShift, Message},
};

/// The most guests of a link: as many as a relay has clients by default. Of more, the one that sent nothing for the
/// longest time is forgotten; it becomes another sender if it sends again.
const MAX_GUESTS: usize = 1024;

/// How far the clock of this relay is ahead of that of the guests' own one; `None` while that is not known.
#[derive(Debug, Default)]
pub(in crate::relay) struct LinkClock(Mutex<Option<ClockShift>>);

impl LinkClock {
    pub(super) fn set(&self, ahead: ClockShift) {
        *lock(&self.0) = Some(ahead);
    }

    /// The frame with its times by the clock of this relay; `None` if it has none.
    pub(in crate::relay) fn shifted(&self, message: &Message) -> Option<Message> {
        message.shifted(*lock(&self.0))
    }
}

/// The guests of one link, by their numbers.
pub(super) struct Guests {
    room: Arc<Room>,
    from: SocketAddr,
    writer: Arc<MessageWriter>,
    memory: ClientMemory,
    pub(super) clock: Arc<LinkClock>,
    known: BTreeMap<u64, Guest>,
    /// Counts messages, so that it is known who sent nothing for the longest time.
    turn: u64,
}

struct Guest {
    member: Arc<Member>,
    turn: u64,
    /// Whether a frame of it came since the last report, and which turn that was.
    is_due: bool,
    reported: u64,
    /// Whether it has sent any frame.
    films: bool,
}

impl Guests {
    pub(super) fn new(
        room: Arc<Room>,
        from: SocketAddr,
        writer: Arc<MessageWriter>,
        memory: ClientMemory,
    ) -> Self {
        Self { room, from, writer, memory, clock: Arc::default(), known: BTreeMap::new(), turn: 0 }
    }

    /// The sender with this number, of a frame if it `films`.
    pub(super) fn sender(&mut self, peer: u64, films: bool) -> Arc<Member> {
        self.turn += 1;
        if !self.known.contains_key(&peer)
            && self.known.len() >= MAX_GUESTS
            && let Some(oldest) = self.known.iter().min_by_key(|(_, guest)| guest.turn).map(|(peer, _)| *peer)
        {
            self.known.remove(&oldest).iter().for_each(|guest| self.room.links.forgets(guest.member.id));
        }
        let (turn, known) = (self.turn, self.known.get_mut(&peer));
        if let Some(guest) = known {
            guest.turn = turn;
            guest.is_due |= films;
            if films && !guest.films {
                guest.films = true;
                self.room.links.films(&guest.member);
            }
            return Arc::clone(&guest.member);
        }
        let member = self.guest(peer);
        if films {
            self.room.links.films(&member);
        }
        self.known
            .insert(peer, Guest { member: Arc::clone(&member), turn, is_due: films, reported: 0, films });
        member
    }

    /// The numbers of those whose frames were shown here.
    pub(super) fn streams(&self) -> Vec<u64> {
        self.known.iter().filter(|(_, guest)| guest.films).map(|(peer, _)| *peer).collect()
    }

    /// How the clients here get the frames of those that have sent any since the last report, of some at a time.
    pub(super) fn reports(&mut self, now: Instant) -> Vec<PeerReport> {
        let (room, turn) = (&self.room, self.turn);
        let mut due: Vec<_> = self.known.iter_mut().filter(|(_, guest)| guest.is_due).collect();
        // In turns, if there are many.
        due.sort_by_key(|(_, guest)| guest.reported);
        let reported = due.into_iter().take(MOST_REPORTS).filter_map(|(peer, guest)| {
            (guest.is_due, guest.reported) = (false, turn);
            let (report, _) = room.audience_report(guest.member.id, now)?;
            Some(PeerReport { peer: *peer, report })
        });
        reported.collect()
    }

    /// Forgets a sender that has left.
    pub(super) fn left(&mut self, peer: u64) {
        self.known.remove(&peer).iter().for_each(|guest| self.room.links.forgets(guest.member.id));
    }

    /// A member of no list, which gets nothing.
    fn guest(&self, peer: u64) -> Arc<Member> {
        let (mailbox, _) = queue::channel::<ClientId, Item>(0);
        let (id, writer) = (self.room.links.next_guest(), Arc::clone(&self.writer));
        let memory = self.memory.clone();
        let mut guest = Member::new(id, self.from, mailbox, writer, 0, memory, CancellationToken::new());
        guest.kind = ClientKind::Guest;
        guest.link_clock = Some(Arc::clone(&self.clock));
        let _ = guest.number.set(peer); // it has none yet
        Arc::new(guest)
    }
}

impl Drop for Guests {
    fn drop(&mut self) {
        self.known.values().for_each(|guest| self.room.links.forgets(guest.member.id));
    }
}
