//! A client's connection with a limited rate towards the relay.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pulsecam_net::transport::{Connection, PolledWriter};
use tokio::{
    io::AsyncWrite,
    time::{Instant, Sleep, sleep},
};
use turmoil::net::{TcpStream, tcp::OwnedWriteHalf};

use crate::{relay::connection, world::TICK};

/// Wraps a simulated connection that takes so many bytes per tick, if that is limited.
pub fn limited(stream: TcpStream, per_tick: Option<usize>) -> Connection {
    let Some(per_tick) = per_tick else { return connection(stream) };
    let (input, inner) = stream.into_split();
    let output = Uplink { inner, per_tick, left: per_tick, more: Box::pin(sleep(TICK)) };
    Connection { input: Box::new(input), output: Box::new(PolledWriter::new(output)), binding: None }
}

#[derive(Debug)]
struct Uplink {
    inner: OwnedWriteHalf,
    per_tick: usize,
    /// Bytes that it takes in this tick.
    left: usize,
    more: Pin<Box<Sleep>>,
}

impl AsyncWrite for Uplink {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.left == 0 {
            ready!(self.more.as_mut().poll(context));
        }
        if self.more.is_elapsed() || self.left == 0 {
            self.left = self.per_tick;
            self.more.as_mut().reset(Instant::now() + TICK);
        }
        let some = bytes.len().min(self.left);
        let written = ready!(Pin::new(&mut self.inner).poll_write(context, &bytes[..some]))?;
        self.left -= written;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
