//! The time of each frame, relative to the first: the capture time, if it is plausible.
//!
//! Capture times preserve a stream's own pace, whatever the network did to it. But they come from another
//! machine: they may be missing, go back, or jump with its clock. So they are used only while they agree with
//! the arrival times.

use std::time::Duration;

use crate::clock::Timestamp;

/// How far capture times may differ from arrival times. More than any working link delays a frame, so beyond
/// it a clock has jumped.
const MOST_APART: u128 = 5_000_000;

/// A tick of the recording, in microseconds.
pub(super) const TICK: u64 = 100;

/// Assigns each frame its time.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    began: Option<Timestamp>,
    /// Added to a capture time to get the arrival time, except for the initial delay of the link.
    shift: Option<i128>,
    last: Option<u64>,
}

impl Timeline {
    /// Ticks of 100 µs from the first frame to this one; strictly increasing.
    pub fn place(&mut self, captured: Option<Timestamp>, arrived: Timestamp) -> u64 {
        let began = *self.began.get_or_insert(arrived);
        // i128, so that a forged time does not wrap around to a plausible one.
        let since = |time: Timestamp| i128::from(time.as_micros()) - i128::from(began.as_micros());
        let by_arrival = since(arrived);
        let micros = match captured {
            Some(captured) => {
                let apart = since(captured);
                let by_capture = apart + *self.shift.get_or_insert(by_arrival - apart);
                if by_capture.abs_diff(by_arrival) > MOST_APART {
                    self.shift = Some(by_arrival - apart);
                    by_arrival
                } else {
                    by_capture
                }
            }
            None => by_arrival,
        };
        let tick = u64::try_from(micros).unwrap_or(0) / TICK;
        let tick = self.last.map_or(tick, |last| tick.max(last + 1));
        self.last = Some(tick);
        tick
    }

    /// The length so far.
    #[must_use]
    pub fn length(&self) -> Duration {
        Duration::from_micros(self.last.unwrap_or(0).saturating_mul(TICK))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    fn placed(frames: &[(Option<u64>, u64)]) -> Vec<u64> {
        let mut timeline = Timeline::default();
        let at = Timestamp::from_micros;
        frames.iter().map(|&(captured, arrived)| timeline.place(captured.map(at), at(arrived))).collect()
    }

    #[test]
    fn the_times_at_which_pictures_were_taken_count() {
        // Another clock, and a network that delays the second frame and delivers two at once.
        let frames = [(Some(40), SECOND), (Some(33_340), SECOND + 90_000), (Some(66_640), SECOND + 90_100)];
        assert_eq!(placed(&frames), [0, 333, 666]);
    }

    #[test]
    fn arrivals_count_where_nothing_else_is_known() {
        assert_eq!(placed(&[(None, SECOND), (None, SECOND + 40_000), (None, 3 * SECOND)]), [0, 400, 20_000]);
    }

    #[test]
    fn a_clock_that_jumps_moves_nothing() {
        let frames = [
            (Some(0), SECOND),
            (Some(3_600 * SECOND), 2 * SECOND),
            (Some(3_601 * SECOND), 3 * SECOND),
            (Some(5), 4 * SECOND),
            (Some(u64::MAX), 5 * SECOND),
        ];
        assert_eq!(placed(&frames), [0, 10_000, 20_000, 30_000, 40_000]);
    }

    #[test]
    fn no_time_comes_twice_or_goes_back() {
        let frames = [(Some(9 * SECOND), SECOND), (Some(9 * SECOND), SECOND), (Some(8 * SECOND), SECOND + 9)];
        assert_eq!(placed(&frames), [0, 1, 2]);
        assert_eq!(placed(&[(None, 5 * SECOND), (None, SECOND)]), [0, 1], "our clock was set back");
    }
}
