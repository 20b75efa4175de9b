//! The viewers of a room at other relays: how many a sender has in all, and what their reports say together.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::members::RelayId;
use crate::relay::delivery_delay::{AudienceReport, Median};

/// How long a report from another relay counts: four of the intervals at which relays report.
const REPORT_COUNTS: Duration = Duration::from_secs(1);

/// Where a message came from, and where one may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Neighbour {
    /// A client of this relay.
    Client,
    /// Another relay.
    Relay,
}

impl Neighbour {
    /// Whether a message goes on. What came from a relay goes to clients only: its relay has sent it to all others
    /// itself, and no message can go round in circles.
    #[must_use]
    pub const fn passes(self, to: Self) -> bool {
        matches!((self, to), (Self::Client, _) | (Self::Relay, Self::Client))
    }
}

/// The viewers of a room at other relays.
#[derive(Debug, Default)]
pub(in crate::relay) struct Audience(BTreeMap<RelayId, Viewers>);

#[derive(Debug, Default)]
struct Viewers {
    count: u32,
    /// What it reports about a sender, and when it did.
    reports: BTreeMap<u64, (AudienceReport, Instant)>,
}

/// The most senders whose reports are kept for one relay. More do not send at once to one room that somebody views.
const MAX_SENDERS: usize = 1024;

impl Audience {
    /// Records how many viewers another relay has; returns whether that changes the number of all.
    pub(in crate::relay) fn said(&mut self, relay: RelayId, count: u32) -> bool {
        let viewers = self.0.entry(relay).or_default();
        std::mem::replace(&mut viewers.count, count) != count
    }

    /// Records what another relay reports about the frames of `sender`.
    pub(in crate::relay) fn reported(
        &mut self,
        relay: RelayId,
        sender: u64,
        report: AudienceReport,
        now: Instant,
    ) {
        let Some(viewers) = self.0.get_mut(&relay) else { return };
        viewers.reports.retain(|_, (_, at)| now.saturating_duration_since(*at) < REPORT_COUNTS);
        if viewers.reports.len() < MAX_SENDERS || viewers.reports.contains_key(&sender) {
            viewers.reports.insert(sender, (report, now));
        }
    }

    /// Forgets a relay whose link is down; returns whether that changes the number of all.
    pub(in crate::relay) fn left(&mut self, relay: RelayId) -> bool {
        self.0.remove(&relay).is_some_and(|viewers| viewers.count > 0)
    }

    /// The viewers at all other relays.
    pub(in crate::relay) fn count(&self) -> u32 {
        self.0.values().fold(0, |sum, viewers| sum.saturating_add(viewers.count))
    }

    /// The median over this relay's own viewers and all others, each relay's median counted for as many viewers as it
    /// has. So one far relay with a few viewers does not spoil the picture of many. `link` tells how a relay itself gets
    /// the frames, which its viewers get later by that much.
    pub(in crate::relay) fn median(
        &self,
        sender: Option<u64>,
        own: Option<(AudienceReport, u32)>,
        link: impl Fn(RelayId) -> Option<AudienceReport>,
        now: Instant,
    ) -> Option<AudienceReport> {
        let others = self.0.iter().filter(|(_, viewers)| viewers.count > 0).filter_map(|(relay, viewers)| {
            let report = sender.and_then(|sender| viewers.reports.get(&sender));
            let is_recent = |at: &Instant| now.saturating_duration_since(*at) < REPORT_COUNTS;
            let there = report.filter(|(_, at)| is_recent(at)).map(|(report, _)| *report);
            let report = match (link(*relay), there) {
                (Some(link), Some(there)) => behind(link, there),
                (one, other) => one.or(other)?,
            };
            Some((report, viewers.count))
        });
        let all: Vec<_> = own.into_iter().chain(others).filter(|(_, count)| *count > 0).collect();
        // Descending, since more is better: no limit at all is the best.
        let Reverse(rate) = median_of(&all, |report| Reverse(report.rate.unwrap_or(u64::MAX)))?;
        Some(AudienceReport {
            median: Median {
                late: median_of(&all, |report| report.median.late)?,
                queued: median_of(&all, |report| report.median.queued)?,
                lost: median_of(&all, |report| report.median.lost)?,
            },
            rate: Some(rate).filter(|rate| *rate != u64::MAX),
        })
    }
}

/// How viewers get frames that come over a link.
fn behind(link: AudienceReport, there: AudienceReport) -> AudienceReport {
    let kept = |lost: u8| u32::from(100 - lost.min(100));
    let kept = kept(link.median.lost) * kept(there.median.lost) / 100;
    AudienceReport {
        median: Median {
            late: link.median.late.saturating_add(there.median.late),
            queued: link.median.queued.saturating_add(there.median.queued),
            lost: u8::try_from(100 - kept).unwrap_or(100),
        },
        rate: [link.rate, there.rate].into_iter().flatten().min(),
    }
}

