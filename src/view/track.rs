//! A film's track on screen.

use std::time::Duration;

use crate::drawing::Rect;

/// The film's track on screen, and the times that its pixels stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Track {
    /// From its beginning to its end.
    pub(crate) line: Rect,
    pub(crate) length: Duration,
}

impl Track {
    /// The time at this column, clamped to the track.
    pub(crate) fn time_at(self, x: usize) -> Duration {
        let last = self.line.width.saturating_sub(1).max(1);
        let along = x.saturating_sub(self.line.x).min(last);
        let nanos = self.length.as_nanos() * along as u128 / last as u128;
        let seconds = u64::try_from(nanos / 1_000_000_000).unwrap_or(u64::MAX);
        Duration::new(seconds, (nanos % 1_000_000_000) as u32)
    }

    /// The column of a time.
    pub(super) fn column(self, time: Duration) -> usize {
        let part = if self.length.is_zero() { 0.0 } else { time.as_secs_f64() / self.length.as_secs_f64() };
        let last = self.line.width.saturating_sub(1);
        self.line.x + (part.min(1.0) * last as f64).round() as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn columns_are_times_and_times_are_columns() {
        let track = Track { line: Rect::new(20, 700, 601, 5), length: 60 * SECOND };
        for (x, seconds) in [(20, 0), (30, 1), (320, 30), (620, 60)] {
            assert_eq!(track.time_at(x), seconds * SECOND, "{x}");
            assert_eq!(track.column(seconds * SECOND), x, "{seconds}");
        }
        assert_eq!((track.time_at(0), track.time_at(9_999)), (Duration::ZERO, 60 * SECOND), "beside it");
        assert_eq!(track.column(90 * SECOND), 620, "a film that is longer than it says");
        for x in 20..=620 {
            assert_eq!(track.column(track.time_at(x)), x);
        }
    }

    #[test]
    fn tracks_without_length_or_width_are_no_reason_to_panic() {
        for width in [0, 1, 2] {
            for length in [Duration::ZERO, SECOND, Duration::MAX] {
                let track = Track { line: Rect::new(5, 5, width, 4), length };
                for x in [0, 5, 6, 100] {
                    assert!(track.time_at(x) <= length);
                }
                assert!((5..=7).contains(&track.column(length)));
            }
        }
    }
}
