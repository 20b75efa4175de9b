//! Encoding of one strip, on any thread.

use std::{ops::Range, sync::Arc};

use turbojpeg::Compressor;

use super::{
    Error,
    band::Band,
    encoder::{codec, reason},
    job_queue::Job,
};
use crate::picture::Picture;

/// A compressor with its scratch buffer.
pub(super) struct StripEncoder {
    compressor: Compressor,
    scratch: Vec<u8>,
    /// The length of the last JPEG, or the reason why there is none.
    made: Result<usize, String>,
}

/// A strip that any thread can encode.
pub(super) struct SharedStrip {
    pub(super) encoder: StripEncoder,
    pub(super) picture: Arc<Picture>,
    pub(super) rows: Range<usize>,
}

impl StripEncoder {
    pub(super) fn new(quality: u8) -> Result<Self, Error> {
        let compressor = Compressor::new().map_err(codec)?;
        let mut encoder = Self { compressor, scratch: Vec::new(), made: Ok(0) };
        encoder.set_quality(quality)?;
        Ok(encoder)
    }

    pub(super) fn set_quality(&mut self, quality: u8) -> Result<(), Error> {
        self.compressor.set_quality(i32::from(quality)).map_err(codec)
    }

    pub(super) fn work(&mut self, band: &Band<'_>) {
        self.made = band.compress(&mut self.compressor, &mut self.scratch).map_err(reason);
    }

    /// Encodes some rows of a picture, from an even one on.
    pub(super) fn work_on(&mut self, picture: &Picture, rows: &Range<usize>) {
        match Band::of(picture, rows.start, rows.len()) {
            Some(band) => self.work(&band),
            None => self.made = Err("rows outside the picture".into()),
        }
    }

    /// The JPEG that was made last.
    pub(super) fn jpeg(&self) -> Result<&[u8], Error> {
        let length = self.made.clone().map_err(Error::Codec)?;
        Ok(self.scratch.get(..length).unwrap_or_default())
    }
}

impl Job for SharedStrip {
    fn run(&mut self) {
        self.encoder.work_on(&self.picture, &self.rows);
    }
}
