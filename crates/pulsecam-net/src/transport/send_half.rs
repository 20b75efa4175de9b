//! The destination of messages: a TCP socket, a TLS session on one, or any other writer.

use std::{
    fmt,
    future::poll_fn,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

#[cfg(target_os = "linux")]
use tokio::io::Interest;
use tokio::{
    io::AsyncWrite,
    net::{TcpStream, tcp::OwnedWriteHalf},
};

use crate::sync::lock;

/// The writing side of a connection, as [`MessageWriter`](super::MessageWriter) needs it. Nothing here blocks.
pub trait SendHalf: fmt::Debug + Send + Sync {
    /// Takes as much as it can of the rest of a message.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if it takes nothing now; any other error ends the connection.
    fn try_write_vectored(&self, chunks: &[io::IoSlice<'_>]) -> io::Result<usize>;

    /// Sends what it has taken and still holds.
    ///
    /// # Errors
    /// As [`Self::try_write_vectored`].
    fn flush(&self) -> io::Result<()> {
        Ok(())
    }

    /// Polls whether it may take more. At most one task may wait for that.
    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Sets how many unsent bytes the system may hold.
    ///
    /// # Errors
    /// The system's error.
    fn set_notsent_lowat(&self, bytes: u32) -> io::Result<()> {
        let _ = bytes;
        Ok(())
    }

    /// Makes the system discard undelivered bytes when the connection is closed. Otherwise it keeps trying
    /// for minutes, and frames from before an outage arrive after those from after it.
    fn reset_on_close(&self) {}
}

/// Waits until the socket may take more.
pub(super) async fn writable(half: &dyn SendHalf) -> io::Result<()> {
    poll_fn(|context| half.poll_writable(context)).await
}

impl SendHalf for OwnedWriteHalf {
    fn try_write_vectored(&self, chunks: &[io::IoSlice<'_>]) -> io::Result<usize> {
        try_write_vectored(self.as_ref(), chunks)
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.as_ref().poll_write_ready(context)
    }

    fn set_notsent_lowat(&self, bytes: u32) -> io::Result<()> {
        set_notsent_lowat(self.as_ref(), bytes)
    }

    fn reset_on_close(&self) {
        let _ = socket2::SockRef::from(self.as_ref()).set_linger(Some(Duration::ZERO)); // fails only if broken
    }
}

/// Sets how many unsent bytes the kernel may hold, if the system supports that.
pub(crate) fn set_notsent_lowat(stream: &TcpStream, bytes: u32) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(bytes)?;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (stream, bytes);
    Ok(())
}

/// Gives the kernel as much as it takes of the rest of a message.
///
/// Linux checks the number of unsent bytes only when it begins a new buffer: a message's first bytes would go
/// into the room that the last one left, up to 64 KiB, so it would be started however much is unsent.
/// `MSG_EOR` ends the buffer with the message.
#[cfg(target_os = "linux")]
pub(crate) fn try_write_vectored(stream: &TcpStream, chunks: &[io::IoSlice<'_>]) -> io::Result<usize> {
    use rustix::net::{SendAncillaryBuffer, SendFlags, send, sendmsg};
    let how = SendFlags::EOR | SendFlags::NOSIGNAL;
    stream.try_io(Interest::WRITABLE, || match chunks {
        [all] => Ok(send(stream, all, how)?),
        several => Ok(sendmsg(stream, several, &mut SendAncillaryBuffer::default(), how)?),
    })
}

/// Gives the kernel as much as it takes of the rest of a message.
#[cfg(not(target_os = "linux"))]
pub(crate) fn try_write_vectored(stream: &TcpStream, chunks: &[io::IoSlice<'_>]) -> io::Result<usize> {
    stream.try_write_vectored(chunks)
}

/// A send half over any writer: in memory, or simulated.
#[derive(Debug)]
pub struct PolledWriter<W> {
    writer: Mutex<W>,
    bell: Arc<WriteWaker>,
}

/// A waker that remembers that a full writer takes more.
#[derive(Debug)]
struct WriteWaker {
    rung: AtomicBool,
    waiting: Mutex<Option<Waker>>,
}

impl Wake for WriteWaker {
    fn wake(self: Arc<Self>) {
        self.rung.store(true, SeqCst);
        if let Some(waker) = lock(&self.waiting).take() {
            waker.wake();
        }
    }
}

impl<W: AsyncWrite + Unpin> PolledWriter<W> {
    /// Creates a send half that writes to `writer`.
    pub fn new(writer: W) -> Self {
        let bell = WriteWaker { rung: AtomicBool::new(true), waiting: Mutex::default() };
        Self { writer: Mutex::new(writer), bell: Arc::new(bell) }
    }

    /// Polls the writer; if it is full, it wakes the bell later.
    fn ask<T>(
        &self,
        how: impl FnOnce(Pin<&mut W>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> io::Result<T> {
        self.bell.rung.store(false, SeqCst);
        let waker = Waker::from(Arc::clone(&self.bell));
        match how(Pin::new(&mut *lock(&self.writer)), &mut Context::from_waker(&waker)) {
            Poll::Ready(result) => {
                self.bell.rung.store(true, SeqCst);
                result
            }
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

impl<W: AsyncWrite + fmt::Debug + Send + Unpin> SendHalf for PolledWriter<W> {
    fn try_write_vectored(&self, chunks: &[io::IoSlice<'_>]) -> io::Result<usize> {
        // A writer without vectored writes takes the first chunk, which must not be empty.
        let chunks: Vec<_> = chunks.iter().filter(|chunk| !chunk.is_empty()).copied().collect();
        self.ask(|writer, context| writer.poll_write_vectored(context, &chunks))
    }

    fn flush(&self) -> io::Result<()> {
        self.ask(W::poll_flush)
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut waiting = lock(&self.bell.waiting);
        if self.bell.rung.load(SeqCst) {
            return Poll::Ready(Ok(()));
        }
        *waiting = Some(context.waker().clone());
        drop(waiting);
        // It may have been woken in between.
        if self.bell.rung.load(SeqCst) { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn a_full_writer_rings_once_it_takes_more() {
        let (mut far, near) = tokio::io::duplex(10);
        let half = PolledWriter::new(near);
        let give = |bytes: &[u8]| half.try_write_vectored(&[io::IoSlice::new(b""), io::IoSlice::new(bytes)]);
        writable(&half).await.unwrap();
        assert_eq!(give(b"0123456789abc").unwrap(), 10);
        assert_eq!(give(b"abc").unwrap_err().kind(), io::ErrorKind::WouldBlock);
        let reading = tokio::spawn(async move {
            let mut read = [0; 4];
            far.read_exact(&mut read).await.unwrap();
            (far, read)
        });
        writable(&half).await.unwrap();
        assert_eq!(give(b"abc").unwrap(), 3);
        half.flush().unwrap();
        let (far, read) = reading.await.unwrap();
        assert_eq!(&read, b"0123");
        drop(far);
        assert_eq!(give(b"abc").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
