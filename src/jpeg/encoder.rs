//! Pixels to JPEG: baseline, 4:2:0 unless the picture brings another sampling.

use bytes::Bytes;
use turbojpeg::{Compressor, Image, PixelFormat, Subsamp, YuvImage};

use super::{Error, MAX_DIMENSION, MAX_PIXELS};
use crate::picture::{Picture, Pixels, Subsampling};

/// Encodes one picture after another with one compressor and one scratch buffer.
///
/// Always into a slice: mixing turbojpeg 1.5's owned buffers with slices frees memory twice.
pub struct Encoder {
    compressor: Compressor,
    scratch: Vec<u8>,
}

impl Encoder {
    /// The quality that is used unless another is asked for: artefacts are hard to see, and
    /// 1280x720 stays near 100 kB.
    pub const DEFAULT_QUALITY: u8 = 80;

    /// An encoder with a quality of 1 to 100; values outside are brought to the nearest end.
    ///
    /// # Errors
    /// [`Error::Codec`] where libjpeg-turbo cannot be set up.
    pub fn new(quality: u8) -> Result<Self, Error> {
        let mut encoder = Self { compressor: Compressor::new().map_err(codec)?, scratch: Vec::new() };
        encoder.set_quality(quality)?;
        Ok(encoder)
    }

    /// Sets the quality of the pictures to come, 1 to 100; values outside are brought to the nearest end.
    ///
    /// # Errors
    /// [`Error::Codec`] where libjpeg-turbo refuses it.
    pub fn set_quality(&mut self, quality: u8) -> Result<(), Error> {
        self.compressor.set_quality(i32::from(quality.clamp(1, 100))).map_err(codec)
    }

    /// Encodes one picture. Planar pictures keep their sampling and are not converted; RGB becomes 4:2:0.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::TooLarge`] and [`Error::WrongLength`] where the picture does not fit its
    /// own description; [`Error::Codec`] from libjpeg-turbo.
    pub fn encode(&mut self, picture: &Picture) -> Result<Bytes, Error> {
        let Picture { width, height, ref pixels } = *picture;
        check_size(width, height)?;
        let (found, expected) = (picture.bytes().len(), picture.expected_bytes());
        if found != expected {
            return Err(Error::WrongLength { found, expected });
        }
        let subsamp = match pixels {
            Pixels::Planar(subsampling, _) => turbo(*subsampling),
            Pixels::Rgb(_) | Pixels::Bgr(_) => Subsamp::Sub2x2,
        };
        let worst = turbojpeg::compressed_buf_len(width, height, subsamp).map_err(codec)?;
        if self.scratch.len() < worst {
            self.scratch.resize(worst, 0);
        }
        let length = match pixels {
            Pixels::Planar(_, planes) => {
                let image = YuvImage { pixels: planes.as_slice(), width, align: 1, height, subsamp };
                self.compressor.compress_yuv_to_slice(image, &mut self.scratch)
            }
            Pixels::Rgb(pixels) => self.packed(pixels, width, height, PixelFormat::RGB),
            Pixels::Bgr(pixels) => self.packed(pixels, width, height, PixelFormat::BGR),
        }
        .map_err(codec)?;
        Ok(Bytes::copy_from_slice(self.scratch.get(..length).unwrap_or_default()))
    }

    fn packed(
        &mut self,
        pixels: &[u8],
        width: usize,
        height: usize,
        format: PixelFormat,
    ) -> turbojpeg::Result<usize> {
        self.compressor.set_subsamp(Subsamp::Sub2x2)?;
        let image = Image { pixels, width, pitch: width * 3, height, format };
        self.compressor.compress_to_slice(image, &mut self.scratch)
    }
}

/// Refuses sizes that no picture has or that would take too much memory.
pub(super) fn check_size(width: usize, height: usize) -> Result<(), Error> {
    if width == 0 || height == 0 {
        return Err(Error::Empty { width, height });
    }
    if width > MAX_DIMENSION || height > MAX_DIMENSION || width * height > MAX_PIXELS {
        return Err(Error::TooLarge { width, height });
    }
    Ok(())
}

pub(super) fn codec(error: turbojpeg::Error) -> Error {
    match error {
        turbojpeg::Error::TurboJpegError(text) => Error::Codec(text),
        other => Error::Codec(other.to_string()),
    }
}

const fn turbo(subsampling: Subsampling) -> Subsamp {
    match subsampling {
        Subsampling::Yuv444 => Subsamp::None,
        Subsampling::Yuv422 => Subsamp::Sub2x1,
        Subsampling::Yuv420 => Subsamp::Sub2x2,
        Subsampling::Grey => Subsamp::Gray,
    }
}
