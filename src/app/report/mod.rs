//! Reports what arrives on standard output, counts it, and saves images if asked to.

mod event;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use pulsecam_bench::StepTimes;

use self::event::{Event, StreamSummary};
use super::{
    link::{Advice, advised, millis},
    output::Output,
    save::{Unsaved, save},
};
use crate::{
    clock::{Age, Timestamp, local_time},
    link::Peer,
    pipeline::{Arrival, Meter, Rates, ReceivedFrame, Undecodable},
    still::StillInfo,
    stream_id::StreamId,
    wire::{FrameInfo, Origin},
};

/// Interval between a stream's status lines if there is no window.
const STATUS_INTERVAL: Duration = Duration::from_secs(1);

/// Streams that are counted separately: as many as a queue keeps.
const MAX_STREAMS: usize = crate::queue::MAX_KEYS;

/// Reports and counts arrivals.
pub(super) struct Report {
    output: Output,
    save: Option<PathBuf>,
    advice: Advice<Undecodable>,
    /// Why an image could not be saved, the last time that this happened.
    unsaved: Option<String>,
    streams: BTreeMap<StreamId, Stream>,
    frames: u64,
    bytes: u64,
    texts: u64,
    images: u64,
    damaged: u64,
    ages: StepTimes,
    other_frames: u64,
}

#[derive(Default)]
struct Stream {
    name: Arc<str>,
    peer: Option<u64>,
    frames: u64,
    lost: u64,
    damaged: u64,
    last_seq: Option<u64>,
    meter: Meter,
    told: Option<Instant>,
}

impl Report {
    pub(super) fn new(output: Output, save: Option<PathBuf>, advice: Advice<Undecodable>) -> Self {
        Self {
            output,
            save,
            advice,
            unsaved: None,
            streams: BTreeMap::new(),
            frames: 0,
            bytes: 0,
            texts: 0,
            images: 0,
            damaged: 0,
            ages: StepTimes::default(),
            other_frames: 0,
        }
    }

    /// Frames that arrived so far.
    pub(super) const fn frames(&self) -> u64 {
        self.frames
    }

    /// Whether nothing arrived so far.
    pub(super) const fn is_empty(&self) -> bool {
        self.frames + self.texts + self.images + self.damaged == 0
    }

    /// Reports an arrival. `status`: prints a line per second for each stream, if there is no window.
    pub(super) fn take(&mut self, arrival: &Arrival, status: bool) {
        match arrival {
            Arrival::Text { text, origin, sender } => {
                self.texts += 1;
                let (from, peer) = (from(origin, sender.as_ref()), peer(sender.as_ref()));
                let line = format!("{} {}: {text}", local_time(Timestamp::now()), somebody(sender.as_ref()));
                self.output.event(&Event::Text { text, from, peer }, Some(&line));
            }
            Arrival::UnreadableText { bytes, reason, origin, sender } => {
                self.texts += 1;
                let from = origin.from.as_deref();
                let line = format!(
                    "{} {}: a text of {bytes} bytes that cannot be decoded: neither UTF-8 nor a QString ({reason})",
                    local_time(Timestamp::now()),
                    somebody(sender.as_ref())
                );
                self.output.event(&Event::UnreadableText { bytes: *bytes, reason, from }, Some(&line));
            }
            Arrival::Image { file, look, origin, sender } => {
                self.images += 1;
                self.damaged += u64::from(look.is_err());
                let from = from(origin, sender.as_ref());
                let saved = self.save_image(from.unwrap_or("image"), file);
                let what = match look {
                    Ok(StillInfo { size: (width, height), .. }) => format!("a picture: {width}x{height}"),
                    Err(reason) => {
                        let hint = (self.advice)(reason).map(|hint| format!(": {hint}")).unwrap_or_default();
                        format!("a picture that cannot be decoded ({reason}{hint})")
                    }
                };
                let line = format!(
                    "{} sent {what}, {} kB{}",
                    somebody(sender.as_ref()),
                    file.len() / 1000,
                    match &saved {
                        None => String::new(),
                        Some(Ok(path)) => format!(", saved as {path}"),
                        Some(Err(reason)) => format!(", not saved: {reason}"),
                    }
                );
                let size = look.as_ref().ok().map(|look| look.size);
                let reason = look.as_ref().err().map(ToString::to_string);
                let event = Event::Image {
                    bytes: file.len(),
                    format: look.as_ref().ok().map(|look| look.format.extension()),
                    width: size.map(|(width, _)| width),
                    height: size.map(|(_, height)| height),
                    from,
                    peer: peer(sender.as_ref()),
                    reason: reason.as_deref(),
                    saved: saved.as_ref().and_then(|saved| saved.as_deref().ok()),
                    not_saved: saved.as_ref().and_then(|saved| saved.as_ref().err()).map(String::as_str),
                };
                self.output.event(&event, Some(&line));
            }
            Arrival::Frame(frame) => self.frame(frame, status),
            Arrival::Left { .. } => {}
            Arrival::Damaged { id, stream, peer, reason, .. } => {
                self.damaged += 1;
                // A line for the first of each stream only.
                let first = match self.stream(*id) {
                    Some(counted) => {
                        (counted.name, counted.peer) = (Arc::clone(stream), *peer);
                        counted.damaged += 1;
                        counted.damaged == 1
                    }
                    None => false,
                };
                let line = first.then(|| {
                    let reason = advised(reason, self.advice);
                    format!("{}: a frame that cannot be decoded: {reason}", named(stream))
                });
                let event = Event::Damaged { stream, peer: *peer, reason: &reason.to_string() };
                self.output.event(&event, line.as_deref());
            }
        }
    }

