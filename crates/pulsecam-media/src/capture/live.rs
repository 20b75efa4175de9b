//! A pipe as a source: the output of a camera program, a FIFO, a socket.
//!
//! A program that writes into a pipe blocks while nobody reads, and the pictures in it grow old. Therefore a
//! thread reads all the time, records when each picture's last byte arrived, and keeps only the newest
//! ([`super::newest`]). Files are read at their own pace instead ([`super::mjpeg`]).

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Instant,
};

use super::{
    Error, Frame, FrameData, Losses, Source,
    avi_pipe::VideoChunks,
    newest::{ArrivedPicture, LatestFrame, Next, RateLimit},
    splitter::Splitter,
};
use crate::{
    clock::Timestamp,
    signature::{FileKind, PROBED, described, probe},
};

/// Bytes without a picture after which a warning is logged.
const TELL_AFTER: u64 = 1 << 20;

/// Bytes without a picture after which reading stops. Minutes of a camera's stream, a second of `/dev/zero`.
const GIVE_UP_AFTER: u64 = 1 << 30;

/// The input of a live stream.
pub(super) type Input = Box<dyn Read + Send>;

/// A live stream of JPEGs.
pub(super) struct LiveSource {
    name: String,
    fps: Option<f64>,
    shared: Arc<Shared>,
    given: u64,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    waiting: LatestFrame,
    losses: Losses,
    /// An error that is still to be reported.
    trouble: Option<Error>,
    /// Whether nobody takes pictures any more.
    closed: bool,
}

impl LiveSource {
    /// Reads standard input.
    pub(super) fn stdin(input: Input, fps: Option<f64>) -> Result<Self, Error> {
        Self::start("standard input".into(), fps, move || Ok(input))
    }

    /// A path that is not a regular file. It is opened once; a FIFO blocks until there is a writer, on the
    /// reading thread.
    pub(super) fn open(path: &Path, fps: Option<f64>) -> Result<Self, Error> {
        let opened = path.to_owned();
        Self::start(path.display().to_string(), fps, move || input(&opened))
    }

    fn start(
        name: String,
        fps: Option<f64>,
        open: impl FnOnce() -> io::Result<Input> + Send + 'static,
    ) -> Result<Self, Error> {
        let waiting = LatestFrame::new(fps.map(RateLimit::new));
        let state = State { waiting, losses: Losses::default(), trouble: None, closed: false };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let reader = thread::Builder::new().name("pipe".into()).spawn({
            let (shared, name) = (Arc::clone(&shared), name.clone());
            move || {
                let end = match open() {
                    Ok(input) => shared.read(Splitter::new(Watched::new(input, name.clone()), name)),
                    Err(source) => Err(Error::Io { name, source }),
                };
                shared.ended(end);
            }
        });
        reader.map_err(|source| Error::Io { name: "the thread that reads the pipe".into(), source })?;
        Ok(Self { name, fps, shared, given: 0 })
    }
}

/// Opens a path that is not a regular file.
fn input(path: &Path) -> io::Result<Input> {
    #[cfg(unix)]
    {
        use std::os::unix::{fs::FileTypeExt, net::UnixStream};
        if path.metadata()?.file_type().is_socket() {
            // A socket of this process, as in /dev/fd/3, or one in the file system.
            return Ok(Box::new(UnixStream::connect(path)?));
        }
    }
    Ok(Box::new(File::open(path)?))
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads to the end of the stream.
    fn read(&self, mut splitter: Splitter<Watched>) -> Result<(), Error> {
        let mut count = 0;
        loop {
            let next = splitter.next_jpeg();
            let losses = splitter.losses();
            let damaged = losses.damaged;
            let watched = &mut splitter.reader;
            let result = match next {
                // The watcher knows the reason of an end better than the splitter.
                Ok(None) | Err(Error::NotMjpeg { .. }) => {
                    let end = watched.over.take().map_or(Ok(()), Err);
                    return end.and_then(|()| if count > 0 { Ok(()) } else { Err(watched.nothing(damaged)) });
                }
                Err(error) if error.is_final() => return Err(error),
                other => other,
            };
            watched.searching &= result.is_err();
            let (at, captured) = watched.came;
            let mut state = self.state();
            if state.closed {
                return Ok(());
            }
            state.losses = losses;
            match result {
                Ok(jpeg) => {
                    count += 1;
                    state.waiting.came(ArrivedPicture {
                        at,
                        captured,
                        damaged,
                        jpeg: jpeg.unwrap_or_default(),
                    });
                }
                Err(error) => state.trouble = Some(error),
            }
            drop(state);
            self.changed.notify_all();
        }
    }

    fn ended(&self, end: Result<(), Error>) {
        let mut state = self.state();
        state.waiting.end();
        if let Err(error) = end {
            state.trouble = Some(error);
        }
        drop(state);
        self.changed.notify_all();
    }
}

