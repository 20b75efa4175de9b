//! `pulsecam record`: what the others stream, into files.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, IsTerminal},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{
    Error,
    limit::Limit,
    link::{self, LinkArgs, Reached},
    output::Output,
    runtime, signal, standard, values,
};
use crate::{
    fresh,
    link::Role,
    pipeline::{Arrival, Shown, Viewer, receive},
    recording::{self, Begun, Finished, Given, Live, Place, Taken, Takes},
    stream_id::StreamId,
};

const EXAMPLES: &str = "\
Examples:
  pulsecam record desk.local --out talk.mkv            until Ctrl-C; each further stream into a file beside it
  pulsecam record desk.local --out talk.mkv --stream ann@desk --for 10m
  pulsecam record desk.local --out - | ffplay -        one stream to another program, as it comes
  pulsecam play talk.mkv                               look at it
  pulsecam send desk.local --source talk.mkv           stream it, at its own timing

The files are Matroska with Motion-JPEG: VLC, mpv and ffmpeg play them. Frames are kept as they came, each at the time
at which it was taken. After a crash or on a full disk, all but the last second is there.";

/// How often it is told how far the recording is.
const STATUS_INTERVAL: Duration = Duration::from_secs(1);

/// Streams that are named where another one was asked for.
const NAMED: usize = 8;

/// Record what the others stream, without a window.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    link: LinkArgs,
    /// The file for the first stream; it must not be there yet. Or - for standard output, which takes one stream
    #[arg(long, value_name = "FILE", env = "PULSECAM_OUT")]
    out: PathBuf,
    /// Record only the stream of this name
    #[arg(long, value_name = "NAME", env = "PULSECAM_STREAM")]
    stream: Option<String>,
    #[command(flatten)]
    limit: Limit,
    /// Print events as JSON, one object a line
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event<'a> {
    Recording {
        stream: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        peer: Option<u64>,
        file: String,
    },
    Status {
        frames: u64,
        bytes: u64,
    },
    Saved(Saved),
    Summary {
        frames: u64,
        files: usize,
        lost: u64,
        missed: u64,
        skipped: u64,
        unrecorded: u64,
    },
}

/// A file that is done.
#[derive(Serialize)]
struct Saved {
    file: String,
    frames: u64,
    seconds: f64,
    bytes: u64,
    /// Frames that the disk was too slow for.
    lost: u64,
}

/// What names that promise another format end with.
const OTHER_FORMATS: [&str; 22] = [
    "mp4", "m4v", "mov", "qt", "avi", "webm", "ogv", "flv", "wmv", "asf", "mpg", "mpeg", "ts", "m2ts", "3gp",
    "gif", "jpg", "jpeg", "png", "webp", "mjpeg", "mjpg",
];

/// The name that means standard output.
const STDOUT: &str = "-";

impl Args {
    fn to_stdout(&self) -> bool {
        self.out.as_os_str() == STDOUT
    }

    /// Whether it can be recorded there.
    fn check(&self) -> Result<(), Error> {
        if self.to_stdout() {
            if self.json {
                return Err(Error::Usage(
                    "--json and the recording cannot both go to standard output".into(),
                ));
            }
            if io::stdout().is_terminal() {
                return Err(Error::Usage(
                    "standard output is a terminal: --out - is for another program, as in --out - | ffplay -"
                        .into(),
                ));
            }
            return Ok(());
        }
        let extension = self.out.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        if OTHER_FORMATS.contains(&extension.as_str()) {
            let mkv = self.out.with_extension("mkv");
            let (mkv, out) = (mkv.display(), self.out.display());
            return Err(Error::Usage(format!(
                "recordings are Matroska: name it {mkv}, and convert it afterwards with ffmpeg -i {mkv} {out}"
            )));
        }
        if self.out.exists() {
            return Err(recording::Error::Exists(self.out.clone()).into());
        }
        Ok(())
    }
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    args.check()?;
    let output = if args.to_stdout() { Output::beside() } else { Output::lasting(args.json) };
    let runtime = runtime(1)?;
    let mut signal = signal::listen(&runtime);
    let config = args.link.config(Role::Viewer)?;
    let (link, inbox) = runtime.block_on(link::open(config, &mut signal)).map_err(|error| match error {
        // However it was ended: there is no file.
        Error::Stopped => Error::Nothing("nothing was recorded: the relay was still being looked up".into()),
        error => error,
    })?;
    let reached = Reached::watch(&link, runtime.handle());
    let stop = CancellationToken::new();
    let shared = Arc::new(Mutex::new(Progress {
        sink: Some(Sink::open(args)?),
        wanted: args.stream.clone(),
        to_stdout: args.to_stdout(),
        over: false,
        output,
        frames: 0,
        bytes: 0,
        arrived: BTreeMap::new(),
        missed: 0,
        others: BTreeSet::new(),
        told: Instant::now(),
        failure: None,
    }));
    let reader_gone = Arc::<AtomicBool>::default();
    if args.to_stdout() {
        // Also while nobody streams.
        let (stop, reader_gone) = (stop.clone(), Arc::clone(&reader_gone));
        thread::spawn(move || {
            standard::reader_gone();
            reader_gone.store(true, Relaxed);
            stop.cancel();
        });
    }
    let recorder = Recording { shared: Arc::clone(&shared), limit: args.limit.frames, stop: stop.clone() };
    receive(&link, inbox, recorder)?;
    runtime.block_on(async {
        let reporting = link::report_with_advice(&link, output);
        args.limit.end(&mut signal, stop.cancelled()).await;
        stop.cancel();
        drop(reporting);
    });
    let mut progress = shared.lock().unwrap_or_else(PoisonError::into_inner);
    let frames = progress.end(link.counters().messages_skipped)?;
    let reader_gone = progress.over || reader_gone.load(Relaxed);
    // However it was ended: there is no file.
    let why = (frames == 0 && !reader_gone)
        .then(|| reached.failure(&link).unwrap_or_else(|| progress.nothing(args.stream.as_deref())));
    why.map_or(Ok(()), |why| Err(Error::Nothing(format!("nothing was recorded: {why}"))))
}

