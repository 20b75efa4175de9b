//! Lines that a thread of its own writes: a terminal that is held, or a pipe that nobody empties, must not hold up a frame.
//!
//! Lines that come close together are written together. Waking the thread for each would cost a relay whose clients come and go
//! more than all else it does for them.

use std::{
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// Bytes that may wait for whoever reads them slowly: some ten thousand lines. What comes after is lost, and counted.
const WAITING: usize = 1 << 20;

/// How long lines are gathered after some were written: too short to notice, and a hundred wake-ups a second at the most.
const PAUSE: Duration = Duration::from_millis(10);

/// How long the end of the program waits for the last lines to be taken.
const END_LIMIT: Duration = Duration::from_secs(1);

/// Where lines go. Whoever drops it waits until the last one is out, for a second at the most.
pub(super) struct Outlet(Arc<Shared>);

/// Gives lines to an [`Outlet`]; never waits. As [`Write`], each call is a line.
#[derive(Clone)]
pub(super) struct Inlet(Arc<Shared>);

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// There are lines, or it is over.
    more: Condvar,
    /// The thread has ended.
    done: Condvar,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    lost: u64,
    /// The thread must be woken for the next line.
    asleep: bool,
    ended: bool,
    done: bool,
}

impl Outlet {
    /// Starts the thread, which gives what is there to `write`; lines that were lost are told by the line that `lost` makes.
    pub(super) fn new(
        write: impl FnMut(&[u8]) + Send + 'static,
        lost: impl Fn(u64) -> String + Send + 'static,
    ) -> Self {
        let shared = Arc::<Shared>::default();
        thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.run(write, lost)
        });
        Self(shared)
    }

    pub(super) fn inlet(&self) -> Inlet {
        Inlet(Arc::clone(&self.0))
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        let mut waiting = self.0.lock();
        waiting.ended = true;
        self.0.more.notify_one();
        let ended = self.0.done.wait_timeout_while(waiting, END_LIMIT, |waiting| !waiting.done);
        drop(ended); // whether in time or not, there is nothing more to do
    }
}

impl Inlet {
    /// A line with its end.
    pub(super) fn give(&self, line: &[u8]) {
        let mut waiting = self.0.lock();
        if waiting.bytes.len() + line.len() > WAITING {
            waiting.lost += 1;
            return;
        }
        waiting.bytes.extend_from_slice(line);
        if std::mem::take(&mut waiting.asleep) {
            self.0.more.notify_one();
        }
    }
}

impl Write for Inlet {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.give(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn run(&self, mut write: impl FnMut(&[u8]), lost: impl Fn(u64) -> String) {
        let mut bytes = Vec::new();
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
            std::mem::swap(&mut waiting.bytes, &mut bytes);
            let missing = std::mem::take(&mut waiting.lost);
            drop(waiting);
            if missing > 0 {
                bytes.extend_from_slice(lost(missing).as_bytes());
                bytes.push(b'\n');
            }
            write(&bytes);
            bytes.clear();
            let pause = self.more.wait_timeout_while(self.lock(), PAUSE, |waiting| !waiting.ended);
            waiting = pause.unwrap_or_else(PoisonError::into_inner).0;
        }
        waiting.done = true;
        self.done.notify_all();
    }

    /// What it guards is whole between any two statements.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn every_line_comes_out_in_order_before_the_end() {
        let (seen, written) = mpsc::channel();
        let outlet =
            Outlet::new(move |bytes| seen.send(bytes.to_vec()).unwrap(), |lost| format!("{lost} lost"));
        let inlet = outlet.inlet();
        let lines: Vec<String> = (0..1000).map(|number| format!("line {number}\n")).collect();
        for line in &lines {
            inlet.give(line.as_bytes());
        }
        drop(outlet);
        let all: Vec<u8> = written.try_iter().flatten().collect();
        assert_eq!(String::from_utf8(all).unwrap(), lines.concat());
    }

    #[test]
    fn a_reader_that_is_stuck_holds_up_nobody_and_is_told_what_it_missed() {
        let (seen, written) = mpsc::channel();
        let (go, stuck) = mpsc::channel::<()>();
        let outlet = Outlet::new(
            move |bytes| {
                seen.send(bytes.to_vec()).unwrap();
                let _ = stuck.recv(); // until the test lets it go
            },
            |lost| format!("{lost} lost"),
        );
        let inlet = outlet.inlet();
        inlet.give(b"first\n");
        assert_eq!(written.recv().unwrap(), b"first\n");
        let line = [b'x'; 1 << 10];
        for _ in 0..WAITING / line.len() + 7 {
            inlet.give(&line);
        }
        drop(go);
        drop(outlet);
        let rest: Vec<u8> = written.try_iter().flatten().collect();
        assert_eq!(rest.len(), WAITING + "7 lost\n".len());
        assert!(rest.ends_with(b"7 lost\n"));
    }
}
