//! What the window shows, and what it says: streams, link, messages, a card, and the switches of its keys.
//!
//! Knows neither pixels of text nor the window; every question takes the time it is asked at. So each state,
//! from "waiting for frames" to a frozen picture, is tested without a display and without sleeping.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::{
    keys::Command,
    stream::{Counts, Stream},
    update::{Image, LinkState, Update},
};
use crate::{clock::Age, picture::Canvas};

/// How long a message stays: long enough to read two lines and look up again.
const MESSAGE_STAYS: Duration = Duration::from_secs(10);

/// How long a word of the program itself stays.
const NOTICE_STAYS: Duration = Duration::from_secs(5);

/// Messages shown at once; more would cover the picture.
const MOST_MESSAGES: usize = 5;

/// Streams shown at once: beyond that no tile is large enough to see anything, and a sender that makes up
/// names must not fill the memory.
const MOST_STREAMS: usize = 64;

/// Streams whose totals are kept after they left, for the same reason.
const MOST_DEPARTED: usize = 256;

/// What the caller is asked to do: the window itself writes no files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Save a frame of a stream, as received.
    Snapshot {
        /// The stream's name.
        stream: String,
        /// The frame's number, where it has one.
        seq: Option<u64>,
        /// The JPEG.
        jpeg: Bytes,
    },
    /// Save the image that is on display, as received.
    SaveImage {
        /// Who sent it, where that is known.
        sender: Option<String>,
        /// The file.
        jpeg: Bytes,
    },
}

/// A stream and what became of its frames, for the summary at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// The stream's name.
    pub stream: String,
    /// Its frames.
    pub counts: Counts,
}

/// How serious a line is. Never told by colour alone: the words say it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Warning,
    Bad,
}

/// A message on its way out.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) sender: Option<String>,
    pub(crate) text: String,
    /// The program's own word.
    pub(crate) notice: bool,
    until: Instant,
}

/// All that is shown.
#[derive(Debug)]
pub(crate) struct Board {
    host: String,
    link: LinkState,
    pub(crate) streams: Vec<Stream>,
    pub(crate) messages: VecDeque<Message>,
    pub(crate) card: Option<(u64, Image)>,
    pub(crate) paused: bool,
    pub(crate) numbers: bool,
    pub(crate) help: bool,
    stamps: u64,
    departed: Vec<Total>,
}

impl Board {
    /// An empty board that waits for frames from `host`.
    pub(crate) fn new(host: &str) -> Self {
        Self {
            host: host.to_owned(),
            link: LinkState::default(),
            streams: Vec::new(),
            messages: VecDeque::new(),
            card: None,
            paused: false,
            numbers: false,
            help: false,
            stamps: 0,
            departed: Vec::new(),
        }
    }

    /// Takes in what is new. Returns a buffer that is no longer shown.
    pub(crate) fn apply(&mut self, update: Update, now: Instant) -> Option<Arc<Canvas>> {
        match update {
            Update::Frame(frame) => {
                let stamp = self.stamp();
                let room = self.streams.len() < MOST_STREAMS;
                let known = self.streams.iter_mut().find(|stream| stream.name() == frame.stream);
                return match known {
                    Some(stream) => stream.take(frame, stamp, self.paused, now),
                    None if room => {
                        self.streams.push(Stream::new(frame, stamp, now));
                        None
                    }
                    None => Some(frame.canvas),
                };
            }
            Update::Lost { stream, frames } => {
                if let Some(known) = self.streams.iter_mut().find(|known| known.name() == stream) {
                    known.counts.lost += frames;
                }
            }
            Update::Left { stream } => self.remove(|known, _| known.name() == stream, now),
            Update::Text { sender, text } => self.say(sender, text, false, now + MESSAGE_STAYS),
            Update::Notice(text) => self.say(None, text, true, now + NOTICE_STAYS),
            Update::Image(image) => self.card = Some((self.stamp(), image)),
            Update::Link(link) => self.link = link,
            Update::Stop => {}
        }
        None
    }

    /// A name for a picture's content that no other has.
    fn stamp(&mut self) -> u64 {
        self.stamps += 1;
        self.stamps
    }

    fn say(&mut self, sender: Option<String>, text: String, notice: bool, until: Instant) {
        if self.messages.len() >= MOST_MESSAGES {
            self.messages.pop_front();
        }
        self.messages.push_back(Message { sender, text, notice, until });
    }

    fn remove(&mut self, which: impl Fn(&Stream, Instant) -> bool, now: Instant) {
        for stream in self.streams.extract_if(.., |stream| which(stream, now)) {
            if self.departed.len() < MOST_DEPARTED {
                self.departed.push(Total { stream: stream.name().to_owned(), counts: stream.counts });
            }
        }
    }

