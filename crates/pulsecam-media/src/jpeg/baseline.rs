//! Bare turbojpeg calls without our code around them: the baseline for measurements.

use turbojpeg::{Compressor, Decompressor, Image, PixelFormat};

use super::{Error, Scale, band::Band, encoder::codec};
use crate::picture::Picture;

/// A compressor with its buffer.
pub struct Compress {
    compressor: Compressor,
    buffer: Vec<u8>,
}

impl Compress {
    pub fn new(quality: u8) -> Result<Self, Error> {
        let mut compressor = Compressor::new().map_err(codec)?;
        compressor.set_quality(quality.into()).map_err(codec)?;
        Ok(Self { compressor, buffer: Vec::new() })
    }

    /// Encodes into the buffer and returns the JPEG's length.
    pub fn call(&mut self, picture: &Picture) -> Result<usize, Error> {
        let whole = Band::of(picture, 0, picture.height).ok_or(Error::NoHeader)?;
        whole.compress(&mut self.compressor, &mut self.buffer).map_err(codec)
    }
}

/// A decompressor with its pixels.
pub struct Decompress {
    decompressor: Decompressor,
    pixels: Vec<u8>,
    width: usize,
    height: usize,
}

impl Decompress {
    /// A decompressor for pictures of this size (before scaling).
    pub fn new((width, height): (usize, usize), scale: Scale) -> Result<Self, Error> {
        let mut decompressor = Decompressor::new().map_err(codec)?;
        decompressor.set_scaling_factor(scale.factor()).map_err(codec)?;
        let (width, height) = (scale.factor().scale(width), scale.factor().scale(height));
        Ok(Self { decompressor, pixels: vec![0; width * height * 4], width, height })
    }

    pub fn call(&mut self, jpeg: &[u8]) -> Result<(), Error> {
        let Self { decompressor, pixels, width, height } = self;
        let (width, height, format) = (*width, *height, PixelFormat::BGRX);
        decompressor
            .decompress(jpeg, Image { pixels, width, pitch: width * 4, height, format })
            .map_err(codec)
    }
}
