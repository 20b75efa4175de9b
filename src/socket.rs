//! Keeps the kernel from hiding stale frames, and writes messages whole.
//!
//! Linux grows a socket's send buffer to megabytes; on a slow link those are seconds of old video
//! behind which nothing newer can pass. With `TCP_NOTSENT_LOWAT` the kernel takes bytes only while fewer
//! than that many wait to be sent, so that the choice of what goes next is made as late as possible:
//! measured, a fifteenth of the age at the same throughput. See `docs/architecture.md`.

use std::io;

use bytes::Buf;
use tokio::net::{TcpStream, tcp::OwnedWriteHalf};

use crate::{
    fresh::{Closed, Receiver, Taken},
    wire::Message,
};

/// Unsent bytes that the kernel may hold. Small enough to be sent in a moment on any link that carries
/// video, large enough to keep a fast one busy between two wake-ups.
pub const NOTSENT_LOWAT: u32 = 16 << 10;

/// Chunks of a message: its head and its payload.
const CHUNKS: usize = 2;

/// Sets up either end of a link: no Nagle delay, and an almost empty send queue where the system can.
///
/// # Errors
/// What the system says; a socket that refuses these is of no use for video.
pub fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(NOTSENT_LOWAT)?;
    // Elsewhere a small fixed buffer is the nearest thing: 194 ms instead of 144 in the same trial.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    socket2::SockRef::from(stream).set_send_buffer_size(64 << 10)?;
    Ok(())
}

/// A message on its way into a socket.
#[derive(Debug)]
pub struct Outgoing {
    bytes: bytes::buf::Chain<bytes::Bytes, bytes::Bytes>,
    started: bool,
}

impl Outgoing {
    /// Nothing of it is written yet.
    #[must_use]
    pub fn new(message: &Message) -> Self {
        Self { bytes: message.to_buf(), started: false }
    }

    /// Whether a byte of it is out, so that it has to be finished.
    #[must_use]
    pub const fn is_started(&self) -> bool {
        self.started
    }

    /// Writes what the socket takes now; `true` once all of it is out. `false` means that the socket is
    /// full: wait with [`OwnedWriteHalf::writable`].
    ///
    /// # Errors
    /// What the system says; the connection is of no more use.
    pub fn write(&mut self, socket: &OwnedWriteHalf) -> io::Result<bool> {
        while self.bytes.has_remaining() {
            let mut chunks = [io::IoSlice::new(&[]); CHUNKS];
            let count = self.bytes.chunks_vectored(&mut chunks);
            match socket.try_write_vectored(&chunks[..count]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    self.started = true;
                    self.bytes.advance(written);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

/// What [`drain`] asks and tells while it writes.
pub trait Feed<K, T> {
    /// Makes the message of an item, as late as can be, and maybe again where the socket was full after all. An item of
    /// which it makes none is dropped.
    fn prepare(&mut self, item: &T) -> Option<Message>;

    /// The first bytes of an item are out: it will be finished, or the connection is dead.
    fn started(&mut self, taken: &Taken<K, T>, message: &Message);

    /// A socket that was full has taken more of a started message: the peer is alive and reading.
    fn progressed(&mut self) {}
}

/// Writes what a hand-over gives, for as long as it gives: chooses only once the socket takes bytes, and
/// finishes what it has started. Returns once all senders are gone and nothing waits.
///
/// # Errors
/// What the system says; the connection is of no more use. What was not started is back in the hand-over.
pub async fn drain<K: PartialEq, T>(
    waiting: &mut Receiver<K, T>,
    socket: &OwnedWriteHalf,
    mut feed: impl Feed<K, T>,
) -> io::Result<()> {
    loop {
        waiting.ready().await;
        let taken = match waiting.try_recv() {
            Ok(Some(taken)) => taken,
            Ok(None) => continue,
            Err(Closed) => return Ok(()),
        };
        let Some(message) = feed.prepare(&taken.item) else { continue };
        let mut outgoing = Outgoing::new(&message);
        let result = outgoing.write(socket);
        if outgoing.is_started() {
            feed.started(&taken, &message);
        } else {
            waiting.put_back(taken);
        }
        let mut done = result?;
        if !done && !outgoing.is_started() {
            socket.writable().await?;
            continue;
        }
        while !done {
            socket.writable().await?;
            feed.progressed();
            done = outgoing.write(socket)?;
        }
    }
}
