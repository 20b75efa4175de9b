//! Keeps the kernel from hiding stale frames, and writes messages whole.
//!
//! Linux grows a socket's send buffer to megabytes; on a slow link those are seconds of old video
//! behind which nothing newer can pass. With `TCP_NOTSENT_LOWAT` the kernel takes bytes only while fewer
//! than that many wait to be sent, so that the choice of what goes next is made as late as possible:
//! measured, a fifteenth of the age at the same throughput. See `docs/architecture.md`.

use std::{
    io,
    time::{Duration, Instant},
};

use bytes::Buf;
#[cfg(target_os = "linux")]
use tokio::io::Interest;
use tokio::{
    net::{TcpStream, tcp::OwnedWriteHalf},
    sync::Notify,
};

use crate::{
    fresh::{Closed, Receiver, Taken},
    wire::Message,
};

/// Unsent bytes that the kernel may hold. Small enough to be sent in a moment on any link that carries
/// video, large enough to keep a fast one busy between two wake-ups.
pub const NOTSENT_LOWAT: u32 = 16 << 10;

/// As [`NOTSENT_LOWAT`], of a message that is being written, on a link that has shown to be fast. What has begun must be finished
/// anyway, and each 16 KiB would take a wake-up. Not more: should the link turn slow, the rest of it must not take so long
/// that the link seems dead.
const STARTED_LOWAT: u32 = 512 << 10;

/// A full socket that takes more so soon belongs to a fast link.
const FAST: Duration = Duration::from_millis(2);

/// A full socket that takes this long belongs to a slow one.
const SLOW: Duration = Duration::from_millis(20);

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

/// Lets this process have as many connections as it may: the usual limit of 1024 open files is there for programs that use
/// `select`, which this does not.
pub fn make_room_for_connections() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        let _ = setrlimit(Resource::Nofile, limit); // then fewer connections are possible, and a failing accept says so
    }
}

/// How many unsent bytes the kernel may hold: few before a message, more of one that has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gate {
    /// What it may hold of a message that has begun.
    started: u32,
    /// What the socket is set to.
    set: u32,
}

impl Gate {
    const fn new() -> Self {
        Self { started: NOTSENT_LOWAT, set: NOTSENT_LOWAT }
    }

    /// The socket was full for so long in the middle of a message.
    fn waited(&mut self, time: Duration) {
        if time < FAST {
            self.started = self.started.saturating_mul(4).min(STARTED_LOWAT);
        } else if time > SLOW {
            self.started = NOTSENT_LOWAT;
        }
    }

    /// A message has begun and is not out.
    fn lift(&mut self, socket: &OwnedWriteHalf) -> io::Result<()> {
        self.allow(socket, self.started)
    }

    /// It is out: what goes next is chosen late again.
    fn close(&mut self, socket: &OwnedWriteHalf) -> io::Result<()> {
        self.allow(socket, NOTSENT_LOWAT)
    }

    fn allow(&mut self, socket: &OwnedWriteHalf, bytes: u32) -> io::Result<()> {
        if self.set != bytes {
            set_lowat(socket, bytes)?;
            self.set = bytes;
        }
        Ok(())
    }
}

fn set_lowat(socket: &OwnedWriteHalf, bytes: u32) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket2::SockRef::from(socket.as_ref()).set_tcp_notsent_lowat(bytes)?;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (socket, bytes);
    Ok(())
}

