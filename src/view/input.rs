//! Effects of keys and the pointer on the window.

use std::time::{Duration, Instant};

use super::{
    action::Action,
    command::{Command, Writing},
    damage::Damage,
    keys::Stroke,
    pointer::PointerEvent,
    render_context::Hit,
    visibility::Fact,
    window::Shell,
};

impl Shell {
    /// Handles keys and pointer as far as they concern the window; returns the rest.
    pub(super) fn input(&mut self, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        for stroke in self.keys.strokes() {
            (self.damage, self.touched) = (Damage::All, now);
            self.visibility.note(Fact::Touched);
            self.stroke(&stroke, &mut actions, now);
        }
        for event in self.pointer.poll(&self.window) {
            self.touched = now;
            if let PointerEvent::Click(..) | PointerEvent::Wheel(_) = event {
                self.visibility.note(Fact::Touched);
            }
            let command = match event {
                PointerEvent::Moved(x, y) => {
                    // Repaint only if the buttons or a time at the pointer appear.
                    self.damage.add(Damage::All, !self.model.has_buttons(now));
                    self.model.pointed(now);
                    let on_track = self.context.hit(x, y).and_then(|hit| hit.time_at(x));
                    let is_new = self.model.hover(on_track);
                    self.damage.add(Damage::All, is_new);
                    None
                }
                PointerEvent::Click(x, y) => match self.context.hit(x, y) {
                    Some(Hit::Command(command)) => Some(command),
                    Some(hit @ Hit::Track(_)) => {
                        self.hold(hit.time_at(x), now);
                        None
                    }
                    None => None,
                },
                PointerEvent::Dragged(x, _) => {
                    if self.model.film().is_some_and(|film| film.is_held) {
                        self.hold(self.context.track.map(|track| track.time_at(x)), now);
                    }
                    None
                }
                PointerEvent::Released => {
                    if let Some(film) = &mut self.model.film {
                        film.release();
                    }
                    None
                }
                PointerEvent::Left => {
                    let is_new = self.model.hover(None);
                    self.damage.add(Damage::All, is_new);
                    None
                }
                PointerEvent::Wheel(lines) => Some(Command::Scroll(lines)),
            };
            if let Some(command) = command {
                self.damage = Damage::All;
                self.execute(command, &mut actions, now);
            }
        }
        actions
    }

    /// Moves the knob of the film's track to this time.
    fn hold(&mut self, at: Option<Duration>, now: Instant) {
        if let (Some(film), Some(at)) = (&mut self.model.film, at) {
            self.damage = Damage::All;
            film.show_bar(now);
            film.hold(at);
        }
    }

    fn stroke(&mut self, stroke: &Stroke, actions: &mut Vec<Action>, now: Instant) {
        if self.model.chat.entry.is_none() {
            // The topmost layer closes first; the window itself only if nothing else is open.
            let escaped = stroke.key == Some(minifb::Key::Escape);
            if escaped && self.model.close() {
                return;
            }
            if let Some(command) = stroke.command(self.model.film().is_some()) {
                self.execute(command, actions, now);
            }
            return;
        }
        match stroke.writing() {
            Some(Writing::Paste) => self.clipboard.paste(),
            Some(writing) => actions.extend(self.model.write(&writing, now)),
            None => {}
        }
    }

    fn execute(&mut self, command: Command, actions: &mut Vec<Action>, now: Instant) {
        self.quits |= command == Command::Quit;
        actions.extend(self.model.execute(command, now));
    }
}
