//! Tests of settings on a common webcam, and on odd ones.

use super::*;

fn control(name: &str, kind: ControlKind, value: i64) -> Control {
    let (value, default) =
        if kind == ControlKind::Button { (None, None) } else { (Some(value), Some(value)) };
    let (key, name) = (key_of(name), name.into());
    Control { key, name, kind, value, default, writable: true, inactive: false, busy: false }
}

pub(in crate::capture::camera::control) fn integer(
    name: &str,
    (min, max, step): (i64, i64, i64),
    value: i64,
) -> Control {
    control(name, ControlKind::Integer { min, max, step }, value)
}

fn menu(name: &str, entries: &[(i64, &str)], value: i64) -> Control {
    let entries = entries.iter().map(|&(index, label)| MenuEntry { index, label: label.into() }).collect();
    control(name, ControlKind::Menu { entries }, value)
}

/// The controls of a common webcam.
pub(in crate::capture::camera::control) fn webcam() -> Vec<Control> {
    let inactive = |control| Control { inactive: true, ..control };
    vec![
        integer("Brightness", (0, 255, 1), 128),
        control("White Balance, Automatic", ControlKind::Boolean, 1),
        inactive(integer("White Balance Temperature", (2800, 6500, 10), 4600)),
        menu("Power Line Frequency", &[(0, "Disabled"), (1, "50 Hz"), (2, "60 Hz")], 1),
        menu("Auto Exposure", &[(1, "Manual Mode"), (3, "Aperture Priority Mode")], 3),
        inactive(integer("Exposure Time, Absolute", (3, 2047, 1), 250)),
        integer("Pan, Absolute", (-36000, 36000, 3600), 0),
        control("Focus, Automatic Continuous", ControlKind::Boolean, 0),
        integer("Focus, Absolute", (0, 250, 5), 0),
        Control { writable: false, ..control("Privacy", ControlKind::Boolean, 0) },
        Control { busy: true, ..integer("LED1 Mode", (0, 3, 1), 3) },
        control("Reset", ControlKind::Button, 0),
    ]
}

fn set(controls: &[Control], text: &str) -> Result<(String, i64), ControlError> {
    let (control, value) = resolve(controls, &text.parse()?)?;
    Ok((control.key.clone(), value))
}

fn fails(controls: &[Control], text: &str, parts: &[&str]) {
    let error = set(controls, text).unwrap_err().to_string();
    for part in parts {
        assert!(error.contains(part), "{text}: {error}");
    }
    assert!(!error.contains('\n'), "{error}");
}

/// A webcam with all automatic modes off.
fn manual() -> Vec<Control> {
    webcam().into_iter().map(|control| Control { inactive: false, busy: false, ..control }).collect()
}

#[test]
fn settings_are_taken_apart_and_given_back() {
    for (text, key, value, back) in [
        ("exposure=100", "exposure", "100", "exposure=100"),
        (" White Balance = 4000 ", "White Balance", "4000", "White Balance=4000"),
        ("power_line_frequency=50 Hz", "power_line_frequency", "50 Hz", "power_line_frequency=50 Hz"),
        ("a=b=c", "a", "b=c", "a=b=c"),
        ("reset", "reset", "", "reset"),
        ("reset=", "reset", "", "reset"),
    ] {
        let setting: ControlSetting = text.parse().unwrap();
        assert_eq!((setting.key.as_str(), setting.value.as_str()), (key, value));
        assert_eq!(setting.to_string(), back);
    }
    for wrong in ["", "=5", " = ", "曝光=5"] {
        assert!(wrong.parse::<ControlSetting>().unwrap_err().to_string().contains("exposure=100"), "{wrong}");
    }
}

