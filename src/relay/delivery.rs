//! When frames were given to one viewer, and when it got them.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::member::ClientId;

/// Frames under way to one viewer that are remembered: more than fit between a relay and a viewer that still makes sense.
const MAX_UNDER_WAY: usize = 64;

/// Senders of which it is known how late their frames are. A peer that joins again and again must not fill memory.
const MAX_SENDERS: usize = 64;

/// A frame that is unreported for so long counts as late: reports come several times a second.
const OVERDUE: Duration = Duration::from_secs(1);

/// What one viewer was given and got.
#[derive(Debug, Default)]
pub(super) struct Delivery {
    /// Frames whose writing began; the viewer counts the same ones.
    given: u64,
    /// Frames that it has not reported: their number, whose they are, when they came to the relay.
    under_way: VecDeque<(u64, ClientId, Instant)>,
    senders: VecDeque<Sender>,
    /// Whether it reports. Of one that does not (an old peer), a frame has arrived once it is written.
    reports: bool,
}

#[derive(Debug)]
struct Sender {
    id: ClientId,
    late: Option<Duration>,
    /// Frames given since the sender was last told.
    given: u32,
}

/// What a sender is told of one viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lateness {
    /// How long after the relay the viewer gets frames.
    pub(super) late: Duration,
    /// Frames given to it since this was last asked.
    pub(super) given: u32,
}

impl Delivery {
    /// The writing of a frame began that came from `sender` at `arrived`.
    pub(super) fn given(&mut self, sender: ClientId, arrived: Instant) {
        self.given += 1;
        if self.under_way.len() == MAX_UNDER_WAY {
            self.under_way.pop_front();
        }
        self.under_way.push_back((self.given, sender, arrived));
        self.sender(sender).given += 1;
    }

    /// All that was given is written.
    pub(super) fn written(&mut self, now: Instant) {
        if !self.reports {
            self.got(self.given, now);
        }
    }

    /// The viewer says that it had so many frames at `then`.
    pub(super) fn reported(&mut self, count: u64, then: Instant) {
        self.reports = true;
        self.got(count, then);
    }

    fn got(&mut self, count: u64, then: Instant) {
        while let Some(&(number, sender, arrived)) = self.under_way.front()
            && number <= count
        {
            self.under_way.pop_front();
            if number == count {
                self.sender(sender).late = Some(then.saturating_duration_since(arrived));
            }
        }
    }

    /// How late the frames of `sender` are at this viewer; `None` where that is not known yet.
    pub(super) fn lateness(&mut self, sender: ClientId, now: Instant) -> Option<Lateness> {
        let oldest = self.under_way.iter().find(|(_, whose, _)| *whose == sender);
        let overdue =
            oldest.map(|(_, _, arrived)| now.duration_since(*arrived)).filter(|&time| time > OVERDUE);
        let known = self.sender(sender);
        let given = std::mem::take(&mut known.given);
        let late = known.late.max(overdue)?;
        Some(Lateness { late, given })
    }

    /// The same without taking part in what the sender is told; of senders that are known only.
    pub(super) fn known_lateness(&self, sender: ClientId, now: Instant) -> Option<Duration> {
        let oldest = self.under_way.iter().find(|(_, whose, _)| *whose == sender);
        let overdue =
            oldest.map(|(_, _, arrived)| now.duration_since(*arrived)).filter(|&time| time > OVERDUE);
        self.senders.iter().find(|known| known.id == sender)?.late.max(overdue)
    }

    fn sender(&mut self, id: ClientId) -> &mut Sender {
        let at = match self.senders.iter().position(|sender| sender.id == id) {
            Some(at) => at,
            None => {
                if self.senders.len() == MAX_SENDERS {
                    self.senders.pop_front();
                }
                self.senders.push_back(Sender { id, late: None, given: 0 });
                self.senders.len() - 1
            }
        };
        &mut self.senders[at]
    }
}

/// What a sender is told of all its viewers: the middle one's lateness, and of `frames` that came how many of a hundred the middle one
/// was not given. Of two the better counts: one that is slow shall not spoil the picture of the other.
pub(super) fn middle(mut all: Vec<Lateness>, frames: u32) -> Option<(Duration, u8)> {
    let at = all.len().checked_sub(1)? / 2;
    all.sort_by_key(|one| one.late);
    let late = all[at].late;
    all.sort_by_key(|one| std::cmp::Reverse(one.given));
    let lost = u64::from(frames.saturating_sub(all[at].given)) * 100 / u64::from(frames.max(1));
    Some((late, u8::try_from(lost).unwrap_or(100)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_report_tells_how_late_a_frame_came() {
        let start = Instant::now();
        let mut delivery = Delivery::default();
        for frame in 0..4 {
            delivery.given(7 + u64::from(frame % 2), start + frame * 10 * MS);
        }
        assert_eq!(delivery.lateness(7, start), None);
        delivery.reported(3, start + 120 * MS);
        assert_eq!(delivery.lateness(7, start + 130 * MS), Some(Lateness { late: 100 * MS, given: 0 }));
        assert_eq!(delivery.lateness(8, start + 130 * MS), None, "its first was not the last that came");
        delivery.given(7, start + 200 * MS);
        delivery.written(start + 201 * MS);
        assert_eq!(delivery.lateness(7, start + 300 * MS).unwrap().late, 100 * MS, "it reports itself");
        assert_eq!(delivery.lateness(7, start + 1300 * MS).unwrap().late, 1100 * MS, "overdue");
    }

    #[test]
    fn a_viewer_that_does_not_report_has_what_is_written() {
        let start = Instant::now();
        let mut delivery = Delivery::default();
        delivery.given(7, start);
        delivery.written(start + 40 * MS);
        assert_eq!(delivery.lateness(7, start + 50 * MS), Some(Lateness { late: 40 * MS, given: 1 }));
        delivery.reported(u64::MAX, start); // a lie
        delivery.reported(0, start);
        assert!(delivery.lateness(7, start + 50 * MS).is_some());
    }

    #[test]
    fn nobody_can_fill_memory() {
        let mut delivery = Delivery::default();
        for sender in 0..1000 {
            delivery.given(sender, Instant::now());
        }
        assert_eq!(delivery.under_way.len(), MAX_UNDER_WAY);
        assert_eq!(delivery.senders.len(), MAX_SENDERS);
    }

    #[test]
    fn the_middle_counts_and_of_two_the_better() {
        let one = |late, given| Lateness { late: late * MS, given };
        assert_eq!(middle(vec![], 10), None);
        assert_eq!(middle(vec![one(500, 2)], 10), Some((500 * MS, 80)));
        assert_eq!(middle(vec![one(500, 2), one(5, 10)], 10), Some((5 * MS, 0)));
        assert_eq!(middle(vec![one(500, 2), one(5, 10), one(50, 5)], 10), Some((50 * MS, 50)));
        assert_eq!(middle(vec![one(5, 12)], 10), Some((5 * MS, 0)), "more than came in that time");
        assert_eq!(middle(vec![one(5, 0)], 0), Some((5 * MS, 0)));
        assert_eq!(middle(vec![one(5, 0)], u32::MAX), Some((5 * MS, 100)), "an hour of all that is allowed");
    }
}
