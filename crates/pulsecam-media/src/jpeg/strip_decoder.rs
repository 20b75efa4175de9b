//! Decoding of one strip, on any thread.

use bytes::BytesMut;
use turbojpeg::{PixelFormat, ScalingFactor};

use super::{
    Error, Piece,
    job_queue::Job,
    row_decoder::{RowDecoder, Shape},
};

/// A decompressor with a strip's data and the memory of its pixels.
pub(super) struct StripDecoder {
    decoder: RowDecoder,
    /// The piece as a JPEG of its own.
    jpeg: Vec<u8>,
    shape: Shape,
    pixels: BytesMut,
    is_flawless: bool,
}

impl StripDecoder {
    pub(super) fn new() -> Result<Self, Error> {
        let shape = Shape { width: 0, height: 0, format: PixelFormat::GRAY, factor: ScalingFactor::ONE };
        let decoder = RowDecoder::new()?;
        Ok(Self { decoder, jpeg: Vec::new(), shape, pixels: BytesMut::new(), is_flawless: false })
    }

    /// Sets what to decode, and the memory for it, of the shape's length.
    pub(super) fn set(&mut self, piece: &Piece<'_>, shape: Shape, pixels: BytesMut) {
        piece.write(&mut self.jpeg);
        (self.shape, self.pixels, self.is_flawless) = (shape, pixels, false);
    }

    /// Whether the strip was decoded without a warning.
    pub(super) const fn is_flawless(&self) -> bool {
        self.is_flawless
    }

    /// Returns the memory of the pixels.
    pub(super) fn take(&mut self) -> BytesMut {
        std::mem::take(&mut self.pixels)
    }
}

impl Job for StripDecoder {
    fn run(&mut self) {
        self.is_flawless = matches!(self.decoder.read(&self.jpeg, self.shape, &mut self.pixels), Ok(None));
    }
}
