//! Decoding JPEG to pixels. The header is checked before anything is allocated.

use turbojpeg::{PixelFormat, ScalingFactor};

use super::{
    Error, Header, Limits, MAX_REDUCED_PIXELS, MAX_REDUCED_SCANNED_PIXELS, MAX_SCANS, Scale, Strips,
    crew::Crew,
    encoder::check_size,
    header, ink, marker,
    reader::{Reader, Rows},
    split,
};
use crate::picture::{Canvas, Picture, Pixels};

/// Number of components of a picture in inks.
const INKS: u8 = 4;

/// Fractions, in eighths, at which a picture that is too large is decoded.
const EIGHTHS: std::ops::RangeInclusive<usize> = 1..=8;

/// A decoded picture.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The pixels.
    pub canvas: Canvas,
    /// The size in the JPEG's header, whatever the [`Scale`].
    pub header: Header,
    /// A warning of libjpeg-turbo; the picture is complete or nearly so.
    pub warning: Option<String>,
}

/// A picture that was decoded at a smaller size if necessary.
#[derive(Clone, Debug)]
pub struct Reduced {
    /// The pixels, as RGB.
    pub picture: Picture,
    /// The size in the JPEG's header.
    pub header: Header,
    /// A warning of libjpeg-turbo; the picture is complete or nearly so.
    pub warning: Option<String>,
}

/// Properties of a JPEG that decoders other than libjpeg-turbo 3 may not support.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coding {
    /// Coded without a transform (SOF3), as film scanners and medical devices write.
    pub lossless: bool,
    /// Coded in inks: CMYK or YCCK.
    pub inks: bool,
}

impl Coding {
    /// Reads the coding of a JPEG.
    ///
    /// # Errors
    /// The errors of [`header`].
    pub fn of(jpeg: &[u8]) -> Result<Self, Error> {
        let header = header(jpeg)?;
        // turbojpeg reports a warning before the frame header as an error; such a JPEG is certainly not
        // lossless.
        let lossless = turbojpeg::read_header(jpeg).is_ok_and(|header| header.is_lossless);
        Ok(Self { lossless, inks: header.components == INKS })
    }
}

/// Decodes one JPEG after another, reusing its decompressors.
pub struct Decoder {
    strips: Strips,
    limits: Limits,
    whole: Reader,
    /// One for each strip that a picture has had so far.
    readers: Vec<Reader>,
}

impl Decoder {
    /// A decoder that works on the caller's thread only.
    ///
    /// # Errors
    /// [`Error::Codec`] if libjpeg-turbo cannot be set up.
    pub fn new() -> Result<Self, Error> {
        Ok(Self {
            strips: Strips::Off,
            limits: Limits::default(),
            whole: Reader::new()?,
            readers: Vec::new(),
        })
    }

    /// Decodes strips of a picture on several threads, if its restart markers allow that. The pixels are
    /// those of one thread, except for the two rows at a seam if chroma has less height than luma: it cannot
    /// be smoothed across the seam. A photograph in two strips is 68 dB (640x480) to 78 dB (1920x1080) from
    /// the whole. A few extra bytes in a piece give no warning.
    #[must_use]
    pub fn with_strips(self, strips: Strips) -> Self {
        Self { strips, ..self }
    }