/// Gives the kernel what it takes of the rest of a message.
///
/// Linux looks how much is unsent only when it begins a new buffer: a message's first bytes would go into what room the last one left,
/// up to 64 KiB, and so it would have begun however much waits. `MSG_EOR` ends the buffer with the message.
#[cfg(target_os = "linux")]
fn give(socket: &OwnedWriteHalf, chunks: &[io::IoSlice<'_>]) -> io::Result<usize> {
    use rustix::net::{SendAncillaryBuffer, SendFlags, send, sendmsg};
    let (stream, how) = (socket.as_ref(), SendFlags::EOR | SendFlags::NOSIGNAL);
    stream.try_io(Interest::WRITABLE, || match chunks {
        [all] => Ok(send(stream, all, how)?),
        several => Ok(sendmsg(stream, several, &mut SendAncillaryBuffer::default(), how)?),
    })
}

/// Gives the kernel what it takes of the rest of a message.
#[cfg(not(target_os = "linux"))]
fn give(socket: &OwnedWriteHalf, chunks: &[io::IoSlice<'_>]) -> io::Result<usize> {
    socket.try_write_vectored(chunks)
}

/// A message on its way into a socket.
#[derive(Debug)]
struct Outgoing {
    bytes: bytes::buf::Chain<bytes::Bytes, bytes::Bytes>,
    /// Whether a byte of it is out, so that it has to be finished.
    started: bool,
}

impl Outgoing {
    fn new(message: &Message) -> Self {
        Self { bytes: message.to_buf(), started: false }
    }

    /// Writes what the socket takes now; `true` once all of it is out, `false` where the socket is full.
    fn write(&mut self, socket: &OwnedWriteHalf, gate: &mut Gate) -> io::Result<bool> {
        while self.bytes.has_remaining() {
            let mut chunks = [io::IoSlice::new(&[]); CHUNKS];
            let count = self.bytes.chunks_vectored(&mut chunks);
            match give(socket, &chunks[..count]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    self.bytes.advance(written);
                    let first = !std::mem::replace(&mut self.started, true);
                    // Before the socket says that it is full: what it says then stands until it has room again.
                    if first && self.bytes.has_remaining() {
                        gate.lift(socket)?;
                    }
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

    /// A message is out: all of it is the kernel's.
    fn finished(&mut self) {}

    /// A socket that was full has taken more of a started message: the peer is alive and reading.
    fn progressed(&mut self) {}
}

/// A socket's writing side, one message at a time: that of a task ([`drain`]), or of whoever has a message and finds it idle.
///
/// Waking the task for each frame costs more than writing the frame: another processor has to be woken, and has none of the frame's
/// bytes at hand.
#[derive(Debug)]
pub struct Pen {
    socket: OwnedWriteHalf,
    page: tokio::sync::Mutex<Page>,
    /// Something was left unfinished.
    left: Notify,
}

#[derive(Debug)]
struct Page {
    gate: Gate,
    left: Option<Outgoing>,
}

impl Pen {
    /// The writing side of a socket.
    #[must_use]
    pub fn new(socket: OwnedWriteHalf) -> Self {
        let page = Page { gate: Gate::new(), left: None };
        Self { socket, page: tokio::sync::Mutex::new(page), left: Notify::new() }
    }

    /// Begins a message now, on the thread that calls; [`drain`] finishes it. Nothing where that cannot be: another is being
    /// written, or the socket is full or broken. Never waits.
    pub fn try_write(&self, message: &Message) -> Written {
        let Ok(mut page) = self.page.try_lock() else { return Written::Nothing };
        if page.left.is_some() {
            return Written::Nothing;
        }
        let mut outgoing = Outgoing::new(message);
        let done = outgoing.write(&self.socket, &mut page.gate);
        match (outgoing.started, done) {
            (false, _) => Written::Nothing,
            (true, Ok(true)) => {
                let _ = page.gate.close(&self.socket); // broken: the next write says so
                Written::Whole
            }
            // Also where it broke: the task will find the same.
            (true, _) => {
                page.left = Some(outgoing);
                self.left.notify_one();
                Written::Begun
            }
        }
    }
}

/// What [`Pen::try_write`] could write of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Not one byte.
    Nothing,
    /// A part; the rest follows by itself, or the connection is dead.
    Begun,
    /// All of it.
    Whole,
}

/// Writes what a hand-over gives, for as long as it gives: chooses only once the socket takes bytes, and
/// finishes what it or [`Pen::try_write`] has started. Returns once all senders are gone and nothing waits.
///
/// # Errors
/// What the system says; the connection is of no more use. What was not started is back in the hand-over.
pub async fn drain<K: PartialEq, T>(
    waiting: &mut Receiver<K, T>,
    pen: &Pen,
    mut feed: impl Feed<K, T>,
) -> io::Result<()> {
    loop {
        tokio::select! {
            () = waiting.ready() => {}
            () = pen.left.notified() => {}
        }
        let mut page = pen.page.lock().await;
        if let Some(left) = page.left.take() {
            finish(left, pen, &mut page.gate, &mut feed).await?;
            feed.finished();
            continue;
        }
        let taken = match waiting.try_recv() {
            Ok(Some(taken)) => taken,
            Ok(None) => continue,
            Err(Closed) => return Ok(()),
        };
        let Some(message) = feed.prepare(&taken.item) else { continue };
        let mut outgoing = Outgoing::new(&message);
        let result = outgoing.write(&pen.socket, &mut page.gate);
        if outgoing.started {
            feed.started(&taken, &message);
        } else {
            waiting.put_back(taken);
        }
        match (result?, outgoing.started) {
            (true, _) => {
                page.gate.close(&pen.socket)?;
                feed.finished();
            }
            (false, true) => {
                finish(outgoing, pen, &mut page.gate, &mut feed).await?;
                feed.finished();
            }
            (false, false) => {
                drop(page);
                pen.socket.writable().await?;
            }
        }
    }
}

/// Writes the rest of a message.
async fn finish<K, T>(
    mut outgoing: Outgoing,
    pen: &Pen,
    gate: &mut Gate,
    feed: &mut impl Feed<K, T>,
) -> io::Result<()> {
    loop {
        let full = Instant::now();
        pen.socket.writable().await?;
        feed.progressed();
        gate.waited(full.elapsed());
        gate.lift(&pen.socket)?;
        if outgoing.write(&pen.socket, gate)? {
            return gate.close(&pen.socket);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_may_hold_more_of_what_has_begun_while_the_link_is_fast() {
        let mut gate = Gate::new();
        for _ in 0..10 {
            gate.waited(FAST / 2);
        }
        assert_eq!(gate.started, STARTED_LOWAT);
        gate.waited(FAST * 2);
        assert_eq!(gate.started, STARTED_LOWAT, "a hiccup");
        gate.waited(SLOW * 2);
        assert_eq!(gate.started, NOTSENT_LOWAT);
        gate.waited(FAST * 2);
        assert_eq!(gate.started, NOTSENT_LOWAT);
    }
}
