//! The type of a message.

/// The `type` field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
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

impl MessageKind {
    /// Whether a relay forwards it.
    #[must_use]
    pub const fn is_forwarded(self) -> bool {
        !matches!(self, Self::Heartbeat | Self::Reserved(_))
    }

    /// Whether a relay delivers every message of this kind, in order: of video, only the newest counts.
    #[must_use]
    pub const fn is_ordered(self) -> bool {
        self.is_forwarded() && !matches!(self, Self::Video)
    }
}

impl From<i32> for MessageKind {
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

impl From<MessageKind> for i32 {
    fn from(kind: MessageKind) -> Self {
        match kind {
            MessageKind::Text => 1,
            MessageKind::Image => 2,
            MessageKind::Video => 3,
            MessageKind::Heartbeat => 100,
            MessageKind::Reserved(number) | MessageKind::Other(number) => number,
        }
    }
}
