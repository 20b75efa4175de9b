//! The mark at the end of a message's description on a link, which is cut off again before a client sees it.
//!
//! `; link=1001,7` says that the message comes from the connection with the number 1001 and is the seventh text or image
//! on this link; frames have the number 0. A third field, 1, stands for the null description. Exactly one mark is added
//! and cut off, so it makes no difference if a client wrote one itself: its bytes arrive as they came.

use crate::wire::{Message, QString};

/// `; link=` in UTF-16BE.
const MARK: &[u8] = b"\0;\0 \0l\0i\0n\0k\0=";

/// Bytes of a UTF-16 unit.
const UNIT: usize = 2;

/// The most bytes by which a mark makes a message larger: two numbers of 20 digits, and what is around them.
pub(super) const MARK_ROOM: u32 = 128;

/// What a link adds to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::relay) struct Mark {
    /// The number of the sender's connection, the same at all relays.
    pub(in crate::relay) peer: u64,
    /// The message's number in the [`Ledger`](crate::relay::cluster::Ledger); 0 for frames.
    pub(in crate::relay) number: u64,
}

impl Mark {
    /// Returns the message with this mark; `None` if it becomes too large for the format. The payload is shared.
    pub(in crate::relay) fn put(self, message: &Message) -> Option<Message> {
        let null = if message.description().is_null() { ",1" } else { "" };
        let text = format!("; link={},{}{null}", self.peer, self.number);
        let units: Vec<u16> = message.description().units().chain(text.encode_utf16()).collect();
        let description = QString::from_utf16(&units);
        Message::new(message.kind(), description, message.payload().cloned()).ok()
    }

    /// Cuts a mark off; `None` if there is none. The message is as its sender wrote it.
    pub(super) fn cut(message: &Message) -> Option<(Self, Message)> {
        let described = message.description().as_bytes();
        let is_of_numbers = |unit: &&[u8]| matches!(unit, [0, b'0'..=b'9' | b',']);
        let units = described.rchunks_exact(UNIT).take_while(is_of_numbers).count();
        let (rest, numbers) = described.split_at(described.len() - UNIT * units);
        let own = rest.strip_suffix(MARK)?;
        let text: String = numbers.chunks_exact(UNIT).map(|unit| char::from(unit[1])).collect();
        let mut fields = text.split(',');
        let mut number = || fields.next()?.parse::<u64>().ok();
        let mark = Self { peer: number()?, number: number()? };
        let description = match (fields.next(), fields.next()) {
            (None, _) => {
                let units: Vec<u16> =
                    own.chunks_exact(UNIT).map(|unit| u16::from_be_bytes([unit[0], unit[1]])).collect();
                QString::from_utf16(&units)
            }
            (Some("1"), None) if own.is_empty() => QString::NULL,
            _ => return None,
        };
        let message = Message::new(message.kind(), description, message.payload().cloned()).ok()?;
        Some((mark, message))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::wire::MessageKind;

    fn text(description: QString) -> Message {
        Message::new(MessageKind::Text, description, Some(Bytes::from_static(b"payload"))).unwrap()
    }

    proptest! {
        /// Lone surrogates, marks of the sender's own, and null are all kept.
        #[test]
        fn a_message_comes_back_as_it_was(
            units in proptest::collection::vec(any::<u16>(), 0..40),
            own in prop_oneof![Just(""), Just("; link=3,4"), Just("; link=3,4,1"), Just("; link=")],
            null: bool, peer: u64, number: u64,
        ) {
            let units: Vec<u16> = units.into_iter().chain(own.encode_utf16()).collect();
            let message = text(if null { QString::NULL } else { QString::from_utf16(&units) });
            let mark = Mark { peer, number };
            let marked = mark.put(&message).unwrap();
            prop_assert!(marked.wire_len() - message.wire_len() <= MARK_ROOM as usize);
            let (found, cut) = Mark::cut(&marked).unwrap();
            prop_assert_eq!((found, cut.description().is_null()), (mark, null));
            prop_assert_eq!(cut, message);
        }

        #[test]
        fn anything_can_be_read(description in "\\PC{0,20}(; link=[0-9,]{0,30})?") {
            let message = text(description.as_str().into());
            if let Some((mark, cut)) = Mark::cut(&message) {
                let again = mark.put(&cut).unwrap();
                prop_assert_eq!(Mark::cut(&again), Some((mark, cut)));
            }
        }
    }

    #[test]
    fn only_a_whole_mark_counts() {
        let cut = |description: &str| {
            Mark::cut(&text(description.into())).map(|(mark, _)| (mark.peer, mark.number))
        };
        assert_eq!(cut("this is text; link=7,1"), Some((7, 1)));
        assert_eq!(cut("; link=7,1,1"), Some((7, 1)));
        for odd in [
            "",
            "; link=",
            "; link=7",
            "; link=7,",
            "; link=7,1,",
            "x; link=7,1,1",
            "; link=7,1,2",
            "; link=7,1,1,1",
            ";link=7,1",
            "; link=7,1 ",
            "; link=99999999999999999999,1",
        ] {
            assert_eq!(cut(odd), None, "{odd}");
        }
    }
}
