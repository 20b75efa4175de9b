//! JPEG both ways with libjpeg-turbo, and what its markers tell without decoding.
//!
//! The only module that touches turbojpeg. One [`Encoder`] and one [`Decoder`] a thread, reused:
//! a new handle for each frame costs up to a millisecond.
//!
//! Both can work at one picture on several cores, in horizontal [`Strips`]: the encoder joins them with restart markers into one
//! baseline JPEG ([`splice`]), and the decoder cuts a JPEG at such markers, whoever made it ([`split`]).

mod band;
#[doc(hidden)]
pub mod bare;
mod cores;
mod crew;
mod decoder;
mod encoder;
mod end;
mod head;
mod ink;
mod limits;
pub mod marker;
mod quality;
mod reader;
mod repair;
mod scale;
mod splice;
mod split;
mod strips;
mod tables;
mod tail;
mod turn;

pub use self::{
    decoder::{Coding, Decoded, Decoder, Reduced},
    encoder::Encoder,
    end::trimmed,
    limits::Limits,
    marker::{Header, exif, exif_range, header, segments},
    quality::quality,
    repair::{Flaw, Length, Repaired, Repairer, repair},
    scale::Scale,
    splice::splice,
    split::{Piece, split},
    strips::Strips,
    turn::turned,
};

/// The largest width and height that is decoded: 8K with room to spare. A 13 kB file can claim
/// 65500x65500, which would be 17 GB of pixels.
pub const MAX_DIMENSION: usize = 16_384;

/// The most pixels that are decoded in one picture: 8K (7680x4320) rounded up, 160 MB as BGRX.
pub const MAX_PIXELS: usize = 40_000_000;

/// The most scans of one picture that are decoded. Encoders write one for a baseline picture and about ten for a progressive one;
/// each is a pass over all its pixels, whatever few bytes it has, so that a file of some kB could ask for minutes of work.
pub const MAX_SCANS: usize = 32;

/// The most pixels that all scans of one picture pass over: what encoders write of the largest picture, ten scans. On one core such a
/// bomb takes half a second, where [`MAX_SCANS`] alone would let it take two.
pub const MAX_SCANNED_PIXELS: usize = 10 * MAX_PIXELS;

/// The most pixels of a JPEG that [`Decoder::decode_reduced`] makes a smaller picture of: phones make 200 million. In one scan that takes no
/// memory beyond the result.
pub const MAX_REDUCED_PIXELS: usize = 270_000_000;

/// The same for a JPEG in several scans (progressive), of which libjpeg-turbo keeps every coefficient: up to 600 MB.
pub const MAX_REDUCED_SCANNED_PIXELS: usize = 100_000_000;

/// Why a picture could not be encoded or decoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The data does not start with a JPEG's start marker.
    #[error("no JPEG: it starts with {found:02x?}, not ff d8 ff")]
    NotJpeg {
        /// The first bytes, four at most.
        found: Vec<u8>,
    },
    /// No frame header before the pixel data.
    #[error("a JPEG without a frame header")]
    NoHeader,
    /// The pixels end in the middle of the picture.
    #[error("a picture that was cut off after {bytes} bytes")]
    CutOff {
        /// Bytes that are there.
        bytes: usize,
    },
    /// A header that claims no pixels.
    #[error("a JPEG of {width}x{height} pixels")]
    Empty {
        /// Claimed width.
        width: usize,
        /// Claimed height.
        height: usize,
    },
    /// A header that claims more pixels than are allowed.
    #[error(
        "a picture of {width}x{height} pixels; up to {MAX_DIMENSION} a side and {MAX_PIXELS} in all are allowed"
    )]
    TooLarge {
        /// Claimed width.
        width: usize,
        /// Claimed height.
        height: usize,
    },
    /// More pixels than whoever decodes wants.
    #[error("a picture of {width}x{height} pixels; up to {allowed} in all are allowed (--max-megapixels)")]
    TooManyPixels {
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
        /// The limit.
        allowed: usize,
    },
    /// More pixels than can be made a smaller picture of.
    #[error("a JPEG of {width}x{height} pixels; up to {allowed} in all can be scaled down")]
    BeyondReducing {
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
        /// The limit: [`MAX_REDUCED_PIXELS`], or [`MAX_REDUCED_SCANNED_PIXELS`].
        allowed: usize,
    },
    /// A JPEG with more than 8 bits a sample, as medical devices make.
    #[error("a JPEG with {0} bits a sample; only those with 8 can be shown")]
    Precision(u8),
    /// More scans than are allowed for a picture of this size.
    #[error("a picture in {found} scans; up to {allowed} are allowed at its size")]
    TooManyScans {
        /// Scans that begin in it.
        found: usize,
        /// The limit: [`MAX_SCANS`], fewer where that would pass [`MAX_SCANNED_PIXELS`].
        allowed: usize,
    },
    /// Pixels that do not fit the stated size.
    #[error("{found} bytes of pixels for a picture that needs {expected}")]
    WrongLength {
        /// Bytes given.
        found: usize,
        /// Bytes that the size and format need.
        expected: usize,
    },
    /// What libjpeg-turbo says.
    #[error("libjpeg-turbo: {0}")]
    Codec(String),
}
