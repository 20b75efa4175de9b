//! Heartbeats: proof of life, and between our own peers the four times of an NTP exchange.
//!
//! Without attributes they are byte for byte what the Qt example sends. With them, the client's carries the
//! time when it was sent (`t1`), and the relay's answer repeats that and adds the times when it arrived
//! (`t2`) and when the answer was sent (`t3`); the fourth time is the answer's arrival.
//!
//! A client that sends video also says whether it shows any (`views`), and gets the number of other viewers
//! (`viewers`) in each answer, and unasked whenever it changes.
//!
//! Either side may ask the other to report the video that it receives (`report`): how many frames arrived on
//! this connection (`got`) and how long ago the last of them arrived (`ago`). A sender that knows when it
//! sent that frame knows its age on arrival, by one clock and to within the delay of the way back. A relay
//! adds how much later its viewers got it (`late`), how much of that frames spent in queues (`queued`), and
//! how many were lost (`lost`).
//!
//! A client sends a random value (`token`) to get back the number of its last connection; the relay says to
//! which of its runs the numbers belong (`epoch`).
//!
//! The relay tells clients which connections have ended (`gone`), so that nobody waits for their video.
//!
//! A relay of a cluster tells clients of ours where the others are ([`OtherRelays`]), so that they need not wait for
//! it if it dies.
//!
//! A client that shows video says that it takes frames in pieces (`pieces`), and may name the only stream that
//! it shows (`only`, read by [`Heartbeat::only`]).

use bytes::Bytes;

use super::{
    Departed, Message, MessageKind, OtherRelays, QString, Token,
    attributes::{self, Attributes},
    frame_info::micros,
    other_relays,
};
use crate::timestamp::Timestamp;

const FROM_CLIENT: &str = "This is a heartbeat msg to server.";
const FROM_RELAY: &str = "This is a message of heartbeat from server.";

/// A `QDataStream` of the empty `QString`.
const CLIENT_PAYLOAD: &[u8] = &[0, 0, 0, 0];

/// A `QDataStream` of the C string "": its length with the terminating zero, then that zero.
const RELAY_PAYLOAD: &[u8] = &[0, 0, 0, 1, 0];

/// The sender of a heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A client, asking.
    Client,
    /// The relay, answering.
    Relay,
}

impl Side {
    /// The description and payload of this side's heartbeat without attributes.
    pub(super) fn plain(self) -> (String, Bytes) {
        let (text, payload) = match self {
            Self::Client => (FROM_CLIENT, CLIENT_PAYLOAD),
            Self::Relay => (FROM_RELAY, RELAY_PAYLOAD),
        };
        (text.to_owned(), Bytes::from_static(payload))
    }
}

/// The attributes of a heartbeat; all of them are unknown in one from or to a Qt peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Heartbeat {
    /// When the client sent its heartbeat, by the client's clock.
    pub t1: Option<Timestamp>,
    /// When it reached the relay, by the relay's clock.
    pub t2: Option<Timestamp>,
    /// When the answer left the relay, by the relay's clock.
    pub t3: Option<Timestamp>,
    /// From a client that wants the number of viewers: whether it shows video itself.
    pub views: Option<bool>,
    /// From the relay: the number of other clients that may show video.
    pub viewers: Option<u32>,
    /// Requests reports while video arrives, at most one in this many milliseconds.
    pub report: Option<u32>,
    /// A report: video messages that arrived on this connection.
    pub got: Option<u64>,
    /// A report: the time since the last of them arrived, in microseconds.
    pub ago: Option<u64>,
    /// From the relay: how much later than the relay the median viewer gets frames, in microseconds.
    pub late: Option<u64>,
    /// From the relay: how much of that frames spend in queues, in microseconds. This is the delay of the
    /// median viewer's path beyond its recent minimum.
    pub queued: Option<u64>,
    /// From the relay: the percentage of frames for the median viewer that newer ones replaced.
    pub lost: Option<u8>,
    /// From the relay: the bytes per second that the median viewer's link carries, if that is a limit.
    pub rate: Option<u64>,
    /// From the relay: the silence of a client after which it closes the connection, in milliseconds.
    pub silence: Option<u32>,
    /// From a client, until it is answered: identifies it to the relay on its next connection.
    pub token: Option<Token>,
    /// From a relay that numbers connections: the run of the relay to which the numbers belong.
    pub epoch: Option<u64>,
    /// From a relay with a page for browsers: the port of the page; 0 is that of this connection.
    pub web: Option<u16>,
    /// From a client: whether it takes video in pieces ([`PieceAssembler`](super::PieceAssembler)).
    pub pieces: bool,
    /// Whether this end understands [`Receipt`](crate::Receipt)s and sends them if it is asked.
    pub receipts: Option<bool>,
    /// From the relay: the numbers of connections that have ended, and will not return.
    pub gone: Departed,
}

impl Heartbeat {
    /// Returns the same with changes, as in `Heartbeat::default().with(|beat| beat.views = Some(false))`.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Builds the message.
    #[must_use]
    pub fn to_message(&self, side: Side) -> Message {
        self.to_message_with(side, &OtherRelays::default())
    }

