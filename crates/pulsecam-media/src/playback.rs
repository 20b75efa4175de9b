//! Playback controls of a film: pause, seek, position.
//!
//! One [`Playback`] is shared between the code that shows the film and the thread that reads it. The reader
//! asks it when the next frame is due; everything else follows from the answer. It knows neither files nor
//! windows.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// The controls of one film. Clones control the same film.
#[derive(Clone, Debug, Default)]
pub struct Playback(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    progress: Progress,
    seek: Option<Duration>,
    /// Show one frame although the film is paused: the target of a seek.
    step: bool,
    closed: bool,
    /// There are no controls: it plays to its end.
    released: bool,
}

/// Position and state of a film.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Whether the source is a film. A live source has no position and ignores the controls.
    pub is_film: bool,
    /// The time of the frame that is shown, relative to the first.
    pub position: Duration,
    /// From the first frame to the end; `None` if the file does not say.
    pub length: Option<Duration>,
    /// Whether seeking is possible.
    pub can_seek: bool,
    /// Whether it is paused.
    pub paused: bool,
    /// Whether it has stopped at its last frame.
    pub ended: bool,
}

impl Progress {
    /// The position that is displayed.
    pub fn shown_position(&self) -> Duration {
        match self.length {
            Some(length) if self.ended => length,
            Some(length) => self.position.min(length),
            None => self.position,
        }
    }
}

/// How much longer than its last frame a film may claim to be. A larger claim is corrected at its end.
const LAST_FRAME_STAYS: Duration = Duration::from_secs(2);

/// The reason why a wait is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// The frame is due. The film was paused for this long meanwhile: the following frames are due later by
    /// as much.
    Due {
        /// Time spent paused.
        paused: Duration,
    },
    /// Seek to this position; the frame that was waited for must not be shown.
    Seek(Duration),
    /// The view was closed.
    Closed,
}

