//! One stream as it is shown: its last frame, how fast and how fresh it is, and whether it is alive.
//!
//! A frozen picture must never look live, so the time since the last frame decides, not the link's word.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use super::update::Frame;
use crate::{clock::Age, picture::Canvas};

/// Silence after which a picture counts as frozen.
pub(crate) const STALLED_AFTER: Duration = Duration::from_secs(1);

/// Silence after which a stream's tile goes.
pub(crate) const GONE_AFTER: Duration = Duration::from_secs(10);

/// A slow stream (a time lapse) is not frozen between two frames: its own pace counts, up to this.
const SLOWEST_PACE: Duration = Duration::from_secs(4);

/// A card changes seldom, and its sender may repeat it slowly: no reason to say that it stands still.
const CARD_STALLED_AFTER: Duration = Duration::from_secs(4);

/// Rates are counted over this time.
const WINDOW: Duration = Duration::from_secs(1);

/// Figures change this often at most: digits that change thirty times a second cannot be read.
const FIGURES_EVERY: Duration = Duration::from_millis(500);

/// Arrivals kept for the rate: a sender that floods costs no more than this.
const MOST_ARRIVALS: usize = 1_000;

/// Frames of a stream and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// On the screen.
    pub shown: u64,
    /// Arrived, and replaced by a newer one before they could be shown.
    pub replaced: u64,
    /// Sent and never arrived, or not decodable.
    pub lost: u64,
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

