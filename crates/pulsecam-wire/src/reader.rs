//! Reads messages from a socket, each into a buffer of its own.
//!
//! The frames of a stream are of similar size, so the next message gets room for one like the last, and is
//! read straight to its place with one system call. A message that turns out larger continues in a buffer
//! that grows to its exact size. A silent connection holds no buffer.

use std::{
    io,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{BufMut, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    time::Instant,
};

use super::{Arriving, Codec, Error, HeldBytes, HeldShare, Message, Skipped};

/// Room for a message of unknown size: heads, heartbeats and texts.
const READ_AHEAD: usize = 4096;

/// The most room that is made because of the last message's size. A larger message is read in two steps, a
/// small cost for its size; one large message must not make every later one as expensive.
const MAX_EXPECTED: usize = 1 << 20;

/// Bytes of a skipped message that are read and dropped at a time.
const SKIP_PIECE: usize = 64 << 10;

/// Bytes of the size field.
const SIZE_FIELD: usize = 4;

/// Room beyond the last message's size: an eighth, because the frames of a stream differ in size. A message
/// may hold a quarter more memory than it needs; one that would hold more is copied to its exact size.
const SLACK: usize = 8;

/// What has arrived, in [`Reader::next_or_part`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A message.
    Whole(Message),
    /// More of a message that is still unfinished.
    Part,
}

/// Reads messages one by one.
#[derive(Debug)]
pub struct Reader<R> {
    io: R,
    codec: Codec,
    ahead: BytesMut,
    /// The whole allocation of `ahead`, including what was already taken out of it.
    room: usize,
    /// Room to make for the next message.
    expected: usize,
    received: u64,
    /// When the first byte of the message that is being read arrived, and how long the last one took.
    begun: Option<Instant>,
    took: Duration,
    /// Counts the memory of unfinished messages.
    unfinished: Option<HeldShare>,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    /// Creates a reader of `io`.
    pub fn new(io: R, codec: Codec) -> Self {
        let ahead = BytesMut::new();
        Self {
            io,
            codec,
            ahead,
            room: 0,
            expected: READ_AHEAD,
            received: 0,
            begun: None,
            took: Duration::ZERO,
            unfinished: None,
        }
    }

    /// Counts the memory of complete messages in `whole`, and that of partly received ones in `unfinished`. A
    /// message counts until its last reference is dropped.
    #[must_use]
    pub fn counting(mut self, unfinished: Arc<HeldBytes>, whole: Arc<HeldBytes>) -> Self {
        self.codec.count(whole);
        self.unfinished = Some(HeldShare::new(unfinished, 0));
        self
    }

    /// Rejects messages whose size field exceeds `max_message` from now on.
    pub const fn allow(&mut self, max_message: u32) {
        self.codec.allow(max_message);
    }

    /// Bytes received so far, those of an unfinished message included: any of them proves the peer alive.
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// How long the last message took to arrive, from its first byte to its last.
    pub const fn took(&self) -> Duration {
        self.took
    }

    /// Messages over the limit that were skipped ([`Codec::skip_larger`]).
    pub const fn skipped(&self) -> Skipped {
        self.codec.skipped()
    }

    /// Whether a message has arrived in part.
    pub fn is_amid(&self) -> bool {
        self.codec.progress().is_some() || !self.ahead.is_empty()
    }

    /// Waits for the next message; `None` if the connection was closed between two messages.
    ///
    /// Cancel safe: dropping the future loses no byte.
    ///
    /// # Errors
    /// [`Error::Malformed`] and [`Error::Cut`], after which the connection is unusable, and [`Error::Io`].
    pub async fn next(&mut self) -> Result<Option<Message>, Error> {
        loop {
            let taken = self.take();
            self.codec.make_room();
            self.count();
            if let Some(message) = taken? {
                self.finished();
                return Ok(Some(message));
            }
            if !self.is_amid() {
                self.begun = None; // nothing, or a message that is skipped
            }
            let count = match self.codec.unfinished() {
                Some((buffer, lacking)) => {
                    let count = self.io.read_buf(&mut buffer.limit(lacking)).await?;
                    self.codec.took(count);
                    count
                }
                None => std::future::poll_fn(|context| self.poll_ahead(context)).await?,
            };
            if count == 0 {
                return self.end();
            }
            self.received += count as u64;
            self.begun.get_or_insert_with(Instant::now);
        }
    }

