//! Applies the rate controller's setting to frames: see [`super::rate_control`].

use std::{sync::Arc, time::Instant};

use tracing::{debug, info};

use super::{job::AdaptOptions, rate_control::RateControl, setting::SendSetting};
use crate::{
    jpeg::{self, Encoder},
    picture::{Picture, Scaler},
};

/// Smallest side of a scaled picture, in pixels.
const SMALLEST: usize = 64;

pub(super) struct Adaptation {
    control: RateControl,
    adapt: AdaptOptions,
    scaler: Scaler,
    /// The requested quality.
    chosen: u8,
}

impl Adaptation {
    pub(super) fn new(quality: u8, adapt: AdaptOptions) -> Self {
        let control = RateControl::new(quality, adapt.max_age);
        Self { control, adapt, scaler: Scaler::default(), chosen: quality }
    }

    /// Whether frames are sent unchanged.
    pub(super) fn is_full(&self) -> bool {
        self.control.is_full()
    }

    /// Applies the relay's newest report; returns the share of the frames to send.
    pub(super) fn adapt(&mut self, encoder: &mut Encoder, now: Instant) -> Result<f64, jpeg::Error> {
        let report = *self.adapt.reports.borrow();
        let was_full = self.is_full();
        if let Some(report) = report
            && self.control.on_report(&report, now)
        {
            let SendSetting { quality, rate, scale } = self.control.setting();
            encoder.set_quality(quality)?;
            let (queued, lost) = (report.queued.as_millis(), report.lost);
            let setting = format!(
                "quality {quality}, {:.0} % of the frames, {:.0} % of the size",
                rate * 100.0,
                scale * 100.0
            );
            match (was_full, self.is_full()) {
                (true, _) => info!(
                    "the link is congested: frames wait {queued} ms in queues, viewers lose {lost} % of them; \
                     sending {setting}"
                ),
                (_, true) => info!("the link has recovered: sending {setting}"),
                _ => debug!("frames wait {queued} ms in queues, viewers lose {lost} %: sending {setting}"),
            }
        }
        Ok(self.control.setting().rate)
    }

    /// Notes that a received JPEG is to be encoded again: its quality is never raised.
    pub(super) fn note_source_quality(
        &mut self,
        jpeg: &[u8],
        encoder: &mut Encoder,
    ) -> Result<(), jpeg::Error> {
        if let Some(quality) = jpeg::quality(jpeg) {
            self.control.set_quality(quality.min(self.chosen));
            encoder.set_quality(self.control.setting().quality)?;
        }
        Ok(())
    }

    /// Whether pictures keep their size.
    pub(super) fn keeps_size(&self) -> bool {
        self.control.setting().scale >= 1.0
    }

    /// The picture at the size to be sent.
    pub(super) fn scaled(&mut self, picture: Arc<Picture>) -> Arc<Picture> {
        let scale = self.control.setting().scale;
        if scale >= 1.0 {
            return picture;
        }
        // Even sides, as chroma has half of them.
        let side = |side: usize| ((side as f64 * scale) as usize / 2 * 2).max(SMALLEST.min(side));
        match self.scaler.cover(&picture, (side(picture.width), side(picture.height))) {
            Ok(scaled) => Arc::new(scaled),
            Err(error) => {
                debug!("cannot scale the picture: {error}");
                picture
            }
        }
    }
}
