//! A stream as a camera of this machine: written to Debian's v4l2loopback, and read back as other programs read it.

use std::{
    collections::VecDeque,
    fs,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use pulsecam::{capture::stamp, picture::Canvas};
use serde_json::Value;
use v4l::Device;

use super::{
    PATIENCE,
    program::{Lines, Sending, cameras, pulsecam, run},
    viewer::Viewer,
    vivid::Vivid,
};

const MODULE: &str = "/mods/v4l2loopback.ko";
const DEVICE: &str = "/dev/video9";

/// Deviation per channel due to two encodings as JPEG and the way through video range.
const TOLERANCE: u8 = 24;

/// Background of a card, in red, green and blue.
const CARD: [u8; 3] = [0x1a, 0x1e, 0x26];

/// The loaded module, which is removed on drop.
struct Module;

impl Module {
    fn load(options: &[&str]) -> Self {
        let mut arguments = vec![MODULE, "video_nr=9", "card_label=pulsecam"];
        arguments.extend(options);
        let status = Command::new("insmod").args(&arguments).status().unwrap();
        assert!(status.success(), "insmod {arguments:?}");
        let deadline = Instant::now() + PATIENCE;
        while fs::metadata(DEVICE).is_err() {
            assert!(Instant::now() < deadline, "{DEVICE} does not appear");
            thread::sleep(Duration::from_millis(20));
        }
        Self
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        // A program that was killed may still have the device open.
        while !Command::new("rmmod").arg("v4l2loopback").stderr(Stdio::null()).status().unwrap().success() {
            if Instant::now() > deadline {
                assert!(thread::panicking(), "the module is still in use");
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
    }
}

/// A running `pulsecam view --to-device`; killed when dropped.
struct Feeding {
    child: Child,
    out: std::sync::Arc<Lines>,
}

impl Feeding {
    fn start(viewer: &Viewer, options: &[&str]) -> Self {
        let mut child = pulsecam()
            .args(["view", viewer.address(), "--json", "--to-device", DEVICE])
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = Lines::read(child.stdout.take().unwrap());
        Self { child, out }
    }

    fn event(&self, name: &str) -> Value {
        let wanted = format!(r#""event":"{name}""#);
        serde_json::from_str(&self.out.wait(name, |line| line.contains(&wanted))).unwrap()
    }

    fn finish(mut self) -> Value {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let summary = self.event("summary");
        assert!(self.child.wait().unwrap().success());
        summary
    }
}

impl Drop for Feeding {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A sender of the test picture.
fn pattern(viewer: &Viewer, size: &str) -> Sending {
    Sending::from(viewer, "pattern", &["--size", size, "--fps", "5"])
}

/// Reads the virtual camera, as another program would.
struct Reading {
    viewer: Viewer,
    sending: Sending,
}

impl Reading {
    fn start() -> Self {
        let viewer = Viewer::start();
        let sending = Sending::from(&viewer, &format!("camera:{DEVICE}"), &["--quality", "95"]);
        Self { viewer, sending }
    }

    /// The next picture for which `wanted` is true.
    fn until(&mut self, what: &str, wanted: impl Fn(&Canvas) -> bool) -> Canvas {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let canvas = self.viewer.picture().canvas();
            if wanted(&canvas) {
                return canvas;
            }
            assert!(Instant::now() < deadline, "{what} is not shown");
        }
    }
}

fn is_stamped(canvas: &Canvas) -> bool {
    stamp::read(canvas).is_some()
}

fn colour(canvas: &Canvas, x: usize, y: usize) -> [u8; 3] {
    let [_, red, green, blue] = canvas.pixel(x, y).unwrap().to_be_bytes();
    [red, green, blue]
}

fn is_near(one: [u8; 3], other: [u8; 3]) -> bool {
    one.iter().zip(other).all(|(one, other)| one.abs_diff(other) <= TOLERANCE)
}

fn is_card(canvas: &Canvas) -> bool {
    let corners =
        [(2, 2), (canvas.width - 3, 2), (2, canvas.height - 3), (canvas.width - 3, canvas.height - 3)];
    corners.into_iter().all(|(x, y)| is_near(colour(canvas, x, y), CARD))
}

/// Share of the pixels whose colour is about the same in both.
fn alike(one: &Canvas, other: &Canvas) -> f64 {
    assert_eq!((one.width, one.height), (other.width, other.height));
    let points: Vec<_> =
        (0..one.height).step_by(7).flat_map(|y| (0..one.width).step_by(7).map(move |x| (x, y))).collect();
    let same = points.iter().filter(|(x, y)| is_near(colour(one, *x, *y), colour(other, *x, *y))).count();
    same as f64 / points.len() as f64
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn a_stream_is_read_back_with_its_stamp_and_its_colours() {
    let _module = Module::load(&["exclusive_caps=1"]);
    let mut viewer = Viewer::start();
    let _sender = pattern(&viewer, "640x360");
    let feeding = Feeding::start(&viewer, &["--stream", "lab"]);
    let feeds = feeding.event("feeding");
    assert_eq!(
        (&feeds["width"], &feeds["height"], &feeds["format"]),
        (&640.into(), &360.into(), &"I420".into())
    );
    assert_eq!(feeding.event("showing")["stream"], "lab");
    let mut reading = Reading::start();
    let mut sent = VecDeque::new();
    let deadline = Instant::now() + PATIENCE;
    let mut compared = 0;
    while compared < 3 {
        assert!(Instant::now() < deadline, "{compared} pictures were found again among {}", sent.len());
        let shown = reading.viewer.picture().canvas();
        let Some(read) = stamp::read(&shown) else { continue };
        while let Some(frame) = viewer.next_within(Duration::ZERO) {
            let canvas = frame.canvas();
            sent.push_back((stamp::read(&canvas).unwrap(), canvas));
            if sent.len() > 100 {
                sent.pop_front();
            }
        }
        if let Some((_, original)) = sent.iter().find(|(stamp, _)| *stamp == read) {
            let same = alike(original, &shown);
            assert!(same > 0.95, "{:.0} % of the colours survive", same * 100.0);
            compared += 1;
        }
    }
    assert!(reading.sending.finish()["sent"].as_u64().unwrap() > 0);
    assert!(feeding.finish()["frames"].as_u64().unwrap() > 0);
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn silence_is_a_card_and_other_sizes_get_borders() {
    let _module = Module::load(&["exclusive_caps=1"]);
    let viewer = Viewer::start();
    let feeding = Feeding::start(&viewer, &["--size", "640x360"]);
    feeding.event("feeding");
    // Before anybody streams.
    let mut reading = Reading::start();
    let card = reading.until("the card", is_card);
    assert_eq!((card.width, card.height), (640, 360));
    let sender = pattern(&viewer, "640x360");
    reading.until("the stream", is_stamped);
    sender.finish();
    reading.until("the card of who has left", is_card);
    assert_eq!(feeding.event("card")["card"], "no_signal");
    feeding.out.wait("card of who has left", |line| line.contains(r#""card":"left""#));
    // A square between borders.
    let _sender = pattern(&viewer, "480x480");
    let black = |canvas: &Canvas, x: usize| is_near(colour(canvas, x, 180), [0; 3]);
    let square =
        reading.until("the square", |canvas| black(canvas, 60) && black(canvas, 580) && !is_card(canvas));
    assert_eq!((square.width, square.height), (640, 360));
    assert!((200..440).step_by(10).any(|x| !black(&square, x)), "the middle has a picture");
    feeding.finish();
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn one_program_feeds_it_at_a_time_and_others_can_afterwards() {
    let _module = Module::load(&["exclusive_caps=1"]);
    let viewer = Viewer::start();
    let _sender = pattern(&viewer, "320x240");
    for _ in 0..2 {
        let feeding = Feeding::start(&viewer, &[]);
        feeding.event("feeding");
        let second = run(&["view", viewer.address(), "--to-device", DEVICE]);
        let told = String::from_utf8_lossy(&second.stderr).into_owned();
        assert_eq!(second.status.code(), Some(1), "{told}");
        assert!(
            told.contains(&format!("{DEVICE} is in use by pulsecam (process {})", feeding.child.id())),
            "{told}"
        );
        feeding.finish();
        // A program that asks for its capabilities must not spoil the next start.
        Device::with_path(DEVICE).unwrap().query_caps().unwrap();
    }
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn nobody_reads_it_and_nothing_waits() {
    let _module = Module::load(&["exclusive_caps=0"]);
    let viewer = Viewer::start();
    let _sender = pattern(&viewer, "320x240");
    let feeding = Feeding::start(&viewer, &["--frames", "20"]);
    assert_eq!(feeding.event("summary")["frames"], 20);
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn other_devices_are_refused_with_what_to_do() {
    let vivid = Vivid::ready();
    let refused = |device: &str| {
        let output = run(&["view", "127.0.0.1:1", "--to-device", device]);
        assert_eq!(output.status.code(), Some(1), "{device}");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(told.lines().count(), 1, "{told}");
        told
    };
    let told = refused(DEVICE);
    assert!(
        told.contains("there is no /dev/video9: sudo modprobe v4l2loopback video_nr=9 exclusive_caps=1"),
        "{told}"
    );
    let told = refused(&vivid.path());
    assert!(told.contains("is a camera (vivid), not a virtual camera"), "{told}");
    assert!(refused("/dev/null").contains("/dev/null is no video device"));
    let _module = Module::load(&[]);
    let told = refused("/dev/video8");
    assert!(told.contains("available: /dev/video9 (pulsecam)"), "{told}");
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn the_list_tells_what_is_wrong_with_the_module_s_options() {
    let virtual_ones =
        || cameras().into_iter().filter(|camera| camera["virtual"] == true).collect::<Vec<_>>();
    assert!(virtual_ones().is_empty());
    for (options, problems) in [("exclusive_caps=0", 1), ("exclusive_caps=1", 0)] {
        let _module = Module::load(&[options]);
        let [found] = &virtual_ones()[..] else { panic!("{:?}", virtual_ones()) };
        assert_eq!((&found["path"], &found["name"]), (&DEVICE.into(), &"pulsecam".into()));
        assert_eq!(found["problems"].as_array().unwrap().len(), problems, "{found}");
        let text = run(&["cameras"]).stdout;
        let text = String::from_utf8_lossy(&text);
        assert!(text.contains("virtual camera  pulsecam  (/dev/video9)"), "{text}");
        assert_eq!(text.contains("without exclusive_caps=1"), problems == 1, "{text}");
    }
}
