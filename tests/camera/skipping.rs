//! Frames of a camera that need not be sent: nobody views them, or they are unchanged.

use serde_json::Value;

use super::{
    program::{Sending, run},
    viewer::Viewer,
    vivid::Vivid,
};

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn nothing_is_encoded_while_nobody_views() {
    const FRAMES: u64 = 40;
    let vivid = Vivid::ready();
    let mut viewer = Viewer::start();
    viewer.look_away();
    let frames = FRAMES.to_string();
    let output = run(&["send", viewer.address(), "--source", &vivid.source(), "--frames", &frames, "--json"]);
    let told = String::from_utf8(output.stdout).unwrap();
    let line = told.lines().find(|line| line.contains(r#""event":"summary""#)).unwrap();
    let summary: Value = serde_json::from_str(line).unwrap();
    // The first few are sent before the relay has reported that nobody views.
    assert!(summary["unseen"].as_u64().unwrap() >= FRAMES / 2, "{summary}");
    assert!(summary["encoded"].as_u64().unwrap() <= FRAMES / 2, "{summary}");
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn a_picture_that_stays_the_same_is_left_out() {
    let vivid = Vivid::ready();
    let mut viewer = Viewer::start();
    let sending = Sending::from(&viewer, &vivid.source(), &["--size", "320x180", "--skip-still"]);
    viewer.pictures(3); // one a second
    let summary = sending.finish();
    assert!(summary["still"].as_u64() > summary["encoded"].as_u64(), "{summary}");
}
