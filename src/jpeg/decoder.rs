//! JPEG to pixels, with the header checked before anything is allocated.

use turbojpeg::{Decompressor, Image, PixelFormat, ScalingFactor};

use super::{
    Error, Header,
    encoder::{check_size, codec},
    header,
};
use crate::picture::{Canvas, Picture, Pixels};

/// Scans of a progressive JPEG that are decoded at the most: encoders write about ten, and each
/// costs a pass over the whole picture, so that a small file could ask for minutes of work.
const SCAN_LIMIT: u32 = 50;

/// Messages by which libjpeg-turbo warns (jerror.h, `JWRN_…`): every pixel was written all the same.
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

/// Decoding at a fraction of the size saves time where the picture is shown small. Only those
/// fractions that libjpeg-turbo has fast code for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// As it is.
    #[default]
    Full,
    /// Half of each side.
    Half,
    /// A quarter of each side.
    Quarter,
    /// An eighth of each side.
    Eighth,
}

impl Scale {
    const fn factor(self) -> ScalingFactor {
        match self {
            Self::Full => ScalingFactor::ONE,
            Self::Half => ScalingFactor::ONE_HALF,
            Self::Quarter => ScalingFactor::ONE_QUARTER,
            Self::Eighth => ScalingFactor::ONE_EIGHTH,
        }
    }
}

/// A decoded picture.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The pixels.
    pub canvas: Canvas,
    /// The size in the JPEG's header, whatever the [`Scale`].
    pub header: Header,
    /// What libjpeg-turbo complained about; the picture is whole or nearly so.
    pub warning: Option<String>,
}

/// Decodes one JPEG after another with one decompressor.
pub struct Decoder {
    decompressor: Decompressor,
}

impl Decoder {
    /// A decoder.
    ///
    /// # Errors
    /// [`Error::Codec`] where libjpeg-turbo cannot be set up.
    pub fn new() -> Result<Self, Error> {
        Ok(Self { decompressor: fresh_decompressor()? })
    }

    /// Decodes for the window. `reuse` gives its memory; its content does not matter.
    ///
    /// # Errors
    /// What [`header`] finds wrong, [`Error::TooLarge`] before anything is allocated, and
    /// [`Error::Codec`] for what libjpeg-turbo cannot decode; its mere warnings come with the picture.
    pub fn decode(&mut self, jpeg: &[u8], scale: Scale, reuse: Canvas) -> Result<Decoded, Error> {
        let header = checked_header(jpeg)?;
        let factor = scale.factor();
        self.decompressor.set_scaling_factor(factor).map_err(codec)?;
        let (width, height) = (factor.scale(header.width), factor.scale(header.height));
        let mut canvas = Canvas { width, height, ..reuse };
        canvas.pixels.resize(width * height, 0);
        let format = if cfg!(target_endian = "little") { PixelFormat::BGRX } else { PixelFormat::XRGB };
        let pixels = bytemuck::cast_slice_mut(&mut canvas.pixels);
        let image = Image { pixels, width, pitch: width * 4, height, format };
        let warning = self.decompress(jpeg, image)?;
        Ok(Decoded { canvas, header, warning })
    }

    /// Decodes to packed RGB, for sources that go on working with the pixels.
    ///
    /// # Errors
    /// As [`Decoder::decode`].
    pub fn decode_rgb(&mut self, jpeg: &[u8]) -> Result<Picture, Error> {
        let Header { width, height, .. } = checked_header(jpeg)?;
        self.decompressor.set_scaling_factor(ScalingFactor::ONE).map_err(codec)?;
        let mut pixels = vec![0; width * height * 3];
        let image = Image {
            pixels: pixels.as_mut_slice(),
            width,
            pitch: width * 3,
            height,
            format: PixelFormat::RGB,
        };
        self.decompress(jpeg, image)?;
        Ok(Picture { width, height, pixels: Pixels::Rgb(pixels) })
    }

    /// `Ok` with a mere warning's text. After an error the handle is replaced: libjpeg-turbo keeps half-read
    /// Huffman tables, and one bad picture would spoil those after it.
    fn decompress(&mut self, jpeg: &[u8], into: Image<&mut [u8]>) -> Result<Option<String>, Error> {
        let result = tolerate(self.decompressor.decompress(jpeg, into));
        if result.is_err() {
            self.decompressor = fresh_decompressor()?;
        }
        result
    }
}

fn fresh_decompressor() -> Result<Decompressor, Error> {
    let mut decompressor = Decompressor::new().map_err(codec)?;
    decompressor.set_scan_limit(SCAN_LIMIT).map_err(codec)?;
    Ok(decompressor)
}

fn checked_header(jpeg: &[u8]) -> Result<Header, Error> {
    let header = header(jpeg)?;
    check_size(header.width, header.height)?;
    Ok(header)
}

