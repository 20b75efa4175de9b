//! One stream as it is shown: its last frame, how fast and how fresh it is, and whether it is alive.
//!
//! A frozen picture must never look live, so the time since the last frame decides, not the link's word.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::update::{Account, Card, Damaged, Frame};
use crate::{clock::Age, picture::Canvas, stream_id::StreamId};

/// Silence after which a picture counts as frozen.
pub(crate) const STALLED_AFTER: Duration = Duration::from_secs(1);

/// Silence after which a stream's tile goes: a sender that connects again, or is started again, keeps its place.
pub(crate) const GONE_AFTER: Duration = Duration::from_secs(30);

/// An age from which a picture is called late: beyond it people cannot talk with each other (ITU-T G.114).
const LATE_AFTER: Duration = Duration::from_millis(400);

/// A slow stream (a time lapse) is not frozen between two frames: its own pace counts, up to this.
const SLOWEST_PACE: Duration = Duration::from_secs(4);

/// A card changes seldom, and its sender may repeat it slowly: no reason to say that it stands still.
const CARD_STALLED_AFTER: Duration = Duration::from_secs(4);

/// The size of a tile whose pictures cannot be decoded, if not even their size is known.
const UNKNOWN_SIZE: (usize, usize) = (640, 360);

/// Rates are counted over this time.
const WINDOW: Duration = Duration::from_secs(1);

/// Figures change this often at most: digits that change thirty times a second cannot be read.
const FIGURES_EVERY: Duration = Duration::from_millis(500);

/// Arrivals kept for the rate: a sender that floods costs no more than this.
const MOST_ARRIVALS: usize = 1_000;

/// Samples of the graphs: a minute, at two a second.
pub(crate) const SAMPLES: usize = 120;

/// Frames of a stream and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// On the screen.
    pub shown: u64,
    /// Arrived, and replaced by a newer one before they could be shown.
    pub replaced: u64,
    /// Left out by the sender.
    pub left_out: u64,
    /// Sent and never arrived.
    pub lost: u64,
    /// Arrived and not decodable.
    pub damaged: u64,
}

/// What a picture is worth: whether it is what the camera sees now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    Live,
    /// It comes, but so much too late.
    Late(Duration),
    /// A card says why there is none.
    Card(Card),
    /// It has stood still for so long.
    Frozen(Duration),
    /// Pictures come, and none of them can be decoded ([`Stream::reason`]).
    Undecodable,
}

/// What is measured of a stream, as it is displayed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Figures {
    /// Unknown until a second frame has come, and while a card is all that comes.
    pub(crate) fps: Option<f32>,
    pub(crate) bytes_per_second: u64,
    pub(crate) age: Option<Age>,
    pub(crate) decode: Duration,
}

/// What the graphs show of half a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sample {
    pub(crate) fps: f32,
    pub(crate) age: Option<Duration>,
}

/// A stream on the board.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) frame: Frame,
    /// Names the content of `frame` for caches.
    pub(crate) stamp: u64,
    pub(crate) figures: Figures,
    /// The last minute, the newest last.
    pub(crate) samples: VecDeque<Sample>,
    shown: u64,
    /// What was counted of the stream before this tile showed any of it.
    before: Account,
    sampled: Option<Instant>,
    refreshed: Instant,
    held: Option<Frame>,
    arrivals: VecDeque<Arrival>,
    last: Instant,
    pace: Duration,
    /// When the last frame came that could not be decoded, and why; nothing once another came that could.
    undecodable: Option<(Instant, String)>,
}

#[derive(Clone, Copy, Debug)]
struct Arrival {
    at: Instant,
    bytes: usize,
    age: Option<Age>,
    decode: Duration,
}

impl Stream {
    pub(crate) fn new(frame: Frame, stamp: u64, now: Instant) -> Self {
        let mut stream = Self {
            stamp,
            figures: Figures::default(),
            samples: VecDeque::new(),
            shown: 1,
            before: Account { arrived: frame.account.arrived.saturating_sub(1), ..frame.account },
            sampled: None,
            refreshed: now,
            held: None,
            arrivals: VecDeque::new(),
            last: now,
            pace: Duration::ZERO,
            undecodable: None,
            frame,
        };
        stream.note_arrival(now);
        stream.measure(now);
        stream
    }

