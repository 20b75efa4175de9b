//! Makes less of frames where the link cannot carry them as they were chosen: see [`super::adapt`].

use std::{borrow::Cow, time::Instant};

use tracing::{debug, info};

use super::{
    adapt::{Adapt, Setting},
    outgoing::Freshness,
};
use crate::{
    capture::Scaler,
    clock::Timestamp,
    jpeg::{self, Encoder},
    picture::Picture,
};

/// The smallest side that a picture is scaled to.
const SMALLEST: usize = 64;

pub(super) struct Lessen {
    adapt: Adapt,
    freshness: Freshness,
    scaler: Scaler,
    /// Shares of frames that are due; at one, the next goes out.
    due: f64,
}

impl Lessen {
    pub(super) fn new(quality: u8, freshness: Freshness) -> Self {
        let adapt = Adapt::new(quality, freshness.max_age);
        Self { adapt, freshness, scaler: Scaler::default(), due: 0.0 }
    }

    /// Whether frames go out as they are.
    pub(super) const fn is_full(&self) -> bool {
        self.adapt.is_full()
    }

    /// Looks at what the relay tells; whether this frame is left out.
    pub(super) fn leaves_out(&mut self, encoder: &mut Encoder, now: Instant) -> Result<bool, jpeg::Error> {
        let report = *self.freshness.reports.borrow();
        let was_full = self.is_full();
        if let Some(report) = report
            && self.adapt.hear(&report, now, Timestamp::now())
        {
            let Setting { quality, rate, scale } = self.adapt.setting();
            encoder.set_quality(quality)?;
            let (age, lost) = (report.age().as_millis(), report.lost);
            let told = format!(
                "quality {quality}, {:.0} % of the frames, {:.0} % of the size",
                rate * 100.0,
                scale * 100.0
            );
            match (was_full, self.is_full()) {
                (true, _) => info!(
                    "the link is slow: frames came {age} ms old and {lost} % were lost to newer ones; going down to {told} \
                     (--adapt off keeps all)"
                ),
                (_, true) => info!("the link is well again: {told}"),
                _ => debug!("frames come {age} ms old, {lost} % are lost: {told}"),
            }
        }
        self.due += self.adapt.setting().rate;
        let out = self.due < 1.0;
        self.due -= if out { 0.0 } else { 1.0 };
        Ok(out)
    }

    /// The picture at the size that is to be sent.
    pub(super) fn scaled<'a>(&mut self, picture: Cow<'a, Picture>) -> Cow<'a, Picture> {
        let scale = self.adapt.setting().scale;
        if scale >= 1.0 {
            return picture;
        }
        // Even sides: half of them are chroma's.
        let side = |side: usize| ((side as f64 * scale) as usize / 2 * 2).max(SMALLEST.min(side));
        match self.scaler.cover(&picture, (side(picture.width), side(picture.height))) {
            Ok(scaled) => Cow::Owned(scaled),
            Err(error) => {
                debug!("not made smaller: {error}");
                picture
            }
        }
    }
}
