//! The window among other windows, on a real X server (Xvfb): full screen, on top, who it is, clicks and keys as the
//! server reports them.
//!
//! Needs Xvfb, xdotool, xprop, ImageMagick's import and openbox (`make deps`), and fails without them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::path::Path;

use common::{
    clip::{self, GREEN, RED},
    display::{Display, Manager, find, light, near, wait},
    program::{RelayProgram, Running, pulsecam, run},
};
use image::RgbImage;
use tempfile::TempDir;

/// A display larger than the window.
const SCREEN: (u32, u32) = (1_000, 700);

/// A property of a window.
fn property(display: &Display, window: &str, name: &str) -> String {
    display.read_xprop(&["-id", window, name])
}

fn sender(host: &str, folder: &Path, name: &str, colour: [u8; 3]) -> Running {
    clip::sender(host, folder, name, &clip::plain(640, 480, colour))
}

/// A window that shows a red picture, and what it needs, in the order in which it ends.
struct RedWindow {
    window: Running,
    _sender: Running,
    _manager: Option<Manager>,
    _relay: RelayProgram,
    display: Display,
    _folder: TempDir,
}

impl RedWindow {
    /// Opens it, on a display with a window manager or without one.
    fn open(is_managed: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (display, relay) = (Display::of(SCREEN), RelayProgram::start(&[]));
        let manager = is_managed.then(|| Manager::start(&display));
        let sender = sender(&relay.addr, folder.path(), "red", RED);
        let window = display.view(&relay.addr, folder.path());
        display.shows("the picture", |shot| find(shot, 0..1_000, 0..700, RED).is_some());
        Self { window, _sender: sender, _manager: manager, _relay: relay, display, _folder: folder }
    }
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
    let RedWindow { window, display, .. } = &mut RedWindow::open(true);
    let id = display.window("pulsecam");
    let is_above = || property(display, &id, "_NET_WM_STATE").contains("_NET_WM_STATE_ABOVE");
    display.key("o");
    wait("the state on top", is_above);
    display.key("o");
    wait("the end of it", || !is_above());
    goes_to_full_screen_and_back(display, window);
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

/// The lower right corner of the screen, where a small window is: a quarter of the screen's width.
fn is_in_the_corner(shot: &RgbImage) -> bool {
    let (width, height) = SCREEN;
    let (left, top) = (width - 250 - 24, height - 188 - 24);
    near(shot, left + 5, top + 100, RED)
        && near(shot, width - 30, height - 30, RED)
        && !near(shot, left - 5, top + 100, RED)
        && !near(shot, left + 100, top - 5, RED)
}

#[test]
fn a_small_window_is_in_the_corner_without_a_frame_and_above_others() {
    for is_managed in [false, true] {
        let RedWindow { window, display, .. } = &mut RedWindow::open(is_managed);
        let id = display.window("pulsecam");
        let before = geometry(display, &id);
        let is_above = || property(display, &id, "_NET_WM_STATE").contains("_NET_WM_STATE_ABOVE");
        for _ in 0..2 {
            display.key("p");
            let shot = display.shows("the small window", is_in_the_corner);
            shot.save(Path::new(env!("CARGO_TARGET_TMPDIR")).join("small-window.png")).unwrap();
            // Its height would be 187.5.
            let [.., width, height] = geometry(display, &id);
            assert!(
                width == 250 && (187..=188).contains(&height),
                "the proportions of the picture: {height}"
            );
            assert!(property(display, &id, "WM_NORMAL_HINTS").contains("640/480"));
            if is_managed {
                wait("the state on top", is_above);
                let extents = property(display, &id, "_NET_FRAME_EXTENTS");
                assert!(extents.contains("0, 0, 0, 0"), "a frame: {extents}");
            }
            display.key("p");
            wait("its former place", || geometry(display, &id) == before);
            assert!(!is_managed || !is_above());
        }
        display.key("q");
        assert_eq!(window.exit_code(), 0);
    }
}

#[test]
fn a_small_window_is_moved_by_its_picture() {
    let RedWindow { window, display, .. } = &mut RedWindow::open(true);
    let id = display.window("pulsecam");
    display.key("p");
    display.shows("the small window", is_in_the_corner);
    let [x, y, ..] = geometry(display, &id);
    display.xdotool(&["mousemove", "900", "560", "mousedown", "1"]);
    for step in 1..=10 {
        let (x, y) = (900 - 40 * step, 560 - 30 * step);
        display.xdotool(&["mousemove", &x.to_string(), &y.to_string(), "sleep", "0.1"]);
    }
    display.xdotool(&["mouseup", "1"]);
    wait("its new place", || {
        let [to_x, to_y, ..] = geometry(display, &id);
        to_x < x - 200 && to_y < y - 150
    });
    display.key("q");
    assert_eq!(window.exit_code(), 0);
}

/// Where a window is on the screen, and its size.
fn geometry(display: &Display, window: &str) -> [i32; 4] {
    let output = std::process::Command::new("xdotool")
        .env("DISPLAY", &display.name)
        .args(["getwindowgeometry", "--shell", window])
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    ["X", "Y", "WIDTH", "HEIGHT"].map(|name| {
        let value = told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or_else(|| panic!("{told} lacks {name}")).parse().unwrap()
    })
}

const BLUE: [u8; 3] = [30, 60, 220];
const AMBER: [u8; 3] = [230, 180, 20];

/// A sender of a picture with a colour in each quarter: red and green above, blue and amber below.
fn quarters(host: &str, folder: &Path) -> Running {
    clip::sender(host, folder, "quarters", &clip::four_quarters(640, 480, [RED, GREEN, BLUE, AMBER]))
}

/// Whether these colours are at the middles of the window's quarters.
fn shows_quarters(shot: &RgbImage, colours: [[u8; 3]; 4]) -> bool {
    let places = [(300, 200), (500, 200), (300, 400), (500, 400)];
    places.into_iter().zip(colours).all(|((x, y), colour)| near(shot, x, y, colour))
}

#[test]
fn a_picture_is_turned_and_zoomed_as_it_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let (display, relay) = (Display::start(), RelayProgram::start(&[]));
    let _sender = quarters(&relay.addr, folder.path());
    let mut window = display.view(&relay.addr, folder.path());
    let shows = |what: &str, colours| display.shows(what, |shot| shows_quarters(shot, colours));
    shows("the picture", [RED, GREEN, BLUE, AMBER]);
    display.key("v");
    shows("its mirror image", [GREEN, RED, AMBER, BLUE]);
    display.key("u");
    shows("that upside down", [AMBER, BLUE, GREEN, RED]);
    display.key("d");
    let turned = display.shows("that rotated", |shot| shows_quarters(shot, [GREEN, AMBER, RED, BLUE]));
    assert!(!near(&turned, 100, 300, GREEN), "a lying picture is upright now, with margins beside it");
    for key in ["d", "d", "d", "u", "v"] {
        display.key(key);
    }
    shows("the picture again", [RED, GREEN, BLUE, AMBER]);

