//! Key strokes and their commands.
//!
//! minifb's own list of pressed keys misses a key that goes down and up between two polls, as a quick user or
//! a test does. Its callback reports every event; this queues them until the loop asks. The letters of a
//! stroke stay with it, so that the key that opens the text line does not also write its letter there.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use minifb::{InputCallback, Key};

use super::{
    command::{Command, Target, Writing},
    entry::Edit,
    framing::Turn,
};

/// Queued key strokes; more between two polls are not typed by a user.
const WAITING_STROKES: usize = 64;

/// Lines per page of the history.
const PAGE: isize = 8;

/// One stroke of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stroke {
    /// The key, if the window system has a name for it.
    pub(crate) key: Option<Key>,
    /// The text it enters.
    pub(crate) text: String,
    /// Whether a control key was down.
    pub(crate) control: bool,
    /// Whether a shift key was down.
    pub(crate) shift: bool,
    /// Whether an alt key was down.
    pub(crate) alt: bool,
    /// Whether this is the auto-repeat of a held key.
    pub(crate) repeated: bool,
}

/// Receives key events from the window and returns strokes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    events: Rc<RefCell<Events>>,
}

#[derive(Debug, Default)]
struct Events {
    held: Vec<Key>,
    strokes: VecDeque<Stroke>,
}

impl Keys {
    /// The strokes since the last call.
    pub(crate) fn strokes(&self) -> Vec<Stroke> {
        self.events.borrow_mut().strokes.drain(..).collect()
    }

    /// Forgets which keys are down: a window without the focus gets no release events.
    pub(crate) fn release(&self) {
        self.events.borrow_mut().held.clear();
    }
}

impl Events {
    fn push(&mut self, stroke: Stroke) {
        if self.strokes.len() < WAITING_STROKES {
            self.strokes.push_back(stroke);
        }
    }

    fn holds(&self, keys: [Key; 2]) -> bool {
        keys.iter().any(|key| self.held.contains(key))
    }
}

impl InputCallback for Keys {
    fn add_char(&mut self, character: u32) {
        let Some(c) = char::from_u32(character).filter(|c| !c.is_control()) else { return };
        let mut events = self.events.borrow_mut();
        // Belongs to the preceding stroke, which the window system reports first, unless that one has a
        // letter already: then it came from a key without a name or from an input method.
        match events.strokes.back_mut() {
            Some(stroke) if stroke.key.is_some() && stroke.text.is_empty() => stroke.text.push(c),
            _ => events.push(Stroke { text: c.to_string(), ..Stroke::default() }),
        }
    }

    fn set_key_state(&mut self, key: Key, down: bool) {
        let mut events = self.events.borrow_mut();
        let repeated = events.held.contains(&key);
        if !down {
            events.held.retain(|held| *held != key);
            return;
        }
        if !repeated {
            events.held.push(key);
        }
        let control = events.holds([Key::LeftCtrl, Key::RightCtrl]);
        let shift = events.holds([Key::LeftShift, Key::RightShift]);
        let alt = events.holds([Key::LeftAlt, Key::RightAlt]);
        events.push(Stroke { key: Some(key), text: String::new(), control, shift, alt, repeated });
    }
}

impl Stroke {
    /// The command of the stroke while no line is being written; `film`: a film is played.
    pub(crate) fn command(&self, film: bool) -> Option<Command> {
        if self.writing() == Some(Writing::Paste) && !self.repeated {
            return Some(Command::Paste);
        }
        let command = match (self.zoom(), self.key.and_then(|key| self.seek(key))) {
            (Some(command), _) => command,
            (None, Some(target)) if film => Command::Seek(target),
            _ => self.plain_command(self.key?)?,
        };
        // A held key repeats; only what moves does so, since a flickering pause helps nobody.
        let repeats = matches!(
            command,
            Command::Scroll(_) | Command::Seek(_) | Command::Zoom(_) | Command::Pan(..) | Command::Move(_)
        );
        ((repeats || !self.repeated) && !self.control).then_some(command)
    }

    /// Signs are at other places on other keyboards, so their text counts.
    fn zoom(&self) -> Option<Command> {
        Some(match (self.text.as_str(), self.key) {
            ("+" | "=", _) | (_, Some(Key::NumPadPlus)) => Command::Zoom(1),
            ("-", _) | (_, Some(Key::NumPadMinus)) => Command::Zoom(-1),
            (_, Some(Key::Left)) if self.alt => Command::Pan(-1, 0),
            (_, Some(Key::Right)) if self.alt => Command::Pan(1, 0),
            (_, Some(Key::Up)) if self.alt => Command::Pan(0, -1),
            (_, Some(Key::Down)) if self.alt => Command::Pan(0, 1),
            _ => return None,
        })
    }