/// Where streams go.
enum Sink {
    Files(Takes),
    Stdout(Live),
}

impl Sink {
    fn open(args: &Args) -> io::Result<Self> {
        Ok(if args.to_stdout() {
            Self::Stdout(Live::new(standard::Pipe)?)
        } else {
            Self::Files(Takes::new(Place::File(args.out.clone()), args.stream.clone()))
        })
    }

    /// Gives it a frame; `None` where nothing is taken any more.
    fn frame(
        &mut self,
        stream: StreamId,
        name: &str,
        taken: Taken,
    ) -> Result<Option<Taking>, recording::Error> {
        match self {
            Self::Files(takes) => {
                let begun = takes.frame(stream, name, taken)?;
                let file = |Begun { path, .. }: Begun| Taking::Begun(path.display().to_string());
                Ok(Some(begun.map_or(Taking::GoesOn, file)))
            }
            Self::Stdout(live) => Ok(match live.frame(stream, name, taken) {
                Given::Begun => Some(Taking::Begun("standard output".into())),
                Given::Taken => Some(Taking::GoesOn),
                Given::Other => Some(Taking::Other),
                Given::Over => None,
            }),
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Files(takes) if takes.is_empty())
    }

    fn finish(self) -> Vec<Result<Finished, recording::Error>> {
        match self {
            Self::Files(takes) => takes.finish(),
            Self::Stdout(live) => vec![live.finish()],
        }
    }
}

/// What became of a frame.
enum Taking {
    /// It is the first in this file.
    Begun(String),
    GoesOn,
    /// There is no room for its stream.
    Other,
}

/// What is recorded so far.
struct Progress {
    sink: Option<Sink>,
    /// The only name that is recorded.
    wanted: Option<String>,
    /// One stream goes to standard output.
    to_stdout: bool,
    /// Standard output takes nothing any more.
    over: bool,
    output: Output,
    frames: u64,
    bytes: u64,
    /// How many of each stream had come with its last frame.
    arrived: BTreeMap<StreamId, u64>,
    /// Frames that came and were replaced before they could be taken.
    missed: u64,
    /// Streams that were not asked for.
    others: BTreeSet<String>,
    told: Instant,
    failure: Option<recording::Error>,
}