impl Source for LiveSource {
    fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        let mut state = self.shared.state();
        loop {
            let now = Instant::now();
            let until = match state.waiting.take(now) {
                Next::Picture(ArrivedPicture { captured, damaged, jpeg, .. }) => {
                    // Damage leaves a gap in the numbers; dropped pictures do not, because nobody requested
                    // them.
                    let seq = self.given + damaged;
                    self.given += 1;
                    return Ok(Some(Frame { seq, captured, data: FrameData::Jpeg(jpeg) }));
                }
                Next::End => return state.trouble.take().map_or(Ok(None), Err),
                Next::Wait(until) => until,
            };
            // A final error is returned after the pictures before it.
            if let Some(error) = state.trouble.take_if(|error| !error.is_final()) {
                return Err(error);
            }
            state = match until {
                None => self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(now);
                    self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    fn describe(&self) -> String {
        match self.fps {
            Some(fps) => format!("MJPEG from {}, live, at most {fps} fps", self.name),
            None => format!("MJPEG from {}, live", self.name),
        }
    }

    fn losses(&self) -> Losses {
        self.shared.state().losses
    }

    fn passed_over(&self) -> u64 {
        self.shared.state().waiting.passed_over()
    }
}

impl Drop for LiveSource {
    /// The thread ends with the next picture, or with the stream: a read cannot be interrupted.
    fn drop(&mut self) {
        self.shared.state().closed = true;
    }
}

/// A reader that records the time and the format of what it reads.
struct Watched {
    input: Input,
    name: String,
    /// When the last bytes arrived.
    came: (Instant, Timestamp),
    /// The first bytes of the stream.
    start: Vec<u8>,
    bytes: u64,
    /// Whether no picture was found yet.
    searching: bool,
    told: bool,
    /// Extracts the pictures if the stream is an AVI.
    avi: Option<VideoChunks>,
    /// Why it stops reading, although there is more.
    over: Option<Error>,
}

impl Watched {
    fn new(input: Input, name: String) -> Self {
        let came = (Instant::now(), Timestamp::now());
        Self {
            input,
            name,
            came,
            start: Vec::new(),
            bytes: 0,
            searching: true,
            told: false,
            avi: None,
            over: None,
        }
    }

    /// The error for a stream that ended without a picture.
    fn nothing(&self, damaged: u64) -> Error {
        let bytes = self.bytes;
        if self.avi.is_some() {
            let what = format!("{} without JPEG pictures", FileKind::Avi);
            return Error::other(&self.name, what, FileKind::Avi.advice());
        }
        let brought = match bytes {
            0 => "0 bytes".into(),
            _ if damaged > 0 => format!("{bytes} bytes with {damaged} damaged pictures"),
            _ => format!("{bytes} bytes ({})", described(&self.start)),
        };
        let brought = format!("ended before the first picture: {brought}");
        Error::NoPicture { name: self.name.clone(), brought }
    }

    fn look(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        let room = PROBED - self.start.len();
        if room > 0 {
            let before = self.start.len();
            self.start.extend_from_slice(&bytes[..bytes.len().min(room)]);
            match probe(&self.start) {
                Some(FileKind::Avi) if self.avi.is_none() => {
                    let mut chunks = VideoChunks::default();
                    chunks.keep(&mut self.start[..before].to_vec());
                    self.avi = Some(chunks);
                }
                Some(kind) if kind != FileKind::Avi && !kind.may_hold_jpegs() => {
                    self.over = Some(Error::other(&self.name, kind.to_string(), kind.advice()));
                }
                _ => {}
            }
        }
        if self.bytes > TELL_AFTER && !self.told {
            self.told = true;
            let what = described(&self.start);
            tracing::warn!("{}: no picture in its first MiB ({what}); still looking for one", self.name);
        }
        if self.bytes > GIVE_UP_AFTER {
            let (name, what) = (self.name.clone(), described(&self.start));
            let brought = format!("has no picture in its first GiB ({what})");
            self.over = Some(Error::NoPicture { name, brought });
        }
    }
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.over.is_some() {
            return Ok(0);
        }
        loop {
            let count = self.input.read(buffer)?;
            self.came = (Instant::now(), Timestamp::now());
            if self.searching {
                self.look(&buffer[..count]);
                if self.over.is_some() {
                    return Ok(0);
                }
            }
            let kept = self.avi.as_mut().map_or(count, |chunks| chunks.keep(&mut buffer[..count]));
            if kept > 0 || count == 0 {
                return Ok(kept); // 0 bytes mean the end
            }
        }
    }
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
