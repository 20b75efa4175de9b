//! Frames that pass from one relay to another, which has a clock of its own.
//!
//! A sender says how far its relay's clock is ahead of its own (`offset`, `within`). For viewers at another relay, that
//! relay appends both once more, by its own clock: of several attributes with one key, the last counts.

use std::fmt::Write;

use crate::{FrameInfo, Message, MessageKind, QString, number};

/// The longest description, in bytes, to which something is appended: it is copied.
const MAX_SHIFTED: usize = 64 << 10;

/// How far the clock of the relay that passes a frame on is ahead of that of the sender's relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockShift {
    /// Microseconds; negative if it is behind.
    pub micros: i64,
    /// The greatest error of `micros`, in microseconds.
    pub within: u64,
}

impl Message {
    /// Returns a video frame with the offset of its sender's clock from that of another relay; without a shift, with
    /// an unknown one. `None` if the frame can stay as it is, because its sender knew no offset.
    ///
    /// A number at the end of the description is lost.
    #[must_use]
    pub fn shifted(&self, shift: Option<ClockShift>) -> Option<Self> {
        let described = self.description().as_bytes();
        if self.kind() != MessageKind::Video || described.len() > MAX_SHIFTED {
            return None;
        }
        let FrameInfo { offset, within, .. } = FrameInfo::parse(self.description());
        let offset = offset?;
        let mut appended = String::new();
        // Writing to a String cannot fail.
        match shift {
            Some(shift) => {
                let _ = write!(appended, "; offset={}", offset.saturating_add(shift.micros));
                if let Some(within) = within {
                    let _ = write!(appended, "; within={}", within.saturating_add(shift.within));
                }
            }
            None => appended.push_str("; offset=?"),
        }
        let own = number::stripped(described);
        let appended = appended.encode_utf16().flat_map(u16::to_be_bytes);
        let description: Vec<u8> = own.iter().copied().chain(appended).collect();
        let description = QString::from_wire(Some(description.into()));
        Self::new(self.kind(), description, self.payload().cloned()).ok()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    const SHIFT: ClockShift = ClockShift { micros: -7, within: 5 };

    fn frame(description: &str) -> Message {
        Message::new(MessageKind::Video, description.into(), Some(Bytes::from_static(b"jpeg"))).unwrap()
    }

    fn described(message: &Message) -> String {
        message.description().to_text().unwrap()
    }

    #[test]
    fn a_frame_gets_the_offset_from_the_other_relays_clock() {
        let sent = frame("this is video image; captured=100; offset=30; within=2; card=x");
        let shifted = sent.shifted(Some(SHIFT)).unwrap();
        let info = FrameInfo::parse(shifted.description());
        assert_eq!((info.offset, info.within), (Some(23), Some(7)));
        assert_eq!(info.captured_at_relay().map(crate::timestamp::Timestamp::as_micros), Some(123));
        assert_eq!(info.card.as_deref(), Some("x"));
        assert_eq!(shifted.payload(), sent.payload());
        assert!(described(&shifted).starts_with(&described(&sent)), "what the sender wrote is kept");
    }

    #[test]
    fn without_a_shift_the_age_is_unknown() {
        let sent = frame("x; captured=100; offset=30; within=2");
        let info = FrameInfo::parse(sent.shifted(None).unwrap().description());
        assert_eq!((info.offset, info.captured_at_relay()), (None, None));
    }

    #[test]
    fn a_frame_without_an_offset_and_all_else_stay_as_they_are() {
        for description in ["", "x; captured=100", "x; offset=?"] {
            assert_eq!(frame(description).shifted(Some(SHIFT)), None, "{description}");
        }
        let text = Message::new(MessageKind::Text, "x; offset=30".into(), None).unwrap();
        assert_eq!(text.shifted(Some(SHIFT)), None);
        let long = frame(&format!("x; offset=30; stream={}", "y".repeat(MAX_SHIFTED)));
        assert_eq!(long.shifted(Some(SHIFT)), None);
    }

    #[test]
    fn only_the_relay_writes_a_number_at_the_end() {
        let shifted = frame("x; offset=30; peer=5").shifted(Some(SHIFT)).unwrap();
        assert_eq!((described(&shifted).as_str(), shifted.peer()), ("x; offset=30; offset=23", None));
        let numbered = shifted.numbered(1001, u32::MAX).unwrap();
        assert_eq!(FrameInfo::parse(numbered.description()).peer, Some(1001));
    }

    #[test]
    fn extreme_values_do_not_overflow() {
        let sent = frame(&format!("x; offset={}; within={}", i64::MAX, u64::MAX));
        let shift = ClockShift { micros: i64::MAX, within: u64::MAX };
        let info = FrameInfo::parse(sent.shifted(Some(shift)).unwrap().description());
        assert_eq!((info.offset, info.within), (Some(i64::MAX), Some(u64::MAX)));
    }
}
