//! The film played in a window or a terminal: the effect of its keys and its bar, and when the bar is shown.

use std::time::{Duration, Instant};

use super::{command::Target, options, state::clock, stream::Stream};
use crate::{
    i18n::{Phrase, Translations},
    playback::{Playback, Progress},
};

/// How long the bar stays after a key or the pointer was used, while the film plays.
const BAR_STAYS: Duration = Duration::from_millis(2_500);

/// How long the bar is shown at the start, for users who do not know about it.
const BAR_AT_FIRST: Duration = Duration::from_secs(4);

/// A film and its bar.
#[derive(Debug)]
pub(crate) struct FilmState {
    controls: Playback,
    /// The name of the stream that shows it.
    stream: String,
    /// The progress at the last call.
    seen: Progress,
    /// The time under the pointer, if it is on the track.
    pub(crate) hover: Option<Duration>,
    /// Whether the pointer holds the knob.
    pub(crate) is_held: bool,
    /// Whether the user has changed the position since the last report to the caller.
    moved: bool,
    bar_until: Instant,
}

/// Changes of a film since the last call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// It has to be painted again.
    pub(crate) is_visible: bool,
    /// Progress to report to the caller: a pause, a resumption, a new position, or the end.
    pub(crate) report: Option<Progress>,
}

impl FilmState {
    pub(crate) fn new(film: &options::FilmOptions, now: Instant) -> Self {
        Self {
            controls: film.controls.clone(),
            stream: film.stream.clone(),
            seen: film.controls.progress(),
            hover: None,
            is_held: false,
            moved: false,
            bar_until: now + BAR_AT_FIRST,
        }
    }

    /// The current position and state.
    pub(crate) fn progress(&self) -> Progress {
        self.controls.progress()
    }

    /// Whether the controls belong to a film.
    pub(crate) fn is_open(&self) -> bool {
        self.progress().is_film
    }

    /// Whether this stream shows it.
    pub(crate) fn is_shown_by(&self, stream: &Stream) -> bool {
        self.stream == stream.name()
    }

    /// Shows the bar for a while, since a key or the pointer was used.
    pub(crate) fn show_bar(&mut self, now: Instant) {
        self.bar_until = self.bar_until.max(now + BAR_STAYS);
    }

    /// Whether the bar is shown; always while the film is paused or has ended.
    pub(crate) fn has_bar(&self, now: Instant) -> bool {
        let Progress { is_film, paused, ended, .. } = self.progress();
        is_film && (paused || ended || self.is_held || now < self.bar_until)
    }

    /// When the bar disappears.
    pub(crate) fn next_change(&self, now: Instant) -> Option<Instant> {
        (self.bar_until > now).then_some(self.bar_until)
    }

    /// Pauses or resumes; at the end, plays it again. False if it cannot be played again.
    pub(crate) fn toggle(&self) -> bool {
        let Progress { ended, can_seek, .. } = self.progress();
        self.controls.toggle_pause();
        can_seek || !ended
    }

    /// Changes the position. False if the film does not support seeking.
    pub(crate) fn seek(&mut self, target: Target) -> bool {
        let Progress { can_seek, length, ended, .. } = self.progress();
        if !can_seek {
            return false;
        }
        match (target, length) {
            (Target::Forward(seconds), _) => self.controls.forward(Duration::from_secs(seconds)),
            (Target::Back(seconds), _) => self.controls.back(Duration::from_secs(seconds)),
            (Target::Beginning, _) => self.controls.seek(Duration::ZERO),
            (Target::End, Some(length)) if !ended => self.controls.seek(length),
            (Target::End, _) => return length.is_some(),
        }
        self.moved = true;
        true
    }

    /// Moves the knob to a time; it is held until [`FilmState::release`].
    pub(crate) fn hold(&mut self, at: Duration) {
        self.is_held = true;
        if self.progress().position != at {
            self.controls.seek(at);
        }
        self.hover = Some(at);
    }

    /// Releases the knob.
    pub(crate) fn release(&mut self) {
        if std::mem::take(&mut self.is_held) {
            (self.moved, self.hover) = (true, None);
        }
    }

    /// Returns the changes since the last call.
    pub(crate) fn changes(&mut self) -> Changes {
        let now = self.progress();
        let before = std::mem::replace(&mut self.seen, now);
        let turned = (now.paused, now.ended) != (before.paused, before.ended);
        let report = (now.is_film && (turned || self.moved)).then_some(now);
        self.moved = false;
        Changes { is_visible: now != before, report }
    }
}

/// Position and length as displayed; at the end, the position equals the length.
pub(crate) fn times(progress: &Progress) -> (String, Option<String>) {
    (clock(progress.shown_position()), progress.length.map(clock))
}

