//! What was recorded so far, and what is reported of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{
    super::{Error, output::Output},
    sink::{Sink, Taking},
};
use crate::{
    fresh,
    pipeline::Shown,
    recording::{self, Finished},
    stream_id::StreamId,
};

/// How often it is told how far the recording is.
const STATUS_INTERVAL: Duration = Duration::from_secs(1);

/// Streams that are named where another one was asked for.
const NAMED: usize = 8;

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

/// What is recorded so far.
pub(super) struct Progress {
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
    /// Nothing yet. `wanted`: the only name that is recorded.
    pub(super) fn new(sink: Sink, wanted: Option<String>, output: Output) -> Self {
        Self {
            to_stdout: sink.is_stdout(),
            sink: Some(sink),
            wanted,
            over: false,
            output,
            frames: 0,
            bytes: 0,
            arrived: BTreeMap::new(),
            missed: 0,
            others: BTreeSet::new(),
            told: Instant::now(),
            failure: None,
        }
    }

    /// Frames that were given to the sink.
    pub(super) const fn frames(&self) -> u64 {
        self.frames
    }

    /// Whether standard output takes nothing any more.
    pub(super) const fn is_over(&self) -> bool {
        self.over
    }

    /// False where nothing is recorded any more.
    pub(super) fn frame(&mut self, frame: &Shown) -> bool {
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
    pub(super) fn nothing(&self) -> String {
        let Some(wanted) = self.wanted.as_deref().filter(|_| !self.others.is_empty()) else {
            return "nobody streamed".into();
        };
        let mut names: Vec<_> = self.others.iter().take(NAMED).map(|name| format!("{name:?}")).collect();
        if self.others.len() > NAMED {
            names.push(format!("{} more", self.others.len() - NAMED));
        }
        format!("there was no stream {wanted:?}, but {}", names.join(", "))
    }

    /// Ends all files; the frames that are in them. `skipped`: messages that were too large to be read.
    pub(super) fn end(&mut self, skipped: u64) -> Result<u64, Error> {
        let finished = self.sink.take().map(Sink::finish).unwrap_or_default();
        let (mut frames, mut lost, mut files) = (0, 0, 0);
        let slow_one = if self.to_stdout { "its reader" } else { "the disk" };
        for finished in finished {
            match finished {
                Ok(Finished { path, frames: some, length, bytes, lost: too_many }) => {
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
