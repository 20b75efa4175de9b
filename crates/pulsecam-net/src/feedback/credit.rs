//! Credit: how many frames a viewer that cannot keep up lets the relay send.
//!
//! A viewer that is done with each frame before the next one comes sets no credit, and nothing is said. If it
//! is busy all the time and newer frames replace many of those that wait for it, they crossed the link for
//! nothing. It then says which frame is the last that it wants, so that the newest one waits at the relay
//! instead: as many ahead as link and viewer need to be busy, and no more. The rule is that of the relay's
//! page (`credit.js`), which has to set credit all the time.
//!
//! All streams of a connection share one credit, because they share the link and the decoder.

use std::time::{Duration, Instant};

/// The most frames on the way, as in the page. A viewer that needs more is too far away to be limited without
/// being idle.
const MOST: f64 = 8.0;

/// Part of a frame that a busy viewer is not given: it would only wait there.
const SPARE: f64 = 0.25;

/// The weight of the newest value in a mean.
const NEWEST: f64 = 0.2;

/// The time over which a viewer's load is judged: some frames of a viewer that handles a few per second.
const PERIOD: Duration = Duration::from_secs(1);

/// The time after which a viewer that was done with nothing is judged all the same.
const LONG_PERIOD: Duration = Duration::from_secs(5);

/// Periods of too much in a row before credit is set. One may be a hiccup of the computer.
const OVERLOADED_PERIODS: u32 = 2;

/// The share of given-up frames from which credit is set. With fewer, little is saved.
const GIVEN_UP: f64 = 0.25;

/// The share of a period in which an overloaded viewer is at least busy. One that is idle in between gets its
/// frames in bursts, of which it handles the newest.
const BUSY: f64 = 0.9;

/// The share of a period below which a viewer keeps up. Credit leaves a viewer idle for a fifth of the time at
/// most: `n` frames on the way keep it busy for `n / (n + SPARE)` of it.
const IDLE: f64 = 0.7;

/// The number that means that every frame is wanted: the largest that every language and JSON parser has.
const UNLIMITED: u64 = (1 << 53) - 1;

/// What became of a frame that the viewer has taken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was handled; for so long.
    Used(Duration),
    /// A newer one replaced it before it was shown.
    GivenUp,
}

/// What happened in one period.
#[derive(Clone, Copy, Debug)]
struct Period {
    began: Instant,
    used: u32,
    given_up: u32,
    /// The time in which the viewer had a frame in hand.
    busy: Duration,
}

impl Period {
    const fn new(now: Instant) -> Self {
        Self { began: now, used: 0, given_up: 0, busy: Duration::ZERO }
    }

    fn share_given_up(&self) -> f64 {
        f64::from(self.given_up) / f64::from((self.used + self.given_up).max(1))
    }
}

/// Decides how many frames the other end of a connection may send.
#[derive(Clone, Debug)]
pub(crate) struct Credit {
    /// Whether the other end understands credit.
    able: bool,
    /// Whether the viewer can do without some frames.
    may_miss: bool,
    /// Video messages that arrived on this connection.
    got: u64,
    /// Frames that the viewer has taken up and is not done with, also of an earlier connection.
    in_hand: usize,
    /// Since when it has had any.
    busy_since: Option<Instant>,
    /// The mean time that it has a frame in hand.
    handling: Option<f64>,
    /// The mean time from a frame's first byte to its last, in seconds.
    transfer: Option<f64>,
    period: Period,
    overloaded: u32,
    /// When it was last done with a frame, and when it was at the last judgement.
    done_at: Option<Instant>,
    judged_from: Option<Instant>,
    /// The time per frame of which a viewer that is always busy is capable, in seconds, if it is limited.
    limited_to: Option<f64>,
    /// The last frame that the other end was told, if it was not told that there is no limit.
    told: Option<u64>,
}

impl Credit {
    /// Creates a credit without limit, before the first connection.
    pub(crate) const fn new(now: Instant) -> Self {
        Self {
            able: false,
            may_miss: false,
            got: 0,
            in_hand: 0,
            busy_since: None,
            handling: None,
            transfer: None,
            period: Period::new(now),
            overloaded: 0,
            done_at: None,
            judged_from: None,
            limited_to: None,
            told: None,
        }
    }

    /// Starts the counts of a new connection, on which there is no limit. Frames in hand stay so.
    pub(crate) fn connected(&mut self, now: Instant) {
        let Self { may_miss, in_hand, handling, .. } = *self;
        let busy_since = (in_hand > 0).then_some(now);
        *self = Self { may_miss, in_hand, handling, busy_since, ..Self::new(now) };
    }

    /// Records whether the other end understands credit.
    pub(crate) const fn able(&mut self, able: bool) {
        self.able = able;
    }

