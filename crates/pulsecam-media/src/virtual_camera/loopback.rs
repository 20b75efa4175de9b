//! The devices of v4l2loopback, as the kernel lists them. Reads small files and opens no device.

use std::{fs, path::Path};

use serde::Serialize;

use crate::capture::DeviceUser;

const CLASS: &str = "/sys/class/video4linux";
const MODULE: &str = "/sys/module/v4l2loopback";

/// A file that only v4l2loopback gives its devices; it is older than any version in use.
const OWN_FILE: &str = "max_openers";

/// A device of v4l2loopback: what one program writes to it, others read as from a camera.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Loopback {
    /// Its number, as in `/dev/video9`.
    pub index: u32,
    /// The name under which other programs list it.
    pub name: String,
    /// Its device.
    pub path: String,
    /// The module's version, from 0.13 on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// Whether it is loaded with `exclusive_caps`: it is then a camera and nothing else while it is fed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclusive_caps: Option<bool>,
    /// How many programs may have it open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_openers: Option<u32>,
    /// What is written to it, such as `YU12:1280x720@30`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Programs that have it open, as far as this user may see.
    pub in_use_by: Vec<DeviceUser>,
}

/// Lists the devices of v4l2loopback by number.
#[must_use]
pub fn loopbacks() -> Vec<Loopback> {
    let mut found = listed(Path::new(CLASS), Path::new(MODULE));
    for device in &mut found {
        device.in_use_by = users(Path::new(&device.path));
    }
    found
}

#[cfg(all(target_os = "linux", feature = "camera"))]
fn users(path: &Path) -> Vec<DeviceUser> {
    crate::capture::camera::users::of(path)
}

#[cfg(not(all(target_os = "linux", feature = "camera")))]
fn users(_: &Path) -> Vec<DeviceUser> {
    Vec::new()
}

fn listed(class: &Path, module: &Path) -> Vec<Loopback> {
    let Ok(entries) = fs::read_dir(class) else { return Vec::new() };
    let mut devices: Vec<_> = entries.flatten().filter_map(|entry| found(&entry.path())).collect();
    devices.sort_by_key(|device| device.index);
    let parameter = |name: &str| values(&module.join("parameters").join(name));
    let (numbers, exclusive) = (parameter("video_nr"), parameter("exclusive_caps"));
    for (rank, device) in devices.iter_mut().enumerate() {
        device.module = text(&module.join("version"));
        // Devices without a number of their own got theirs in turn.
        let at = numbers.iter().position(|number| number.parse() == Ok(device.index)).unwrap_or(rank);
        device.exclusive_caps = exclusive.get(at).map(|value| matches!(value.as_str(), "Y" | "y" | "1"));
    }
    devices
}

fn found(entry: &Path) -> Option<Loopback> {
    let node = entry.file_name()?.to_str()?;
    let index = node.strip_prefix("video")?.parse().ok()?;
    let max_openers = text(&entry.join(OWN_FILE))?.parse().ok();
    Some(Loopback {
        index,
        name: text(&entry.join("name")).unwrap_or_default(),
        path: format!("/dev/{node}"),
        max_openers,
        format: text(&entry.join("format")).filter(|format| !format.is_empty()),
        ..Loopback::default()
    })
}

/// The content of a small file.
fn text(path: &Path) -> Option<String> {
    Some(String::from_utf8_lossy(&fs::read(path).ok()?).trim().to_owned())
}

/// The values of a parameter for each device.
fn values(path: &Path) -> Vec<String> {
    text(path).map(|line| line.split(',').map(|value| value.trim().to_owned()).collect()).unwrap_or_default()
}

impl Loopback {
    /// A device about which no more is known.
    #[must_use]
    pub fn new(index: u32, name: impl Into<String>, path: impl Into<String>) -> Self {
        Self { index, name: name.into(), path: path.into(), ..Self::default() }
    }

    /// Whether the module knows by itself when a writer has ended: from version 0.14 on. Before it, a device with
    /// `exclusive_caps` takes no further writer unless the last one had started a stream (its issues 442 and 470).
    /// Versions before 0.13 do not tell their number.
    #[cfg_attr(
        not(all(target_os = "linux", feature = "camera")),
        allow(dead_code, reason = "nothing is written to it then")
    )]
    pub(super) fn knows_its_writer(&self) -> bool {
        let mut numbers = self.module.iter().flat_map(|version| version.split('.')).map(str::parse::<u32>);
        let mut next = || numbers.next()?.ok();
        matches!((next(), next()), (Some(major), Some(minor)) if (major, minor) >= (0, 14))
    }

    /// Loads the module as a virtual camera needs it, for this device.
    #[must_use]
    pub fn load_command(&self) -> String {
        let name = self.name.replace(|c: char| !c.is_alphanumeric(), "-");
        let label = if name.is_empty() { "pulsecam" } else { &name };
        load_command(Some(self.index), label)
    }

    /// What is wrong with the module's options, one line for each problem.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.exclusive_caps == Some(false) {
            problems.push(format!(
                "Chrome and programs based on it do not list it, because v4l2loopback is loaded without \
                 exclusive_caps=1: sudo modprobe -r v4l2loopback && {}",
                self.load_command()
            ));
        }
        if let Some(few @ 0..=1) = self.max_openers {
            problems.push(format!(
                "max_openers is {few}: while one program feeds it, none can read it (echo 10 | sudo tee {CLASS}/video{}/{OWN_FILE})",
                self.index
            ));
        }
        problems
    }
}

