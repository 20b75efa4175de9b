//! Times at which the frames of a film are due, from their times in the file.
//!
//! Only the difference between consecutive frames counts, so that a file joined from several, whose times
//! restart or jump, still plays.

use std::time::{Duration, Instant};

/// Maximum wait for a frame: a file may claim that its next one is due in a century.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How long a frame is shown if no interval is known.
const USUAL: Duration = Duration::from_millis(40);

/// Computes when frames are due.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    /// When the last frame was due, and its time in the file.
    last: Option<(Instant, Duration)>,
    /// The last interval between two frames.
    pace: Duration,
    /// Whether a pause was shortened.
    cut: bool,
}

impl Schedule {
    /// When the frame with this time in the file is due; the first is due at once.
    pub(super) fn due(&mut self, time: Duration, now: Instant) -> Instant {
        let Some((last_due, last)) = self.last else {
            self.last = Some((now, time));
            return now;
        };
        let step = match time.checked_sub(last) {
            Some(step) if step > LONGEST_PAUSE => {
                if !std::mem::replace(&mut self.cut, true) {
                    tracing::warn!(
                        "the film has a gap of {} s: gaps are shortened to {} s",
                        step.as_secs(),
                        LONGEST_PAUSE.as_secs()
                    );
                }
                LONGEST_PAUSE
            }
            Some(step) => {
                self.pace = step;
                step
            }
            // Times go back: this frame still follows the last one.
            None => self.stays(),
        };
        let due = last_due.checked_add(step).unwrap_or(now);
        // After a suspend, continue from now. A small delay is caught up.
        let due = if now.saturating_duration_since(due) > LONGEST_PAUSE { now } else { due };
        self.last = Some((due, time));
        due
    }

    /// Delays the following frames: the film was paused.
    pub(super) fn shift(&mut self, by: Duration) {
        if let Some((due, _)) = &mut self.last {
            *due = due.checked_add(by).unwrap_or(*due);
        }
    }

    /// The time until which the last frame is shown, for as long as the one before it. After that the film
    /// may restart.
    pub(super) fn end(&self) -> Option<Instant> {
        self.last.and_then(|(due, _)| due.checked_add(self.stays()))
    }

    fn stays(&self) -> Duration {
        if self.pace.is_zero() { USUAL } else { self.pace }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const MINUTE: u32 = 60_000;

    /// When frames with these times are due, in milliseconds after the first. Each is requested once the one
    /// before is shown.
    fn dues(times: &[u32]) -> Vec<u128> {
        let start = Instant::now();
        let (mut schedule, mut now) = (Schedule::default(), start);
        let due = |&time: &u32| {
            now = schedule.due(time * MS, now).max(now);
            now.duration_since(start).as_millis()
        };
        times.iter().map(due).collect()
    }

    #[test]
    fn frames_are_due_at_their_own_times() {
        assert_eq!(dues(&[5_000, 5_033, 5_500, 5_501]), [0, 33, 500, 501]);
        let start = Instant::now();
        let mut schedule = Schedule::default();
        assert_eq!(schedule.end(), None);
        for time in [0, 33, 40] {
            schedule.due(time * MS, start);
        }
        assert_eq!(schedule.end(), Some(start + 47 * MS), "as long as the one before");
    }

    #[test]
    fn pauses_are_waited_for_and_the_longest_are_cut() {
        assert_eq!(dues(&[0, MINUTE - 1, MINUTE]), [0, 59_999, 60_000]);
        // An hour, and a century: one minute each, never zero.
        assert_eq!(dues(&[0, 40, 60 * MINUTE, 60 * MINUTE + 40]), [0, 40, 60_040, 60_080]);
        assert_eq!(dues(&[0, u32::MAX, u32::MAX]), [0, 60_000, 60_000]);
        assert_eq!(dues(&[0, 90_000]), [0, 60_000], "more than a minute");
    }

    #[test]
    fn times_that_go_back_are_followed_at_the_pace_from_before() {
        assert_eq!(dues(&[9_000, 9_040, 0, 40, 80]), [0, 40, 80, 120, 160], "two films in one file");
        assert_eq!(dues(&[100, 50]), [0, 40], "no interval known");
        assert_eq!(dues(&[10, 50, 50, 90]), [0, 40, 40, 80], "two with the same time");
    }

    #[test]
    fn who_is_late_catches_up_and_who_slept_does_not() {
        let start = Instant::now();
        let mut schedule = Schedule::default();
        schedule.due(Duration::ZERO, start);
        assert_eq!(schedule.due(40 * MS, start + 90 * MS), start + 40 * MS, "due at once");
        let woken = start + 3_600_000 * MS;
        assert_eq!(schedule.due(80 * MS, woken), woken);
        assert_eq!(schedule.due(120 * MS, woken), woken + 40 * MS);
    }

    #[test]
    fn a_paused_film_goes_on_later() {
        let start = Instant::now();
        let mut schedule = Schedule::default();
        schedule.due(Duration::ZERO, start);
        schedule.shift(500 * MS);
        assert_eq!(schedule.due(40 * MS, start), start + 540 * MS);
    }
}
