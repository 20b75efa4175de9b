//! Sends frames, and a card while the source gives none.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use bytes::Bytes;
use tracing::{debug, info, warn};

use super::{
    counters::PipelineCounters,
    frame_encoder::FrameEncoder,
    frame_filter::{FrameFilter, Reason},
    job::Job,
    placeholder::Placeholders,
};
use crate::{
    capture::{Frame, FrameData},
    clock::Timestamp,
    jpeg,
    wire::FrameInfo,
};

/// Filter, encoder and card in front of a sink.
pub(super) struct FrameSender<F> {
    job: Job,
    counters: Arc<PipelineCounters>,
    filter: FrameFilter,
    encoder: FrameEncoder,
    placeholders: Placeholders,
    /// Size of the last picture, for the card in its place.
    size: Option<(usize, usize)>,
    sink: F,
}

/// The result of sending a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was not to be sent.
    Dropped,
    /// It cannot be encoded.
    Failed,
    Sent,
}

impl<F: FnMut(FrameInfo, Bytes)> FrameSender<F> {
    pub(super) fn new(job: &Job, counters: Arc<PipelineCounters>, sink: F) -> Result<Self, jpeg::Error> {
        let (filter, encoder) = (FrameFilter::new(job), FrameEncoder::new(job, Arc::clone(&counters))?);
        Ok(Self {
            job: job.clone(),
            counters,
            filter,
            encoder,
            placeholders: Placeholders::default(),
            size: None,
            sink,
        })
    }

    /// Whether a frame costs no work, so that the source's own thread can send it: waking another thread
    /// costs more than passing on a JPEG.
    pub(super) fn is_free(&self, frame: &Frame) -> bool {
        self.encoder.passes_through() && matches!(frame.data, FrameData::Jpeg(_))
    }

    /// Whether all requested frames have been handled, including those that nobody viewed.
    pub(super) fn is_done(&self) -> bool {
        self.filter.is_done(self.counters.unseen.load(Relaxed))
    }

    /// Sends a frame, or drops it. One that was sent is passed to [`FrameSender::sent`] after use.
    pub(super) fn send(&mut self, frame: &Frame, now: Instant) -> Outcome {
        if self.is_done() {
            self.counters.surplus();
            return Outcome::Dropped;
        }
        // Checked here as well as by the source's thread, which may hang in a driver.
        if self.job.is_off() {
            return self.dropped(|counters| &counters.switched_off);
        }
        self.placeholders.reset();
        if self.job.switch.is_some() {
            self.size = size(&frame.data).or(self.size);
        }
        match self.filter.drops(frame, now) {
            Some(Reason::Superseded) => return self.dropped(|counters| &counters.skipped),
            Some(Reason::Duplicate) => return self.dropped(|counters| &counters.still),
            None => {}
        }
        if self.encoder.adapt(now).is_ok_and(|rate| self.filter.thins(rate)) {
            return self.dropped(|counters| &counters.thinned);
        }
        match self.encoder.jpeg(&frame.data) {
            // The source was switched off during encoding: the picture must not be sent.
            Ok(_) if self.job.is_off() => _ = self.counters.switched_off.fetch_add(1, Relaxed),
            Ok(jpeg) => {
                let info = self.info(frame.captured).with_seq(frame.seq);
                self.counters.handed_on.fetch_add(1, Relaxed);
                (self.sink)(info, jpeg);
            }
            Err(error) => {
                self.failed(frame.seq, &error);
                return Outcome::Failed;
            }
        }
        Outcome::Sent
    }

    /// Notes the data of a frame that was sent; returns data that are no longer needed.
    pub(super) fn sent(&mut self, data: FrameData, now: Instant) -> Option<FrameData> {
        self.filter.sent(data, now)
    }

    fn dropped(&self, counter: impl Fn(&PipelineCounters) -> &AtomicU64) -> Outcome {
        counter(&self.counters).fetch_add(1, Relaxed);
        Outcome::Dropped
    }

    fn failed(&self, seq: u64, error: &jpeg::Error) {
        let error = error.to_string();
        if self.counters.reasons().failed.replace(error.clone()).is_none() {
            warn!("dropped frame {seq}: {error}");
        } else {
            debug!("dropped frame {seq}: {error}");
        }
        self.counters.failed.fetch_add(1, Relaxed);
    }

    fn info(&self, captured: Timestamp) -> FrameInfo {
        FrameInfo::default()
            .with_stream(self.job.name.clone())
            .with_captured(captured)
            .with_encoded(Timestamp::now())
    }

    /// Notes the position of the switch; returns true if it was turned off.
    pub(super) fn note_switch(&mut self, now: Instant) -> bool {
        if self.job.switch.is_none() {
            return false;
        }
        let on = !self.job.is_off();
        let is_new = self.counters.health().switched(on, &self.job.name, self.size, now);
        if is_new {
            info!("the camera is {}", if on { "on" } else { "off" });
        }
        is_new && !on
    }

    /// Sends a card if the source has given nothing for too long, and one is due.
    pub(super) fn send_placeholder(&mut self, now: Instant) {
        let Some(silence) = self.counters.health().silence(now) else { return };
        let Some(jpeg) = self.placeholders.due(&silence, self.job.viewer_count(), &mut self.encoder, now)
        else {
            return;
        };
        let card = if silence.off { FrameInfo::CAMERA_OFF } else { FrameInfo::NO_SIGNAL };
        let info = self.info(Timestamp::now()).with_card(card);
        self.counters.cards.fetch_add(1, Relaxed);
        (self.sink)(info, jpeg);
    }
}

/// Width and height in pixels.
fn size(data: &FrameData) -> Option<(usize, usize)> {
    match data {
        FrameData::Picture(picture) => Some((picture.width, picture.height)),
        FrameData::Jpeg(jpeg) => jpeg::header(jpeg).ok().map(|header| (header.width, header.height)),
    }
}