    /// Takes away what has been shown long enough.
    pub(crate) fn expire(&mut self, now: Instant) {
        self.remove(Stream::gone, now);
        self.messages.retain(|message| message.until > now);
        for stream in self.streams.iter_mut().filter(|stream| stream.stalled(now).is_some()) {
            stream.measure(now);
        }
    }

    /// Does what a key asks for; what is beyond the window is returned.
    pub(crate) fn obey(&mut self, command: Command) -> Vec<Action> {
        match command {
            Command::Pause => {
                self.paused = !self.paused;
                if !self.paused {
                    for stream in &mut self.streams {
                        self.stamps += 1;
                        stream.resume(self.stamps);
                    }
                }
            }
            Command::Numbers => self.numbers = !self.numbers,
            Command::Help => self.help = !self.help,
            // The panel that lies on top goes first.
            Command::Dismiss if self.help => self.help = false,
            Command::Dismiss => self.card = None,
            Command::Save => return self.save(),
            Command::Quit => {}
        }
        Vec::new()
    }

    fn save(&self) -> Vec<Action> {
        if let Some((_, Image { sender, jpeg, .. })) = &self.card {
            return vec![Action::SaveImage { sender: sender.clone(), jpeg: jpeg.clone() }];
        }
        let snapshot = |stream: &Stream| Action::Snapshot {
            stream: stream.name().to_owned(),
            seq: stream.frame.seq,
            jpeg: stream.frame.jpeg.clone(),
        };
        self.streams.iter().map(snapshot).collect()
    }

    /// How long a stream has had no picture, where it may not pass for live: it is silent, or the link is cut.
    pub(crate) fn frozen(&self, stream: &Stream, now: Instant) -> Option<Duration> {
        let cut = matches!(self.link, LinkState::Down { .. } | LinkState::Refused { .. });
        stream.stalled(now).or_else(|| cut.then(|| stream.silence(now)))
    }

    /// How the link is, in a line.
    pub(crate) fn link_line(&self, now: Instant) -> (String, Tone) {
        let host = &self.host;
        match &self.link {
            LinkState::Connecting => (format!("connecting to {host}"), Tone::Warning),
            LinkState::Up { rtt: None } => (host.clone(), Tone::Good),
            LinkState::Up { rtt: Some(rtt) } => (format!("{host} · {} round trip", millis(*rtt)), Tone::Good),
            LinkState::Down { why, retry_at } => match seconds_until(*retry_at, now) {
                0 => (format!("reconnecting to {host}: {why}"), Tone::Bad),
                left => (format!("reconnecting in {left} s: {why}"), Tone::Bad),
            },
            LinkState::Refused { why } => (format!("{host} refused: {why}"), Tone::Bad),
        }
    }

    /// What an empty window says.
    pub(crate) fn headline(&self, now: Instant) -> (String, Tone) {
        match &self.link {
            LinkState::Up { .. } => (format!("waiting for frames from {}", self.host), Tone::Good),
            _ => self.link_line(now),
        }
    }

    /// The last round trip.
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        if let LinkState::Up { rtt } = self.link { rtt } else { None }
    }

    /// When something changes although nothing arrives: a countdown, a message's end, a picture that freezes.
    pub(crate) fn next_change(&self, now: Instant) -> Option<Instant> {
        let countdown = match self.link {
            LinkState::Down { retry_at, .. } if retry_at > now => {
                // One less than the seconds that are displayed: then the number changes.
                let shown = seconds_until(retry_at, now);
                retry_at.checked_sub(Duration::from_secs(shown - 1))
            }
            _ => None,
        };
        let messages = self.messages.iter().map(|message| message.until);
        let streams = self.streams.iter().map(|stream| stream.next_change(now));
        countdown.into_iter().chain(messages).chain(streams).min()
    }

    /// What became of every stream's frames, those that have left included.
    pub(crate) fn totals(&self) -> Vec<Total> {
        let present = self.streams.iter();
        let present = present.map(|stream| Total { stream: stream.name().to_owned(), counts: stream.counts });
        self.departed.iter().cloned().chain(present).collect()
    }
}

/// Whole seconds until then, rounded up: "in 0 s" is now.
fn seconds_until(then: Instant, now: Instant) -> u64 {
    let left = then.saturating_duration_since(now);
    left.as_secs() + u64::from(left.subsec_nanos() > 0)
}

/// A short time as people read it.
pub(crate) fn millis(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1e3;
    match millis {
        ..9.95 => format!("{millis:.1} ms"),
        ..9_999.5 => format!("{millis:.0} ms"),
        _ => format!("{:.0} s", millis / 1e3),
    }
}

/// An age with what may be wrong with it; `±?` where the clocks of two machines are taken as they are.
pub(crate) fn aged(age: Age) -> String {
    let within = age.within.map_or("?".to_owned(), millis);
    format!("{} ±{within}", millis(age.time))
}

#[cfg(test)]
#[path = "board_tests.rs"]
mod tests;
