//! Controls over Video4Linux.
//!
//! Neither crate is enough alone. `v4l` also queries compound controls and panics on unknown types, and newer
//! kernels give webcams one (uvcvideo's region of interest is a rectangle). `linuxvideo` queries single
//! values only, but starts after the first control, which is the brightness, and does not give the numbers of
//! an integer menu. So `linuxvideo` lists, reads and sets, and `v4l` adds these two if it can. Text, bit
//! masks and 64-bit numbers are left out.

use std::io;

use linuxvideo::{
    Device,
    controls::{Cid, ControlDesc, ControlFlags, CtrlType},
};
use v4l::control::{Description, Flags, MenuItem, Type};

use super::{Control, ControlError, ControlKind, ControlSetting, MenuEntry, setting::resolve, unique_key};
use crate::capture::catch_panic::catch_panic;

/// Maximum entries of a menu: the kernel allows no more.
const MAX_ENTRIES: i32 = 64;

/// `V4L2_CID_BRIGHTNESS`.
const BRIGHTNESS: u32 = 0x0098_0900;

/// The controls of a device, in the driver's order.
pub(super) fn controls(path: &str) -> Result<Vec<Control>, ControlError> {
    let described = v4l::Device::with_path(path).map_err(ControlError::Unreadable)?;
    let device = Device::open(path).map_err(ControlError::Unreadable)?;
    Ok(read(&device, &described)?.into_iter().map(|(_, control)| control).collect())
}

/// Sets controls one after another. The list is read again each time, because one setting may make other
/// controls active and change their values.
pub(in crate::capture::camera) fn apply(
    described: &v4l::Device,
    settings: &[ControlSetting],
) -> Result<(), ControlError> {
    if settings.is_empty() {
        return Ok(());
    }
    // Opens the same device with its own descriptor, which does not affect the first.
    let path = format!("/proc/self/fd/{}", described.handle().fd());
    let mut device = Device::open(path).map_err(ControlError::Unreadable)?;
    for setting in settings {
        let (ids, controls): (Vec<_>, Vec<_>) = read(&device, described)?.into_iter().unzip();
        let (control, value) = resolve(&controls, setting)?;
        let mut known = std::iter::zip(ids, &controls);
        let Some((id, _)) = known.find(|(_, known)| known.key == control.key) else { continue };
        let refused = |source| ControlError::Refused { key: control.key.clone(), value, source };
        // All controls that are read have at most 32 bits.
        let narrow = i32::try_from(value).map_err(|_| refused(io::ErrorKind::InvalidInput.into()))?;
        device.write_control_raw(id, narrow).map_err(refused)?;
        tracing::debug!(control = control.key, value, "set");
    }
    Ok(())
}

fn read(device: &Device, described: &v4l::Device) -> Result<Vec<(Cid, Control)>, ControlError> {
    let described = catch_panic(|| described.query_controls()).and_then(Result::ok);
    // Names that are not UTF-8 must not crash the program: this crate panics on them too.
    let list = || {
        let mut controls: Vec<_> = brightness(device, described.as_deref()).into_iter().collect();
        let mut ids = vec![Cid::BRIGHTNESS; controls.len()];
        for description in device.controls() {
            let description = description?;
            if description.id() == Cid::BRIGHTNESS {
                continue; // a later version of the crate may include it
            }
            let kind = kind(device, &description, described.as_deref().unwrap_or_default());
            if let Some(control) = kind.map(|kind| control(device, &description, kind, &controls)) {
                ids.push(description.id());
                controls.push(control);
            }
        }
        Ok(ids.into_iter().zip(controls).collect())
    };
    let odd = || Err(io::Error::new(io::ErrorKind::InvalidData, "their names are not valid UTF-8"));
    catch_panic(list).unwrap_or_else(odd).map_err(ControlError::Unreadable)
}

/// The first of all controls; if its range is unknown, the driver checks the value.
fn brightness(device: &Device, described: Option<&[Description]>) -> Option<Control> {
    let value = device.read_control_raw(Cid::BRIGHTNESS).ok().map(i64::from);
    let (kind, default, flags) = match described {
        Some(described) => {
            let told = described.iter().find(|told| told.id == BRIGHTNESS && told.typ == Type::Integer)?;
            let step = i64::try_from(told.step).unwrap_or(1).max(1);
            let range = ControlKind::Integer { min: told.minimum, max: told.maximum.max(told.minimum), step };
            (range, Some(told.default), told.flags)
        }
        None => value.map(|_| (ControlKind::Number, None, Flags::empty()))?,
    };
    (!flags.contains(Flags::DISABLED)).then(|| Control {
        key: "brightness".into(),
        name: "Brightness".into(),
        kind,
        value,
        default,
        writable: !flags.contains(Flags::READ_ONLY),
        inactive: flags.contains(Flags::INACTIVE),
        busy: flags.contains(Flags::GRABBED),
    })
}

/// The kind of a control; `None` if it has no single value that a person could set.
fn kind(device: &Device, description: &ControlDesc, described: &[Description]) -> Option<ControlKind> {
    let (min, max) = (description.minimum(), description.maximum());
    Some(match description.control_type() {
        CtrlType::INTEGER => ControlKind::Integer {
            min: min.into(),
            max: max.max(min).into(),
            step: i64::from(description.step()).max(1),
        },
        CtrlType::INTEGER_MENU => {
            let is_it = |told: &&Description| {
                told.typ == Type::IntegerMenu && told.name == description.name() && told.items.is_some()
            };
            match described.iter().find(is_it).and_then(|told| told.items.as_deref()) {
                Some(items) => ControlKind::Menu { entries: items.iter().map(entry).collect() },
                // Set by index if the numbers are unknown.
                None => ControlKind::Integer { min: min.into(), max: max.max(min).into(), step: 1 },
            }
        }
        CtrlType::BOOLEAN => ControlKind::Boolean,
        CtrlType::MENU if min >= 0 && max < MAX_ENTRIES => ControlKind::Menu {
            entries: device
                .enumerate_menu(description)
                .map_while(Result::ok)
                .map(|item| MenuEntry { index: item.index().into(), label: item.name().into() })
                .collect(),
        },
        CtrlType::BUTTON => ControlKind::Button,
        _ => return None,
    })
}

fn entry((index, item): &(u32, MenuItem)) -> MenuEntry {
    MenuEntry { index: i64::from(*index), label: item.to_string() }
}

fn control(device: &Device, description: &ControlDesc, kind: ControlKind, before: &[Control]) -> Control {
    let flags = description.flags();
    let single = kind != ControlKind::Button;
    let readable = single && !flags.contains(ControlFlags::WRITE_ONLY);
    Control {
        key: unique_key(description.name(), before),
        name: description.name().into(),
        value: readable.then(|| device.read_control_raw(description.id()).ok()).flatten().map(i64::from),
        default: single.then(|| description.default_value().into()),
        kind,
        writable: !flags.contains(ControlFlags::READ_ONLY),
        inactive: flags.contains(ControlFlags::INACTIVE),
        busy: flags.contains(ControlFlags::GRABBED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_camera_is_an_error() {
        for path in ["/nowhere", "/dev/null"] {
            assert!(matches!(controls(path), Err(ControlError::Unreadable(_))), "{path}");
        }
    }
}
