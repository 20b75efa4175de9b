//! The real window on a real X server (Xvfb), fed by a real relay: is the picture there, in the right colours, with the
//! words over it, and do the keys do what the help says?
//!
//! Needs Xvfb, xdotool and ImageMagick's import (`make deps`); fails where they are missing.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use common::program::{RelayProgram, Running, pulsecam, run};
use image::RgbImage;
use pulsecam::{
    jpeg::Encoder,
    picture::{Picture, Pixels},
};

/// No wait is longer than this: past it, it hangs.
const PATIENCE: Duration = Duration::from_secs(20);
const WINDOW: (u32, u32) = (800, 600);

/// An X server of its own, exactly as large as the window.
struct Display {
    server: Child,
    name: String,
}

impl Display {
    fn start() -> Self {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "800x600x24", "-nolisten", "tcp"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb runs (make deps)");
        let mut number = String::new();
        let mut out = std::io::BufReader::new(server.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut out, &mut number).unwrap();
        Self { server, name: format!(":{}", number.trim()) }
    }

    fn screenshot(&self) -> RgbImage {
        let output = Command::new("import")
            .args(["-display", &self.name, "-window", "root", "png:-"])
            .output()
            .expect("import runs (make deps)");
        assert!(output.status.success(), "{output:?}");
        let shot = image::load_from_memory(&output.stdout).unwrap().into_rgb8();
        // Kept for whoever wants to look, or has to find out why.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        shot.save(folder.join(format!("window-{}.png", self.name.trim_start_matches(':')))).unwrap();
        shot
    }

