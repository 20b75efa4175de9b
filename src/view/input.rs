//! Effects of keys and the pointer on the window.

use std::time::{Duration, Instant};

use minifb::Key;

use super::{
    action::Action,
    command::{Command, Writing},
    damage::Damage,
    drop_reader,
    keys::Stroke,
    pointer::PointerEvent,
    presses::merged,
    render_context::Hit,
    visibility::Fact,
    window::Shell,
};
use crate::{drawing::Rect, i18n::Phrase};

impl Shell {
    /// Handles keys and pointer as far as they concern the window; returns the rest.
    pub(super) fn input(&mut self, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        if let Some(dropped) = self.surface.dropped() {
            self.visibility.note(Fact::Touched);
            drop_reader::read(dropped, self.handle.clone(), &self.model.words);
        }
        // First the pointer: a key may be about what it points at.
        let events = self.surface.pointer_events();
        for event in events.unwrap_or_else(|| self.pointer.poll(&self.window)) {
            self.touched = now;
            self.point(event, &mut actions, now);
        }
        for stroke in merged(self.surface.presses(), self.keys.strokes()) {
            self.stroke(&stroke, &mut actions, now);
        }
        actions
    }

    fn point(&mut self, event: PointerEvent, actions: &mut Vec<Action>, now: Instant) {
        let command = match event {
            PointerEvent::Moved(x, y) => {
                self.moved(x, y, now);
                None
            }
            PointerEvent::Click(x, y) => self.click(x, y, now),
            PointerEvent::DoubleClick(x, y) => self.double_click(x, y, actions, now),
            PointerEvent::RightClick(x, y) => {
                self.visibility.note(Fact::Touched);
                self.open_menu((x, y));
                None
            }
            PointerEvent::Dragged(x, y) => {
                self.pull((x, y));
                if self.model.film().is_some_and(|film| film.is_held) {
                    self.hold(self.context.track.map(|track| track.time_at(x)), now);
                }
                None
            }
            PointerEvent::Released => {
                if let Some(film) = &mut self.model.film {
                    film.release();
                }
                self.damage.add(Damage::All, self.context.dragged.is_some());
                self.let_go()
            }
            PointerEvent::Left => {
                let was_marked = self.context.pointer.take().is_some();
                let is_new = self.model.hover(None) || was_marked;
                self.damage.add(Damage::All, is_new);
                None
            }
            PointerEvent::Zoom(steps) => {
                self.visibility.note(Fact::Touched);
                Some(Command::Zoom(steps))
            }
            PointerEvent::Wheel(lines) => {
                self.visibility.note(Fact::Touched);
                self.wheel(lines)
            }
        };
        if let Some(command) = command {
            self.damage = Damage::All;
            self.execute(command, actions, now);
        }
    }

    /// Repaints only if the buttons, a time at the pointer or another mark appears.
    fn moved(&mut self, x: usize, y: usize, now: Instant) {
        self.damage.add(Damage::All, !self.model.has_buttons(now));
        self.model.pointed(now);
        let on_track = self.context.hit(x, y).and_then(|hit| hit.time_at(x));
        let is_new = self.model.hover(on_track);
        let area = |at: Option<(usize, usize)>| at.and_then(|(x, y)| self.context.hit_area(x, y));
        let is_elsewhere = area(self.context.pointer) != area(Some((x, y)));
        self.damage.add(Damage::All, is_new || is_elsewhere);
        self.context.pointer = Some((x, y));
    }

    fn click(&mut self, x: usize, y: usize, now: Instant) -> Option<Command> {
        self.visibility.note(Fact::Touched);
        self.clicked = self.context.hit(x, y);
        match self.clicked? {
            hit if self.grip((x, y), hit) => None,
            Hit::Command(command) => Some(command),
            hit @ Hit::Track(_) => {
                self.hold(hit.time_at(x), now);
                None
            }
            Hit::Picture => None,
        }
    }

    /// On a picture, fills the screen with it, or ends that.
    fn double_click(
        &mut self,
        x: usize,
        y: usize,
        actions: &mut Vec<Action>,
        now: Instant,
    ) -> Option<Command> {
        match self.clicked {
            Some(Hit::Picture) => {}
            Some(Hit::Command(command @ Command::Enlarge(place))) => {
                // The first click may have made it small.
                if self.model.enlarged() != Some(place) {
                    self.execute(command, actions, now);
                }
            }
            _ => return self.click(x, y, now),
        }
        Some(Command::FullScreen)
    }

    /// The wheel scrolls what is under the pointer, or goes through the streams.
    fn wheel(&self, lines: isize) -> Option<Command> {
        let pointer = self.context.pointer.map(|(x, y)| Rect::new(x, y, 1, 1));
        let is_in = |area: Rect| pointer.is_some_and(|at| area.contains(at));
        let back = if lines > 0 { Command::Previous } else { Command::Next };
        if self.model.menu.is_some() {
            return Some(Command::Select(-lines.signum()));
        }
        if self.model.displayed_image().is_some() {
            return Some(back);
        }
        if self.context.conversation.is_some_and(is_in) {
            return Some(Command::Scroll(lines));
        }
        match self.context.strip {
            Some(strip) if is_in(strip.area) => Some(Command::Strip(strip.moved(-lines.signum()))),
            _ => self.model.enlarged().map(|_| back),
        }
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
        (self.damage, self.touched) = (Damage::All, now);
        self.visibility.note(Fact::Touched);
        if self.model.menu.is_some() {
            return self.menu_stroke(stroke, actions, now);
        }
        let is_enter = matches!(stroke.key, Some(Key::Enter | Key::NumPadEnter));
        if is_enter && !self.model.drafts.is_empty() {
            return self.execute(Command::SendDraft, actions, now);
        }
        if self.model.chat.entry.is_some() && self.model.drafts.is_empty() {
            match stroke.writing() {
                Some(Writing::Paste) => self.clipboard.paste(),
                Some(writing) => actions.extend(self.model.write(&writing, now)),
                None => {}
            }
            return;
        }
        let key = stroke.key;
        if is_enter && self.model.asks_to_leave(now) {
            return self.execute(Command::Quit, actions, now);
        }
        // The topmost layer closes first; it never ends the program.
        if key == Some(Key::Escape) {
            if !self.model.close() {
                self.surface.leave_full_screen();
            }
            return;
        }
        if self.model.cameras.is_some() {
            if let Some(command) = stroke.in_list() {
                self.execute(command, actions, now);
            }
            return;
        }
        if let Some(command) = stroke.command(self.model.film().is_some()) {
            self.execute(command, actions, now);
        }
    }

    pub(super) fn execute(&mut self, command: Command, actions: &mut Vec<Action>, now: Instant) {
        if self.use_menu(command, actions, now) {
            return;
        }
        self.reframe(command, now);
        actions.extend(self.rearrange(command, now));
        let notice = match command {
            Command::FullScreen => self.surface.toggle_full_screen().err().map(|_| Phrase::NoSuchState),
            Command::OnTop => Some(match self.surface.toggle_on_top() {
                Ok(true) => Phrase::OnTop,
                Ok(false) => Phrase::NotOnTop,
                Err(_) => Phrase::NoSuchState,
            }),
            Command::Paste => {
                self.clipboard.paste();
                None
            }
            Command::Small => {
                let picture = self.proportions();
                self.surface.toggle_small(picture).err().map(|_| Phrase::NoSuchState)
            }
            _ => None,
        };
        if let Some(notice) = notice {
            self.model.notice(notice, now);
        }
        actions.extend(self.model.execute(command, now));
    }
}
