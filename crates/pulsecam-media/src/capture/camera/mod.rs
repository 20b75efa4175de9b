//! Cameras: listing them, choosing one, and reading it as a source.
//!
//! Decisions are made here and in `source`: the choice of a camera and its mode, what counts as a loss, and
//! whether a camera is the same one as before. Access to a system's cameras is behind [`device::Backend`]: on
//! Linux the `v4l` crate, because nokhwa hides a frame's length, number, flags and time, and has no timeout;
//! elsewhere nokhwa.

mod control;
pub mod device;
#[cfg(test)]
mod fake_camera;
mod mode;
#[cfg(feature = "nokhwa")]
mod native;
#[cfg(all(target_os = "linux", feature = "camera"))]
mod node;
#[cfg(not(feature = "nokhwa"))]
mod none;
#[cfg(feature = "nokhwa")]
mod permission;
mod settings;
mod source;
pub mod unpack;
#[cfg(all(target_os = "linux", feature = "camera"))]
mod users;
#[cfg(all(target_os = "linux", feature = "camera"))]
mod v4l2;
#[cfg(all(target_os = "linux", feature = "camera"))]
mod v4l2_modes;

use std::{fmt, path::Path, str::FromStr};

use serde::Serialize;

use self::device::{Backend, DeviceInfo, ModeRequest};
pub use self::mode::Wanted;
pub use self::source::Camera;
pub use self::{
    control::{Control, ControlError, ControlKind, ControlSetting, MenuEntry, WrongValue},
    device::{DeviceFault, DeviceUser},
    mode::{FrameRate, Mode, PixelFormat},
    settings::{CameraSettings, Interface},
};
use super::Error;

/// A connected camera.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct CameraInfo {
    /// Its number, as in `camera:0`.
    pub index: u32,
    /// The name it reports.
    pub name: String,
    /// Its device, such as `/dev/video0`, or the system's equivalent.
    pub path: String,
    /// Its modes by format, the largest and fastest first; empty if it could not be queried.
    pub modes: Vec<Mode>,
    /// Pixel formats that are not supported here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_formats: Vec<String>,
    /// Programs that have it open, as far as this user may see.
    pub in_use_by: Vec<DeviceUser>,
    /// Why it could not be queried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl CameraInfo {
    /// A camera about which no more is known.
    #[must_use]
    pub fn new(index: u32, name: impl Into<String>, path: impl Into<String>) -> Self {
        let (name, path) = (name.into(), path.into());
        Self { index, name, path, modes: vec![], other_formats: vec![], in_use_by: vec![], problem: None }
    }
}

/// Selects a camera.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// The first camera.
    #[default]
    First,
    /// A camera's number.
    Index(u32),
    /// A camera's name, device, or part of its name.
    Name(String),
}

impl Which {
    /// Matching cameras, best first; an exact name or device precedes a partial name.
    fn candidates<'a>(&self, cameras: &'a [DeviceInfo]) -> impl Iterator<Item = &'a DeviceInfo> {
        let mut found: Vec<_> = match self {
            Self::First => cameras.iter().collect(),
            Self::Index(index) => cameras.iter().filter(|camera| camera.index == *index).collect(),
            Self::Name(name) if name.starts_with('/') => {
                // Symlinks such as those in /dev/v4l/by-id are resolved.
                let target = Path::new(name).canonicalize().unwrap_or_else(|_| name.into());
                cameras
                    .iter()
                    .filter(|camera| Path::new(&camera.path) == target || camera.path == *name)
                    .collect()
            }
            Self::Name(name) => {
                let lower = name.to_lowercase();
                cameras.iter().filter(|camera| camera.name.to_lowercase().contains(&lower)).collect()
            }
        };
        if let Self::Name(name) = self {
            found.sort_by_key(|camera| camera.name != *name);
        }
        found.into_iter()
    }

    /// The error for a selection that matches none of the connected cameras.
    fn missing(&self, present: &[DeviceInfo]) -> Error {
        if present.is_empty() {
            return Error::NoCamera;
        }
        Error::NoSuchCamera {
            wanted: self.to_string(),
            present: present
                .iter()
                .map(|camera| format!("camera:{} ({})", camera.index, camera.name))
                .collect::<Vec<_>>()
                .join(", "),
        }
    }
}

