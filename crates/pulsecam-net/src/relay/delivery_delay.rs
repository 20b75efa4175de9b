//! Delivery: when frames were sent to one viewer, and when it received them.

use std::{
    cmp::Reverse,
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::event::ClientId;
use crate::feedback::QueueingDelay;

/// The most unreported frames of one viewer that are remembered: more than a usable path holds.
const MAX_UNDER_WAY: usize = 64;

/// The most senders whose lateness is remembered. A peer that reconnects repeatedly must not fill memory.
const MAX_SENDERS: usize = 64;

/// The time after which an unreported frame counts as late: reports come several times a second.
const OVERDUE: Duration = Duration::from_secs(1);

/// How long a report about a sender's own frame says more than a newer one about another's.
const OWN_REPORT_COUNTS: Duration = Duration::from_secs(5);

/// What one viewer was sent, and what it received.
#[derive(Debug, Default)]
pub(super) struct DeliveryDelay {
    /// Frames whose writing began; the viewer counts the same frames.
    given: u64,
    /// Unreported frames: their number, sender, and arrival at the relay.
    under_way: VecDeque<(u64, ClientId, Instant)>,
    senders: VecDeque<SenderState>,
    /// When the first reported frame arrived at the relay: the reference for comparing the two clocks.
    began: Option<Instant>,
    /// The newest of all reports, of any sender's frames.
    newest: Option<Late>,
    /// Whether it reports. If it does not (an old peer), a frame counts as received once it is written.
    reports: bool,
}

#[derive(Debug)]
struct SenderState {
    id: ClientId,
    late: Option<Late>,
    /// The path of this sender's frames to this viewer. One per sender, because large frames take longer on a
    /// slow link than small ones.
    path: QueueingDelay,
    /// Frames sent, and frames replaced by newer ones, since the sender last got a report.
    given: u64,
    replaced: u64,
}

/// The delays of the newest frame whose arrival at the viewer is known.
#[derive(Clone, Copy, Debug)]
struct Late {
    total: Duration,
    queued: Duration,
    /// When the viewer reported it.
    at: Instant,
}

/// The report to a sender about one viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lateness {
    /// How much later than the relay the viewer gets frames.
    pub(super) late: Duration,
    /// How much of that frames spend in queues.
    pub(super) queued: Duration,
    /// Frames sent to it since the last report.
    pub(super) given: u64,
    /// Frames that newer ones replaced since then.
    pub(super) replaced: u64,
}

impl DeliveryDelay {
    /// Records that the writing began of a frame that came from `sender` at `arrived`.
    pub(super) fn forwarded(&mut self, sender: ClientId, arrived: Instant) {
        self.given += 1;
        if self.under_way.len() == MAX_UNDER_WAY {
            self.under_way.pop_front();
        }
        self.under_way.push_back((self.given, sender, arrived));
        self.sender(sender).given += 1;
    }

    /// Records that a waiting frame of `sender` was replaced by a newer one.
    pub(super) fn replaced(&mut self, sender: ClientId) {
        self.sender(sender).replaced += 1;
    }

    /// Records that everything so far is written.
    pub(super) fn written(&mut self, now: Instant) {
        if !self.reports {
            self.got(self.given, now, None);
        }
    }

    /// Takes the viewer's report that it had `count` frames at `then`. `clock` is the same moment by its
    /// clock, in microseconds. Returns the last frame's sender, and when it arrived at the relay, if the report
    /// is the first about it.
    pub(super) fn reported(
        &mut self,
        count: u64,
        then: Instant,
        clock: Option<i64>,
    ) -> Option<(ClientId, Instant)> {
        self.reports = true;
        self.got(count, then, clock)
    }

    fn got(&mut self, count: u64, then: Instant, clock: Option<i64>) -> Option<(ClientId, Instant)> {
        let mut last = None;
        while let Some(&(number, sender, arrived)) = self.under_way.front()
            && number <= count
        {
            self.under_way.pop_front();
            if number == count {
                let began = *self.began.get_or_insert(arrived);
                let micros = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
                let one_way =
                    clock.map(|clock| clock.saturating_sub(micros(arrived.saturating_duration_since(began))));
                let total = then.saturating_duration_since(arrived);
                last = Some((sender, arrived));
                let sender = self.sender(sender);
                let queued = sender.path.sample(total, one_way, then);
                let late = Late { total, queued, at: then };
                sender.late = Some(late);
                self.newest = Some(late);
            }
        }
        last
    }

