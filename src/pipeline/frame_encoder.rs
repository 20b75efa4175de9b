//! Encodes frames as JPEG, at the quality and size that the link carries.

use std::{
    borrow::Cow,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Instant,
};

use bytes::Bytes;

use super::{job::Job, lessen::Lessen, tally::Tally};
use crate::{
    capture::FrameData,
    jpeg::{self, Decoder, Encoder, Strips},
    picture::Picture,
};

pub(super) struct FrameEncoder {
    tally: Arc<Tally>,
    encoder: Encoder,
    /// Whether every JPEG is encoded again, because another quality than the source's was requested.
    reencodes: bool,
    /// Created when the first JPEG has to be decoded.
    decoder: Option<Decoder>,
    strips: Strips,
    /// Reduces the stream if the link is slow.
    lessen: Option<Lessen>,
}

impl FrameEncoder {
    pub(super) fn new(job: &Job, tally: Arc<Tally>) -> Result<Self, jpeg::Error> {
        let quality = job.quality.unwrap_or(Encoder::DEFAULT_QUALITY);
        Ok(Self {
            tally,
            encoder: Encoder::new(quality)?.with_strips(job.strips),
            reencodes: job.quality.is_some(),
            decoder: None,
            strips: job.strips,
            lessen: job.freshness.clone().map(|freshness| Lessen::new(quality, freshness)),
        })
    }

    /// Whether JPEG is passed through unchanged.
    pub(super) fn passes_through(&self) -> bool {
        !self.reencodes && self.lessen.as_ref().is_none_or(Lessen::is_full)
    }

    /// Adapts to the link; returns the share of the frames to send.
    pub(super) fn adapt(&mut self, now: Instant) -> Result<f64, jpeg::Error> {
        self.lessen.as_mut().map_or(Ok(1.0), |lessen| lessen.adapt(&mut self.encoder, now))
    }

    /// A frame as JPEG.
    pub(super) fn jpeg(&mut self, data: &FrameData) -> Result<Bytes, jpeg::Error> {
        let picture = match data {
            FrameData::Jpeg(jpeg) if self.passes_through() => {
                self.tally.passed_through.fetch_add(1, Relaxed);
                return Ok(jpeg.clone());
            }
            FrameData::Jpeg(jpeg) => {
                let decoder = match &mut self.decoder {
                    Some(decoder) => decoder,
                    empty => empty.insert(Decoder::new()?.with_strips(self.strips)),
                };
                let picture = decoder.decode_rgb(jpeg)?;
                if let Some(lessen) = self.lessen.as_mut().filter(|_| !self.reencodes) {
                    lessen.note_source_quality(jpeg, &mut self.encoder)?;
                }
                Cow::Owned(picture)
            }
            FrameData::Picture(picture) => Cow::Borrowed(picture),
        };
        let picture = match &mut self.lessen {
            Some(lessen) => lessen.scaled(picture),
            None => picture,
        };
        let jpeg = self.encoder.encode(&picture)?;
        if let FrameData::Jpeg(original) = data
            && !self.reencodes
            && self.lessen.as_ref().is_some_and(Lessen::keeps_size)
            && original.len() <= jpeg.len()
        {
            // The encoded picture is not smaller than the original.
            self.tally.passed_through.fetch_add(1, Relaxed);
            return Ok(original.clone());
        }
        self.tally.encoded.fetch_add(1, Relaxed);
        Ok(jpeg)
    }

    /// A picture that is not the source's as JPEG; not counted.
    pub(super) fn encode(&mut self, picture: &Picture) -> Result<Bytes, jpeg::Error> {
        self.encoder.encode(picture)
    }
}