/// The command that loads the module with one device.
pub(super) fn load_command(number: Option<u32>, label: &str) -> String {
    let number = number.map_or_else(String::new, |number| format!(" video_nr={number}"));
    format!("sudo modprobe v4l2loopback{number} exclusive_caps=1 card_label={label}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kernel's files about these devices: number, name, and what is written to it.
    fn kernel(devices: &[(&str, &str, Option<&str>)], video_nr: &str, exclusive: &str) -> Vec<Loopback> {
        let folder = tempfile::tempdir().unwrap();
        let (class, module) = (folder.path().join("class"), folder.path().join("module"));
        fs::create_dir_all(module.join("parameters")).unwrap();
        fs::write(module.join("version"), "0.12.7\n").unwrap();
        fs::write(module.join("parameters/video_nr"), video_nr).unwrap();
        fs::write(module.join("parameters/exclusive_caps"), exclusive).unwrap();
        for (node, name, format) in devices {
            let entry = class.join(node);
            fs::create_dir_all(&entry).unwrap();
            fs::write(entry.join("name"), name).unwrap();
            if let Some(format) = format {
                fs::write(entry.join(OWN_FILE), "10\n").unwrap();
                fs::write(entry.join("format"), format).unwrap();
            }
        }
        listed(&class, &module)
    }

    #[test]
    fn only_devices_of_the_module_are_listed_by_number() {
        let found = kernel(
            &[
                ("video10", "Ten\n", Some("YU12:640x480@30\n")),
                ("video2", "C920\n", None),
                ("video9", "pulsecam\n", Some("")),
                ("v4l-subdev0", "sensor\n", None),
            ],
            "-1,-1",
            "Y,N",
        );
        let told: Vec<_> =
            found.iter().map(|it| (it.index, &*it.name, &*it.path, it.format.as_deref())).collect();
        assert_eq!(
            told,
            [(9, "pulsecam", "/dev/video9", None), (10, "Ten", "/dev/video10", Some("YU12:640x480@30"))]
        );
        assert!(!found[0].knows_its_writer());
        for (version, wanted) in [
            (None, false),
            (Some("0.13.2"), false),
            (Some("0.14.0"), true),
            (Some("1.0"), true),
            (Some("x"), false),
        ] {
            let device = Loopback { module: version.map(str::to_owned), ..Loopback::default() };
            assert_eq!(device.knows_its_writer(), wanted, "{version:?}");
        }
        assert!(listed(Path::new("/nowhere"), Path::new("/nowhere")).is_empty());
    }

    #[test]
    fn options_are_those_of_the_device_whatever_its_number() {
        let devices = [("video3", "a", Some("")), ("video9", "b", Some(""))];
        let exclusive = |video_nr, options| {
            let found = kernel(&devices, video_nr, options);
            found.iter().map(|device| device.exclusive_caps).collect::<Vec<_>>()
        };
        assert_eq!(exclusive("-1,-1,-1\n", "Y,N,N\n"), [Some(true), Some(false)], "in turn");
        assert_eq!(exclusive("9,3,-1\n", "Y,N,N\n"), [Some(false), Some(true)], "as the numbers are given");
        assert_eq!(exclusive("", "Y\n"), [Some(true), None], "not told");
    }

    #[test]
    fn problems_name_the_command_that_helps() {
        let good = Loopback {
            index: 9,
            name: "My cam".into(),
            exclusive_caps: Some(true),
            max_openers: Some(10),
            ..Loopback::default()
        };
        assert_eq!(good.problems(), Vec::<String>::new());
        let unknown = Loopback { exclusive_caps: None, max_openers: None, ..good.clone() };
        assert!(unknown.problems().is_empty());
        let bad = Loopback { exclusive_caps: Some(false), max_openers: Some(1), ..good };
        let [caps, openers] = &bad.problems()[..] else { panic!("{:?}", bad.problems()) };
        assert!(caps.contains("exclusive_caps=1: sudo modprobe -r v4l2loopback"), "{caps}");
        assert!(caps.ends_with("video_nr=9 exclusive_caps=1 card_label=My-cam"), "{caps}");
        assert!(openers.contains("max_openers is 1"), "{openers}");
    }
}
