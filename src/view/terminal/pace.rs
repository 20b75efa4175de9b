//! When the next picture is drawn: never more than one is under way to the terminal.
//!
//! Behind a slow line, what is written waits in buffers of any size, and pictures there grow old. So a picture is
//! drawn only once the terminal has answered a question that followed the previous one.

use std::time::{Duration, Instant};

/// Shortest pause between two pictures: half blocks of a full screen are some 100 kB each, and fifteen per
/// second look alive.
const LEAST_PAUSE: Duration = Duration::from_millis(66);

/// How long an answer is waited for, from a terminal that has answered before: a full screen takes 7 s at 115 kbit/s.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is known about a terminal's answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answers {
    /// It has not been asked yet.
    Unknown,
    /// It has answered.
    Come,
    /// It does not answer: only the time that writing takes tells how slow it is.
    Missing,
}

/// Decides when a picture may be drawn.
#[derive(Debug)]
pub(super) struct Pace {
    answers: Answers,
    /// When the picture was written that may still be under way.
    under_way: Option<Instant>,
    /// When the last one arrived, as far as that is known.
    arrived: Option<Instant>,
    pause: Duration,
}

impl Pace {
    pub(super) const fn new() -> Self {
        Self { answers: Answers::Unknown, under_way: None, arrived: None, pause: LEAST_PAUSE }
    }

    /// Whether a picture may be drawn.
    pub(super) fn is_free(&self, now: Instant) -> bool {
        self.under_way.is_none() && self.rest(now).is_zero()
    }

    /// The rest of the pause after the last picture.
    pub(super) fn rest(&self, now: Instant) -> Duration {
        let since = self.arrived.map(|arrived| now.saturating_duration_since(arrived));
        since.map_or(Duration::ZERO, |since| self.pause.saturating_sub(since))
    }

    /// Whether the terminal's answer is to be waited for.
    pub(super) const fn awaits_answer(&self) -> bool {
        self.under_way.is_some()
    }

    /// Records that a picture was written from `began` until `now`.
    pub(super) fn drawn(&mut self, began: Instant, now: Instant) {
        if self.answers == Answers::Missing {
            // A slow terminal must not take all of this thread's time.
            self.arrive(now, LEAST_PAUSE.max(now.saturating_duration_since(began)));
        } else {
            self.under_way = Some(now);
        }
    }

    /// Records that the terminal has answered: the picture is there.
    pub(super) fn answered(&mut self, now: Instant) {
        self.answers = Answers::Come;
        self.arrive(now, LEAST_PAUSE);
    }

    /// Records that no answer has come for some time.
    pub(super) fn unanswered(&mut self, now: Instant) {
        let Some(written) = self.under_way else { return };
        match self.answers {
            // The first picture is a line of text: a terminal that answers would have answered.
            Answers::Unknown => self.answers = Answers::Missing,
            Answers::Come if now.saturating_duration_since(written) < PATIENCE => return,
            // The answer is lost.
            Answers::Come | Answers::Missing => {}
        }
        self.arrive(now, LEAST_PAUSE);
    }

    fn arrive(&mut self, now: Instant, pause: Duration) {
        (self.under_way, self.arrived, self.pause) = (None, Some(now), pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_picture_waits_for_the_answer_to_the_one_before() {
        let start = Instant::now();
        let mut pace = Pace::new();
        assert!(pace.is_free(start) && !pace.awaits_answer());
        pace.drawn(start, start + MS);
        assert!(pace.awaits_answer() && !pace.is_free(start + 1_000 * MS));
        pace.answered(start + 1_000 * MS);
        assert!(!pace.is_free(start + 1_065 * MS) && pace.is_free(start + 1_066 * MS));
        pace.drawn(start + 2_000 * MS, start + 2_900 * MS);
        pace.answered(start + 3_000 * MS);
        assert!(pace.is_free(start + 3_066 * MS), "the line rests no longer than needed");
    }

    #[test]
    fn a_lost_answer_does_not_hold_the_picture_for_ever() {
        let start = Instant::now();
        let mut pace = Pace::new();
        pace.drawn(start, start);
        pace.answered(start);
        pace.drawn(start + 100 * MS, start + 100 * MS);
        pace.unanswered(start + 2_100 * MS);
        assert!(pace.awaits_answer(), "the line may be slow");
        pace.unanswered(start + 10_100 * MS);
        assert!(!pace.awaits_answer() && pace.is_free(start + 10_200 * MS));
        pace.drawn(start + 10_200 * MS, start + 10_200 * MS);
        assert!(pace.awaits_answer(), "the next one may come");
    }

    #[test]
    fn a_terminal_that_never_answers_is_paced_by_the_time_of_writing() {
        let start = Instant::now();
        let mut pace = Pace::new();
        pace.drawn(start, start);
        pace.unanswered(start + 2_000 * MS);
        assert!(pace.is_free(start + 2_066 * MS));
        pace.drawn(start + 3_000 * MS, start + 3_500 * MS);
        assert!(!pace.awaits_answer() && !pace.is_free(start + 3_999 * MS));
        assert!(pace.is_free(start + 4_000 * MS));
    }
}
