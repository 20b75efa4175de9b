//! Pictures for video over a network: where they come from, how they become JPEG and back, and where they are
//! kept. This crate does no networking.
//!
//! The way of a frame through the crate:
//!
//! ```text
//! sending     capture ──► jpeg::Encoder ──► (network)
//!             camera, pattern, photo, pipe, film, recording
//!
//! receiving   (network) ──► jpeg::Decoder ──► picture::Scaler ──► (window)
//!                       └─► recording
//! ```
//!
//! - [`capture`]: sources. Each is a [`Source`](capture::Source) that blocks until its next frame is due, and returns
//!   a JPEG or pixels.
//! - [`jpeg`]: encoding and decoding on several cores, limits for untrusted pictures, and repair.
//! - [`still`]: single pictures from files and peers, turned upright and made opaque.
//! - [`film`]: reading Motion JPEG from Matroska, AVI, QuickTime and MP4.
//! - [`recording`]: writing what arrives as Matroska; [`playback`] controls a film while it plays.
//! - [`picture`]: pixels and scaling. [`drawing`]: text and shapes on a canvas.
//! - [`virtual_camera`]: writing pictures to a device that other programs read as a camera.
//! - [`file_name`]: file names for names from the network.
//!
//! One frame from a source to JPEG and back:
//!
//! ```
//! use pulsecam_media::{
//!     capture::{FrameData, Settings, Source, Spec},
//!     jpeg::{Decoder, Encoder, Scale},
//!     picture::Canvas,
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let settings = Settings::default().with_size((640, 360)).with_fps(30.0);
//! let mut source = Spec::Pattern.open(&settings)?;
//! let frame = source.next_frame()?.ok_or("the source has ended")?;
//! let jpeg = match frame.data {
//!     FrameData::Jpeg(jpeg) => jpeg,
//!     FrameData::Picture(picture) => Encoder::new(80)?.encode(&picture)?,
//! };
//! let decoded = Decoder::new()?.decode(&jpeg, Scale::Full, Canvas::default())?;
//! assert_eq!((decoded.canvas.width, decoded.canvas.height), (640, 360));
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! All are on by default. `camera`: cameras on Linux, over Video4Linux. `nokhwa`: cameras over nokhwa, the only way on
//! macOS and Windows. `photos`: PNG, GIF, WebP and BMP, which are otherwise recognised and refused; JPEG always works.

pub mod capture;
pub mod drawing;
pub mod file_name;
pub mod film;
pub mod jpeg;
pub mod picture;
pub mod playback;
pub mod recording;
mod signature;
pub mod still;
pub mod virtual_camera;

mod clock {
    pub(crate) use pulsecam_wire::timestamp::Timestamp;
}

use pulsecam_queue as queue;
use pulsecam_wire::{sanitize, stream_id};
