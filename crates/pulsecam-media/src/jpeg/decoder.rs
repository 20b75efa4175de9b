//! Decoding JPEG to pixels. The header is checked before anything is allocated.

use std::time::Instant;

use bytes::BytesMut;
use turbojpeg::{PixelFormat, ScalingFactor};

use super::{
    DecodeLimits, Error, Header, MAX_REDUCED_PIXELS, MAX_REDUCED_SCANNED_PIXELS, MAX_SCANS, Scale, Strips,
    cmyk,
    encoder::check_size,
    header,
    helper_pace::HelperPace,
    job_queue::Job,
    marker,
    row_decoder::{RowDecoder, Shape},
    split::{Piece, split},
    strip_decoder::StripDecoder,
    strip_gauge::StripGauge,
    worker_pool::{Late, Shared, WorkerPool},
};
use crate::picture::{Canvas, Picture, PixelBuffer, Pixels};

/// Number of components of a picture in inks.
const INKS: u8 = 4;

/// Fractions, in eighths, at which a picture that is too large is decoded.
const EIGHTHS: std::ops::RangeInclusive<usize> = 1..=8;

/// A decoded picture.
#[derive(Clone, Debug)]
#[non_exhaustive]
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
#[non_exhaustive]
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
#[non_exhaustive]
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
    limits: DecodeLimits,
    whole: RowDecoder,
    /// One for each strip that a picture has had so far.
    strip_decoders: Vec<StripDecoder>,
    gauge: StripGauge,
    pace: HelperPace,
    /// What helpers may still have of the last picture.
    late: Option<Late<StripDecoder>>,
}

impl Decoder {
    /// A decoder that works on the caller's thread only.
    ///
    /// # Errors
    /// [`Error::Codec`] if libjpeg-turbo cannot be set up.
    pub fn new() -> Result<Self, Error> {
        Ok(Self {
            strips: Strips::Off,
            limits: DecodeLimits::default(),
            whole: RowDecoder::new()?,
            strip_decoders: Vec::new(),
            gauge: StripGauge::default(),
            pace: HelperPace::default(),
            late: None,
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
    pub fn with_limits(self, limits: DecodeLimits) -> Self {
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
        let inks = header.components == INKS;
        let format = match () {
            () if inks => PixelFormat::CMYK,
            () if cfg!(target_endian = "little") => PixelFormat::BGRX,
            () => PixelFormat::XRGB,
        };
        let shape = Shape::new(header, scale.factor(), format);
        let Shape { width, height, .. } = shape;
        let mut pixels = reuse.pixels;
        pixels.resize(width * height);
        let mut bytes = pixels.into_bytes();
        let warning = self.decompress(jpeg, header, shape, &mut bytes)?;
        let mut canvas = Canvas { width, height, pixels: PixelBuffer::from_bytes(bytes) };
        if inks {
            cmyk::to_canvas(&mut canvas.pixels);
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
        let format = match header.components {
            // libjpeg-turbo converts no colours of lossless pictures, not even grey.
            1 => PixelFormat::GRAY,
            INKS => PixelFormat::CMYK,
            _ => PixelFormat::RGB,
        };
        let shape = Shape::new(header, factor, format);
        let Shape { width, height, .. } = shape;
        let mut bytes = BytesMut::zeroed(shape.bytes());
        let warning = self.decompress(jpeg, header, shape, &mut bytes)?;
        let pixels = match format {
            PixelFormat::GRAY => coloured(&bytes),
            PixelFormat::CMYK => cmyk::to_rgb(&bytes),
            _ => bytes.into(),
        };
        Ok((Picture { width, height, pixels: Pixels::Rgb(pixels) }, warning))
    }

    /// Decodes into `into`, which has the shape's length; returns the text of a warning, if there was one.
    fn decompress(
        &mut self,
        jpeg: &[u8],
        header: Header,
        shape: Shape,
        into: &mut BytesMut,
    ) -> Result<Option<String>, Error> {
        let strips = self.strips.of(header.width, header.height);
        let is_worth_it = self.strips != Strips::Auto || self.gauge.is_on(Instant::now());
        if strips > 1 && is_worth_it && self.in_strips(jpeg, shape, strips, into)? {
            return Ok(None);
        }
        self.whole.read(jpeg, shape, into)
    }

    /// Decodes in strips. `false` if the picture has to be decoded whole: it has no restart markers, or
    /// something is wrong with it, so that warnings, errors and the remaining pixels are those of a whole
    /// decode.
    fn in_strips(
        &mut self,
        jpeg: &[u8],
        shape: Shape,
        strips: usize,
        into: &mut BytesMut,
    ) -> Result<bool, Error> {
        let Some(pieces) = split(jpeg, strips) else { return Ok(false) };
        let rows = |piece: &Piece<'_>| shape.rows(piece.height);
        if pieces.iter().map(|piece| rows(piece).bytes()).sum::<usize>() != into.len() {
            return Ok(false);
        }
        if let Some(late) = self.late.take_if(|late| late.is_back()) {
            late.note(&mut self.pace);
        }
        let begin = Instant::now();
        let mut above = std::mem::take(into);
        let mut strip = |piece: &Piece<'_>, pixels| {
            let mut strip = self.strip_decoders.pop().map_or_else(StripDecoder::new, Ok)?;
            strip.set(piece, rows(piece), pixels);
            Ok::<_, Error>(strip)
        };
        let Shared { jobs, alone, late } = WorkerPool::global().share(&pieces, self.pace, |piece| {
            strip(piece, above.split_off(above.len() - rows(piece).bytes()))
        })?;
        self.late = Some(late);
        let mut done = Vec::with_capacity(jobs.len());
        for (job, piece) in jobs.into_iter().zip(&pieces) {
            done.push(match job {
                Some(job) => job,
                // The memory of one that was left behind is lost, too.
                None => {
                    let mut job = strip(piece, BytesMut::zeroed(rows(piece).bytes()))?;
                    job.run();
                    job
                }
            });
        }
        // Copies only what is in other memory.
        done.iter_mut().for_each(|strip| into.unsplit(strip.take()));
        let is_flawless = done.iter().all(StripDecoder::is_flawless);
        self.strip_decoders.append(&mut done);
        if let Some(alone) = alone {
            let now = Instant::now();
            self.gauge.note(now, now - begin, alone);
        }
        Ok(is_flawless)
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
#[path = "decoder_tests.rs"]
mod tests;
