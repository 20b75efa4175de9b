//! Video in pieces: how a relay passes a frame on while it still arrives.
//!
//! Each piece is a message of its own. So other messages can go between two pieces, and a sender that stalls
//! in the middle of a frame holds up nothing: the relay announces that the rest does not come, and the
//! receiver drops what it has.

use bytes::{Buf, Bytes};

use super::{Fault, MIN_SIZE, Message, MessageKind, NULL_LENGTH, QString, assembly::Assembly};

/// The type of the first piece: the description of the video message, and in the payload the length of the
/// whole payload in 32 bits, then its beginning.
const FIRST: i32 = 105;

/// The type of a further piece: more of the payload.
const NEXT: i32 = 106;

/// The type of the last piece: the rest of the payload. A null array instead means that the rest does not
/// come.
const LAST: i32 = 107;

/// Builds the first piece. `payload` begins with the length of the whole.
#[cfg(feature = "tokio")]
pub(super) fn first(description: QString, payload: Bytes) -> Result<Message, Fault> {
    Message::new(MessageKind::Reserved(FIRST), description, Some(payload))
}

/// Builds a further piece.
#[cfg(feature = "tokio")]
pub(super) fn next(bytes: Bytes) -> Result<Message, Fault> {
    Message::new(MessageKind::Reserved(NEXT), QString::NULL, Some(bytes))
}

/// Builds the message that ends a frame without the rest.
#[must_use]
pub fn torn_piece() -> Message {
    #[expect(clippy::unwrap_used, reason = "the smallest message fits")]
    Message::new(MessageKind::Reserved(LAST), QString::NULL, None).unwrap()
}

impl Message {
    /// Builds the last piece of this video message: all of its payload from `from` on, shared.
    ///
    /// # Errors
    /// [`Fault::SizeTooLarge`].
    pub fn last_piece(&self, from: usize) -> Result<Self, Fault> {
        let payload = self.payload().cloned().unwrap_or_default();
        let rest = payload.slice(from.min(payload.len())..);
        Self::new(MessageKind::Reserved(LAST), QString::NULL, Some(rest))
    }

    /// Whether a video message is complete with it: it is one, or the last piece of one.
    #[must_use]
    pub const fn completes_frame(&self) -> bool {
        match self.kind() {
            MessageKind::Video => true,
            MessageKind::Reserved(LAST) => self.payload().is_some(),
            _ => false,
        }
    }
}

/// What one piece led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Assembled {
    /// A video message that is complete now.
    pub frame: Option<Message>,
    /// Whether a frame was dropped because its rest does not come.
    pub torn: bool,
    /// The size field of a complete frame that was dropped because it exceeds the limit.
    pub too_large: Option<u32>,
}

/// Puts the pieces of one connection together. At most one frame is unfinished at a time.
#[derive(Debug)]
pub struct PieceAssembler {
    max_message: u32,
    unfinished: Option<Unfinished>,
    /// The length of the last payload.
    last: usize,
}

#[derive(Debug)]
enum Unfinished {
    Frame {
        description: QString,
        payload: Assembly,
    },
    /// A frame over the limit: its size field, and the bytes of the payload still to come.
    TooLarge {
        size: u32,
        left: usize,
    },
}

impl PieceAssembler {
    /// Creates an assembler that drops frames whose size field would exceed `max_message`.
    #[must_use]
    pub const fn new(max_message: u32) -> Self {
        Self { max_message, unfinished: None, last: 0 }
    }

    /// Takes a piece; `None` if the message is none.
    pub fn take(&mut self, message: &Message) -> Option<Assembled> {
        let MessageKind::Reserved(kind @ (FIRST | NEXT | LAST)) = message.kind() else { return None };
        let before = self.unfinished.take();
        let payload = message.payload().cloned();
        let torn = before.is_some();
        Some(match (kind, before, payload) {
            (FIRST, _, Some(mut payload)) => {
                // One that does not even tell its length begins no frame.
                let begun = payload.try_get_u32().ok().map(|length| self.begin(message, length));
                let assembled = begun.map(|begun| self.add(begun, payload, false)).unwrap_or_default();
                Assembled { torn: torn || assembled.torn, ..assembled }
            }
            (_, Some(unfinished), Some(payload)) => self.add(unfinished, payload, kind == LAST),
            _ => Assembled { torn, ..Assembled::default() },
        })
    }

    fn begin(&self, message: &Message, length: u32) -> Unfinished {
        let described = message.description().as_bytes();
        let size = u64::from(MIN_SIZE) + described.len() as u64 + u64::from(length);
        if length == NULL_LENGTH || size > self.max_message.into() {
            let size = u32::try_from(size).unwrap_or(u32::MAX);
            return Unfinished::TooLarge { size, left: length as usize };
        }
        // Copied, so that it does not keep the piece in memory.
        let description = QString::from_wire(Some(Bytes::copy_from_slice(described)));
        Unfinished::Frame { description, payload: Assembly::new(length as usize, 0, self.last) }
    }

    /// Adds more of the payload. It has to be complete with the last piece and not before.
    fn add(&mut self, unfinished: Unfinished, mut bytes: Bytes, is_last: bool) -> Assembled {
        let torn = Assembled { torn: true, ..Assembled::default() };
        match unfinished {
            Unfinished::Frame { description, mut payload } => {
                payload.take(&mut bytes);
                if bytes.has_remaining() || (is_last && payload.have() < payload.length()) {
                    return torn;
                }
                if !is_last {
                    self.unfinished = Some(Unfinished::Frame { description, payload });
                    return Assembled::default();
                }
                self.last = payload.length();
                let whole = payload.whole().freeze();
                // Never an error: its size is below the limit.
                let frame = Message::new(MessageKind::Video, description, Some(whole)).ok();
                Assembled { frame, ..Assembled::default() }
            }
            Unfinished::TooLarge { size, left } => match left.checked_sub(bytes.len()) {
                Some(0) if is_last => Assembled { too_large: Some(size), ..Assembled::default() },
                Some(left) if !is_last => {
                    self.unfinished = Some(Unfinished::TooLarge { size, left });
                    Assembled::default()
                }
                _ => torn,
            },
        }
    }
}

#[cfg(test)]
#[path = "pieces_tests.rs"]
mod tests;
