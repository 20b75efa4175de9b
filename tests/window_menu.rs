//! The menu of a right click, on a real X server (Xvfb) with real presses of buttons and keys.
//!
//! Needs Xvfb, xdotool, ImageMagick's import and openbox (`make deps`), and fails without them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{fs, path::PathBuf};

use common::{
    clip::{self, GREEN, RED},
    display::{Display, Manager, light, near, wait},
    program::{RelayProgram, Running},
};
use image::RgbImage;
use tempfile::TempDir;

/// Two streams beside each other: a red one, and one whose left half is red and whose right half is green.
struct Two {
    window: Running,
    saved: PathBuf,
    _senders: [Running; 2],
    _manager: Option<Manager>,
    _relay: RelayProgram,
    display: Display,
    _folder: TempDir,
}

impl Two {
    fn open(is_managed: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let saved = folder.path().join("saved");
        let display = Display::start();
        let manager = is_managed.then(|| Manager::start(&display));
        let relay = RelayProgram::start(&[]);
        let mut window = display.view(&relay.addr, &saved);
        let mut senders = Vec::new();
        for (name, jpeg) in [("red", clip::plain(640, 480, RED)), ("halves", clip::two_halves(640, 480))] {
            senders.push(clip::sender(&relay.addr, folder.path(), name, &jpeg));
            window.event("frame", |frame| frame["stream"] == name);
        }
        let this = Self {
            window,
            saved,
            _senders: senders.try_into().ok().unwrap(),
            _manager: manager,
            _relay: relay,
            display,
            _folder: folder,
        };
        this.display.shows("both", both);
        this
    }

    /// Presses the right button there, for no time.
    fn right_click(&self, x: u32) -> RgbImage {
        self.display.xdotool(&["mousemove", &x.to_string(), "300", "click", "3"]);
        self.display.shows("the menu", |shot| is_menu_at(shot, x))
    }

    fn press(&self, keys: &[&str]) {
        keys.iter().for_each(|key| self.display.xdotool(&["key", key]));
    }

    fn focus(&self) {
        let window = self.display.window("pulsecam");
        self.display.xdotool(&["windowfocus", "--sync", &window]);
    }

    /// Waits until a file is saved whose name has these words.
    fn saves(&self, words: &str) {
        wait(words, || self.saved().iter().any(|name| name.contains(words)));
    }

    fn saved(&self) -> Vec<String> {
        let files = fs::read_dir(&self.saved).into_iter().flatten();
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
    }
}

/// Two tiles of 400x300 in the middle of 800x600.
fn both(shot: &RgbImage) -> bool {
    near(shot, 200, 430, RED) && near(shot, 430, 430, RED) && near(shot, 780, 430, GREEN)
}

/// Whether a menu was opened in this column. Its upper edge depends on the room below.
fn is_menu_at(shot: &RgbImage, x: u32) -> bool {
    (300..320).all(|y| near(shot, x + 3, y, [0x16, 0x19, 0x1f]))
}

/// The second stream alone, in all of the window.
fn halves(shot: &RgbImage) -> bool {
    near(shot, 200, 500, RED) && near(shot, 600, 500, GREEN)
}

#[test]
fn a_choice_is_about_the_stream_under_the_pointer() {
    let mut two = Two::open(false);
    two.focus();
    // By the keys beside the entries.
    two.right_click(450);
    two.press(&["v"]);
    let mirrored = |shot: &RgbImage| near(shot, 430, 430, GREEN) && near(shot, 780, 430, RED);
    two.display.shows("the second one mirrored", |shot| mirrored(shot) && near(shot, 200, 430, RED));
    two.right_click(450);
    two.press(&["s"]);
    two.saves("halves");
    two.right_click(50);
    two.press(&["r"]);
    two.saves(".mkv");
    let is_meant = |name: &String| name.contains(if name.ends_with(".jpg") { "halves" } else { "red" });
    assert!(two.saved().iter().all(is_meant), "{:?}", two.saved());
    two.right_click(50);
    two.press(&["r"]);
    two.window.forget();
    // By the arrow keys, from the first entry.
    two.right_click(450);
    two.press(&["Down", "Return"]);
    two.display
        .shows("the second one large", |shot| near(shot, 200, 500, GREEN) && near(shot, 600, 500, RED));
    two.right_click(450);
    two.press(&["v"]);
    two.display.shows("it as it was", halves);
    // By clicks: the first entry shows all again.
    let menu = two.right_click(450);
    // Above it is the picture.
    let top = (0..300).rev().find(|y| !near(&menu, 453, *y, [0x16, 0x19, 0x1f])).unwrap();
    two.display.click(520, top + 22);
    two.display.shows("both", both);
    two.right_click(50);
    two.press(&["Delete"]);
    two.display.shows("the second one alone", halves);
    two.right_click(450);
    two.press(&["a"]);
    two.display.shows("both again", both);
    assert_eq!(two.saved().len(), 2, "{:?}", two.saved());
    two.press(&["q"]);
    assert_eq!(two.window.exit_code(), 0);
}

#[test]
fn a_menu_closes_on_escape_and_on_a_click_elsewhere_which_does_nothing_else() {
    let two = Two::open(true);
    two.focus();
    let before = light(&two.display.screenshot(), 450..800, 0..600);
    let menu = two.right_click(450);
    assert!(light(&menu, 450..800, 0..600) > before + 500, "it has words");
    two.press(&["Escape"]);
    two.display.shows("no menu", |shot| !is_menu_at(shot, 450) && both(shot));
    two.right_click(450);
    two.display.click(100, 400);
    two.display.shows("both streams", |shot| !is_menu_at(shot, 450) && both(shot));
    assert!(two.saved().is_empty());
}

#[test]
fn the_keyboard_opens_it_about_the_stream_under_the_pointer() {
    let two = Two::open(true);
    two.focus();
    two.display.xdotool(&["mousemove", "700", "300"]);
    for keys in ["Menu", "shift+F10"] {
        two.press(&[keys]);
        // In the middle of the tile, moved into the window.
        let menu = |shot: &RgbImage| (400..600).any(|x| is_menu_at(shot, x));
        two.display.shows("the menu", menu);
        two.press(&["Return"]);
        two.display.shows("the second one large", |shot| halves(shot) && !menu(shot));
        two.press(&["0"]);
        two.display.shows("both", both);
    }
}