    /// Refuses pictures that exceed these limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    fn checked_header(&self, jpeg: &[u8]) -> Result<Header, Error> {
        let header = header(jpeg)?;
        self.limits.check(jpeg, header)?;
        Ok(header)
    }

    /// Decodes for the window. `reuse` provides memory; its content does not matter.
    ///
    /// # Errors
    /// The errors of [`header`]; [`Error::TooLarge`], [`Error::TooManyPixels`] and [`Error::TooManyScans`]
    /// before anything is allocated; [`Error::Codec`] if libjpeg-turbo cannot decode it. Warnings come with
    /// the picture.
    pub fn decode(&mut self, jpeg: &[u8], scale: Scale, reuse: Canvas) -> Result<Decoded, Error> {
        let header = self.checked_header(jpeg)?;
        let factor = scale.factor();
        let (width, height) = (factor.scale(header.width), factor.scale(header.height));
        let mut canvas = Canvas { width, height, ..reuse };
        canvas.pixels.resize(width * height, 0);
        let inks = header.components == INKS;
        let format = match () {
            () if inks => PixelFormat::CMYK,
            () if cfg!(target_endian = "little") => PixelFormat::BGRX,
            () => PixelFormat::XRGB,
        };
        let rows = Rows { pixels: bytemuck::cast_slice_mut(&mut canvas.pixels), width, height, format };
        let warning = self.decompress(jpeg, header, factor, rows)?;
        if inks {
            ink::to_canvas(&mut canvas.pixels);
        }
        Ok(Decoded { canvas, header, warning })
    }

    /// Decodes to packed RGB, for sources that process the pixels further.
    ///
    /// # Errors
    /// As [`Decoder::decode`].
    pub fn decode_rgb(&mut self, jpeg: &[u8]) -> Result<Picture, Error> {
        let header = self.checked_header(jpeg)?;
        Ok(self.rgb(jpeg, header, ScalingFactor::ONE)?.0)
    }

    /// Decodes to packed RGB, scaled down if the picture is too large.
    ///
    /// The size is the largest number of eighths within [`MAX_DIMENSION`](super::MAX_DIMENSION) and
    /// [`MAX_PIXELS`](super::MAX_PIXELS).
    ///
    /// # Errors
    /// The errors of [`header`]; [`Error::BeyondReducing`] and [`Error::TooManyScans`] before anything is
    /// allocated; [`Error::TooLarge`] if an eighth is still too large; [`Error::Codec`] if libjpeg-turbo
    /// cannot decode it, or not at this size (a lossless JPEG).
    pub fn decode_reduced(&mut self, jpeg: &[u8]) -> Result<Reduced, Error> {
        let header = header(jpeg)?;
        let Header { width, height, .. } = header;
        let found = marker::scans(jpeg);
        if found > MAX_SCANS {
            return Err(Error::TooManyScans { found, allowed: MAX_SCANS });
        }
        let allowed = if found > 1 { MAX_REDUCED_SCANNED_PIXELS } else { MAX_REDUCED_PIXELS };
        if width * height > allowed {
            return Err(Error::BeyondReducing { width, height, allowed });
        }
        let fits = |factor: &ScalingFactor| check_size(factor.scale(width), factor.scale(height)).is_ok();
        let factor = EIGHTHS.rev().map(|eighths| ScalingFactor::new(eighths, 8)).find(fits);
        let factor = factor.ok_or(Error::TooLarge { width, height })?;
        let (picture, warning) = self.rgb(jpeg, header, factor)?;
        Ok(Reduced { picture, header, warning })
    }

    fn rgb(
        &mut self,
        jpeg: &[u8],
        header: Header,
        factor: ScalingFactor,
    ) -> Result<(Picture, Option<String>), Error> {
        let (width, height) = (factor.scale(header.width), factor.scale(header.height));
        let format = match header.components {
            // libjpeg-turbo converts no colours of lossless pictures, not even grey.
            1 => PixelFormat::GRAY,
            INKS => PixelFormat::CMYK,
            _ => PixelFormat::RGB,
        };
        let mut pixels = vec![0; width * height * format.size()];
        let rows = Rows { pixels: &mut pixels, width, height, format };
        let warning = self.decompress(jpeg, header, factor, rows)?;
        match format {
            PixelFormat::GRAY => pixels = coloured(&pixels),
            PixelFormat::CMYK => pixels = ink::to_rgb(&pixels),
            _ => {}
        }
        Ok((Picture { width, height, pixels: Pixels::Rgb(pixels) }, warning))
    }

    /// Decodes into `into`; returns the text of a warning, if there was one.
    fn decompress(
        &mut self,
        jpeg: &[u8],
        header: Header,
        factor: ScalingFactor,
        mut into: Rows<'_>,
    ) -> Result<Option<String>, Error> {
        let strips = self.strips.of(header.width, header.height);
        if strips > 1 && self.in_strips(jpeg, factor, strips, &mut into)? {
            return Ok(None);
        }
        self.whole.read(jpeg, factor, into)
    }

    /// Decodes in strips. `false` if the picture has to be decoded whole: it has no restart markers, or
    /// something is wrong with it, so that warnings, errors and the remaining pixels are those of a whole
    /// decode.
    fn in_strips(
        &mut self,
        jpeg: &[u8],
        factor: ScalingFactor,
        strips: usize,
        into: &mut Rows<'_>,
    ) -> Result<bool, Error> {
        let Some(pieces) = split(jpeg, strips) else { return Ok(false) };
        while self.readers.len() < pieces.len() {
            self.readers.push(Reader::new()?);
        }
        let mut jobs = Vec::with_capacity(pieces.len());
        let mut below = into.reborrow();
        for (piece, reader) in pieces.iter().zip(&mut self.readers) {
            let Some((rows, rest)) = below.split(factor.scale(piece.height)) else { return Ok(false) };
            jobs.push((reader, piece, Some(rows), false));
            below = rest;
        }
        Crew::of_the_process().share(&mut jobs, &|(reader, piece, rows, flawless)| {
            if let Some(rows) = rows.take() {
                *flawless = matches!(reader.read_piece(piece, factor, rows), Ok(None));
            }
        });
        Ok(jobs.iter().all(|&(.., flawless)| flawless))
    }
}

