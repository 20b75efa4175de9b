//! How a source's frames are sent.

use std::time::Duration;

use tokio::sync::watch;

use super::{selector::SourceSelector, self_view::SelfView, switch::Switch};
use crate::{jpeg::Strips, link::DeliveryReport};

/// Number of viewers as reported by the relay; `None` if it reports none.
pub type Viewers = watch::Receiver<Option<u32>>;

/// The limit for queueing delay, and the reports of it.
#[derive(Clone, Debug)]
pub struct AdaptOptions {
    /// Largest queueing delay, in addition to the propagation delay.
    pub max_age: Duration,
    /// The relay's reports ([`Link::reports`](crate::link::Link::reports)).
    pub reports: watch::Receiver<Option<DeliveryReport>>,
}

/// How to send a source's frames.
#[derive(Clone, Debug, Default)]
pub struct Job {
    /// JPEG quality; `None` passes JPEG through unchanged, and encodes other formats at the default quality.
    pub quality: Option<u8>,
    /// The stream's name.
    pub name: String,
    /// Ends after this many frames were sent, or skipped because nobody views.
    pub frames: Option<u64>,
    /// Ends after this duration.
    pub time: Option<Duration>,
    /// Whether pictures are coded in strips.
    pub strips: Strips,
    /// Drops frames that are the same as the one before.
    pub skip_still: bool,
    /// Limit for queueing delay; `None` sends all frames unchanged, however long they wait.
    pub adapt: Option<AdaptOptions>,
    /// While it reports no viewers, nothing is encoded or sent.
    pub viewers: Option<Viewers>,
    /// The self view, which is shown also while nobody else views.
    pub self_view: Option<SelfView>,
    /// Turns the source off and on; while it is off, viewers get a card.
    pub switch: Option<Switch>,
    /// Replaces the source while it runs.
    pub selector: Option<SourceSelector>,
}

impl Job {
    /// The number of viewers now, if known.
    pub(super) fn viewer_count(&self) -> Option<u32> {
        *self.viewers.as_ref()?.borrow()
    }

    /// Whether the source is switched off.
    pub(super) fn is_off(&self) -> bool {
        self.switch.as_ref().is_some_and(|switch| !switch.is_on())
    }
}
