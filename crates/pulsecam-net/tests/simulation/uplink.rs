//! What the relay reads arrives at a limited rate, as over a real uplink: the simulated network has none.
//!
//! It is limited here and not where the client writes: a client takes it as a sign of life if a full socket
//! accepts more, and that must depend on the relay.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, ReadBuf},
    time::{Instant, Sleep, sleep},
};

use crate::world::TICK;

/// The bytes that arrive in a tick: 2.4 MB/s.
pub const PER_TICK: usize = 12_000;

/// The receiving side of a connection with a limited rate.
pub struct Uplink<R> {
    inner: R,
    /// Bytes that may still be read in this tick.
    left: usize,
    more: Pin<Box<Sleep>>,
}

impl<R> Uplink<R> {
    pub fn new(inner: R) -> Self {
        Self { inner, left: PER_TICK, more: Box::pin(sleep(TICK)) }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Uplink<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left == 0 {
            ready!(self.more.as_mut().poll(context));
        }
        if self.more.is_elapsed() {
            self.left = PER_TICK;
            self.more.as_mut().reset(Instant::now() + TICK);
        }
        let mut buffer = vec![0; to.remaining().min(self.left)];
        let mut some = ReadBuf::new(&mut buffer);
        ready!(Pin::new(&mut self.inner).poll_read(context, &mut some))?;
        self.left -= some.filled().len();
        to.put_slice(some.filled());
        Poll::Ready(Ok(()))
    }
}
