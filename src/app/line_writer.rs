//! Writes lines on a thread of its own: a held terminal, or a pipe that is not read, must not delay a frame.
//!
//! Lines that arrive close together are written together. Waking the thread for each line would cost a relay
//! whose clients come and go more than everything else it does for them.

use std::{
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;

/// Bytes that may wait for a slow reader: about 20,000 lines. Further lines are dropped and counted.
const WAITING: usize = 4 << 20;

/// Bytes that may wait if lines are to be accepted again after some were dropped.
const AFTER_LOSS: usize = WAITING / 4 * 3;

/// Bytes of the buffer that are kept while nothing waits.
const KEPT: usize = 64 << 10;

/// Largest write of whole lines, in bytes.
///
/// A pipe takes this much at once or not at all (`PIPE_BUF` on Linux), so a reader finds only whole lines,
/// however the program ends. Only a longer line can be cut.
const PIECE: usize = 4096;

/// How long lines are gathered after a write: too short to notice, and at most 100 wake-ups per second.
const PAUSE: Duration = Duration::from_millis(10);

/// How long the program waits at its end for a reader that takes nothing.
const END_LIMIT: Duration = Duration::from_secs(1);

/// How long the program waits at its end for a slow reader.
const SLOW_LIMIT: Duration = Duration::from_secs(5);

/// Least time for the last lines to be written, even if the wait is over.
const LAST_CHANCE: Duration = Duration::from_millis(100);

/// How long to wait before writing to a full disk again.
const RETRY: Duration = Duration::from_secs(1);

/// Outcome of writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Drained {
    /// Everything was written, or is not read yet.
    Well,
    /// The reader closed its end.
    ReaderGone,
    /// Writing failed: the disk is full, or the terminal is gone.
    Failed(String),
}

/// Writes lines on a thread of its own.
pub(super) struct LineWriter(Arc<Shared>);

/// Sends lines to a [`LineWriter`] without waiting. As a [`Write`], each call is a line.
#[derive(Clone)]
pub(crate) struct LineSender(Arc<Shared>);

/// What may happen to a line, and what may follow it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rank {
    /// It is dropped if too much waits.
    Normal,
    /// It is accepted however much waits.
    Last,
    /// It is accepted, and nothing after it.
    Final,
}

struct Shared {
    waiting: Mutex<Waiting>,
    /// Signalled if there are lines, or at the end.
    more: Condvar,
    /// Signalled if something was written, or the thread has ended.
    progress: Condvar,
    /// Cancelled if nothing more will be read, or nothing can be written.
    over: CancellationToken,
    /// Makes the line that replaces dropped lines.
    lost: Box<dyn Fn(u64) -> String + Send + Sync>,
}

struct Waiting {
    bytes: Vec<u8>,
    /// Bytes that the thread has taken and not written yet.
    in_hand: usize,
    lost: u64,
    /// The thread must be woken for the next line.
    asleep: bool,
    /// The final line was sent: further ones are ignored.
    closed: bool,
    ended: bool,
    done: bool,
    /// When something was last written.
    taken: Option<Instant>,
    fate: Drained,
}

impl LineWriter {
    /// Starts the thread, which writes with `write` (as [`Write::write`], which may take a part).
    ///
    /// Dropped lines are replaced by the line that `lost` makes; the first failure is reported to `failed`.
    pub(super) fn new(
        write: impl FnMut(&[u8]) -> io::Result<usize> + Send + 'static,
        lost: impl Fn(u64) -> String + Send + Sync + 'static,
        failed: impl Fn(&io::Error) + Send + 'static,
    ) -> Self {
        let shared = Arc::new(Shared {
            waiting: Mutex::new(Waiting {
                bytes: Vec::new(),
                in_hand: 0,
                lost: 0,
                asleep: false,
                closed: false,
                ended: false,
                done: false,
                taken: None,
                fate: Drained::Well,
            }),
            more: Condvar::new(),
            progress: Condvar::new(),
            over: CancellationToken::new(),
            lost: Box::new(lost),
        });
        thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.run(write, failed)
        });
        Self(shared)
    }

    pub(super) fn sender(&self) -> LineSender {
        LineSender(Arc::clone(&self.0))
    }

    /// Cancelled if the reader is gone, or nothing can be written.
    pub(super) fn over(&self) -> &CancellationToken {
        &self.0.over
    }

    /// Waits until everything is written.
    ///
    /// Waits at most a second (from `since`, or from the last write) for a reader that takes nothing; the
    /// rest is lost.
    pub(super) fn end(&self, since: Instant) -> Drained {
        let shared = &*self.0;
        let mut waiting = shared.lock();
        if !waiting.ended && waiting.lost > 0 {
            waiting.note_lost(&*shared.lost);
        }
        waiting.ended = true;
        shared.more.notify_one();
        let least = Instant::now() + LAST_CHANCE;
        while !waiting.done {
            let stalled = waiting.taken.map_or(since, |taken| taken.max(since)) + END_LIMIT;
            let left = stalled.min(since + SLOW_LIMIT).max(least).saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            waiting = shared.progress.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        waiting.fate.clone()
    }
}

