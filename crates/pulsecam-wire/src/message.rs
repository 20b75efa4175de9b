//! Messages: text, image, video frame, heartbeat, or a type that only other programs know.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::{
    Fault, FrameInfo, LONG_LENGTH, MIN_SIZE, NULL_LENGTH, QString,
    attributes::{self, Attributes},
    message_kind::MessageKind,
    number, text,
};

const TEXT_DESCRIPTION: &str = "this is text";
const IMAGE_DESCRIPTION: &str = "this is image";

/// The longest description, in bytes, to which a number is added. The description is copied, which takes
/// memory besides the message.
const MAX_NUMBERED: usize = 64 << 10;

/// Bytes before the description's text: size, type and length.
const FIXED_HEAD: usize = 12;

/// Bytes of the longest number with its key, and of the payload's length field.
const NUMBER_ROOM: usize = 2 * ("; peer=".len() + 20) + 4;

/// The sender of a text or an image, from the attributes of its description, which a Qt peer ignores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origin {
    /// The name that the sender gave; if it gave none, `peer 1` and so on, from the relay's number.
    pub from: Option<String>,
    /// Unique to this message, so that a message that is sent again after an outage is shown once.
    pub id: Option<String>,
}

/// A well-formed message. Cloning shares the bytes.
#[derive(Clone, Debug)]
pub struct Message {
    kind: MessageKind,
    description: QString,
    payload: Option<Bytes>,
    wire: Wire,
}

/// The bytes as they are on the wire.
#[derive(Clone, Debug)]
enum Wire {
    /// As received: one chunk, which a relay writes faster than two.
    Whole(Bytes),
    /// From the size field to the payload's length, inclusive; the payload follows.
    Head(Bytes),
}

impl PartialEq for Message {
    /// Compares the contents, not how the messages were made.
    fn eq(&self, other: &Self) -> bool {
        (self.kind, &self.description, &self.payload) == (other.kind, &other.description, &other.payload)
    }
}

impl Eq for Message {}

impl Message {
    /// Builds a message of any kind. A payload of `None` is the null array, which Qt distinguishes from the
    /// empty one.
    ///
    /// # Errors
    /// [`Fault::SizeTooLarge`] if it does not fit the format's 31-bit size.
    pub fn new(kind: MessageKind, description: QString, payload: Option<Bytes>) -> Result<Self, Fault> {
        let kind = MessageKind::from(i32::from(kind)); // turns Other(1) into Text
        let payload_length = payload.as_ref().map_or(0, Bytes::len);
        let size = u64::from(MIN_SIZE) + (description.as_bytes().len() + payload_length) as u64;
        let too_large = Fault::SizeTooLarge { found: size, allowed: i32::MAX.unsigned_abs() };
        let wire_size = i32::try_from(size).map_err(|_| too_large)?;
        let payload_field = if payload.is_some() {
            u32::try_from(payload_length).map_err(|_| too_large)?
        } else {
            NULL_LENGTH
        };
        let mut head = BytesMut::with_capacity(FIXED_HEAD + description.as_bytes().len() + 4);
        head.put_i32(wire_size);
        head.put_i32(kind.into());
        head.put_u32(description.wire_length());
        head.put_slice(description.as_bytes());
        head.put_u32(payload_field);
        Ok(Self { kind, description, payload, wire: Wire::Head(head.freeze()) })
    }

    /// Builds a text message.
    ///
    /// # Errors
    /// [`Fault::SizeTooLarge`].
    pub fn text(text: &str, origin: &Origin) -> Result<Self, Fault> {
        let description = origin.describe(TEXT_DESCRIPTION);
        Self::new(MessageKind::Text, description, Some(text::encode(&QString::from(text))))
    }

    /// Builds an image message from a JPEG file.
    ///
    /// # Errors
    /// [`Fault::SizeTooLarge`].
    pub fn image(jpeg: Bytes, origin: &Origin) -> Result<Self, Fault> {
        Self::new(MessageKind::Image, origin.describe(IMAGE_DESCRIPTION), Some(jpeg))
    }

