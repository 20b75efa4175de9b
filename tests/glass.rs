//! `pulsecam bench glass` with a real window on a real X server (Xvfb), filmed by the simulated camera, and by
//! ffmpeg as the camera of another machine.
//!
//! The figures are compared with what the simulated camera knows of each frame, so a busy machine makes frames
//! late and fewer, but not wrong. Needs Xvfb, xdotool, ImageMagick's import and ffmpeg (`make deps`).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command, Stdio},
};

use common::{
    program::{RelayProgram, Running, fails, pulsecam, text_of},
    xvfb::Xvfb,
};
use pulsecam::{
    bench::{
        fiducial::{Layout, Luma, SLOTS, Stamp},
        optics::{Camera, Optics},
    },
    drawing::Rect,
    jpeg::Encoder,
    picture::{Canvas, Picture, Pixels, Subsampling},
};
use serde_json::Value;

const SCREEN: (u32, u32) = (640, 520);

/// Largest error of the median in milliseconds, if there are enough frames and stamps.
const ERROR: f64 = 2.0;

/// Largest error of the median of N frames by chance, in times for which a stamp is the newest, times √N: five
/// times the standard deviation (0.29 for one frame, 1.25 times that for a median).
const CHANCE: f64 = 5.0 * 0.29 * 1.25;

fn glass(display: &Xvfb, more: &[&str]) -> Command {
    let mut command = pulsecam();
    command.args(["bench", "glass", "--window", "640x520", "--lang", "en"]).args(more);
    command.env("DISPLAY", &display.name).env("LANG", "C.UTF-8");
    command
}

fn ms(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no figure"))
}

/// Keeps the machine busy until it is dropped.
struct Load(Vec<Child>);

