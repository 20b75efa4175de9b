//! Selects which pictures of a live stream to pass on: the newest, at no more than the requested rate.
//!
//! A live stream cannot be slowed down, so surplus pictures are dropped. Plain types that are given the time.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::pace::Pacer;
use crate::clock::Timestamp;

/// Pictures arriving within this time form a burst, in which none is dropped for a newer one. A program may
/// write several at once, or this one may be scheduled late. Shorter than a camera's frame interval.
const BURST: Duration = Duration::from_millis(20);

/// Pause between the pictures of a burst. The sending side takes one at a time, and would drop all but the
/// last.
const SPREAD: Duration = Duration::from_millis(1);

/// Maximum bytes of a burst that wait beside its newest picture.
const BURST_BYTES: usize = 1 << 20;

/// A picture that arrived.
#[derive(Debug)]
pub(super) struct ArrivedPicture {
    /// When its last byte arrived.
    pub(super) at: Instant,
    /// The same as wall-clock time.
    pub(super) captured: Timestamp,
    /// Number of damaged pictures before it.
    pub(super) damaged: u64,
    pub(super) jpeg: Bytes,
}

/// A rate limit on an even grid: neither jitter nor rounding adds up.
#[derive(Debug)]
pub(super) struct RateLimit {
    interval: Duration,
    /// When the next picture is due; `None` before the first.
    next: Option<Instant>,
}

impl RateLimit {
    /// A limit of `fps` frames per second, clamped to the supported range.
    pub(super) fn new(fps: f64) -> Self {
        Self { interval: Duration::from_secs_f64(1.0 / Pacer::new(fps).fps()), next: None }
    }

    /// Whether a picture that arrives now is passed on at once. It may be early by a quarter of an interval,
    /// so that jitter does not decide which frames of a stream at twice the rate are kept.
    fn lets_through(&mut self, now: Instant) -> bool {
        if self.next.is_some_and(|next| now + self.interval / 4 < next) {
            return false;
        }
        self.passed(now);
        true
    }

    /// Records that a picture is passed on now.
    fn passed(&mut self, now: Instant) {
        self.next = Some(match self.next {
            Some(next) if now < next + self.interval => next + self.interval,
            _ => now + self.interval,
        });
    }

    /// When a picture that was too early is passed on. After its slot has passed without a newer one, or in
    /// its slot if no more can come.
    fn turn(&self, is_last: bool, now: Instant) -> Instant {
        let next = self.next.unwrap_or(now);
        if is_last { next } else { next + self.interval }
    }
}

/// The pictures waiting for the consumer.
#[derive(Debug)]
pub(super) struct LatestFrame {
    ceiling: Option<RateLimit>,
    /// The newest that may be passed on, after those of the same burst.
    ready: VecDeque<ArrivedPicture>,
    /// A newer one that arrived too early.
    early: Option<ArrivedPicture>,
    passed_over: u64,
    /// When a picture was last taken.
    taken: Option<Instant>,
    ended: bool,
}

/// The result of taking a picture.
#[derive(Debug)]
pub(super) enum Next {
    /// A picture.
    Picture(ArrivedPicture),
    /// Nothing yet; try again at this time, or when another picture arrives.
    Wait(Option<Instant>),
    /// The end.
    End,
}

impl LatestFrame {
    /// An empty queue, with a rate limit if given.
    pub(super) fn new(ceiling: Option<RateLimit>) -> Self {
        Self { ceiling, ready: VecDeque::new(), early: None, passed_over: 0, taken: None, ended: false }
    }

    /// Adds a picture that arrived.
    pub(super) fn came(&mut self, picture: ArrivedPicture) {
        if let Some(ceiling) = &mut self.ceiling {
            if !ceiling.lets_through(picture.at) {
                self.passed_over += u64::from(self.early.replace(picture).is_some());
                return;
            }
            self.passed_over += u64::from(self.early.take().is_some()) + self.ready.len() as u64;
            self.ready.clear();
        }
        let oldest = picture.at.checked_sub(BURST);
        self.ready.push_back(picture);
        while let [first, rest @ .., _newest] = self.ready.make_contiguous() {
            let bytes = first.jpeg.len() + rest.iter().map(|came| came.jpeg.len()).sum::<usize>();
            if bytes <= BURST_BYTES && oldest.is_none_or(|oldest| first.at >= oldest) {
                break;
            }
            self.ready.pop_front();
            self.passed_over += 1;
        }
    }

    /// Marks the end: no more pictures will arrive.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Takes the next picture.
    pub(super) fn take(&mut self, now: Instant) -> Next {
        let spread = self.taken.map(|taken| taken + SPREAD).filter(|&spread| spread > now);
        if let (Some(spread), false) = (spread, self.ready.is_empty()) {
            return Next::Wait(Some(spread));
        }
        if let Some(picture) = self.ready.pop_front() {
            self.taken = Some(now);
            return Next::Picture(picture);
        }
        if let (Some(picture), Some(ceiling)) = (self.early.take(), &mut self.ceiling) {
            let turn = ceiling.turn(self.ended, now);
            if turn > now {
                self.early = Some(picture);
                return Next::Wait(Some(turn));
            }
            ceiling.passed(now);
            return Next::Picture(picture);
        }
        if self.ended { Next::End } else { Next::Wait(None) }
    }

