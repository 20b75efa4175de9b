//! The menu of a right click: what can be done with the stream under the pointer, and with the window.

use super::{
    command::Command,
    film::FilmState,
    framing::{Fit, Turn},
    model::Model,
    render_context::WindowContext,
    stream::Stream,
    update::SelfViewState,
};
use crate::{i18n::Phrase, stream_id::StreamId};

/// An entry of the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MenuEntry {
    pub(crate) command: Command,
    pub(crate) label: Phrase,
    /// The key that does the same.
    pub(crate) key: String,
    /// Whether it is in effect now, so that choosing it ends that.
    pub(crate) is_on: bool,
    /// Whether it is the first of a group.
    pub(crate) is_first: bool,
}

/// The menu, while it is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Menu {
    /// The stream that it is about; `None` if it is about the window only.
    pub(crate) stream: Option<StreamId>,
    /// Where it was opened, in pixels from the upper left corner.
    pub(crate) at: (usize, usize),
    pub(crate) entries: Vec<MenuEntry>,
    /// The entry that keys have selected.
    pub(crate) selected: Option<usize>,
}

impl Menu {
    /// The menu about the stream at this place, if any, and the window.
    pub(crate) fn new(
        model: &Model,
        window: WindowContext,
        place: Option<usize>,
        at: (usize, usize),
    ) -> Self {
        let mut list = List::default();
        if let Some(place) = place {
            list.about_stream(model, window, place);
        }
        list.about_window(model, window);
        let stream = place.and_then(|place| model.streams.get(place)).map(Stream::id);
        Self { stream, at, entries: list.entries, selected: None }
    }

    /// Selects the next entry, or the one before; after the last comes the first.
    pub(crate) fn step(&mut self, by: isize) {
        let count = self.entries.len().max(1);
        self.selected = Some(match self.selected {
            None if by < 0 => count - 1,
            None => 0,
            Some(at) => (at as isize + by).rem_euclid(count as isize) as usize,
        });
    }
}

/// Entries in groups.
#[derive(Default)]
struct List {
    entries: Vec<MenuEntry>,
    is_first: bool,
}

impl List {
    fn group(&mut self) {
        self.is_first = !self.entries.is_empty();
    }

    fn add(&mut self, command: Command, label: Phrase, key: &str) {
        self.switch(command, label, key, false);
    }

    fn switch(&mut self, command: Command, label: Phrase, key: &str, is_on: bool) {
        let is_first = std::mem::take(&mut self.is_first);
        self.entries.push(MenuEntry { command, label, key: key.to_owned(), is_on, is_first });
    }

    fn about_stream(&mut self, model: &Model, window: WindowContext, place: usize) {
        let (Some(stream), film) = (model.streams.get(place), model.film().is_some()) else { return };
        let is_card = stream.frame.card.is_some();
        if model.enlarged() == Some(place) {
            self.add(Command::All, Phrase::MenuAll, "0");
        } else if model.streams.len() > 1 {
            self.add(Command::Enlarge(place), Phrase::MenuEnlarge, &stream.number.to_string());
        }
        if stream.has_picture() {
            self.add(Command::Save, Phrase::MenuSave, "s");
        }
        if stream.has_picture() && window.clipboard {
            self.add(Command::Copy, Phrase::MenuCopy, "c");
        }
        if model.recording.is_some() {
            self.add(Command::Record, Phrase::MenuStop, "r");
        } else if !film {
            self.add(Command::Record, Phrase::MenuRecord, "r");
        }
        self.group();
        // A card has words, and is shown as it is.
        if !is_card {
            self.add(Command::Turn(Turn::Mirror), Phrase::MenuMirror, "v");
            self.add(Command::Turn(Turn::Flip), Phrase::MenuFlip, "u");
            self.add(Command::Turn(Turn::Quarter), Phrase::MenuQuarter, "d");
            let label = match model.streams.framing(stream).fit.next() {
                Fit::Whole => Phrase::MenuWhole,
                Fit::Fill => Phrase::MenuFill,
                Fit::Actual => Phrase::MenuActual,
            };
            self.add(Command::Fit, label, "z");
            self.add(Command::Zoom(1), Phrase::MenuZoom, "+");
        }
        self.group();
        if !film {
            let is_pinned = model.streams.arrangement.is_pinned(stream.name());
            self.switch(Command::Pin, Phrase::MenuPin, "k", is_pinned);
            self.add(Command::Hide, Phrase::MenuHide, "Del");
        }
        self.add(Command::Numbers, Phrase::MenuNumbers, "i");
    }

