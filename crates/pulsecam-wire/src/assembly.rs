//! A partly received message, in buffers that grow as its bytes arrive, whatever its size field claims.
//!
//! A size field costs a peer nothing. So a large message is collected in blocks of equal size, which do not
//! fragment memory when they are freed, and is joined once it is complete.

use bytes::{Buf, BytesMut};

/// Room for a message of which almost nothing has arrived; most messages fit.
const FIRST: usize = 64 << 10;

/// The size of a block, in bytes.
const BLOCK: usize = 1 << 20;

/// Once 1/`SERIOUS` of a message has arrived, it gets all of its room at once: the claim is believed.
const SERIOUS: usize = 4;

/// Room beyond the last message's size: an eighth, because the frames of a stream differ in size.
const SLACK: usize = 8;

/// The bytes of a message so far.
#[derive(Debug)]
pub(super) struct Assembly {
    length: usize,
    /// Full blocks.
    full: Vec<BytesMut>,
    /// The block that is being filled.
    last: BytesMut,
    have: usize,
}

impl Assembly {
    /// Begins a message of `length` bytes, of which `have` have arrived. `last` is the size of the peer's
    /// last message: a message of similar size gets all of its room at once, up to a block, so that the
    /// frames of a stream are not copied.
    pub(super) fn new(length: usize, have: usize, last: usize) -> Self {
        let alike = last.saturating_add(last / SLACK).min(BLOCK);
        let at_once = length <= FIRST.max(have.saturating_mul(SERIOUS)).max(alike);
        let room = if at_once { length } else { FIRST };
        Self { length, full: Vec::new(), last: BytesMut::with_capacity(room), have: 0 }
    }

    /// The size of the message in bytes.
    pub(super) const fn length(&self) -> usize {
        self.length
    }

    /// Bytes that have arrived.
    pub(super) const fn have(&self) -> usize {
        self.have
    }

    /// Bytes of memory in use.
    #[cfg(feature = "tokio")]
    pub(super) fn room(&self) -> usize {
        self.full.iter().map(BytesMut::capacity).sum::<usize>() + self.last.capacity()
    }

    /// The full blocks, and what is in the last one.
    #[cfg(feature = "tokio")]
    pub(super) fn blocks(&self) -> (&[BytesMut], &[u8]) {
        (&self.full, &self.last)
    }

    /// Takes the bytes that belong to this message.
    pub(super) fn take(&mut self, source: &mut impl Buf) {
        while self.have < self.length && source.has_remaining() {
            self.make_room();
            let (last, room) = self.space();
            let chunk = source.chunk();
            let some = room.min(chunk.len());
            last.extend_from_slice(&chunk[..some]);
            source.advance(some);
            self.took(some);
        }
    }

    /// The buffer for the next bytes, and how many fit.
    pub(super) fn space(&mut self) -> (&mut BytesMut, usize) {
        let room = self.last.capacity() - self.last.len();
        (&mut self.last, room.min(self.length - self.have))
    }

    /// Records that `bytes` were written to [`Self::space`].
    pub(super) const fn took(&mut self, bytes: usize) {
        self.have += bytes;
    }

    /// Makes room for more bytes if there is none.
    pub(super) fn make_room(&mut self) {
        if self.have == self.length || self.last.len() < self.last.capacity() {
            return;
        }
        if self.full.is_empty() && self.last.capacity() < BLOCK {
            // The first buffer is small, and grows to a block.
            let mut block = BytesMut::with_capacity(self.length.min(BLOCK));
            block.extend_from_slice(&self.last);
            self.last = block;
        } else {
            let block = BytesMut::with_capacity((self.length - self.have).min(BLOCK));
            self.full.push(std::mem::replace(&mut self.last, block));
        }
    }

    /// Returns the complete message in a buffer of its exact size.
    pub(super) fn whole(self) -> BytesMut {
        if self.full.is_empty() {
            return self.last;
        }
        let mut whole = BytesMut::with_capacity(self.length);
        // Freed one by one, so that the message is never in memory twice.
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

    /// Fills an assembly in steps of `step` bytes. Returns the most memory that it held beyond the bytes
    /// received, and the message.
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
            "a similar last message gets at most a block"
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