    // Enlarged at the pointer until one quarter fills the window; dragged to the next one.
    display.xdotool(&["mousemove", "250", "150"]);
    for _ in 0..8 {
        display.xdotool(&["keydown", "ctrl", "click", "4", "keyup", "ctrl"]);
    }
    shows("a quarter", [RED; 4]);
    display.xdotool(&["mousemove", "700", "300", "mousedown", "1"]);
    for _ in 0..8 {
        display.xdotool(&["mousemove_relative", "--", "-80", "0", "sleep", "0.05"]);
    }
    display.xdotool(&["mouseup", "1", "mousemove", "250", "150"]);
    display.shows("what was beside it", |shot| near(shot, 700, 300, GREEN));
    for _ in 0..8 {
        display.key("minus");
    }
    shows("all of it", [RED, GREEN, BLUE, AMBER]);
    display.key("z");
    display.key("z");
    // At its own size, with margins.
    display.shows("its own size", |shot| {
        shows_quarters(shot, [RED, GREEN, BLUE, AMBER])
            && !near(shot, 40, 300, RED)
            && near(shot, 90, 200, RED)
    });
    display.key("q");
    assert_eq!(window.exit_code(), 0);
}

#[test]
fn statistics_are_those_of_the_selected_stream_and_never_show_through_the_keys() {
    let folder = tempfile::tempdir().unwrap();
    let (display, relay) = (Display::start(), RelayProgram::start(&[]));
    let mut window = display.view(&relay.addr, folder.path());
    let mut senders = Vec::new();
    let long = "a name that goes on and on and on and on and does not end before the window does";
    for (name, colour) in [(long, RED), ("green", GREEN), ("blue", BLUE)] {
        senders.push(sender(&relay.addr, folder.path(), name, colour));
        window.event("frame", |frame| frame["stream"] == name);
    }
    display.shows("the streams", |shot| find(shot, 0..800, 0..600, BLUE).is_some());
    display.key("i");
    // The selected row is lighter than the panel.
    let rows = |shot: &RgbImage| {
        let is_selected = |y: &u32| (700..780).any(|x| near_exactly(shot, x, *y, [0x2c, 0x31, 0x3b]));
        (0..300).filter(is_selected).min()
    };
    let first = rows(&display.shows("the statistics", |shot| rows(shot).is_some())).unwrap();
    display.key("Down");
    let second = rows(&display.shows("the next row", |shot| rows(shot).is_some_and(|row| row > first + 10)));
    let second = second.unwrap();
    let (x, y) = (760, second + (second - first) + 8);
    display.click(x, y);
    let shot = display.shows("the clicked row", |shot| rows(shot).is_some_and(|row| row > second + 10));
    shot.save(Path::new(env!("CARGO_TARGET_TMPDIR")).join("statistics.png")).unwrap();
    display.key("h");
    let keys = display.shows("the keys without statistics", |shot| rows(shot).is_none());
    keys.save(Path::new(env!("CARGO_TARGET_TMPDIR")).join("keys.png")).unwrap();
    display.key("Escape");
    display.shows("the statistics again", |shot| rows(shot).is_some());
    display.key("Escape");
    display.shows("no statistics", |shot| rows(shot).is_none());
    display.key("q");
    assert_eq!(window.exit_code(), 0);
}

