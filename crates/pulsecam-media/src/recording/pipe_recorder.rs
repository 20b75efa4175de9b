//! Writing one live stream into a pipe, for a player or a converter.

use std::{
    io::{self, Write},
    path::PathBuf,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use super::{Error, Finished, RecordedFrame, recorder::WriteBacklog, timeline::Timeline, writer::PipeWriter};
use crate::{clock::Timestamp, stream_id::StreamId};

/// Silence of the stream, in microseconds, after which another of the same name replaces it. Its sender has
/// then reconnected.
const SILENCE: u64 = 2_000_000;

/// How long the end waits for a reader that takes nothing; what is left is then lost.
const END_LIMIT: Duration = Duration::from_secs(1);

/// The result of giving a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PipeOutcome {
    /// It is the first frame.
    Begun,
    /// It was accepted, or dropped because the reader is too slow.
    Taken,
    /// It belongs to another stream: only one is written.
    Other,
    /// No more frames are accepted: the reader is gone, or writing failed.
    Over,
}

/// A stream that is written into a pipe.
#[derive(Debug)]
pub struct PipeRecorder {
    /// Frames; the first one comes with the title of the stream.
    give: Option<mpsc::Sender<(Option<String>, RecordedFrame)>>,
    waiting: WriteBacklog,
    given: u64,
    lost: u64,
    current: Option<Current>,
    shared: Arc<Shared>,
}

/// The stream that is written.
#[derive(Debug)]
struct Current {
    id: StreamId,
    name: String,
    last: Timestamp,
}

#[derive(Debug, Default)]
struct Shared {
    end: Mutex<End>,
    changed: Condvar,
    frames: AtomicU64,
    bytes: AtomicU64,
}

#[derive(Debug, Default)]
struct End {
    done: bool,
    length: Duration,
    /// When the reader last took something.
    taken: Option<Instant>,
    failure: Option<io::Error>,
}

impl Shared {
    fn end(&self) -> MutexGuard<'_, End> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PipeRecorder {
    /// Starts a thread that writes into `output`. The output is valid after each frame.
    ///
    /// # Errors
    /// The system's error if the thread cannot be started.
    pub fn new(output: impl Write + Send + 'static) -> io::Result<Self> {
        let (give, take) = mpsc::channel();
        let (waiting, shared) = (WriteBacklog::default(), Arc::<Shared>::default());
        thread::Builder::new().name("record".into()).spawn({
            let (waiting, shared) = (waiting.clone(), Arc::clone(&shared));
            move || {
                let failure = write(output, &take, &waiting, &shared).err();
                let mut end = shared.end();
                (end.done, end.failure) = (true, failure);
                shared.changed.notify_all();
            }
        })?;
        Ok(Self { give: Some(give), waiting, given: 0, lost: 0, current: None, shared })
    }

    /// Gives a frame of a stream of this name; never waits. The first stream that comes is the one that is
    /// written.
    pub fn frame(&mut self, stream: StreamId, name: &str, taken: RecordedFrame) -> PipeOutcome {
        let mut given = PipeOutcome::Taken;
        match &mut self.current {
            Some(current) if current.id == stream => current.last = taken.arrived,
            Some(Current { name: known, last, .. })
                if known != name || taken.arrived.as_micros().saturating_sub(last.as_micros()) < SILENCE =>
            {
                return PipeOutcome::Other;
            }
            current => {
                if current.is_none() {
                    given = PipeOutcome::Begun;
                }
                *current = Some(Current { id: stream, name: name.to_owned(), last: taken.arrived });
            }
        }
        if self.shared.end().done {
            return PipeOutcome::Over;
        }
        let bytes = taken.jpeg.len();
        if !self.waiting.add(bytes) {
            self.lost += 1;
            return given;
        }
        let title = (given == PipeOutcome::Begun).then(|| name.to_owned());
        if self.give.as_ref().is_none_or(|give| give.send((title, taken)).is_err()) {
            return PipeOutcome::Over;
        }
        self.given += 1;
        given
    }