    /// Records a video message that arrived, and the time since its first byte, unless that says nothing.
    pub(crate) fn arrived(&mut self, took: Option<Duration>) {
        self.got += 1;
        if let Some(took) = took {
            self.transfer = Some(mean(self.transfer, took));
        }
    }

    /// Records that a waiting frame was replaced before the viewer took it up.
    pub(crate) const fn replaced(&mut self) {
        self.period.given_up = self.period.given_up.saturating_add(1);
    }

    /// Records that the viewer has taken up a frame; `may_miss` tells whether it can do without some.
    pub(crate) fn taken_up(&mut self, may_miss: bool, now: Instant) {
        self.may_miss = may_miss;
        self.in_hand += 1;
        self.busy_since.get_or_insert(now);
    }

    /// Records that the viewer is done with a frame that it had taken up.
    pub(crate) fn done(&mut self, outcome: Outcome, now: Instant) {
        self.in_hand = self.in_hand.saturating_sub(1);
        if self.in_hand == 0
            && let Some(since) = self.busy_since.take()
        {
            self.period.busy += now.saturating_duration_since(since.max(self.period.began));
        }
        match outcome {
            Outcome::Used(time) => {
                self.handling = Some(mean(self.handling, time));
                self.period.used = self.period.used.saturating_add(1);
                self.done_at = Some(now);
                self.judged_from.get_or_insert(now);
            }
            Outcome::GivenUp => self.replaced(),
        }
    }

    /// Whether the other end was told a limit.
    pub(crate) const fn is_limited(&self) -> bool {
        self.told.is_some()
    }

    /// The number of the last wanted frame, if the other end has to be told. `waiting` frames have arrived and
    /// were not taken up.
    pub(crate) fn tell(&mut self, waiting: usize, round_trip: Duration, now: Instant) -> Option<u64> {
        self.judge(now);
        let ahead = self.limited_to.and_then(|pace| self.ahead(pace, round_trip));
        let Some(ahead) = ahead.filter(|_| self.able && self.may_miss) else {
            self.limited_to = None;
            return self.told.take().map(|_| UNLIMITED);
        };
        let done = self.got.saturating_sub((waiting + self.in_hand) as u64);
        let until = done + ahead;
        if self.told.is_some_and(|told| told >= until) {
            return None;
        }
        self.told = Some(until);
        Some(until)
    }

    /// The frames that may be on the way or in hand; `None` if a limit would leave the viewer idle.
    fn ahead(&self, pace: f64, round_trip: Duration) -> Option<u64> {
        let handling = self.handling.unwrap_or_default();
        let each = round_trip.as_secs_f64() + self.transfer.unwrap_or_default() + handling;
        let frames = (each / pace - SPARE).ceil().max(1.0);
        (frames <= MOST).then_some(frames as u64)
    }

    /// Judges the period, if it is over.
    fn judge(&mut self, now: Instant) {
        let over = now.saturating_duration_since(self.period.began);
        let is_telling = self.period.used > 0 || self.limited_to.is_some() || over >= LONG_PERIOD;
        if over < PERIOD || !is_telling {
            return;
        }
        let Period { began, used, busy, .. } = self.period;
        let current = self.busy_since.map(|since| now.saturating_duration_since(since.max(began)));
        let busy = (busy + current.unwrap_or_default()).as_secs_f64() / over.as_secs_f64();
        // From one end of a frame to another: fewer than one may fall into a period.
        let spent = self.done_at.zip(self.judged_from).map(|(to, from)| to.saturating_duration_since(from));
        let pace = spent.filter(|spent| used > 0 && !spent.is_zero());
        let pace = pace.map(|spent| spent.as_secs_f64() / f64::from(used));
        let is_overloaded = busy >= BUSY && self.period.share_given_up() >= GIVEN_UP;
        self.overloaded = if is_overloaded { self.overloaded.saturating_add(1) } else { 0 };
        self.limited_to = match self.limited_to {
            None if self.overloaded >= OVERLOADED_PERIODS => Some(pace.unwrap_or(over.as_secs_f64())),
            None => None,
            Some(_) if busy < IDLE => None,
            // One that is not always busy could do more.
            Some(before) => Some(pace.filter(|_| busy >= BUSY).unwrap_or(before)),
        };
        self.judged_from = self.done_at;
        self.period = Period::new(now);
    }
}

/// A running mean in seconds.
fn mean(before: Option<f64>, newest: Duration) -> f64 {
    let newest = newest.as_secs_f64();
    before.map_or(newest, |before| before + NEWEST * (newest - before))
}

#[cfg(test)]
#[path = "credit_tests.rs"]
mod tests;