    /// Waits for the next message, or until no more bytes are there and more than `beyond` bytes of an
    /// unfinished message have arrived ([`Self::arriving`]). `None` as in [`Self::next`].
    ///
    /// Cancel safe.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub async fn next_or_part(&mut self, beyond: usize) -> Result<Option<Progress>, Error> {
        std::future::poll_fn(|context| {
            let polled = std::pin::pin!(self.next()).poll(context);
            match polled {
                Poll::Pending if self.arrived() > beyond => Poll::Ready(Ok(Some(Progress::Part))),
                other => other.map_ok(|message| message.map(Progress::Whole)),
            }
        })
        .await
    }

    /// Bytes of an unfinished message that have arrived.
    pub fn arrived(&self) -> usize {
        self.codec.progress().map_or(self.ahead.len(), |(arrived, _)| arrived)
    }

    /// The unfinished message, once its head has arrived and is valid.
    pub fn arriving(&self) -> Option<Arriving<'_>> {
        let (full, last) = match self.codec.progress() {
            Some(_) => self.codec.started()?,
            None => (&[][..], &self.ahead[..]),
        };
        self.codec.length(full.first().map_or(last, |block| &block[..])).ok()??;
        Arriving::parse(full, last, self.codec.held())
    }

    /// Records how long the message took that is complete now. What follows it came with its last bytes.
    fn finished(&mut self) {
        let now = Instant::now();
        let next = (!self.ahead.is_empty()).then_some(now);
        let begun = std::mem::replace(&mut self.begun, next);
        self.took = begun.map_or(Duration::ZERO, |begun| now.duration_since(begun));
    }

    /// Takes a message that is complete in the read-ahead buffer, or starts one that does not fit there.
    fn take(&mut self) -> Result<Option<Message>, Error> {
        if self.codec.skip(&mut self.ahead) {
            self.expected = SKIP_PIECE;
            return Ok(None);
        }
        if self.codec.progress().is_none() {
            let Some(length) = self.codec.length(&self.ahead)? else { return Ok(None) };
            let (room, capacity) = (self.room, self.ahead.capacity());
            self.expected = (length + length / SLACK).clamp(READ_AHEAD, MAX_EXPECTED);
            if length <= self.ahead.len() && room <= length + length / 4 {
                let mut whole = std::mem::take(&mut self.ahead);
                let rest = whole.split_off(length);
                // Copied to new memory, so that no message keeps that of another alive.
                self.ahead.extend_from_slice(&rest);
                drop(rest);
                self.room = self.ahead.capacity();
                return Ok(Some(self.codec.whole(whole, room)?));
            }
            if length > self.ahead.len() && length <= capacity {
                return Ok(None);
            }
        }
        self.codec.decode(&mut self.ahead)
    }

    /// Reads what has arrived: a message, and maybe the beginning of the next.
    fn poll_ahead(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.ahead.is_empty() && self.ahead.capacity() < self.expected {
            self.ahead = BytesMut::with_capacity(self.expected);
            self.room = self.ahead.capacity();
        } else if self.ahead.len() == self.ahead.capacity() {
            // Not `reserve`: the part that was already taken out would stay allocated.
            let mut larger = BytesMut::with_capacity(self.ahead.len() + self.expected);
            larger.extend_from_slice(&self.ahead);
            self.room = larger.capacity();
            self.ahead = larger;
        }
        let poll = std::pin::pin!(self.io.read_buf(&mut self.ahead)).poll(context);
        if poll.is_pending() && self.ahead.is_empty() {
            (self.ahead, self.room) = (BytesMut::new(), 0);
        }
        self.count();
        poll
    }

    fn count(&mut self) {
        if let Some(unfinished) = &mut self.unfinished {
            unfinished.resize(self.room + self.codec.room());
        }
    }

    fn end(&self) -> Result<Option<Message>, Error> {
        let cut = |(received, expected)| Error::Cut { peer: self.codec.peer(), received, expected };
        match self.codec.progress() {
            Some(progress) => Err(cut(progress)),
            None if self.ahead.is_empty() => Ok(None),
            // A message that fits is collected in the read-ahead buffer; with its first bytes not even the
            // size is known.
            None => Err(cut((self.ahead.len(), self.codec.length(&self.ahead)?.unwrap_or(SIZE_FIELD)))),
        }
    }
}
