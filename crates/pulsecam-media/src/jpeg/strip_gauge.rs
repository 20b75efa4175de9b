//! Whether strips pay on this machine now.

use std::time::{Duration, Instant};

/// The share of one thread's time above which strips do not pay: what is saved must be worth the second
/// core's work.
const TOO_MUCH: f64 = 0.9;

/// The share of one thread's time at which strips are taken up again.
const WORTH: f64 = 0.75;

/// Weight of a picture in the running mean: after about eight, the mean is that of the present.
const WEIGHT: f64 = 1.0 / 8.0;

/// The share that is expected before the first picture.
const EXPECTED: f64 = 0.6;

/// Successive trials that must be worth it.
const TRIALS: u32 = 3;

/// The first pause after strips have not paid.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// The longest pause: at 30 frames per second, one picture in 120 is a trial, which p99 does not show.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// Decides whether the next picture is shared with other cores, from the times of the last ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct StripGauge {
    state: State,
    /// The next pause.
    pause: Duration,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Strips pay; the mean share of one thread's time.
    On { mean: f64, since: Option<Instant> },
    /// Strips do not pay.
    Off { until: Instant },
    /// Strips are tried.
    Trial { good: u32 },
}

impl Default for StripGauge {
    fn default() -> Self {
        Self { state: State::On { mean: EXPECTED, since: None }, pause: FIRST_PAUSE }
    }
}

impl StripGauge {
    /// Whether to share the next picture.
    pub(super) fn is_on(&mut self, now: Instant) -> bool {
        if let State::Off { until } = self.state
            && now >= until
        {
            self.state = State::Trial { good: 0 };
        }
        !matches!(self.state, State::Off { .. })
    }

    /// Notes that a shared picture took `time`, and would have taken about `alone` on one thread.
    pub(super) fn note(&mut self, now: Instant, time: Duration, alone: Duration) {
        let share = time.as_secs_f64() / alone.as_secs_f64().max(f64::MIN_POSITIVE);
        self.state = match self.state {
            State::On { mean, since } => {
                // One picture that took very long says no more than one that did not pay.
                let mean = mean + (share.min(1.0 / TOO_MUCH) - mean) * WEIGHT;
                let since = since.unwrap_or(now);
                if mean > TOO_MUCH {
                    if now.saturating_duration_since(since) > LONGEST_PAUSE {
                        self.pause = FIRST_PAUSE;
                    }
                    self.off(now)
                } else {
                    State::On { mean, since: Some(since) }
                }
            }
            State::Trial { good } if share <= WORTH && good + 1 >= TRIALS => {
                State::On { mean: WORTH, since: Some(now) }
            }
            State::Trial { good } if share <= WORTH => State::Trial { good: good + 1 },
            State::Trial { .. } => self.off(now),
            State::Off { .. } => self.state,
        };
    }

    /// Begins a pause; the next is twice as long.
    fn off(&mut self, now: Instant) -> State {
        let until = now + self.pause;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        State::Off { until }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_millis(33);

    /// A gauge and its clock.
    struct Run {
        gauge: StripGauge,
        now: Instant,
    }

    impl Run {
        fn new() -> Self {
            Self { gauge: StripGauge::default(), now: Instant::now() }
        }

        /// Shows frames, of which shared ones take a share of one thread's time; returns the shared ones.
        fn frames(&mut self, count: usize, percent: u32) -> usize {
            let alone = Duration::from_millis(10);
            let shared = (0..count).filter(|_| {
                self.now += FRAME;
                let on = self.gauge.is_on(self.now);
                if on {
                    self.gauge.note(self.now, alone * percent / 100, alone);
                }
                on
            });
            shared.count()
        }
    }

    #[test]
    fn strips_stay_on_while_they_pay_and_a_few_late_pictures_do_not_matter() {
        let mut run = Run::new();
        for _ in 0..50 {
            assert_eq!(run.frames(9, 60), 9);
            assert_eq!(run.frames(2, 400), 2);
        }
    }

    #[test]
    fn strips_that_do_not_pay_are_off_after_a_few_pictures_and_tried_less_and_less() {
        let mut run = Run::new();
        let shared = run.frames(300, 105);
        assert!((5..=15).contains(&shared), "{shared} of the first ten seconds");
        let trials = run.frames(3000, 105);
        assert!((20..=30).contains(&trials), "{trials} of a hundred seconds");
    }

    #[test]
    fn strips_return_after_trials_that_are_worth_it() {
        let mut run = Run::new();
        run.frames(3000, 105);
        run.frames(130, 60);
        assert_eq!(run.frames(100, 60), 100);
    }

    #[test]
    fn between_the_two_limits_nothing_changes() {
        let mut run = Run::new();
        assert_eq!(run.frames(1000, 82), 1000);
        run.frames(300, 105);
        assert!(run.frames(3000, 82) < 60);
    }

    #[test]
    fn the_first_pause_after_a_long_good_time_is_short_again() {
        let mut run = Run::new();
        run.frames(3000, 105);
        run.frames(1000, 60);
        let shared = run.frames(14, 105);
        assert!((8..=10).contains(&shared), "{shared}");
        run.frames(10, 60);
        assert_eq!(run.frames(10, 60), 10);
    }
}
