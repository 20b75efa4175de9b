//! A build without access to cameras.

use super::{
    control::Setting,
    device::{Backend, Device, Fault, Found, Modes, User, Wish},
    mode::Mode,
};

/// Finds no cameras.
pub(super) struct NoCameras;

impl Backend for NoCameras {
    fn present(&self) -> Vec<Found> {
        Vec::new()
    }

    fn modes(&self, _: &Found, _: Wish) -> Result<Option<Modes>, Fault> {
        Ok(None)
    }

    fn start(&self, _: &Found, _: Mode, _: &[Setting]) -> Result<Box<dyn Device>, Fault> {
        Err(Fault::Gone)
    }

    fn users(&self, _: &Found) -> Vec<User> {
        Vec::new()
    }
}
