//! A camera is lost and comes back. The viewer sees a card, then the picture again; the log reports each
//! once, and the program recovers by itself.

use std::time::{Duration, Instant};

use super::{
    frames::{is_gradient, number_of},
    model::Model,
    program::{Sending, run},
    uvc::Uvc,
    viewer::Viewer,
};

/// Time limit for the card after unplugging: 1 s on real hardware, more on this processor.
const CARD_WITHIN: Duration = Duration::from_secs(5);

/// Unplugs the camera and waits for the card.
fn pull(camera: Uvc, viewer: &mut Viewer, sending: &Sending) -> Model {
    viewer.catch_up();
    let pulled = Instant::now();
    let model = camera.unplug();
    let card = viewer.card();
    let after = card.received.saturating_duration_since(pulled);
    println!("the card came {after:?} after the plug was pulled");
    assert!(after < CARD_WITHIN, "{after:?}");
    assert!(card.canvas().width > 0);
    sending.told(sending.returns() + 1, sending.returns());
    model
}

/// Waits for the picture of the camera that was just plugged in.
fn back(camera: &Uvc, viewer: &mut Viewer, sending: &Sending, times: usize) {
    let plugged = Instant::now();
    let frame = viewer.picture();
    println!(
        "the picture came {:?} after the camera was plugged in",
        frame.received.saturating_duration_since(plugged)
    );
    assert!(is_gradient(&frame.canvas()));
    let number = number_of(&frame.jpeg).unwrap();
    assert!(camera.sent(number).unwrap().bytes == frame.jpeg, "the new camera's bytes, unchanged");
    viewer.pictures(5);
    sending.told(times, times);
}

fn streaming(options: &[&str]) -> (Uvc, Viewer, Sending) {
    let camera = Uvc::plug(0, Model::default());
    let mut viewer = Viewer::start();
    let all = [&["--size", "640x480"], options].concat();
    let sending = Sending::from(&viewer, &camera.by_name(), &all);
    viewer.pictures(3);
    (camera, viewer, sending)
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn unplugged_and_plugged_into_the_same_port_again_and_again() {
    const TIMES: usize = 3;
    let (mut camera, mut viewer, mut sending) = streaming(&[]);
    for time in 1..=TIMES {
        let model = pull(camera, &mut viewer, &sending);
        camera = Uvc::plug(0, model);
        back(&camera, &mut viewer, &sending, time);
    }
    assert!(sending.is_running());
    let summary = sending.finish();
    assert!(summary["cards"].as_u64().unwrap() >= TIMES as u64, "{summary}");
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn unplugged_and_plugged_into_another_port() {
    let (camera, mut viewer, sending) = streaming(&[]);
    let model = pull(camera, &mut viewer, &sending);
    let camera = Uvc::plug(3, model);
    back(&camera, &mut viewer, &sending, 1);
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn it_comes_back_as_another_video_device() {
    let (camera, mut viewer, sending) = streaming(&[]);
    let old = camera.path();
    let held = v4l::Device::with_path(&old).unwrap(); // keeps the device number in use
    let model = pull(camera, &mut viewer, &sending);
    let camera = Uvc::plug(0, model);
    assert_ne!(camera.path(), old);
    back(&camera, &mut viewer, &sending, 1);
    drop(held);
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn another_camera_does_not_take_its_place() {
    let (camera, mut viewer, sending) = streaming(&[]);
    let model = pull(camera, &mut viewer, &sending);
    let other = Uvc::plug(0, Model { serial: "0002".into(), ..Model::named("Something Else") });
    for _ in 0..3 {
        assert!(viewer.next().is_card, "another camera's picture");
    }
    assert_eq!(other.frames(), 0);
    drop(other);
    let camera = Uvc::plug(0, model);
    back(&camera, &mut viewer, &sending, 1);
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn a_camera_that_hangs_is_noticed() {
    let (camera, mut viewer, mut sending) = streaming(&["--camera-timeout", "1s"]);
    camera.stall();
    viewer.card();
    sending.told(1, 0);
    for _ in 0..2 {
        assert!(viewer.next().is_card);
    }
    camera.resume();
    back(&camera, &mut viewer, &sending, 1);
    assert!(sending.is_running());
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn started_before_the_camera_is_plugged_in() {
    let mut viewer = Viewer::start();
    let mut sending = Sending::from(&viewer, "camera:Lab", &["--wait", "--size", "640x480"]);
    assert!(viewer.card().canvas().width > 0);
    assert!(sending.is_running());
    let camera = Uvc::plug(0, Model::default());
    let frame = viewer.picture();
    assert!(camera.sent(number_of(&frame.jpeg).unwrap()).unwrap().bytes == frame.jpeg);
    viewer.pictures(5);
    assert!(sending.is_running());
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn a_camera_that_is_not_there_is_told_at_once() {
    let viewer = Viewer::start();
    let output = run(&["send", viewer.address(), "--source", "camera:Lab"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    let lines: Vec<_> = told.lines().filter(|line| line.starts_with("pulsecam: ")).collect();
    assert_eq!(lines.len(), 1, "{told}");
    assert!(
        lines[0].contains("Lab") && lines[0].contains("vivid"),
        "what is requested and what is available: {told}"
    );
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn an_end_is_possible_while_the_camera_is_gone() {
    let (camera, mut viewer, sending) = streaming(&[]);
    pull(camera, &mut viewer, &sending);
    let summary = sending.finish();
    assert!(summary["captured"].as_u64().unwrap() >= 3, "{summary}");
}
