//! Progress of a recording, and its events.

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
    pipeline::ReceivedFrame,
    queue,
    recording::{self, Finished},
    stream_id::StreamId,
};

/// Interval between status events.
const STATUS_INTERVAL: Duration = Duration::from_secs(1);

/// Most streams that are named if the requested one was not there.
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

/// A finished file.
#[derive(Serialize)]
struct Saved {
    file: String,
    frames: u64,
    seconds: f64,
    bytes: u64,
    /// Frames dropped because the disk was too slow.
    lost: u64,
}

/// What was recorded so far.
pub(super) struct Progress {
    sink: Option<Sink>,
    /// The only name that is recorded.
    wanted: Option<String>,
    /// How to choose it.
    to_choose: &'static str,
    /// Records one stream to standard output.
    to_stdout: bool,
    /// Standard output is closed.
    over: bool,
    output: Output,
    frames: u64,
    bytes: u64,
    /// Number of each stream's last frame, counting those that arrived.
    arrived: BTreeMap<StreamId, u64>,
    /// Frames that arrived and were replaced before they could be recorded.
    missed: u64,
    /// Streams that are not recorded.
    others: BTreeSet<String>,
    told: Instant,
    failure: Option<recording::Error>,
}

impl Progress {
    /// A recording without frames. `wanted`: the only name that is recorded; `to_choose`: how to set it.
    pub(super) fn new(sink: Sink, wanted: Option<String>, to_choose: &'static str, output: Output) -> Self {
        Self {
            to_stdout: sink.is_stdout(),
            sink: Some(sink),
            wanted,
            to_choose,
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

    /// Frames passed to the sink.
    pub(super) const fn frames(&self) -> u64 {
        self.frames
    }

    /// Whether standard output is closed.
    pub(super) const fn is_over(&self) -> bool {
        self.over
    }

    /// Records a frame; false if nothing more can be recorded.
    pub(super) fn frame(&mut self, frame: &ReceivedFrame) -> bool {
        let Some(sink) = &mut self.sink else { return false };
        // The sender's name for the stream selects all streams with that name; the local name selects one.
        let claimed = frame.info.stream_name();
        let is_wanted = |wanted: &String| *wanted == claimed || *wanted == *frame.stream;
        if !self.wanted.as_ref().is_none_or(is_wanted) {
            if self.others.len() < queue::MAX_KEYS {
                self.others.insert(frame.stream.to_string());
            }
            return true;
        }
        // Arriving frames are numbered; frames in a gap were replaced by newer ones before they could be
        // recorded.
        let arrived = frame.account.arrived;
        if self.arrived.len() < queue::MAX_KEYS || self.arrived.contains_key(&frame.id) {
            let last = self.arrived.insert(frame.id, arrived);
            self.missed += last.map_or(0, |last| arrived.saturating_sub(last).saturating_sub(1));
        }
        match sink.frame(frame.id, &claimed, frame.taken()) {
            Ok(Some(begun)) => {
                let begun = match begun {
                    Taking::Begun(file) => Some(file),
                    Taking::GoesOn => None,
                    Taking::Other => {
                        if self.others.len() < queue::MAX_KEYS && self.others.insert(frame.stream.to_string())
                        {
                            tracing::warn!(
                                "the stream {:?} is not recorded: standard output takes one stream ({})",
                                frame.stream,
                                self.to_choose
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
                // The other streams are still recorded.
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

    /// Why nothing was recorded although the relay was reached.
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

    /// Finishes all files; returns the number of frames in them.
    ///
    /// `skipped`: messages that were too large to be read.
    pub(super) fn end(&mut self, skipped: u64) -> Result<u64, Error> {
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
            (missed, "arrived faster than they could be recorded"),
            (unrecorded, "belong to a file that failed, or to one stream too many"),
        ];
        let reasons: Vec<_> = reasons
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, why)| format!("{count} frames {why}, and were not recorded"))
            .collect();
        let line = (!reasons.is_empty()).then(|| reasons.join("; "));
        self.output
            .last(&Event::Summary { frames, files, lost, missed, skipped, unrecorded }, line.as_deref());
        self.failure.take().map_or(Ok(frames), |error| Err(error.into()))
    }
}
