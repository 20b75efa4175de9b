//! Encodes frames as JPEG, at the quality and size that the link carries.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Instant,
};

use bytes::Bytes;

use super::{adaptation::Adaptation, counters::PipelineCounters, job::Job};
use crate::{
    capture::FrameData,
    jpeg::{self, Decoder, Encoder, Strips},
    picture::Picture,
};

pub(super) struct FrameEncoder {
    counters: Arc<PipelineCounters>,
    encoder: Encoder,
    /// Whether every JPEG is encoded again, because another quality than the source's was requested.
    reencodes: bool,
    /// Created when the first JPEG has to be decoded.
    decoder: Option<Decoder>,
    strips: Strips,
    /// Reduces the stream if the link is slow.
    adaptation: Option<Adaptation>,
}

impl FrameEncoder {
    pub(super) fn new(job: &Job, counters: Arc<PipelineCounters>) -> Result<Self, jpeg::Error> {
        let quality = job.quality.unwrap_or(Encoder::DEFAULT_QUALITY);
        Ok(Self {
            counters,
            encoder: Encoder::new(quality)?.with_strips(job.strips),
            reencodes: job.quality.is_some(),
            decoder: None,
            strips: job.strips,
            adaptation: job.adapt.clone().map(|adapt| Adaptation::new(quality, adapt)),
        })
    }

    /// Whether JPEG is passed through unchanged.
    pub(super) fn passes_through(&self) -> bool {
        !self.reencodes && self.adaptation.as_ref().is_none_or(Adaptation::is_full)
    }

    /// Adapts to the link; returns the share of the frames to send.
    pub(super) fn adapt(&mut self, now: Instant) -> Result<f64, jpeg::Error> {
        self.adaptation.as_mut().map_or(Ok(1.0), |adaptation| adaptation.adapt(&mut self.encoder, now))
    }

    /// A frame as JPEG.
    pub(super) fn jpeg(&mut self, data: &FrameData) -> Result<Bytes, jpeg::Error> {
        let picture = match data {
            FrameData::Jpeg(jpeg) if self.passes_through() => {
                self.counters.passed_through.fetch_add(1, Relaxed);
                return Ok(jpeg.clone());
            }
            FrameData::Jpeg(jpeg) => {
                let decoder = match &mut self.decoder {
                    Some(decoder) => decoder,
                    empty => empty.insert(Decoder::new()?.with_strips(self.strips)),
                };
                let picture = decoder.decode_rgb(jpeg)?;
                if let Some(adaptation) = self.adaptation.as_mut().filter(|_| !self.reencodes) {
                    adaptation.note_source_quality(jpeg, &mut self.encoder)?;
                }
                Arc::new(picture)
            }
            FrameData::Picture(picture) => Arc::clone(picture),
        };
        let picture = match &mut self.adaptation {
            Some(adaptation) => adaptation.scaled(picture),
            None => picture,
        };
        let jpeg = self.encoder.encode_shared(&picture)?;
        if let FrameData::Jpeg(original) = data
            && !self.reencodes
            && self.adaptation.as_ref().is_some_and(Adaptation::keeps_size)
            && original.len() <= jpeg.len()
        {
            // The encoded picture is not smaller than the original.
            self.counters.passed_through.fetch_add(1, Relaxed);
            return Ok(original.clone());
        }
        self.counters.encoded.fetch_add(1, Relaxed);
        Ok(jpeg)
    }

    /// A picture that is not the source's as JPEG; not counted.
    pub(super) fn encode(&mut self, picture: &Picture) -> Result<Bytes, jpeg::Error> {
        self.encoder.encode(picture)
    }
}
