//! Controls over Video4Linux.
//!
//! Read with the `linuxvideo` crate: `v4l` asks for compound controls too and panics on the types that it does not
//! know, of which newer kernels give webcams one (the region of interest of uvcvideo is a rectangle). This one
//! asks for single values only. What it leaves out is left out here too: text, bit masks, 64-bit numbers.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
};

use linuxvideo::{
    Device,
    controls::{Cid, ControlDesc, ControlFlags, CtrlType},
};

use super::{Control, ControlError, Entry, Kind, Setting, setting::resolve, unique_key};

/// Entries of a menu that are asked for: the kernel allows no more.
const MAX_ENTRIES: i32 = 64;

/// The controls of a device, in the driver's order.
pub(super) fn controls(path: &str) -> Result<Vec<Control>, ControlError> {
    let device = Device::open(path).map_err(ControlError::Unreadable)?;
    Ok(read(&device)?.into_iter().map(|(_, control)| control).collect())
}

/// Sets controls one after another. Each is looked for anew: one that is set may make others active, and give them
/// other values.
#[expect(dead_code, reason = "the camera sets them when it starts")]
pub(in crate::capture) fn apply(device: &v4l::Device, settings: &[Setting]) -> Result<(), ControlError> {
    if settings.is_empty() {
        return Ok(());
    }
    // The same device by a descriptor of its own: a second one changes nothing for the first.
    let path = format!("/proc/self/fd/{}", device.handle().fd());
    set(&mut Device::open(path).map_err(ControlError::Unreadable)?, settings)
}

fn set(device: &mut Device, settings: &[Setting]) -> Result<(), ControlError> {
    for setting in settings {
        let (ids, controls): (Vec<_>, Vec<_>) = read(device)?.into_iter().unzip();
        let (control, value) = resolve(&controls, setting)?;
        let mut known = std::iter::zip(ids, &controls);
        let Some((id, _)) = known.find(|(_, known)| known.key == control.key) else { continue };
        let refused = |source| ControlError::Refused { key: control.key.clone(), value, source };
        // Beyond 32 bits is no control that was read.
        let value32 = i32::try_from(value).map_err(|_| refused(io::ErrorKind::InvalidInput.into()))?;
        device.write_control_raw(id, value32).map_err(refused)?;
        tracing::debug!(control = control.key, value, "set");
    }
    Ok(())
}

fn read(device: &Device) -> Result<Vec<(Cid, Control)>, ControlError> {
    // The crate panics on names that are no UTF-8, which are a driver's fault and nobody's crash.
    let read = catch_unwind(AssertUnwindSafe(|| {
        let mut controls: Vec<Control> = Vec::new();
        let mut ids = Vec::new();
        for description in device.controls() {
            let description = description?;
            if let Some(control) = control(device, &description, &controls) {
                ids.push(description.id());
                controls.push(control);
            }
        }
        Ok(ids.into_iter().zip(controls).collect())
    }));
    let odd = || Err(io::Error::new(io::ErrorKind::InvalidData, "the driver gives them odd names"));
    read.unwrap_or_else(|_| odd()).map_err(ControlError::Unreadable)
}

/// A control with its value; `None` for what is no single value that a person could set.
fn control(device: &Device, description: &ControlDesc, before: &[Control]) -> Option<Control> {
    let (min, max) = (description.minimum(), description.maximum());
    let kind = match description.control_type() {
        CtrlType::INTEGER => Kind::Integer {
            min: min.into(),
            max: max.max(min).into(),
            step: i64::from(description.step()).max(1),
        },
        // The numbers behind the entries are not told: its entries are set by their place.
        CtrlType::INTEGER_MENU => Kind::Integer { min: min.into(), max: max.max(min).into(), step: 1 },
        CtrlType::BOOLEAN => Kind::Boolean,
        CtrlType::MENU if min >= 0 && max < MAX_ENTRIES => Kind::Menu {
            entries: device
                .enumerate_menu(description)
                .map_while(Result::ok)
                .map(|item| Entry { index: item.index().into(), label: item.name().into() })
                .collect(),
        },
        CtrlType::BUTTON => Kind::Button,
        _ => return None,
    };
    let flags = description.flags();
    let single = kind != Kind::Button;
    let readable = single && !flags.contains(ControlFlags::WRITE_ONLY);
    Some(Control {
        key: unique_key(description.name(), before),
        name: description.name().into(),
        value: readable.then(|| device.read_control_raw(description.id()).ok()).flatten().map(i64::from),
        default: single.then(|| description.default_value().into()),
        kind,
        writable: !flags.contains(ControlFlags::READ_ONLY),
        inactive: flags.contains(ControlFlags::INACTIVE),
        busy: flags.contains(ControlFlags::GRABBED),
    })
}
