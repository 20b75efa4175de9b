//! Receipts of video messages, by which a sender learns when a link is free (type 104).
//!
//! Either end of a connection may ask the other to acknowledge each video message as it arrives (`ask`), if
//! the other said that it understands that ([`Heartbeat::receipts`](crate::Heartbeat::receipts)). A receipt
//! says how many messages have arrived (`got`), when the last byte of the last one did (`at`), and how long
//! after its first byte that was (`took`). A receiver may also limit what it wants (`until`), whether it was
//! asked or not.

use super::{
    Message, MessageKind, QString,
    attributes::{self, Attributes},
};

/// The type of the message.
const NUMBER: i32 = 104;

/// The description before its attributes.
const TEXT: &str = "This is a receipt.";

/// What one end of a connection says about the video messages that it receives there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// Whether the other end should acknowledge each video message from now on.
    pub ask: Option<bool>,
    /// The number of video messages that have arrived.
    pub got: Option<u64>,
    /// When the last of them had arrived in full, in microseconds by a steady clock that starts at any time.
    pub at: Option<u64>,
    /// The time from its first byte to its last, in microseconds.
    pub took: Option<u64>,
    /// The credit: the number of the last video message that is wanted, counted from 1 on this connection.
    pub until: Option<u64>,
}

impl Receipt {
    /// Returns the same with changes, as in `Receipt::default().with(|receipt| receipt.ask = Some(true))`.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Builds the message.
    #[must_use]
    pub fn to_message(&self) -> Message {
        let mut description = TEXT.to_owned();
        let numbers = [
            ("ask", self.ask.map(u64::from)),
            ("got", self.got),
            ("at", self.at),
            ("took", self.took),
            ("until", self.until),
        ];
        for (key, number) in numbers {
            if let Some(number) = number {
                attributes::write(&mut description, key, &number.to_string());
            }
        }
        let description = QString::from(description.as_str());
        #[expect(clippy::unwrap_used, reason = "a receipt is some hundred bytes, far below the size limit")]
        Message::new(MessageKind::Reserved(NUMBER), description, None).unwrap()
    }

    /// Parses a message; `None` if it is of another type. Invalid attributes are ignored.
    #[must_use]
    pub fn parse(message: &Message) -> Option<Self> {
        if message.kind() != MessageKind::Reserved(NUMBER) {
            return None;
        }
        let mut receipt = Self::default();
        for (key, value) in Attributes::parse(&message.description().beginning()) {
            match key {
                "ask" => receipt.ask = value.parse::<u8>().ok().map(|ask| ask > 0),
                "got" => receipt.got = value.parse().ok(),
                "at" => receipt.at = value.parse().ok(),
                "took" => receipt.took = value.parse().ok(),
                "until" => receipt.until = value.parse().ok(),
                _ => {}
            }
        }
        Some(receipt)
    }

    /// Combines it with a newer one, whose values take precedence.
    #[must_use]
    pub fn and(self, newer: Self) -> Self {
        // The times belong to the message that `got` counts.
        let arrival = if newer.got.is_some() { newer } else { self };
        Self {
            ask: newer.ask.or(self.ask),
            got: arrival.got,
            at: arrival.at,
            took: arrival.took,
            until: newer.until.or(self.until),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_comes_back() {
        let arrived = Receipt { got: Some(1), at: Some(u64::MAX), took: Some(0), ..Receipt::default() };
        for receipt in [
            Receipt::default(),
            Receipt { ask: Some(true), ..Receipt::default() },
            Receipt { ask: Some(false), until: Some(7), ..arrived },
            arrived,
        ] {
            assert_eq!(Receipt::parse(&receipt.to_message()), Some(receipt));
        }
    }

    #[test]
    fn anything_can_be_read() {
        let of = |kind, text: &str| Receipt::parse(&Message::new(kind, text.into(), None).unwrap());
        assert_eq!(of(MessageKind::Heartbeat, "x; got=1"), None);
        assert_eq!(of(MessageKind::Reserved(105), "x; got=1"), None);
        let odd = "x; got=-1; at=soon; took=; until=99999999999999999999; ask=yes";
        assert_eq!(of(MessageKind::Reserved(NUMBER), odd), Some(Receipt::default()));
        let known = Receipt { got: Some(3), ..Receipt::default() };
        assert_eq!(of(MessageKind::Reserved(NUMBER), "x; got=3; new=1"), Some(known));
    }

    #[test]
    fn a_newer_receipt_counts_where_it_says_something() {
        let first = Receipt { ask: Some(true), got: Some(4), at: Some(40), took: Some(4), until: Some(9) };
        let asks = Receipt { ask: Some(false), ..Receipt::default() };
        assert_eq!(first.and(asks), Receipt { ask: Some(false), ..first });
        let skipped = Receipt { got: Some(5), ..Receipt::default() };
        assert_eq!(first.and(skipped), Receipt { got: Some(5), at: None, took: None, ..first });
    }
}
