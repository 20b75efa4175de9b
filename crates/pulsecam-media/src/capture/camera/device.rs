//! What a system's cameras have to be able to do, and what goes wrong with them.

use std::{
    fmt,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::mode::{Mode, PixelFormat};
use crate::{
    capture::control::{ControlError, Setting},
    clock::Timestamp,
};

/// The cameras of a system, by whichever interface.
pub trait Backend {
    /// The cameras that are plugged in, sorted. Cheap: asked several times a second while one is missing.
    fn present(&self) -> Vec<Found>;

    /// The modes of one; `None` where it is no camera after all (a node for metadata or output).
    fn modes(&self, camera: &Found, wanted: Wish) -> Result<Option<Modes>, Fault>;

    /// Starts it in a mode, with its controls set.
    fn start(&self, camera: &Found, mode: Mode, controls: &[Setting]) -> Result<Box<dyn Device>, Fault>;

    /// Who else has it open.
    fn users(&self, camera: &Found) -> Vec<User>;

    /// The time by which it is told that a camera has stalled.
    fn now(&self) -> Instant {
        Instant::now()
    }
}

/// A camera that runs. Dropping it stops it.
pub trait Device {
    /// What really was set.
    fn shape(&self) -> Shape;

    /// Waits for a frame; `None` if none comes within the limit. It may come sooner, as after a signal.
    fn take(&mut self, limit: Duration) -> Result<Option<Taken<'_>>, Fault>;
}

/// A camera that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its number, as in `camera:0`.
    pub index: u32,
    /// What it calls itself.
    pub name: String,
    /// Its device, such as `/dev/video0`; what the system has instead elsewhere.
    pub path: String,
    /// The socket it is plugged into, where that is known: it tells two cameras of the same name apart.
    pub socket: String,
}

/// A size and a rate beside those that are usual, for cameras that can do any.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    pub size: Option<(u32, u32)>,
    pub fps: Option<f64>,
}

/// What a camera offers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Modes {
    /// Those that can be used here, in the order of a list.
    pub known: Vec<Mode>,
    /// Pixel formats that cannot.
    pub unknown: Vec<String>,
}

/// How the bytes of a frame lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    pub mode: Mode,
    /// Bytes from row to row of the first plane; less than a row's own bytes means: no padding.
    pub stride: usize,
    /// YUV from 0 to 255 instead of 16 to 235.
    pub full_range: bool,
}

/// One frame, still in the driver's memory.
#[derive(Debug)]
pub struct Taken<'a> {
    pub bytes: &'a [u8],
    /// Whether `bytes` has the frame's true length.
    pub length: crate::jpeg::Length,
    /// The driver's number for it, which counts those that it could not deliver.
    pub sequence: Option<u32>,
    /// When it was taken.
    pub captured: Timestamp,
    /// The driver says that something is wrong with it.
    pub damaged: bool,
}

/// A program that has a camera open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct User {
    /// Its process.
    pub pid: u32,
    /// Its name.
    pub program: String,
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (process {})", self.program, self.pid)
    }
}

/// What is wrong with a camera. Most of it passes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It is not there, or not any more.
    #[error("unplugged")]
    Gone,
    /// Another program streams from it.
    #[error("in use by {}", list(.0))]
    Busy(Vec<User>),
    /// This user may not open it; with the group that may, where that is known.
    #[error("no permission to open {path}{}", hint(.group.as_deref()))]
    Denied {
        /// Its device.
        path: String,
        /// The group whose members may.
        group: Option<String>,
    },
    /// Nothing came from it for too long.
    #[error("no picture for {}", humantime::format_duration(*.0))]
    Stalled(Duration),
    /// Frames come, but each of them is damaged.
    #[error("{0} damaged frames in a row")]
    Damaged(u32),
    /// It has no mode in the pixel format that was asked for.
    #[error("it has no {wanted}; it offers {offered}")]
    NoSuchFormat {
        /// As `--pixel-format` had it.
        wanted: PixelFormat,
        /// What there is, in one line.
        offered: String,
    },
    /// None of its formats can be used.
    #[error("it offers no pixel format that is understood here (it has {0})")]
    NoFormat(String),
    /// A control that was to be set cannot be.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// What the driver said.
    #[error("{what}: {reason}")]
    Driver {
        /// What was tried.
        what: &'static str,
        /// The system's words.
        reason: String,
    },
}

impl Fault {
    /// Whether waiting may help at the start, without being asked to wait: someone else will be done with it.
    pub const fn is_busy(&self) -> bool {
        matches!(self, Self::Busy(_))
    }

    /// Whether it is a mistake in what was asked for, which no waiting mends.
    pub fn is_wrong_request(&self) -> bool {
        match self {
            Self::NoSuchFormat { .. } | Self::NoFormat(_) => true,
            // A camera that is unplugged while it is set up refuses everything.
            Self::Control(error) => error.trouble().is_none(),
            _ => false,
        }
    }
}

fn list(users: &[User]) -> String {
    if users.is_empty() {
        return "another program".into();
    }
    users.iter().map(User::to_string).collect::<Vec<_>>().join(", ")
}

fn hint(group: Option<&str>) -> String {
    group.map_or_else(String::new, |group| {
        format!(": join the group {group} (sudo usermod -aG {group} $USER), then log in again")
    })
}
