//! Options of cameras.

use std::time::Duration;

use super::{PixelFormat, control::ControlSetting};

/// Options of a camera.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CameraSettings {
    /// The only acceptable pixel format; without it, the cheapest one.
    pub format: Option<PixelFormat>,
    /// Waits for a camera that is missing or cannot be opened at the start.
    pub wait: bool,
    /// Silence after which a camera counts as stalled and is reopened.
    pub stall_limit: Duration,
    /// Controls to set, in this order, each time it is opened.
    pub controls: Vec<ControlSetting>,
    /// The programming interface to use.
    pub interface: Interface,
}

impl Default for CameraSettings {
    fn default() -> Self {
        Self {
            format: None,
            wait: false,
            stall_limit: Self::STALL_LIMIT,
            controls: Vec::new(),
            interface: Interface::Auto,
        }
    }
}

impl CameraSettings {
    /// The default: cameras pause for up to a second when they adapt to darkness, but not for two.
    pub const STALL_LIMIT: Duration = Duration::from_secs(2);

    /// Sets [`CameraSettings::format`].
    #[must_use]
    pub fn with_format(self, format: impl Into<Option<PixelFormat>>) -> Self {
        Self { format: format.into(), ..self }
    }

    /// Sets [`CameraSettings::wait`].
    #[must_use]
    pub fn with_wait(self, wait: bool) -> Self {
        Self { wait, ..self }
    }

    /// Sets [`CameraSettings::stall_limit`].
    #[must_use]
    pub fn with_stall_limit(self, stall_limit: Duration) -> Self {
        Self { stall_limit, ..self }
    }

    /// Sets [`CameraSettings::controls`].
    #[must_use]
    pub fn with_controls(self, controls: Vec<ControlSetting>) -> Self {
        Self { controls, ..self }
    }

    /// Sets [`CameraSettings::interface`].
    #[must_use]
    pub fn with_interface(self, interface: Interface) -> Self {
        Self { interface, ..self }
    }
}

/// The programming interface through which cameras are accessed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Interface {
    /// The best one for the system: Video4Linux on Linux, nokhwa elsewhere.
    #[default]
    Auto,
    /// nokhwa, also on Linux: for comparison.
    #[cfg(feature = "nokhwa")]
    Nokhwa,
}
