//! What the two ends of a link tell each other besides messages (type 109).
//!
//! The pushing end sends one each second, with its time and how far the other's clock is ahead. The other answers it, and
//! also says how far it has got and how many viewers it has whenever that changes, and how these get the frames.

use std::{fmt::Write, time::Duration};

use crate::{
    clock::Timestamp,
    relay::{
        cluster::RelayId,
        delivery_delay::{AudienceReport, Median},
    },
    wire::{ClockShift, Departed, Message, MessageKind, QString},
};

/// The type of the message.
const NUMBER: i32 = 109;

/// The description before its attributes.
const TEXT: &str = "This is a note between relays.";

/// The most reports in one note: with them, a note has some 1300 UTF-16 units, which is less than what is read of a
/// relay that sends only notes.
pub(super) const MOST_REPORTS: usize = 8;

/// The most UTF-16 units of a description that are looked at; ours have at most 1500.
const MAX_READ: usize = 2000;

/// What one end of a link says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// From the pushing end: how far the other's clock is ahead of its own.
    pub(super) ahead: Option<ClockShift>,
    /// From the pushing end: whether its senders want to know how the other's viewers get their frames.
    pub(super) asks: bool,
    /// From the receiving end: the frames that came on this connection, and how many microseconds ago the last one did.
    pub(super) got: Option<(u64, u64)>,
    /// From the receiving end, if it is asked: how its viewers get the frames of connections of the other, at most
    /// [`MOST_REPORTS`].
    pub(super) reports: Vec<PeerReport>,
}

/// How the viewers of one relay get the frames of a connection of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PeerReport {
    /// The number of the connection.
    pub(super) peer: u64,
    pub(super) report: AudienceReport,
}

impl PeerReport {
    fn to_text(self) -> String {
        let AudienceReport { median: Median { late, queued, lost }, rate } = self.report;
        let rate = rate.map_or_else(String::new, |rate| rate.to_string());
        format!("{},{},{},{lost},{rate}", self.peer, micros(late), micros(queued))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut fields = text.split(',');
        let mut number = || fields.next()?.parse::<u64>().ok();
        let (peer, late, queued, lost) = (number()?, number()?, number()?, number()?);
        let median = Median {
            late: Duration::from_micros(late),
            queued: Duration::from_micros(queued),
            lost: u8::try_from(lost).ok().filter(|lost| *lost <= 100)?,
        };
        let rate = match (fields.next()?, fields.next()) {
            ("", None) => None,
            (rate, None) => Some(rate.parse().ok()?),
            _ => return None,
        };
        Some(Self { peer, report: AudienceReport { median, rate } })
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl Note {
    /// Builds the message.
    pub(super) fn to_message(&self) -> Message {
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
        if let Some(ClockShift { micros, within }) = self.ahead {
            let _ = write!(text, "; ahead={micros},{within}"); // as above
        }
        if self.asks {
            text.push_str("; asks=1");
        }
        if let Some((got, ago)) = self.got {
            let _ = write!(text, "; got={got},{ago}"); // as above
        }
        for report in self.reports.iter().take(MOST_REPORTS) {
            let _ = write!(text, "; report={}", report.to_text()); // as above
        }
        #[expect(clippy::unwrap_used, reason = "a note has a few thousand bytes, far below the size limit")]
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
                "ahead" => {
                    let parts = value.split_once(',');
                    note.ahead = parts.and_then(|(micros, within)| {
                        Some(ClockShift { micros: micros.parse().ok()?, within: within.parse().ok()? })
                    });
                }
                "asks" => note.asks = value == "1",
                "got" => {
                    let parts = value.split_once(',');
                    note.got = parts.and_then(|(got, ago)| Some((got.parse().ok()?, ago.parse().ok()?)));
                }
                "report" if note.reports.len() < MOST_REPORTS => {
                    note.reports.extend(PeerReport::parse(value));
                }
                _ => {}
            }
        }
        Some(note)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::entry, *};

    #[test]
    fn what_is_said_comes_back() {
        let [t1, t2, t3] = [0, 1, u64::MAX].map(|micros| Some(Timestamp::from_micros(micros)));
        let relay = Some(RelayId::from_bits(0xabc));
        let mut many = Departed::default();
        assert!((0..Departed::MOST as u64).all(|number| many.add(u64::MAX - number)));
        let median = Median {
            late: Duration::from_micros(u64::MAX),
            queued: Duration::from_micros(u64::MAX),
            lost: 100,
        };
        let report = |peer, rate| PeerReport { peer, report: AudienceReport { median, rate } };
        let largest = Note {
            t1,
            t2,
            t3,
            viewers: Some(u32::MAX),
            upto: Some(u64::MAX),
            relay,
            gone: many,
            ahead: Some(ClockShift { micros: i64::MIN, within: u64::MAX }),
            asks: true,
            got: Some((u64::MAX, u64::MAX)),
            reports: vec![report(u64::MAX, Some(u64::MAX)); MOST_REPORTS],
        };
        for note in [
            Note::default(),
            Note { relay, t1, ..Note::default() },
            Note { reports: vec![report(1, None), report(2, Some(0))], ..Note::default() },
            largest,
        ] {
            let message = note.to_message();
            assert!(message.wire_len() < entry::SMALL as usize, "{}", message.wire_len());
            assert_eq!(Note::parse(&message), Some(note));
        }
    }

    #[test]
    fn anything_can_be_read() {
        let of = |kind, text: &str| Note::parse(&Message::new(kind, text.into(), None).unwrap());
        assert_eq!(of(MessageKind::Heartbeat, "x; t1=1"), None);
        let kind = MessageKind::Reserved(NUMBER);
        assert_eq!(
            of(
                kind,
                "x; t1=-1; viewers=4294967296; upto=; relay=7; t2; gone=,-1,x; ahead=1; got=1,; asks=2; \
                 report=1,2,3; report=1,2,3,101,; report=1,2,3,4,5,6; report=1,2,3,4,x"
            ),
            Some(Note::default())
        );
        let crowd = "; report=1,2,3,4,5".repeat(3 * MOST_REPORTS);
        assert_eq!(of(kind, &crowd).map(|note| note.reports.len()), Some(MOST_REPORTS));
        let known = Note { upto: Some(3), ..Note::default() };
        assert_eq!(of(kind, "x; upto=3; new=1"), Some(known));
        assert_eq!(of(kind, &format!("{}; upto=3", "x".repeat(MAX_READ))), Some(Note::default()));
    }
}
