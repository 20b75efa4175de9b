//! Keys to commands, without losing one.
//!
//! minifb's own list of pressed keys misses a key that goes down and up between two polls, which a quick hand
//! or a test does. Its callback tells every event; this keeps them until the loop asks.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use minifb::{InputCallback, Key};

/// Key strokes that wait; more between two polls come from a cat.
const WAITING_STROKES: usize = 64;

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Quit,
    Save,
    Pause,
    Numbers,
    Help,
    Dismiss,
}

/// The keys and what they do, for the help panel; one list, so that help and truth agree.
pub(crate) const HELP: [(&str, &str); 6] = [
    ("q  Esc", "quit"),
    ("Space", "pause and go on"),
    ("s", "save a snapshot, or the image on display"),
    ("x  Enter", "put an image away"),
    ("i", "show the numbers"),
    ("h", "show these keys"),
];

/// Takes key events from the window and hands out commands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    events: Rc<RefCell<Events>>,
}

#[derive(Debug, Default)]
struct Events {
    held: Vec<Key>,
    strokes: VecDeque<Key>,
}

impl Keys {
    /// The commands since the last call.
    pub(crate) fn commands(&self) -> Vec<Command> {
        let strokes: Vec<Key> = self.events.borrow_mut().strokes.drain(..).collect();
        strokes.into_iter().filter_map(command).collect()
    }

    /// Forgets which keys are down: a window without the focus is not told when they come up.
    pub(crate) fn release(&self) {
        self.events.borrow_mut().held.clear();
    }
}

impl InputCallback for Keys {
    fn add_char(&mut self, _character: u32) {}

    fn set_key_state(&mut self, key: Key, down: bool) {
        let mut events = self.events.borrow_mut();
        let held = events.held.contains(&key);
        if !down {
            events.held.retain(|held| *held != key);
        } else if !held && events.strokes.len() < WAITING_STROKES {
            // A key that is held repeats itself; a pause that flickers helps nobody.
            events.held.push(key);
            events.strokes.push_back(key);
        }
    }
}

fn command(key: Key) -> Option<Command> {
    Some(match key {
        Key::Q | Key::Escape => Command::Quit,
        Key::S => Command::Save,
        Key::Space => Command::Pause,
        Key::I => Command::Numbers,
        Key::H | Key::F1 => Command::Help,
        Key::X | Key::Enter | Key::NumPadEnter => Command::Dismiss,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quick_stroke_counts_and_a_held_key_counts_once() {
        let keys = Keys::default();
        let mut events = keys.clone();
        for (key, down) in [(Key::S, true), (Key::S, false), (Key::Space, true), (Key::Space, true)] {
            events.set_key_state(key, down);
        }
        events.set_key_state(Key::Z, true);
        assert_eq!(keys.commands(), [Command::Save, Command::Pause]);
        events.set_key_state(Key::Space, true);
        assert!(keys.commands().is_empty());
        keys.release();
        events.set_key_state(Key::Space, true);
        assert_eq!(keys.commands(), [Command::Pause]);
    }
}
