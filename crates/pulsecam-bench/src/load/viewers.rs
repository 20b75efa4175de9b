//! The viewers of a load: one thread that reads for all of them.
//!
//! The kernel discards all but the first bytes of each message (`MSG_TRUNC`): the cost of the load itself must
//! not dominate the measurement.

use std::{
    io::{self, ErrorKind::WouldBlock},
    net::{SocketAddr, TcpStream},
    sync::atomic::Ordering::Relaxed,
    thread::Thread,
    time::Duration,
};

use rustix::{
    buffer::spare_capacity,
    event::epoll::{self, EventData, EventFlags},
    net::{RecvFlags, recv},
    time::Timespec,
};

use super::{LOOK, MARK, Shared};

/// Viewers that are handled in one turn.
const EVENTS: usize = 256;

/// A connection that only reads.
pub(super) struct Viewer {
    stream: TcpStream,
    /// Position in the current message.
    position: usize,
    mark: [u8; MARK],
    /// Number of its newest message.
    has: u64,
}

impl Viewer {
    /// Connects to the address that delivers messages.
    pub(super) fn connect(out_of: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(out_of)?;
        stream.set_nonblocking(true)?;
        Ok(Self { stream, position: 0, mark: [0; MARK], has: 0 })
    }

    /// Reads what is available; returns whether a message was completed.
    fn read(&mut self, shared: &Shared, nothing: &mut [u8]) -> io::Result<bool> {
        let (length, mark_end) = (shared.template.len(), shared.mark_at + MARK);
        let mut moved = false;
        loop {
            let read = if self.position < mark_end {
                let head = &mut nothing[..mark_end - self.position];
                recv(&self.stream, head, RecvFlags::empty()).map(|(count, _)| {
                    self.note(&nothing[..count], shared.mark_at);
                    count
                })
            } else {
                let rest = &mut nothing[..length - self.position];
                recv(&self.stream, rest, RecvFlags::TRUNC).map(|(_, count)| count)
            };
            match read.map_err(io::Error::from) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => self.position += count,
                Err(error) if error.kind() == WouldBlock => return Ok(moved),
                Err(error) => return Err(error),
            }
            if self.position == length {
                moved = true;
                self.position = 0;
                self.whole(shared);
            }
        }
    }

    /// Keeps the bytes that belong to the mark.
    fn note(&mut self, bytes: &[u8], mark_at: usize) {
        for (index, byte) in bytes.iter().enumerate() {
            if let Some(kept) =
                (self.position + index).checked_sub(mark_at).and_then(|at| self.mark.get_mut(at))
            {
                *kept = *byte;
            }
        }
    }

    /// Counts a message that is complete.
    fn whole(&mut self, shared: &Shared) {
        let (number, sent) = self.mark.split_at(8);
        let [number, sent] =
            [number, sent].map(|bytes| bytes.try_into().map(u64::from_be_bytes).unwrap_or_default());
        self.has = number;
        let age = shared.epoch.elapsed().saturating_sub(Duration::from_nanos(sent));
        let mut seen = shared.seen();
        seen.messages += 1;
        seen.ages.record(age);
    }
}

/// Reads for all viewers until the load stops, and wakes the sender whenever the slowest of them has more.
pub(super) fn read_all(shared: &Shared, mut viewers: Vec<Viewer>, sender: &Thread) -> io::Result<()> {
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    for (index, viewer) in viewers.iter().enumerate() {
        epoll::add(&epoll, &viewer.stream, EventData::new_u64(index as u64), EventFlags::IN)?;
    }
    let mut events = Vec::with_capacity(EVENTS);
    let mut nothing = vec![0; shared.template.len()];
    let patience = Timespec { tv_sec: 0, tv_nsec: LOOK.as_nanos() as _ };
    while !shared.stop.load(Relaxed) {
        match epoll::wait(&epoll, spare_capacity(&mut events), Some(&patience)) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let mut moved = false;
        for event in events.drain(..) {
            let Some(viewer) = viewers.get_mut(event.data.u64() as usize) else { continue };
            moved |= viewer.read(shared, &mut nothing)?;
        }
        if moved {
            let slowest = viewers.iter().map(|viewer| viewer.has).min().unwrap_or_default();
            if shared.everybody_has.swap(slowest, Relaxed) != slowest {
                sender.unpark();
            }
        }
    }
    Ok(())
}
