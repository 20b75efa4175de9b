//! Each camera is listed once, with its actual modes.

use serde_json::Value;

use super::{
    model::Model,
    program::{Sending, cameras, run},
    uvc::Uvc,
    viewer::Viewer,
    vivid::Vivid,
};

fn named<'a>(cameras: &'a [Value], part: &str) -> Vec<&'a Value> {
    cameras.iter().filter(|camera| camera["name"].as_str().unwrap().contains(part)).collect()
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn each_camera_is_listed_once_and_its_metadata_node_is_not() {
    let vivid = Vivid::ready();
    let (left, right) =
        (Uvc::plug(0, Model::named("Left Camera")), Uvc::plug(1, Model::named("Right Camera")));
    let cameras = cameras();
    assert_eq!(cameras.len(), 3, "{cameras:#?}");
    for (part, path) in [("vivid", vivid.path()), ("Left", left.path()), ("Right", right.path())] {
        let found = named(&cameras, part);
        assert_eq!(found.len(), 1, "{part}");
        assert_eq!(found[0]["path"], path.as_str());
    }
    let numbers: Vec<_> = cameras.iter().map(|camera| camera["index"].as_u64().unwrap()).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn modes_are_sorted_and_rates_are_true() {
    let _camera = Uvc::plug(0, Model::default());
    let cameras = cameras();
    let modes = named(&cameras, "Lab")[0]["modes"].as_array().unwrap();
    let mut found: Vec<_> = modes
        .iter()
        .map(|mode| {
            let rate = (mode["fps"].as_f64().unwrap() * 10.0).round() / 10.0;
            format!("{} {}x{} {rate}", mode["format"].as_str().unwrap(), mode["width"], mode["height"])
        })
        .collect();
    let areas: Vec<_> =
        modes.iter().map(|mode| mode["width"].as_u64().unwrap() * mode["height"].as_u64().unwrap()).collect();
    assert!(areas.is_sorted_by(|a, b| a >= b), "largest first: {found:?}");
    found.sort();
    let wanted = [
        "mjpeg 320x240 30",
        "mjpeg 640x480 15",
        "mjpeg 640x480 30",
        "mjpeg 640x480 7.5",
        "yuyv 320x240 15",
        "yuyv 320x240 7.5",
    ];
    assert_eq!(found, wanted);
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn the_list_tells_who_has_a_camera() {
    let camera = Uvc::plug(0, Model::default());
    assert_eq!(named(&cameras(), "Lab")[0]["in_use_by"].as_array().map(Vec::len), Some(0));
    let held = v4l::Device::with_path(camera.path()).unwrap();
    let users = named(&cameras(), "Lab")[0]["in_use_by"].to_string();
    drop(held);
    let me = std::process::id().to_string();
    assert!(users.contains(&me) || users.contains("camera"), "{users}");
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn the_list_for_people_names_devices() {
    let vivid = Vivid::ready();
    let output = run(&["cameras"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("vivid") && text.contains(&vivid.path()), "{text}");
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn a_camera_is_found_by_number_name_and_device() {
    let vivid = Vivid::ready();
    let _other = Uvc::plug(0, Model::default());
    let number = vivid.path().trim_start_matches("/dev/video").to_owned();
    let sources = ["camera", &format!("camera:{number}"), "camera:VIVID", &vivid.source()];
    for source in sources {
        let mut viewer = Viewer::start();
        let _sending = Sending::from(&viewer, source, &["--size", "320x180"]);
        // The other camera does not have this size.
        assert!(viewer.pictures(2).iter().all(|frame| frame.canvas().height == 180), "{source}");
    }
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn a_camera_that_is_not_there_is_an_error_that_names_those_that_are() {
    let vivid = Vivid::ready();
    let viewer = Viewer::start();
    let output = run(&["send", viewer.address(), "--source", "camera:77"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("no camera") && told.contains("vivid"), "{told} ({})", vivid.path());
}
