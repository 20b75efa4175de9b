//! The payload of a text message, as readable text.
//!
//! Qt programs write a `QDataStream` with one `QString`. Some write raw UTF-8, a byte array, or nothing at
//! all, and programs like them read it: a relay forwards all of that, and a viewer shows whatever is text.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::{LONG_LENGTH, Message, MessageKind, NULL_LENGTH, QString};

/// The content of a text message's payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextContent {
    /// A `QDataStream` with one `QString`, as the format specifies.
    QString(QString),
    /// UTF-8, raw or as a byte array or C string in a `QDataStream`; empty if there is no payload.
    Utf8(String),
    /// Neither.
    Unreadable {
        /// Bytes of the payload.
        bytes: usize,
        /// Why it is not a `QString`.
        why: &'static str,
    },
}

impl TextContent {
    /// The content of a message; `None` if it is not a text message.
    #[must_use]
    pub fn of(message: &Message) -> Option<Self> {
        if message.kind() != MessageKind::Text {
            return None;
        }
        let payload = message.payload().cloned().unwrap_or_default();
        Some(match decode(&payload) {
            Ok(text) => Self::QString(text),
            Err(why) => utf8(&payload).map_or(Self::Unreadable { bytes: payload.len(), why }, Self::Utf8),
        })
    }
}

/// The text of a payload that is not a `QString`, if it is plain UTF-8. It may contain no control characters
/// other than tabs and line ends. Binary data is full of these.
fn utf8(payload: &[u8]) -> Option<String> {
    let readable = |bytes: &[u8]| {
        let text = std::str::from_utf8(bytes).ok()?;
        let plain = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
        text.chars().all(plain).then(|| text.to_owned())
    };
    readable(payload).or_else(|| {
        // QDataStream << QByteArray, or << const char *, which writes and counts the terminating zero.
        let (length, bytes) = payload.split_first_chunk::<4>()?;
        let counted = usize::try_from(u32::from_be_bytes(*length)) == Ok(bytes.len());
        counted.then(|| readable(bytes.strip_suffix(&[0]).unwrap_or(bytes))).flatten()
    })
}

/// Encodes a `QDataStream` with one `QString`.
pub(super) fn encode(text: &QString) -> Bytes {
    let mut payload = BytesMut::with_capacity(4 + text.as_bytes().len());
    payload.put_u32(text.wire_length());
    payload.put_slice(text.as_bytes());
    payload.freeze()
}

/// Decodes a `QDataStream` with one `QString`, or says why it is not one.
pub(super) fn decode(payload: &Bytes) -> Result<QString, &'static str> {
    let mut rest = payload.clone();
    let length = rest.try_get_u32().map_err(|_| "fewer than the 4 bytes of its length")?;
    match (length, rest.len()) {
        (NULL_LENGTH, 0) => Ok(QString::NULL),
        (NULL_LENGTH, _) => Err("bytes after a null string"),
        (LONG_LENGTH, _) => Err("a 64-bit length, as Qt 6.7 writes past 4 GiB"),
        (length, _) if length % 2 != 0 => Err("an odd number of bytes of UTF-16"),
        (length, have) if (length as usize) > have => Err("its length reaches past the payload"),
        (length, have) if (length as usize) < have => Err("bytes after the string"),
        _ => Ok(QString::from_wire(Some(rest))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(payload: Option<&'static [u8]>) -> TextContent {
        let payload = payload.map(Bytes::from_static);
        TextContent::of(&Message::new(MessageKind::Text, QString::NULL, payload).unwrap()).unwrap()
    }

    fn utf8(text: &str) -> TextContent {
        TextContent::Utf8(text.into())
    }

    #[test]
    fn what_is_text_in_any_form_is_read() {
        assert_eq!(of(Some(b"\0\0\0\x04\x4f\x60\x59\x7d")), TextContent::QString("你好".into()));
        assert_eq!(of(Some(b"\xff\xff\xff\xff")), TextContent::QString(QString::NULL));
        assert_eq!(of(Some("hello 你好 🙂\n".as_bytes())), utf8("hello 你好 🙂\n"));
        assert_eq!(of(Some(b"")), utf8(""));
        assert_eq!(of(None), utf8(""));
        assert_eq!(of(Some(b"\0\0\0\x03hi\0")), utf8("hi"), "a C string");
        assert_eq!(of(Some(b"\0\0\0\x05hello")), utf8("hello"), "a byte array");
    }

    #[test]
    fn what_is_none_is_called_so() {
        let images: [&'static [u8]; 5] =
            [b"\xff\xd8\xff\xe0", b"\x1b[2J", b"\0\0\0\x03a\xffb", b"\0\0\0\x04abc", b"\0"];
        for payload in images {
            let content = of(Some(payload));
            assert!(
                matches!(content, TextContent::Unreadable { bytes, .. } if bytes == payload.len()),
                "{content:?}"
            );
        }
        let image = Message::new(MessageKind::Image, QString::NULL, None).unwrap();
        assert_eq!(TextContent::of(&image), None);
    }
}