    /// Builds a video frame from a JPEG file.
    ///
    /// # Errors
    /// [`Fault::SizeTooLarge`].
    pub fn video(jpeg: Bytes, info: &FrameInfo) -> Result<Self, Fault> {
        Self::new(MessageKind::Video, QString::from(info.to_string().as_str()), Some(jpeg))
    }

    /// Parses a complete message, its size field included, without copying. The error carries the position of
    /// the field at fault.
    pub(super) fn parse(bytes: &Bytes) -> Result<Self, (usize, Fault)> {
        let mut rest = Fields { bytes: bytes.clone(), position: 0 };
        let declared = rest.u32("size")?;
        debug_assert_eq!(declared as usize + 4, bytes.len(), "the codec cuts at the size field");
        let kind = MessageKind::from(rest.u32("type")?.cast_signed());
        let description_at = rest.position;
        let description = rest.field("description")?;
        if let Some(odd) = description.as_ref().filter(|units| units.len() % 2 != 0) {
            let found = u32::try_from(odd.len()).unwrap_or(u32::MAX);
            return Err((description_at, Fault::OddLength { field: "description", found }));
        }
        let payload = rest.field("payload")?;
        if rest.bytes.has_remaining() {
            return Err((rest.position, Fault::LeftOver { found: rest.left() }));
        }
        let (description, wire) = (QString::from_wire(description), Wire::Whole(bytes.clone()));
        Ok(Self { kind, description, payload, wire })
    }

    /// The type.
    #[must_use]
    pub const fn kind(&self) -> MessageKind {
        self.kind
    }

    /// The description, attributes included.
    #[must_use]
    pub const fn description(&self) -> &QString {
        &self.description
    }

    /// The payload; `None` is the null array.
    #[must_use]
    pub const fn payload(&self) -> Option<&Bytes> {
        self.payload.as_ref()
    }

    /// The text of a text message whose payload is a `QString`; `None` for every other message. See
    /// [`TextContent`](super::TextContent) for payloads with text in another form.
    #[must_use]
    pub fn text_content(&self) -> Option<QString> {
        if self.kind != MessageKind::Text {
            return None;
        }
        text::decode(self.payload.as_ref()?).ok()
    }

    /// The sender of a text or an image, as far as its description names it.
    #[must_use]
    pub fn origin(&self) -> Origin {
        let description = self.description.beginning();
        let mut origin = Origin::default();
        for (key, value) in Attributes::parse(&description) {
            match key {
                "from" => origin.from = Some(attributes::shortened(value.into_owned())),
                "id" => origin.id = Some(attributes::shortened(value.into_owned())),
                _ => {}
            }
        }
        origin.from = origin.from.or_else(|| self.peer().map(attributes::peer_name));
        origin
    }

    /// The number at the end of the description. A relay that numbers connections puts it there, and removes
    /// any that a sender wrote; through any other relay it is whatever the sender wrote.
    #[must_use]
    pub fn peer(&self) -> Option<u64> {
        number::find(self.description.as_bytes())?.1
    }

    /// Whether a relay appends its sender's number: a text, an image or a video frame.
    #[must_use]
    pub const fn takes_number(&self) -> bool {
        matches!(self.kind, MessageKind::Text | MessageKind::Image | MessageKind::Video)
    }

    /// Whether it is unchanged since it was received, and not made or numbered here.
    #[must_use]
    pub const fn is_as_it_came(&self) -> bool {
        matches!(self.wire, Wire::Whole(_))
    }

    /// Appends the sender's number for clients that understand it; `None` if they get it unchanged. The
    /// payload is shared; of the description only a number that the sender itself wrote at its end is lost.
    ///
    /// A message that would exceed `max_message` gets no number, because its receivers may have the same
    /// limit; neither does one with a description over 64 KiB.
    #[must_use]
    pub fn numbered(&self, peer: u64, max_message: u32) -> Option<Self> {
        if !self.takes_number() {
            return None;
        }
        let own = number::stripped(self.description.as_bytes());
        let numbered =
            (own.len() <= MAX_NUMBERED).then(|| self.described(own, Some(peer), max_message)).flatten();
        numbered.or_else(|| self.unnumbered())
    }