impl Progress {
    /// False where nothing is recorded any more.
    fn frame(&mut self, frame: &Shown) -> bool {
        let Some(sink) = &mut self.sink else { return false };
        // By what the sender calls it, or by what it is called here: of two with one name both are meant, or one.
        let claimed = frame.info.stream_name();
        let is_wanted = |wanted: &String| *wanted == claimed || *wanted == *frame.stream;
        if !self.wanted.as_ref().is_none_or(is_wanted) {
            if self.others.len() < fresh::MAX_KEYS {
                self.others.insert(frame.stream.to_string());
            }
            return true;
        }
        // Each frame that came is numbered; a gap is what newer ones replaced before this program could take it.
        let arrived = frame.account.arrived;
        if self.arrived.len() < fresh::MAX_KEYS || self.arrived.contains_key(&frame.id) {
            let last = self.arrived.insert(frame.id, arrived);
            self.missed += last.map_or(0, |last| arrived.saturating_sub(last).saturating_sub(1));
        }
        match sink.frame(frame.id, &claimed, frame.taken()) {
            Ok(Some(begun)) => {
                let begun = match begun {
                    Taking::Begun(file) => Some(file),
                    Taking::GoesOn => None,
                    Taking::Other => {
                        if self.others.len() < fresh::MAX_KEYS && self.others.insert(frame.stream.to_string())
                        {
                            tracing::warn!(
                                "the stream {:?} is not recorded: standard output takes one (choose it with --stream)",
                                frame.stream
                            );
                        }
                        return true;
                    }
                };
                if let Some(file) = begun {
                    let line = format!("recording {:?} into {file}", frame.stream);
                    let event = Event::Recording { stream: &frame.stream, peer: frame.peer, file };
                    self.output.event(&event, Some(&line));
                }
                self.frames += 1;
                self.bytes += frame.jpeg.len() as u64;
                self.tell();
                true
            }
            Ok(None) => {
                self.over = true;
                false
            }
            Err(error) => {
                // The other streams go on.
                let more = !sink.is_empty();
                tracing::error!("the stream {:?} is not recorded: {error}", frame.stream);
                self.failure.get_or_insert(error);
                more
            }
        }
    }

    fn tell(&mut self) {
        if self.told.elapsed() < STATUS_INTERVAL {
            return;
        }
        self.told = Instant::now();
        let line = format!("{} frames, {:.1} MB", self.frames, self.bytes as f64 / 1e6);
        self.output.event(&Event::Status { frames: self.frames, bytes: self.bytes }, Some(&line));
    }

    /// Why nothing was recorded although the relay was there.
    fn nothing(&self, wanted: Option<&str>) -> String {
        let Some(wanted) = wanted.filter(|_| !self.others.is_empty()) else {
            return "nobody streamed".into();
        };
        let mut names: Vec<_> = self.others.iter().take(NAMED).map(|name| format!("{name:?}")).collect();
        if self.others.len() > NAMED {
            names.push(format!("{} more", self.others.len() - NAMED));
        }
        format!("there was no stream {wanted:?}, but {}", names.join(", "))
    }

    /// Ends all files; the frames that are in them. `skipped`: messages that were too large to be read.
    fn end(&mut self, skipped: u64) -> Result<u64, Error> {
        let finished = self.sink.take().map(Sink::finish).unwrap_or_default();
        let (mut frames, mut lost, mut files) = (0, 0, 0);
        let slow_one = if self.to_stdout { "its reader" } else { "the disk" };
        for finished in finished {
            match finished {
                Ok(Finished { path, frames: some, length, bytes, lost: too_many, .. }) => {
                    (frames, lost, files) = (frames + some, lost + too_many, files + 1);
                    let (file, seconds) = (path.display().to_string(), length.as_secs_f64());
                    let slow = if too_many > 0 {
                        format!("; {slow_one} was too slow for {too_many}")
                    } else {
                        String::new()
                    };
                    let megabytes = bytes as f64 / 1e6;
                    let line = format!("{file}: {some} frames in {seconds:.1} s, {megabytes:.1} MB{slow}");
                    let saved = Saved { file, frames: some, seconds, bytes, lost: too_many };
                    self.output.last(&Event::Saved(saved), Some(&line));
                }
                Err(error) => _ = self.failure.get_or_insert(error),
            }
        }
        let missed = self.missed;
        let unrecorded = self.frames.saturating_sub(frames + lost);
        let reasons = [
            (missed, "came faster than they could be taken"),
            (unrecorded, "are of a file that failed, or of too many streams"),
        ];
        let reasons: Vec<_> = reasons
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, why)| format!("{count} frames {why}, and are not in it"))
            .collect();
        let line = (!reasons.is_empty()).then(|| reasons.join("; "));
        self.output
            .last(&Event::Summary { frames, files, lost, missed, skipped, unrecorded }, line.as_deref());
        self.failure.take().map_or(Ok(frames), |error| Err(error.into()))
    }
}

/// Who gets what comes.
struct Recording {
    shared: Arc<Mutex<Progress>>,
    limit: Option<u64>,
    stop: CancellationToken,
}

impl Viewer for Recording {
    fn wants_pixels(&self) -> bool {
        false
    }

    /// Frames are kept as they came, and so are their times.
    fn reads_stamps(&self) -> bool {
        false
    }

    fn take(&mut self, arrival: Arrival) -> bool {
        if self.stop.is_cancelled() {
            return false;
        }
        let Arrival::Frame(frame) = arrival else { return true };
        let mut progress = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let more = progress.frame(&frame) && self.limit.is_none_or(|limit| progress.frames < limit);
        if !more {
            self.stop.cancel();
        }
        more
    }
}
