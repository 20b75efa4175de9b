//! Decodes messages from a stream of bytes, and encodes them.
//!
//! Each message ends up in a buffer of its exact size: it keeps no other memory alive, and [`super::Reader`]
//! lets the socket write straight into that buffer.

use std::{net::SocketAddr, sync::Arc};

use bytes::{Buf, BytesMut};

use super::{
    Error, Fault, HeldBytes, LONG_LENGTH, MIN_SIZE, Malformed, Message, MessageKind, NULL_LENGTH,
    assembly::Assembly, held,
};

/// Sizes from half a gigabyte on are treated as lost framing or another protocol, and are not skipped. Every
/// printable character, read as the first byte of a size, is above it.
const ABSURD_SIZE: u32 = 0x2000_0000;

/// The largest type of a message that is skipped. Text read as a type is far above it.
const MAX_SKIPPED_KIND: i32 = 0xffff;

/// Size, type and description length: the bytes that show whether a message is well-framed.
const FRAMING: usize = 12;

/// Counts of the messages over the limit that were skipped on this connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// All of them.
    pub messages: u64,
    /// The video frames among them.
    pub frames: u64,
    /// The size field of the last one, in bytes.
    pub last_size: u32,
}

/// Splits one connection's bytes into messages. Use one codec per connection.
#[derive(Debug)]
pub struct Codec {
    max_message: u32,
    peer: Option<SocketAddr>,
    /// Bytes of the connection before the current message.
    offset: u64,
    started: Option<Assembly>,
    /// The size of the last message in bytes.
    last: usize,
    /// Skips messages over the limit instead of failing.
    skips: bool,
    skipping: Option<Skipping>,
    skipped: Skipped,
    /// The account in which the bytes of complete messages are counted.
    held: Option<Arc<HeldBytes>>,
}

/// A message that is being skipped: its size, and the bytes still to come.
#[derive(Clone, Copy, Debug)]
struct Skipping {
    length: usize,
    left: usize,
}

impl Codec {
    /// Creates a codec that rejects messages whose size field exceeds `max_message`.
    #[must_use]
    pub const fn new(max_message: u32) -> Self {
        let skipped = Skipped { messages: 0, frames: 0, last_size: 0 };
        let (started, held, skipping) = (None, None, None);
        Self { max_message, peer: None, offset: 0, started, last: 0, skips: false, skipping, skipped, held }
    }

    /// Names the peer in errors.
    #[must_use]
    pub fn with_peer(self, peer: SocketAddr) -> Self {
        Self { peer: Some(peer), ..self }
    }

    /// Skips a well-framed message over the limit: its bytes are dropped as they arrive, and it is counted.
    ///
    /// Bytes that do not look like a message stay an error: a size from half a gigabyte on, a type above
    /// 65535, a description that does not fit the message, and the beginning of TLS.
    #[must_use]
    pub fn skip_larger(self) -> Self {
        Self { skips: true, ..self }
    }

    /// Counts of the messages skipped so far.
    #[must_use]
    pub const fn skipped(&self) -> Skipped {
        self.skipped
    }

    /// The progress of a started message: bytes received, and its size.
    pub(super) fn progress(&self) -> Option<(usize, usize)> {
        let started = self.started.as_ref().map(|started| (started.have(), started.length()));
        started.or_else(|| self.skipping.map(|skipping| (skipping.length - skipping.left, skipping.length)))
    }

    fn malformed(&self, at: usize, fault: Fault) -> Malformed {
        Malformed { peer: self.peer, offset: self.offset + at as u64, fault }
    }

    /// The size of the message that begins here, including its size field; `None` if that is incomplete.
    ///
    /// # Errors
    /// If no message has this size, or it exceeds the limit.
    pub(super) fn length(&self, source: &[u8]) -> Result<Option<usize>, Malformed> {
        let Some(size) = source.first_chunk::<4>() else { return Ok(None) };
        let size = i32::from_be_bytes(*size);
        let found =
            u32::try_from(size).map_err(|_| self.malformed(0, Fault::NegativeSize { found: size }))?;
        if found < MIN_SIZE {
            return Err(self.malformed(0, Fault::SizeTooSmall { found }));
        }
        if found > self.max_message {
            let fault = Fault::SizeTooLarge { found: found.into(), allowed: self.max_message };
            return Err(self.malformed(0, fault));
        }
        Ok(Some(4 + found as usize))
    }

    /// Drops the bytes of messages over the limit, if these are skipped. Returns `true` if more bytes are
    /// needed before anything else can be decoded.
    pub(super) fn skip(&mut self, source: &mut BytesMut) -> bool {
        if !self.skips || self.started.is_some() {
            return false;
        }
        loop {
            if let Some(skipping) = &mut self.skipping {
                let count = source.len().min(skipping.left);
                skipping.left -= count;
                if skipping.left > 0 {
                    source.clear(); // not advanced, so that its memory is reused
                    return true;
                }
                source.advance(count);
                self.offset += skipping.length as u64;
                self.skipping = None;
            }
            let Some(size) = self.oversize(source) else { return false };
            let Some(framing) = source.first_chunk::<FRAMING>() else { return true };
            let Some(kind) = skipped_kind(framing) else { return false };
            let length = 4 + size as usize;
            self.skipping = Some(Skipping { length, left: length });
            let frames = self.skipped.frames + u64::from(kind == MessageKind::Video);
            self.skipped = Skipped { messages: self.skipped.messages + 1, frames, last_size: size };
        }
    }

    /// The size of the message that begins here, if it exceeds the limit and may be skipped.
    fn oversize(&self, source: &[u8]) -> Option<u32> {
        let size = u32::from_be_bytes(*source.first_chunk()?);
        let fault = Fault::SizeTooLarge { found: size.into(), allowed: self.max_message };
        (size > self.max_message && size < ABSURD_SIZE && !self.malformed(0, fault).is_tls()).then_some(size)
    }

