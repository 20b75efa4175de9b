//! The film that is played in a window or a terminal: what its keys and its bar do, and when the bar is there.

use std::time::{Duration, Instant};

use super::{
    board::Board,
    keys::Target,
    options,
    state::clock,
    stream::{Life, Stream},
    theme::Tone,
};
use crate::{
    language::{Phrase, Words},
    playback::{Playback, Progress},
};

/// How long the bar stays after a key or the pointer was used, while the film plays.
const BAR_STAYS: Duration = Duration::from_millis(2_500);

/// How long it is there at first: for who does not know that there is one.
const BAR_AT_FIRST: Duration = Duration::from_secs(4);

/// A film and its bar.
#[derive(Debug)]
pub(crate) struct Film {
    controls: Playback,
    /// The name of the stream that shows it.
    stream: String,
    /// As it was when it was looked at last.
    seen: Progress,
    /// The time at which the pointer is on the track.
    pub(crate) hover: Option<Duration>,
    /// Whether the knob is held by the pointer.
    pub(crate) is_held: bool,
    /// Whether a person moved in it since the caller was told.
    moved: bool,
    bar_until: Instant,
}

/// What is new about a film.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    /// It has to be painted again.
    pub(crate) is_visible: bool,
    /// What the caller is told: it was paused, moved in, or has ended.
    pub(crate) told: Option<Progress>,
}

impl Film {
    pub(crate) fn new(film: &options::Film, now: Instant) -> Self {
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

    /// Where it is.
    pub(crate) fn progress(&self) -> Progress {
        self.controls.progress()
    }

    /// Whether something is played that obeys controls.
    pub(crate) fn is_open(&self) -> bool {
        self.progress().is_film
    }

    /// Whether this stream shows it.
    pub(crate) fn is_shown_by(&self, stream: &Stream) -> bool {
        self.stream == stream.name()
    }

    /// A key or the pointer was used.
    pub(crate) fn stir(&mut self, now: Instant) {
        self.bar_until = self.bar_until.max(now + BAR_STAYS);
    }

    /// Whether the bar is there: always while the film stands still.
    pub(crate) fn has_bar(&self, now: Instant) -> bool {
        let Progress { is_film, paused, ended, .. } = self.progress();
        is_film && (paused || ended || self.is_held || now < self.bar_until)
    }

    /// When the bar goes.
    pub(crate) fn next_change(&self, now: Instant) -> Option<Instant> {
        (self.bar_until > now).then_some(self.bar_until)
    }

    /// Pauses it or lets it go on; at its end, plays it again. False if that cannot be.
    pub(crate) fn toggle(&self) -> bool {
        let Progress { ended, can_seek, .. } = self.progress();
        self.controls.toggle_pause();
        can_seek || !ended
    }

    /// Moves in it. False if it cannot be moved in.
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

    /// Takes the knob to a time; it is held until [`Film::release`].
    pub(crate) fn hold(&mut self, at: Duration) {
        self.is_held = true;
        if self.progress().position != at {
            self.controls.seek(at);
        }
        self.hover = Some(at);
    }

    /// Lets go of the knob.
    pub(crate) fn release(&mut self) {
        if std::mem::take(&mut self.is_held) {
            (self.moved, self.hover) = (true, None);
        }
    }

    /// What is new since the last look.
    pub(crate) fn look(&mut self) -> News {
        let now = self.progress();
        let before = std::mem::replace(&mut self.seen, now);
        let turned = (now.paused, now.ended) != (before.paused, before.ended);
        let told = (now.is_film && (turned || self.moved)).then_some(now);
        self.moved = false;
        News { is_visible: now != before, told }
    }
}

/// Position and length, as they are displayed: at the end the film is as long as it is.
pub(crate) fn times(progress: &Progress) -> (String, Option<String>) {
    (clock(progress.shown_position()), progress.length.map(clock))
}

/// What is said beside them while it stands still: in full with the key that goes on, and in short.
pub(crate) fn word(words: &Words, progress: &Progress) -> Option<[String; 2]> {
    let (full, short) = match progress {
        Progress { ended: true, can_seek: true, .. } => (Phrase::FilmEnded, Phrase::TheEnd),
        Progress { ended: true, .. } => (Phrase::TheEnd, Phrase::TheEnd),
        Progress { paused: true, .. } => (Phrase::PausedHint, Phrase::Paused),
        _ => return None,
    };
    Some([full, short].map(|phrase| words.say(phrase)))
}

impl Board {
    /// The film that is played here, if one is.
    pub(crate) fn film(&self) -> Option<&Film> {
        self.film.as_ref().filter(|film| film.is_open())
    }

