//! Reading still pictures: the one loader for images to send, photo sources and images from peers.
//!
//! The format is determined by the content, never by the name, and the first bytes decide whether the rest is
//! read. Pictures are returned upright (Exif), opaque (transparency on white), as 8-bit RGB, and within the
//! size that viewers decode. Known formats that cannot be read are named, with the command that converts
//! them.

mod decode;
mod display;
mod error;
mod foreign;
mod format;
mod input;
#[cfg(feature = "photos")]
mod other_formats;
#[cfg(not(feature = "photos"))]
#[path = "other_formats_off.rs"]
mod other_formats;
mod outgoing;

pub use self::{
    decode::{Changes, MAX_DECODED_BYTES, Still, decode},
    display::{StillInfo, display, inspect},
    error::Error,
    foreign::Foreign,
    format::{Format, extension},
    input::{MAX_FILE_BYTES, read, read_file},
    outgoing::{OutgoingImage, is_plain, outgoing},
};
