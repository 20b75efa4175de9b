//! A message that has begun: room for what has come of it and a little more, however large it says that it will be.
//!
//! A size field is a claim, and costs a peer nothing. So a large message is collected in blocks of one size, which leave no gaps in
//! memory when they are freed, and is put together once it is whole.

use bytes::{Buf, BytesMut};

/// Room for a message of which next to nothing has come: it holds most messages whole.
const FIRST: usize = 64 << 10;

/// Bytes of a block.
const BLOCK: usize = 1 << 20;

/// A message of which this part has come gets all of its room at once: it means what it says.
const SERIOUS: usize = 4;

/// Room beyond the last message's size: an eighth, as frames of one stream differ from one to the next.
const SLACK: usize = 8;

/// The bytes of a message so far.
#[derive(Debug)]
pub(super) struct Assembly {
    length: usize,
    /// Blocks that are full.
    full: Vec<BytesMut>,
    /// What is being filled.
    last: BytesMut,
    have: usize,
}

impl Assembly {
    /// Of a message of so many bytes, of which `have` are there. `last`: the bytes of the peer's last message. One like it gets all of
    /// its room at once, up to a block, so that no frame of a stream is copied.
    pub(super) fn new(length: usize, have: usize, last: usize) -> Self {
        let alike = last.saturating_add(last / SLACK).min(BLOCK);
        let at_once = length <= FIRST.max(have.saturating_mul(SERIOUS)).max(alike);
        let room = if at_once { length } else { FIRST };
        Self { length, full: Vec::new(), last: BytesMut::with_capacity(room), have: 0 }
    }

    /// Bytes of the message.
    pub(super) const fn length(&self) -> usize {
        self.length
    }

    /// Bytes that have come.
    pub(super) const fn have(&self) -> usize {
        self.have
    }

    /// Bytes of memory.
    #[cfg(feature = "tokio")]
    pub(super) fn room(&self) -> usize {
        self.full.iter().map(BytesMut::capacity).sum::<usize>() + self.last.capacity()
    }

    /// Takes what belongs to it.
    pub(super) fn take(&mut self, source: &mut BytesMut) {
        while self.have < self.length && source.has_remaining() {
            self.make_room();
            let (last, room) = self.space();
            let some = room.min(source.len());
            last.extend_from_slice(&source[..some]);
            source.advance(some);
            self.took(some);
        }
    }

    /// Where the next bytes go, and how many fit.
    pub(super) fn space(&mut self) -> (&mut BytesMut, usize) {
        let room = self.last.capacity() - self.last.len();
        (&mut self.last, room.min(self.length - self.have))
    }

    /// So many were put there.
    pub(super) const fn took(&mut self, bytes: usize) {
        self.have += bytes;
    }

    /// Makes room for more, where there is none.
    pub(super) fn make_room(&mut self) {
        if self.have == self.length || self.last.len() < self.last.capacity() {
            return;
        }
        if self.full.is_empty() && self.last.capacity() < BLOCK {
            // The first is small, and becomes a block.
            let mut block = BytesMut::with_capacity(self.length.min(BLOCK));
            block.extend_from_slice(&self.last);
            self.last = block;
        } else {
            let block = BytesMut::with_capacity((self.length - self.have).min(BLOCK));
            self.full.push(std::mem::replace(&mut self.last, block));
        }
    }

    /// All of it, in a buffer of its exact size.
    pub(super) fn whole(self) -> BytesMut {
        if self.full.is_empty() {
            return self.last;
        }
        let mut whole = BytesMut::with_capacity(self.length);
        // Freed one by one, so that it is never twice in memory.
        for block in self.full {
            whole.extend_from_slice(&block);
        }
        whole.extend_from_slice(&self.last);
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Filled in steps of so many bytes: the most memory that it took for each byte that had come, and the whole.
    fn fill(length: usize, step: usize) -> (usize, BytesMut) {
        let bytes: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        let mut assembly = Assembly::new(length, 0, 0);
        let mut most = 0;
        for some in bytes.chunks(step) {
            assembly.take(&mut BytesMut::from(some));
            most = most.max(assembly.room() - assembly.have());
        }
        assert_eq!(assembly.have(), length);
        let whole = assembly.whole();
        assert_eq!(&whole[..], bytes);
        (most, whole)
    }

    #[test]
    fn room_is_made_for_what_has_come_and_no_more_than_a_block() {
        for length in [12, FIRST - 1, FIRST, FIRST + 1, BLOCK, BLOCK + 1, 5 * BLOCK + 7] {
            for step in [1000, 70_000, 3 * BLOCK] {
                let (most, whole) = fill(length, step);
                assert!(most <= length.min(BLOCK), "{length} {step}: {most}");
                assert!(whole.capacity() <= length.max(FIRST.min(length)), "{length}: {}", whole.capacity());
            }
        }
        assert_eq!(
            Assembly::new(16 * BLOCK, 4, 16 * BLOCK).room(),
            FIRST,
            "a block is the most for being like the last"
        );
        assert_eq!(Assembly::new(110_000, 4, 100_000).room(), 110_000);
        assert_eq!(Assembly::new(120_000, 4, 100_000).room(), FIRST);
    }

    #[test]
    fn a_message_of_which_much_is_there_is_read_straight_to_its_place() {
        let mut assembly = Assembly::new(3 * BLOCK, BLOCK, 0);
        assert_eq!(assembly.room(), 3 * BLOCK);
        assembly.take(&mut BytesMut::from(&vec![7; 3 * BLOCK + 5][..]));
        assert_eq!(assembly.whole().len(), 3 * BLOCK);
    }
}
