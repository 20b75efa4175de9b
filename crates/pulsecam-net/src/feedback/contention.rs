//! Contention: whether others send on the same path, which would take the place that pacing leaves.
//!
//! A sender that keeps a queue empty gets little of a link on which others keep it full. Two signs tell: frames
//! that are sent while nothing of ours waits on the path wait all the same, and frames take longer from their
//! first byte to their last than they did without pacing. In either case pacing yields for a while, in which frames
//! are started as without it, and then tries again.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::WindowedMin;

/// A wait in the queue that is no measurement error: timers and wake-ups of both ends add up to less.
const QUEUED: Duration = Duration::from_millis(10);

/// Consecutive frames that waited before it counts. One may be a hiccup.
const IN_A_ROW: u32 = 3;

/// How much longer a frame may take with pacing than without. With a link to itself it takes as long; beside
/// a flow under BBR it took 1.4 to 1.7 times as long.
const LONGER: f64 = 1.2;

/// How much longer at least. Less is chance: on a fast link a frame takes as long as a thread's wake-up.
const LONGER_BY: Duration = Duration::from_millis(2);

/// The last frames of a phase whose median tells how long one takes, and how many are enough. A median,
/// because BBR stops for one frame every 10 s to probe the round trip.
const LAST: usize = 9;
const ENOUGH: usize = 7;

/// The first frames of a phase, which still belong to the last one.
const SKIPPED: u32 = 2;

/// The time without pacing at the start, to learn how long a frame takes then. Beside others, a new flow under
/// BBR took that long to get its share.
const LEARNING: Duration = Duration::from_secs(4);

/// The first pause of pacing. Short, because a link that has become slower looks the same at first.
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// How much longer each later pause is. Beside another flow under BBR on a far link, a try of two seconds costs
/// some seconds of a lower share afterwards, so tries must soon be rare.
const LENGTHENS: u32 = 4;

/// The longest pause, and so the longest time for which a link that is free again is not paced.
const LONGEST_PAUSE: Duration = Duration::from_secs(64);

/// Pacing that went well for this long has found a path without others.
const CALM: Duration = Duration::from_secs(10);

/// What a receipt tells about one frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passage {
    /// The time that it waited in queues.
    pub(super) queued: Duration,
    /// The time until its receipt, less the transfer.
    pub(super) round: Duration,
    /// The time from its first byte to its last.
    pub(super) took: Duration,
    /// Its size.
    pub(super) bytes: usize,
    /// Whether nothing of ours was before it when it started.
    pub(super) alone: bool,
}

impl Passage {
    /// Seconds per byte.
    pub(super) fn pace(&self) -> f64 {
        self.took.as_secs_f64() / self.bytes.max(1) as f64
    }
}

/// Watches the queue that frames find, and how long they take.
#[derive(Debug)]
pub(super) struct Contention {
    /// The shortest round trip of a frame and its receipt, without the transfer, in microseconds.
    round_trip: WindowedMin,
    shortest: Option<Duration>,
    /// Consecutive frames that waited: all, and those that were sent alone.
    waited: u32,
    waited_alone: u32,
    /// How long frames take without pacing, and with it.
    free: Phase,
    paced: Phase,
    /// Whether the next frame waits for something of ours.
    disturbed: bool,
    pause: Option<Duration>,
    until: Instant,
}

/// The last frames of one phase: seconds per byte.
#[derive(Clone, Debug, Default)]
struct Phase {
    skipped: u32,
    last: VecDeque<f64>,
}

impl Phase {
    fn add(&mut self, pace: f64) {
        if self.skipped < SKIPPED {
            self.skipped += 1;
            return;
        }
        if self.last.len() == LAST {
            self.last.pop_front();
        }
        self.last.push_back(pace);
    }

    fn median(&self) -> Option<f64> {
        let mut sorted: Vec<_> = self.last.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        (sorted.len() >= ENOUGH).then(|| sorted[sorted.len() / 2])
    }
}

impl Contention {
    /// Starts without pacing, to learn.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            round_trip: WindowedMin::default(),
            shortest: None,
            waited: 0,
            waited_alone: 0,
            free: Phase::default(),
            paced: Phase::default(),
            disturbed: false,
            pause: None,
            until: now + LEARNING,
        }
    }

    /// Handles a frame's passage. Returns whether frames should be sent alone, to find out whose queue it is.
    pub(super) fn sample(&mut self, passage: Passage, now: Instant) -> bool {
        let micros = i64::try_from(passage.round.as_micros()).unwrap_or(i64::MAX);
        self.shortest = Some(Duration::from_micros(self.round_trip.sample(micros, now).unsigned_abs()));
        if self.yields(now) {
            self.free.add(passage.pace());
            return false;
        }
        if std::mem::take(&mut self.disturbed) {
            return false;
        }
        self.paced.add(passage.pace());
        if let (Some(free), Some(paced)) = (self.free.median(), self.paced.median())
            && paced > free * LONGER
            && (paced - free) * passage.bytes as f64 >= LONGER_BY.as_secs_f64()
        {
            return self.pause(now);
        }
        if passage.queued < QUEUED {
            (self.waited, self.waited_alone) = (0, 0);
            if now.saturating_duration_since(self.until) >= CALM {
                self.pause = None;
            }
            return false;
        }
        self.waited += 1;
        self.waited_alone += u32::from(passage.alone);
        if self.waited_alone >= IN_A_ROW {
            return self.pause(now);
        }
        self.waited == IN_A_ROW
    }

    /// Yields for a while. The next try begins with frames that are sent alone.
    fn pause(&mut self, now: Instant) -> bool {
        let pause = self.pause.map_or(FIRST_PAUSE, |pause| (LENGTHENS * pause).min(LONGEST_PAUSE));
        (self.pause, self.until) = (Some(pause), now + pause);
        (self.waited, self.waited_alone) = (0, 0);
        (self.free, self.paced) = (Phase::default(), Phase::default());
        true
    }

    /// Records that something of ours was sent between frames.
    pub(super) const fn disturbed(&mut self) {
        self.disturbed = true;
    }

    /// Whether pacing yields to others' traffic.
    pub(super) fn yields(&self, now: Instant) -> bool {
        now < self.until
    }

    /// The shortest round trip of the last half minute.
    pub(super) const fn round_trip(&self) -> Option<Duration> {
        self.shortest
    }
}
