//! Recording one stream into one file, on its own thread. A slow disk blocks neither the decoder nor the
//! window.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::{Error, RecordedFrame, timeline::Timeline, writer::Writer};

/// Bytes that may wait for the disk: a few seconds of a large stream. Beyond it frames are dropped and
/// counted.
const WAITING: usize = 64 << 20;

/// The limit for all streams that are recorded together, since peers may send any number of streams.
const WAITING_IN_ALL: usize = 256 << 20;

/// How long a frame waits in memory at most: what a crash may cost.
const REST: Duration = Duration::from_secs(1);

/// The result of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finished {
    /// The file.
    pub path: PathBuf,
    /// Frames in it.
    pub frames: u64,
    /// From the first frame to the last.
    pub length: Duration,
    /// Its size.
    pub bytes: u64,
    /// Frames that the disk was too slow for.
    pub lost: u64,
}

/// Bytes that wait for the disk: of one stream, and of all that are recorded together.
#[derive(Clone, Debug, Default)]
pub(super) struct WriteBacklog {
    own: Arc<AtomicUsize>,
    all: Arc<AtomicUsize>,
}

impl WriteBacklog {
    /// Adds these bytes if the limits allow it.
    pub(super) fn add(&self, bytes: usize) -> bool {
        if self.own.load(Relaxed) + bytes > WAITING || self.all.load(Relaxed) + bytes > WAITING_IN_ALL {
            return false;
        }
        self.own.fetch_add(bytes, Relaxed);
        self.all.fetch_add(bytes, Relaxed);
        true
    }

    pub(super) fn remove(&self, bytes: usize) {
        self.own.fetch_sub(bytes, Relaxed);
        self.all.fetch_sub(bytes, Relaxed);
    }

    /// Nothing waits any more: what was not written is dropped.
    fn end(&self) {
        self.all.fetch_sub(self.own.swap(0, Relaxed), Relaxed);
    }
}

/// A running recording.
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    give: Option<mpsc::Sender<RecordedFrame>>,
    waiting: WriteBacklog,
    lost: AtomicU64,
    /// The error, if it has failed.
    failure: Arc<Mutex<Option<Error>>>,
    thread: Option<JoinHandle<Option<Finished>>>,
}

impl Recorder {
    /// Creates the file, which must not exist; `title` and `size` are shown by players.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::Create`].
    pub fn create(path: &Path, title: &str, size: (usize, usize)) -> Result<Self, Error> {
        let file = fs::File::create_new(path).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => Error::Exists(path.to_owned()),
            _ => Error::Create { path: path.to_owned(), source },
        })?;
        Self::begin(file, path.to_owned(), title, size)
    }

    /// Records into an existing, empty file.
    ///
    /// # Errors
    /// [`Error::Create`].
    pub fn begin(file: fs::File, path: PathBuf, title: &str, size: (usize, usize)) -> Result<Self, Error> {
        Self::begin_with(file, path, title, size, Arc::default())
    }

    /// Records together with others: `all` counts the waiting bytes of all of them.
    pub(super) fn begin_with(
        file: fs::File,
        path: PathBuf,
        title: &str,
        size: (usize, usize),
        all: Arc<AtomicUsize>,
    ) -> Result<Self, Error> {
        // An empty file, or one with only a header, is of no use.
        let create = |source| {
            let _ = fs::remove_file(&path); // it may be gone
            Error::Create { path: path.clone(), source }
        };
        let writer = Writer::begin(file, title, size).map_err(create)?;
        let (give, take) = mpsc::channel();
        let (waiting, failure) =
            (WriteBacklog { all, ..WriteBacklog::default() }, Arc::<Mutex<Option<Error>>>::default());
        let thread = thread::Builder::new()
            .name("record".into())
            .spawn({
                let (path, waiting, failure) = (path.clone(), waiting.clone(), Arc::clone(&failure));
                move || match write(writer, &take, &waiting, &path) {
                    Ok(finished) => Some(finished),
                    Err(error) => {
                        *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                        None
                    }
                }
            })
            .map_err(create)?;
        let thread = Some(thread);
        Ok(Self { path, give: Some(give), waiting, lost: AtomicU64::new(0), failure, thread })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives a frame; never waits. False if the recording has failed.
    pub fn frame(&self, taken: RecordedFrame) -> bool {
        let bytes = taken.jpeg.len();
        if !self.waiting.add(bytes) {
            self.lost.fetch_add(1, Relaxed);
            return true;
        }
        self.give.as_ref().is_some_and(|give| give.send(taken).is_ok())
    }

    /// Writes what is waiting, and finishes the file.
    ///
    /// # Errors
    /// [`Error::Write`]: the file exists, and plays up to where writing failed. [`Error::Create`]: no frame
    /// could be written, and the file is removed.
    pub fn finish(mut self) -> Result<Finished, Error> {
        self.give = None;
        let finished = self.thread.take().and_then(|thread| thread.join().ok()).flatten();
        if let Some(error) = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(error);
        }
        let gone = || Error::Create {
            path: self.path.clone(),
            source: io::Error::other("its thread ended unexpectedly"),
        };
        let finished = finished.ok_or_else(gone)?;
        Ok(Finished { lost: self.lost.load(Relaxed), ..finished })
    }
}

impl Drop for Recorder {
    /// Finishes the file, so that it is complete even without [`Recorder::finish`].
    fn drop(&mut self) {
        self.give = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // nobody asks for its result
        }
        self.waiting.end();
    }
}

fn write(
    mut writer: Writer<fs::File>,
    take: &mpsc::Receiver<RecordedFrame>,
    waiting: &WriteBacklog,
    path: &Path,
) -> Result<Finished, Error> {
    let mut timeline = Timeline::default();
    let failed = loop {
        let written = match take.recv_timeout(REST) {
            Ok(RecordedFrame { captured, arrived, jpeg, .. }) => {
                waiting.remove(jpeg.len());
                writer.frame(timeline.place(captured, arrived), &jpeg)
            }
            Err(mpsc::RecvTimeoutError::Timeout) => writer.rest(),
            Err(mpsc::RecvTimeoutError::Disconnected) => break None,
        };
        if let Err(error) = written {
            break Some(error);
        }
    };
    let (frames, length) = (writer.frames(), timeline.length());
    let bytes = writer.finish(failed).map_err(|(frames, source)| {
        let path = path.to_owned();
        if frames == 0 {
            let _ = fs::remove_file(&path); // it has no frames
            return Error::Create { path, source };
        }
        Error::Write { path, frames, source }
    })?;
    Ok(Finished { path: path.to_owned(), frames, length, bytes, lost: 0 })
}
