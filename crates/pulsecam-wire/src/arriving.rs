//! A message of which only a part has arrived: its head, and the payload so far.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};

use super::{Fault, HeldBytes, MIN_SIZE, Message, MessageKind, QString, held, pieces};

/// Bytes of a size field or a length field.
const FIELD: usize = 4;

/// Size, type and length of the description.
const FIXED_HEAD: usize = 3 * FIELD;

/// A view of an unfinished message, whose lengths are valid.
#[derive(Clone, Copy, Debug)]
pub struct Arriving<'a> {
    kind: MessageKind,
    full: &'a [BytesMut],
    last: &'a [u8],
    /// Where the description ends.
    described: usize,
    payload: u32,
    held: Option<&'a Arc<HeldBytes>>,
}

impl<'a> Arriving<'a> {
    /// Parses the head; `None` if it is incomplete, or if the lengths do not fit the size. A message with a
    /// null string or array has nothing that could be passed on earlier, and counts as invalid as well.
    pub(super) fn parse(
        full: &'a [BytesMut],
        last: &'a [u8],
        held: Option<&'a Arc<HeldBytes>>,
    ) -> Option<Self> {
        let front = full.first().map_or(last, |block| &block[..]);
        let field = |at: usize| front.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
        let (size, kind, described) = (field(0)?, field(FIELD)?, field(2 * FIELD)?);
        let payload = size.checked_sub(MIN_SIZE)?.checked_sub(described).filter(|_| described % 2 == 0)?;
        let described = FIXED_HEAD + described as usize;
        let kind = MessageKind::from(kind.cast_signed());
        (field(described)? == payload).then_some(Self { kind, full, last, described, payload, held })
    }

    /// The type.
    #[must_use]
    pub const fn kind(&self) -> MessageKind {
        self.kind
    }

    /// The size of the whole message in bytes.
    #[must_use]
    pub const fn length(&self) -> usize {
        self.described + FIELD + self.payload as usize
    }

    /// The size of the whole payload in bytes.
    #[must_use]
    pub const fn payload_length(&self) -> usize {
        self.payload as usize
    }

    /// Bytes of the payload that have arrived.
    #[must_use]
    pub fn payload_arrived(&self) -> usize {
        let arrived = self.full.iter().map(BytesMut::len).sum::<usize>() + self.last.len();
        arrived.saturating_sub(self.described + FIELD)
    }

    /// A copy of the description.
    #[must_use]
    pub fn description(&self) -> QString {
        let front = self.full.first().map_or(self.last, |block| &block[..]);
        QString::from_wire(Some(Bytes::copy_from_slice(&front[FIXED_HEAD..self.described])))
    }

    /// Builds the first piece of this video message, with a description for its viewers, and a copy of all
    /// of the payload that has arrived.
    ///
    /// # Errors
    /// [`Fault::SizeTooLarge`].
    pub fn first_piece(&self, description: QString) -> Result<Message, Fault> {
        let mut copy = BytesMut::with_capacity(FIELD + self.payload_arrived());
        copy.put_u32(self.payload);
        pieces::first(description, self.copied(0, copy))
    }

    /// Builds a further piece: a copy of the payload from `from` on, as far as it has arrived.
    ///
    /// # Errors
    /// [`Fault::SizeTooLarge`].
    pub fn next_piece(&self, from: usize) -> Result<Message, Fault> {
        let copy = BytesMut::with_capacity(self.payload_arrived().saturating_sub(from));
        pieces::next(self.copied(from, copy))
    }

    fn copied(&self, from: usize, mut copy: BytesMut) -> Bytes {
        let mut skipped = self.described + FIELD + from;
        for block in self.full.iter().map(|block| &block[..]).chain([self.last]) {
            let before = skipped.min(block.len());
            copy.put_slice(&block[before..]);
            skipped -= before;
        }
        let room = copy.capacity();
        held::counted(copy, room, self.held)
    }
}
