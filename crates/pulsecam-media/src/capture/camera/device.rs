//! Interface to a system's cameras, and their faults.

use std::{
    fmt,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{
    control::{ControlError, ControlSetting},
    mode::{Mode, PixelFormat},
};
use crate::clock::Timestamp;

/// The cameras of a system, through one programming interface.
pub trait Backend {
    /// The connected cameras, sorted. Must be cheap: polled several times a second while one is missing.
    fn present(&self) -> Vec<DeviceInfo>;

    /// The modes of a camera; `None` if it is not one after all (a node for metadata or output).
    fn modes(&self, camera: &DeviceInfo, wanted: ModeRequest) -> Result<Option<Modes>, DeviceFault>;

    /// Starts a camera in a mode, with its controls set.
    fn start(
        &self,
        camera: &DeviceInfo,
        mode: Mode,
        controls: &[ControlSetting],
    ) -> Result<Box<dyn Device>, DeviceFault>;

    /// Other programs that have it open.
    fn users(&self, camera: &DeviceInfo) -> Vec<DeviceUser>;

    /// The clock for detecting stalls.
    fn now(&self) -> Instant {
        Instant::now()
    }
}

/// A running camera. Dropping it stops it.
pub trait Device {
    /// The shape that was actually set.
    fn shape(&self) -> BufferFormat;

    /// Waits for a frame; `None` if none arrives within the limit. May return early, for instance after a
    /// signal.
    fn take(&mut self, limit: Duration) -> Result<Option<CapturedBuffer<'_>>, DeviceFault>;
}

/// A connected camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// Its number, as in `camera:0`.
    pub index: u32,
    /// The name it reports.
    pub name: String,
    /// Its device, such as `/dev/video0`, or the system's equivalent.
    pub path: String,
    /// The socket it is plugged into, if known: distinguishes two cameras of the same name.
    pub bus_path: String,
}

/// A size and a rate to offer beside the usual ones, for cameras that accept any.
#[derive(Clone, Copy, Debug, Default)]
pub struct ModeRequest {
    pub size: Option<(u32, u32)>,
    pub fps: Option<f64>,
}

/// The modes of a camera.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Modes {
    /// Modes that can be used here, in listing order.
    pub known: Vec<Mode>,
    /// Pixel formats that cannot.
    pub unknown: Vec<String>,
}

/// Memory layout of a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BufferFormat {
    pub mode: Mode,
    /// Bytes from row to row of the first plane; if less than a row's own bytes, there is no padding.
    pub stride: usize,
    /// YUV from 0 to 255 instead of 16 to 235.
    pub full_range: bool,
}

/// One frame, still in the driver's memory.
#[derive(Debug)]
pub struct CapturedBuffer<'a> {
    pub bytes: &'a [u8],
    /// Bytes from row to row, if only the frame shows them; otherwise those of [`BufferFormat`].
    pub stride: Option<usize>,
    /// Whether `bytes` has the frame's true length.
    pub length: crate::jpeg::Length,
    /// The driver's frame number, which also counts frames that it could not deliver.
    pub sequence: Option<u32>,
    /// When it was taken.
    pub captured: Timestamp,
    /// Whether the driver marked the frame as damaged.
    pub damaged: bool,
}

/// A program that has a camera open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DeviceUser {
    /// Its process ID.
    pub pid: u32,
    /// Its name.
    pub program: String,
}

impl DeviceUser {
    /// A program and its process ID.
    #[must_use]
    pub fn new(pid: u32, program: impl Into<String>) -> Self {
        Self { pid, program: program.into() }
    }
}

impl fmt::Display for DeviceUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (process {})", self.program, self.pid)
    }
}

/// A fault of a camera. Most are temporary.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceFault {
    /// It is not connected, or no longer connected.
    #[error("unplugged")]
    Gone,
    /// Another program streams from it.
    #[error("in use by {}", list(.0))]
    Busy(Vec<DeviceUser>),
    /// This user may not open it; with the group that may, if known.
    #[error("no permission to open {path}{}", hint(.group.as_deref()))]
    Denied {
        /// Its device.
        path: String,
        /// The group whose members may open it.
        group: Option<String>,
    },
    /// The person at this machine does not allow the use of cameras (macOS).
    #[error(
        "cameras are not allowed: allow them for this program, or for the terminal that started it, in System \
         Settings > Privacy & Security > Camera"
    )]
    NotAllowed,
    /// No frame arrived for too long.
    #[error("no picture for {}", humantime::format_duration(*.0))]
    Stalled(Duration),
    /// Frames arrive, but every one is damaged.
    #[error("{0} damaged frames in a row")]
    Damaged(u32),
    /// It has no mode in the requested pixel format.
    #[error("it has no {wanted}; it offers {offered}")]
    NoSuchFormat {
        /// The requested format.
        wanted: PixelFormat,
        /// The formats it has, in one line.
        offered: String,
    },
    /// None of its formats is supported.
    #[error("it offers no supported pixel format (it has {0})")]
    NoFormat(String),
    /// A requested control cannot be set.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The driver reported an error.
    #[error("cannot {what}: {reason}")]
    Driver {
        /// The failed action, completing "cannot …".
        what: &'static str,
        /// The system's error.
        reason: String,
    },
}

impl DeviceFault {
    /// Whether waiting may help at the start, even unasked: another program may release the camera.
    pub const fn is_busy(&self) -> bool {
        matches!(self, Self::Busy(_))
    }

    /// Whether the request itself is wrong, so that waiting cannot help.
    pub fn is_wrong_request(&self) -> bool {
        match self {
            Self::NoSuchFormat { .. } | Self::NoFormat(_) => true,
            // A camera that is unplugged during setup refuses everything.
            Self::Control(error) => error.trouble().is_none(),
            _ => false,
        }
    }
}

/// The programs that have a device open, in words.
pub(crate) fn list(users: &[DeviceUser]) -> String {
    if users.is_empty() {
        return "another program".into();
    }
    users.iter().map(DeviceUser::to_string).collect::<Vec<_>>().join(", ")
}

/// What to do about a device that only a group may open, to follow an error.
pub(crate) fn hint(group: Option<&str>) -> String {
    group.map_or_else(String::new, |group| {
        format!(": join the group {group} (sudo usermod -aG {group} $USER), then log in again")
    })
}
