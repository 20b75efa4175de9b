//! How much of the picture the path carries: the share of the bytes follows what arrives, and queues are kept short.
//!
//! Two things mean congestion: frames that newer ones replace on the way, and a queue that stands ([`Report::queued`]). Distance means
//! nothing: a frame from far away is old however little is sent. Loss tells directly how much the path carries, so the share goes there
//! in one step. A standing queue tells only that it is too much, so the share goes down by a part, as in LEDBAT and GCC. What changes
//! nothing was not the cause and is taken back. Upwards the share grows faster and faster until it reaches what was too much before; there
//! it waits, and tries a little more from time to time.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::setting::{Ladder, Setting};
use crate::link::Report;

/// A queue stands if it was never shorter than its limit for this long: a burst that drains by itself is none (CoDel, RFC 8289,
/// distinguishes the two in the same way).
const STANDING: Duration = Duration::from_millis(500);

/// Reports that at least have to agree, of a queue that stands and of frames that are lost.
const AGREEING: usize = 3;

/// The limit of a standing queue, as a part of the limit that the user set: time for the queue to be noticed and to drain.
const STANDING_PART: f64 = 0.25;

/// The limit is never below this many intervals between two frames. A link that carries just one frame an interval needs a whole
/// interval for it, which the base of an emptier time does not contain.
const STANDING_INTERVALS: f64 = 1.5;

/// Below this share of frames that arrive, two reports are enough.
const HEAVY: f64 = 0.85;

/// Below this share of frames that arrive over [`LIGHT_TIME`], the path carries too much. One frame in fifty is a hiccup.
const LIGHT: f64 = 0.97;

/// How long a light loss has to last.
const LIGHT_TIME: Duration = Duration::from_secs(2);

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
    growth: f64,
    /// The largest share that was carried for a while, since it last was too much.
    proven: f64,
    /// What arrived when it last was too much.
    ceiling: Option<f64>,
    patience: Duration,
    /// Whether more than that is being tried.
    trial: bool,
    attempt: Option<Attempt>,
    endured: Option<Endured>,
    endure: Duration,
}

/// What was seen since the setting last changed.
#[derive(Clone, Debug)]
struct Span {
    began: Instant,
    last: (u64, u64),
    offered: f64,
    arrived: f64,
    lossy_reports: usize,
    /// The reports in a row, up to the last, that told of heavy loss.
    heavy: Run,
    /// The reports in a row that told of any.
    lossy: Run,
    queued: VecDeque<(Instant, Duration)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Run {
    reports: usize,
    offered: f64,
    arrived: f64,
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
            growth: GROWTH.0,
            proven: 1.0,
            ceiling: None,
            patience: PATIENCE.0,
            trial: false,
            attempt: None,
            endured: None,
            endure: ENDURE.0,
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
            self.attempt = None;
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
        let endured = self.endured.filter(|endured| now < endured.until);
        let Some(span) = &mut self.span else { return Verdict::Unclear };
        let over = now.saturating_duration_since(span.began);
        let limit = span.queue_limit(self.max_queued, over);
        let endures = |cause| endured.filter(|endured| endured.cause == cause);
        if endures(Cause::Loss).is_none()
            && let Some(arrived) = span.loss(over, self.share > self.proven)
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
        if span.lossy.reports > 0 && endures(Cause::Loss).is_none() {
            self.calm_since = None;
            return Verdict::Unclear;
        }
        if queued.is_some_and(|queued| queued < limit / 2) { Verdict::Calm } else { Verdict::Unclear }
    }

    fn less(&mut self, cause: Cause, factor: f64, queued: Duration, now: Instant) -> bool {
        if std::mem::take(&mut self.trial) {
            self.patience = (self.patience * 2).min(PATIENCE.1);
        }
        let least = self.ladder.least();
        if self.share <= least {
            return self.set_share(least, now);
        }
        let arrived = self.span.as_ref().map_or(0.0, |span| span.arrived_per_s(now));
        let attempt = match self.attempt {
            Some(attempt) if attempt.cause == cause => Attempt { steps: attempt.steps + 1, ..attempt },
            _ => Attempt { cause, share: self.share, steps: 1, arrived, queued },
        };
        self.attempt = Some(attempt);
        if attempt.is_futile(arrived, queued) {
            self.endured = Some(Endured { cause, queued, until: now + self.endure });
            self.endure = (self.endure * 2).min(ENDURE.1);
            (self.attempt, self.ceiling, self.proven) = (None, None, attempt.share);
            return self.set_share(attempt.share, now);
        }
        let mut share = (self.share * factor.clamp(LARGEST_STEP, ROOM)).max(least);
        if self.proven < self.share {
            // A step up was too large; the one before it was not.
            share = share.max(self.proven).min(self.share * ROOM);
        }
        self.proven = self.proven.min(share);
        self.ceiling = Some(share / ROOM);
        self.growth = GROWTH.0;
        self.set_share(share, now)
    }

