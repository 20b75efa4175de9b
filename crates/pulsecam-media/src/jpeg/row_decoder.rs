//! One decompressor, and the meaning of its messages.

use turbojpeg::{Decompressor, Image, PixelFormat, ScalingFactor};

use super::{Error, Header, MAX_SCANS, encoder::codec};

/// Warnings of libjpeg-turbo (jerror.h, `JWRN_…`): every pixel was written nevertheless.
const WARNINGS: [&str; 8] = [
    "Corrupt JPEG data",
    "Premature end of JPEG file",
    "Inconsistent progression sequence",
    "Invalid SOS parameters for sequential JPEG",
    "Unknown Adobe color transform code",
    "Warning: unknown JFIF revision",
    "Application transferred too many scanlines",
    "Corrupt JPEG data: bad ICC marker",
];

/// The size and format of decoded pixels: rows without padding.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) format: PixelFormat,
    pub(super) factor: ScalingFactor,
}

impl Shape {
    /// The shape of a whole picture.
    pub(super) fn new(header: Header, factor: ScalingFactor, format: PixelFormat) -> Self {
        Self { width: factor.scale(header.width), height: factor.scale(header.height), format, factor }
    }

    /// The shape of some rows of the JPEG, before scaling.
    pub(super) fn rows(self, height: usize) -> Self {
        Self { height: self.factor.scale(height), ..self }
    }

    /// The length in bytes.
    pub(super) fn bytes(self) -> usize {
        self.height * self.width * self.format.size()
    }
}

/// A decompressor that is reused.
pub(super) struct RowDecoder(Decompressor);

impl RowDecoder {
    pub(super) fn new() -> Result<Self, Error> {
        Ok(Self(decompressor()?))
    }

    /// Decodes a JPEG; returns the text of a warning, if there was one. After an error the handle is
    /// replaced: libjpeg-turbo keeps half-read Huffman tables, and one bad picture would spoil the following
    /// ones.
    pub(super) fn read(
        &mut self,
        jpeg: &[u8],
        shape: Shape,
        pixels: &mut [u8],
    ) -> Result<Option<String>, Error> {
        let Shape { width, height, format, factor } = shape;
        self.0.set_scaling_factor(factor).map_err(codec)?;
        let image = Image { pixels, width, pitch: width * format.size(), height, format };
        let result = tolerate(self.0.decompress(jpeg, image));
        if result.is_err() {
            self.0 = decompressor()?;
        }
        result
    }
}

fn decompressor() -> Result<Decompressor, Error> {
    let mut decompressor = Decompressor::new().map_err(codec)?;
    // Scans are counted earlier ([`super::limits`]); this also covers markers that only libjpeg-turbo finds.
    decompressor.set_scan_limit(MAX_SCANS as u32).map_err(codec)?;
    Ok(decompressor)
}

/// Distinguishes warnings from errors by their text: turbojpeg 1.5 does not report the difference.
fn tolerate(result: turbojpeg::Result<()>) -> Result<Option<String>, Error> {
    match result {
        Ok(()) => Ok(None),
        Err(turbojpeg::Error::TurboJpegError(text))
            if WARNINGS.iter().any(|warning| text.contains(warning)) =>
        {
            Ok(Some(text))
        }
        Err(turbojpeg::Error::TurboJpegError(text)) => Err(precision(&text).unwrap_or(Error::Codec(text))),
        Err(error) => Err(codec(error)),
    }
}

/// Recognises an unsupported precision, also by text: turbojpeg reports it in no other way.
fn precision(text: &str) -> Option<Error> {
    let (_, bits) = text.split_once("Unsupported JPEG data precision ")?;
    bits.trim().parse().ok().map(Error::Precision)
}
