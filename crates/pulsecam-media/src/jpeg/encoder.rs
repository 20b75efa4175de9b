//! Encoding pixels to baseline JPEG, 4:2:0 unless the picture has another sampling.

use bytes::Bytes;
use turbojpeg::Compressor;

use super::{
    Error, MAX_DIMENSION, MAX_PIXELS, Strips,
    band::Band,
    splice::{MOST_BETWEEN_RESTARTS, splice},
    worker_pool::WorkerPool,
};
use crate::picture::Picture;

/// Encodes one picture after another, reusing its compressors and buffers.
pub struct Encoder {
    quality: u8,
    strips: Strips,
    /// One for each strip that a picture has had so far.
    presses: Vec<StripEncoder>,
}

impl Encoder {
    /// The default quality: artefacts are hard to see, and 1280x720 stays near 100 kB.
    pub const DEFAULT_QUALITY: u8 = 80;

    /// An encoder with a quality of 1 to 100 (clamped). It works on the caller's thread only.
    ///
    /// # Errors
    /// [`Error::Codec`] if libjpeg-turbo cannot be set up.
    pub fn new(quality: u8) -> Result<Self, Error> {
        let quality = quality.clamp(1, 100);
        Ok(Self { quality, strips: Strips::Off, presses: vec![StripEncoder::new(quality)?] })
    }

    /// Encodes strips of a picture on several threads. They are joined by restart markers, which every
    /// baseline decoder supports: the pixels are those of one thread.
    #[must_use]
    pub fn with_strips(self, strips: Strips) -> Self {
        Self { strips, ..self }
    }

    /// Sets the quality of the following pictures, 1 to 100 (clamped).
    ///
    /// # Errors
    /// [`Error::Codec`] if libjpeg-turbo refuses it.
    pub fn set_quality(&mut self, quality: u8) -> Result<(), Error> {
        self.quality = quality.clamp(1, 100);
        self.presses.iter_mut().try_for_each(|press| press.set_quality(self.quality))
    }

    /// Encodes one picture. Planar pictures keep their sampling and are not converted; RGB becomes 4:2:0.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::TooLarge`] and [`Error::WrongLength`] if the picture's size is invalid or
    /// does not match its data; [`Error::Codec`] from libjpeg-turbo.
    pub fn encode(&mut self, picture: &Picture) -> Result<Bytes, Error> {
        let Picture { width, height, .. } = *picture;
        check_size(width, height)?;
        let (found, expected) = (picture.bytes().len(), picture.expected_bytes());
        let wrong_length = || Error::WrongLength { found, expected };
        if found != expected {
            return Err(wrong_length());
        }
        let whole = Band::of(picture, 0, height).ok_or_else(wrong_length)?;
        let strips = self.strips.of(width, height);
        if strips > 1
            && let Some(jpeg) = self.in_strips(picture, whole.mcu(), strips)?
        {
            return Ok(jpeg);
        }
        let press = self.press(0)?;
        press.work(&whole);
        press.jpeg().map(Bytes::copy_from_slice)
    }

    /// Encodes in strips. `None` if the picture has too few rows of MCUs, or more MCUs than a restart
    /// interval can have.
    fn in_strips(
        &mut self,
        picture: &Picture,
        (across, down): (usize, usize),
        strips: usize,
    ) -> Result<Option<Bytes>, Error> {
        let mcu_rows = picture.height.div_ceil(down).div_ceil(strips);
        if mcu_rows * picture.width.div_ceil(across) > MOST_BETWEEN_RESTARTS {
            return Ok(None);
        }
        let rows = mcu_rows * down;
        let tops = (0..picture.height).step_by(rows);
        let bands = tops.map(|top| Band::of(picture, top, rows.min(picture.height - top)));
        let Some(bands) = bands.collect::<Option<Vec<_>>>().filter(|bands| bands.len() > 1) else {
            return Ok(None);
        };
        self.press(bands.len() - 1)?;
        let mut jobs: Vec<_> = self.presses.iter_mut().zip(&bands).collect();
        WorkerPool::global().share(&mut jobs, &|(press, band)| press.work(band));
        let strips =
            self.presses.iter().take(bands.len()).map(StripEncoder::jpeg).collect::<Result<Vec<_>, _>>()?;
        Ok(splice(&strips))
    }

    /// The compressor with this index; creates it and all before it if needed.
    fn press(&mut self, index: usize) -> Result<&mut StripEncoder, Error> {
        while self.presses.len() <= index {
            self.presses.push(StripEncoder::new(self.quality)?);
        }
        self.presses.get_mut(index).ok_or_else(|| Error::Codec("no compressor".into()))
    }
}

/// A compressor with its scratch buffer.
struct StripEncoder {
    compressor: Compressor,
    scratch: Vec<u8>,
    /// The length of the last JPEG, or the reason why there is none.
    made: Result<usize, String>,
}

impl StripEncoder {
    fn new(quality: u8) -> Result<Self, Error> {
        let compressor = Compressor::new().map_err(codec)?;
        let mut press = Self { compressor, scratch: Vec::new(), made: Ok(0) };
        press.set_quality(quality)?;
        Ok(press)
    }

    fn set_quality(&mut self, quality: u8) -> Result<(), Error> {
        self.compressor.set_quality(i32::from(quality)).map_err(codec)
    }

    fn work(&mut self, band: &Band<'_>) {
        self.made = band.compress(&mut self.compressor, &mut self.scratch).map_err(reason);
    }

    fn jpeg(&self) -> Result<&[u8], Error> {
        let length = self.made.clone().map_err(Error::Codec)?;
        Ok(self.scratch.get(..length).unwrap_or_default())
    }
}

/// Refuses empty pictures and sizes that would take too much memory.
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
    Error::Codec(reason(error))
}

fn reason(error: turbojpeg::Error) -> String {
    match error {
        turbojpeg::Error::TurboJpegError(text) => text,
        other => other.to_string(),
    }
}
