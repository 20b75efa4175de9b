//! A connection as hyper reads and writes it, with its own way of writing: bytes go to the socket only while it
//! has almost nothing left to send.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use bytes::{Buf, Bytes};
use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::io::{AsyncRead, ReadBuf};

use crate::{
    clock,
    sync::lock,
    transport::{ReceiveHalf, SendHalf},
};

/// The most bytes that one call reads: the copy that hyper's interface asks for stays in the cache.
const READ_AT_ONCE: usize = 8 << 10;

/// Both directions of a connection, for hyper.
pub(super) struct HttpIo {
    input: ReceiveHalf,
    output: Box<dyn SendHalf>,
    /// Bytes that were read before hyper began.
    ahead: Bytes,
    progress: Arc<Progress>,
}

/// Whether the other end takes what is sent to it.
#[derive(Debug, Default)]
pub(super) struct Progress {
    stuck: Mutex<Option<Instant>>,
    received: Mutex<bool>,
}

impl Progress {
    /// How long the other end has taken nothing of what waits for it.
    pub(super) fn stuck(&self, now: Instant) -> Duration {
        lock(&self.stuck).map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    /// Whether any byte was received.
    pub(super) fn has_received(&self) -> bool {
        *lock(&self.received)
    }
}

impl HttpIo {
    pub(super) fn new(input: ReceiveHalf, output: Box<dyn SendHalf>, ahead: Bytes) -> Self {
        Self { input, output, ahead, progress: Arc::default() }
    }

    pub(super) fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// Both directions, once hyper is done.
    pub(super) fn into_halves(self) -> (ReceiveHalf, Box<dyn SendHalf>) {
        (self.input, self.output)
    }

    fn poll<T>(
        &self,
        context: &mut Context<'_>,
        mut attempt: impl FnMut(&dyn SendHalf) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        loop {
            match attempt(&*self.output) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    lock(&self.progress.stuck).get_or_insert_with(clock::now);
                    ready!(self.output.poll_writable(context))?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => {
                    *lock(&self.progress.stuck) = None;
                    return Poll::Ready(other);
                }
            }
        }
    }
}

impl Read for HttpIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut to: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.ahead.has_remaining() {
            let count = self.ahead.len().min(to.remaining());
            to.put_slice(&self.ahead.split_to(count));
            *lock(&self.progress.received) = true;
            return Poll::Ready(Ok(()));
        }
        let mut room = [0; READ_AT_ONCE];
        let count = to.remaining().min(READ_AT_ONCE);
        let mut read = ReadBuf::new(&mut room[..count]);
        ready!(Pin::new(&mut self.input).poll_read(context, &mut read))?;
        if !read.filled().is_empty() {
            *lock(&self.progress.received) = true;
        }
        to.put_slice(read.filled());
        Poll::Ready(Ok(()))
    }
}

impl Write for HttpIo {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll(context, |output| output.try_write_vectored(&[IoSlice::new(bytes)]))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(context, |output| output.flush())
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(context)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        chunks: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll(context, |output| output.try_write_vectored(chunks))
    }
}
