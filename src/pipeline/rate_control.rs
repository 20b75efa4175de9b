//! Rate control: follows the bytes that the path carries, and keeps queues short.
//!
//! Two things mean congestion: frames replaced by newer ones on the way, and a standing queue
//! ([`DeliveryReport::queued`]). Propagation delay does not: a frame from far away is old however little is sent.
//! Loss shows directly how much the path carries, so the share goes there in one step. A standing queue shows
//! only that it is too much, so the share is reduced by a factor, as in LEDBAT and GCC. Steps that change
//! nothing did not address the cause and are undone. Upwards, the share grows in increasing steps until it
//! reaches what was too much before; there it waits, and tries a little more from time to time. It does not wait if
//! frames have crossed the path much faster than they are sent ([`DeliveryReport::capacity`]): the link is well
//! again. The opposite tells nothing, because a far link that is not full delivers a frame in bursts.

use std::time::{Duration, Instant};

use super::{
    report_window::{LIGHT_TIME, ReportWindow},
    setting::{Ladder, SendSetting},
};
use crate::link::DeliveryReport;

/// The part of the arriving bytes that is sent: slightly less, so that a queue drains.
const ROOM: f64 = 0.95;

/// Factors for the share on a standing queue, and on one of more than twice the limit.
const LESS: (f64, f64) = (0.85, 0.6);

/// Smallest factor for the share on loss: a report of a single moment must not end the picture.
const LARGEST_STEP: f64 = 0.25;

/// Time without congestion between two steps up.
const CALM: Duration = Duration::from_millis(500);

/// Factor of the first step up, and the largest: as in slow start, the share may double.
const GROWTH: (f64, f64) = (1.15, 2.0);

/// Time before the share exceeds what was too much, at first and at most. A link that recovers must be used
/// within 15 s, of which growth takes half.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(5));

/// Factor of a step beyond what was too much.
const TRIAL_STEP: f64 = 1.1;

/// A setting is proven if nothing is lost for this long: a tenth too much loses a frame every third of a
/// second.
const TRIAL: Duration = Duration::from_millis(1_200);

/// Above this share, everything is sent: a lower setting would make no visible difference.
const ALL: f64 = 0.97;

/// Ineffective steps down before they are undone, for a queue and for loss. Loss needs more: links that are
/// just failing look alike at first.
const FUTILE: (u32, u32) = (2, 3);

/// Frames per second that must arrive for their number to be significant: with fewer, one more or less is
/// chance.
const COUNTABLE: f64 = 3.0;

/// A queue within these factors of its former length is unchanged.
const UNCHANGED: (f64, f64) = (0.8, 1.25);

/// How long an ineffective reaction is not repeated, at first and at most.
const ENDURE: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(120));

/// Decides what to send, from reports of what arrived.
#[derive(Clone, Debug)]
pub struct RateControl {
    max_queued: Duration,
    ladder: Ladder,
    setting: SendSetting,
    /// Share of the bytes of all frames at full quality and size.
    share: f64,
    heard: Option<Instant>,
    /// When the setting last changed: earlier frames say nothing about it.
    changed: Option<Instant>,
    window: Option<ReportWindow>,
    calm_since: Option<Instant>,
    growth: Growth,
    futility: Futility,
}

/// The size and the time of the next step up.
#[derive(Clone, Copy, Debug)]
struct Growth {
    /// Factor of the next step up.
    factor: f64,
    /// Largest share carried for a while since congestion was last seen.
    proven: f64,
    /// What arrived when congestion was last seen.
    ceiling: Option<f64>,
    /// Time before more than that is tried.
    patience: Duration,
    /// Whether more is being tried.
    trial: bool,
}

/// Congestion that steps down did not reduce.
#[derive(Clone, Copy, Debug)]
struct Futility {
    attempt: Option<Attempt>,
    endured: Option<Endured>,
    /// How long the next such congestion is ignored.
    time: Duration,
}

