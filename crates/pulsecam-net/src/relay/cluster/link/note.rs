//! What the two ends of a link tell each other besides messages (type 109).
//!
//! The pushing end sends one each second, with its time. The other answers it, and also says how far it has got and how
//! many viewers it has whenever that changes.

use std::fmt::Write;

use crate::{
    clock::Timestamp,
    relay::cluster::RelayId,
    wire::{Departed, Message, MessageKind, QString},
};

/// The type of the message.
const NUMBER: i32 = 109;

/// The description before its attributes.
const TEXT: &str = "This is a note between relays.";

/// The most UTF-16 units of a description that are looked at; ours have at most 600.
const MAX_READ: usize = 1024;

/// What one end of a link says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Note {
    /// From the pushing end, in its first note: who it is.
    pub(super) relay: Option<RelayId>,
    /// When the pushing end sent its note, by its clock; repeated in the answer.
    pub(super) t1: Option<Timestamp>,
    /// When that arrived, by the other's clock.
    pub(super) t2: Option<Timestamp>,
    /// When the answer left, by the other's clock.
    pub(super) t3: Option<Timestamp>,
    /// From the receiving end: its own viewers.
    pub(super) viewers: Option<u32>,
    /// From the receiving end: the number up to which all texts and images have come.
    pub(super) upto: Option<u64>,
    /// From the pushing end: its own connections that have ended, and will not return.
    pub(super) gone: Departed,
}

impl Note {
    /// Builds the message.
    pub(super) fn to_message(self) -> Message {
        let mut text = TEXT.to_owned();
        if let Some(relay) = self.relay {
            let _ = write!(text, "; relay={relay}"); // writing to a String cannot fail
        }
        let numbers = [
            ("t1", self.t1.map(Timestamp::as_micros)),
            ("t2", self.t2.map(Timestamp::as_micros)),
            ("t3", self.t3.map(Timestamp::as_micros)),
            ("viewers", self.viewers.map(u64::from)),
            ("upto", self.upto),
        ];
        for (key, number) in numbers {
            if let Some(number) = number {
                let _ = write!(text, "; {key}={number}"); // as above
            }
        }
        if !self.gone.is_empty() {
            let _ = write!(text, "; gone={}", self.gone); // as above
        }
        #[expect(clippy::unwrap_used, reason = "a note has a few hundred bytes, far below the size limit")]
        Message::new(MessageKind::Reserved(NUMBER), QString::from(text.as_str()), None).unwrap()
    }

    /// Reads a message; `None` if it is no note. What is unknown or invalid in it is ignored.
    pub(super) fn parse(message: &Message) -> Option<Self> {
        if message.kind() != MessageKind::Reserved(NUMBER) {
            return None;
        }
        let units = message.description().units().take(MAX_READ);
        let text: String =
            char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        let mut note = Self::default();
        for (key, value) in text.split("; ").filter_map(|part| part.split_once('=')) {
            let time = || value.parse().ok().map(Timestamp::from_micros);
            match key {
                "relay" => note.relay = value.parse().ok(),
                "t1" => note.t1 = time(),
                "t2" => note.t2 = time(),
                "t3" => note.t3 = time(),
                "viewers" => note.viewers = value.parse().ok(),
                "upto" => note.upto = value.parse().ok(),
                "gone" => {
                    let numbers = value.split(',').filter_map(|number| number.parse().ok());
                    numbers.take(Departed::MOST).for_each(|number| _ = note.gone.add(number));
                }
                _ => {}
            }
        }
        Some(note)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_comes_back() {
        let [t1, t2, t3] = [0, 1, u64::MAX].map(|micros| Some(Timestamp::from_micros(micros)));
        let relay = Some(RelayId::from_bits(0xabc));
        let mut many = Departed::default();
        assert!((0..Departed::MOST as u64).all(|number| many.add(u64::MAX - number)));
        for note in [
            Note::default(),
            Note { relay, t1, ..Note::default() },
            Note { t1, t2, t3, viewers: Some(u32::MAX), upto: Some(u64::MAX), relay, gone: many },
        ] {
            assert_eq!(Note::parse(&note.to_message()), Some(note));
        }
    }

    #[test]
    fn anything_can_be_read() {
        let of = |kind, text: &str| Note::parse(&Message::new(kind, text.into(), None).unwrap());
        assert_eq!(of(MessageKind::Heartbeat, "x; t1=1"), None);
        let kind = MessageKind::Reserved(NUMBER);
        assert_eq!(
            of(kind, "x; t1=-1; viewers=4294967296; upto=; relay=7; t2; gone=,-1,x"),
            Some(Note::default())
        );
        let known = Note { upto: Some(3), ..Note::default() };
        assert_eq!(of(kind, "x; upto=3; new=1"), Some(known));
        assert_eq!(of(kind, &format!("{}; upto=3", "x".repeat(MAX_READ))), Some(Note::default()));
    }
}