/// Converts grey to RGB.
fn coloured(levels: &[u8]) -> Vec<u8> {
    let mut pixels = vec![0; 3 * levels.len()];
    for (pixel, &level) in pixels.as_chunks_mut::<3>().0.iter_mut().zip(levels) {
        *pixel = [level; 3];
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        jpeg::{
            Encoder, MAX_SCANS,
            marker::{EOI, SOI, SOS},
        },
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
    fn a_picture_of_thousands_of_scans_is_refused_before_a_pass_over_it() {
        let mut decoder = Decoder::new().unwrap();
        let mut decode =
            |jpeg: &[u8]| decoder.decode(jpeg, Scale::Eighth, Canvas::default()).map(|d| d.warning);
        let small = |scans| bomb(64, 48, scans);
        assert!(small(5_000).len() < 64 << 10, "a few bytes each");
        assert!(decode(&small(MAX_SCANS)).is_ok());
        let error = decode(&small(MAX_SCANS + 1)).unwrap_err();
        assert!(matches!(error, Error::TooManyScans { found: 33, allowed: 32 }), "{error}");
        let error = decode(&small(5_000)).unwrap_err();
        assert_eq!(error.to_string(), "a picture in 5000 scans; up to 32 are allowed at its size");
        // A pass over a large picture costs more.
        let error = decode(&bomb(7_680, 4_320, 13)).unwrap_err();
        assert!(matches!(error, Error::TooManyScans { found: 13, allowed: 12 }), "{error}");
        // Bytes between the scans, which libjpeg-turbo skips, hide none.
        let mut hidden = small(0);
        hidden.truncate(hidden.len() - 2);
        for _ in 0..40 {
            hidden.extend(b"garbage \xff\x00\xff\xff");
            hidden.extend(scan(48));
        }
        hidden.extend([0xff, 0xd9]);
        assert!(matches!(decode(&hidden), Err(Error::TooManyScans { found: 40, .. })));
        assert!(matches!(
            Decoder::new().unwrap().decode_rgb(&small(33)),
            Err(Error::TooManyScans { found: 33, .. })
        ));
        let mut wary = Decoder::new().unwrap().with_limits(Limits { pixels: 64 * 48, scans: 2 });
        let mut decode_warily = |jpeg: &[u8]| wary.decode(jpeg, Scale::Full, Canvas::default()).map(drop);
        assert!(decode_warily(&small(2)).is_ok());
        assert!(matches!(decode_warily(&small(3)), Err(Error::TooManyScans { found: 3, allowed: 2 })));
        let error = decode_warily(&bomb(64, 56, 1)).unwrap_err();
        assert!(matches!(error, Error::TooManyPixels { height: 56, allowed: 3_072, .. }), "{error}");
        let good = Encoder::new(90).unwrap().encode(&two_halves(64, 64)).unwrap();
        assert_eq!(decode(&good).unwrap(), None, "the next picture is not affected");
    }

    /// A grey progressive picture whose scans each refine every coefficient, in a few bytes: no change.
    fn bomb(width: u16, height: u16, scans: usize) -> Vec<u8> {
        let ([h1, h0], [w1, w0]) = (height.to_be_bytes(), width.to_be_bytes());
        let mut jpeg = vec![0xff, SOI, 0xff, 0xdb, 0, 67, 0];
        jpeg.extend([1; 64]);
        jpeg.extend([0xff, 0xc2, 0, 11, 8, h1, h0, w1, w0, 1, 1, 0x11, 0]);
        // A single one-bit code: an end-of-band run of 16,384 blocks, plus the number in the next 14 bits.
        jpeg.extend([0xff, 0xc4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xe0]);
        let blocks = usize::from(width).div_ceil(8) * usize::from(height).div_ceil(8);
        (0..scans).for_each(|_| jpeg.extend(scan(blocks)));
        jpeg.extend([0xff, EOI]);
        jpeg
    }

    fn scan(blocks: usize) -> Vec<u8> {
        let mut scan = vec![0xff, SOS, 0, 8, 1, 1, 0, 1, 63, 0x10];
        scan.resize(scan.len() + 2 * blocks.div_ceil(16_384), 0);
        scan
    }

    #[test]
    #[ignore = "a measurement, for a person"]
    fn what_the_largest_bombs_cost() {
        for (width, height, scans) in [(6_320, 6_320, 10), (3_500, 3_500, 32), (640, 480, 32)] {
            let jpeg = bomb(width, height, scans);
            let begin = std::time::Instant::now();
            let result = Decoder::new().unwrap().decode(&jpeg, Scale::Full, Canvas::default());
            eprintln!(
                "{width}x{height} {scans} {} bytes: {:?} {:?}",
                jpeg.len(),
                result.map(|d| d.warning),
                begin.elapsed()
            );
        }
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