    fn about_window(&mut self, model: &Model, window: WindowContext) {
        self.group();
        let film = model.film();
        if film.is_none() {
            self.add(Command::Say, Phrase::MenuSay, "t");
        }
        if model.streams.hidden() > 0 {
            self.add(Command::Unhide, Phrase::MenuUnhide, "a");
        }
        if !model.streams.is_empty() {
            let is_paused = film.map_or(model.paused, |film| FilmState::progress(film).paused);
            self.switch(Command::Pause, Phrase::MenuPause, "Space", is_paused);
        }
        if let Some(own) = &model.own {
            let is_on = !matches!(own, SelfViewState::Off);
            self.switch(Command::Camera, Phrase::MenuCamera, "m", is_on);
            self.add(Command::Cameras, Phrase::MenuCameras, "w");
        }
        if model.page.is_some() && film.is_none() {
            self.add(Command::Share, Phrase::MenuShare, "l");
        }
        self.group();
        if window.states {
            self.add(Command::FullScreen, Phrase::MenuFullScreen, "f");
            self.add(Command::OnTop, Phrase::MenuOnTop, "o");
            self.add(Command::Small, Phrase::MenuSmall, "p");
        }
        self.add(Command::Help, Phrase::MenuKeys, "h");
    }
}

impl Model {
    /// Whether something is open that must be closed before anything else is done.
    pub(crate) fn has_dialog(&self) -> bool {
        let has_panel = self.help || self.shares || self.cameras.is_some();
        has_panel || self.displayed_image().is_some() || self.leaving_until.is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::{
        i18n::{Language, Translations},
        view::{
            keys::Stroke,
            samples::{LETTER_KEYS, fed, frame},
            update::{PlaceholderKind, Update, VideoFrame},
        },
    };

    const WINDOW: WindowContext = WindowContext { clipboard: true, states: true };

    fn commands(menu: &Menu) -> Vec<Command> {
        menu.entries.iter().map(|entry| entry.command).collect()
    }

    #[test]
    fn only_what_has_an_effect_is_in_the_menu() {
        let now = Instant::now();
        let mut model = fed(&[("ann", 64, 36), ("bob", 64, 36)], now);
        let of = |model: &Model, place| Menu::new(model, WINDOW, place, (0, 0));
        let menu = of(&model, Some(1));
        assert_eq!(menu.stream, Some(model.streams[1].id()));
        let wanted = [Command::Enlarge(1), Command::Save, Command::Record, Command::Fit, Command::Hide];
        assert!(wanted.iter().all(|command| commands(&menu).contains(command)), "{menu:?}");
        assert!(!commands(&menu).contains(&Command::Unhide) && !commands(&menu).contains(&Command::Camera));
        model.execute(Command::Enlarge(1), now);
        model.streams.hide(0);
        model.apply(Update::Own(SelfViewState::Off), now);
        let menu = of(&model, Some(1));
        assert!(commands(&menu).contains(&Command::All) && commands(&menu).contains(&Command::Unhide));
        let camera = menu.entries.iter().find(|entry| entry.command == Command::Camera);
        assert!(camera.is_some_and(|entry| !entry.is_on));
        let window = of(&model, None);
        assert!(window.stream.is_none() && !commands(&window).contains(&Command::Hide));
        let plain = Menu::new(&model, WindowContext::default(), Some(1), (0, 0));
        assert!(
            !commands(&plain).contains(&Command::FullScreen) && !commands(&plain).contains(&Command::Copy)
        );
        let off = VideoFrame { card: Some(PlaceholderKind::CameraOff), ..frame("bob", 9, 64, 36) };
        model.apply(Update::Frame(off), now);
        assert!(!commands(&of(&model, Some(1))).contains(&Command::Turn(Turn::Mirror)));
    }

    #[test]
    fn each_key_beside_an_entry_does_the_same() {
        let now = Instant::now();
        let mut model = fed(&[("ann", 64, 36)], now);
        model.apply(Update::Own(SelfViewState::Off), now);
        let menu = Menu::new(&model, WINDOW, Some(0), (0, 0));
        for MenuEntry { command, key, .. } in &menu.entries {
            let stroke = match key.as_str() {
                "Space" => Stroke { key: Some(minifb::Key::Space), ..Stroke::default() },
                "Del" => Stroke { key: Some(minifb::Key::Delete), ..Stroke::default() },
                "+" => Stroke { text: "+".into(), ..Stroke::default() },
                letter => {
                    let key = LETTER_KEYS.into_iter().find(|(name, _)| *name == letter).map(|(_, key)| key);
                    Stroke { key: Some(key.unwrap()), ..Stroke::default() }
                }
            };
            assert_eq!(stroke.command(false), Some(*command), "{key}");
        }
        let words = Language::ALL.map(Translations::new);
        for entry in &menu.entries {
            assert!(words.iter().all(|words| !words.text(entry.label).is_empty()));
        }
    }

    #[test]
    fn steps_go_round() {
        let model = fed(&[("ann", 64, 36)], Instant::now());
        let mut menu = Menu::new(&model, WINDOW, Some(0), (0, 0));
        let last = menu.entries.len() - 1;
        for (by, wanted) in [(1, 0), (-1, last), (1, 0), (1, 1)] {
            menu.step(by);
            assert_eq!(menu.selected, Some(wanted));
        }
        menu.selected = None;
        menu.step(-1);
        assert_eq!(menu.selected, Some(last));
    }
}
