//! What a message is written to: a TCP socket, a TLS session on one, or anything else that takes bytes.

use std::{
    fmt,
    future::poll_fn,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
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

/// A connection's writing side, as far as a [`Pen`](super::Pen) needs it. Nothing here waits.
pub trait Outlet: fmt::Debug + Send + Sync {
    /// Takes what it can of the rest of a message.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] where it takes nothing now; anything else ends the connection.
    fn give(&self, chunks: &[io::IoSlice<'_>]) -> io::Result<usize>;

    /// Sends off what it took and still has.
    ///
    /// # Errors
    /// As [`Self::give`].
    fn flush(&self) -> io::Result<()> {
        Ok(())
    }

    /// Whether it may take more. One task may wait for that.
    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// How many bytes that are not sent yet the system may hold.
    ///
    /// # Errors
    /// What the system says.
    fn allow_unsent(&self, bytes: u32) -> io::Result<()> {
        let _ = bytes;
        Ok(())
    }

    /// Of no use any more: once it is closed, the system shall forget what it took and could not bring over. Else it goes on to try for
    /// minutes, and frames from before an outage come after those from behind it.
    fn abandon(&self) {}
}

/// Waits until it may take more.
pub(super) async fn writable(outlet: &dyn Outlet) -> io::Result<()> {
    poll_fn(|context| outlet.poll_writable(context)).await
}

impl Outlet for OwnedWriteHalf {
    fn give(&self, chunks: &[io::IoSlice<'_>]) -> io::Result<usize> {
        give(self.as_ref(), chunks)
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.as_ref().poll_write_ready(context)
    }

    fn allow_unsent(&self, bytes: u32) -> io::Result<()> {
        allow_unsent(self.as_ref(), bytes)
    }

    fn abandon(&self) {
        let _ = socket2::SockRef::from(self.as_ref()).set_linger(Some(Duration::ZERO)); // broken: nothing is sent anyway
    }
}

/// Sets how many unsent bytes the kernel may hold, where it knows of such a thing.
pub(crate) fn allow_unsent(stream: &TcpStream, bytes: u32) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(bytes)?;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (stream, bytes);
    Ok(())
}

/// Gives the kernel what it takes of the rest of a message.
///
/// Linux looks how much is unsent only when it begins a new buffer: a message's first bytes would go into what room the last one left,
/// up to 64 KiB, and so it would have begun however much waits. `MSG_EOR` ends the buffer with the message.
#[cfg(target_os = "linux")]
pub(crate) fn give(stream: &TcpStream, chunks: &[io::IoSlice<'_>]) -> io::Result<usize> {
    use rustix::net::{SendAncillaryBuffer, SendFlags, send, sendmsg};
    let how = SendFlags::EOR | SendFlags::NOSIGNAL;
    stream.try_io(Interest::WRITABLE, || match chunks {
        [all] => Ok(send(stream, all, how)?),
        several => Ok(sendmsg(stream, several, &mut SendAncillaryBuffer::default(), how)?),
    })
}

/// Gives the kernel what it takes of the rest of a message.
#[cfg(not(target_os = "linux"))]
pub(crate) fn give(stream: &TcpStream, chunks: &[io::IoSlice<'_>]) -> io::Result<usize> {
    stream.try_write_vectored(chunks)
}

/// Any writer as an outlet: in memory, or simulated.
#[derive(Debug)]
pub struct Polled<W> {
    writer: Mutex<W>,
    bell: Arc<Bell>,
}

/// Rings once a writer that was full takes more.
#[derive(Debug)]
struct Bell {
    rung: AtomicBool,
    waiting: Mutex<Option<Waker>>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.rung.store(true, SeqCst);
        if let Some(waker) = lock(&self.waiting).take() {
            waker.wake();
        }
    }
}

impl<W: AsyncWrite + Unpin> Polled<W> {
    /// An outlet into `writer`.
    pub fn new(writer: W) -> Self {
        let bell = Bell { rung: AtomicBool::new(true), waiting: Mutex::default() };
        Self { writer: Mutex::new(writer), bell: Arc::new(bell) }
    }

    /// Asks the writer; where it is full it rings the bell in time.
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

impl<W: AsyncWrite + fmt::Debug + Send + Unpin> Outlet for Polled<W> {
    fn give(&self, chunks: &[io::IoSlice<'_>]) -> io::Result<usize> {
        // A writer that has no vectors of its own takes the first chunk, and must not find it empty.
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
        // It may have rung in between.
        if self.bell.rung.load(SeqCst) { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
}

/// No code panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn a_full_writer_rings_once_it_takes_more() {
        let (mut far, near) = tokio::io::duplex(10);
        let outlet = Polled::new(near);
        let give = |bytes: &[u8]| outlet.give(&[io::IoSlice::new(b""), io::IoSlice::new(bytes)]);
        writable(&outlet).await.unwrap();
        assert_eq!(give(b"0123456789abc").unwrap(), 10);
        assert_eq!(give(b"abc").unwrap_err().kind(), io::ErrorKind::WouldBlock);
        let reading = tokio::spawn(async move {
            let mut read = [0; 4];
            far.read_exact(&mut read).await.unwrap();
            (far, read)
        });
        writable(&outlet).await.unwrap();
        assert_eq!(give(b"abc").unwrap(), 3);
        outlet.flush().unwrap();
        let (far, read) = reading.await.unwrap();
        assert_eq!(&read, b"0123");
        drop(far);
        assert_eq!(give(b"abc").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
