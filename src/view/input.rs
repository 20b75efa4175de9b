//! What keys and pointer do to the window.

use std::time::Instant;

use super::{
    action::Action,
    keys::{Command, Stroke, Writing},
    pointer::Seen,
    window::Shell,
};

impl Shell {
    /// What keys and pointer ask for, done as far as it concerns the window; the rest is returned.
    pub(super) fn input(&mut self, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        for stroke in self.keys.strokes() {
            (self.dirty, self.touched) = (true, now);
            self.stroke(&stroke, &mut actions, now);
        }
        for seen in self.pointer.look(&self.window) {
            self.touched = now;
            let command = match seen {
                Seen::Moved => {
                    // Only where it makes the buttons appear.
                    self.dirty |= !self.board.has_buttons(now);
                    self.board.pointed(now);
                    None
                }
                Seen::Click(x, y) => self.easel.hit(x, y),
                Seen::Wheel(lines) => Some(Command::Scroll(lines)),
            };
            if let Some(command) = command {
                self.dirty = true;
                self.obey(command, &mut actions, now);
            }
        }
        actions
    }

    fn stroke(&mut self, stroke: &Stroke, actions: &mut Vec<Action>, now: Instant) {
        if self.board.chat.entry.is_none() {
            // What lies on top goes first; the window itself only when there is nothing else to close.
            let escaped = stroke.key == Some(minifb::Key::Escape);
            if escaped && self.board.close() {
                return;
            }
            if let Some(command) = stroke.command() {
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
