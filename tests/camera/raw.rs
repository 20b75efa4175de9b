//! Raw pixels from the kernel's vivid driver, as received by a viewer. The eight colour bars must have the
//! right place and colour in every pixel format.

use pulsecam::picture::Canvas;

use super::{program::Sending, viewer::Viewer, vivid::Vivid};

/// 75 % of full drive: white, yellow, cyan, green, magenta, red, blue, black.
const BARS: [[u8; 3]; 8] = {
    const ON: u8 = 191;
    [[ON, ON, ON], [ON, ON, 0], [0, ON, ON], [0, ON, 0], [ON, 0, ON], [ON, 0, 0], [0, 0, ON], [0, 0, 0]]
};

/// Deviation per channel due to JPEG, chroma sampling and the driver's rounding. Swapped channels, planes
/// shifted by a row or limited range shown as full range exceed it or blur the bars' edges.
const TOLERANCE: u8 = 24;

/// The middle of each bar at three heights: chroma planes of a wrong size would show near both edges.
fn bars(canvas: &Canvas) -> Vec<[u8; 3]> {
    let at = |bar: usize, y: usize| {
        let [_, red, green, blue] = canvas.pixel(canvas.width * (2 * bar + 1) / 16, y).unwrap().to_be_bytes();
        [red, green, blue]
    };
    [1, 2, 5]
        .into_iter()
        .flat_map(|sixth| (0..8).map(move |bar| at(bar, canvas.height * sixth / 6)))
        .collect()
}

fn assert_bars(canvas: &Canvas, expected: [[u8; 3]; 8], what: &str) {
    let found = bars(canvas);
    for (i, found) in found.iter().enumerate() {
        let wanted = expected[i % 8];
        let near = found.iter().zip(wanted).all(|(found, wanted)| found.abs_diff(wanted) <= TOLERANCE);
        assert!(near, "{what}: bar {} is {found:?}, not {wanted:?}; all: {:?}", i % 8, bars(canvas));
    }
}

fn grey(bars: [[u8; 3]; 8]) -> [[u8; 3]; 8] {
    bars.map(|[red, green, blue]| {
        let luma = (299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue)) / 1000;
        [luma as u8; 3]
    })
}

fn shows_bars(options: &[&str], expected: [[u8; 3]; 8], what: &str) {
    let vivid = Vivid::ready();
    let mut viewer = Viewer::start();
    let sending = Sending::from(&viewer, &vivid.source(), &[&["--size", "640x360"], options].concat());
    for frame in viewer.pictures(3) {
        let canvas = frame.canvas();
        assert_eq!((canvas.width, canvas.height), (640, 360), "{what}");
        assert_bars(&canvas, expected, what);
    }
    let summary = sending.finish();
    assert!(summary["sent"].as_u64().unwrap() >= 3, "{summary}");
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn without_a_wish() {
    shows_bars(&[], BARS, "the program's own choice");
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn yuyv() {
    shows_bars(&["--pixel-format", "yuyv"], BARS, "YUYV");
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn uyvy() {
    shows_bars(&["--pixel-format", "uyvy"], BARS, "UYVY");
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn nv12() {
    shows_bars(&["--pixel-format", "nv12"], BARS, "NV12");
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn i420() {
    shows_bars(&["--pixel-format", "i420"], BARS, "I420");
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn rgb() {
    shows_bars(&["--pixel-format", "rgb"], BARS, "RGB");
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn bgr() {
    shows_bars(&["--pixel-format", "bgr"], BARS, "BGR");
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn luma_alone() {
    shows_bars(&["--pixel-format", "grey"], grey(BARS), "grey");
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn over_nokhwa() {
    shows_bars(&["--camera-api", "nokhwa", "--pixel-format", "yuyv"], BARS, "YUYV");
}
