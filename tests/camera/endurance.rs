//! Cost over time: no work while the camera is gone, no more memory after an hour than after a minute.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::{
    frames::number_of,
    model::{Format, Model, Size},
    program::Sending,
    uvc::Uvc,
    viewer::Viewer,
};

/// How long processor time is measured.
const WATCHED: Duration = Duration::from_secs(2);

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn waiting_for_a_camera_costs_next_to_nothing() {
    let camera = Uvc::plug(0, Model::default());
    let mut viewer = Viewer::start();
    let sending = Sending::from(&viewer, &camera.by_name(), &["--size", "640x480"]);
    viewer.pictures(3);
    camera.unplug();
    viewer.card();
    let before = sending.cpu();
    thread::sleep(WATCHED); // the measurement itself
    let used = sending.cpu() - before;
    println!("{used:?} of {WATCHED:?} while the camera was gone");
    assert!(used < WATCHED / 4, "{used:?}");
}

/// Frames of the default run, about a minute. An hour at 30 fps is 108,000: `make test-camera
/// CAMERA_TEST=hours_worth CAMERA_FRAMES=108000`. The emulated processor manages about 200 fps.
const FRAMES: u64 = 12_000;

/// Allowed growth of memory from the middle on, in kB: allocators fluctuate. It detects a leak of 170 bytes
/// per frame in the default run, 19 in an hour's.
const GROWTH: u64 = 1_000;

/// Frame interval: with a shorter one, the program misses half of the frames here.
const HURRY: Duration = Duration::from_micros(2_500);

/// Small frames, so that the emulated processor manages many.
fn small() -> Model {
    let size = Size { format: Format::Mjpeg, width: 320, height: 32, intervals: vec![333_333] };
    Model { sizes: vec![size], ..Model::default() }
}

/// The variables `CAMERA_FRAMES` and `CAMERA_HURRY` set the number of frames and the µs between them.
#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn an_hours_worth_of_frames_leaves_nothing_behind() {
    let set = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let frames = set("CAMERA_FRAMES").unwrap_or(FRAMES);
    let camera = Uvc::plug(0, small());
    camera.hurry(Some(set("CAMERA_HURRY").map_or(HURRY, Duration::from_micros)));
    let mut viewer = Viewer::start();
    let mut sending = Sending::from(&viewer, &camera.by_path(), &["--fps", "30"]);
    let started = Instant::now();
    let (mut arrived, mut first) = (0, None);
    loop {
        let frame = viewer.next();
        assert!(!frame.is_card);
        arrived += 1;
        let number = number_of(&frame.jpeg).expect("the camera's own JPEG");
        if first.is_none() && number >= frames / 2 {
            first = Some((sending.memory(), sending.files()));
            println!("at frame {number}: {first:?} (kB, files)");
        }
        if number >= frames {
            break;
        }
    }
    let (took, sent) = (started.elapsed(), camera.frames());
    let last = (sending.memory(), sending.files());
    let rate = sent as f64 / took.as_secs_f64();
    println!("{sent} frames sent in {took:?}, {rate:.0}/s, {arrived} arrived; now {last:?} (kB, files)");
    assert!(sending.is_running());
    let (memory, files) = first.unwrap();
    assert!(last.0 <= memory + GROWTH, "memory grew from {memory} to {} kB", last.0);
    assert!(last.1 <= files, "files: {files}, then {}", last.1);
    let summary = sending.finish();
    println!("{summary}");
    // Newer frames replace waiting ones, so far fewer arrive; all were captured.
    assert!(summary["captured"].as_u64().unwrap() * 2 >= frames, "less than half of them were captured");
}
