//! The frames of a WebSocket that a browser sends: headers, masks, and the rules for both.

use std::io::Cursor;

use bytes::Bytes;
use tungstenite::protocol::frame::{
    FrameHeader,
    coding::{CloseCode, Control, Data, OpCode},
};

/// The longest payload of a control frame (RFC 6455, 5.5).
const LONGEST_CONTROL: u64 = 125;

/// The largest length of a frame: the first of its 64 bits must be 0 (RFC 6455, 5.2).
const LONGEST: u64 = u64::MAX >> 1;

/// The size field of a message of the wire.
const SIZE_FIELD: u64 = 4;

/// Why a WebSocket is closed by this end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("a frame that breaks the rules of WebSockets: {0}")]
    Protocol(&'static str),
    #[error("a WebSocket message of text; only binary ones have a meaning here")]
    Text,
    #[error("a WebSocket message that is not exactly one message")]
    Partial,
}

impl Fault {
    pub(super) const fn code(self) -> CloseCode {
        match self {
            Self::Protocol(_) => CloseCode::Protocol,
            Self::Text => CloseCode::Unsupported,
            Self::Partial => CloseCode::Invalid,
        }
    }
}

/// What a frame says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A part of a message follows.
    Payload,
    Ping(Bytes),
    Close,
}

/// The state between two frames, and within the payload of one.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// Bytes of the frame's payload that are still to come.
    left: u64,
    mask: [u8; 4],
    /// Bytes of the frame's payload that came.
    position: usize,
    /// Whether a message was begun and not finished.
    amid: bool,
    /// Whether the frame is the last of its message.
    is_last: bool,
    /// Bytes of the message so far, and its first four, which are its size on the wire.
    came: u64,
    size: u32,
}

impl Frames {
    pub(super) const fn payload_left(&self) -> u64 {
        self.left
    }

    /// Decodes a part of the payload in place.
    pub(super) fn unmask(&mut self, bytes: &mut [u8]) -> Result<(), Fault> {
        let mut mask = self.mask;
        mask.rotate_left(self.position % 4);
        let wide =
            u64::from_ne_bytes([mask[0], mask[1], mask[2], mask[3], mask[0], mask[1], mask[2], mask[3]]);
        let (words, rest) = bytes.as_chunks_mut::<8>();
        for word in words {
            *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
        }
        for (byte, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
            *byte ^= mask;
        }
        for byte in bytes.iter().take(SIZE_FIELD.saturating_sub(self.came) as usize) {
            self.size = self.size << 8 | u32::from(*byte);
        }
        self.position = self.position.wrapping_add(bytes.len());
        self.left -= bytes.len() as u64;
        self.came += bytes.len() as u64;
        // A size over the limit is for the reader of messages to report.
        if self.came >= SIZE_FIELD
            && self.came > SIZE_FIELD + u64::from(self.size)
            && self.size >= crate::wire::MIN_SIZE
        {
            return Err(Fault::Partial);
        }
        if self.left == 0 { self.end() } else { Ok(()) }
    }

    /// Ends a frame, and with the last one its message.
    fn end(&mut self) -> Result<(), Fault> {
        if self.is_last {
            let is_whole = self.came == SIZE_FIELD + u64::from(self.size) && self.came > SIZE_FIELD;
            (self.amid, self.came, self.size) = (false, 0, 0);
            return if is_whole { Ok(()) } else { Err(Fault::Partial) };
        }
        Ok(())
    }

    /// Takes the next frame's header, and the payload of a control frame; `None` if more bytes are needed.
    pub(super) fn next(&mut self, ahead: &mut Bytes) -> Result<Option<Event>, Fault> {
        let mut cursor = Cursor::new(&ahead[..]);
        let parsed = FrameHeader::parse(&mut cursor).map_err(|_| Fault::Protocol("an unknown type"))?;
        let Some((header, length)) = parsed else { return Ok(None) };
        let head = cursor.position() as usize;
        let mask = header.mask.ok_or(Fault::Protocol("it is not masked"))?;
        if length > LONGEST {
            return Err(Fault::Protocol("a length over 63 bits"));
        }
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(Fault::Protocol("a reserved bit is set"));
        }
        let data = match header.opcode {
            OpCode::Control(control) => {
                if !header.is_final || length > LONGEST_CONTROL {
                    return Err(Fault::Protocol("a control frame that is too long or in parts"));
                }
                let whole = head + length as usize;
                if ahead.len() < whole {
                    return Ok(None);
                }
                let frame = ahead.split_to(whole);
                let payload = frame.iter().skip(head).zip(mask.iter().cycle());
                let payload: Bytes = payload.map(|(byte, mask)| byte ^ mask).collect();
                return Ok(Some(match control {
                    Control::Ping => Event::Ping(payload),
                    Control::Close => {
                        check_close(&payload)?;
                        Event::Close
                    }
                    // An answer to nothing.
                    Control::Pong | Control::Reserved(_) => Event::Payload,
                }));
            }
            OpCode::Data(data) => data,
        };
        match (data, self.amid) {
            (Data::Text, _) => return Err(Fault::Text),
            (Data::Binary, false) | (Data::Continue, true) => {}
            _ => return Err(Fault::Protocol("parts of messages out of order")),
        }
        *ahead = ahead.split_off(head);
        (self.amid, self.is_last) = (true, header.is_final);
        (self.left, self.mask, self.position) = (length, mask, 0);
        if length == 0 {
            self.end()?;
        }
        Ok(Some(Event::Payload))
    }
}

/// Checks what a last frame says: nothing, or a code that may be sent, and perhaps a text (RFC 6455, 5.5.1).
fn check_close(payload: &[u8]) -> Result<(), Fault> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return if payload.is_empty() { Ok(()) } else { Err(Fault::Protocol("half a code for closing")) };
    };
    if !CloseCode::from(u16::from_be_bytes(*code)).is_allowed() {
        return Err(Fault::Protocol("a code for closing that has no meaning"));
    }
    std::str::from_utf8(reason).map(|_| ()).map_err(|_| Fault::Protocol("a reason that is not UTF-8"))
}
