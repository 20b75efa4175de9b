//! Attributes of a video frame, in its description: `this is video image; stream=…; seq=…; …`.
//!
//! A Qt peer ignores them and sends none. A missing value is unknown, not zero.

use std::{borrow::Cow, fmt};

use super::{
    QString,
    attributes::{self, Attributes},
    number,
};
use crate::timestamp::Timestamp;

const DESCRIPTION: &str = "this is video image";

/// The attributes of one video frame: `Display` writes them, [`FrameInfo::parse`] reads them.
///
/// A source sets what it knows by the methods `with_…`; [`FrameInfo::with`] sets what a link or a relay adds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrameInfo {
    /// The stream's name, any text.
    pub stream: Option<String>,
    /// The frame's number within its stream, from 0; numbers that the source lost are skipped.
    pub seq: Option<u64>,
    /// When the picture was taken, by the sender's clock.
    pub captured: Option<Timestamp>,
    /// When it became a JPEG, by the sender's clock.
    pub encoded: Option<Timestamp>,
    /// When the sender's link began to write it, by the sender's clock.
    pub sent: Option<Timestamp>,
    /// The relay's clock minus the sender's, in microseconds.
    pub offset: Option<i64>,
    /// The uncertainty of `offset`, in microseconds.
    pub within: Option<u64>,
    /// The frame's number among those that the sender put on the wire, from 0, over all its connections.
    pub out: Option<u64>,
    /// The number of the sender's connection ([`Message::peer`](super::Message::peer)).
    pub peer: Option<u64>,
    /// The kind of placeholder card, if this is one in place of the camera's picture. It is
    /// [`FrameInfo::NO_SIGNAL`] or [`FrameInfo::CAMERA_OFF`].
    pub card: Option<String>,
}

impl FrameInfo {
    /// The card that a sender draws while its camera is gone; the picture itself gives the reason.
    pub const NO_SIGNAL: &str = "no-signal";

    /// The card of a sender whose camera was switched off.
    pub const CAMERA_OFF: &str = "camera-off";

    /// Sets [`FrameInfo::stream`].
    #[must_use]
    pub fn with_stream(self, stream: impl Into<String>) -> Self {
        Self { stream: Some(stream.into()), ..self }
    }

    /// Sets [`FrameInfo::seq`].
    #[must_use]
    pub fn with_seq(self, seq: u64) -> Self {
        Self { seq: Some(seq), ..self }
    }

    /// Sets [`FrameInfo::captured`].
    #[must_use]
    pub fn with_captured(self, captured: impl Into<Option<Timestamp>>) -> Self {
        Self { captured: captured.into(), ..self }
    }

    /// Sets [`FrameInfo::encoded`].
    #[must_use]
    pub fn with_encoded(self, encoded: impl Into<Option<Timestamp>>) -> Self {
        Self { encoded: encoded.into(), ..self }
    }

    /// Sets [`FrameInfo::card`].
    #[must_use]
    pub fn with_card(self, card: impl Into<String>) -> Self {
        Self { card: Some(card.into()), ..self }
    }

    /// Returns the same with changes, as in `FrameInfo::default().with(|info| info.peer = Some(2))`.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Parses any description; attributes that are unknown or invalid are ignored.
    #[must_use]
    pub fn parse(description: &QString) -> Self {
        let text = description.beginning();
        let peer = number::find(description.as_bytes()).and_then(|(_, number)| number);
        let mut info = Self { peer, ..Self::default() };
        for (key, value) in Attributes::parse(&text) {
            match key {
                "stream" => info.stream = Some(attributes::shortened(value.into_owned())),
                "seq" => info.seq = value.parse().ok(),
                "captured" => info.captured = micros(&value),
                "encoded" => info.encoded = micros(&value),
                "sent" => info.sent = micros(&value),
                "offset" => info.offset = value.parse().ok(),
                "within" => info.within = value.parse().ok(),
                "out" => info.out = value.parse().ok(),
                "card" => info.card = Some(attributes::shortened(value.into_owned())),
                _ => {}
            }
        }
        info
    }

    /// The stream's name, or one made of the peer's number if it gives none; empty if neither is known. Names
    /// are not unique: a sender may claim any.
    #[must_use]
    pub fn stream_name(&self) -> Cow<'_, str> {
        match (&self.stream, self.peer) {
            (Some(name), _) => Cow::Borrowed(name),
            (None, Some(peer)) => Cow::Owned(attributes::peer_name(peer)),
            (None, None) => Cow::Borrowed(""),
        }
    }

    /// The capture time by the relay's clock, if the sender knew the offset.
    #[must_use]
    pub fn captured_at_relay(&self) -> Option<Timestamp> {
        Some(self.captured?.offset(self.offset?))
    }
}

impl fmt::Display for FrameInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = DESCRIPTION.to_owned();
        let mut put = |key, value: Option<String>| {
            if let Some(value) = value {
                attributes::write(&mut text, key, &value);
            }
        };
        let stamp = |time: Option<Timestamp>| time.map(|time| time.as_micros().to_string());
        put("stream", self.stream.clone());
        put("seq", self.seq.map(|seq| seq.to_string()));
        put("captured", stamp(self.captured));
        put("encoded", stamp(self.encoded));
        put("sent", stamp(self.sent));
        put("offset", self.offset.map(|offset| offset.to_string()));
        put("within", self.within.map(|within| within.to_string()));
        put("out", self.out.map(|out| out.to_string()));
        put("card", self.card.clone());
        put("peer", self.peer.map(|peer| peer.to_string())); // only valid at the end
        f.write_str(&text)
    }
}

pub(super) fn micros(value: &str) -> Option<Timestamp> {
    value.parse().ok().map(Timestamp::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> FrameInfo {
        FrameInfo::parse(&QString::from(text))
    }

    #[test]
    fn what_is_written_is_read() {
        let info = FrameInfo {
            stream: Some("厨房; 50% = ünï".into()),
            seq: Some(u64::MAX),
            captured: Some(Timestamp::from_micros(1)),
            encoded: None,
            sent: Some(Timestamp::from_micros(u64::MAX)),
            offset: Some(-3),
            within: Some(250),
            out: Some(8),
            peer: Some(3),
            card: Some(FrameInfo::NO_SIGNAL.into()),
        };
        assert_eq!(parse(&info.to_string()), info);
        assert_eq!(parse(&FrameInfo::default().to_string()), FrameInfo::default());
    }

    #[test]
    fn the_text_is_what_the_protocol_says() {
        let info = FrameInfo {
            stream: Some("cam".into()),
            seq: Some(7),
            captured: Some(Timestamp::from_micros(1)),
            ..FrameInfo::default()
        };
        assert_eq!(info.to_string(), "this is video image; stream=cam; seq=7; captured=1");
        let card = FrameInfo { card: Some(FrameInfo::NO_SIGNAL.into()), ..FrameInfo::default() };
        assert_eq!(card.to_string(), "this is video image; card=no-signal");
    }

    #[test]
    fn a_qt_peers_description_is_no_error() {
        for text in
            ["", "this is video image", "hello; world", "x; seq=-1; captured=soon; offset=1e3; stream"]
        {
            assert_eq!(parse(text), FrameInfo::default(), "{text}");
        }
        assert_eq!(FrameInfo::parse(&QString::NULL), FrameInfo::default());
        assert_eq!(parse("anything at all; seq=5").seq, Some(5));
    }
}
