//! Statistics of reports since the setting last changed: how much arrived, and whether a queue stands.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::link::DeliveryReport;

/// A queue stands if it was never shorter than its limit for this long; a burst that drains by itself does
/// not (the distinction of CoDel, RFC 8289).
const STANDING: Duration = Duration::from_millis(500);

/// Reports that must agree on a standing queue or on loss.
const AGREEING: usize = 3;

/// The limit of a standing queue as a part of the user's limit. The rest is time to notice and drain the
/// queue.
const STANDING_PART: f64 = 0.25;

/// The limit is at least this many frame intervals. A link that carries just one frame per interval needs a
/// whole interval for it, which the base of an emptier time does not contain.
const STANDING_INTERVALS: f64 = 1.5;

/// Below this share of arriving frames, two reports are enough.
const HEAVY: f64 = 0.85;

/// Below this share of arriving frames over [`LIGHT_TIME`], the path is overloaded. One frame in fifty is a
/// hiccup.
const LIGHT: f64 = 0.97;

/// How long a light loss must last.
pub(super) const LIGHT_TIME: Duration = Duration::from_secs(2);

/// The factor by which a path must carry more than is sent for that to be seen. Less may be an error: single
/// frames cross a path that has a burst allowance faster than it carries many.
const MUCH_MORE: f64 = 1.5;

/// Observations since the setting last changed.
#[derive(Clone, Debug)]
pub(super) struct ReportWindow {
    pub(super) began: Instant,
    last: (u64, u64),
    last_bytes: u64,
    offered: f64,
    arrived: f64,
    bytes: f64,
    lossy_reports: usize,
    /// The latest consecutive reports of heavy loss.
    heavy: Run,
    /// The latest consecutive reports of any loss.
    lossy: Run,
    queued: VecDeque<(Instant, Duration)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Run {
    reports: usize,
    offered: f64,
    arrived: f64,
}

impl ReportWindow {
    pub(super) fn new(report: &DeliveryReport, now: Instant) -> Self {
        Self {
            began: now,
            last: (report.sent, report.replaced),
            last_bytes: report.sent_bytes,
            offered: 0.0,
            arrived: 0.0,
            bytes: 0.0,
            lossy_reports: 0,
            heavy: Run::default(),
            lossy: Run::default(),
            queued: VecDeque::from([(now, report.queued)]),
        }
    }

    pub(super) fn add(&mut self, report: &DeliveryReport, now: Instant) {
        let sent = report.sent.saturating_sub(self.last.0) as f64;
        let replaced = report.replaced.saturating_sub(self.last.1) as f64;
        self.last = (report.sent, report.replaced);
        self.bytes += report.sent_bytes.saturating_sub(self.last_bytes) as f64;
        self.last_bytes = report.sent_bytes;
        let offered = sent + replaced;
        let arrived = sent * (1.0 - f64::from(report.lost.min(100)) / 100.0);
        self.offered += offered;
        self.arrived += arrived;
        let lossy = arrived < offered;
        self.lossy_reports += usize::from(lossy);
        self.heavy.add(offered, arrived, arrived < offered * HEAVY);
        self.lossy.add(offered, arrived, lossy);
        self.queued.push_back((now, report.queued));
        // Keeps the newest sample that is old enough to show that the queue stands.
        while self.queued.get(1).is_some_and(|(then, _)| now.saturating_duration_since(*then) >= STANDING) {
            self.queued.pop_front();
        }
    }

    /// The share of arriving frames, if it is too small.
    pub(super) fn loss(&self, over: Duration, strictly: bool) -> Option<f64> {
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

    /// The shortest queue of the last while, if it was observed for long enough.
    pub(super) fn standing_queue(&self, now: Instant) -> Option<Duration> {
        let (first, _) = self.queued.front()?;
        let long = now.saturating_duration_since(*first) >= STANDING;
        let shortest = self.queued.iter().map(|(_, queued)| *queued).min();
        shortest.filter(|_| long && self.queued.len() >= AGREEING)
    }

    pub(super) fn queue_limit(&self, max_queued: Duration, over: Duration) -> Duration {
        let interval = if self.offered > 0.0 { over.as_secs_f64() / self.offered } else { 0.0 };
        let least = Duration::from_secs_f64((interval * STANDING_INTERVALS).min(max_queued.as_secs_f64()));
        max_queued.mul_f64(STANDING_PART).max(least)
    }

    pub(super) fn arrived_per_s(&self, now: Instant) -> f64 {
        self.arrived / now.saturating_duration_since(self.began).as_secs_f64().max(0.001)
    }

    /// Whether the path was seen to carry much more than what is sent.
    pub(super) fn has_room(&self, capacity: Option<u64>, now: Instant) -> bool {
        let sent_per_s = self.bytes / now.saturating_duration_since(self.began).as_secs_f64().max(0.001);
        self.bytes > 0.0 && capacity.is_some_and(|capacity| capacity as f64 > sent_per_s * MUCH_MORE)
    }

    /// Whether the last report showed loss.
    pub(super) const fn is_lossy(&self) -> bool {
        self.lossy.reports > 0
    }

    /// Forgets losses, so that old ones do not count with new ones.
    pub(super) fn restart(&mut self, now: Instant) {
        (self.began, self.offered, self.arrived, self.bytes, self.lossy_reports) = (now, 0.0, 0.0, 0.0, 0);
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