    /// Whether this stream shows it: its pictures stand still when the film does.
    pub(crate) fn is_film(&self, stream: &Stream) -> bool {
        self.film().is_some_and(|film| film.is_shown_by(stream))
    }

    /// Whether nothing but the film is to be seen of this stream: it plays, and nobody reaches for anything.
    pub(crate) fn is_bare(&self, stream: &Stream, life: Life, now: Instant) -> bool {
        life == Life::Live && self.film().is_some_and(|film| film.is_shown_by(stream) && !film.has_bar(now))
    }

    /// Whether the link is nobody's business: a film comes through one within this program, and it is well.
    pub(crate) fn is_at_home(&self, now: Instant) -> bool {
        self.film().is_some() && self.link_line(now).1 == Tone::Good
    }

    /// What is new about the film.
    pub(crate) fn look_at_film(&mut self) -> News {
        self.film.as_mut().map_or_else(News::default, Film::look)
    }

    /// The pointer is on the film's track at this time, or not on it; whether that is new.
    pub(crate) fn hover(&mut self, at: Option<Duration>) -> bool {
        self.film.as_mut().is_some_and(|film| std::mem::replace(&mut film.hover, at) != at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playback::Wake;

    const SECOND: Duration = Duration::from_secs(1);

    fn film(length: Option<Duration>, can_seek: bool, now: Instant) -> (Playback, Film) {
        let controls = Playback::default();
        controls.opened(length, can_seek);
        let film = options::Film { controls: controls.clone(), stream: "talk.mkv".into() };
        (controls, Film::new(&film, now))
    }

    #[test]
    fn the_bar_goes_while_the_film_plays_and_stays_while_it_stands_still() {
        let now = Instant::now();
        let (controls, mut film) = film(Some(60 * SECOND), true, now);
        assert!(film.has_bar(now), "at first");
        assert_eq!(film.next_change(now), Some(now + BAR_AT_FIRST));
        let later = now + 10 * SECOND;
        assert!(!film.has_bar(later) && film.next_change(later).is_none());
        film.stir(later);
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
    fn keys_move_in_a_film_that_can_be_moved_in() {
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
    fn who_cannot_move_is_refused() {
        let now = Instant::now();
        let (controls, mut pipe) = film(None, false, now);
        assert!(!pipe.seek(Target::Forward(5)) && !pipe.seek(Target::End));
        assert!(pipe.toggle(), "but can pause");
        assert_eq!(controls.progress().position, Duration::ZERO);
        let (_, mut endless) = film(None, true, now);
        assert!(endless.seek(Target::Forward(5)) && !endless.seek(Target::End), "nobody knows where that is");
    }

    #[test]
    fn the_caller_hears_of_pauses_and_moves_and_not_of_each_frame() {
        let (controls, mut film) = film(Some(60 * SECOND), true, Instant::now());
        assert_eq!(film.look(), News::default());
        controls.shown(SECOND);
        assert_eq!(film.look(), News { is_visible: true, told: None });
        film.toggle();
        assert!(film.look().told.is_some_and(|told| told.paused));
        film.seek(Target::Forward(5));
        assert!(film.look().told.is_some_and(|told| told.position == 6 * SECOND));
        film.hold(9 * SECOND);
        film.hold(11 * SECOND);
        assert_eq!(film.look().told, None, "not while it is dragged");
        film.release();
        assert!(film.look().told.is_some_and(|told| told.position == 11 * SECOND));
        film.release();
        assert_eq!(film.look(), News::default());
    }

    #[test]
    fn at_its_end_a_film_is_as_long_as_it_is() {
        let mut progress = Progress {
            is_film: true,
            position: Duration::from_millis(59_960),
            length: Some(60 * SECOND),
            can_seek: true,
            ..Progress::default()
        };
        assert_eq!(times(&progress), ("0:59".into(), Some("1:00".into())));
        let words = Words::default();
        let full = |progress: &Progress| word(&words, progress).map(|[full, _]| full);
        assert_eq!(full(&progress), None);
        progress.paused = true;
        assert_eq!(full(&progress).as_deref(), Some("paused · Space goes on"));
        progress.ended = true;
        assert_eq!(times(&progress).0, "1:00");
        assert_eq!(full(&progress).as_deref(), Some("The end · Space plays it again"));
        progress.can_seek = false;
        assert_eq!(full(&progress).as_deref(), Some("The end"));
        progress.length = None;
        assert_eq!(times(&progress), ("0:59".into(), None));
    }
}