/// A stream on the board.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) frame: Frame,
    /// Names the content of `frame` for caches.
    pub(crate) stamp: u64,
    pub(crate) counts: Counts,
    pub(crate) figures: Figures,
    refreshed: Instant,
    held: Option<Frame>,
    arrivals: VecDeque<Arrival>,
    last: Instant,
    pace: Duration,
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
        let counts = Counts { shown: 1, replaced: frame.replaced, lost: 0 };
        let mut stream = Self {
            stamp,
            counts,
            figures: Figures::default(),
            refreshed: now,
            held: None,
            arrivals: VecDeque::new(),
            last: now,
            pace: Duration::ZERO,
            frame,
        };
        stream.note_arrival(now);
        stream.measure(now);
        stream
    }

    pub(crate) fn name(&self) -> &str {
        &self.frame.stream
    }

    /// Takes the next frame: to be shown, or while `paused` to be held back. Returns the buffer that is free now.
    pub(crate) fn take(
        &mut self,
        frame: Frame,
        stamp: u64,
        paused: bool,
        now: Instant,
    ) -> Option<Arc<Canvas>> {
        let newest = self.newest();
        let (before, turned) = (newest.seq, newest.card != frame.card);
        self.counts.replaced += frame.replaced;
        if let (Some(before), Some(seq)) = (before, frame.seq) {
            // A smaller number is a sender that started anew, and no loss.
            let missing = seq.saturating_sub(before).saturating_sub(1);
            self.counts.lost += missing.saturating_sub(frame.replaced);
        }
        self.pace = now.saturating_duration_since(self.last).min(SLOWEST_PACE);
        self.last = now;
        if turned {
            // Rates of the camera's pictures and of cards do not mix.
            self.arrivals.clear();
            self.pace = Duration::ZERO;
        }
        let freed = if paused {
            let old = self.held.replace(frame);
            self.counts.replaced += u64::from(old.is_some());
            old
        } else {
            self.counts.shown += 1;
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
            self.counts.shown += 1;
            self.stamp = stamp;
            self.frame = frame;
        }
    }

    fn newest(&self) -> &Frame {
        self.held.as_ref().unwrap_or(&self.frame)
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
        let live = !self.newest().card;
        self.figures = Figures {
            fps: per_second.filter(|_| live),
            bytes_per_second: (mean_bytes * per_second.unwrap_or_default()) as u64,
            age: age.filter(|_| live),
            decode: mean(self.arrivals.iter().map(|arrival| arrival.decode).sum()),
        };
    }

    /// Time without a frame.
    pub(crate) fn silence(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.last)
    }

    fn patience(&self) -> Duration {
        let least = if self.newest().card { CARD_STALLED_AFTER } else { STALLED_AFTER };
        least.max(self.pace * 5 / 2)
    }

    /// How long there has been no picture, where that is too long to call it live.
    pub(crate) fn stalled(&self, now: Instant) -> Option<Duration> {
        let silence = self.silence(now);
        (silence > self.patience()).then_some(silence)
    }

    /// Whether it is time to take the tile away.
    pub(crate) fn gone(&self, now: Instant) -> bool {
        self.silence(now) >= GONE_AFTER.max(self.patience())
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
mod tests {
    use super::*;
    use crate::view::look::frame;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn silence_is_told_after_a_second_and_the_tile_goes_after_ten() {
        let start = Instant::now();
        let stream = Stream::new(frame("a", 0, 8, 8), 1, start);
        assert_eq!(stream.stalled(start + 900 * MS), None);
        let woken = stream.next_change(start + 900 * MS);
        assert!(stream.stalled(woken).is_some(), "the wake-up comes when there is something to say");
        assert_eq!(stream.stalled(start + 3_200 * MS), Some(3_200 * MS));
        assert_eq!(stream.next_change(start + 3_200 * MS), start + 4_000 * MS);
        assert!(!stream.gone(start + 9_900 * MS));
        assert!(stream.gone(start + 10_000 * MS));
    }

    #[test]
    fn a_slow_stream_is_not_frozen_between_two_frames() {
        let start = Instant::now();
        let mut stream = Stream::new(frame("a", 0, 8, 8), 1, start);
        stream.take(frame("a", 1, 8, 8), 2, false, start + 2_000 * MS);
        assert_eq!(stream.stalled(start + 4_000 * MS), None);
        assert!(stream.stalled(start + 7_100 * MS).is_some());
    }

    #[test]
    fn gaps_are_losses_but_for_what_was_replaced_here() {
        let now = Instant::now();
        let mut stream = Stream::new(frame("a", 10, 8, 8), 1, now);
        stream.take(Frame { replaced: 2, ..frame("a", 15, 8, 8) }, 2, false, now);
        assert_eq!(stream.counts, Counts { shown: 2, replaced: 2, lost: 2 });
        stream.take(frame("a", 0, 8, 8), 3, false, now);
        stream.take(Frame { seq: None, ..frame("a", 0, 8, 8) }, 4, false, now);
        assert_eq!(stream.counts, Counts { shown: 4, replaced: 2, lost: 2 }, "a new start is no loss");
    }

    #[test]
    fn a_pause_holds_the_newest_back() {
        let now = Instant::now();
        let mut stream = Stream::new(frame("a", 0, 8, 8), 1, now);
        for seq in 1..=3 {
            stream.take(frame("a", seq, 8, 8), 10 + seq, true, now);
        }
        assert_eq!((stream.frame.seq, stream.stamp), (Some(0), 1));
        stream.resume(20);
        assert_eq!((stream.frame.seq, stream.stamp), (Some(3), 20));
        assert_eq!(stream.counts, Counts { shown: 2, replaced: 2, lost: 0 });
    }

    #[test]
    fn figures_come_from_the_last_second() {
        let start = Instant::now();
        let mut stream = Stream::new(frame("a", 0, 8, 8), 1, start);
        for seq in 1..=60 {
            let at = start + Duration::from_millis(seq * 40);
            let next = Frame {
                decoded: at,
                age: Some(Age { time: 12 * MS, within: Some(MS) }),
                ..frame("a", seq, 8, 8)
            };
            stream.take(next, seq + 1, false, at);
        }
        let end = start + 2_400 * MS;
        stream.measure(end);
        let fps = stream.figures.fps.unwrap();
        assert!((fps - 25.0).abs() < 0.1, "{fps}");
        assert_eq!(stream.figures.age, Some(Age { time: 12 * MS, within: Some(MS) }));
        assert_eq!(stream.figures.bytes_per_second, 25 * stream.frame.jpeg.len() as u64);
        stream.measure(end + 5_000 * MS);
        assert_eq!(stream.figures.age, None);
        assert_eq!(stream.figures.fps, Some(0.0));
    }

    #[test]
    fn a_rate_takes_two_frames() {
        let start = Instant::now();
        let mut stream = Stream::new(frame("a", 0, 8, 8), 1, start);
        assert_eq!(stream.figures.fps, None);
        stream.take(frame("a", 1, 8, 8), 2, false, start + 50 * MS);
        assert_eq!(stream.figures.fps, Some(20.0));
        stream.take(frame("a", 2, 8, 8), 3, false, start + 2_050 * MS);
        assert_eq!(stream.figures.fps, Some(0.5), "a time lapse");
    }

    #[test]
    fn a_card_has_no_rate_and_the_first_picture_after_it_none_yet() {
        let start = Instant::now();
        let mut stream = Stream::new(frame("a", 0, 8, 8), 1, start);
        let card = |seq| Frame { card: true, ..frame("a", seq, 8, 8) };
        stream.take(frame("a", 1, 8, 8), 2, false, start + 50 * MS);
        stream.take(card(2), 3, false, start + 100 * MS);
        stream.take(card(3), 4, false, start + 1_100 * MS);
        assert_eq!((stream.figures.fps, stream.figures.age), (None, None));
        assert_eq!(stream.stalled(start + 4_000 * MS), None, "a card may be repeated slowly");
        assert!(stream.stalled(start + 5_200 * MS).is_some(), "but its sender may go too");
        stream.take(frame("a", 4, 8, 8), 5, false, start + 1_200 * MS);
        assert_eq!(stream.figures.fps, None, "cards are not counted");
        stream.take(frame("a", 5, 8, 8), 6, false, start + 1_250 * MS);
        assert_eq!(stream.figures.fps, Some(20.0));
        assert!(stream.stalled(start + 2_300 * MS).is_some(), "pictures are, again");
    }
}
