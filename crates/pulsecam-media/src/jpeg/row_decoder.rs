//! One decompressor, and the meaning of its messages.

use turbojpeg::{Decompressor, Image, PixelFormat, ScalingFactor};

use super::{Error, MAX_SCANS, Piece, encoder::codec};

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

/// Destination of pixels: rows without padding.
pub(super) struct Rows<'a> {
    pub(super) pixels: &'a mut [u8],
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) format: PixelFormat,
}

impl<'a> Rows<'a> {
    pub(super) fn reborrow(&mut self) -> Rows<'_> {
        Rows { pixels: self.pixels, ..*self }
    }

    /// Splits off the upper `height` rows; `None` if there are fewer.
    pub(super) fn split(self, height: usize) -> Option<(Self, Self)> {
        let below = self.height.checked_sub(height)?;
        let (first, rest) = self.pixels.split_at_mut_checked(height * self.width * self.format.size())?;
        Some((Rows { pixels: first, height, ..self }, Rows { pixels: rest, height: below, ..self }))
    }
}

/// A decompressor that is reused.
pub(super) struct RowDecoder {
    decompressor: Decompressor,
    /// Buffer for a piece written as a JPEG.
    jpeg: Vec<u8>,
}

impl RowDecoder {
    pub(super) fn new() -> Result<Self, Error> {
        Ok(Self { decompressor: decompressor()?, jpeg: Vec::new() })
    }

    /// Decodes a JPEG; returns the text of a warning, if there was one. After an error the handle is
    /// replaced: libjpeg-turbo keeps half-read Huffman tables, and one bad picture would spoil the following
    /// ones.
    pub(super) fn read(
        &mut self,
        jpeg: &[u8],
        factor: ScalingFactor,
        into: Rows<'_>,
    ) -> Result<Option<String>, Error> {
        self.decompressor.set_scaling_factor(factor).map_err(codec)?;
        let Rows { pixels, width, height, format } = into;
        let image = Image { pixels, width, pitch: width * format.size(), height, format };
        let result = tolerate(self.decompressor.decompress(jpeg, image));
        if result.is_err() {
            self.decompressor = decompressor()?;
        }
        result
    }

    /// Decodes a piece of a JPEG.
    pub(super) fn read_piece(
        &mut self,
        piece: &Piece<'_>,
        factor: ScalingFactor,
        into: Rows<'_>,
    ) -> Result<Option<String>, Error> {
        let mut jpeg = std::mem::take(&mut self.jpeg);
        piece.write(&mut jpeg);
        let result = self.read(&jpeg, factor, into);
        self.jpeg = jpeg;
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
