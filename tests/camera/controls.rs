//! Controls such as brightness: listed with their ranges, set on opening, refused with the allowed values.

use serde_json::Value;

use super::{
    program::{Sending, run},
    viewer::Viewer,
    vivid::Vivid,
};

fn control(source: &str, key: &str) -> Value {
    let output = run(&["cameras", "--controls", source, "--json"]);
    let told = String::from_utf8(output.stdout).unwrap();
    let mut controls = told.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    controls.find(|control| control["key"] == key).unwrap_or_else(|| panic!("no {key} in {told}"))
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn what_is_set_is_what_the_camera_has_and_the_list_tells() {
    let vivid = Vivid::ready();
    let source = vivid.source();
    let brightness = control(&source, "brightness");
    assert_eq!((&brightness["min"], &brightness["max"]), (&0.into(), &255.into()), "{brightness}");
    let mut viewer = Viewer::start();
    let set = ["--size", "320x180", "--set", "brightness=7", "--set", "horizontal_flip=on"];
    let sending = Sending::from(&viewer, &source, &set);
    viewer.pictures(1);
    assert_eq!(control(&source, "brightness")["value"], 7);
    assert_eq!(control(&source, "horizontal_flip")["value"], 1);
    drop(sending);
    let back = ["--size", "320x180", "--set", "brightness=default", "--set", "horizontal_flip=off"];
    let mut viewer = Viewer::start();
    let _sending = Sending::from(&viewer, &source, &back);
    viewer.pictures(1);
    assert_eq!(control(&source, "brightness")["value"], brightness["default"]);
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn what_cannot_be_set_is_an_error_that_lists_what_can() {
    let vivid = Vivid::ready();
    let viewer = Viewer::start();
    for (setting, words) in
        [("brightness=300", &["brightness", "0 to 255"][..]), ("lightness=3", &["brightness", "contrast"])]
    {
        let output = run(&["send", viewer.address(), "--source", &vivid.source(), "--set", setting]);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{told}");
        let line = told.lines().find(|line| line.starts_with("pulsecam: ")).unwrap();
        assert!(words.iter().all(|word| line.contains(word)), "{line}");
    }
}
