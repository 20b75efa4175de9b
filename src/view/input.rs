//! Effects of keys and the pointer on the window.

use std::time::{Duration, Instant};

use super::{
    action::Action,
    command::{Command, Writing},
    keys::Stroke,
    pointer::PointerEvent,
    render_context::Hit,
    window::Shell,
};

impl Shell {
    /// Handles keys and pointer as far as they concern the window; returns the rest.
    pub(super) fn input(&mut self, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        for stroke in self.keys.strokes() {
            (self.dirty, self.touched) = (true, now);
            self.stroke(&stroke, &mut actions, now);
        }
        for event in self.pointer.poll(&self.window) {
            self.touched = now;
            let command = match event {
                PointerEvent::Moved(x, y) => {
                    // Repaint only if the buttons or a time at the pointer appear.
                    self.dirty |= !self.board.has_buttons(now);
                    self.board.pointed(now);
                    let on_track = self.easel.hit(x, y).and_then(|hit| hit.time_at(x));
                    self.dirty |= self.board.hover(on_track);
                    None
                }
                PointerEvent::Click(x, y) => match self.easel.hit(x, y) {
                    Some(Hit::Command(command)) => Some(command),
                    Some(hit @ Hit::Track(_)) => {
                        self.hold(hit.time_at(x), now);
                        None
                    }
                    None => None,
                },
                PointerEvent::Dragged(x, _) => {
                    if self.board.film().is_some_and(|film| film.is_held) {
                        self.hold(self.easel.track.map(|track| track.time_at(x)), now);
                    }
                    None
                }
                PointerEvent::Released => {
                    if let Some(film) = &mut self.board.film {
                        film.release();
                    }
                    None
                }
                PointerEvent::Left => {
                    self.dirty |= self.board.hover(None);
                    None
                }
                PointerEvent::Wheel(lines) => Some(Command::Scroll(lines)),
            };
            if let Some(command) = command {
                self.dirty = true;
                self.obey(command, &mut actions, now);
            }
        }
        actions
    }

    /// Moves the knob of the film's track to this time.
    fn hold(&mut self, at: Option<Duration>, now: Instant) {
        if let (Some(film), Some(at)) = (&mut self.board.film, at) {
            self.dirty = true;
            film.show_bar(now);
            film.hold(at);
        }
    }

    fn stroke(&mut self, stroke: &Stroke, actions: &mut Vec<Action>, now: Instant) {
        if self.board.chat.entry.is_none() {
            // The topmost layer closes first; the window itself only if nothing else is open.
            let escaped = stroke.key == Some(minifb::Key::Escape);
            if escaped && self.board.close() {
                return;
            }
            if let Some(command) = stroke.command(self.board.film().is_some()) {
                self.obey(command, actions, now);
            }
            return;
        }
        match stroke.writing() {
            Some(Writing::Paste) => self.clipboard.paste(),
            Some(writing) => actions.extend(self.board.write(&writing, now)),
            None => {}
        }
    }

    fn obey(&mut self, command: Command, actions: &mut Vec<Action>, now: Instant) {
        self.quits |= command == Command::Quit;
        actions.extend(self.board.obey(command, now));
    }
}
