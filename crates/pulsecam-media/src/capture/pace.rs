//! Times at which frames are due: an even grid, from which a stall removes slots.
//!
//! Each time is computed from the first rather than from the last, so that neither rounding nor late wake-ups
//! add up. A caller that is late by more than a period has missed frames, and gets the newest that is due
//! instead of a burst of old ones.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::playback::{Playback, Wake};

/// The rate of sources without their own.
pub(super) const DEFAULT_FPS: f64 = 30.0;

/// The slowest rate: one frame in 100 s is still a slide show; slower looks like a hang.
const MIN_FPS: f64 = 0.01;

/// The fastest rate: above it, timer jitter is as long as the period.
const MAX_FPS: f64 = 1000.0;

/// A point on the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// The time.
    pub(super) at: Instant,
    /// Its number; skipped numbers are frames that were missed.
    pub(super) tick: u64,
}

/// Computes when frames are due.
#[derive(Debug)]
pub(super) struct Pacer {
    fps: f64,
    grid: Option<Grid>,
}

#[derive(Debug)]
struct Grid {
    start: Instant,
    next: u64,
}

impl Pacer {
    /// A pacer of `fps` frames per second, clamped to the supported range; NaN becomes [`DEFAULT_FPS`].
    pub(super) fn new(fps: f64) -> Self {
        let fps = if fps.is_nan() { DEFAULT_FPS } else { fps.clamp(MIN_FPS, MAX_FPS) };
        Self { fps, grid: None }
    }

    /// Frames per second.
    pub(super) fn fps(&self) -> f64 {
        self.fps
    }

    /// The next frame's time. The first is due at once and starts the grid.
    pub(super) fn due(&mut self, now: Instant) -> Due {
        let fps = self.fps;
        let grid = self.grid.get_or_insert(Grid { start: now, next: 0 });
        let passed = (now.saturating_duration_since(grid.start).as_secs_f64() * fps) as u64;
        let tick = grid.next.max(passed);
        grid.next = tick + 1;
        let offset = Duration::try_from_secs_f64(tick as f64 / fps).unwrap_or_default();
        Due { at: grid.start.checked_add(offset).unwrap_or(now), tick }
    }

    /// Waits until the next frame is due, longer while playback is paused.
    pub(super) fn wait_for(&mut self, playback: Option<&Playback>) -> Wake {
        let Some(playback) = playback else {
            self.wait();
            return Wake::Due { paused: Duration::ZERO };
        };
        let due = self.due(Instant::now());
        let wake = playback.wait_until(due.at);
        match (&wake, &mut self.grid) {
            (Wake::Due { paused }, Some(grid)) => grid.start += *paused,
            // The next frame is due at once, and starts a new grid.
            _ => self.grid = None,
        }
        wake
    }

    /// Sleeps until the next frame is due, and returns its number.
    pub(super) fn wait(&mut self) -> u64 {
        let now = Instant::now();
        let due = self.due(now);
        thread::sleep(due.at.saturating_duration_since(now));
        due.tick
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn frames_are_due_at_even_distances_however_late_each_is_asked_for() {
        let start = Instant::now();
        let mut pacer = Pacer::new(30.0);
        let mut now = start;
        for tick in 0..300_000 {
            let due = pacer.due(now);
            assert_eq!(due.tick, tick);
            now = due.at + Duration::from_millis(tick % 30);
        }
        let last = Duration::from_secs_f64(299_999.0 / 30.0);
        assert!(now.duration_since(start + last) < 30 * MS);
    }

    #[test]
    fn a_stall_leaves_a_hole_and_no_burst() {
        let start = Instant::now();
        let mut pacer = Pacer::new(100.0);
        assert_eq!(pacer.due(start), Due { at: start, tick: 0 });
        assert_eq!(pacer.due(start), Due { at: start + 10 * MS, tick: 1 });
        let stalled = start + 1234 * MS;
        assert_eq!(pacer.due(stalled), Due { at: start + 1230 * MS, tick: 123 });
        assert_eq!(pacer.due(stalled), Due { at: start + 1240 * MS, tick: 124 });
    }

    #[test]
    fn a_little_late_is_not_a_stall() {
        let start = Instant::now();
        let mut pacer = Pacer::new(100.0);
        pacer.due(start);
        assert_eq!(pacer.due(start + 19 * MS).tick, 1);
        assert_eq!(pacer.due(start + 20 * MS).tick, 2);
    }

    #[test]
    fn a_pause_moves_the_grid_and_a_move_begins_another() {
        let film = Playback::default();
        film.opened(None, true);
        let mut pacer = Pacer::new(0.01);
        assert_eq!(pacer.wait_for(Some(&film)), Wake::Due { paused: Duration::ZERO });
        film.seek(5 * MS);
        assert_eq!(pacer.wait_for(Some(&film)), Wake::Seek(5 * MS), "long before it is due");
        assert!(pacer.grid.is_none());
        film.close();
        assert_eq!(pacer.wait_for(Some(&film)), Wake::Closed);
    }

    #[test]
    fn senseless_rates_are_brought_into_range() {
        for (asked, used) in [(f64::NAN, 30.0), (-1.0, 0.01), (0.0, 0.01), (f64::INFINITY, 1000.0)] {
            assert_eq!(Pacer::new(asked).fps(), used);
            let mut pacer = Pacer::new(asked);
            let now = Instant::now();
            assert!(pacer.due(now).at < pacer.due(now).at);
        }
    }
}