impl FromStr for Which {
    type Err = std::convert::Infallible;

    /// Parses what follows `camera:`; empty for the first camera.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.parse() {
            _ if text.is_empty() => Self::First,
            Ok(index) => Self::Index(index),
            Err(_) => Self::Name(text.into()),
        })
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => f.write_str("camera"),
            Self::Index(index) => write!(f, "camera:{index}"),
            Self::Name(name) => write!(f, "camera:{name}"),
        }
    }
}

/// Whether this build has access to cameras at all.
const SUPPORTED: bool = cfg!(any(all(target_os = "linux", feature = "camera"), feature = "nokhwa"));

fn backend(interface: Interface) -> Box<dyn Backend> {
    match interface {
        #[cfg(all(target_os = "linux", feature = "camera"))]
        Interface::Auto => Box::new(v4l2::V4l2),
        #[cfg(feature = "nokhwa")]
        _ => Box::new(native::Native),
        #[cfg(not(feature = "nokhwa"))]
        #[allow(unreachable_patterns, reason = "depends on the features")]
        _ => Box::new(none::NoCameras),
    }
}

/// Lists the connected cameras by number. Opens each briefly to query its modes, and changes nothing.
#[must_use]
pub fn cameras() -> Vec<CameraInfo> {
    listed(backend(Interface::Auto).as_ref())
}

/// The controls of a camera, in its own order, with the camera's name. Opens it briefly, even while another
/// program streams from it.
///
/// # Errors
/// [`Error::NoCamera`] and [`Error::NoSuchCamera`]; [`Error::Controls`] if the camera cannot be queried.
pub fn controls(which: &Which) -> Result<(String, Vec<Control>), Error> {
    let (name, path) = camera_path(which)?;
    match control::list(&path) {
        Ok(controls) => Ok((name, controls)),
        Err(source) => Err(Error::Controls { name, source }),
    }
}

/// Name and device of the selected camera.
fn camera_path(which: &Which) -> Result<(String, String), Error> {
    if !SUPPORTED {
        return Err(Error::NoCameraSupport);
    }
    let backend = backend(Interface::Auto);
    let present = backend.present();
    // A node without formats is not a camera; one that cannot be queried may be.
    let is_camera = |camera: &&DeviceInfo| !matches!(backend.modes(camera, ModeRequest::default()), Ok(None));
    let camera = which.candidates(&present).find(is_camera).ok_or_else(|| which.missing(&present))?;
    Ok((camera.name.clone(), camera.path.clone()))
}

/// Whether any camera is connected, as far as can be told without opening one.
pub(super) fn any() -> bool {
    !backend(Interface::Auto).present().is_empty()
}

/// A label for a camera that is one of several, or was named. Cheap; opens nothing.
#[must_use]
pub fn camera_label(which: &Which) -> Option<String> {
    label(which, &backend(Interface::Auto).present())
}

fn label(which: &Which, present: &[DeviceInfo]) -> Option<String> {
    if *which == Which::First && present.len() < 2 {
        return None;
    }
    let Some(camera) = which.candidates(present).next() else {
        // Not connected yet: use the requested name, unless it is a device path.
        return match which {
            Which::Name(name) if !name.starts_with('/') => Some(name.clone()),
            _ => None,
        };
    };
    let alike = present.iter().filter(|other| other.name == camera.name).count();
    Some(match (camera.name.as_str(), alike) {
        ("", _) => format!("camera {}", camera.index),
        (name, 1) => name.to_owned(),
        (name, _) => format!("{name}, camera {}", camera.index),
    })
}