#[test]
fn a_control_is_found_by_key_short_name_and_part() {
    let controls = manual();
    for (name, key) in [
        ("brightness", "brightness"),
        ("Exposure Time, Absolute", "exposure_time_absolute"),
        ("exposure", "exposure_time_absolute"),
        ("auto_exposure", "auto_exposure"),
        ("focus", "focus_absolute"),
        ("autofocus", "focus_automatic_continuous"),
        ("auto-focus", "focus_automatic_continuous"),
        ("white_balance", "white_balance_temperature"),
        ("auto_white_balance", "white_balance_automatic"),
        ("pan", "pan_absolute"),
        ("bright", "brightness"),
        ("line", "power_line_frequency"),
        ("led1", "led1_mode"),
    ] {
        assert_eq!(set(&controls, &format!("{name}=default")).unwrap().0, key, "{name}");
    }
    let old = [
        menu("Exposure, Auto", &[(1, "Manual Mode"), (3, "Aperture Priority Mode")], 1),
        integer("Exposure (Absolute)", (3, 2047, 1), 250),
        control("White Balance Temperature, Auto", ControlKind::Boolean, 1),
    ];
    assert_eq!(set(&old, "exposure=9").unwrap(), ("exposure_absolute".into(), 9));
    assert_eq!(set(&old, "auto_exposure=1").unwrap(), ("exposure_auto".into(), 1));
    assert_eq!(set(&old, "auto_white_balance=off").unwrap().0, "white_balance_temperature_auto");
    let sensor = [integer("Exposure", (1, 9, 1), 5), integer("Exposure (Absolute)", (3, 2047, 1), 250)];
    assert_eq!(set(&sensor, "exposure=9").unwrap().0, "exposure", "a key precedes a short name");
}

#[test]
fn a_control_that_is_not_meant_clearly_is_an_error_with_those_that_may_be() {
    let controls = webcam();
    fails(&controls, "absolute=5", &["exposure_time_absolute, pan_absolute, focus_absolute", "is ambiguous"]);
    fails(&controls, "zoom=5", &["no control \"zoom\"", "brightness, white_balance_automatic", "reset"]);
    let error = set(&controls, "zoom=5").unwrap_err().to_string();
    assert!(!error.contains("privacy"), "read-only controls are not listed: {error}");
    fails(&controls, "priv=1", &["no control"]);
    fails(&controls, "privacy=1", &["privacy is read-only"]);
    fails(&[], "brightness=1", &["none that can be set"]);
}

#[test]
fn numbers_lie_in_the_range_and_on_the_step() {
    let controls = manual();
    let value = |text| set(&controls, text).map(|(_, value)| value).ok();
    assert_eq!(value("brightness=0"), Some(0));
    assert_eq!(value("brightness=255"), Some(255));
    assert_eq!(value("brightness=0xfF"), Some(255));
    assert_eq!(value("brightness=Default"), Some(128));
    assert_eq!(value("pan=-7200"), Some(-7200));
    assert_eq!(value("pan=-0x1c20"), Some(-7200));
    fails(&controls, "brightness=256", &["\"256\"", "0 to 255", "default: 128", "nearest: 255"]);
    fails(&controls, "brightness=-1", &["nearest: 0"]);
    fails(&controls, "white_balance=4604", &["2800 to 6500 in steps of 10", "nearest: 4600"]);
    fails(&controls, "white_balance=4605", &["nearest: 4610"]);
    fails(&controls, "pan=-9999999999999999999999", &["nearest: -36000"]);
    fails(&controls, "pan=0x99999999999999999999", &["nearest: 36000"]);
    for text in ["", "much", "1.5", "--5", "+5", "-+5", "0x", "0x+5", "-", "5 %"] {
        fails(&controls, &format!("brightness={text}"), &["0 to 255", "default: 128"]);
        assert!(!set(&controls, &format!("brightness={text}")).unwrap_err().to_string().contains("nearest"));
    }
}

#[test]
fn odd_ranges_have_a_nearest_value_too() {
    assert_eq!(nearest(100, 0, 10, 4), 8, "the maximum is not on a step");
    assert_eq!(nearest(10, 0, 10, 4), 8);
    assert_eq!(nearest(5, 7, 3, 1), 7, "minimum above maximum");
    assert_eq!(nearest(5, 0, 10, 0), 5, "no step");
    assert_eq!(nearest(5, 0, 10, -3), 5);
    assert_eq!(nearest(i128::from(u64::MAX), i64::MIN, i64::MAX, 1), i64::MAX);
    assert_eq!(nearest(-i128::from(u64::MAX), i64::MIN, i64::MAX, i64::MAX), i64::MIN);
}

#[test]
fn a_number_without_a_known_range_is_left_to_the_driver() {
    let controls = [Control { default: None, ..control("Brightness", ControlKind::Number, 5) }];
    assert_eq!(set(&controls, "brightness=-300").unwrap().1, -300);
    for text in ["default", "much", "", "0x100000000"] {
        fails(&controls, &format!("brightness={text}"), &["a whole number"]);
    }
}

