//! The window among other windows, on a real X server (Xvfb): full screen, on top, who it is, clicks and keys as the
//! server reports them.
//!
//! Needs Xvfb, xdotool, xprop, ImageMagick's import and openbox (`make deps`), and fails without them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use common::{
    clip::{self, GREEN, RED},
    display::{Display, find, light, near},
    program::{PATIENCE, RelayProgram, Running, run},
};
use image::RgbImage;

/// A display larger than the window.
const SCREEN: (u32, u32) = (1_000, 700);

/// A window manager; killed when dropped.
struct Manager(Child);

impl Manager {
    fn start(display: &Display) -> Self {
        let quiet = || Stdio::null();
        let mut command = Command::new("openbox");
        command.env("DISPLAY", &display.name).stdin(quiet()).stdout(quiet()).stderr(quiet());
        let manager = Self(command.spawn().expect("openbox runs (make deps)"));
        wait("the window manager", || root(display, "_NET_SUPPORTING_WM_CHECK").contains("window id"));
        manager
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn wait(what: &str, is_there: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_there() {
        assert!(Instant::now() < deadline, "{what} does not come");
        thread::sleep(Duration::from_millis(30));
    }
}

fn xprop(display: &Display, arguments: &[&str]) -> String {
    let output = Command::new("xprop").args(["-display", &display.name]).args(arguments).output();
    String::from_utf8_lossy(&output.expect("xprop runs (make deps)").stdout).into_owned()
}

fn root(display: &Display, property: &str) -> String {
    xprop(display, &["-root", property])
}

/// A property of a window.
fn property(display: &Display, window: &str, name: &str) -> String {
    xprop(display, &["-id", window, name])
}

fn sender(host: &str, folder: &Path, name: &str, colour: [u8; 3]) -> Running {
    clip::sender(host, folder, name, &clip::plain(640, 480, colour))
}

/// Whether the picture reaches the lower and the upper edge of the screen.
fn fills(shot: &RgbImage, colour: [u8; 3]) -> bool {
    let (width, height) = SCREEN;
    near(shot, width / 2, height - 3, colour) && near(shot, width / 2, 3, colour)
}

fn goes_to_full_screen_and_back(display: &Display, window: &mut Running) {
    let small = |shot: &RgbImage| !fills(shot, RED) && find(shot, 0..1_000, 0..700, RED).is_some();
    display.shows("the picture", small);
    for (enter, leave) in [("f", "f"), ("F11", "Escape"), ("alt+Return", "Escape")] {
        display.key(enter);
        display.shows("full screen", |shot| fills(shot, RED));
        display.key(leave);
        display.shows("the window again", small);
    }
    display.xdotool(&["mousemove", "400", "350", "click", "--repeat", "2", "--delay", "60", "1"]);
    display.shows("full screen by a double click", |shot| fills(shot, RED));
    display.key("Escape");
    display.shows("the window after Escape", small);
    // Esc has nothing left to close, and ends nothing.
    display.key("Escape");
    display.key("q");
    assert_eq!(window.exit_code(), 0);
}

#[test]
fn the_window_fills_the_screen_without_a_window_manager() {
    let folder = tempfile::tempdir().unwrap();
    let (display, relay) = (Display::of(SCREEN), RelayProgram::start(&[]));
    let _sender = sender(&relay.addr, folder.path(), "red", RED);
    let mut window = display.view(&relay.addr, folder.path());
    goes_to_full_screen_and_back(&display, &mut window);
}

#[test]
fn a_window_manager_makes_it_full_screen_and_keeps_it_on_top() {
    let folder = tempfile::tempdir().unwrap();
    let (display, relay) = (Display::of(SCREEN), RelayProgram::start(&[]));
    let _manager = Manager::start(&display);
    let _sender = sender(&relay.addr, folder.path(), "red", RED);
    let mut window = display.view(&relay.addr, folder.path());
    display.shows("the picture", |shot| find(shot, 0..1_000, 0..700, RED).is_some());
    let id = display.window("pulsecam");
    let is_above = || property(&display, &id, "_NET_WM_STATE").contains("_NET_WM_STATE_ABOVE");
    display.key("o");
    wait("the state on top", is_above);
    display.key("o");
    wait("the end of it", || !is_above());
    goes_to_full_screen_and_back(&display, &mut window);
}

#[test]
fn window_managers_know_who_it_is_and_that_somebody_writes() {
    let folder = tempfile::tempdir().unwrap();
    let (display, relay) = (Display::of(SCREEN), RelayProgram::start(&[]));
    let mut window = display.view(&relay.addr, folder.path());
    display.shows("the waiting message", |shot| light(shot, 0..800, 200..400) > 150);
    let id = display.window("pulsecam");
    let has = |name: &str, words: &str| {
        let told = property(&display, &id, name);
        assert!(told.contains(words), "{told} lacks {words}");
    };
    has("WM_CLASS", r#""pulsecam", "Pulsecam""#);
    has("_NET_WM_PID", &window.child.id().to_string());
    has("WM_NORMAL_HINTS", "minimum size: 160 by 120");
    has("_NET_WM_ICON", "Icon (64 x 64)");
    let is_urgent = || property(&display, &id, "WM_HINTS").contains("urgency");
    assert!(!is_urgent());
    // Another window gets the focus.
    let other = display.open(&["demo", "--source", "pattern"], folder.path());
    let pattern = display.window("pulsecam demo");
    display.xdotool(&["windowfocus", "--sync", &pattern]);
    wait("the urgency hint", || {
        assert!(run(&["text", &relay.addr, "--name", "Ann", "hello"]).status.success());
        is_urgent()
    });
    display.xdotool(&["windowfocus", "--sync", &id]);
    wait("the end of it", || !is_urgent());
    drop(other);
    display.xdotool(&["key", "q"]);
    assert_eq!(window.exit_code(), 0);
}

#[test]
fn a_click_counts_however_short_and_the_wheel_goes_through_the_streams() {
    let folder = tempfile::tempdir().unwrap();
    let (display, relay) = (Display::start(), RelayProgram::start(&[]));
    let mut window = display.view(&relay.addr, folder.path());
    let mut senders = Vec::new();
    for (name, colour) in [("red", RED), ("green", GREEN)] {
        senders.push(sender(&relay.addr, folder.path(), name, colour));
        window.event("frame", |frame| frame["stream"] == name);
    }
    // Two tiles of 400x300 in the middle.
    let both = |shot: &RgbImage| near(shot, 200, 400, RED) && near(shot, 600, 400, GREEN);
    let large = |shot: &RgbImage, colour| near(shot, 60, 400, colour) && near(shot, 600, 400, colour);
    display.shows("both", both);
    for _ in 0..4 {
        // Not a double click: at another place, and of no duration.
        display.xdotool(&["mousemove", "200", "300", "click", "1"]);
        display.shows("the red one large", |shot| large(shot, RED));
        display.xdotool(&["mousemove", "300", "400", "click", "1"]);
        display.shows("both again", both);
    }
    display.key("1");
    display.shows("the first", |shot| large(shot, RED));
    display.xdotool(&["mousemove", "300", "300", "click", "5"]);
    display.shows("the next by the wheel", |shot| large(shot, GREEN));
    display.xdotool(&["click", "4"]);
    display.shows("the one before", |shot| large(shot, RED));
    display.key("q");
    assert_eq!(window.exit_code(), 0);
}