impl Load {
    fn on_all_cores() -> Self {
        let cores = std::thread::available_parallelism().unwrap().get();
        let busy = || Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
        Self((0..cores).map(|_| busy()).collect())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Measures with a simulated camera, and checks each figure against what the camera knows. `stamps` is the percentile of
/// the times for which a stamp is the newest that limits what chance may do.
fn finds_the_delay(delay: u64, stamps: &str) -> Value {
    let display = Xvfb::start(SCREEN);
    let delay_text = format!("{delay}ms");
    // Small pictures, so that a build without optimisation gets enough of them.
    let arguments = ["--simulate", &delay_text, "--size", "320x240", "--for", "20s", "--json"];
    let output = glass(&display, &arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let (check, frames) = (&report["check"], ms(&report["frames"]));
    assert!(frames >= 10.0, "{report}");
    assert_eq!(check["outside"], 0, "a frame was lit by another stamp than was read: {report}");
    // The camera gives a picture out when its delay is over, or later.
    let known = ms(&check["known_ms"]["p50"]);
    assert!(known >= delay as f64, "{report}");
    let error = ms(&check["error_ms"]["p50"]);
    let limit = f64::max(ERROR, CHANCE * ms(&report["stamp_ms"][stamps]) / frames.sqrt());
    assert!(error.abs() <= limit, "wrong by {error} ms, at most {limit}: {report}");
    let found = ms(&report["before_ms"]["p50"]);
    assert!((found - known).abs() <= 2.0 * limit, "{found} {known}: {report}");
    assert!(ms(&report["own_ms"]["p50"]) > 0.0 && ms(&report["whole_ms"]["p50"]) > found, "{report}");
    assert!(ms(&report["disagreeing"]) <= frames / 10.0, "{report}");
    report
}

#[test]
fn the_delay_of_a_camera_is_found() {
    let report = finds_the_delay(80, "p50");
    assert_eq!((&report["event"], &report["width"]), (&"glass".into(), &320.into()));
    let steps = report["steps"].as_object().unwrap();
    for name in ["captured to encoded", "received to decoded", "decoded to presented"] {
        assert!(steps.contains_key(name), "{name}: {report}");
    }
}

#[test]
fn the_delay_of_a_camera_is_found_on_a_busy_machine() {
    let _load = Load::on_all_cores();
    // The times are unequal here, and a picture is more often lit by a stamp that stays long.
    finds_the_delay(30, "p95");
}

#[test]
fn people_get_a_table_a_histogram_and_plots() {
    let (display, folder) = (Xvfb::start(SCREEN), tempfile::tempdir().unwrap());
    let relay = RelayProgram::start(&[]);
    let (csv, plots) = (folder.path().join("glass.csv"), folder.path().join("plots"));
    let files = ["--csv", csv.to_str().unwrap(), "--plots", plots.to_str().unwrap()];
    let arguments = ["--simulate", "20ms", "--size", "320x240", "--for", "5s", "--via", &relay.addr];
    let output = glass(&display, &[&arguments[..], &files].concat()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = text_of(&output.stdout);
    for part in ["display and camera", "our own part", "light to light, the whole", "│ █", "was wrong by"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let csv = fs::read_to_string(csv).unwrap();
    assert!(csv.starts_with("camera,size,frames,step,p50 (ms),"), "{csv}");
    for name in ["glass-distribution.svg", "glass-distribution.png", "glass-steps.svg", "glass-steps.png"] {
        assert!(plots.join(name).is_file(), "{name}");
    }
}

#[test]
fn a_camera_at_another_machine_is_measured_by_the_link_s_clock() {
    let (display, relay) = (Xvfb::start(SCREEN), RelayProgram::start(&[]));
    let arguments = ["--via", &relay.addr, "--remote", "--for", "4s", "--search", "60s", "--json"];
    let mut measuring = Running::spawn(&mut glass(&display, &arguments));
    let size = format!("{}x{}", SCREEN.0, SCREEN.1);
    let mut camera = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "x11grab", "-framerate", "15", "-video_size", &size, "-i", &display.name])
        .args(["-f", "mjpeg", "-q:v", "3", "-"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ffmpeg runs (make deps)");
    let film = Stdio::from(camera.stdout.take().unwrap());
    let mut send = pulsecam();
    send.args(["send", &relay.addr, "--source", "-", "--name", "far", "--quiet"]);
    let _sender = Running::spawn_with(&mut send, film);
    let report = measuring.event("glass", |_| true);
    let _ = camera.kill();
    let _ = camera.wait();
    assert_eq!(report["camera"], "far", "{report}");
    assert!(report["clock_within_ms"].is_number(), "{report}");
    assert!(ms(&report["own_ms"]["p50"]) > 0.0, "{report}");
    // x11grab looks at the screen just before the picture is captured.
    assert!(ms(&report["whole_ms"]["p50"]) > ms(&report["before_ms"]["p50"]), "{report}");
}

/// A picture with the sheet in two windows, the right one older.
fn two_windows(millis: u64, delay: u64) -> Luma {
    let look = |newest: u64| {
        let mut canvas = Canvas::filled(660, 540, 0x00ff_ffff);
        let layout = Layout::within(Rect::new(0, 0, 660, 540)).unwrap();
        layout.draw(&mut canvas);
        for slot in 0..SLOTS {
            layout.draw_slot(&mut canvas, slot, Stamp::new(7, newest - slot as u64 * 16));
        }
        Luma::of_canvas(&canvas)
    };
    let view = |left: f32, right: f32, newest| {
        let corners = [(left, 0.25), (right, 0.2), (right, 0.8), (left, 0.75)];
        let optics = Optics::ideal((1280, 720)).with(|optics| optics.corners = corners);
        Camera::new(optics, (660, 540)).unwrap().expose(&[look(newest)])
    };
    let (ours, other) = (view(0.03, 0.5, millis), view(0.6, 0.95, millis - delay));
    let pixels = ours.pixels.iter().zip(&other.pixels).map(|(one, other)| *one.max(other)).collect();
    Luma { pixels, ..ours }
}

fn film(path: &Path, delay: u64) {
    let mut encoder = Encoder::new(80).unwrap();
    let mut film = Vec::new();
    for frame in 0..12 {
        let Luma { width, height, pixels } = two_windows(100_000 + frame * 33, delay);
        let pixels = Pixels::Planar(Subsampling::Grey, pixels);
        film.extend_from_slice(&encoder.encode(&Picture { width, height, pixels }).unwrap());
    }
    fs::write(path, film).unwrap();
}

#[test]
fn another_program_s_window_is_compared_in_a_film() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("phone.mjpeg");
    film(&path, 176);
    let path = path.to_str().unwrap();
    let output =
        pulsecam().args(["bench", "glass", "--fps", "500", "--json", "--film", path]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&found["event"], &found["frames"]), (&"glass-film".into(), &12.into()), "{found}");
    assert!((ms(&found["other_ms"]["p50"]) - 176.0).abs() < 0.01, "{found}");
    let cat = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/coffee_600x400.jpg");
    fails(&["bench", "glass", "--film", &format!("mjpeg:{cat}")], 1, &["none of the", "two windows"]);
}

#[test]
fn a_camera_that_sees_something_else_is_an_error_with_the_reason() {
    let display = Xvfb::start(SCREEN);
    let output = glass(&display, &["--source", "pattern", "--search", "3s"]).output().unwrap();
    let told = text_of(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("does not see the window") && told.contains("--search"), "{told}");
    fails(&["bench", "glass", "--source", "pattern"], 1, &["no window can be opened"]);
    fails(&["bench", "glass", "--remote"], 2, &["--via"]);
}

#[test]
fn the_window_says_what_to_do_and_q_closes_it() {
    let display = Xvfb::start(SCREEN);
    let mut window = Running::spawn(&mut glass(&display, &["--source", "pattern"]));
    let deadline = std::time::Instant::now() + common::program::PATIENCE;
    // The window's lower fifth is dark, with light text.
    let shows_text = || {
        let shot =
            Command::new("import").args(["-display", &display.name, "-window", "root", "png:-"]).output();
        let shot = image::load_from_memory(&shot.unwrap().stdout).unwrap().into_rgb8();
        let (mut dark, mut light) = (0, 0);
        for (_, _, pixel) in shot.enumerate_pixels().filter(|(x, y, _)| *x > 200 && *y > 430) {
            dark += usize::from(pixel.0.iter().all(|channel| *channel < 40));
            light += usize::from(pixel.0.iter().all(|channel| *channel > 60) && pixel.0[0] > 150);
        }
        File::create(Path::new(env!("CARGO_TARGET_TMPDIR")).join("glass.png"))
            .map(|mut file| shot.write_to(&mut file, image::ImageFormat::Png))
            .unwrap()
            .unwrap();
        dark > 20_000 && light > 200
    };
    while !shows_text() {
        assert!(std::time::Instant::now() < deadline, "no text; see {}", env!("CARGO_TARGET_TMPDIR"));
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let xdotool = |arguments: &[&str]| {
        let status = Command::new("xdotool").env("DISPLAY", &display.name).args(arguments).status();
        assert!(status.expect("xdotool runs (make deps)").success(), "{arguments:?}");
    };
    xdotool(&["search", "--onlyvisible", "--name", "pulsecam", "windowfocus"]);
    xdotool(&["keydown", "q", "sleep", "0.3", "keyup", "q"]);
    assert_eq!(window.exit_code(), 1, "nothing was measured");
}
