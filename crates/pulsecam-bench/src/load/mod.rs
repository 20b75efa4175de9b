//! The load: one sender, at full speed or at a fixed rate, and viewers that count.
//!
//! Full speed is as fast as the slowest viewer takes messages.

mod viewers;

use std::{
    io::{self, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread::{self, JoinHandle, Thread},
    time::{Duration, Instant},
};

use bytes::{Buf, Bytes};

use self::viewers::{Viewer, read_all};
use super::StepTimes;
use pulsecam_wire::{FrameInfo, Message};

/// Messages in flight at full speed: one is read while one is written, and one more so that nobody waits for
/// the sender.
const UNDER_WAY: u64 = 3;

/// Length of the mark at the start of a payload: number and time, eight bytes each.
const MARK: usize = 16;

/// How often an idle thread checks whether to stop.
const LOOK: Duration = Duration::from_millis(50);

/// Messages per second until every viewer got one.
const JOIN_RATE: f64 = 20.0;

/// How long a viewer may take to get its first message. Our relay first looks whether a silent client is a
/// browser, for 300 ms.
const JOIN_PATIENCE: Duration = Duration::from_secs(10);

/// Rate at which the sender sends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum SendRate {
    /// As fast as all viewers take them.
    Full,
    /// This many messages per second.
    Rate(f64),
}

/// Warm-up of each round: sockets grow their windows.
pub(crate) const WARM_UP: Duration = Duration::from_millis(200);

/// What the viewers of one target saw.
#[derive(Default)]
struct Seen {
    messages: u64,
    ages: StepTimes,
}

/// One round of one target.
pub(crate) struct Round<M> {
    /// Number of messages delivered, to all viewers together.
    pub(crate) messages: u64,
    pub(crate) ages: StepTimes,
    /// Share of the messages that some viewer did not get because a newer one replaced them.
    pub(crate) replaced: f64,
    pub(crate) time: Duration,
    /// What `mark` returned at the start and at the end.
    pub(crate) marks: [M; 2],
}

/// State that both threads share.
struct Shared {
    /// Number of the newest message that every viewer has.
    everybody_has: AtomicU64,
    sending: Mutex<Option<SendRate>>,
    seen: Mutex<Seen>,
    stop: AtomicBool,
    epoch: Instant,
    /// The whole message; only its mark changes.
    template: Vec<u8>,
    mark_at: usize,
    sent: AtomicU64,
}

/// A connected sender and its viewers.
pub(crate) struct Load {
    shared: Arc<Shared>,
    sender: Thread,
    threads: Vec<JoinHandle<io::Result<()>>>,
    viewers: usize,
}

impl Load {
    /// Connects, and waits until every viewer gets messages; `into` is the address that takes messages,
    /// `out_of` the one that delivers them.
    ///
    /// # Errors
    /// That of a socket, or [`io::ErrorKind::TimedOut`] if a viewer gets nothing.
    pub(crate) fn connect(
        into: SocketAddr,
        out_of: SocketAddr,
        viewers: usize,
        bytes: usize,
    ) -> io::Result<Self> {
        let (template, mark_at) = template(bytes)?;
        let shared = Arc::new(Shared {
            everybody_has: AtomicU64::new(0),
            sending: Mutex::new(None),
            seen: Mutex::default(),
            stop: AtomicBool::new(false),
            epoch: Instant::now(),
            template,
            mark_at,
            sent: AtomicU64::new(0),
        });
        let connected = (0..viewers).map(|_| Viewer::connect(out_of)).collect::<io::Result<Vec<_>>>()?;
        let stream = TcpStream::connect(into)?;
        stream.set_nodelay(true)?;
        let sending = thread::Builder::new().name("sender".into()).spawn({
            let shared = Arc::clone(&shared);
            move || shared.send(stream)
        })?;
        let sender = sending.thread().clone();
        let viewing = thread::Builder::new().name("viewers".into()).spawn({
            let (shared, sender) = (Arc::clone(&shared), sender.clone());
            move || read_all(&shared, connected, &sender)
        })?;
        let load = Self { shared, sender, threads: vec![sending, viewing], viewers };
        load.join()?;
        Ok(load)
    }