impl LineSender {
    /// Sends a line with its line end; dropped if too much waits already.
    ///
    /// A line longer than all that may wait is accepted if nothing else waits.
    pub(crate) fn send(&self, line: &[u8]) {
        self.take(line, Rank::Normal);
    }

    /// Sends one of the last lines: accepted however much waits.
    pub(super) fn send_last(&self, line: &[u8]) {
        self.take(line, Rank::Last);
    }

    /// Sends the line that must stay the last one: lines that other threads send later are ignored.
    pub(super) fn send_final(&self, line: &[u8]) {
        self.take(line, Rank::Final);
    }

    /// Whether the reader is gone.
    pub(super) fn is_over(&self) -> bool {
        self.0.lock().fate == Drained::ReaderGone
    }

    fn take(&self, line: &[u8], rank: Rank) {
        let mut waiting = self.0.lock();
        if waiting.fate == Drained::ReaderGone || waiting.closed {
            return;
        }
        let before = waiting.bytes.len() + waiting.in_hand;
        // Lines are dropped in a row: a short line that fits in between would cost another line with the
        // count.
        let room = if waiting.lost > 0 { AFTER_LOSS } else { WAITING };
        if rank == Rank::Normal && before > 0 && before + line.len() > room {
            waiting.lost += 1;
            return;
        }
        if waiting.lost > 0 {
            waiting.note_lost(&*self.0.lost);
        }
        waiting.bytes.extend_from_slice(line);
        waiting.closed = rank == Rank::Final;
        if std::mem::take(&mut waiting.asleep) {
            self.0.more.notify_one();
        }
    }
}

impl Write for LineSender {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.send(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Waiting {
    fn note_lost(&mut self, told: &dyn Fn(u64) -> String) {
        let told = told(std::mem::take(&mut self.lost));
        self.bytes.extend_from_slice(told.as_bytes());
        self.bytes.push(b'\n');
    }
}

impl Shared {
    fn run(&self, mut write: impl FnMut(&[u8]) -> io::Result<usize>, failed: impl Fn(&io::Error)) {
        let mut hand = Vec::new();
        let mut waiting = self.lock();
        loop {
            while waiting.bytes.is_empty() && !waiting.ended {
                waiting.asleep = true;
                waiting = self.more.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            }
            waiting.asleep = false;
            if waiting.bytes.is_empty() {
                break;
            }
            std::mem::swap(&mut waiting.bytes, &mut hand);
            waiting.in_hand = hand.len();
            drop(waiting);
            let goes_on = self.write_all(&hand, &mut write, &failed);
            hand.clear();
            hand.shrink_to(KEPT);
            waiting = self.lock();
            waiting.in_hand = 0;
            if !goes_on {
                waiting.bytes = Vec::new();
                break;
            }
            waiting = self.pause(waiting, PAUSE);
        }
        waiting.done = true;
        self.progress.notify_all();
    }

    /// Writes lines, retrying if the disk is full; `false` if they will never be read.
    fn write_all(
        &self,
        lines: &[u8],
        mut write: impl FnMut(&[u8]) -> io::Result<usize>,
        failed: impl Fn(&io::Error),
    ) -> bool {
        let mut left = lines;
        while !left.is_empty() {
            let result = write(piece(left)).and_then(|written| match written {
                0 => Err(io::ErrorKind::WriteZero.into()),
                written => Ok(written),
            });
            let mut waiting = self.lock();
            match result {
                Ok(written) => {
                    left = left.get(written..).unwrap_or_default();
                    waiting.in_hand = left.len();
                    waiting.taken = Some(Instant::now());
                    self.progress.notify_all();
                }
                Err(error) if is_gone(&error) => {
                    waiting.fate = Drained::ReaderGone;
                    drop(waiting);
                    self.over.cancel();
                    return false;
                }
                Err(error) => {
                    let first = waiting.fate == Drained::Well;
                    waiting.fate = Drained::Failed(error.to_string());
                    // At the end, there is one more attempt.
                    let ended = waiting.ended;
                    drop(waiting);
                    if first {
                        self.over.cancel();
                        failed(&error);
                    }
                    if ended {
                        return false;
                    }
                    drop(self.pause(self.lock(), RETRY));
                }
            }
        }
        true
    }

    /// Waits for this long, or until the end.
    fn pause<'a>(&'a self, waiting: MutexGuard<'a, Waiting>, time: Duration) -> MutexGuard<'a, Waiting> {
        let pause = self.more.wait_timeout_while(waiting, time, |waiting| !waiting.ended);
        pause.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Ignores poisoning: the data is consistent between any two statements.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the error means that the reader closed its end.
pub(super) fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}

/// As many of the first lines as fit in one piece, or the first line if it is longer.
fn piece(lines: &[u8]) -> &[u8] {
    let end = match lines.get(..PIECE) {
        None => lines.len(),
        Some(start) => {
            let fits = memchr::memrchr(b'\n', start).map(|at| at + 1);
            fits.or_else(|| memchr::memchr(b'\n', lines).map(|at| at + 1)).unwrap_or(lines.len())
        }
    };
    lines.get(..end).unwrap_or(lines)
}

#[cfg(test)]
#[path = "line_writer_tests.rs"]
mod tests;