/// The median of a value in reports, each of which counts for so many viewers.
fn median_of<T: Ord>(reports: &[(AudienceReport, u32)], value: impl Fn(&AudienceReport) -> T) -> Option<T> {
    weighted_median(reports.iter().map(|(report, count)| (value(report), *count)).collect())
}

/// The median of values that count several times each; between two, the lower one.
fn weighted_median<T: Ord>(mut values: Vec<(T, u32)>) -> Option<T> {
    values.sort_unstable();
    let all: u64 = values.iter().map(|(_, count)| u64::from(*count)).sum();
    let mut before = 0;
    let middle = values.into_iter().find(|(_, count)| {
        before += u64::from(*count);
        before * 2 >= all
    });
    middle.map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::relay::delivery_delay::lower_median;

    const A: RelayId = RelayId::from_bits(1);
    const B: RelayId = RelayId::from_bits(2);

    fn report(late: u64, lost: u8, rate: Option<u64>) -> AudienceReport {
        let late = Duration::from_millis(late);
        AudienceReport { median: Median { late, queued: late / 2, lost }, rate }
    }

    #[test]
    fn what_came_from_a_relay_goes_to_no_relay() {
        use Neighbour::{Client, Relay};
        assert!(Client.passes(Client) && Client.passes(Relay) && Relay.passes(Client));
        assert!(!Relay.passes(Relay));
    }

    #[test]
    fn viewers_are_counted_at_all_relays() {
        let mut audience = Audience::default();
        assert!(!audience.said(A, 0) && audience.said(A, 3));
        assert!(!audience.said(A, 3) && audience.said(B, 4));
        assert_eq!(audience.count(), 7);
        assert!(audience.left(A) && !audience.left(A));
        assert!(audience.said(B, u32::MAX) && audience.said(A, 1));
        assert_eq!(audience.count(), u32::MAX, "hostile or not, it does not overflow");
    }

    #[test]
    fn frames_are_late_by_the_link_and_by_what_comes_after_it() {
        let (mut audience, now) = (Audience::default(), Instant::now());
        audience.said(A, 1);
        let (link, there) = (report(30, 50, Some(900)), report(10, 20, Some(1000)));
        let median = |audience: &Audience, link| audience.median(Some(7), None, |_| link, now);
        assert_eq!(median(&audience, None), None);
        assert_eq!(median(&audience, Some(link)), Some(link), "its viewers have reported nothing");
        audience.reported(A, 7, there, now);
        assert_eq!(median(&audience, None), Some(there));
        assert_eq!(median(&audience, Some(link)), Some(report(40, 60, Some(900))));
        let fast = AudienceReport { rate: None, ..link };
        assert_eq!(median(&audience, Some(fast)), Some(report(40, 60, Some(1000))));
        assert_eq!(audience.median(None, None, |_| Some(link), now), Some(link), "it has no number yet");
    }

    #[test]
    fn each_viewer_counts_once_wherever_it_is() {
        let (mut audience, now) = (Audience::default(), Instant::now());
        let median =
            |audience: &Audience, sender, own, now| audience.median(Some(sender), own, |_| None, now);
        assert_eq!(median(&audience, 7, None, now), None);
        let own = Some((report(5, 0, None), 3));
        assert_eq!(median(&audience, 7, own, now), Some(report(5, 0, None)));
        audience.reported(A, 7, report(900, 90, Some(100)), now);
        assert_eq!(median(&audience, 7, None, now), None, "it has no viewers");
        audience.said(A, 2);
        audience.reported(A, 7, report(900, 90, Some(100)), now);
        assert_eq!(median(&audience, 7, own, now), Some(report(5, 0, None)), "3 to 2");
        assert_eq!(median(&audience, 7, None, now), Some(report(900, 90, Some(100))));
        assert_eq!(median(&audience, 8, None, now), None, "another sender");
        audience.said(B, 2);
        audience.reported(B, 7, report(50, 1, Some(1000)), now);
        assert_eq!(median(&audience, 7, own, now), Some(report(50, 1, Some(1000))), "of 3, 2 and 2");
        let later = now + REPORT_COUNTS;
        assert_eq!(median(&audience, 7, own, later), Some(report(5, 0, None)), "old reports do not count");
    }

    #[test]
    fn nobody_can_fill_memory() {
        let (mut audience, now) = (Audience::default(), Instant::now());
        audience.said(A, 1);
        (0..3 * MAX_SENDERS as u64).for_each(|sender| audience.reported(A, sender, report(1, 1, None), now));
        assert_eq!(audience.0[&A].reports.len(), MAX_SENDERS);
        audience.reported(A, u64::MAX, report(1, 1, None), now + REPORT_COUNTS);
        assert_eq!(audience.0[&A].reports.len(), 1);
    }

    proptest! {
        #[test]
        fn it_is_the_median_of_as_many_single_ones(values in proptest::collection::vec((0_u128..9, 0_u32..5), 0..9)) {
            let single = values.iter().flat_map(|(value, count)| (0..*count).map(|_| *value));
            prop_assert_eq!(weighted_median(values.iter().copied().filter(|(_, count)| *count > 0).collect()), lower_median(single));
        }
    }
}