    /// Sends until every viewer has a message. At full speed it would wait for ever for messages that were sent
    /// before the viewers were there.
    fn join(&self) -> io::Result<()> {
        let begun = Instant::now();
        self.send(Some(SendRate::Rate(JOIN_RATE)));
        while self.viewers > 0 && self.shared.everybody_has.load(Relaxed) == 0 {
            if begun.elapsed() > JOIN_PATIENCE || self.threads.iter().any(JoinHandle::is_finished) {
                return Err(io::ErrorKind::TimedOut.into());
            }
            thread::sleep(LOOK);
        }
        self.send(None);
        // What is still under way belongs to no round.
        thread::sleep(WARM_UP);
        self.take();
        Ok(())
    }

    /// Sends at `pace` for `time`, after a warm-up; calls `mark` at the start and at the end. `None` if no
    /// viewer got anything.
    pub(crate) fn round<M, E>(
        &self,
        pace: SendRate,
        time: Duration,
        mark: impl Fn() -> Result<M, E>,
    ) -> Result<Option<Round<M>>, E> {
        self.send(Some(pace));
        thread::sleep(WARM_UP);
        let (begin, first, sent) = (Instant::now(), mark()?, self.sent());
        self.take();
        thread::sleep(time);
        let (Seen { messages, ages }, sent) = (self.take(), self.sent() - sent);
        let (time, last) = (begin.elapsed(), mark()?);
        self.send(None);
        // Messages still in flight must arrive before the next measurement.
        thread::sleep(WARM_UP);
        let wanted = (sent * self.viewers as u64).max(1) as f64;
        let replaced = (1.0 - messages as f64 / wanted).max(0.0);
        let moved = messages > 0 && self.threads.iter().all(|thread| !thread.is_finished());
        Ok(moved.then_some(Round { messages, ages, replaced, time, marks: [first, last] }))
    }

    /// Starts to send, or stops if `None`.
    fn send(&self, pace: Option<SendRate>) {
        *self.shared.sending() = pace;
        self.sender.unpark();
    }

    /// Returns what was seen since the last call.
    fn take(&self) -> Seen {
        std::mem::take(&mut self.shared.seen())
    }

    /// Number of messages sent so far.
    fn sent(&self) -> u64 {
        self.shared.sent.load(Relaxed)
    }

    /// Size of a message on the wire, in bytes.
    pub(crate) fn wire_len(&self) -> usize {
        self.shared.template.len()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.shared.stop.store(true, Relaxed);
        self.sender.unpark();
        for thread in self.threads.drain(..) {
            let _ = thread.join(); // an error shows in the measurement
        }
    }
}

/// A video message with a payload of `bytes` bytes, and the position of its mark.
fn template(bytes: usize) -> io::Result<(Vec<u8>, usize)> {
    let payload = Bytes::from(vec![0x5a; bytes.max(MARK)]);
    let message = Message::video(payload, &FrameInfo::default()).map_err(io::Error::other)?;
    Ok((bytes_of(&message), message.wire_len() - bytes.max(MARK)))
}

/// A message as it goes over the wire.
pub(crate) fn bytes_of(message: &Message) -> Vec<u8> {
    let mut bytes = vec![0; message.wire_len()];
    message.to_buf().copy_to_slice(&mut bytes);
    bytes
}

impl Shared {
    fn sending(&self) -> MutexGuard<'_, Option<SendRate>> {
        self.sending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut message = self.template.clone();
        let (mut number, mut due) = (0_u64, Instant::now());
        while !self.stop.load(Relaxed) {
            let pace = *self.sending();
            match pace {
                None => {
                    thread::park_timeout(LOOK);
                    due = Instant::now();
                    continue;
                }
                Some(SendRate::Full) if number >= self.everybody_has.load(Relaxed) + UNDER_WAY => {
                    thread::park_timeout(LOOK);
                    continue;
                }
                Some(SendRate::Full) => {}
                Some(SendRate::Rate(rate)) => {
                    thread::sleep(due.saturating_duration_since(Instant::now()));
                    due += Duration::from_secs_f64(1.0 / rate);
                }
            }
            number += 1;
            let now = self.epoch.elapsed().as_nanos() as u64;
            let mark = &mut message[self.mark_at..self.mark_at + MARK];
            mark[..8].copy_from_slice(&number.to_be_bytes());
            mark[8..].copy_from_slice(&now.to_be_bytes());
            stream.write_all(&message)?;
            self.sent.store(number, Relaxed);
        }
        Ok(())
    }
}