    /// A stream of which no frame can be decoded: there is nothing to show, but that.
    pub(crate) fn undecodable(damaged: Damaged, stamp: u64, now: Instant) -> Self {
        let frame = Frame {
            stream: damaged.stream,
            name: Arc::clone(&damaged.name),
            peer: damaged.peer,
            seq: None,
            canvas: Arc::default(),
            size: damaged.size.unwrap_or(UNKNOWN_SIZE),
            jpeg: Bytes::new(),
            age: None,
            decoded: now,
            decode: Duration::ZERO,
            account: Account::default(),
            card: None,
        };
        let mut stream = Self::new(frame, stamp, now);
        stream.shown = 0;
        stream.arrivals.clear();
        stream.figures = Figures::default();
        stream.damaged(damaged, now);
        stream
    }

    /// A frame came that cannot be decoded.
    pub(crate) fn damaged(&mut self, damaged: Damaged, now: Instant) {
        let newest = self.held.as_mut().unwrap_or(&mut self.frame);
        let account = &mut newest.account;
        account.arrived = account.arrived.saturating_add(1).max(damaged.damaged);
        account.damaged = account.damaged.max(damaged.damaged);
        self.undecodable = Some((now, damaged.reason));
    }

    /// Why its pictures cannot be decoded.
    pub(crate) fn reason(&self) -> &str {
        self.undecodable.as_ref().map_or("", |(_, reason)| reason)
    }

    /// Whether there is a picture of it.
    pub(crate) fn has_picture(&self) -> bool {
        self.shown > 0
    }

    /// Which it is, whatever it is called.
    pub(crate) fn id(&self) -> StreamId {
        self.frame.stream
    }

    /// What it is called.
    pub(crate) fn name(&self) -> &str {
        &self.frame.name
    }

    /// Takes the next frame: to be shown, or while `paused` to be held back. Returns the buffer that is free now.
    pub(crate) fn take(
        &mut self,
        frame: Frame,
        stamp: u64,
        paused: bool,
        now: Instant,
    ) -> Option<Arc<Canvas>> {
        let turned = self.newest().card != frame.card;
        self.undecodable = None;
        self.pace = now.saturating_duration_since(self.last).min(SLOWEST_PACE);
        self.last = now;
        if turned {
            // Rates of the camera's pictures and of cards do not mix.
            self.arrivals.clear();
            self.pace = Duration::ZERO;
        }
        // A tile without a picture has nothing to hold on to.
        let freed = if paused && self.has_picture() {
            self.held.replace(frame)
        } else {
            self.shown += 1;
            self.stamp = stamp;
            Some(std::mem::replace(&mut self.frame, frame))
        };
        self.note_arrival(now);
        let unknown = self.figures.fps.is_none();
        if turned || unknown || now.saturating_duration_since(self.refreshed) >= FIGURES_EVERY {
            self.measure(now);
        }
        freed.map(|frame| frame.canvas)
    }

    /// Shows the frame that a pause held back.
    pub(crate) fn resume(&mut self, stamp: u64) {
        if let Some(frame) = self.held.take() {
            self.shown += 1;
            self.stamp = stamp;
            self.frame = frame;
        }
    }

    fn newest(&self) -> &Frame {
        self.held.as_ref().unwrap_or(&self.frame)
    }

    /// What became of its frames.
    pub(crate) fn counts(&self) -> Counts {
        let (Account { arrived, left_out, lost, damaged }, before) = (self.newest().account, self.before);
        let arrived = arrived.saturating_sub(before.arrived);
        let damaged = damaged.saturating_sub(before.damaged);
        Counts {
            shown: self.shown,
            replaced: arrived.saturating_sub(self.shown).saturating_sub(damaged),
            left_out: left_out.saturating_sub(before.left_out),
            lost: lost.saturating_sub(before.lost),
            damaged,
        }
    }

    /// Takes the same picture at another size; gives back what is not shown any more.
    pub(crate) fn fit(&mut self, canvas: Arc<Canvas>) -> Arc<Canvas> {
        std::mem::replace(&mut self.frame.canvas, canvas)
    }

    fn note_arrival(&mut self, now: Instant) {
        let Frame { jpeg, age, decoded, decode, .. } = self.newest();
        // It has grown older since it was decoded.
        let age = age.map(|age| age.later(now.saturating_duration_since(*decoded)));
        let arrival = Arrival { at: now, bytes: jpeg.len(), age, decode: *decode };
        if self.arrivals.len() >= MOST_ARRIVALS {
            self.arrivals.pop_front();
        }
        self.arrivals.push_back(arrival);
    }

