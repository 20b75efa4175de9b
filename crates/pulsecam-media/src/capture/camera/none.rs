//! A build without access to cameras.

use super::{
    control::ControlSetting,
    device::{Backend, Device, DeviceFault, DeviceInfo, DeviceUser, ModeRequest, Modes},
    mode::Mode,
};

/// Finds no cameras.
pub(super) struct NoCameras;

impl Backend for NoCameras {
    fn present(&self) -> Vec<DeviceInfo> {
        Vec::new()
    }

    fn modes(&self, _: &DeviceInfo, _: ModeRequest) -> Result<Option<Modes>, DeviceFault> {
        Ok(None)
    }

    fn start(&self, _: &DeviceInfo, _: Mode, _: &[ControlSetting]) -> Result<Box<dyn Device>, DeviceFault> {
        Err(DeviceFault::Gone)
    }

    fn users(&self, _: &DeviceInfo) -> Vec<DeviceUser> {
        Vec::new()
    }
}
