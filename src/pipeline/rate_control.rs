//! How much of the picture the path carries: the share of the bytes follows what arrives, and queues are kept short.
//!
//! Two things mean congestion: frames that newer ones replace on the way, and a queue that stands ([`Report::queued`]). Distance means
//! nothing: a frame from far away is old however little is sent. Loss tells directly how much the path carries, so the share goes there
//! in one step. A standing queue tells only that it is too much, so the share goes down by a part, as in LEDBAT and GCC. What changes
//! nothing was not the cause and is taken back. Upwards the share grows faster and faster until it reaches what was too much before; there
//! it waits, and tries a little more from time to time.

use std::time::{Duration, Instant};

use super::{
    setting::{Ladder, Setting},
    span::{LIGHT_TIME, Span},
};
use crate::link::Report;

/// The share of what arrives that is sent: some room, so that a queue drains.
const ROOM: f64 = 0.95;

/// How much less is sent because of a standing queue, and because of one that is twice over its limit.
const LESS: (f64, f64) = (0.85, 0.6);

/// The largest step down because of loss: a report of a single moment must not end the picture.
const LARGEST_STEP: f64 = 0.25;

/// Calm after a step up before the next.
const CALM: Duration = Duration::from_millis(500);

/// Growth of a first step up, and the largest: as in slow start, the share may double.
const GROWTH: (f64, f64) = (1.15, 2.0);

/// Time before the share goes beyond what was too much, at first and at most. A link that recovers has to be used within 15 s, of which
/// growth takes half.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(5));

/// A step beyond what was too much.
const TRIAL_STEP: f64 = 1.1;

/// A setting is proven if nothing is lost for this long: a tenth too much loses a frame every third of a second.
const TRIAL: Duration = Duration::from_millis(1_200);

/// Above this share, all is sent: less would be no other picture.
const ALL: f64 = 0.97;

/// Steps down that leave the queue as it was before they are taken back, and the same for loss, where links that are just failing look
/// alike at first.
const FUTILE: (u32, u32) = (2, 3);

/// Frames a second that at least arrive if their number is to tell anything: with fewer, one more or less is chance.
const COUNTABLE: f64 = 3.0;

/// A queue between these parts of what it was has not changed.
const UNCHANGED: (f64, f64) = (0.8, 1.25);

/// How long what did not help is not tried again, at first and at most.
const ENDURE: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(120));

/// Decides what to send, from reports of what arrived.
#[derive(Clone, Debug)]
pub struct RateControl {
    max_queued: Duration,
    ladder: Ladder,
    setting: Setting,
    /// Of the bytes of all frames at full quality and size.
    share: f64,
    heard: Option<Instant>,
    /// When the setting last changed: earlier frames tell nothing of it.
    changed: Option<Instant>,
    span: Option<Span>,
    calm_since: Option<Instant>,
    growth: Growth,
    futility: Futility,
}

/// How far up the next step goes, and when.
#[derive(Clone, Copy, Debug)]
struct Growth {
    /// What the next step multiplies the share by.
    factor: f64,
    /// The largest share that was carried for a while, since it last was too much.
    proven: f64,
    /// What arrived when it last was too much.
    ceiling: Option<f64>,
    /// Time before more than that is tried.
    patience: Duration,
    /// Whether it is being tried.
    trial: bool,
}

/// What steps down have not helped against.
#[derive(Clone, Copy, Debug)]
struct Futility {
    attempt: Option<Attempt>,
    endured: Option<Endured>,
    /// How long the next such thing is endured.
    time: Duration,
}

/// Steps down in a row, and what there was before them.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    cause: Cause,
    share: f64,
    steps: u32,
    /// Frames a second that arrived.
    arrived: f64,
    queued: Duration,
}

/// What sending less does not change.
#[derive(Clone, Copy, Debug)]
struct Endured {
    cause: Cause,
    queued: Duration,
    until: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Loss,
    Queue,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    /// This share of the frames arrives.
    Loss(f64),
    /// A queue stands; whether it is far over its limit.
    Queue(Duration, bool),
    Calm,
    Unclear,
}

impl RateControl {
    /// Begins with all frames at `quality` and full size. Frames may spend at most `max_queued` in queues.
    #[must_use]
    pub fn new(quality: u8, max_queued: Duration) -> Self {
        let mut ladder = Ladder::new(quality);
        Self {
            max_queued,
            setting: ladder.full(),
            ladder,
            share: 1.0,
            heard: None,
            changed: None,
            span: None,
            calm_since: None,
            growth: Growth {
                factor: GROWTH.0,
                proven: 1.0,
                ceiling: None,
                patience: PATIENCE.0,
                trial: false,
            },
            futility: Futility { attempt: None, endured: None, time: ENDURE.0 },
        }
    }

    /// What to send now.
    #[must_use]
    pub const fn setting(&self) -> Setting {
        self.setting
    }

