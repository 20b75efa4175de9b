//! Connections that have ended, until the other members of the room know.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::wire::Departed;

/// How long the others are not told: a program that is restarted in this time only pauses, and frames that are on
/// their way arrive before the news.
const HELD: Duration = Duration::from_secs(1);

/// The most departures that wait. Of a larger crowd, the others learn by its silence.
const MOST_WAITING: usize = 1_024;

/// Departures that the others have not been told yet, the first first.
#[derive(Debug, Default)]
pub(super) struct Departures {
    waiting: VecDeque<(u64, Instant)>,
}

impl Departures {
    /// Adds the number of a connection that has ended for good.
    pub(super) fn add(&mut self, number: u64, now: Instant) {
        if self.waiting.len() < MOST_WAITING {
            self.waiting.push_back((number, now + HELD));
        }
    }

    /// When the next ones are due to be reported.
    pub(super) fn due(&self) -> Option<Instant> {
        self.waiting.front().map(|(_, due)| *due)
    }

    /// Takes those that are due now, as many as one heartbeat carries, without those that are back.
    pub(super) fn take(&mut self, is_back: impl Fn(u64) -> bool, now: Instant) -> Departed {
        let mut departed = Departed::default();
        while let Some(&(number, due)) = self.waiting.front() {
            if due > now || (!is_back(number) && !departed.add(number)) {
                break;
            }
            self.waiting.pop_front();
        }
        departed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_others_are_told_of_those_who_do_not_return() {
        let (mut departures, now) = (Departures::default(), Instant::now());
        assert_eq!(departures.due(), None);
        for (number, after) in [(1, 0), (2, 0), (3, 500)] {
            departures.add(number, now + Duration::from_millis(after));
        }
        assert_eq!(departures.due(), Some(now + HELD));
        assert!(departures.take(|_| false, now).is_empty(), "too early");
        assert_eq!(departures.take(|number| number == 1, now + HELD).to_string(), "2");
        assert_eq!(departures.due(), Some(now + Duration::from_millis(500) + HELD));
        assert_eq!(departures.take(|_| false, now + 2 * HELD).to_string(), "3");
        assert_eq!(departures.due(), None);
    }

    #[test]
    fn a_crowd_is_told_in_parts_and_cannot_fill_memory() {
        let (mut departures, now) = (Departures::default(), Instant::now());
        (1..=3 * MOST_WAITING as u64).for_each(|number| departures.add(number, now));
        let later = now + HELD;
        let parts = std::iter::from_fn(|| Some(departures.take(|_| false, later)))
            .take_while(|part| !part.is_empty());
        let told: Vec<u64> = parts.flat_map(|part| part.iter().collect::<Vec<_>>()).collect();
        assert_eq!(told, (1..=MOST_WAITING as u64).collect::<Vec<_>>());
    }
}
