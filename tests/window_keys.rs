//! Keys of the window on keyboards of several scripts, and characters of virtual keyboards, on a real X server (Xvfb).
//!
//! Needs Xvfb, xdotool, setxkbmap, ImageMagick's import and openbox (`make deps`), and fails without them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use common::{
    display::{Display, Manager, light},
    keyboard::Keyboard,
    program::{RelayProgram, Running},
};

/// Numbers of keys, with the letters of a US keyboard.
const Q: u8 = 24;
const T: u8 = 28;
const H: u8 = 43;
const ENTER: u8 = 36;
const ESCAPE: u8 = 9;

/// A window named Ann, its relay, and a viewer that prints what she writes.
struct Talk {
    display: Display,
    _manager: Option<Manager>,
    _relay: RelayProgram,
    window: Running,
    other: Running,
}

impl Talk {
    fn start(is_managed: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (display, relay) = (Display::start(), RelayProgram::start(&[]));
        let manager = is_managed.then(|| Manager::start(&display));
        let mut other = Running::start(&["view", &relay.addr, "--no-window", "--json"]);
        other.event("link", |link| link["state"] == "up");
        let window = display.open(&["view", &relay.addr, "--name", "Ann"], folder.path());
        display.shows("the waiting message", |shot| light(shot, 0..800, 200..400) > 150);
        let this = Self { display, _manager: manager, _relay: relay, window, other };
        this.focus();
        this
    }

    fn focus(&self) {
        let window = self.display.window("pulsecam");
        self.display.xdotool(&["windowfocus", "--sync", &window]);
    }

    fn said(&mut self) -> String {
        self.other.event("text", |_| true)["text"].as_str().unwrap().to_owned()
    }
}

/// Keys are commands at their places, and enter the layout's letters in a text: those on the keys of "ghbdtn".
fn speaks(layout: &str, text: &str, is_managed: bool) {
    let mut talk = Talk::start(is_managed);
    let keyboard = Keyboard::of(&talk.display, layout);
    let all = |shot: &image::RgbImage| light(shot, 0..800, 0..600);
    let corner = |shot: &image::RgbImage| light(shot, 480..800, 0..60);
    let before = talk.display.screenshot();
    let (words, frame) = (all(&before), corner(&before));
    keyboard.press(H);
    talk.display.shows("the keys", |shot| all(shot) > words + 500);
    keyboard.press(H);
    talk.display.shows("no keys", |shot| all(shot) < words + 200);
    keyboard.press(T);
    talk.display.shows("the conversation", |shot| corner(shot) > frame + 20);
    [42, 43, 56, 40, 28, 57].iter().for_each(|key| keyboard.press(*key));
    keyboard.press(ENTER);
    assert_eq!(talk.said(), text);
    keyboard.press(ESCAPE);
    talk.display.shows("no conversation", |shot| corner(shot) <= frame);
    keyboard.press(Q);
    assert_eq!(talk.window.exit_code(), 0);
}

#[test]
fn letters_are_commands_on_a_russian_keyboard() {
    speaks("ru", "привет", false);
}

#[test]
fn letters_are_commands_on_a_greek_keyboard_under_a_window_manager() {
    speaks("gr", "γηβδτν", true);
}

#[test]
fn the_second_layout_of_a_keyboard_counts_once() {
    let talk = Talk::start(false);
    let keyboard = Keyboard::of(&talk.display, "us,ru");
    talk.display.xdotool(&["key", "ISO_Next_Group"]);
    let words = light(&talk.display.screenshot(), 0..800, 0..600);
    keyboard.press(H);
    talk.display.shows("the keys", |shot| light(shot, 0..800, 0..600) > words + 500);
}

#[test]
fn characters_of_a_virtual_keyboard_reach_the_line() {
    let mut talk = Talk::start(false);
    let keyboard = Keyboard::of(&talk.display, "us");
    talk.display.key("t");
    for text in ["你好世界", "привет, мир", "mixed 混合 αβγ 🙂 text"] {
        keyboard.type_unbound(text);
        keyboard.press(ENTER);
        assert_eq!(talk.said(), text);
        talk.display.write(text);
        keyboard.press(ENTER);
        assert_eq!(talk.said(), text, "by xdotool");
    }
}
