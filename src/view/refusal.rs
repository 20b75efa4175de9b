//! Why no window can be opened.

use std::ffi::OsString;

/// Why there can be no window, judging by the environment. Checked first, because libraries print messages of
/// their own when they fail.
pub(super) fn no_display(variable: impl Fn(&str) -> Option<OsString>) -> Option<String> {
    let set = |name| variable(name).is_some_and(|value| !value.is_empty());
    let needs_one = cfg!(all(unix, not(target_os = "macos")));
    (needs_one && !set("DISPLAY") && !set("WAYLAND_DISPLAY"))
        .then(|| "neither DISPLAY nor WAYLAND_DISPLAY is set".to_owned())
}

/// minifb's reason, with the display it is about.
pub(super) fn refusal(error: &minifb::Error, display: Option<String>) -> String {
    let reason = match error {
        minifb::Error::WindowCreate(reason) => reason.clone(),
        other => other.to_string(),
    };
    match display.filter(|display| !display.is_empty()) {
        Some(display) => format!("{reason} (DISPLAY is {display:?})"),
        None => reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Error;

    #[test]
    fn a_refusal_names_the_display() {
        let error = minifb::Error::WindowCreate("XOpenDisplay failed".into());
        let shown = refusal(&error, Some(":77".into()));
        assert_eq!(shown, "XOpenDisplay failed (DISPLAY is \":77\")");
        assert_eq!(refusal(&error, None), "XOpenDisplay failed");
    }

    #[test]
    #[cfg(all(unix, not(target_os = "macos")))]
    fn a_machine_without_a_display_gets_the_reason() {
        let with = |name: &'static str, value: &'static str| {
            move |asked: &str| (asked == name).then(|| OsString::from(value))
        };
        assert!(no_display(with("HOME", "/")).is_some());
        assert!(no_display(with("DISPLAY", "")).is_some(), "an empty value counts as none");
        assert!(no_display(with("DISPLAY", ":0")).is_none());
        assert!(no_display(with("WAYLAND_DISPLAY", "wayland-0")).is_none());
        let error = Error::NoDisplay("why".into()).to_string();
        assert_eq!(error, "no window can be opened: why");
    }
}
