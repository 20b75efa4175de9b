//! The window that asks for a relay, as after a start from a desktop icon, on a real X server (Xvfb).
//!
//! Needs Xvfb, xdotool, xclip and ImageMagick's import (`make deps`), and fails without them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use common::{
    clip::{self, RED},
    display::{Display, find, light},
    program::{RelayProgram, Running, pulsecam},
};
use image::RgbImage;

/// Whether all of the window is a red picture.
fn is_red(shot: &RgbImage) -> bool {
    [(400, 300), (400, 150), (650, 450)].iter().all(|&(x, y)| common::display::near(shot, x, y, RED))
}

/// Whether the form is there: its lines are lighter than the background.
fn is_form(shot: &RgbImage) -> bool {
    find(shot, 0..800, 0..600, [0x2c, 0x31, 0x3b]).is_some() && light(shot, 0..800, 0..600) > 400
}

/// Whether the viewer waits for pictures: its text is in the middle, and there are no lines to write in.
fn is_viewer(shot: &RgbImage) -> bool {
    light(shot, 0..800, 200..400) > 150 && light(shot, 0..800, 0..150) == 0
}

/// Opens the form; what it remembers is in this folder.
fn form(display: &Display, folder: &Path) -> Running {
    let state = folder.to_str().unwrap();
    let window = display.open_with(&["view", "--ask"], folder, &[("XDG_STATE_HOME", state)]);
    display.shows("the form", is_form);
    window
}

fn keep(shot: &RgbImage, name: &str) {
    shot.save(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)).unwrap();
}

#[test]
fn a_typed_address_is_watched_and_offered_the_next_time() {
    let folder = tempfile::tempdir().unwrap();
    let (display, relay) = (Display::start(), RelayProgram::start(&[]));
    let _sender = clip::sender(&relay.addr, folder.path(), "red", &clip::plain(640, 480, RED));
    let mut window = form(&display, folder.path());

    // What is no address is said, and can be corrected; letters are no commands.
    display.key("a");
    display.write("q:x");
    display.key("Return");
    let warning = |shot: &RgbImage| find(shot, 0..800, 0..600, [0xf5, 0xc0, 0x4e]).is_some();
    keep(&display.shows("why it is no address", warning), "start-wrong.png");
    display.key("Escape");
    display.shows("an empty form", |shot| is_form(shot) && !warning(shot));
    display.write(&format!("http://{}/", relay.addr));
    display.key("Return");
    window.event("link", |link| link["state"] == "up");
    display.shows("the picture", is_red);
    display.key("q");
    assert_eq!(window.exit_code(), 0);

    // The relay is remembered, and selected.
    let mut window = form(&display, folder.path());
    keep(&display.screenshot(), "start-recent.png");
    display.key("Return");
    display.shows("the picture again", is_red);
    display.key("q");
    assert_eq!(window.exit_code(), 0);
}

#[test]
fn a_room_with_a_key_is_entered_by_the_link_of_its_page() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, "sixteen letters.").unwrap();
    let (display, relay) = (Display::start(), RelayProgram::start(&["--key-file", key.to_str().unwrap()]));
    let mut window = form(&display, folder.path());
    let mut clip = Command::new("xclip")
        .args(["-selection", "clipboard"])
        .env("DISPLAY", &display.name)
        .stdin(Stdio::piped())
        .spawn()
        .expect("xclip runs (make deps)");
    let link = format!("http://{}/#key=sixteen%20letters.", relay.addr);
    clip.stdin.take().unwrap().write_all(link.as_bytes()).unwrap();
    assert!(clip.wait().unwrap().success());
    let before = light(&display.screenshot(), 0..800, 0..600);
    display.key("ctrl+v");
    display.shows("the link", |shot| light(shot, 0..800, 0..600) > before + 40);
    display.key("Return");
    window.event("link", |link| link["state"] == "up");
    display.shows("the viewer", is_viewer);
    display.key("q");
    assert_eq!(window.exit_code(), 0);
    let remembered = std::fs::read_to_string(folder.path().join("pulsecam/relays.json")).unwrap();
    assert!(remembered.contains(&relay.addr) && !remembered.contains("sixteen"), "{remembered}");

    // In the line for keys, it is not shown.
    let mut window = form(&display, folder.path());
    display.key("Down");
    display.key("Up");
    display.key("Up");
    display.write("sixteen letters.");
    keep(&display.screenshot(), "start-key.png");
    display.key("Down");
    display.key("Return");
    window.event("link", |link| link["state"] == "up");
    display.shows("the viewer", is_viewer);
    display.key("q");
    assert_eq!(window.exit_code(), 0);
}

#[test]
fn a_relay_that_cannot_be_reached_is_said_where_another_can_be_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let display = Display::start();
    let mut window = form(&display, folder.path());
    display.key("n");
    display.write("o such host");
    display.key("Return");
    let warning = |shot: &RgbImage| find(shot, 0..800, 0..600, [0xf5, 0xc0, 0x4e]).is_some();
    keep(&display.shows("why not", warning), "start-unreachable.png");
    // The demonstration is the last one in the form.
    (0..9).for_each(|_| display.key("Tab"));
    display.key("Return");
    window.event("shown", |_| true);
    display.key("q");
    assert_eq!(window.exit_code(), 0);
}

#[test]
fn a_start_without_arguments_and_without_a_terminal_asks() {
    let display = Display::start();
    let start = |display: Option<&str>| {
        let mut command = pulsecam();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.envs(display.map(|name| ("DISPLAY", name)));
        command.spawn().unwrap()
    };
    let mut asking = start(Some(&display.name));
    display.shows("the form", is_form);
    display.key("Escape");
    assert!(asking.wait().unwrap().success());
    let mut window = start(Some(&display.name));
    display.shows("the form again", is_form);
    let id = window.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert!(window.wait().unwrap().success(), "a signal ends it");
    assert_eq!(start(None).wait().unwrap().code(), Some(2), "without a display there is the help");
}