#[test]
fn switches_are_on_or_off() {
    let controls = manual();
    for (text, wanted) in
        [("on", 1), ("TRUE", 1), ("yes", 1), ("1", 1), ("off", 0), ("False", 0), ("no", 0), ("0", 0)]
    {
        assert_eq!(set(&controls, &format!("autofocus={text}")).unwrap().1, wanted);
    }
    fails(&controls, "autofocus=2", &["focus_automatic_continuous", "on or off", "default: off"]);
}

#[test]
fn menus_take_a_number_a_label_or_a_part_of_one() {
    let controls = manual();
    for (text, wanted) in [
        ("auto_exposure=3", 3),
        ("auto_exposure=Aperture Priority Mode", 3),
        ("auto_exposure=aperture_priority_mode", 3),
        ("auto_exposure=manual", 1),
        ("power_line_frequency=1", 1),
        ("power_line_frequency=50", 1),
        ("power_line_frequency=60 HZ", 2),
    ] {
        assert_eq!(set(&controls, text).unwrap().1, wanted, "{text}");
    }
    fails(&controls, "auto_exposure=2", &["1 (Manual Mode), 3 (Aperture Priority Mode)", "default: 3 (Ap"]);
    fails(&controls, "auto_exposure=mode", &["\"mode\""]);
    fails(&controls, "auto_exposure=", &["1 (Manual Mode)"]);
    let chinese = [menu("Mode", &[(0, "自动"), (1, "手动"), (2, "AUTO")], 0)];
    assert_eq!(set(&chinese, "mode=手动").unwrap().1, 1);
    assert_eq!(set(&chinese, "mode=auto").unwrap().1, 2);
    fails(&chinese, "mode=曝光", &["0 (自动), 1 (手动)"]);
}

#[test]
fn a_button_needs_no_value() {
    let controls = webcam();
    for text in ["reset", "reset=", "reset=1"] {
        assert_eq!(set(&controls, text).unwrap(), ("reset".into(), 1));
    }
    fails(&controls, "reset=5", &["no value: it is a button"]);
    fails(&controls, "brightness", &["0 to 255"]);
}

#[test]
fn what_an_automatic_has_says_how_to_switch_that_off() {
    let controls = webcam();
    fails(
        &controls,
        "exposure=100",
        &["is inactive while auto_exposure is 3 (Aperture", "set auto_exposure=manual_mode first"],
    );
    fails(
        &controls,
        "white_balance=4000",
        &["white_balance_automatic is on", "set white_balance_automatic=off first"],
    );
    fails(&controls, "exposure=99999", &["3 to 2047"]);
    let odd = [Control { inactive: true, ..integer("Iris, Absolute", (0, 9, 1), 0) }];
    fails(&odd, "iris=1", &["iris_absolute is inactive while another control"]);
    let lonely = [Control { inactive: true, ..integer("Gain", (0, 9, 1), 0) }];
    fails(&lonely, "gain=1", &["gain is inactive while another control"]);
    fails(&controls, "led1_mode=1", &["cannot be set now"]);
    // The suggested setting is accepted.
    assert_eq!(set(&controls, "auto_exposure=manual_mode").unwrap().1, 1);
}

#[test]
fn hostile_names_leave_plain_keys() {
    let hostile = [menu("\x1b[31m\u{202e}Red", &[(0, "\x1b[2J"), (1, "")], 0)];
    assert_eq!(set(&hostile, "red=1").unwrap(), ("31m_red".into(), 1));
    fails(&hostile, "red=", &["31m_red needs a value"]);
    fails(&hostile, "blue=1", &["available: 31m_red"]);
}

proptest::proptest! {
    #[test]
    fn any_text_and_any_range_give_an_allowed_value_or_an_error(
        text in ".{0,24}", wanted in proptest::prelude::any::<i64>(), min: i64, max: i64, step: i64,
    ) {
        let control = [integer("Gain", (min, max, step), 0)];
        let _ = set(&control, &text);
        let _ = set(&control, &format!("gain={text}"));
        if let Ok((_, value)) = set(&control, &format!("gain={wanted}")) {
            assert_eq!(value, wanted);
            assert!((min..=max.max(min)).contains(&value));
        }
    }
}