    /// Waits until everything is written, but only a moment for a reader that takes nothing. It is not an
    /// error if the reader is gone.
    ///
    /// # Errors
    /// [`Error::Create`] if nothing could be written, [`Error::Write`] if writing failed later.
    pub fn finish(mut self) -> Result<Finished, Error> {
        self.give = None;
        let (since, mut end) = (Instant::now(), self.shared.end());
        while !end.done {
            let stalled = end.taken.map_or(since, |taken| taken.max(since)) + END_LIMIT;
            let left = stalled.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            end = self.shared.changed.wait_timeout(end, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let (path, frames) = (PathBuf::from("standard output"), self.shared.frames.load(Relaxed));
        match end.failure.take() {
            Some(source) if is_gone(&source) => {}
            Some(source) if frames == 0 => return Err(Error::Create { path, source }),
            Some(source) => return Err(Error::Write { path, frames, source }),
            None => self.lost += self.given - frames,
        }
        let bytes = self.shared.bytes.load(Relaxed);
        Ok(Finished { path, frames, length: end.length, bytes, lost: self.lost })
    }
}

/// Whether an error means that the reader is gone.
fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}

fn write(
    mut output: impl Write,
    take: &mpsc::Receiver<(Option<String>, RecordedFrame)>,
    waiting: &WriteBacklog,
    shared: &Shared,
) -> io::Result<()> {
    let (mut timeline, mut stream) = (Timeline::default(), None);
    while let Ok((title, RecordedFrame { captured, arrived, size, jpeg })) = take.recv() {
        let stream = match &mut stream {
            Some(stream) => stream,
            none => none.insert(PipeWriter::begin(&title.unwrap_or_default(), size)?),
        };
        let bytes = stream.frame(timeline.place(captured, arrived), &jpeg)?;
        let mut left = bytes.as_slice();
        while !left.is_empty() {
            match output.write(left) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    left = left.get(written..).unwrap_or_default();
                    shared.end().taken = Some(Instant::now());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        output.flush()?;
        waiting.remove(jpeg.len());
        shared.frames.fetch_add(1, Relaxed);
        shared.bytes.fetch_add(bytes.len() as u64, Relaxed);
        shared.end().length = timeline.length();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::film::{self, Input};

    /// Forwards what is written; an error if the receiver is gone.
    struct Pipe(mpsc::Sender<Vec<u8>>);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn frame(millis: u64) -> RecordedFrame {
        let arrived = Timestamp::from_micros(1_000_000 + 1_000 * millis);
        RecordedFrame { captured: None, arrived, size: (8, 8), jpeg: format!("frame {millis}").into() }
    }

    const ANN: StreamId = StreamId::new(1);

    #[test]
    fn each_frame_is_whole_as_soon_as_it_came() {
        let (give, take) = mpsc::channel();
        let mut live = PipeRecorder::new(Pipe(give)).unwrap();
        let mut came = Vec::new();
        for (number, millis) in [0, 40, 1_200, 1_240].into_iter().enumerate() {
            let given = live.frame(ANN, "ann", frame(millis));
            assert_eq!(given, if number == 0 { PipeOutcome::Begun } else { PipeOutcome::Taken });
            came.extend(take.recv_timeout(Duration::from_secs(20)).unwrap());
            let mut film = film::open(Input::pipe(io::Cursor::new(came.clone()))).unwrap();
            let frames: Vec<_> = std::iter::from_fn(|| film.next_frame().unwrap()).collect();
            assert_eq!(frames.len(), number + 1);
            assert_eq!(frames[number], (Duration::from_millis(millis), format!("frame {millis}").into()));
        }
        let finished = live.finish().unwrap();
        assert_eq!((finished.frames, finished.bytes, finished.lost), (4, came.len() as u64, 0));
    }

    #[test]
    fn one_stream_goes_through_and_its_sender_may_connect_again() {
        let (give, _take) = mpsc::channel();
        let mut live = PipeRecorder::new(Pipe(give)).unwrap();
        let [again, other] = [2, 3].map(StreamId::new);
        assert_eq!(live.frame(ANN, "ann", frame(0)), PipeOutcome::Begun);
        assert_eq!(live.frame(other, "bob", frame(1)), PipeOutcome::Other);
        assert_eq!(live.frame(again, "ann", frame(100)), PipeOutcome::Other, "two of one name");
        assert_eq!(live.frame(other, "bob", frame(5_000)), PipeOutcome::Other);
        assert_eq!(live.frame(again, "ann", frame(5_000)), PipeOutcome::Taken);
        assert_eq!(live.frame(ANN, "ann", frame(5_001)), PipeOutcome::Other);
        assert_eq!(live.finish().unwrap().frames, 2);
    }

    #[test]
    fn a_reader_that_went_away_is_no_error_and_a_stuck_one_ends() {
        let (give, take) = mpsc::channel();
        drop(take);
        let mut live = PipeRecorder::new(Pipe(give)).unwrap();
        live.frame(ANN, "ann", frame(0));
        while live.frame(ANN, "ann", frame(1)) != PipeOutcome::Over {
            thread::yield_now();
        }
        assert_eq!(live.finish().unwrap().frames, 0);

        struct Stuck;
        impl Write for Stuck {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                loop {
                    thread::park();
                }
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut live = PipeRecorder::new(Stuck).unwrap();
        live.frame(ANN, "ann", frame(0));
        let finished = live.finish().unwrap();
        assert_eq!((finished.frames, finished.lost), (0, 1));
    }
}
