//! Lists the controls of a camera.

use super::{
    Error,
    output::{print, print_json},
};
use crate::{
    capture::{self, Control, Which},
    cells, sanitize,
};

/// Lists a camera's controls.
pub(super) fn list(which: &Which, json: bool) -> Result<(), Error> {
    let (name, controls) = capture::controls(which)?;
    if json {
        return controls.iter().try_for_each(print_json);
    }
    print(&sanitize::line(&name))?;
    if controls.is_empty() {
        print("  has no controls")?;
    }
    for line in table(&controls) {
        print(&sanitize::line(&line))?;
    }
    Ok(())
}

/// The controls as text: one line each. The range is last, because it may be long.
fn table(controls: &[Control]) -> Vec<String> {
    let rows: Vec<_> = controls.iter().map(row).collect();
    let width =
        |column: fn(&Row) -> &str| rows.iter().map(|row| cells::width(column(row))).max().unwrap_or(0);
    let (key, value, default) = (width(|row| &row.key), width(|row| &row.value), width(|row| &row.default));
    rows.iter()
        .map(|row| {
            let Row { key: k, value: v, default: d, takes } = row;
            let (v, d) = (cells::padded(v, value), cells::padded(d, default));
            format!("  {k:<key$}  {v}  {d}  {takes}").trim_end().to_owned()
        })
        .collect()
}

/// One line of the table.
struct Row {
    key: String,
    value: String,
    default: String,
    takes: String,
}

fn row(control: &Control) -> Row {
    let text = |value: Option<i64>| value.map(|value| control.text(value));
    let states =
        [(!control.writable, " (read only)"), (control.inactive, " (inactive)"), (control.busy, " (in use)")];
    let states: String = states.iter().filter(|(is, _)| *is).map(|(_, state)| *state).collect();
    Row {
        key: control.key.clone(),
        value: text(control.value).unwrap_or_else(|| "-".into()),
        default: text(control.default).map(|text| format!("default {text}")).unwrap_or_default(),
        takes: format!("{}{states}", control.kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{ControlKind, MenuEntry};

    fn control(key: &str, kind: ControlKind, value: Option<i64>) -> Control {
        let mut control = Control::new(key, key, kind);
        (control.value, control.default) = (value, value);
        control
    }

    #[test]
    fn controls_are_in_columns_and_sanitised() {
        let entries = vec![MenuEntry::new(1, "Manual\n\x1b[2J"), MenuEntry::new(3, "Automatic")];
        let mut focus =
            control("focus_absolute", ControlKind::Integer { min: 0, max: 250, step: 5 }, Some(0));
        focus.inactive = true;
        let mut privacy = control("privacy", ControlKind::Boolean, Some(0));
        privacy.writable = false;
        let controls = [
            control("brightness", ControlKind::Integer { min: 0, max: 255, step: 1 }, Some(128)),
            focus,
            control("auto_exposure", ControlKind::Menu { entries }, Some(3)),
            privacy,
            control("reset", ControlKind::Button, None),
        ];
        let lines: Vec<_> = table(&controls).iter().map(|line| sanitize::line(line).into_owned()).collect();
        assert_eq!(
            lines,
            [
                "  brightness      128            default 128            0 to 255",
                "  focus_absolute  0              default 0              0 to 250 in steps of 5 (inactive)",
                "  auto_exposure   3 (Automatic)  default 3 (Automatic)  1 (Manual \u{fffd}[2J), 3 (Automatic)",
                "  privacy         off            default off            on or off (read only)",
                "  reset           -                                     no value: it is a button",
            ]
        );
    }
}
