//! Passes a frame on in pieces while it arrives, to viewers whose connections are idle.
//!
//! Pieces are messages, so the rules for messages hold for each of them: nothing is written ahead of what
//! waits for a viewer, and a full socket finishes what it has begun. A viewer that is busy at one piece gets
//! it with the next one, or at the end. Then the rest is put in order with texts, because a frame that was
//! begun is finished. A viewer that was never idle gets the whole message as always.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{
            AtomicU64,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
    time::{Duration, Instant},
};

use super::{
    cut_through::CutThrough, event::ClientId, mailbox::Item, members::Member, rate_limit::RateLimiter,
    room::Room,
};
use crate::{
    clock,
    queue::Full,
    sync::lock,
    transport::Written,
    wire::{Arriving, Message, MessageKind, torn_piece},
};

/// The frame of one sender that is being passed on.
pub(super) struct Passing<'a> {
    room: &'a Room,
    sender: &'a Member,
    cut: CutThrough,
    /// The pieces so far, and the bytes of the payload up to the end of each.
    pieces: Vec<(Message, usize)>,
    /// The viewers that have got some of them, and how many.
    viewers: BTreeMap<ClientId, (Arc<Member>, usize)>,
    /// The last pieces of the complete message, by the number of pieces before.
    rests: Vec<(usize, Message)>,
}

/// The sender whose frame a viewer is getting in pieces: one at a time.
#[derive(Debug, Default)]
pub(super) struct PieceSlot(AtomicU64);

impl PieceSlot {
    fn take(&self, sender: ClientId) -> bool {
        self.0.compare_exchange(0, sender, Acquire, Relaxed).is_ok()
    }

    /// Lets another sender begin. The end of the frame is written or waits by then.
    fn free(&self) {
        self.0.store(0, Release);
    }
}

impl<'a> Passing<'a> {
    pub(super) fn new(room: &'a Room, sender: &'a Member) -> Self {
        let (pieces, viewers, rests) = (Vec::new(), BTreeMap::new(), Vec::new());
        Self { room, sender, cut: CutThrough::default(), pieces, viewers, rests }
    }

    /// The bytes of an unfinished message beyond which [`Self::part`] has to be called.
    pub(super) fn looks_beyond(&self) -> usize {
        let takers = self.room.piece_takers(self.sender);
        if takers == 0 && self.viewers.is_empty() { usize::MAX } else { self.cut.looks_beyond() }
    }

    /// Waits until the rest of the frame is overdue.
    pub(super) async fn overdue(&self) {
        match self.cut.deadline() {
            Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
            None => std::future::pending().await,
        }
    }

    /// Handles more of an unfinished message, of which `arrived` bytes are there; `arriving` once its head is
    /// complete. Returns the number of pieces that were written.
    pub(super) fn part(
        &mut self,
        arriving: Option<&Arriving<'_>>,
        arrived: usize,
        rate_limiter: &mut RateLimiter,
        now: Instant,
    ) -> usize {
        let Some(arriving) = arriving else {
            self.cut.wait(arrived);
            return 0;
        };
        if arriving.kind() != MessageKind::Video {
            self.cut.ignore();
            return 0;
        }
        if !self.cut.part(arriving.length(), arrived)
            || !rate_limiter.takes_spare(self.room.piece_takers(self.sender) as usize, now)
        {
            return 0;
        }
        if self.cut(arriving).is_none() {
            self.cut.ignore();
            return 0;
        }
        let written = self.write();
        if !self.viewers.is_empty() {
            self.cut.begun(arriving.length(), arrived, now);
        }
        written
    }

    /// The bytes of the newest piece.
    pub(super) fn piece_length(&self) -> usize {
        self.pieces.last().map_or(0, |(piece, _)| piece.wire_len())
    }

    /// Ignores an unfinished message that must not be passed on early.
    pub(super) const fn ignore(&mut self) {
        self.cut.ignore();
    }

    /// Makes a piece of what has arrived since the last one; `None` if the message cannot be cut.
    fn cut(&mut self, arriving: &Arriving<'_>) -> Option<()> {
        let end = arriving.payload_arrived();
        let piece = match self.pieces.last() {
            Some((_, before)) if *before == end => return Some(()),
            Some((_, before)) => arriving.next_piece(*before).ok()?,
            None => {
                let described = self.room.numbered_description(self.sender, arriving)?;
                arriving.first_piece(described).ok()?
            }
        };
        self.pieces.push((piece, end));
        Some(())
    }

