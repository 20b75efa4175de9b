//! Settings as a user writes them, `exposure=100`, matched to a camera's controls and values.

use std::{fmt, str::FromStr};

use super::{Control, ControlError, ControlKind, MenuEntry, error::WrongValue, joined, key_of};

/// Short names with the camera's names for them, the current kernel's first. Those of Linux 6
/// (drivers/media/v4l2-core/v4l2-ctrls-defs.c), then those of older uvcvideo drivers, as v4l2-ctl writes
/// them.
const SHORT: [(&str, &[&str]); 11] = [
    ("exposure", &["exposure_time_absolute", "exposure_absolute"]),
    ("auto_exposure", &["exposure_auto"]),
    ("focus", &["focus_absolute"]),
    ("auto_focus", &["focus_automatic_continuous", "focus_auto"]),
    ("autofocus", &["focus_automatic_continuous", "focus_auto"]),
    ("white_balance", &["white_balance_temperature"]),
    ("auto_white_balance", &["white_balance_automatic", "white_balance_temperature_auto"]),
    ("auto_gain", &["gain_automatic"]),
    ("zoom", &["zoom_absolute"]),
    ("pan", &["pan_absolute"]),
    ("tilt", &["tilt_absolute"]),
];

/// Controls with the automatic modes that make them inactive. The kernel does not report this relation; these
/// are from uvcvideo's table of controls and the kernel's own clusters.
const AUTOMATICS: [(&str, &[&str]); 8] = [
    ("exposure_time_absolute", &["auto_exposure"]),
    ("exposure_absolute", &["exposure_auto"]),
    ("exposure", &["auto_exposure", "exposure_auto"]),
    ("focus_absolute", &["focus_automatic_continuous", "focus_auto"]),
    ("white_balance_temperature", &["white_balance_automatic", "white_balance_temperature_auto"]),
    ("gain", &["gain_automatic"]),
    ("hue", &["hue_automatic", "hue_auto"]),
    ("brightness", &["brightness_automatic"]),
];

/// A control and a value for it. [`FromStr`] only splits the text: it is matched against a camera's controls
/// later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlSetting {
    /// The control: its key, a part of it, or a short name such as `exposure`.
    pub key: String,
    /// The value, as written: a number, on or off, a menu entry, `default`; empty for a button.
    pub value: String,
}

impl FromStr for ControlSetting {
    type Err = ControlError;

    fn from_str(text: &str) -> Result<Self, ControlError> {
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        if key_of(key).is_empty() {
            return Err(ControlError::Written(text.into()));
        }
        Ok(Self { key: key.trim().into(), value: value.trim().into() })
    }
}

impl fmt::Display for ControlSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value.as_str() {
            "" => f.write_str(&self.key),
            value => write!(f, "{}={value}", self.key),
        }
    }
}

/// Finds the control of a setting, and the number to give to the driver.
#[cfg_attr(
    not(all(target_os = "linux", target_pointer_width = "64", feature = "camera")),
    allow(dead_code, reason = "controls are set on 64-bit Linux only")
)]
pub(super) fn resolve<'a>(
    controls: &'a [Control],
    setting: &ControlSetting,
) -> Result<(&'a Control, i64), ControlError> {
    let control = find(controls, &setting.key)?;
    let key = || control.key.clone();
    if !control.writable {
        return Err(ControlError::ReadOnly { key: key() });
    }
    let value = value(control, &setting.value).map_err(|nearest| {
        ControlError::Value(Box::new(WrongValue {
            key: key(),
            text: setting.value.clone(),
            allowed: control.kind.to_string(),
            default: control.default.map(|default| control.text(default)),
            nearest,
        }))
    })?;
    if control.inactive {
        return Err(ControlError::Inactive { key: key(), first: automatic(controls, control) });
    }
    if control.busy {
        return Err(ControlError::Busy { key: key() });
    }
    Ok((control, value))
}

/// Finds a control by its key, else a short name, else a part of its key that is unique.
fn find<'a>(controls: &'a [Control], wanted: &str) -> Result<&'a Control, ControlError> {
    let key = key_of(wanted);
    let exact = |key: &str| controls.iter().find(|control| control.key == key);
    let short = || {
        let (_, keys) = SHORT.iter().find(|(short, _)| *short == key)?;
        keys.iter().find_map(|key| exact(key))
    };
    if let Some(control) = exact(&key).or_else(short) {
        return Ok(control);
    }
    let settable = || controls.iter().filter(|control| control.writable);
    let keys = |controls: &mut dyn Iterator<Item = &Control>| joined(controls.map(|c| c.key.clone()));
    let mut found = settable().filter(|control| control.key.contains(&key));
    match (found.next(), found.next()) {
        (Some(control), None) => Ok(control),
        (Some(_), Some(_)) => Err(ControlError::Ambiguous {
            wanted: wanted.into(),
            candidates: keys(&mut settable().filter(|control| control.key.contains(&key))),
        }),
        (None, _) => Err(ControlError::Unknown { wanted: wanted.into(), present: keys(&mut settable()) }),
    }
}