fn listed(backend: &dyn Backend) -> Vec<CameraInfo> {
    let info = |camera: DeviceInfo| {
        // Must be read before the camera is opened here.
        let in_use_by = backend.users(&camera);
        let (modes, problem) = match backend.modes(&camera, ModeRequest::default()) {
            Ok(modes) => (modes?, None),
            Err(fault) => (device::Modes::default(), Some(fault.to_string())),
        };
        let DeviceInfo { index, name, path, .. } = camera;
        let device::Modes { known: modes, unknown: other_formats } = modes;
        Some(CameraInfo { index, name, path, modes, other_formats, in_use_by, problem })
    };
    backend.present().into_iter().filter_map(info).collect()
}

/// Opens a camera as a source.
pub(super) fn open(which: &Which, wanted: Wanted, settings: CameraSettings) -> Result<Camera, Error> {
    if !SUPPORTED {
        return Err(Error::NoCameraSupport);
    }
    Camera::open(backend(settings.interface), which.clone(), wanted, settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(index: u32, name: &str) -> DeviceInfo {
        DeviceInfo { index, name: name.into(), path: format!("/dev/video{index}"), bus_path: String::new() }
    }

    #[test]
    fn cameras_are_found_by_number_name_device_and_part_of_a_name() {
        let cameras = [
            camera(0, "Integrated Camera: IR"),
            camera(1, "C920 Pro"),
            camera(2, "C920"),
            camera(4, "c920 p"),
        ];
        let find = |text: &str| {
            let which: Which = text.parse().unwrap_or_default();
            which.candidates(&cameras).map(|camera| camera.index).collect::<Vec<_>>()
        };
        assert_eq!(find(""), [0, 1, 2, 4]);
        assert_eq!(find("2"), [2]);
        assert!(find("3").is_empty());
        assert_eq!(find("C920"), [2, 1, 4], "the exact name first");
        assert_eq!(find("c920 P"), [1, 4]);
        assert_eq!(find("integrated"), [0]);
        assert_eq!(find("/dev/video4"), [4]);
        assert!(find("/dev/video").is_empty());
        assert!(find("Brio").is_empty());
    }

    #[test]
    fn a_camera_is_called_by_its_name_where_there_are_others() {
        let one = [camera(0, "C920")];
        let several = [camera(0, "C920"), camera(2, "Brio"), camera(4, "Brio"), camera(6, "")];
        let named = |which: &str, present: &[DeviceInfo]| label(&which.parse().unwrap(), present);
        assert_eq!(named("", &one), None, "the only one, and not named");
        assert_eq!(named("", &[]), None);
        assert_eq!(named("0", &one).as_deref(), Some("C920"));
        assert_eq!(named("", &several).as_deref(), Some("C920"));
        assert_eq!(named("brio", &several).as_deref(), Some("Brio, camera 2"));
        assert_eq!(named("4", &several).as_deref(), Some("Brio, camera 4"));
        assert_eq!(named("6", &several).as_deref(), Some("camera 6"));
        assert_eq!(named("Webcam", &one).as_deref(), Some("Webcam"), "not connected yet");
        assert_eq!(named("/dev/video7", &one), None);
        assert_eq!(named("7", &one), None);
    }

    #[test]
    fn links_to_a_device_name_it() {
        let folder = tempfile::tempdir().unwrap();
        let (device, link) = (folder.path().join("video7"), folder.path().join("usb-C920-index0"));
        std::fs::write(&device, "").unwrap();
        std::os::unix::fs::symlink(&device, &link).unwrap();
        let path = device.canonicalize().unwrap().display().to_string();
        let cameras = [DeviceInfo { path, ..camera(7, "C920") }];
        let which = Which::Name(link.display().to_string());
        assert_eq!(which.candidates(&cameras).count(), 1);
    }

    #[test]
    fn what_is_missing_is_told_with_what_there_is() {
        let error = Which::Index(3).missing(&[camera(0, "C920")]);
        assert_eq!(error.to_string(), r#"there is no camera "camera:3"; available: camera:0 (C920)"#);
        assert!(matches!(Which::First.missing(&[]), Error::NoCamera));
    }
}