/// The text beside the position while it is paused or has ended: in full with the key that resumes, and in
/// short.
pub(crate) fn word(words: &Translations, progress: &Progress) -> Option<[String; 2]> {
    let (full, short) = match progress {
        Progress { ended: true, can_seek: true, .. } => (Phrase::FilmEnded, Phrase::TheEnd),
        Progress { ended: true, .. } => (Phrase::TheEnd, Phrase::TheEnd),
        Progress { paused: true, .. } => (Phrase::PausedHint, Phrase::Paused),
        _ => return None,
    };
    Some([full, short].map(|phrase| words.text(phrase)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playback::Wake;

    const SECOND: Duration = Duration::from_secs(1);

    fn film(length: Option<Duration>, can_seek: bool, now: Instant) -> (Playback, FilmState) {
        let controls = Playback::default();
        controls.opened(length, can_seek);
        let film = options::FilmOptions { controls: controls.clone(), stream: "talk.mkv".into() };
        (controls, FilmState::new(&film, now))
    }

    #[test]
    fn the_bar_goes_while_the_film_plays_and_stays_while_it_stands_still() {
        let now = Instant::now();
        let (controls, mut film) = film(Some(60 * SECOND), true, now);
        assert!(film.has_bar(now), "at first");
        assert_eq!(film.next_change(now), Some(now + BAR_AT_FIRST));
        let later = now + 10 * SECOND;
        assert!(!film.has_bar(later) && film.next_change(later).is_none());
        film.show_bar(later);
        assert!(film.has_bar(later + 2 * SECOND) && !film.has_bar(later + 3 * SECOND));
        assert!(film.toggle());
        assert!(film.has_bar(later + 3_600 * SECOND), "paused");
        assert!(film.toggle());
        assert!(!film.has_bar(later + 3_600 * SECOND));
        film.hold(5 * SECOND);
        assert!(film.has_bar(later + 3_600 * SECOND), "held");
        film.release();
        assert_eq!(controls.progress().position, 5 * SECOND);
    }

    #[test]
    fn keys_seek_in_a_film() {
        let now = Instant::now();
        let (controls, mut film) = film(Some(60 * SECOND), true, now);
        let mut at = |target| {
            assert!(film.seek(target), "{target:?}");
            controls.progress().position
        };
        assert_eq!(at(Target::Forward(5)), 5 * SECOND);
        assert_eq!(at(Target::Forward(30)), 35 * SECOND);
        assert_eq!(at(Target::Back(5)), 30 * SECOND);
        assert_eq!(at(Target::End), 60 * SECOND);
        assert_eq!(at(Target::Beginning), Duration::ZERO);
        assert_eq!(at(Target::Back(30)), Duration::ZERO);
        assert_eq!(controls.wait_until(now), Wake::Seek(Duration::ZERO));
    }

    #[test]
    fn seeking_in_a_pipe_is_refused() {
        let now = Instant::now();
        let (controls, mut pipe) = film(None, false, now);
        assert!(!pipe.seek(Target::Forward(5)) && !pipe.seek(Target::End));
        assert!(pipe.toggle(), "but can pause");
        assert_eq!(controls.progress().position, Duration::ZERO);
        let (_, mut endless) = film(None, true, now);
        assert!(endless.seek(Target::Forward(5)) && !endless.seek(Target::End), "its end is unknown");
    }

    #[test]
    fn the_caller_hears_of_pauses_and_moves_and_not_of_each_frame() {
        let (controls, mut film) = film(Some(60 * SECOND), true, Instant::now());
        assert_eq!(film.changes(), Changes::default());
        controls.shown(SECOND);
        assert_eq!(film.changes(), Changes { is_visible: true, report: None });
        film.toggle();
        assert!(film.changes().report.is_some_and(|report| report.paused));
        film.seek(Target::Forward(5));
        assert!(film.changes().report.is_some_and(|report| report.position == 6 * SECOND));
        film.hold(9 * SECOND);
        film.hold(11 * SECOND);
        assert_eq!(film.changes().report, None, "not while it is dragged");
        film.release();
        assert!(film.changes().report.is_some_and(|report| report.position == 11 * SECOND));
        film.release();
        assert_eq!(film.changes(), Changes::default());
    }

    #[test]
    fn at_its_end_a_film_is_as_long_as_it_is() {
        let mut progress = Progress::default();
        progress.is_film = true;
        progress.position = Duration::from_millis(59_960);
        progress.length = Some(60 * SECOND);
        progress.can_seek = true;
        assert_eq!(times(&progress), ("0:59".into(), Some("1:00".into())));
        let words = Translations::default();
        let full = |progress: &Progress| word(&words, progress).map(|[full, _]| full);
        assert_eq!(full(&progress), None);
        progress.paused = true;
        assert_eq!(full(&progress).as_deref(), Some("paused · press Space to resume"));
        progress.ended = true;
        assert_eq!(times(&progress).0, "1:00");
        assert_eq!(full(&progress).as_deref(), Some("The end · press Space to play again"));
        progress.can_seek = false;
        assert_eq!(full(&progress).as_deref(), Some("The end"));
        progress.length = None;
        assert_eq!(times(&progress), ("0:59".into(), None));
    }
}
