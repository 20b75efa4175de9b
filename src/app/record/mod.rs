//! Records what the others stream, to files or to standard output.

mod progress;
mod sink;

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
};

use tokio_util::sync::CancellationToken;

use self::{progress::Progress, sink::Sink};
use super::{
    Error,
    limit::Limit,
    link::{self, Reached, Target},
    output::Output,
    runtime, signal, stdio,
};
use crate::{
    pipeline::{Arrival, Viewer, receive},
    recording,
    stream_id::StreamId,
};

/// What to record, from which relay, and where to.
pub(crate) struct Options {
    pub(crate) target: Target,
    pub(crate) out: Destination,
    /// Records only the stream with this name.
    pub(crate) stream: Option<String>,
    /// How to choose the stream if only one can be recorded. `cli` knows the option.
    pub(crate) to_choose: &'static str,
    pub(crate) limit: Limit,
    /// Prints events as JSON.
    pub(crate) json: bool,
}

/// Where to record to.
#[derive(Clone, Debug)]
pub(crate) enum Destination {
    /// The file for the first stream; each further stream gets a file beside it.
    File(PathBuf),
    /// One stream to standard output.
    Stdout,
}

/// Records until the limit is reached, nothing more can be recorded, or a signal comes.
///
/// # Errors
/// [`Error::Nothing`] if nothing was recorded; [`Error::Recording`] if a file is not complete.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let Options { target, out, stream, to_choose, limit, json } = options;
    if let Destination::File(path) = out
        && path.exists()
    {
        return Err(recording::Error::Exists(path.clone()).into());
    }
    let to_stdout = matches!(out, Destination::Stdout);
    let output = if to_stdout { Output::beside() } else { Output::lasting(*json) };
    let runtime = runtime(1)?;
    let mut signal = signal::listen(&runtime);
    let opened = runtime.block_on(link::open(target.config.clone(), &mut signal));
    let (link, inbox) = opened.map_err(|error| match error {
        // Even if a signal stopped it: there is no file.
        Error::Stopped => Error::Nothing("nothing was recorded: the relay was still being looked up".into()),
        error => error,
    })?;
    let reached = Reached::watch(&link, runtime.handle(), target.advice);
    let stop = CancellationToken::new();
    let sink = Sink::open(out, stream.as_deref())?;
    let shared = Arc::new(Mutex::new(Progress::new(sink, stream.clone(), to_choose, output)));
    let reader_gone = Arc::<AtomicBool>::default();
    if to_stdout {
        // The reader may close its end while nobody streams.
        let (stop, reader_gone) = (stop.clone(), Arc::clone(&reader_gone));
        thread::spawn(move || {
            stdio::reader_gone();
            reader_gone.store(true, Relaxed);
            stop.cancel();
        });
    }
    let recorder = Recording { shared: Arc::clone(&shared), limit: limit.frames, stop: stop.clone() };
    receive(&link, inbox, recorder)?;
    runtime.block_on(async {
        let reporting = link::report_with_advice(&link, output, target.advice);
        limit.end(&mut signal, stop.cancelled()).await;
        stop.cancel();
        drop(reporting);
    });
    let mut progress = shared.lock().unwrap_or_else(PoisonError::into_inner);
    let frames = progress.end(link.counters().messages_skipped)?;
    let reader_gone = progress.is_over() || reader_gone.load(Relaxed);
    // Even if a signal stopped it: there is no file.
    let why =
        (frames == 0 && !reader_gone).then(|| reached.failure(&link).unwrap_or_else(|| progress.nothing()));
    why.map_or(Ok(()), |why| Err(Error::Nothing(format!("nothing was recorded: {why}"))))
}

/// Receives frames for the recording.
struct Recording {
    shared: Arc<Mutex<Progress>>,
    limit: Option<u64>,
    stop: CancellationToken,
}

impl Viewer for Recording {
    fn wants_pixels(&self, _stream: StreamId) -> bool {
        false
    }

    /// Frames are stored unchanged, with their own times.
    fn reads_stamps(&self) -> bool {
        false
    }

    fn may_miss_frames(&self) -> bool {
        false
    }

    fn take(&mut self, arrival: Arrival) -> bool {
        if self.stop.is_cancelled() {
            return false;
        }
        let Arrival::Frame(frame) = arrival else { return true };
        let mut progress = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let more = progress.frame(&frame) && self.limit.is_none_or(|limit| progress.frames() < limit);
        if !more {
            self.stop.cancel();
        }
        more
    }
}