    fn frame(&mut self, frame: &ReceivedFrame, status: bool) {
        self.frames += 1;
        self.bytes += frame.bytes as u64;
        // A placeholder's age says nothing about pictures.
        if let Some(age) = frame.age.filter(|_| frame.info.card.is_none()) {
            self.ages.record(age.time);
        }
        if self.output.is_json() {
            self.output.event(&Event::of(frame), None);
        }
        let json = self.output.is_json();
        let Some(stream) = self.stream(frame.id) else {
            self.other_frames += 1;
            return;
        };
        (stream.name, stream.peer) = (Arc::clone(&frame.stream), frame.peer);
        stream.frames += 1;
        if let (Some(seq), Some(last)) = (frame.info.seq, stream.last_seq) {
            // If the number goes back, the sender has restarted.
            stream.lost = stream.lost.saturating_add(seq.saturating_sub(last).saturating_sub(1));
        }
        stream.last_seq = frame.info.seq;
        let now = frame.received_at;
        if frame.info.card.is_none() {
            stream.meter.arrived(now, frame.bytes);
        } else {
            stream.meter = Meter::default();
        }
        let due = stream.told.is_none_or(|told| now.duration_since(told) >= STATUS_INTERVAL);
        if status && due && !json {
            stream.told = Some(now);
            let line = status_line(frame, stream.meter.rates(now), stream.lost);
            self.output.line(&line);
        }
    }

    /// The counters of a stream; `None` if too many streams are counted already.
    fn stream(&mut self, id: StreamId) -> Option<&mut Stream> {
        let known = self.streams.len() < MAX_STREAMS || self.streams.contains_key(&id);
        known.then(|| self.streams.entry(id).or_default())
    }

    /// Saves an image if asked to; returns its path, or why it was not saved.
    fn save_image(&mut self, name: &str, file: &[u8]) -> Option<Result<String, String>> {
        let folder = self.save.as_ref()?;
        Some(save(folder, name, None, file).map_err(|unsaved| {
            let reason = unsaved.to_string();
            if let Unsaved::Io { .. } = unsaved {
                tracing::warn!("{reason}");
                self.unsaved = Some(reason.clone());
            }
            reason
        }))
    }

    /// Why an image could not be saved, the last time that this happened.
    pub(super) fn unsaved(&self) -> Option<&str> {
        self.unsaved.as_deref()
    }

    /// Reports the summary. `skipped`: messages that were too large to be read.
    pub(super) fn summary(&self, skipped: u64) {
        let lost = self.streams.values().fold(0_u64, |sum, stream| sum.saturating_add(stream.lost));
        let ages = (self.ages.count() > 0).then(|| self.ages.percentiles());
        let mut streams: Vec<_> = self.streams.values().collect();
        streams.sort_by(|a, b| (&a.name, a.peer).cmp(&(&b.name, b.peer)));
        let event = Event::Summary {
            frames: self.frames,
            bytes: self.bytes,
            texts: self.texts,
            images: self.images,
            damaged: self.damaged,
            skipped,
            lost,
            age_ms: ages,
            other_frames: self.other_frames,
            streams: streams
                .iter()
                .map(|s| StreamSummary {
                    stream: &s.name,
                    peer: s.peer,
                    frames: s.frames,
                    lost: s.lost,
                    damaged: s.damaged,
                })
                .collect(),
        };
        let age = ages
            .map_or(String::new(), |age| format!("; age {:.1} ms, 99 % below {:.1} ms", age.p50, age.p99));
        let skipped = if skipped > 0 {
            format!(", {} too large to be read", counted(skipped, "message"))
        } else {
            String::new()
        };
        let damaged = match self.damaged {
            0 => String::new(),
            damaged => format!(", {damaged} damaged"),
        };
        let line = format!(
            "{} of {}, {lost} lost{damaged}, {}, {}{skipped}{age}",
            counted(self.frames, "frame"),
            counted(self.streams.len() as u64, "stream"),
            counted(self.texts, "text"),
            counted(self.images, "image")
        );
        self.output.last(&event, Some(&line));
    }
}

fn peer(sender: Option<&Peer>) -> Option<u64> {
    sender.and_then(|sender| sender.peer)
}

/// The sender's name for itself, or the name given to it here.
fn from<'a>(origin: &'a Origin, sender: Option<&'a Peer>) -> Option<&'a str> {
    origin.from.as_deref().or_else(|| sender.map(|sender| &*sender.name).filter(|name| !name.is_empty()))
}

/// The sender's name in a line for people.
fn somebody(sender: Option<&Peer>) -> &str {
    sender.map(|sender| &*sender.name).filter(|name| !name.is_empty()).unwrap_or("somebody")
}

/// A stream's status; without rates if it sends a placeholder instead of pictures.
fn status_line(frame: &ReceivedFrame, rates: Rates, lost: u64) -> String {
    let what = if frame.info.card.is_some() {
        if frame.info.card.as_deref() == Some(FrameInfo::CAMERA_OFF) { "camera off" } else { "no signal" }
            .to_owned()
    } else {
        let age = frame.age.map_or("age unknown".into(), |Age { time, within }| {
            let within = within.map_or("?".into(), |within| format!("{:.1}", millis(within)));
            format!("age {:.1} ±{within} ms", millis(time))
        });
        format!("{:.1} frames/s, {:.1} MB/s, {age}", rates.frames, rates.bytes / 1e6)
    };
    format!("{}: {}x{}, {what}, {lost} lost", named(&frame.stream), frame.header.width, frame.header.height)
}

fn counted(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn named(stream: &str) -> &str {
    if stream.is_empty() { "a stream without a name" } else { stream }
}

#[cfg(test)]
mod tests;
