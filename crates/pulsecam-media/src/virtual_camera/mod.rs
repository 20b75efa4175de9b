//! Virtual cameras: pictures written to a device of v4l2loopback, from which other programs read them as from a
//! camera.
//!
//! Decisions are made in plain types: which pixels are written ([`PixelLayout`]), what a device of the module is
//! ([`Loopback`]), and why it cannot be used ([`Error`]). Only `device` opens it. Other systems have no such module.

#[cfg(all(target_os = "linux", feature = "camera"))]
mod device;
mod error;
mod layout;
mod loopback;
#[cfg(not(all(target_os = "linux", feature = "camera")))]
mod none;

#[cfg(all(target_os = "linux", feature = "camera"))]
pub use self::device::VirtualCamera;
#[cfg(not(all(target_os = "linux", feature = "camera")))]
pub use self::none::VirtualCamera;
pub use self::{
    error::Error,
    layout::PixelLayout,
    loopback::{Loopback, loopbacks},
};