    /// Whether all is sent.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.share >= 1.0
    }

    /// The quality in which pictures come in: nothing better is ever made of them.
    pub fn set_quality(&mut self, quality: u8) {
        self.ladder.set_best(quality);
        self.setting = if self.is_full() { self.ladder.full() } else { self.ladder.setting(self.share) };
    }

    /// Takes a report that came at `now`, each once. Returns whether the setting changed.
    pub fn hear(&mut self, report: &Report, now: Instant) -> bool {
        if self.heard.replace(report.ready) == Some(report.ready)
            || self.changed.is_some_and(|changed| report.ready < changed)
        {
            return false;
        }
        let Some(span) = &mut self.span else {
            // It covers a time in which the setting changed.
            self.span = Some(Span::new(report, now));
            return false;
        };
        span.add(report, now);
        let verdict = self.verdict(now);
        if matches!(verdict, Verdict::Calm) {
            self.futility.attempt = None;
            let since = *self.calm_since.get_or_insert(now);
            return self.more(now.saturating_duration_since(since), now);
        }
        match verdict {
            Verdict::Loss(arrived) => self.less(Cause::Loss, arrived * ROOM, Duration::ZERO, now),
            Verdict::Queue(queued, far) => {
                self.less(Cause::Queue, if far { LESS.1 } else { LESS.0 }, queued, now)
            }
            Verdict::Calm | Verdict::Unclear => false,
        }
    }

    fn verdict(&mut self, now: Instant) -> Verdict {
        let endured = self.futility.endured.filter(|endured| now < endured.until);
        let Some(span) = &mut self.span else { return Verdict::Unclear };
        let over = now.saturating_duration_since(span.began);
        let limit = span.queue_limit(self.max_queued, over);
        let endures = |cause| endured.filter(|endured| endured.cause == cause);
        if endures(Cause::Loss).is_none()
            && let Some(arrived) = span.loss(over, self.share > self.growth.proven)
        {
            self.calm_since = None;
            return Verdict::Loss(arrived);
        }
        let queued = span.standing_queue(now);
        let limit = limit + endures(Cause::Queue).map_or(Duration::ZERO, |endured| endured.queued);
        if let Some(queued) = queued.filter(|&queued| queued > limit) {
            self.calm_since = None;
            return Verdict::Queue(queued, queued > limit * 2);
        }
        if over > LIGHT_TIME {
            span.restart(now);
        }
        if span.is_lossy() && endures(Cause::Loss).is_none() {
            self.calm_since = None;
            return Verdict::Unclear;
        }
        if queued.is_some_and(|queued| queued < limit / 2) { Verdict::Calm } else { Verdict::Unclear }
    }

    fn less(&mut self, cause: Cause, factor: f64, queued: Duration, now: Instant) -> bool {
        if std::mem::take(&mut self.growth.trial) {
            self.growth.patience = (self.growth.patience * 2).min(PATIENCE.1);
        }
        let least = self.ladder.least();
        if self.share <= least {
            return self.set_share(least, now);
        }
        let arrived = self.span.as_ref().map_or(0.0, |span| span.arrived_per_s(now));
        let attempt = match self.futility.attempt {
            Some(attempt) if attempt.cause == cause => Attempt { steps: attempt.steps + 1, ..attempt },
            _ => Attempt { cause, share: self.share, steps: 1, arrived, queued },
        };
        self.futility.attempt = Some(attempt);
        if attempt.is_futile(arrived, queued) {
            self.futility.endured = Some(Endured { cause, queued, until: now + self.futility.time });
            self.futility.time = (self.futility.time * 2).min(ENDURE.1);
            (self.futility.attempt, self.growth.ceiling, self.growth.proven) = (None, None, attempt.share);
            return self.set_share(attempt.share, now);
        }
        let mut share = (self.share * factor.clamp(LARGEST_STEP, ROOM)).max(least);
        if self.growth.proven < self.share {
            // A step up was too large; the one before it was not.
            share = share.max(self.growth.proven).min(self.share * ROOM);
        }
        self.growth.proven = self.growth.proven.min(share);
        self.growth.ceiling = Some(share / ROOM);
        self.growth.factor = GROWTH.0;
        self.set_share(share, now)
    }

    fn more(&mut self, calm: Duration, now: Instant) -> bool {
        if calm >= TRIAL {
            self.growth.proven = self.share;
            if std::mem::take(&mut self.growth.trial) {
                (self.growth.ceiling, self.growth.patience) = (None, PATIENCE.0);
            }
        }
        if self.share >= 1.0 || self.growth.trial || calm < CALM {
            return false;
        }
        let mut share = self.share * self.growth.factor;
        if let Some(ceiling) = self.growth.ceiling {
            let known = ceiling * ROOM;
            if self.share < known * ALL {
                share = share.min(known);
            } else if calm < self.growth.patience {
                return false;
            } else {
                share = self.share * TRIAL_STEP;
                self.growth.trial = true;
            }
        }
        // 1.15, 1.32, 1.75, 2 …: after what was right, the next step is bolder.
        self.growth.factor = (self.growth.factor * self.growth.factor).min(GROWTH.1);
        self.set_share(share, now)
    }

    /// Whether the setting is another than before.
    fn set_share(&mut self, share: f64, now: Instant) -> bool {
        self.share = if share >= ALL { 1.0 } else { share };
        let before = self.setting;
        self.setting = if self.is_full() { self.ladder.full() } else { self.ladder.setting(self.share) };
        let changed = before != self.setting;
        if changed {
            (self.changed, self.span) = (Some(now), None);
        } else if let Some(span) = &mut self.span {
            span.restart(now);
        }
        self.calm_since = None;
        changed
    }
}

impl Attempt {
    /// Whether steps down have changed nothing.
    fn is_futile(&self, arrived: f64, queued: Duration) -> bool {
        match self.cause {
            Cause::Queue => {
                let (least, most) = (self.queued.mul_f64(UNCHANGED.0), self.queued.mul_f64(UNCHANGED.1));
                self.steps > FUTILE.0 && (least..=most).contains(&queued)
            }
            // Half the bytes and not one frame more: it is frames that are too many, and they are left out on the way already.
            Cause::Loss => {
                let known = self.arrived >= COUNTABLE && arrived >= COUNTABLE;
                self.steps > FUTILE.1 && known && arrived < self.arrived * UNCHANGED.1
            }
        }
    }
}

#[cfg(test)]
#[path = "rate_control_tests.rs"]
mod tests;
