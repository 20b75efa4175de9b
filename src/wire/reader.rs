//! Reads messages from a socket, each into a buffer of its own exact size.
//!
//! A small read-ahead serves heads and small messages; the rest of a large one is read straight to its
//! place. That is one copy out of the kernel and no other for all but the first few kilobytes.

use bytes::{BufMut, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_util::codec::Decoder;

use super::{Codec, Error, Message};

/// Bytes that are read ahead of knowing a message's size. Larger saves system calls on small messages,
/// and copies more of each large one a second time.
const READ_AHEAD: usize = 4096;

/// Reads messages one by one.
#[derive(Debug)]
pub struct Reader<R> {
    io: R,
    codec: Codec,
    ahead: BytesMut,
    received: u64,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    /// A reader of `io`.
    pub fn new(io: R, codec: Codec) -> Self {
        Self { io, codec, ahead: BytesMut::new(), received: 0 }
    }

    /// Bytes received so far, those of an unfinished message included: any of them proves the peer alive.
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// The next message; `None` where the connection was closed between two messages.
    ///
    /// Cancel safe: dropping the future loses no byte.
    ///
    /// # Errors
    /// [`Error::Malformed`] and [`Error::Cut`], after which the connection is of no more use, and
    /// [`Error::Io`].
    pub async fn next(&mut self) -> Result<Option<Message>, Error> {
        loop {
            if let Some(message) = self.codec.decode(&mut self.ahead)? {
                return Ok(Some(message));
            }
            let count = match self.codec.unfinished() {
                Some((buffer, lacking)) => self.io.read_buf(&mut buffer.limit(lacking)).await?,
                None => {
                    self.ahead.reserve(READ_AHEAD);
                    self.io.read_buf(&mut (&mut self.ahead).limit(READ_AHEAD)).await?
                }
            };
            if count == 0 {
                return self.end();
            }
            self.received += count as u64;
        }
    }

    fn end(&self) -> Result<Option<Message>, Error> {
        let cut = |(received, expected)| Error::Cut { peer: self.codec.peer(), received, expected };
        match self.codec.progress() {
            Some(progress) => Err(cut(progress)),
            None if self.ahead.is_empty() => Ok(None),
            None => Err(cut((self.ahead.len(), 4))),
        }
    }
}
