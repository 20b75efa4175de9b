//! What the viewer does with the frames of a link, and the credit that the relay gets for it.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use super::session::Session;
use crate::{
    clock::now,
    feedback::{Credit, Outcome},
    sync::lock,
    wire::Receipt,
};

/// Tells a link which frames its viewer is busy with. If that is slower than what arrives, the link limits what
/// our relay sends; a viewer that does not tell is sent everything. It does not keep the link.
#[derive(Clone, Debug)]
pub struct Handling(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    credit: Mutex<Credit>,
    /// Notified when the viewer is done with a frame while the relay is limited.
    done: Notify,
}

/// A frame that the viewer is busy with, until this is dropped.
#[derive(Debug)]
pub struct FrameInHand {
    shared: Arc<Shared>,
    since: Instant,
    given_up: bool,
}

impl Handling {
    pub(super) fn new() -> Self {
        Self(Arc::new(Shared { credit: Mutex::new(Credit::new(now())), done: Notify::new() }))
    }

    /// Records that the viewer has taken a frame out of the inbox and begins to work on it. `may_miss` tells
    /// whether it can do without some frames; the last call counts.
    #[must_use]
    pub fn take_up(&self, may_miss: bool) -> FrameInHand {
        let since = now();
        let mut credit = self.credit();
        credit.taken_up(may_miss, since);
        if credit.is_limited() && !may_miss {
            self.0.done.notify_one();
        }
        FrameInHand { shared: Arc::clone(&self.0), since, given_up: false }
    }

    pub(super) fn credit(&self) -> MutexGuard<'_, Credit> {
        lock(&self.0.credit)
    }
}

impl FrameInHand {
    /// Records that a newer frame has replaced it before it could be shown.
    pub fn give_up(mut self) {
        self.given_up = true;
    }
}

impl Drop for FrameInHand {
    fn drop(&mut self) {
        let now = now();
        let outcome = if self.given_up {
            Outcome::GivenUp
        } else {
            Outcome::Used(now.saturating_duration_since(self.since))
        };
        let mut credit = lock(&self.shared.credit);
        credit.done(outcome, now);
        if credit.is_limited() {
            self.shared.done.notify_one();
        }
    }
}

impl Session<'_> {
    /// Tells the relay how many frames are wanted each time that the viewer is done with one.
    pub(super) async fn give_credit(&self) -> Infallible {
        loop {
            self.hub.handling.0.done.notified().await;
            self.tell_credit();
        }
    }

    /// Tells the relay which frame is the last that is wanted, if that has changed.
    pub(super) fn tell_credit(&self) {
        let waiting = self.hub.inbox.waiting_frames();
        let round_trip = self.round_trip();
        let mut credit = self.hub.handling.credit();
        let until = credit.tell(waiting, round_trip, now());
        let is_limited = credit.is_limited();
        drop(credit);
        if until.is_some() {
            self.hub.streams().limited(is_limited);
            self.hub.counters.credits_sent.fetch_add(1, Relaxed);
            self.writer.send_receipt(Receipt::default().with(|receipt| receipt.until = until));
        }
    }

    /// The shortest of the last round trips; zero if none is known.
    fn round_trip(&self) -> Duration {
        let best = self.lock().offsets.best();
        best.map(|offset| 2 * offset.uncertainty()).unwrap_or_default()
    }
}
