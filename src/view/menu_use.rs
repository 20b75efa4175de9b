//! Opening the menu and choosing from it, with keys and the pointer.

use std::time::Instant;

use minifb::Key;

use super::{action::Action, command::Command, damage::Damage, keys::Stroke, menu::Menu, window::Shell};

impl Shell {
    /// Opens the menu there, about the stream at this place; or closes it if it is open already.
    pub(super) fn open_menu(&mut self, at: (usize, usize)) {
        let is_elsewhere = self.model.menu.take().is_none_or(|menu| menu.at != at);
        self.damage = Damage::All;
        if is_elsewhere && !self.model.has_dialog() {
            let place = self.tile_at(at);
            self.model.menu = Some(Menu::new(&self.model, self.context.window_context, place, at));
        }
    }

    /// Opens it for the keyboard, about the stream that other keys are about, or the first one; or closes it.
    fn toggle_menu(&mut self) {
        if self.model.menu.take().is_some() || self.model.has_dialog() {
            return;
        }
        let place = self.target().or_else(|| self.model.streams.shown().first().copied());
        let area = place.and_then(|place| self.context.tiles.get(place)).map(|tile| tile.area);
        let area = area.unwrap_or(self.context.stage);
        let at = (area.x + area.width / 2, area.y + area.height / 2);
        let mut menu = Menu::new(&self.model, self.context.window_context, place, at);
        menu.step(1);
        self.model.menu = Some(menu);
    }

    /// Runs a command about the menu; `false` if it is another one.
    pub(super) fn use_menu(&mut self, command: Command, actions: &mut Vec<Action>, now: Instant) -> bool {
        let selected = self.model.menu.as_ref().map(|menu| menu.selected);
        match (command, selected) {
            (Command::Menu, _) => self.toggle_menu(),
            (Command::UseEntry(at), Some(_)) | (Command::UseSelected, Some(Some(at))) => {
                self.choose(at, actions, now);
            }
            (Command::UseSelected, Some(None)) => {}
            _ => return false,
        }
        true
    }

    /// Closes the menu, and runs the command of this entry about its stream, unless that has left.
    fn choose(&mut self, at: usize, actions: &mut Vec<Action>, now: Instant) {
        let Some(Menu { stream, entries, .. }) = self.model.menu.take() else { return };
        let place = stream.and_then(|stream| self.model.streams.place(stream));
        let Some(entry) = entries.get(at).filter(|_| stream.is_some() == place.is_some()) else { return };
        let command = match (entry.command, place) {
            // Others may have come before it since the menu was opened.
            (Command::Enlarge(_), Some(place)) => Command::Enlarge(place),
            (command, _) => command,
        };
        self.model.streams.aimed = stream;
        self.execute(command, actions, now);
        self.model.streams.aimed = None;
    }

    /// Handles a key while the menu is open: those of a list, and those beside the entries.
    pub(super) fn menu_stroke(&mut self, stroke: &Stroke, actions: &mut Vec<Action>, now: Instant) {
        let Some(menu) = &self.model.menu else { return };
        let command = stroke.command(self.model.film().is_some());
        let beside = menu.entries.iter().position(|entry| Some(entry.command) == command);
        let command = match (stroke.key, stroke.in_list()) {
            (Some(Key::Escape), _) => Command::Menu,
            (_, Some(step @ Command::Select(_))) => step,
            (_, Some(Command::UseSelected)) if menu.selected.is_some() => Command::UseSelected,
            (Some(Key::Enter | Key::NumPadEnter), _) => return,
            _ if command == Some(Command::Menu) => Command::Menu,
            _ => match beside {
                Some(at) => Command::UseEntry(at),
                None => return,
            },
        };
        self.execute(command, actions, now);
    }
}