/// The value of a text for a control; the error is the closest allowed number, if the text is a number.
fn value(control: &Control, text: &str) -> Result<i64, Option<i64>> {
    if text.eq_ignore_ascii_case("default")
        && let Some(default) = control.default
    {
        return Ok(default);
    }
    match &control.kind {
        &ControlKind::Integer { min, max, step } => {
            let wanted = number(text).ok_or(None)?;
            let nearest = nearest(wanted, min, max, step);
            if i128::from(nearest) == wanted { Ok(nearest) } else { Err(Some(nearest)) }
        }
        ControlKind::Number => {
            number(text).and_then(|number| i32::try_from(number).ok()).map(i64::from).ok_or(None)
        }
        ControlKind::Boolean => match text.to_ascii_lowercase().as_str() {
            "on" | "true" | "yes" | "1" => Ok(1),
            "off" | "false" | "no" | "0" => Ok(0),
            _ => Err(None),
        },
        ControlKind::Menu { entries } => entry(entries, text).map(|entry| entry.index).ok_or(None),
        ControlKind::Button if text.is_empty() || text == "1" => Ok(1),
        ControlKind::Button => Err(None),
    }
}

/// Parses `100`, `-5`, `0x1f`.
fn number(text: &str) -> Option<i128> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    // A sign that the standard library would accept here would be a second one.
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let number = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(digits) if digits.starts_with('+') => return None,
        Some(digits) => i64::from_str_radix(digits, 16),
        None => digits.parse(),
    };
    // Out of range of any control: the closest allowed value is the same.
    let number = match number {
        Ok(number) => i128::from(number),
        Err(error) if *error.kind() == std::num::IntErrorKind::PosOverflow => i128::from(u64::MAX),
        Err(_) => return None,
    };
    Some(if negative { -number } else { number })
}

/// The closest allowed number; of two the larger. Steps count from `min`.
fn nearest(wanted: i128, min: i64, max: i64, step: i64) -> i64 {
    let (min, step) = (i128::from(min), i128::from(step.max(1)));
    let max = i128::from(max).max(min);
    let steps = (wanted.clamp(min, max) - min + step / 2) / step;
    let value = min + steps.min((max - min) / step) * step;
    i64::try_from(value).unwrap_or(i64::MAX) // always within min and max
}

/// Finds an entry of a menu by its number, else its label, else a part of its label that is unique.
fn entry<'a>(entries: &'a [MenuEntry], text: &str) -> Option<&'a MenuEntry> {
    if text.is_empty() {
        return None; // would match an entry without a label
    }
    let (key, lower) = (key_of(text), text.to_lowercase());
    let by_number =
        || number(text).and_then(|number| entries.iter().find(|entry| i128::from(entry.index) == number));
    // Labels in other scripts have no key.
    let by_label = || {
        entries.iter().find(|entry| {
            entry.label.trim().to_lowercase() == lower || (!key.is_empty() && key_of(&entry.label) == key)
        })
    };
    let by_part = || {
        let mut found = entries.iter().filter(|entry| !key.is_empty() && key_of(&entry.label).contains(&key));
        found.next().filter(|_| found.next().is_none())
    };
    by_number().or_else(by_label).or_else(by_part)
}

/// The automatic mode that makes a control inactive, its state, and the setting that switches it off.
fn automatic(controls: &[Control], inactive: &Control) -> Option<String> {
    let (_, keys) = AUTOMATICS.iter().find(|(key, _)| *key == inactive.key)?;
    let automatic = keys.iter().find_map(|key| controls.iter().find(|control| control.key == *key))?;
    let (key, state) = (&automatic.key, automatic.text(automatic.value?));
    let off = match &automatic.kind {
        ControlKind::Boolean => "off".into(),
        ControlKind::Menu { entries } => {
            let manual = entries.iter().map(|entry| key_of(&entry.label));
            manual.into_iter().find(|label| label.contains("manual"))?
        }
        ControlKind::Integer { .. } | ControlKind::Number | ControlKind::Button => return None,
    };
    Some(format!("{key} is {state}: set {key}={off} first"))
}

#[cfg(test)]
#[path = "setting_tests.rs"]
pub(super) mod tests;