    /// Parses a complete message, whose buffer occupies `room` bytes.
    pub(super) fn whole(&mut self, buffer: BytesMut, room: usize) -> Result<Message, Malformed> {
        let bytes = held::counted(buffer, room, self.held.as_ref());
        let message = Message::parse(&bytes).map_err(|(at, fault)| self.malformed(at, fault))?;
        self.offset += bytes.len() as u64;
        self.last = bytes.len();
        Ok(message)
    }
}

/// For [`super::Reader`], which reads straight into a message's buffer.
#[cfg(feature = "tokio")]
impl Codec {
    /// Rejects messages whose size field exceeds `max_message` from now on.
    pub(super) const fn allow(&mut self, max_message: u32) {
        self.max_message = max_message;
    }

    /// Counts the bytes of complete messages in `held` as long as they are in memory.
    pub(super) fn count(&mut self, held: Arc<HeldBytes>) {
        self.held = Some(held);
    }

    /// The buffer for the next bytes of a started message, and how many fit. `None` between messages.
    pub(super) fn unfinished(&mut self) -> Option<(&mut BytesMut, usize)> {
        self.started.as_mut().filter(|started| started.have() < started.length()).map(Assembly::space)
    }

    /// Records that `bytes` were read into [`Self::unfinished`].
    pub(super) fn took(&mut self, bytes: usize) {
        if let Some(started) = &mut self.started {
            started.took(bytes);
        }
    }

    /// Makes room for more bytes of a started message.
    pub(super) fn make_room(&mut self) {
        if let Some(started) = &mut self.started {
            started.make_room();
        }
    }

    /// The memory of a started message, in bytes.
    pub(super) fn room(&self) -> usize {
        self.started.as_ref().map_or(0, Assembly::room)
    }

    /// The bytes of a started message, in its blocks and the last one; `None` between messages, and while one
    /// is skipped.
    pub(super) fn started(&self) -> Option<(&[BytesMut], &[u8])> {
        self.started.as_ref().map(Assembly::blocks)
    }

    /// The account in which complete messages are counted.
    pub(super) const fn held(&self) -> Option<&Arc<HeldBytes>> {
        self.held.as_ref()
    }

    pub(super) const fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }
}

impl Codec {
    /// The next message, taken from the front of `source`; `None` until the rest of it has come.
    ///
    /// # Errors
    /// [`Error::Malformed`], after which the connection is of no more use.
    pub fn decode(&mut self, source: &mut BytesMut) -> Result<Option<Message>, Error> {
        if self.skip(source) {
            return Ok(None);
        }
        let mut started = match self.started.take() {
            Some(started) => started,
            None => {
                let Some(length) = self.length(source)? else { return Ok(None) };
                Assembly::new(length, source.len(), self.last)
            }
        };
        started.take(source);
        if started.have() < started.length() {
            self.started = Some(started);
            return Ok(None);
        }
        let whole = started.whole();
        let room = whole.capacity();
        Ok(Some(self.whole(whole, room)?))
    }

    /// The same if no more bytes will come.
    ///
    /// # Errors
    /// [`Error::Cut`] if the bytes end inside a message, and what [`Codec::decode`] finds wrong.
    pub fn decode_eof(&mut self, source: &mut BytesMut) -> Result<Option<Message>, Error> {
        if let Some(message) = self.decode(source)? {
            return Ok(Some(message));
        }
        match self.progress() {
            Some((received, expected)) => Err(Error::Cut { peer: self.peer, received, expected }),
            None if source.is_empty() => Ok(None),
            // A message that would be skipped is an error if not even its type has arrived.
            None => {
                let expected = self.length(source)?.unwrap_or(4);
                Err(Error::Cut { peer: self.peer, received: source.len(), expected })
            }
        }
    }

    /// Appends a message to `target`.
    pub fn encode(&mut self, message: &Message, target: &mut BytesMut) {
        target.reserve(message.wire_len());
        let mut bytes = message.to_buf();
        while bytes.has_remaining() {
            let chunk = bytes.chunk();
            target.extend_from_slice(chunk);
            let length = chunk.len();
            bytes.advance(length);
        }
    }
}

/// The type in a message's first bytes, if the description's length fits the message.
fn skipped_kind(framing: &[u8; FRAMING]) -> Option<MessageKind> {
    let (size, rest) = framing.split_first_chunk::<4>()?;
    let (kind, described) = rest.split_first_chunk::<4>()?;
    let (size, kind) = (u32::from_be_bytes(*size), i32::from_be_bytes(*kind));
    let described = u32::from_be_bytes(*described.first_chunk()?);
    let fits = match described {
        NULL_LENGTH => true,
        LONG_LENGTH => false,
        length => length % 2 == 0 && length <= size.saturating_sub(MIN_SIZE),
    };
    (fits && (0..=MAX_SKIPPED_KIND).contains(&kind)).then(|| kind.into())
}

#[cfg(feature = "tokio")]
impl tokio_util::codec::Decoder for Codec {
    type Item = Message;
    type Error = Error;

    fn decode(&mut self, source: &mut BytesMut) -> Result<Option<Message>, Error> {
        Self::decode(self, source)
    }

    fn decode_eof(&mut self, source: &mut BytesMut) -> Result<Option<Message>, Error> {
        Self::decode_eof(self, source)
    }
}

#[cfg(feature = "tokio")]
impl tokio_util::codec::Encoder<&Message> for Codec {
    type Error = Error;

    fn encode(&mut self, message: &Message, target: &mut BytesMut) -> Result<(), Error> {
        Self::encode(self, message, target);
        Ok(())
    }
}
