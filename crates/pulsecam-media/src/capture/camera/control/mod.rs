//! Adjustable controls of a camera: brightness, exposure, focus.
//!
//! Which controls there are, their names and values depend on the camera. Names are written as `v4l2-ctl`
//! writes them, so that instructions found elsewhere for a camera work here too. Reading and setting them is
//! in `v4l2`; matching a user's text to them is in `setting`, without access to a camera.

mod error;
mod setting;
#[cfg(all(target_os = "linux", target_pointer_width = "64", feature = "camera"))]
mod v4l2;

use serde::Serialize;

#[cfg(all(target_os = "linux", target_pointer_width = "64", feature = "camera"))]
pub(super) use self::v4l2::apply;
pub use self::{
    error::{ControlError, WrongValue},
    setting::ControlSetting,
};

/// A control of a camera.
///
/// Names and labels come from the camera: print them as untrusted text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Control {
    /// Its name as written in settings, unique in its camera: `exposure_time_absolute`. Lower-case ASCII.
    pub key: String,
    /// The camera's name for it: `Exposure Time, Absolute`.
    pub name: String,
    /// The values it accepts.
    #[serde(flatten)]
    pub kind: ControlKind,
    /// Current value; `None` if it cannot be read. Booleans are 0 and 1.
    pub value: Option<i64>,
    /// Default value; `None` for buttons.
    pub default: Option<i64>,
    /// Whether it can be set at all.
    pub writable: bool,
    /// Has no effect at the moment, because an automatic mode is on.
    pub inactive: bool,
    /// Cannot be set at the moment, for instance because the camera is running.
    pub busy: bool,
}

/// The values that a control accepts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ControlKind {
    /// A whole number.
    Integer {
        /// Minimum.
        min: i64,
        /// Maximum.
        max: i64,
        /// Step, counted from the minimum; at least 1.
        step: i64,
    },
    /// A whole number with an unknown range.
    Number,
    /// On or off.
    Boolean,
    /// One of several entries.
    Menu {
        /// The entries. Their numbers may have gaps.
        entries: Vec<MenuEntry>,
    },
    /// Triggers an action; has no value.
    Button,
}

/// One entry of a menu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MenuEntry {
    /// Its number.
    pub index: i64,
    /// The camera's name for it.
    pub label: String,
}

impl Control {
    /// A control that can be set and has no value yet.
    #[must_use]
    pub fn new(key: impl Into<String>, name: impl Into<String>, kind: ControlKind) -> Self {
        let (key, name) = (key.into(), name.into());
        Self { key, name, kind, value: None, default: None, writable: true, inactive: false, busy: false }
    }

    /// A value for a person to read: a menu's with its label.
    #[must_use]
    pub fn text(&self, value: i64) -> String {
        match &self.kind {
            ControlKind::Boolean => if value == 0 { "off" } else { "on" }.into(),
            ControlKind::Menu { entries } => entries
                .iter()
                .find(|entry| entry.index == value)
                .map_or_else(|| value.to_string(), MenuEntry::to_string),
            ControlKind::Integer { .. } | ControlKind::Number | ControlKind::Button => value.to_string(),
        }
    }
}

impl std::fmt::Display for ControlKind {
    /// The allowed values, in one line.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Integer { min, max, step: 1 } => write!(f, "{min} to {max}"),
            Self::Integer { min, max, step } => write!(f, "{min} to {max} in steps of {step}"),
            Self::Number => f.write_str("a whole number (its range is unknown)"),
            Self::Boolean => f.write_str("on or off"),
            Self::Menu { entries } => f.write_str(&joined(entries.iter().map(MenuEntry::to_string))),
            Self::Button => f.write_str("no value: it is a button"),
        }
    }
}

impl std::fmt::Display for MenuEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.index, self.label)
    }
}

/// The controls of a device, in its own order. Opens it briefly, even while another program streams from it.
#[cfg(all(target_os = "linux", target_pointer_width = "64", feature = "camera"))]
pub(super) fn list(path: &str) -> Result<Vec<Control>, ControlError> {
    v4l2::controls(path)
}

/// Not on 32 bits, for which the crate that reads controls does not compile.
#[cfg(not(all(target_os = "linux", target_pointer_width = "64", feature = "camera")))]
pub(super) fn list(_path: &str) -> Result<Vec<Control>, ControlError> {
    Err(ControlError::NotHere)
}