/// Tells warnings from errors by their text: turbojpeg 1.5 does not pass the difference on.
fn tolerate(result: turbojpeg::Result<()>) -> Result<Option<String>, Error> {
    match result {
        Ok(()) => Ok(None),
        Err(turbojpeg::Error::TurboJpegError(text))
            if WARNINGS.iter().any(|warning| text.contains(warning)) =>
        {
            Ok(Some(text))
        }
        Err(error) => Err(codec(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        jpeg::Encoder,
        picture::{Pixels, Subsampling},
    };

    /// Left half dark red, right half light green.
    fn two_halves(width: usize, height: usize) -> Picture {
        let pixels = (0..width * height)
            .flat_map(|i| if i % width < width / 2 { [160, 16, 32] } else { [64, 224, 96] })
            .collect();
        Picture { width, height, pixels: Pixels::Rgb(pixels) }
    }

    fn close(found: u32, wanted: u32) -> bool {
        (0..3).all(|byte| {
            let (a, b) = ((found >> (8 * byte)) & 0xff, (wanted >> (8 * byte)) & 0xff);
            a.abs_diff(b) < 12
        })
    }

    #[test]
    fn colours_survive_the_round_trip_at_each_scale() {
        let jpeg = Encoder::new(90).unwrap().encode(&two_halves(128, 64)).unwrap();
        let mut decoder = Decoder::new().unwrap();
        for (scale, divisor) in [(Scale::Full, 1), (Scale::Half, 2), (Scale::Quarter, 4), (Scale::Eighth, 8)]
        {
            let decoded = decoder.decode(&jpeg, scale, Canvas::default()).unwrap();
            let canvas = decoded.canvas;
            assert_eq!((canvas.width, canvas.height), (128 / divisor, 64 / divisor));
            assert_eq!((decoded.header.width, decoded.header.height), (128, 64));
            assert!(close(canvas.pixel(1, 1).unwrap(), 0x00a0_1020), "{scale:?}");
            assert!(close(canvas.pixel(canvas.width - 1, 1).unwrap(), 0x0040_e060), "{scale:?}");
        }
    }

    #[test]
    fn planar_pictures_of_each_sampling_are_encoded_as_they_are() {
        let (width, height) = (48, 32);
        for subsampling in [Subsampling::Yuv420, Subsampling::Yuv422, Subsampling::Yuv444, Subsampling::Grey]
        {
            let planes = vec![128; subsampling.bytes(width, height)];
            let picture = Picture { width, height, pixels: Pixels::Planar(subsampling, planes) };
            let jpeg = Encoder::new(80).unwrap().encode(&picture).unwrap();
            let grey = Decoder::new().unwrap().decode(&jpeg, Scale::Full, Canvas::default()).unwrap();
            assert!(close(grey.canvas.pixel(20, 20).unwrap(), 0x0080_8080), "{subsampling:?}");
        }
    }

    #[test]
    fn pixels_that_do_not_fit_their_size_are_refused() {
        let mut encoder = Encoder::new(80).unwrap();
        let short = Picture { width: 8, height: 8, pixels: Pixels::Rgb(vec![0; 100]) };
        assert!(matches!(encoder.encode(&short), Err(Error::WrongLength { found: 100, expected: 192 })));
        let none = Picture { width: 0, height: 8, pixels: Pixels::Rgb(vec![]) };
        assert!(matches!(encoder.encode(&none), Err(Error::Empty { .. })));
    }

    #[test]
    fn a_truncated_picture_comes_with_a_warning() {
        let jpeg = Encoder::new(90).unwrap().encode(&two_halves(128, 64)).unwrap();
        let mut decoder = Decoder::new().unwrap();
        let short = decoder.decode(&jpeg[..jpeg.len() - 40], Scale::Full, Canvas::default()).unwrap();
        assert!(short.warning.is_some());
        assert!(close(short.canvas.pixel(1, 1).unwrap(), 0x00a0_1020));
    }

    #[test]
    fn a_small_file_that_claims_a_huge_picture_is_refused_before_allocating() {
        let mut jpeg = Encoder::new(90).unwrap().encode(&two_halves(128, 64)).unwrap().to_vec();
        let sof = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
        jpeg[sof + 5..sof + 9].copy_from_slice(&[0xff, 0xdc, 0xff, 0xdc]);
        let error = Decoder::new().unwrap().decode(&jpeg, Scale::Full, Canvas::default()).unwrap_err();
        assert!(matches!(error, Error::TooLarge { width: 65_500, height: 65_500 }));
    }

    #[test]
    fn garbage_is_an_error_and_the_decoder_goes_on() {
        let mut decoder = Decoder::new().unwrap();
        let jpeg = Encoder::new(90).unwrap().encode(&two_halves(64, 64)).unwrap();
        for length in 0..jpeg.len() {
            let _ = decoder.decode(&jpeg[..length], Scale::Full, Canvas::default());
        }
        assert!(decoder.decode(b"nonsense", Scale::Full, Canvas::default()).is_err());
        assert!(decoder.decode(&jpeg, Scale::Full, Canvas::default()).unwrap().warning.is_none());
    }
}