fn near_exactly(shot: &RgbImage, x: u32, y: u32, colour: [u8; 3]) -> bool {
    shot.get_pixel(x, y).0 == colour
}

/// A viewer whose window has the size that it likes, and which remembers things in this folder.
fn remembering(display: &Display, host: &str, folder: &Path, more: &[&str]) -> Running {
    let mut command = pulsecam();
    command.args(["view", host, "--json", "--lang", "en"]).args(more);
    command.env("DISPLAY", &display.name).env("XDG_STATE_HOME", folder);
    Running::spawn(&mut command)
}

#[test]
fn a_window_comes_back_where_it_was_and_never_off_the_screen() {
    let folder = tempfile::tempdir().unwrap();
    let (display, relay) = (Display::of(SCREEN), RelayProgram::start(&[]));
    let _manager = Manager::start(&display);
    let open = |more: &[&str]| {
        let mut window = remembering(&display, &relay.addr, folder.path(), more);
        window.event("link", |link| link["state"] == "up");
        let id = display.window("pulsecam");
        wait("its frame", || property(&display, &id, "_NET_FRAME_EXTENTS").contains('='));
        (window, id)
    };
    let close = |mut window: Running| {
        display.key("q");
        assert_eq!(window.exit_code(), 0);
    };
    let (window, id) = open(&[]);
    display.xdotool(&["windowsize", "--sync", &id, "500", "400"]);
    display.xdotool(&["windowmove", "--sync", &id, "220", "130"]);
    wait("its place", || geometry(&display, &id)[2..] == [500, 400]);
    let place = geometry(&display, &id);
    close(window);
    let (window, id) = open(&[]);
    wait("the same place", || geometry(&display, &id) == place);
    // Full screen is for once, and so is a size that is asked for.
    display.key("f");
    wait("full screen", || property(&display, &id, "_NET_WM_STATE").contains("FULLSCREEN"));
    close(window);
    let (window, id) = open(&["--window", "300x250"]);
    wait("the size that is asked for", || geometry(&display, &id)[2..] == [300, 250]);
    close(window);
    let (window, id) = open(&[]);
    wait("the same place again", || geometry(&display, &id) == place);
    close(window);

    // The monitor on which it was is gone.
    let file = folder.path().join("pulsecam/window.json");
    std::fs::write(&file, r#"{"x":5000,"y":-3000,"width":600,"height":4000}"#).unwrap();
    let (window, id) = open(&[]);
    wait("a place on the screen", || {
        let [x, y, width, height] = geometry(&display, &id);
        // With its frame.
        (0..=410).contains(&x) && (0..=50).contains(&y) && width == 600 && height <= 700
    });
    close(window);
}

#[test]
fn tiles_are_moved_pinned_and_hidden_and_their_order_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let (display, relay) = (Display::start(), RelayProgram::start(&[]));
    let state = folder.path().to_str().unwrap();
    let open = || display.open_with(&["view", &relay.addr], folder.path(), &[("XDG_STATE_HOME", state)]);
    let mut window = open();
    let mut senders = Vec::new();
    for (name, colour) in [("red", RED), ("green", GREEN), ("blue", BLUE), ("amber", AMBER)] {
        senders.push(sender(&relay.addr, folder.path(), name, colour));
        window.event("frame", |frame| frame["stream"] == name);
    }
    let places = [(200, 200), (600, 200), (200, 420), (600, 420)];
    let shows = |what: &str, colours: [[u8; 3]; 4]| {
        let all = |shot: &RgbImage| {
            places.into_iter().zip(colours).all(|((x, y), colour)| near(shot, x, y, colour))
        };
        display.shows(what, all)
    };
    shows("a grid of four", [RED, GREEN, BLUE, AMBER]);

    // The last one is dragged to the first place; while it is, both are marked.
    display.xdotool(&["mousemove", "600", "420", "mousedown", "1"]);
    for step in 1..=8 {
        let (x, y) = (600 - 50 * step, 420 - 27 * step);
        display.xdotool(&["mousemove", &x.to_string(), &y.to_string(), "sleep", "0.03"]);
    }
    let held =
        display.shows("what is dragged", |shot| !near(shot, 600, 420, AMBER) && !near(shot, 200, 200, RED));
    held.save(Path::new(env!("CARGO_TARGET_TMPDIR")).join("dragged-tile.png")).unwrap();
    display.xdotool(&["mouseup", "1"]);
    shows("the new order", [AMBER, RED, GREEN, BLUE]);
    // A press without a move is still a click.
    display.xdotool(&["mousemove", "600", "200", "click", "1"]);
    display.shows("the red one large", |shot| near(shot, 100, 300, RED) && near(shot, 560, 300, RED));
    display.key("0");
    shows("the new order again", [AMBER, RED, GREEN, BLUE]);

    // By keys: those at the pointer.
    display.xdotool(&["mousemove", "200", "420"]);
    display.key("shift+Left");
    shows("the green one before the red one", [AMBER, GREEN, RED, BLUE]);
    display.xdotool(&["mousemove", "600", "420"]);
    display.key("k");
    shows("the blue one in front", [BLUE, AMBER, GREEN, RED]);
    display.xdotool(&["mousemove", "600", "200"]);
    display.key("Delete");
    let three = |shot: &RgbImage| {
        [(200, 200, BLUE), (600, 200, GREEN), (400, 420, RED)]
            .into_iter()
            .all(|(x, y, colour)| near(shot, x, y, colour))
    };
    let hidden = display.shows("the others", three);
    hidden.save(Path::new(env!("CARGO_TARGET_TMPDIR")).join("hidden-tile.png")).unwrap();
    display.key("q");
    assert_eq!(window.exit_code(), 0);

    // The order stays, and nothing is hidden for ever.
    let mut window = open();
    shows("the same order", [BLUE, AMBER, GREEN, RED]);
    display.xdotool(&["mousemove", "600", "200"]);
    display.key("Delete");
    display.shows("the others again", three);
    display.key("a");
    shows("all", [BLUE, AMBER, GREEN, RED]);
    display.key("q");
    assert_eq!(window.exit_code(), 0);
}
