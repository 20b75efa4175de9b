//! Encoding pixels to baseline JPEG, 4:2:0 unless the picture has another sampling.

use std::{ops::Range, sync::Arc, time::Instant};

use bytes::Bytes;

use super::{
    Error, MAX_DIMENSION, MAX_PIXELS, Strips,
    band::Band,
    splice::{MOST_BETWEEN_RESTARTS, splice},
    strip_encoder::{SharedStrip, StripEncoder},
    strip_gauge::StripGauge,
    worker_pool::{Shared, WorkerPool},
};
use crate::picture::Picture;

/// The error if strips do not fit together, which only a fault of libjpeg-turbo could cause.
const UNEQUAL: &str = "strips of one picture have different headers";

/// Encodes one picture after another, reusing its compressors and buffers.
pub struct Encoder {
    quality: u8,
    strips: Strips,
    /// One for each strip that a picture has had so far.
    spare: Vec<StripEncoder>,
    gauge: StripGauge,
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
        let gauge = StripGauge::default();
        Ok(Self { quality, strips: Strips::Off, spare: vec![StripEncoder::new(quality)?], gauge })
    }

    /// Divides pictures into strips, which [`Encoder::encode_shared`] encodes on several threads. They are
    /// joined by restart markers, which every baseline decoder supports: the pixels are those of one thread.
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
        self.spare.iter_mut().try_for_each(|encoder| encoder.set_quality(self.quality))
    }

    /// Encodes one picture on this thread. Planar pictures keep their sampling and are not converted; RGB
    /// becomes 4:2:0.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::TooLarge`] and [`Error::WrongLength`] if the picture's size is invalid or
    /// does not match its data; [`Error::Codec`] from libjpeg-turbo.
    pub fn encode(&mut self, picture: &Picture) -> Result<Bytes, Error> {
        let whole = whole(picture)?;
        match self.cut(picture, whole.mcu()) {
            Some(strips) => self.one_by_one(picture, &strips),
            None => self.undivided(&whole),
        }
    }

    /// As [`Encoder::encode`], but on several threads if the picture is divided, and if that pays off beside
    /// what other programs do. A thread that is held up may keep the picture longer than this call.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    pub fn encode_shared(&mut self, picture: &Arc<Picture>) -> Result<Bytes, Error> {
        let whole = whole(picture)?;
        let Some(strips) = self.cut(picture, whole.mcu()) else { return self.undivided(&whole) };
        if self.strips == Strips::Auto && !self.gauge.is_on(Instant::now()) {
            // Divided nevertheless: viewers may have free cores.
            return self.one_by_one(picture, &strips);
        }
        self.shared(picture, &strips)
    }

    fn undivided(&mut self, whole: &Band<'_>) -> Result<Bytes, Error> {
        let mut encoder = self.strip_encoder()?;
        encoder.work(whole);
        let jpeg = encoder.jpeg().map(Bytes::copy_from_slice);
        self.spare.push(encoder);
        jpeg
    }

    /// Encodes strips on this thread.
    fn one_by_one(&mut self, picture: &Picture, strips: &[Range<usize>]) -> Result<Bytes, Error> {
        let mut done = Vec::with_capacity(strips.len());
        for rows in strips {
            let mut encoder = self.strip_encoder()?;
            encoder.work_on(picture, rows);
            done.push(encoder);
        }
        self.joined(done)
    }

    /// Encodes strips on several threads.
    fn shared(&mut self, picture: &Arc<Picture>, strips: &[Range<usize>]) -> Result<Bytes, Error> {
        let begin = Instant::now();
        let Shared { jobs, alone } = WorkerPool::global().share(strips, |rows| {
            let (encoder, picture) = (self.strip_encoder()?, Arc::clone(picture));
            Ok::<_, Error>(SharedStrip { encoder, picture, rows: rows.clone() })
        })?;
        let mut done = Vec::with_capacity(strips.len());
        for (job, rows) in jobs.into_iter().zip(strips) {
            done.push(match job {
                Some(job) => job.encoder,
                None => {
                    let mut encoder = self.strip_encoder()?;
                    encoder.work_on(picture, rows);
                    encoder
                }
            });
        }
        if let Some(alone) = alone {
            let now = Instant::now();
            self.gauge.note(now, now - begin, alone);
        }
        self.joined(done)
    }

    /// Joins strips to one JPEG, and keeps their encoders.
    fn joined(&mut self, mut done: Vec<StripEncoder>) -> Result<Bytes, Error> {
        let strips = done.iter().map(StripEncoder::jpeg).collect::<Result<Vec<_>, _>>();
        let jpeg = strips.and_then(|strips| splice(&strips).ok_or_else(|| Error::Codec(UNEQUAL.into())));
        self.spare.append(&mut done);
        jpeg
    }

    /// The rows of each strip; `None` if the picture is not to be divided, has too few rows of MCUs, or more
    /// MCUs than a restart interval can have.
    fn cut(&self, picture: &Picture, (across, down): (usize, usize)) -> Option<Vec<Range<usize>>> {
        let Picture { width, height, .. } = *picture;
        let strips = self.strips.of(width, height);
        let mcu_rows = height.div_ceil(down).div_ceil(strips);
        let rows = mcu_rows * down;
        let fits = strips > 1 && rows < height && mcu_rows * width.div_ceil(across) <= MOST_BETWEEN_RESTARTS;
        fits.then(|| (0..height).step_by(rows).map(|top| top..height.min(top + rows)).collect())
    }

    fn strip_encoder(&mut self) -> Result<StripEncoder, Error> {
        self.spare.pop().map_or_else(|| StripEncoder::new(self.quality), Ok)
    }
}

/// The rows of a whole picture, if its size is valid.
fn whole(picture: &Picture) -> Result<Band<'_>, Error> {
    check_size(picture.width, picture.height)?;
    let (found, expected) = (picture.bytes().len(), picture.expected_bytes());
    let band = Band::of(picture, 0, picture.height).filter(|_| found == expected);
    band.ok_or(Error::WrongLength { found, expected })
}

/// Refuses empty pictures and sizes that would take too much memory.
pub(crate) fn check_size(width: usize, height: usize) -> Result<(), Error> {
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

pub(super) fn reason(error: turbojpeg::Error) -> String {
    match error {
        turbojpeg::Error::TurboJpegError(text) => text,
        other => other.to_string(),
    }
}