    /// How late the frames of `sender` are at this viewer; `None` if that is not known yet.
    pub(super) fn lateness(&mut self, sender: ClientId, now: Instant) -> Option<Lateness> {
        let overdue = self.overdue(sender, now);
        let known = self.sender(sender);
        let (given, replaced) = (std::mem::take(&mut known.given), std::mem::take(&mut known.replaced));
        let (late, queued) = match (known.late, overdue) {
            // Only the time beyond the usual is a queue: a report from far away is not overdue because of the
            // distance.
            (Some(Late { total, queued, .. }), Some(overdue)) => {
                (total.max(overdue), queued.max(overdue.saturating_sub(total + OVERDUE)))
            }
            (Some(Late { total, queued, .. }), None) => (total, queued),
            (None, overdue) => (overdue?, Duration::ZERO),
        };
        Some(Lateness { late, queued, given, replaced })
    }

    /// The same without resetting the report's counts; only for known senders.
    ///
    /// A report is about the newest frame only. That may be another sender's each time, and tells all the same
    /// that the viewer is not late: a viewer that is must not be the only one that counts.
    pub(super) fn known_lateness(&self, sender: ClientId, now: Instant) -> Option<Duration> {
        let own = self.senders.iter().find(|known| known.id == sender)?.late;
        let is_recent = |late: &Late| now.saturating_duration_since(late.at) < OWN_REPORT_COUNTS;
        let late = own.filter(is_recent).or(self.newest).map(|late| late.total);
        late.max(self.overdue(sender, now))
    }

    /// How late the newest frame was that the viewer has reported, whoever's it is.
    #[cfg(feature = "cluster")]
    pub(super) fn newest_lateness(&self, now: Instant) -> Option<Duration> {
        let is_recent = |late: &Late| now.saturating_duration_since(late.at) < OWN_REPORT_COUNTS;
        self.newest.filter(is_recent).map(|late| late.total)
    }

    /// How long the oldest unreported frame of `sender` has been on its way, if it is overdue.
    fn overdue(&self, sender: ClientId, now: Instant) -> Option<Duration> {
        let (_, _, arrived) = self.under_way.iter().find(|(_, whose, _)| *whose == sender)?;
        Some(now.saturating_duration_since(*arrived)).filter(|&time| time > OVERDUE)
    }

    fn sender(&mut self, id: ClientId) -> &mut SenderState {
        let at = match self.senders.iter().position(|sender| sender.id == id) {
            Some(at) => at,
            None => {
                if self.senders.len() == MAX_SENDERS {
                    self.senders.pop_front();
                }
                let path = QueueingDelay::default();
                self.senders.push_back(SenderState { id, late: None, path, given: 0, replaced: 0 });
                self.senders.len() - 1
            }
        };
        &mut self.senders[at]
    }
}

/// The report to a sender about all its viewers: the median of each figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Median {
    pub(super) late: Duration,
    pub(super) queued: Duration,
    /// The percentage of frames that newer ones replaced.
    pub(super) lost: u8,
}

/// How several viewers get the frames of a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AudienceReport {
    pub(super) median: Median,
    /// The bytes per second that the median viewer's link carries, if that is a limit.
    pub(super) rate: Option<u64>,
}

/// Computes the medians over all viewers. Of two, the better one counts: a slow one must not spoil the
/// picture of the other.
pub(super) fn median(all: &[Lateness]) -> Option<Median> {
    let lost = |one: &Lateness| {
        let offered = one.given.saturating_add(one.replaced).max(1);
        u8::try_from(one.replaced.saturating_mul(100) / offered).unwrap_or(100)
    };
    Some(Median {
        late: lower_median(all.iter().map(|one| one.late))?,
        queued: lower_median(all.iter().map(|one| one.queued))?,
        lost: lower_median(all.iter().map(lost))?,
    })
}

/// The median of the viewers' rates, of two the higher one. `None` is a link that is no limit.
pub(super) fn median_rate(rates: Vec<Option<u64>>) -> Option<u64> {
    let descending = rates.into_iter().map(|rate| Reverse(rate.unwrap_or(u64::MAX)));
    lower_median(descending).map(|Reverse(rate)| rate).filter(|&rate| rate != u64::MAX)
}

/// The median; of two, the lower one.
pub(super) fn lower_median<T: Ord>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    let at = values.len().checked_sub(1)? / 2;
    values.into_iter().nth(at)
}

#[cfg(test)]
#[path = "delivery_delay_tests.rs"]
mod tests;