    /// Returns the message without a number at the end of its description; `None` if it has none.
    #[must_use]
    pub fn unnumbered(&self) -> Option<Self> {
        let described = self.description.as_bytes();
        let own = number::stripped(described);
        (own.len() < described.len()).then(|| self.described(own, None, u32::MAX))?
    }

    /// Returns the message with another description, if it does not exceed the limit. Makes one allocation,
    /// whatever the payload.
    fn described(&self, own: &[u8], peer: Option<u64>, max_message: u32) -> Option<Self> {
        let payload_length = self.payload.as_ref().map_or(0, Bytes::len);
        let mut head = BytesMut::with_capacity(FIXED_HEAD + own.len() + NUMBER_ROOM);
        head.put_bytes(0, FIXED_HEAD);
        head.put_slice(own);
        head.extend(peer.into_iter().flat_map(number::suffix));
        let length = head.len() - FIXED_HEAD;
        let size = u64::from(MIN_SIZE) + (length + payload_length) as u64;
        let wire_size = i32::try_from(size).ok().filter(|_| size <= max_message.into())?;
        head[..4].copy_from_slice(&wire_size.to_be_bytes());
        head[4..8].copy_from_slice(&i32::from(self.kind).to_be_bytes());
        head[8..FIXED_HEAD].copy_from_slice(&u32::try_from(length).ok()?.to_be_bytes());
        head.put_u32(match &self.payload {
            Some(_) => u32::try_from(payload_length).ok()?,
            None => NULL_LENGTH,
        });
        let head = head.freeze();
        let description = QString::from_wire(Some(head.slice(FIXED_HEAD..FIXED_HEAD + length)));
        Some(Self { kind: self.kind, description, payload: self.payload.clone(), wire: Wire::Head(head) })
    }

    /// All bytes as they are on the wire, the size field included, in one or two chunks.
    #[must_use]
    pub fn to_buf(&self) -> bytes::buf::Chain<Bytes, Bytes> {
        match &self.wire {
            Wire::Whole(bytes) => bytes.clone().chain(Bytes::new()),
            Wire::Head(head) => head.clone().chain(self.payload.clone().unwrap_or_default()),
        }
    }

    /// The number of bytes on the wire, the size field included.
    #[must_use]
    pub fn wire_len(&self) -> usize {
        match &self.wire {
            Wire::Whole(bytes) => bytes.len(),
            Wire::Head(head) => head.len() + self.payload.as_ref().map_or(0, Bytes::len),
        }
    }
}

impl Origin {
    /// A sender of this name.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { from: Some(name.into()), id: None }
    }

    /// Sets [`Origin::id`].
    #[must_use]
    pub fn with_id(self, id: impl Into<Option<String>>) -> Self {
        Self { id: id.into(), ..self }
    }

    fn describe(&self, kind: &str) -> QString {
        let mut text = kind.to_owned();
        if let Some(from) = &self.from {
            attributes::write(&mut text, "from", from);
        }
        if let Some(id) = &self.id {
            attributes::write(&mut text, "id", id);
        }
        QString::from(text.as_str())
    }
}

/// Reads a message's fields and tracks the position.
struct Fields {
    bytes: Bytes,
    position: usize,
}

impl Fields {
    fn left(&self) -> u32 {
        u32::try_from(self.bytes.len()).unwrap_or(u32::MAX)
    }

    fn u32(&mut self, field: &'static str) -> Result<u32, (usize, Fault)> {
        let past = Fault::PastTheEnd { field, found: 4, allowed: self.left() };
        let value = self.bytes.try_get_u32().map_err(|_| (self.position, past))?;
        self.position += 4;
        Ok(value)
    }

    fn field(&mut self, field: &'static str) -> Result<Option<Bytes>, (usize, Fault)> {
        let at = self.position;
        let found = self.u32(field)?;
        match found {
            NULL_LENGTH => Ok(None),
            LONG_LENGTH => Err((at, Fault::LongLength { field, allowed: self.left() })),
            _ if found > self.left() => Err((at, Fault::PastTheEnd { field, found, allowed: self.left() })),
            _ => {
                self.position += found as usize;
                Ok(Some(self.bytes.split_to(found as usize)))
            }
        }
    }
}
