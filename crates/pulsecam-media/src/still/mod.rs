//! Still pictures as people have them: the one way to read them, for `pulsecam image`, photo sources, and images that others send.
//!
//! The content decides what a file is, never its name, and its first bytes decide whether it is read at all. Pictures come upright
//! (Exif), opaque (transparency on white), in 8 bits of red, green and blue, and within the size that viewers decode. What cannot be read is
//! named, with the command that converts it.

mod decode;
mod display;
mod error;
mod foreign;
mod format;
mod input;
mod orientation;
mod outgoing;

pub use self::{
    decode::{Changes, MAX_DECODED_BYTES, Still, decode},
    display::{Look, display, look},
    error::Error,
    foreign::Foreign,
    format::{Format, extension},
    input::{MAX_FILE_BYTES, read, read_file},
    outgoing::{Outgoing, is_plain, outgoing},
};
