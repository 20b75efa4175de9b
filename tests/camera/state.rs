//! What others do to a camera: use it, deny access, or leave it in an unexpected state.

use std::{
    fs,
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
};

use v4l::{
    buffer::Type,
    io::{mmap::Stream, traits::CaptureStream},
};

use super::{
    model::Model,
    program::{Sending, pulsecam},
    uvc::Uvc,
    viewer::Viewer,
    vivid::Vivid,
};

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn a_busy_camera_is_named_with_who_has_it_and_taken_when_it_is_free() {
    let vivid = Vivid::ready();
    let device = vivid.open();
    let mut stream = Stream::with_buffers(&device, Type::VideoCapture, 2).unwrap();
    stream.next().unwrap(); // this process streams
    let mut viewer = Viewer::start();
    let mut sending = Sending::from(&viewer, &vivid.source(), &["--size", "320x180"]);
    let told = sending.logged(&["WARN"]);
    assert!(told.contains("busy") || told.contains("in use"), "{told}");
    assert!(told.contains("camera") && told.contains(&std::process::id().to_string()), "{told}");
    assert!(viewer.card().canvas().width > 0);
    for _ in 0..2 {
        assert!(viewer.next().is_card);
    }
    drop(stream);
    drop(device);
    viewer.picture();
    viewer.pictures(5);
    assert_eq!(sending.warnings().len(), 1, "{:?}", sending.warnings());
    assert!(sending.is_running());
}

/// Settings left by another program do not stop it, and the picture is right.
fn survives(fourcc: &[u8; 4], size: (u32, u32), interval: (u32, u32)) {
    let vivid = Vivid::ready();
    vivid.leave(fourcc, size, interval);
    let mut viewer = Viewer::start();
    let _sending = Sending::from(&viewer, &vivid.source(), &["--size", "640x360"]);
    for frame in viewer.pictures(3) {
        let canvas = frame.canvas();
        assert_eq!((canvas.width, canvas.height), (640, 360));
    }
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn left_at_a_rate_that_is_no_whole_number() {
    survives(b"YUYV", (640, 360), (2, 25));
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn left_in_a_format_that_nobody_knows() {
    survives(b"VYUY", (640, 360), (1, 30));
    survives(b"BA81", (640, 360), (1, 30));
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn left_at_an_odd_size() {
    survives(b"NV12", (320, 180), (1, 15));
    survives(b"YUYV", (3840, 2160), (1, 1));
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn left_at_seven_and_a_half_a_second() {
    use v4l::{
        Device, Format, FourCC, Fraction,
        video::{Capture, capture::Parameters},
    };
    let camera = Uvc::plug(0, Model::default());
    let device = Device::with_path(camera.path()).unwrap();
    device.set_format(&Format::new(320, 240, FourCC::new(b"YUYV"))).unwrap();
    let left = device.set_params(&Parameters::new(Fraction::new(1_333_333, 10_000_000))).unwrap();
    assert!(left.interval.numerator > 1, "{}", left.interval);
    drop(device);
    let mut viewer = Viewer::start();
    let _sending = Sending::from(&viewer, &camera.by_path(), &["--size", "640x480"]);
    viewer.pictures(3);
    assert_eq!(camera.mode().1, 333_333);
}

/// A user without any groups.
const NOBODY: u32 = 65_534;

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn one_that_this_user_may_not_open_says_which_group_may() {
    const VIDEO: u32 = 44;
    let vivid = Vivid::ready();
    fs::create_dir_all("/etc").unwrap();
    fs::write("/etc/group", format!("root:x:0:\nvideo:x:{VIDEO}:\n")).unwrap();
    chown(vivid.path(), Some(0), Some(VIDEO)).unwrap();
    fs::set_permissions(vivid.path(), fs::Permissions::from_mode(0o660)).unwrap();
    let viewer = Viewer::start();
    let sending = ["send", viewer.address(), "--source", &vivid.source()];
    for (arguments, code) in [(&["cameras"][..], 0), (&sending, 1)] {
        let output = pulsecam().args(arguments).uid(NOBODY).gid(NOBODY).output().unwrap();
        let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        assert_eq!(output.status.code(), Some(code), "{told}");
        assert!(told.contains("no permission") && told.contains("join the group video"), "{told}");
    }
    chown(vivid.path(), Some(0), Some(0)).unwrap();
}
