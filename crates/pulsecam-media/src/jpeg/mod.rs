//! JPEG encoding and decoding with libjpeg-turbo, and what the markers say without decoding.
//!
//! The only module that uses turbojpeg. Keep one [`Encoder`] and one [`Decoder`] per thread: a new handle for
//! each frame costs up to a millisecond.
//!
//! Both can process one picture on several cores, in horizontal [`Strips`]: the encoder joins them with
//! restart markers into one baseline JPEG ([`splice`]), and the decoder cuts any JPEG at such markers
//! ([`split`]).

mod band;
#[doc(hidden)]
pub mod baseline;
mod cmyk;
mod cores;
mod decoder;
mod encoder;
mod end_scanner;
mod job_queue;
pub mod marker;
mod options;
mod quality;
mod repair;
mod rotate;
mod row_decoder;
mod splice;
mod split;
mod strip_decoder;
mod strip_encoder;
mod strip_gauge;
mod strip_header;
mod tables;
mod tail;
mod worker_pool;

pub(crate) use self::encoder::check_size;
pub use self::{
    decoder::{Coding, Decoded, Decoder, Reduced},
    encoder::Encoder,
    end_scanner::trimmed,
    marker::{Header, exif, exif_range, header, segments},
    options::{DecodeLimits, Scale, Strips},
    quality::quality,
    repair::{Flaw, Length, Repaired, Repairer, repair},
    rotate::{Turner, mark_upright, orientation, rotated},
    splice::splice,
    split::{Piece, split},
};

/// The largest width and height that is decoded: 8K with room to spare. A 13 kB file can claim
/// 65500x65500, which would be 17 GB of pixels.
pub const MAX_DIMENSION: usize = 16_384;

/// The most pixels that are decoded in one picture: 8K (7680x4320) rounded up, 160 MB as BGRX.
pub const MAX_PIXELS: usize = 40_000_000;

/// The most scans of one picture that are decoded. Encoders write one for a baseline picture and about ten
/// for a progressive one. Each is a pass over all pixels, however few bytes it has, so a file of a few kB
/// could request minutes of work.
pub const MAX_SCANS: usize = 32;

/// The most pixels that all scans of one picture pass over. Ten scans of the largest picture, as encoders
/// write. Such a bomb takes half a second on one core; [`MAX_SCANS`] alone would allow two seconds.
pub const MAX_SCANNED_PIXELS: usize = 10 * MAX_PIXELS;

/// The most pixels of a JPEG that [`Decoder::decode_reduced`] scales down: phones produce 200 million. A JPEG
/// in one scan takes no memory beyond the result.
pub const MAX_REDUCED_PIXELS: usize = 270_000_000;

/// The limit for a JPEG in several scans (progressive). libjpeg-turbo keeps all its coefficients: up to 600
/// MB.
pub const MAX_REDUCED_SCANNED_PIXELS: usize = 100_000_000;

/// Why a picture could not be encoded or decoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The data does not start with a JPEG's start marker.
    #[error("not a JPEG: it starts with {found:02x?} instead of ff d8 ff")]
    NotJpeg {
        /// The first bytes, at most four.
        found: Vec<u8>,
    },
    /// There is no frame header before the pixel data.
    #[error("a JPEG without a frame header")]
    NoHeader,
    /// The pixels end in the middle of the picture.
    #[error("a picture that was cut off after {bytes} bytes")]
    CutOff {
        /// Number of bytes present.
        bytes: usize,
    },
    /// A header that claims no pixels.
    #[error("a JPEG without pixels ({width}x{height})")]
    Empty {
        /// Claimed width.
        width: usize,
        /// Claimed height.
        height: usize,
    },
    /// A header that claims more pixels than are allowed.
    #[error(
        "a picture of {width}x{height} pixels; up to {MAX_DIMENSION} per side and {MAX_PIXELS} in total are allowed"
    )]
    TooLarge {
        /// Claimed width.
        width: usize,
        /// Claimed height.
        height: usize,
    },
    /// More pixels than the caller's limit.
    #[error("a picture of {width}x{height} pixels; up to {allowed} in total are allowed")]
    TooManyPixels {
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
        /// The limit.
        allowed: usize,
    },
    /// More pixels than can be scaled down.
    #[error("a JPEG of {width}x{height} pixels; up to {allowed} in total can be scaled down")]
    BeyondReducing {
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
        /// The limit: [`MAX_REDUCED_PIXELS`], or [`MAX_REDUCED_SCANNED_PIXELS`].
        allowed: usize,
    },
    /// A JPEG with more than 8 bits per sample, as medical devices write.
    #[error("a JPEG with {0} bits a sample; only those with 8 can be shown")]
    Precision(u8),
    /// More scans than are allowed for a picture of this size.
    #[error("a picture in {found} scans; up to {allowed} are allowed at its size")]
    TooManyScans {
        /// Number of scans found.
        found: usize,
        /// The limit: [`MAX_SCANS`], or fewer to stay within [`MAX_SCANNED_PIXELS`].
        allowed: usize,
    },
    /// The pixel data does not match the stated size.
    #[error("{found} bytes of pixel data for a picture that needs {expected}")]
    WrongLength {
        /// Bytes given.
        found: usize,
        /// Bytes that the size and format need.
        expected: usize,
    },
    /// An error of libjpeg-turbo.
    #[error("libjpeg-turbo: {0}")]
    Codec(String),
}