#[cfg(all(target_os = "linux", not(target_pointer_width = "64"), feature = "camera"))]
pub(super) fn apply(_: &v4l::Device, settings: &[ControlSetting]) -> Result<(), ControlError> {
    if settings.is_empty() { Ok(()) } else { Err(ControlError::NotHere) }
}

/// Converts a name to a key: lower-case ASCII letters and digits, one `_` for each run of others.
fn key_of(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("_")
}

/// A unique key: a number is appended if the name gives none, or one that is taken.
#[cfg_attr(
    not(all(target_os = "linux", target_pointer_width = "64", feature = "camera")),
    allow(dead_code, reason = "controls are read on 64-bit Linux only")
)]
fn unique_key(name: &str, before: &[Control]) -> String {
    let key = key_of(name);
    let base = if key.is_empty() { "control" } else { &key };
    let numbered = (2..).map(|number| format!("{base}_{number}"));
    let mut keys = std::iter::once(base.to_owned()).chain(numbered);
    let is_free = |key: &String| !before.iter().any(|control| control.key == *key);
    keys.find(is_free).unwrap_or(key) // some number is free
}

fn joined(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{
        setting::tests::{integer, webcam},
        *,
    };

    #[test]
    fn keys_are_those_of_v4l2_ctl() {
        for (name, key) in [
            ("Brightness", "brightness"),
            ("Exposure Time, Absolute", "exposure_time_absolute"),
            ("White Balance Temperature, Auto", "white_balance_temperature_auto"),
            ("Exposure (Absolute)", "exposure_absolute"),
            ("  LED1 Mode!! ", "led1_mode"),
            ("S/PDIF - 3", "s_pdif_3"),
            ("\u{1b}[2J\u{202e}Zoom\n", "2j_zoom"),
            ("曝光", ""),
            ("", ""),
        ] {
            assert_eq!(key_of(name), key, "{name:?}");
        }
    }

    #[test]
    fn keys_tell_controls_apart_whatever_their_names_are() {
        let controls = webcam();
        assert_eq!(unique_key("Sharpness", &controls), "sharpness");
        assert_eq!(unique_key("BRIGHTNESS", &controls), "brightness_2");
        assert_eq!(unique_key("曝光", &controls), "control");
        let mut controls = vec![integer("Control", (0, 1, 1), 0), integer("control 2", (0, 1, 1), 0)];
        assert_eq!(unique_key("曝光", &controls), "control_3");
        controls.remove(0);
        assert_eq!(unique_key("", &controls), "control");
    }

    #[test]
    fn values_and_what_is_allowed_read_well() {
        let controls = webcam();
        let texts: Vec<_> = controls
            .iter()
            .map(|control| (control.value.map(|value| control.text(value)), control.kind.to_string()))
            .collect();
        let wanted = [
            (Some("128"), "0 to 255"),
            (Some("on"), "on or off"),
            (Some("4600"), "2800 to 6500 in steps of 10"),
            (Some("1 (50 Hz)"), "0 (Disabled), 1 (50 Hz), 2 (60 Hz)"),
            (Some("3 (Aperture Priority Mode)"), "1 (Manual Mode), 3 (Aperture Priority Mode)"),
        ];
        for ((value, allowed), wanted) in texts.iter().zip(wanted) {
            assert_eq!((value.as_deref(), allowed.as_str()), wanted);
        }
        let menu = controls.iter().find(|control| control.key == "auto_exposure").unwrap();
        assert_eq!(menu.text(2), "2", "a value that the menu does not have");
    }

    #[test]
    fn programs_get_one_flat_object_a_control() {
        let controls = webcam();
        let json = |key: &str| {
            let control = controls.iter().find(|control| control.key == key).unwrap();
            serde_json::to_value(control).unwrap()
        };
        let white = json("white_balance_temperature");
        assert_eq!(white["type"], "integer");
        assert_eq!((&white["min"], &white["step"]), (&2800.into(), &10.into()));
        assert_eq!((&white["value"], &white["default"]), (&4600.into(), &4600.into()));
        assert_eq!((&white["inactive"], &white["writable"]), (&true.into(), &true.into()));
        assert_eq!(json("auto_exposure")["entries"][1]["label"], "Aperture Priority Mode");
        assert_eq!(json("reset")["value"], serde_json::Value::Null);
    }
}