impl Playback {
    /// The position and state of the film.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.state().progress
    }

    /// Pauses or resumes it. At the end, it starts again.
    pub fn toggle_pause(&self) {
        let mut state = self.state();
        if state.progress.ended {
            state.progress.paused = false;
            if state.progress.can_seek {
                state.move_to(Duration::ZERO);
            }
        } else {
            state.progress.paused = !state.progress.paused;
        }
        self.0.changed.notify_all();
    }

    /// Seeks to a position, as near as the film allows.
    pub fn seek(&self, to: Duration) {
        let mut state = self.state();
        if state.progress.can_seek {
            let to = state.progress.length.map_or(to, |length| to.min(length));
            state.move_to(to);
            self.0.changed.notify_all();
        }
    }

    /// Seeks forward. Does nothing at the end.
    pub fn forward(&self, by: Duration) {
        let Progress { position, ended, .. } = self.progress();
        if !ended {
            self.seek(position.saturating_add(by));
        }
    }

    /// Seeks backward.
    pub fn back(&self, by: Duration) {
        let position = self.progress().position;
        self.seek(position.saturating_sub(by));
    }

    /// The view was closed: all waits end.
    pub fn close(&self) {
        self.state().closed = true;
        self.0.changed.notify_all();
    }

    /// There is neither a window nor a terminal to control it: it plays to its end and stops there.
    pub fn release(&self) {
        let mut state = self.state();
        state.released = true;
        state.progress.paused = false;
        self.0.changed.notify_all();
    }

    /// Marks the source as a film.
    pub fn opened(&self, length: Option<Duration>, can_seek: bool) {
        let mut state = self.state();
        state.progress.is_film = true;
        state.progress.length = length;
        state.progress.can_seek = can_seek;
    }

    /// Records that the frame at this position is shown.
    pub fn shown(&self, position: Duration) {
        let mut state = self.state();
        if state.seek.is_none() {
            state.progress.position = position;
        }
        state.progress.ended = false;
    }

    /// Waits until a frame is due. Longer if the film is paused, and not at all for the first frame after a
    /// [`Wake::Seek`].
    pub fn wait_until(&self, due: Instant) -> Wake {
        let (mut paused, mut state) = (Duration::ZERO, self.state());
        loop {
            let now = Instant::now();
            if let Some(over) = state.take_command() {
                return over;
            }
            let due = due.checked_add(paused).unwrap_or(due);
            if std::mem::take(&mut state.step) || (!state.progress.paused && due <= now) {
                return Wake::Due { paused };
            }
            if state.progress.paused {
                state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                paused += now.elapsed();
            } else {
                let left = due.saturating_duration_since(now);
                state = self.0.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }

    /// Waits at the film's end until the user seeks back or closes it. From then on its length is known.
    pub fn wait_at_end(&self) -> Wake {
        let mut state = self.state();
        state.progress.ended = true;
        let position = state.progress.position;
        let far = position.saturating_add(LAST_FRAME_STAYS);
        if state.progress.length.is_none_or(|length| length < position || length > far) {
            state.progress.length = Some(position);
        }
        loop {
            if let Some(over) = state.take_command().or(state.released.then_some(Wake::Closed)) {
                state.progress.ended = false;
                return over;
            }
            state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn move_to(&mut self, to: Duration) {
        self.seek = Some(to);
        // The target position, so that a held key continues from there.
        self.progress.position = to;
        self.progress.ended = false;
    }

    fn take_command(&mut self) -> Option<Wake> {
        if self.closed {
            return Some(Wake::Closed);
        }
        let to = self.seek.take()?;
        self.step = true;
        Some(Wake::Seek(to))
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn film() -> Playback {
        let film = Playback::default();
        film.opened(Some(10 * SECOND), true);
        film
    }

    #[test]
    fn a_frame_is_due_at_its_time_and_later_if_the_film_was_paused() {
        let film = film();
        assert_eq!(film.wait_until(Instant::now()), Wake::Due { paused: Duration::ZERO });
        film.toggle_pause();
        let reader = film.clone();
        let waiting = thread::spawn(move || reader.wait_until(Instant::now()));
        thread::sleep(Duration::from_millis(50));
        assert!(!waiting.is_finished(), "paused");
        film.toggle_pause();
        assert!(matches!(waiting.join().unwrap(), Wake::Due { paused } if paused > Duration::ZERO));
    }

    #[test]
    fn a_seek_while_paused_shows_one_frame() {
        let film = film();
        film.toggle_pause();
        film.shown(2 * SECOND);
        film.forward(5 * SECOND);
        film.forward(SECOND);
        assert_eq!(film.progress().position, 8 * SECOND, "counted from the target");
        assert_eq!(film.wait_until(Instant::now()), Wake::Seek(8 * SECOND));
        let far = Instant::now() + 3_600 * SECOND;
        assert_eq!(film.wait_until(far), Wake::Due { paused: Duration::ZERO }, "at once");
        film.close();
        assert_eq!(film.wait_until(far), Wake::Closed, "and no second one");
    }

    #[test]
    fn positions_stay_within_the_film() {
        let film = film();
        film.shown(SECOND);
        film.back(5 * SECOND);
        assert_eq!(film.wait_until(Instant::now()), Wake::Seek(Duration::ZERO));
        film.forward(60 * SECOND);
        assert_eq!(film.wait_until(Instant::now()), Wake::Seek(10 * SECOND));
        let pipe = Playback::default();
        pipe.forward(SECOND);
        assert_eq!(pipe.progress(), Progress::default(), "no seeking");
    }

    #[test]
    fn at_its_end_it_waits_and_begins_again_on_request() {
        let film = film();
        film.toggle_pause();
        let reader = film.clone();
        let waiting = thread::spawn(move || reader.wait_at_end());
        while !film.progress().ended {
            thread::yield_now();
        }
        film.toggle_pause();
        let Progress { paused, ended, position, .. } = film.progress();
        assert_eq!((paused, ended, position), (false, false, Duration::ZERO), "at once");
        assert_eq!(waiting.join().unwrap(), Wake::Seek(Duration::ZERO));
    }

    #[test]
    fn at_its_end_there_is_no_way_on_and_its_length_is_known() {
        for (claimed, wanted) in [(None, 4), (Some(60), 4), (Some(2), 4), (Some(5), 5)] {
            let film = Playback::default();
            film.opened(claimed.map(|seconds: u32| seconds * SECOND), true);
            film.shown(4 * SECOND);
            let reader = film.clone();
            let waiting = thread::spawn(move || reader.wait_at_end());
            while !film.progress().ended {
                thread::yield_now();
            }
            film.forward(SECOND);
            assert_eq!(film.progress().length, Some(wanted * SECOND), "claimed {claimed:?}");
            film.back(3 * SECOND);
            assert_eq!(waiting.join().unwrap(), Wake::Seek(SECOND));
        }
    }

    #[test]
    fn what_nobody_can_control_plays_to_its_end() {
        let film = film();
        film.toggle_pause();
        film.release();
        assert_eq!(film.wait_until(Instant::now()), Wake::Due { paused: Duration::ZERO });
        assert_eq!(film.wait_at_end(), Wake::Closed);
    }
}
