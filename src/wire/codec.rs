//! Messages out of a stream of bytes, and into one.
//!
//! Each message ends in a buffer of its own exact size: what is handed on holds no memory but its own, and [`super::Reader`] lets
//! the socket write straight to where the bytes belong.

use std::{net::SocketAddr, sync::Arc};

use bytes::{Buf, Bytes, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

use super::{Error, Fault, Held, MIN_SIZE, Malformed, Message, Share, assembly::Assembly};

/// Memory that a message takes beside its bytes: allocations and reference counts.
const MESSAGE_COST: usize = 128;

/// Frames one connection's bytes. Its state belongs to that connection alone.
#[derive(Debug)]
pub struct Codec {
    max_message: u32,
    peer: Option<SocketAddr>,
    /// Bytes of the connection before the message at hand.
    offset: u64,
    started: Option<Assembly>,
    /// Where the bytes of whole messages count.
    held: Option<Arc<Held>>,
}

/// The memory of a message, which counts until the last slice of it is gone.
struct Counted {
    buffer: BytesMut,
    _share: Share,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.buffer
    }
}

impl Codec {
    /// A codec that refuses messages whose size field is over `max_message`.
    #[must_use]
    pub const fn new(max_message: u32) -> Self {
        Self { max_message, peer: None, offset: 0, started: None, held: None }
    }

    /// The same, naming the peer in its errors.
    #[must_use]
    pub fn with_peer(self, peer: SocketAddr) -> Self {
        Self { peer: Some(peer), ..self }
    }

    /// Refuses messages whose size field is over `max_message` from now on.
    pub(super) const fn allow(&mut self, max_message: u32) {
        self.max_message = max_message;
    }

    /// Counts the bytes of whole messages in `held` for as long as they are in memory.
    pub(super) fn count(&mut self, held: Arc<Held>) {
        self.held = Some(held);
    }

    /// Where the next bytes of a message that has begun can be read straight to, and how many fit there. `None` between messages.
    pub(super) fn unfinished(&mut self) -> Option<(&mut BytesMut, usize)> {
        self.started.as_mut().filter(|started| started.have() < started.length()).map(Assembly::space)
    }

    /// So many were read to there.
    pub(super) fn took(&mut self, bytes: usize) {
        if let Some(started) = &mut self.started {
            started.took(bytes);
        }
    }

    /// Makes room for more of a message that has begun.
    pub(super) fn make_room(&mut self) {
        if let Some(started) = &mut self.started {
            started.make_room();
        }
    }

    /// Memory of a message that has begun.
    pub(super) fn room(&self) -> usize {
        self.started.as_ref().map_or(0, Assembly::room)
    }

    /// How far a message that has begun has come: bytes received, bytes in all.
    pub(super) fn progress(&self) -> Option<(usize, usize)> {
        self.started.as_ref().map(|started| (started.have(), started.length()))
    }

    pub(super) const fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    fn malformed(&self, at: usize, fault: Fault) -> Malformed {
        Malformed { peer: self.peer, offset: self.offset + at as u64, fault }
    }

    /// Bytes of the message that begins here, its size field included; `None` where not even that field is whole.
    ///
    /// # Errors
    /// A size that no message has, or one over the limit.
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

    /// Takes a message apart that is whole, and whose buffer has `room` bytes.
    pub(super) fn whole(&mut self, buffer: BytesMut, room: usize) -> Result<Message, Malformed> {
        let bytes = match &self.held {
            Some(held) => {
                let share = Share::new(Arc::clone(held), room + MESSAGE_COST);
                Bytes::from_owner(Counted { buffer, _share: share })
            }
            None => buffer.freeze(),
        };
        let message = Message::parse(&bytes).map_err(|(at, fault)| self.malformed(at, fault))?;
        self.offset += bytes.len() as u64;
        Ok(message)
    }
}

impl Decoder for Codec {
    type Item = Message;
    type Error = Error;

    fn decode(&mut self, source: &mut BytesMut) -> Result<Option<Message>, Error> {
        let mut started = match self.started.take() {
            Some(started) => started,
            None => {
                let Some(length) = self.length(source)? else { return Ok(None) };
                Assembly::new(length, source.len())
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

    fn decode_eof(&mut self, source: &mut BytesMut) -> Result<Option<Message>, Error> {
        if let Some(message) = self.decode(source)? {
            return Ok(Some(message));
        }
        match self.progress() {
            Some((received, expected)) => Err(Error::Cut { peer: self.peer, received, expected }),
            None if source.is_empty() => Ok(None),
            None => Err(Error::Cut { peer: self.peer, received: source.len(), expected: 4 }),
        }
    }
}

impl Encoder<&Message> for Codec {
    type Error = Error;

    fn encode(&mut self, message: &Message, target: &mut BytesMut) -> Result<(), Error> {
        target.reserve(message.wire_len());
        let mut bytes = message.to_buf();
        while bytes.has_remaining() {
            let chunk = bytes.chunk();
            target.extend_from_slice(chunk);
            let length = chunk.len();
            bytes.advance(length);
        }
        Ok(())
    }
}