    /// Number of pictures dropped in favour of newer ones.
    pub(super) fn passed_over(&self) -> u64 {
        self.passed_over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn picture(number: u64, at: Instant) -> ArrivedPicture {
        ArrivedPicture { at, captured: Timestamp::now(), damaged: number, jpeg: Bytes::from_static(b"jpeg") }
    }

    /// The numbers of the pictures that a waiting consumer gets, and their age at that time.
    fn taken(waiting: &mut LatestFrame, came: impl IntoIterator<Item = Instant>) -> Vec<(u64, Duration)> {
        let mut out = Vec::new();
        let mut take = |waiting: &mut LatestFrame, until: Option<Instant>| loop {
            let now = match waiting.take(until.unwrap_or_else(Instant::now)) {
                Next::Picture(came) => {
                    out.push((came.damaged, until.map_or(Duration::ZERO, |now| now - came.at)));
                    continue;
                }
                other => other,
            };
            return now;
        };
        for (number, at) in came.into_iter().enumerate() {
            // What was due before this one arrived.
            if let Next::Wait(Some(due)) = waiting.take(at - MS)
                && due < at
            {
                take(waiting, Some(due));
            }
            waiting.came(picture(number as u64, at));
            take(waiting, Some(at));
        }
        out
    }

    fn even(start: Instant, fps: f64, seconds: u64) -> impl Iterator<Item = Instant> {
        (0..(fps * seconds as f64) as u64).map(move |n| start + Duration::from_secs_f64(n as f64 / fps))
    }

    #[test]
    fn of_a_stream_twice_as_fast_every_other_picture_goes_on_at_once() {
        let start = Instant::now() + 1000 * MS;
        let jitter = [0, 4, 1, 7, 2, 5, 3].map(|ms| ms * MS);
        let came = even(start, 30.0, 60).zip(jitter.iter().cycle()).map(|(at, jitter)| at + *jitter);
        let mut waiting = LatestFrame::new(Some(RateLimit::new(15.0)));
        let out = taken(&mut waiting, came);
        let numbers: Vec<_> = out.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, (0..900).map(|n| 2 * n).collect::<Vec<_>>());
        assert!(out.iter().all(|(_, age)| *age == Duration::ZERO), "nothing waits");
        assert_eq!(waiting.passed_over(), 900 - 1, "the last is still waiting");
    }

    #[test]
    fn no_more_go_on_than_the_ceiling_and_hardly_fewer() {
        let start = Instant::now() + 1000 * MS;
        for (fps, ceiling) in
            [(25.0, 10.0), (20.0, 15.0), (60.0, 15.0), (30.0, 29.0), (33.0, 30.0), (1000.0, 30.0)]
        {
            let mut waiting = LatestFrame::new(Some(RateLimit::new(ceiling)));
            let out = taken(&mut waiting, even(start, fps, 100));
            let wanted = 100.0 * ceiling;
            assert!(
                (wanted - 3.0..=wanted + 1.0).contains(&(out.len() as f64)),
                "{fps} to {ceiling}: {}",
                out.len()
            );
        }
        for (fps, ceiling) in [(30.0, 30.0), (15.0, 30.0), (0.5, 15.0)] {
            let mut waiting = LatestFrame::new(Some(RateLimit::new(ceiling)));
            let out = taken(&mut waiting, even(start, fps, 100));
            assert_eq!(out.len() as f64, fps * 100.0, "every picture of a slower stream: {fps} to {ceiling}");
        }
    }

    #[test]
    fn what_came_too_early_goes_on_when_nothing_follows() {
        let start = Instant::now();
        let mut waiting = LatestFrame::new(Some(RateLimit::new(10.0)));
        waiting.came(picture(0, start));
        waiting.came(picture(1, start + 10 * MS));
        waiting.came(picture(2, start + 20 * MS));
        assert!(matches!(waiting.take(start + 20 * MS), Next::Picture(ArrivedPicture { damaged: 0, .. })));
        assert!(matches!(waiting.take(start + 20 * MS), Next::Wait(Some(at)) if at == start + 200 * MS));
        assert!(matches!(waiting.take(start + 200 * MS), Next::Picture(ArrivedPicture { damaged: 2, .. })));
        assert!(matches!(waiting.take(start + 200 * MS), Next::Wait(None)));
        assert_eq!(waiting.passed_over(), 1);
        waiting.came(picture(3, start + 210 * MS));
        waiting.end();
        assert!(matches!(waiting.take(start + 220 * MS), Next::Wait(Some(at)) if at == start + 300 * MS));
        assert!(matches!(waiting.take(start + 300 * MS), Next::Picture(ArrivedPicture { damaged: 3, .. })));
        assert!(matches!(waiting.take(start + 300 * MS), Next::End));
    }

    #[test]
    fn a_slow_consumer_gets_the_newest_and_a_burst_comes_whole() {
        let start = Instant::now();
        let mut waiting = LatestFrame::new(None);
        for (number, at) in even(start, 30.0, 2).enumerate() {
            waiting.came(picture(number as u64, at));
        }
        assert!(matches!(waiting.take(start), Next::Picture(ArrivedPicture { damaged: 59, .. })));
        assert!(matches!(waiting.take(start), Next::Wait(None)));
        assert_eq!(waiting.passed_over(), 59);
        for number in 0..20 {
            waiting.came(picture(number, start + 5000 * MS + number as u32 * MS));
        }
        for number in 0..20 {
            let now = start + 5000 * MS + number as u32 * SPREAD;
            assert!(matches!(waiting.take(now), Next::Picture(came) if came.damaged == number));
            assert!(matches!(waiting.take(now), Next::Wait(_)), "one at a time");
        }
        let large = Bytes::from(vec![0; BURST_BYTES]);
        for number in 0..5 {
            waiting.came(ArrivedPicture { jpeg: large.clone(), ..picture(number, start + 9000 * MS) });
        }
        assert!(waiting.ready.len() <= 2, "bounded in bytes");
    }

    #[test]
    fn senseless_rates_are_survived() {
        for fps in [0.0, f64::NAN, f64::INFINITY, -1.0] {
            let mut ceiling = RateLimit::new(fps);
            assert!(ceiling.lets_through(Instant::now()));
        }
    }
}