    const fn seek(&self, key: Key) -> Option<Target> {
        Some(match key {
            Key::Right => Target::forward(self.shift),
            Key::Left => Target::back(self.shift),
            Key::Home => Target::Beginning,
            Key::End => Target::End,
            _ => return None,
        })
    }

    fn plain_command(&self, key: Key) -> Option<Command> {
        Some(match key {
            Key::Q => Command::Quit,
            Key::F | Key::F11 => Command::FullScreen,
            Key::O => Command::OnTop,
            Key::P => Command::Small,
            Key::S => Command::Save,
            Key::E => Command::OpenFolder,
            Key::V => Command::Turn(Turn::Mirror),
            Key::U => Command::Turn(Turn::Flip),
            Key::D => Command::Turn(Turn::Quarter),
            Key::Z => Command::Fit,
            Key::C => Command::Copy,
            Key::L => Command::Share,
            Key::R => Command::Record,
            Key::M => Command::Camera,
            Key::W => Command::Cameras,
            Key::Space => Command::Pause,
            Key::I => Command::Numbers,
            Key::H | Key::F1 => Command::Help,
            Key::Menu => Command::Menu,
            Key::F10 if self.shift => Command::Menu,
            Key::X => Command::Dismiss,
            Key::Enter | Key::NumPadEnter if self.alt => Command::FullScreen,
            Key::T | Key::Enter | Key::NumPadEnter => Command::Say,
            Key::Y => Command::History,
            Key::Tab if self.shift => Command::Previous,
            Key::Right if self.shift => Command::Move(1),
            Key::Left if self.shift => Command::Move(-1),
            Key::Tab | Key::Right => Command::Next,
            Key::Left => Command::Previous,
            Key::Delete => Command::Hide,
            Key::A => Command::Unhide,
            Key::K => Command::Pin,
            Key::PageUp => Command::Scroll(PAGE),
            Key::PageDown => Command::Scroll(-PAGE),
            Key::Up => Command::Scroll(1),
            Key::Down => Command::Scroll(-1),
            _ => Command::Digit(digit(key)?),
        })
    }

    /// The command of the stroke while a list is open.
    pub(crate) fn in_list(&self) -> Option<Command> {
        Some(match self.key? {
            Key::Up => Command::Select(-1),
            Key::Down => Command::Select(1),
            Key::Tab => Command::Select(if self.shift { -1 } else { 1 }),
            Key::Enter | Key::NumPadEnter | Key::Space if !self.repeated => Command::UseSelected,
            Key::W if !self.repeated => Command::Cameras,
            _ => return None,
        })
    }

    /// The meaning while a line is being written.
    pub(crate) fn writing(&self) -> Option<Writing> {
        let edit = match (self.key, self.control) {
            (Some(Key::V), true) => return Some(Writing::Paste),
            (Some(Key::Insert), false) if self.shift => return Some(Writing::Paste),
            (Some(Key::Enter | Key::NumPadEnter), _) if self.alt => return None,
            (Some(Key::Enter | Key::NumPadEnter), _) => return Some(Writing::Send),
            (Some(Key::Escape), _) => return Some(Writing::Close),
            (Some(Key::PageUp), _) => return Some(Writing::Scroll(PAGE)),
            (Some(Key::PageDown), _) => return Some(Writing::Scroll(-PAGE)),
            (Some(Key::Up), _) => return Some(Writing::Scroll(1)),
            (Some(Key::Down), _) => return Some(Writing::Scroll(-1)),
            (Some(Key::Backspace), _) => Edit::Back,
            (Some(Key::Delete), _) => Edit::Delete,
            (Some(Key::Left), _) => Edit::Left,
            (Some(Key::Right), _) => Edit::Right,
            (Some(Key::Home), _) => Edit::Home,
            (Some(Key::End), _) => Edit::End,
            (Some(Key::U), true) => Edit::Clear,
            (_, false) if !self.text.is_empty() => Edit::Put(self.text.clone()),
            _ => return None,
        };
        Some(Writing::Edit(edit))
    }
}

fn digit(key: Key) -> Option<u64> {
    const DIGITS: [[Key; 2]; 10] = [
        [Key::Key0, Key::NumPad0],
        [Key::Key1, Key::NumPad1],
        [Key::Key2, Key::NumPad2],
        [Key::Key3, Key::NumPad3],
        [Key::Key4, Key::NumPad4],
        [Key::Key5, Key::NumPad5],
        [Key::Key6, Key::NumPad6],
        [Key::Key7, Key::NumPad7],
        [Key::Key8, Key::NumPad8],
        [Key::Key9, Key::NumPad9],
    ];
    DIGITS.iter().zip(0..).find(|(keys, _)| keys.contains(&key)).map(|(_, digit)| digit)
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