    fn more(&mut self, calm: Duration, now: Instant) -> bool {
        if calm >= TRIAL {
            self.proven = self.share;
            if std::mem::take(&mut self.trial) {
                (self.ceiling, self.patience) = (None, PATIENCE.0);
            }
        }
        if self.share >= 1.0 || self.trial || calm < CALM {
            return false;
        }
        let mut share = self.share * self.growth;
        if let Some(ceiling) = self.ceiling {
            let known = ceiling * ROOM;
            if self.share < known * ALL {
                share = share.min(known);
            } else if calm < self.patience {
                return false;
            } else {
                share = self.share * TRIAL_STEP;
                self.trial = true;
            }
        }
        // 1.15, 1.32, 1.75, 2 …: after what was right, the next step is bolder.
        self.growth = (self.growth * self.growth).min(GROWTH.1);
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

impl Span {
    fn new(report: &Report, now: Instant) -> Self {
        Self {
            began: now,
            last: (report.sent, report.replaced),
            offered: 0.0,
            arrived: 0.0,
            lossy_reports: 0,
            heavy: Run::default(),
            lossy: Run::default(),
            queued: VecDeque::from([(now, report.queued)]),
        }
    }

    fn add(&mut self, report: &Report, now: Instant) {
        let sent = report.sent.saturating_sub(self.last.0) as f64;
        let replaced = report.replaced.saturating_sub(self.last.1) as f64;
        self.last = (report.sent, report.replaced);
        let offered = sent + replaced;
        let arrived = sent * (1.0 - f64::from(report.lost.min(100)) / 100.0);
        self.offered += offered;
        self.arrived += arrived;
        let lossy = arrived < offered;
        self.lossy_reports += usize::from(lossy);
        self.heavy.add(offered, arrived, arrived < offered * HEAVY);
        self.lossy.add(offered, arrived, lossy);
        self.queued.push_back((now, report.queued));
        // The newest that is old enough to show that the queue stands stays.
        while self.queued.get(1).is_some_and(|(then, _)| now.saturating_duration_since(*then) >= STANDING) {
            self.queued.pop_front();
        }
    }

    /// The share of the frames that arrives, if it is too small.
    fn loss(&self, over: Duration, strictly: bool) -> Option<f64> {
        let enough = if strictly { AGREEING - 1 } else { AGREEING };
        if self.heavy.reports >= AGREEING - 1 && self.heavy.offered > 0.0 {
            return Some(self.heavy.arrived / self.heavy.offered);
        }
        if strictly && self.lossy.reports >= enough && self.lossy.offered > 0.0 {
            return Some(self.arrived / self.offered);
        }
        let light = over >= LIGHT_TIME && self.lossy_reports >= enough && self.offered > 0.0;
        Some(self.arrived / self.offered).filter(|arrived| light && *arrived < LIGHT)
    }

    /// The shortest queue of the last while, if it has been watched for so long.
    fn standing_queue(&self, now: Instant) -> Option<Duration> {
        let (first, _) = self.queued.front()?;
        let long = now.saturating_duration_since(*first) >= STANDING;
        let shortest = self.queued.iter().map(|(_, queued)| *queued).min();
        shortest.filter(|_| long && self.queued.len() >= AGREEING)
    }

    fn queue_limit(&self, max_queued: Duration, over: Duration) -> Duration {
        let interval = if self.offered > 0.0 { over.as_secs_f64() / self.offered } else { 0.0 };
        let least = Duration::from_secs_f64((interval * STANDING_INTERVALS).min(max_queued.as_secs_f64()));
        max_queued.mul_f64(STANDING_PART).max(least)
    }

    fn arrived_per_s(&self, now: Instant) -> f64 {
        self.arrived / now.saturating_duration_since(self.began).as_secs_f64().max(0.001)
    }

    /// Forgets losses, so that long ago ones do not count with new ones.
    fn restart(&mut self, now: Instant) {
        (self.began, self.offered, self.arrived, self.lossy_reports) = (now, 0.0, 0.0, 0);
        (self.heavy, self.lossy) = (Run::default(), Run::default());
    }
}

impl Run {
    fn add(&mut self, offered: f64, arrived: f64, goes_on: bool) {
        if goes_on {
            self.reports += 1;
            self.offered += offered;
            self.arrived += arrived;
        } else {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
#[path = "rate_control_tests.rs"]
mod tests;
