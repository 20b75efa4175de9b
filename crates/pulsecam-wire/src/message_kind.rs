//! The type of a message.

/// The `type` field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// 1: the payload should be a `QDataStream` with one `QString`. A relay forwards it in any case.
    Text,
    /// 2: the payload is a JPEG file.
    Image,
    /// 3: the payload is a JPEG file, one frame of a video.
    Video,
    /// 100: proof of life, answered and never forwarded.
    Heartbeat,
    /// 101 to 199: reserved for the link itself and never forwarded.
    Reserved(i32),
    /// An unknown type, forwarded unchanged.
    Other(i32),
}

impl Kind {
    /// Whether a relay forwards it.
    #[must_use]
    pub const fn is_passed_on(self) -> bool {
        !matches!(self, Self::Heartbeat | Self::Reserved(_))
    }

    /// Whether a relay delivers every message of this kind, in order: of video, only the newest counts.
    #[must_use]
    pub const fn is_ordered(self) -> bool {
        self.is_passed_on() && !matches!(self, Self::Video)
    }
}

impl From<i32> for Kind {
    fn from(number: i32) -> Self {
        match number {
            1 => Self::Text,
            2 => Self::Image,
            3 => Self::Video,
            100 => Self::Heartbeat,
            101..=199 => Self::Reserved(number),
            other => Self::Other(other),
        }
    }
}

impl From<Kind> for i32 {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Text => 1,
            Kind::Image => 2,
            Kind::Video => 3,
            Kind::Heartbeat => 100,
            Kind::Reserved(number) | Kind::Other(number) => number,
        }
    }
}