    /// Builds the message of a relay that also tells of others.
    #[must_use]
    pub fn to_message_with(&self, side: Side, others: &OtherRelays) -> Message {
        let (mut description, payload) = side.plain();
        for (key, time) in [("t1", self.t1), ("t2", self.t2), ("t3", self.t3)] {
            if let Some(time) = time {
                attributes::write(&mut description, key, &time.as_micros().to_string());
            }
        }
        if let Some(views) = self.views {
            attributes::write(&mut description, "views", if views { "1" } else { "0" });
        }
        let numbers = [
            ("viewers", self.viewers.map(u64::from)),
            ("report", self.report.map(u64::from)),
            ("got", self.got),
            ("ago", self.ago),
            ("late", self.late),
            ("queued", self.queued),
            ("lost", self.lost.map(u64::from)),
            ("rate", self.rate),
            ("silence", self.silence.map(u64::from)),
            ("epoch", self.epoch),
            ("web", self.web.map(u64::from)),
            ("receipts", self.receipts.map(u64::from)),
        ];
        for (key, number) in numbers {
            if let Some(number) = number {
                attributes::write(&mut description, key, &number.to_string());
            }
        }
        if let Some(token) = self.token {
            attributes::write(&mut description, "token", &token.to_hex());
        }
        if self.pieces {
            attributes::write(&mut description, "pieces", "1");
        }
        if !self.gone.is_empty() {
            attributes::write(&mut description, "gone", &self.gone.to_string());
        }
        if !others.is_empty() {
            attributes::write(&mut description, other_relays::KEY, &others.to_string());
        }
        let description = QString::from(description.as_str());
        #[expect(
            clippy::unwrap_used,
            reason = "a heartbeat is a few thousand bytes, far below the size limit"
        )]
        Message::new(MessageKind::Heartbeat, description, Some(payload)).unwrap()
    }

    /// Parses any heartbeat's attributes; those that are unknown or invalid are ignored.
    #[must_use]
    pub fn parse(description: &QString) -> Self {
        let text = description.beginning();
        let mut heartbeat = Self::default();
        for (key, value) in Attributes::parse(&text) {
            match key {
                "t1" => heartbeat.t1 = micros(&value),
                "t2" => heartbeat.t2 = micros(&value),
                "t3" => heartbeat.t3 = micros(&value),
                "views" => heartbeat.views = value.parse::<u8>().ok().map(|views| views > 0),
                "viewers" => heartbeat.viewers = value.parse().ok(),
                "report" => heartbeat.report = value.parse().ok(),
                "got" => heartbeat.got = value.parse().ok(),
                "ago" => heartbeat.ago = value.parse().ok(),
                "late" => heartbeat.late = value.parse().ok(),
                "queued" => heartbeat.queued = value.parse().ok(),
                "lost" => heartbeat.lost = value.parse().ok(),
                "rate" => heartbeat.rate = value.parse().ok(),
                "silence" => heartbeat.silence = value.parse().ok(),
                "token" => heartbeat.token = Token::parse(&value),
                "epoch" => heartbeat.epoch = value.parse().ok(),
                "web" => heartbeat.web = value.parse().ok(),
                "gone" => heartbeat.gone = Departed::parse(&value),
                "pieces" => heartbeat.pieces = value == "1",
                "receipts" => heartbeat.receipts = value.parse::<u8>().ok().map(|receipts| receipts > 0),
                _ => {}
            }
        }
        heartbeat
    }

    /// Reads the name of the only stream that a client wants; empty if it wants all, `None` if it does not say.
    #[must_use]
    pub fn only(description: &QString) -> Option<String> {
        let text = description.beginning();
        let mut attributes = Attributes::parse(&text);
        let (_, name) = attributes.find(|(key, _)| *key == "only")?;
        Some(attributes::shortened(name.into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_heartbeats_have_the_lengths_of_qts() {
        assert_eq!(Heartbeat::default().to_message(Side::Client).wire_len(), 88);
        assert_eq!(Heartbeat::default().to_message(Side::Relay).wire_len(), 107);
    }

    #[test]
    fn what_is_said_comes_back() {
        let [t1, t2, t3] = [1, 2, u64::MAX].map(|t| Some(Timestamp::from_micros(t)));
        let report =
            Heartbeat { report: Some(250), got: Some(u64::MAX), ago: Some(1), ..Heartbeat::default() };
        let heartbeat = Heartbeat {
            t1,
            t2,
            t3,
            viewers: Some(0),
            late: Some(2),
            queued: Some(1),
            lost: Some(100),
            rate: Some(u64::MAX),
            silence: Some(15_000),
            receipts: Some(true),
            gone: Departed::parse("3,18446744073709551615"),
            ..report
        };
        assert_eq!(Heartbeat::parse(heartbeat.to_message(Side::Relay).description()), heartbeat);
        for views in [false, true] {
            let (token, epoch) = (Token::random(), Some(u64::MAX));
            let heartbeat =
                Heartbeat { t1, views: Some(views), token, epoch, pieces: views, ..Heartbeat::default() };
            assert_eq!(Heartbeat::parse(heartbeat.to_message(Side::Client).description()), heartbeat);
        }
        let odd = QString::from("x; views=yes; viewers=-1");
        assert_eq!(Heartbeat::parse(&odd), Heartbeat::default());
        let plain = Heartbeat::default().to_message(Side::Client);
        assert_eq!(Heartbeat::parse(plain.description()), Heartbeat::default());
        assert_eq!(Heartbeat::only(plain.description()), None);
    }

    #[test]
    fn the_only_stream_has_a_name_of_a_stream() {
        let only = |text: &str| Heartbeat::only(&QString::from(text));
        assert_eq!(only("x; t1=1; only=门%3B 1; views=1").as_deref(), Some("门; 1"));
        assert_eq!(only("x; only=").as_deref(), Some(""));
        assert_eq!(only("x; only; lonely=1"), None);
        assert_eq!(
            only(&format!("x; only={}", "门".repeat(1000))).map(|name| name.chars().count()),
            Some(200)
        );
    }
}