    /// Waits until a screenshot shows it.
    fn shows(&self, what: &str, wanted: impl Fn(&RgbImage) -> bool) -> RgbImage {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let shot = self.screenshot();
            if wanted(&shot) {
                return shot;
            }
            assert!(
                Instant::now() < deadline,
                "the window never shows {what}; see {}",
                env!("CARGO_TARGET_TMPDIR")
            );
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn key(&self, key: &str) {
        self.xdotool(&["search", "--onlyvisible", "--name", "pulsecam", "windowfocus"]);
        // To whatever has the focus, as from a keyboard: the window may be gone before the key is released.
        self.xdotool(&["key", key]);
    }

    fn xdotool(&self, arguments: &[&str]) {
        let status = Command::new("xdotool").env("DISPLAY", &self.name).args(arguments).status();
        assert!(status.expect("xdotool runs (make deps)").success(), "{arguments:?}");
    }

    /// A viewer with a window on this display.
    fn view(&self, host: &str, folder: &Path) -> Running {
        let size = format!("{}x{}", WINDOW.0, WINDOW.1);
        let folder = folder.to_str().unwrap();
        let arguments =
            ["view", host, "--window", &size, "--json", "--save", folder, "--max-backoff", "300ms"];
        let mut command = pulsecam();
        command.args(arguments).env("DISPLAY", &self.name).env("LANG", "C.UTF-8");
        Running::spawn(&mut command)
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// 640x480: the left half red, the right half green.
fn two_halves() -> Vec<u8> {
    let pixels =
        (0..640 * 480).flat_map(|i| if i % 640 < 320 { [220, 30, 30] } else { [30, 200, 40] }).collect();
    let picture = Picture { width: 640, height: 480, pixels: Pixels::Rgb(pixels) };
    Encoder::new(90).unwrap().encode(&picture).unwrap().to_vec()
}

fn near(shot: &RgbImage, x: u32, y: u32, wanted: [u8; 3]) -> bool {
    shot.get_pixel(x, y).0.iter().zip(wanted).all(|(found, wanted)| found.abs_diff(wanted) < 25)
}

/// Pixels of a region that could be the strokes of light text.
fn light(shot: &RgbImage, across: std::ops::Range<u32>, down: std::ops::Range<u32>) -> usize {
    let (width, height) = shot.dimensions();
    down.filter(|y| *y < height)
        .flat_map(|y| across.clone().filter(|x| *x < width).map(move |x| (x, y)))
        .filter(|&(x, y)| shot.get_pixel(x, y).0.iter().all(|channel| *channel > 170))
        .count()
}

/// The window's 800x600 hold 640x480 exactly, enlarged.
fn shows_the_picture(shot: &RgbImage) -> bool {
    near(shot, 200, 300, [220, 30, 30]) && near(shot, 600, 300, [30, 200, 40])
}

/// A sender of that picture, over and over.
fn sender(host: &str, folder: &Path) -> Running {
    let clip = folder.join("clip.mjpeg");
    fs::write(&clip, two_halves().repeat(4)).unwrap();
    let clip = clip.to_str().unwrap();
    Running::start(&[
        "send",
        host,
        "--source",
        clip,
        "--repeat",
        "--fps",
        "20",
        "--name",
        "测试 Küche",
        "--quiet",
        "--max-backoff",
        "300ms",
    ])
}

#[test]
fn the_window_shows_the_picture_the_words_and_the_truth_about_the_link() {
    let folder = tempfile::tempdir().unwrap();
    let display = Display::start();
    let relay = RelayProgram::start(&[]);
    let mut window = display.view(&relay.addr, folder.path());

    // Nobody sends: it says what it waits for, over a dark window.
    let waiting = display.shows("what it waits for", |shot| light(shot, 0..800, 200..400) > 150);
    assert!(!shows_the_picture(&waiting));

    let _sender = sender(&relay.addr, folder.path());
    window.event("frame", |frame| frame["stream"] == "测试 Küche");
    let live = display.shows("the picture", shows_the_picture);
    assert!(light(&live, 0..800, 0..600) > 100, "the stream's name is over the picture");

    let before = light(&live, 0..800, 0..600);
    assert!(run(&["text", &relay.addr, "--name", "小明", "你好，世界 🙂 hello"]).status.success());
    assert_eq!(window.event("text", |_| true)["text"], "你好，世界 🙂 hello", "in the terminal");
    display.shows("the text", |shot| shows_the_picture(shot) && light(shot, 0..800, 0..600) > before + 150);

    // The relay dies: the picture no longer looks live, and words say why.
    relay.running.signal("KILL");
    window.event("link", |event| event["state"] == "down");
    display.shows("that the picture is old", |shot| {
        let [red, ..] = shot.get_pixel(200, 300).0;
        red < 170 && !shows_the_picture(shot) && light(shot, 0..800, 0..600) > 100
    });
    let mut again = Running::start(&["relay", "--listen", &relay.addr, "--json", "--quiet"]);
    again.event("listening", |_| true);
    display.shows("the picture again", shows_the_picture);

    display.key("q");
    let summary = window.event("summary", |_| true);
    assert!(summary["frames"].as_u64().unwrap() > 0);
    assert_eq!(window.exit_code(), 0);
}

#[test]
fn the_keys_do_what_the_help_says() {
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("saved");
    let display = Display::start();
    let relay = RelayProgram::start(&[]);
    let mut window = display.view(&relay.addr, &saved);
    let _sender = sender(&relay.addr, folder.path());
    let plain = display.shows("the picture", shows_the_picture);
    let words = light(&plain, 0..800, 0..600);

    display.key("h");
    display.shows("the keys", |shot| light(shot, 0..800, 0..600) > words + 500);
    display.key("h");
    display.shows("no keys", |shot| light(shot, 0..800, 0..600) < words + 300);
    display.key("i");
    display.shows("the numbers", |shot| light(shot, 0..800, 0..600) > words + 300);
    display.key("i");

    display.key("s");
    let deadline = Instant::now() + PATIENCE;
    let snapshot = loop {
        match fs::read_dir(&saved).ok().and_then(|mut entries| entries.next()) {
            Some(entry) => break entry.unwrap().path(),
            None => assert!(Instant::now() < deadline, "no snapshot"),
        }
        thread::sleep(Duration::from_millis(20));
    };
    assert!(snapshot.file_name().unwrap().to_str().unwrap().contains("测试_Küche"));
    let wanted = two_halves();
    while fs::metadata(&snapshot).unwrap().len() < wanted.len() as u64 && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(fs::read(&snapshot).unwrap(), wanted, "the JPEG as received");

    // An image comes as a card over the picture until it is dismissed.
    let blue = folder.path().join("blue.png");
    RgbImage::from_pixel(300, 200, image::Rgb([20, 40, 230])).save(&blue).unwrap();
    assert!(run(&["image", &relay.addr, blue.to_str().unwrap()]).status.success());
    window.event("image", |_| true);
    display.shows("the image", |shot| near(shot, 400, 300, [20, 40, 230]));
    display.key("x");
    display.shows("the picture without the image", shows_the_picture);

    display.key("Escape");
    assert_eq!(window.exit_code(), 0);
}

#[test]
fn a_display_that_is_not_there_is_told_and_the_frames_are_printed() {
    let relay = RelayProgram::start(&[]);
    let output = pulsecam()
        .args(["view", &relay.addr, "--for", "1s"])
        .env("DISPLAY", ":9999")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("no window can be opened"), "{told}");
}