    /// Brings the figures up to date.
    pub(crate) fn measure(&mut self, now: Instant) {
        while self.arrivals.front().is_some_and(|arrival| now.saturating_duration_since(arrival.at) >= WINDOW)
        {
            self.arrivals.pop_front();
        }
        self.refreshed = now;
        let count = self.arrivals.len();
        // Between the first and the last there is one interval less than there are frames.
        let span = self.arrivals.front().map(|first| self.last.saturating_duration_since(first.at));
        let per_second = match span {
            Some(span) if count > 1 && !span.is_zero() => Some((count - 1) as f32 / span.as_secs_f32()),
            Some(_) if !self.pace.is_zero() => Some(self.pace.as_secs_f32().recip()),
            Some(_) => None,
            None => Some(0.0),
        };
        let bytes: u64 = self.arrivals.iter().map(|arrival| arrival.bytes as u64).sum();
        let mean_bytes = bytes as f32 / count.max(1) as f32;
        let mean =
            |sum: Duration| sum.checked_div(u32::try_from(count).unwrap_or(u32::MAX)).unwrap_or_default();
        let ages: Option<Vec<Age>> = self.arrivals.iter().map(|arrival| arrival.age).collect();
        let ages = ages.filter(|ages| !ages.is_empty());
        let age = ages.map(|ages| Age {
            time: mean(ages.iter().map(|age| age.time).sum()),
            // The worst of them.
            within: ages
                .iter()
                .map(|age| age.within)
                .collect::<Option<Vec<_>>>()
                .and_then(|all| all.into_iter().max()),
        });
        let live = self.newest().card.is_none();
        self.figures = Figures {
            fps: per_second.filter(|_| live),
            bytes_per_second: (mean_bytes * per_second.unwrap_or_default()) as u64,
            age: age.filter(|_| live),
            decode: mean(self.arrivals.iter().map(|arrival| arrival.decode).sum()),
        };
        if self.sampled.is_none_or(|sampled| now.saturating_duration_since(sampled) >= FIGURES_EVERY) {
            self.sampled = Some(now);
            if self.samples.len() == SAMPLES {
                self.samples.pop_front();
            }
            let Figures { fps, age, .. } = self.figures;
            self.samples.push_back(Sample { fps: fps.unwrap_or_default(), age: age.map(|age| age.time) });
        }
    }

    /// What its picture is worth; `cut`: nothing can come.
    pub(crate) fn life(&self, cut: bool, now: Instant) -> Life {
        let frozen = self.stalled(now).or_else(|| cut.then(|| self.silence(now)));
        let comes = |(at, _): &(Instant, String)| now.saturating_duration_since(*at) <= CARD_STALLED_AFTER;
        let bad = self.undecodable.as_ref().is_some_and(comes) && (frozen.is_some() || !self.has_picture());
        if bad && !cut {
            return Life::Undecodable;
        }
        // Where nothing is known of how the clocks go together, an age may as well be their difference.
        let age = self.figures.age.and_then(|age| Some(age.time.saturating_sub(age.within?)));
        match (frozen, self.frame.card, age) {
            (Some(silence), ..) => Life::Frozen(silence),
            (None, Some(card), _) => Life::Card(card),
            (None, None, Some(age)) if age >= LATE_AFTER => Life::Late(age),
            _ => Life::Live,
        }
    }

    /// Time without a frame that could be shown.
    pub(crate) fn silence(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.last)
    }

    /// Time without any frame.
    fn absence(&self, now: Instant) -> Duration {
        let bad = self.undecodable.as_ref().map(|(at, _)| now.saturating_duration_since(*at));
        bad.map_or(self.silence(now), |bad| bad.min(self.silence(now)))
    }

    fn patience(&self) -> Duration {
        let least = if self.newest().card.is_some() { CARD_STALLED_AFTER } else { STALLED_AFTER };
        least.max(self.pace * 5 / 2)
    }

    /// How long there has been no picture, where that is too long to call it live.
    pub(crate) fn stalled(&self, now: Instant) -> Option<Duration> {
        let silence = self.silence(now);
        (silence > self.patience()).then_some(silence)
    }

    /// Whether it is time to take the tile away.
    pub(crate) fn gone(&self, now: Instant) -> bool {
        self.absence(now) >= GONE_AFTER.max(self.patience())
    }

    /// When its appearance will change although nothing arrives.
    pub(crate) fn next_change(&self, now: Instant) -> Instant {
        match self.stalled(now) {
            // The next whole second, which is what the display counts.
            Some(silence) => self.last + Duration::from_secs(silence.as_secs() + 1),
            None => self.last + self.patience() + Duration::from_millis(1),
        }
    }
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
