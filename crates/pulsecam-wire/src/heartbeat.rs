//! Heartbeats: proof of life, and between our own peers the four times of an NTP exchange.
//!
//! Without attributes they are byte for byte what the Qt example sends. With them, the client's
//! carries when it was sent (`t1`), and the relay's answer repeats that and adds when it came (`t2`)
//! and when the answer left (`t3`); the fourth time is the answer's arrival.
//!
//! A client that sends video says besides whether it also shows any (`views`), and is told how many others do
//! (`viewers`): in each answer, and unasked whenever that changes.
//!
//! Either side may ask the other to report what video it gets (`report`): how many frames came on this connection (`got`) and how
//! long ago the last of them came (`ago`). Who knows when it sent that frame then knows how old it was when it came, by one
//! clock and to within the way back. A relay adds how much later its viewers got it (`late`), how much of that they spent in queues
//! (`queued`), and what they lost (`lost`).
//!
//! A client shows a random value (`token`), and gets the number back that it had on its last connection; the relay says which of
//! its runs the numbers belong to (`epoch`).

use bytes::Bytes;

use super::{
    Kind, Message, QString, Token,
    attributes::{self, Attributes},
    frame_info::micros,
};
use crate::timestamp::Timestamp;

const FROM_CLIENT: &str = "This is a heartbeat msg to server.";
const FROM_RELAY: &str = "This is a message of heartbeat from server.";

/// A `QDataStream` of the empty `QString`.
const CLIENT_PAYLOAD: &[u8] = &[0, 0, 0, 0];

/// A `QDataStream` of the C string "": its length with the terminating zero, then that zero.
const RELAY_PAYLOAD: &[u8] = &[0, 0, 0, 1, 0];

/// Who says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A client, asking.
    Client,
    /// The relay, answering.
    Relay,
}

impl Side {
    /// What a heartbeat from this side says and carries without attributes.
    pub(super) fn plain(self) -> (String, Bytes) {
        let (text, payload) = match self {
            Self::Client => (FROM_CLIENT, CLIENT_PAYLOAD),
            Self::Relay => (FROM_RELAY, RELAY_PAYLOAD),
        };
        (text.to_owned(), Bytes::from_static(payload))
    }
}

/// The attributes of a heartbeat; all unknown in one from or to a Qt peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heartbeat {
    /// When the client sent its heartbeat, by the client's clock.
    pub t1: Option<Timestamp>,
    /// When it reached the relay, by the relay's clock.
    pub t2: Option<Timestamp>,
    /// When the answer left the relay, by the relay's clock.
    pub t3: Option<Timestamp>,
    /// From a client that wants to know how many view: whether it shows video itself.
    pub views: Option<bool>,
    /// From the relay: how many others may show video.
    pub viewers: Option<u32>,
    /// Asks for a report with the video that comes, this often at the most, in milliseconds.
    pub report: Option<u32>,
    /// A report: video messages that came on this connection.
    pub got: Option<u64>,
    /// How long before this was said the last of them came, in microseconds.
    pub ago: Option<u64>,
    /// From the relay: how long after itself its viewers get frames, the middle one of them, in microseconds.
    pub late: Option<u64>,
    /// From the relay: how much of that the median viewer's path adds beyond the best it has shown lately, in microseconds: what
    /// frames spend in queues.
    pub queued: Option<u64>,
    /// From the relay: of a hundred frames, how many the middle one of its viewers is not given because newer ones come first.
    pub lost: Option<u8>,
    /// From the relay: after how much silence of a client it closes the connection, in milliseconds.
    pub silence: Option<u32>,
    /// From a client, until it is answered: by which the relay knows it again on its next connection.
    pub token: Option<Token>,
    /// From a relay that numbers connections: which run of the relay the numbers belong to.
    pub epoch: Option<u64>,
}

impl Heartbeat {
    /// The message.
    #[must_use]
    pub fn to_message(&self, side: Side) -> Message {
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
            ("silence", self.silence.map(u64::from)),
            ("epoch", self.epoch),
        ];
        for (key, number) in numbers {
            if let Some(number) = number {
                attributes::write(&mut description, key, &number.to_string());
            }
        }
        if let Some(token) = self.token {
            attributes::write(&mut description, "token", &token.to_hex());
        }
        let description = QString::from(description.as_str());
        #[expect(
            clippy::unwrap_used,
            reason = "a heartbeat is a few hundred bytes, far below the size limit"
        )]
        Message::new(Kind::Heartbeat, description, Some(payload)).unwrap()
    }

    /// Reads any heartbeat's attributes, tolerantly.
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
                "silence" => heartbeat.silence = value.parse().ok(),
                "token" => heartbeat.token = Token::parse(&value),
                "epoch" => heartbeat.epoch = value.parse().ok(),
                _ => {}
            }
        }
        heartbeat
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
            silence: Some(15_000),
            ..report
        };
        assert_eq!(Heartbeat::parse(heartbeat.to_message(Side::Relay).description()), heartbeat);
        for views in [false, true] {
            let (token, epoch) = (Token::random(), Some(u64::MAX));
            let heartbeat = Heartbeat { t1, views: Some(views), token, epoch, ..Heartbeat::default() };
            assert_eq!(Heartbeat::parse(heartbeat.to_message(Side::Client).description()), heartbeat);
        }
        let odd = QString::from("x; views=yes; viewers=-1");
        assert_eq!(Heartbeat::parse(&odd), Heartbeat::default());
        let plain = Heartbeat::default().to_message(Side::Client);
        assert_eq!(Heartbeat::parse(plain.description()), Heartbeat::default());
    }
}