    /// Writes to each idle viewer the pieces that it has not got; returns how many were written.
    fn write(&mut self) -> usize {
        let mut written = 0;
        for member in self.room.members().iter().filter(|member| member.id != self.sender.id) {
            let takes_any = member.presence.takes_pieces() && !member.presence.wanted.is_one();
            if !member.presence.views() || !takes_any {
                continue;
            }
            let known = self.viewers.get(&member.id).map(|(_, got)| *got);
            if known.is_none() && !(member.writer.is_free() && member.slot.take(self.sender.id)) {
                continue;
            }
            let before = known.unwrap_or(0);
            let mut got = before;
            // Looked at only after the slot was taken: the end of the frame before may wait there.
            while let Some((piece, _)) = self.pieces.get(got)
                && member.mailbox.is_empty()
            {
                let outcome = member.writer.try_write(piece);
                got += usize::from(outcome != Written::Nothing);
                if outcome != Written::Whole {
                    break;
                }
            }
            if got == 0 {
                member.slot.free();
            }
            if got > before {
                written += got - before;
                self.viewers.entry(member.id).or_insert_with(|| (Arc::clone(member), 0)).1 = got;
            }
        }
        written
    }

    /// Handles that a message is complete, before it is forwarded; `took` is the time since its first byte.
    pub(super) fn whole(&mut self, message: &Message, took: Duration) {
        // While nobody takes pieces, a sender's rate is of no interest.
        let counts = message.kind() == MessageKind::Video && self.room.piece_takers(self.sender) > 0;
        self.cut.whole(message.wire_len(), counts, took);
    }

    /// Gives a viewer the rest of the complete message, which arrived at `came`. Returns whether the viewer
    /// has got the beginning: if not, it has to get all of the message.
    pub(super) fn finish(&mut self, member: &Member, message: &Message, came: Instant) -> bool {
        let Some((_, got)) = self.viewers.remove(&member.id) else { return false };
        let rest = self.rest(got, message);
        let has_beginning = rest.is_some();
        if let Some(rest) = rest {
            let ends = Some((message.clone(), came));
            let item = Item::Piece { piece: rest.clone(), from: self.sender.id, ends };
            match write_or_queue(member, &rest, item) {
                Ok(Written::Nothing) => {} // counted when it is written
                Ok(written) => {
                    self.room.count_out_to(member, message);
                    let mut delivery = lock(&member.delivery);
                    delivery.forwarded(self.sender.id, came);
                    if written == Written::Whole {
                        delivery.written(clock::now());
                    }
                }
                Err(Full { .. }) => lock(&member.delivery).replaced(self.sender.id),
            }
        }
        member.slot.free();
        has_beginning
    }

    /// The last piece for viewers that have got this many, shared by all of them.
    fn rest(&mut self, got: usize, message: &Message) -> Option<Message> {
        if let Some((_, rest)) = self.rests.iter().find(|(before, _)| *before == got) {
            return Some(rest.clone());
        }
        let (_, from) = self.pieces.get(got.checked_sub(1)?)?;
        let rest = message.last_piece(*from).ok()?;
        self.rests.push((got, rest.clone()));
        Some(rest)
    }

    /// Gives the frame up: its rest is overdue. If the rest comes after all, the viewers get the whole
    /// message.
    pub(super) fn tear(&mut self) {
        self.cut.tear();
        if !self.viewers.is_empty() {
            self.room.count_torn(self.sender);
        }
        self.end();
    }

    /// Ends the frame. Viewers that have not got the rest will not get it.
    pub(super) fn end(&mut self) {
        if self.pieces.is_empty() {
            return;
        }
        self.pieces.clear();
        self.rests.clear();
        for (_, (member, _)) in std::mem::take(&mut self.viewers) {
            let piece = torn_piece();
            let item = Item::Piece { piece: piece.clone(), from: self.sender.id, ends: None };
            // Without it, the viewer drops the frame when the next one begins.
            let _ = write_or_queue(&member, &piece, item);
            member.slot.free();
        }
    }
}

impl Drop for Passing<'_> {
    /// The connection has ended, maybe within a frame.
    fn drop(&mut self) {
        self.tear();
    }
}

/// Writes the end of a frame to a viewer now if nothing waits for it, and queues it otherwise.
fn write_or_queue(member: &Member, piece: &Message, item: Item) -> Result<Written, Full> {
    let is_idle = member.mailbox.is_empty();
    let written = if is_idle { member.writer.try_write(piece) } else { Written::Nothing };
    if written == Written::Nothing {
        member.mailbox.send_ordered(Item::PIECE_COST, item)?;
    }
    Ok(written)
}
