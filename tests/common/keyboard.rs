//! A keyboard of a display: its layout, presses of its keys, and a virtual keyboard that binds characters to a free key.

use std::{process::Command, thread, time::Duration};

use x11rb::{
    connection::Connection,
    protocol::{
        xproto::{ConnectionExt as _, KEY_PRESS_EVENT, KEY_RELEASE_EVENT},
        xtest::ConnectionExt as _,
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

use super::display::Display;

/// How long a virtual keyboard holds a key, and waits before the next: as xdotool does.
const HOLD: Duration = Duration::from_millis(6);

/// A keyboard, without any program in between.
pub struct Keyboard(RustConnection);

impl Keyboard {
    /// The keyboard of this display with a layout such as `ru`.
    pub fn of(display: &Display, layout: &str) -> Self {
        let status = Command::new("setxkbmap").args(["-display", &display.name, layout]).status();
        assert!(status.expect("setxkbmap runs (make deps)").success());
        Self(x11rb::connect(Some(&display.name)).unwrap().0)
    }

    /// Presses and releases the key with this number.
    pub fn press(&self, key: u8) {
        for what in [KEY_PRESS_EVENT, KEY_RELEASE_EVENT] {
            self.0.xtest_fake_input(what, key, 0, x11rb::NONE, 0, 0, 0).unwrap().check().unwrap();
            thread::sleep(HOLD);
        }
    }

    /// Types a text that the layout does not have: binds each character to the same free key, and presses that.
    pub fn type_unbound(&self, text: &str) {
        let setup = self.0.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let keys = self.0.get_keyboard_mapping(first, last - first + 1).unwrap().reply().unwrap();
        let mut rows = (first..).zip(keys.keysyms.chunks(keys.keysyms_per_keycode.into()));
        let (free, _) = rows.find(|(_, row)| row.iter().all(|symbol| *symbol == 0)).expect("a free key");
        for character in text.chars() {
            let symbol = 0x0100_0000 + u32::from(character);
            self.0.change_keyboard_mapping(1, free, 2, &[symbol, symbol]).unwrap().check().unwrap();
            self.press(free);
        }
        self.0.change_keyboard_mapping(1, free, 2, &[0, 0]).unwrap().check().unwrap();
        self.0.sync().unwrap();
        // As long as a finger takes to the next key.
        thread::sleep(20 * HOLD);
    }
}
