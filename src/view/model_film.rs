//! The model's part about the film that is played.

use std::time::{Duration, Instant};

use super::{
    film::{Changes, FilmState},
    model::Model,
    stream::{Stream, StreamHealth},
    theme::Tone,
};

impl Model {
    /// The film that is played here, if any.
    pub(crate) fn film(&self) -> Option<&FilmState> {
        self.film.as_ref().filter(|film| film.is_open())
    }

    /// Whether this stream shows the film: its pictures stop changing while the film is paused.
    pub(crate) fn is_film(&self, stream: &Stream) -> bool {
        self.film().is_some_and(|film| film.is_shown_by(stream))
    }

    /// Whether nothing but the film is shown: it plays, and neither keys nor pointer were used lately.
    pub(crate) fn hides_name(&self, stream: &Stream, life: StreamHealth, now: Instant) -> bool {
        life == StreamHealth::Live
            && self.film().is_some_and(|film| film.is_shown_by(stream) && !film.has_bar(now))
    }

    /// Whether the link state is left out: a film's link stays within this program, and it is up.
    pub(crate) fn hides_link(&self, now: Instant) -> bool {
        self.film().is_some() && self.link_line(now).1 == Tone::Good
    }

    /// Returns what is new about the film.
    pub(crate) fn film_changes(&mut self) -> Changes {
        self.film.as_mut().map_or_else(Changes::default, FilmState::changes)
    }

    /// Sets the time under the pointer, or none; returns whether that changed.
    pub(crate) fn hover(&mut self, at: Option<Duration>) -> bool {
        self.film.as_mut().is_some_and(|film| std::mem::replace(&mut film.hover, at) != at)
    }
}
