//! Texts and pictures that are pasted into the window, on a real X server (Xvfb) and a real clipboard.
//!
//! Needs Xvfb, xdotool, xclip and ImageMagick's import (`make deps`), and fails without them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use common::{
    clip::{self, GREEN, RED},
    display::{Display, find, light, near},
    program::{RelayProgram, Running},
};
use image::RgbImage;

/// Puts a file on the clipboard in this form.
fn offer(display: &Display, form: &str, file: &[u8]) {
    let mut clip = Command::new("xclip")
        .args(["-selection", "clipboard", "-t", form])
        .env("DISPLAY", &display.name)
        .stdin(Stdio::piped())
        .spawn()
        .expect("xclip runs (make deps)");
    clip.stdin.take().unwrap().write_all(file).unwrap();
    assert!(clip.wait().unwrap().success());
}

/// A PNG that does not fit into one answer of the clipboard's owner.
fn large_png() -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(7);
    let noise = RgbImage::from_fn(900, 700, |x, _| match x {
        0..450 => image::Rgb([random.u8(200..), random.u8(..60), random.u8(..60)]),
        _ => image::Rgb([random.u8(..60), random.u8(180..), random.u8(..60)]),
    });
    let mut png = std::io::Cursor::new(Vec::new());
    noise.write_to(&mut png, image::ImageFormat::Png).unwrap();
    assert!(png.get_ref().len() > 1 << 20);
    png.into_inner()
}

#[test]
fn a_pasted_picture_is_shown_and_sent_after_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("saved");
    let (display, relay) = (Display::start(), RelayProgram::start(&[]));
    let save = ["--save", saved.to_str().unwrap()];
    let mut other = Running::start(&[&["view", &relay.addr, "--no-window", "--json"][..], &save].concat());
    other.event("link", |link| link["state"] == "up");
    let mut window = display.open(&["view", &relay.addr, "--name", "Ann"], folder.path());
    let dark = display.shows("the waiting message", |shot| light(shot, 0..800, 200..400) > 150);
    let is_dark =
        |shot: &RgbImage| find(shot, 0..800, 0..600, RED).is_none() && near(shot, 400, 100, pixel(&dark));
    let asks = |shot: &RgbImage| near(shot, 300, 300, RED) && near(shot, 500, 300, GREEN);
    let jpeg = clip::two_halves(640, 480);

    // Shown first, and not sent if the user does not want to.
    offer(&display, "image/jpeg", &jpeg);
    display.key("ctrl+v");
    let shot = display.shows("the picture", asks);
    shot.save(Path::new(env!("CARGO_TARGET_TMPDIR")).join("pasted-image.png")).unwrap();
    display.key("Escape");
    display.shows("no picture", is_dark);
    display.key("ctrl+v");
    display.shows("the picture again", asks);
    display.key("Return");
    let event = other.event("image", |_| true);
    assert_eq!(event["from"], "Ann", "{event}");
    let file = fs::read(event["saved"].as_str().unwrap()).unwrap();
    assert_eq!(file, jpeg, "a JPEG is sent as it is");
    // It is in one's own conversation, too.
    display.key("y");
    display.shows("its small picture", |shot| find(shot, 480..800, 100..600, RED).is_some());
    display.key("y");

    // In many pieces, and in another format.
    offer(&display, "image/png", &large_png());
    display.key("ctrl+v");
    let is_noise = |shot: &RgbImage| {
        let [red, green, _] = shot.get_pixel(300, 300).0;
        let [other_red, other_green, _] = shot.get_pixel(500, 300).0;
        red > 150 && green < 110 && other_red < 110 && other_green > 130
    };
    display.shows("the large picture", is_noise);
    display.key("Return");
    let event = other.event("image", |_| true);
    let sent = fs::read(event["saved"].as_str().unwrap()).unwrap();
    let header = pulsecam::jpeg::header(&sent).unwrap();
    assert_eq!((header.width, header.height), (900, 700), "as JPEG, which everybody can show");

    // A text opens the line, and what is no picture is named.
    offer(&display, "UTF8_STRING", "你好 hello".as_bytes());
    display.key("ctrl+v");
    display.shows("the line", |shot| light(shot, 480..800, 540..600) > 40);
    display.key("Return");
    assert_eq!(other.event("text", |_| true)["text"], "你好 hello");
    offer(&display, "image/png", b"no picture at all");
    display.key("ctrl+v");
    display.shows("the reason", |shot| light(shot, 100..700, 200..400) > 150);
    display.key("Return");
    display.key("Escape");
    display.key("q");
    assert_eq!(window.exit_code(), 0);
}

/// A pixel of the window's background.
fn pixel(shot: &RgbImage) -> [u8; 3] {
    shot.get_pixel(400, 100).0
}
