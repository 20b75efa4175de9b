//! Options of `view` for a virtual camera.

use std::path::PathBuf;

use super::values;

/// Which stream becomes a camera of this machine.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Virtual camera")]
pub(super) struct VirtualCameraArgs {
    /// Instead of opening a window, show one stream as a camera of this machine, for programs such as Zoom, Teams, OBS
    /// and browsers: a device of v4l2loopback
    #[arg(long, value_name = "DEVICE", env = "PULSECAM_TO_DEVICE")]
    pub(super) to_device: Option<PathBuf>,
    /// Stream to show on the device [default: the first]
    #[arg(long, value_name = "NAME", requires = "to_device")]
    pub(super) stream: Option<String>,
    /// Size of the device's pictures, to which others are fitted with borders [default: that of the first picture]
    #[arg(long, value_name = "WxH", value_parser = values::picture_size, requires = "to_device")]
    pub(super) size: Option<(usize, usize)>,
}