/// Consecutive steps down, and the state before them.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    cause: Cause,
    share: f64,
    steps: u32,
    /// Frames per second that arrived.
    arrived: f64,
    queued: Duration,
}

/// Congestion that sending less does not reduce.
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
    /// Only this share of the frames arrives.
    Loss(f64),
    /// A queue stands; true if it is more than twice the limit.
    Queue(Duration, bool),
    Calm,
    Unclear,
}

impl RateControl {
    /// Starts with all frames at `quality` and full size. Frames may spend at most `max_queued` in queues.
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
            window: None,
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

    /// The current setting.
    #[must_use]
    pub const fn setting(&self) -> SendSetting {
        self.setting
    }

    /// Whether everything is sent.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.share >= 1.0
    }

    /// Sets the quality of the source's pictures, which is never exceeded.
    pub fn set_quality(&mut self, quality: u8) {
        self.ladder.set_best(quality);
        self.setting = if self.is_full() { self.ladder.full() } else { self.ladder.setting(self.share) };
    }

    /// Takes a report that arrived at `now`; repeated reports are ignored. Returns whether the setting
    /// changed.
    pub fn on_report(&mut self, report: &DeliveryReport, now: Instant) -> bool {
        if self.heard.replace(report.ready) == Some(report.ready)
            || self.changed.is_some_and(|changed| report.ready < changed)
        {
            return false;
        }
        let Some(window) = &mut self.window else {
            // The first report covers a time in which the setting changed.
            self.window = Some(ReportWindow::new(report, now));
            return false;
        };
        window.add(report, now);
        let has_room = window.has_room(report.capacity, now);
        let verdict = self.verdict(now);
        if matches!(verdict, Verdict::Calm) {
            self.futility.attempt = None;
            let since = *self.calm_since.get_or_insert(now);
            return self.more(now.saturating_duration_since(since), has_room, now);
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
        let Some(window) = &mut self.window else { return Verdict::Unclear };
        let over = now.saturating_duration_since(window.began);
        let limit = window.queue_limit(self.max_queued, over);
        let endures = |cause| endured.filter(|endured| endured.cause == cause);
        if endures(Cause::Loss).is_none()
            && let Some(arrived) = window.loss(over, self.share > self.growth.proven)
        {
            self.calm_since = None;
            return Verdict::Loss(arrived);
        }
        let queued = window.standing_queue(now);
        let limit = limit + endures(Cause::Queue).map_or(Duration::ZERO, |endured| endured.queued);
        if let Some(queued) = queued.filter(|&queued| queued > limit) {
            self.calm_since = None;
            return Verdict::Queue(queued, queued > limit * 2);
        }
        if over > LIGHT_TIME {
            window.restart(now);
        }
        if window.is_lossy() && endures(Cause::Loss).is_none() {
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
        let arrived = self.window.as_ref().map_or(0.0, |window| window.arrived_per_s(now));
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

    fn more(&mut self, calm: Duration, has_room: bool, now: Instant) -> bool {
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
            } else if has_room {
                self.growth.trial = true;
            } else if calm < self.growth.patience {
                return false;
            } else {
                share = self.share * TRIAL_STEP;
                self.growth.trial = true;
            }
        }
        // 1.15, 1.32, 1.75, 2 …: each successful step makes the next one larger.
        self.growth.factor = (self.growth.factor * self.growth.factor).min(GROWTH.1);
        self.set_share(share, now)
    }

    /// Sets the share; returns whether the setting changed.
    fn set_share(&mut self, share: f64, now: Instant) -> bool {
        self.share = if share >= ALL { 1.0 } else { share };
        let before = self.setting;
        self.setting = if self.is_full() { self.ladder.full() } else { self.ladder.setting(self.share) };
        let changed = before != self.setting;
        if changed {
            (self.changed, self.window) = (Some(now), None);
        } else if let Some(window) = &mut self.window {
            window.restart(now);
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
            // Half the bytes and not one frame more: the path limits the number of frames, and drops the rest
            // already.
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
