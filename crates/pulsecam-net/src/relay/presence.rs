//! Presence of a client. It comprises whether the client views, whether it wants the number of viewers, and
//! what its next heartbeat carries.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use super::wanted_stream::WantedStream;
use crate::{
    sync::lock,
    wire::{Departed, Heartbeat},
};

/// What the relay knows about one client from its heartbeats.
#[derive(Debug)]
pub(super) struct Presence {
    due: Mutex<PendingHeartbeat>,
    views: AtomicBool,
    asks: AtomicBool,
    ours: AtomicBool,
    pieces: AtomicBool,
    rests: AtomicBool,
    /// The streams whose frames it wants.
    pub(super) wanted: WantedStream,
    /// The number of other viewers that was last sent; [`NEVER_TOLD`] before.
    told: AtomicU64,
}

/// Stands for no number sent yet.
const NEVER_TOLD: u64 = u64::MAX;

/// The contents due in the next heartbeat to a client. A mailbox keeps only the newest heartbeat, and a
/// notice must not replace an answer, because answers confirm texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PendingHeartbeat {
    /// The answer to its newest heartbeat.
    pub(super) answer: Option<Heartbeat>,
    /// The number of viewers, which has changed.
    pub(super) notice: bool,
    /// The report on its video.
    pub(super) report: bool,
    /// A sign of life, because the client is not being read for a while.
    pub(super) alive: bool,
    /// Connections that have ended.
    pub(super) gone: Departed,
}

impl PendingHeartbeat {
    /// Combines both, with the newer answer.
    pub(super) fn and(self, newer: Self) -> Self {
        Self {
            answer: newer.answer.or(self.answer),
            notice: self.notice || newer.notice,
            report: self.report || newer.report,
            alive: self.alive || newer.alive,
            gone: self.gone.and(newer.gone),
        }
    }
}

impl Presence {
    /// Every client counts as a viewer until it says otherwise: an old one never says anything.
    pub(super) fn new() -> Self {
        let no = || AtomicBool::new(false);
        Self {
            due: Mutex::default(),
            views: AtomicBool::new(true),
            asks: no(),
            ours: no(),
            pieces: no(),
            rests: no(),
            wanted: WantedStream::default(),
            told: AtomicU64::new(NEVER_TOLD),
        }
    }

    /// Whether it is a client of ours, which understands our attributes.
    pub(super) fn is_pulsecam(&self) -> bool {
        self.ours.load(Relaxed)
    }

    /// Records that it is a client of ours.
    pub(super) fn mark_pulsecam(&self) {
        self.ours.store(true, Relaxed);
    }

    /// Whether it takes frames in pieces.
    pub(super) fn takes_pieces(&self) -> bool {
        self.pieces.load(Relaxed)
    }

    /// Records that it takes frames in pieces; returns whether that is new.
    pub(super) fn says_pieces(&self) -> bool {
        !self.pieces.swap(true, Relaxed)
    }

    /// Whether it takes no frame for a while, because it asked for fewer a second.
    pub(super) fn rests(&self) -> bool {
        self.rests.load(Relaxed)
    }

    /// Records whether it takes no frame for a while.
    #[cfg(feature = "web")]
    pub(super) fn rest(&self, rests: bool) {
        self.rests.store(rests, Relaxed);
    }

    /// Whether it may show video.
    pub(super) fn views(&self) -> bool {
        self.views.load(Relaxed)
    }

    /// Whether it wants the number of other viewers.
    pub(super) fn asks(&self) -> bool {
        self.asks.load(Relaxed)
    }

    /// Records the number of other viewers that is being sent.
    pub(super) fn told(&self, viewers: u32) {
        self.told.store(viewers.into(), Relaxed);
    }

    /// Whether this number was the last one sent.
    pub(super) fn was_told(&self, viewers: u32) -> bool {
        self.told.load(Relaxed) == u64::from(viewers)
    }

    /// Records what its heartbeat says; returns whether that changed.
    pub(super) fn says(&self, views: bool) -> bool {
        self.asks.store(true, Relaxed);
        self.views.swap(views, Relaxed) != views
    }

    /// Records that it has left; returns whether it viewed.
    pub(super) fn leaves(&self) -> bool {
        self.views.swap(false, Relaxed)
    }

    /// Adds contents for its next heartbeat.
    pub(super) fn add(&self, more: PendingHeartbeat) {
        let mut due = lock(&self.due);
        *due = due.and(more);
    }

    /// Takes the contents of its next heartbeat.
    pub(super) fn take(&self) -> PendingHeartbeat {
        std::mem::take(&mut *lock(&self.due))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn a_notice_never_takes_the_place_of_an_answer() {
        let answer = |micros| {
            let t1 = Some(Timestamp::from_micros(micros));
            PendingHeartbeat {
                answer: Some(Heartbeat::default().with(|beat| beat.t1 = t1)),
                ..PendingHeartbeat::default()
            }
        };
        let notice = PendingHeartbeat { notice: true, ..PendingHeartbeat::default() };
        let presence = Presence::new();
        for due in [answer(1), notice, answer(2), notice] {
            presence.add(due);
        }
        assert_eq!(presence.take(), PendingHeartbeat { notice: true, ..answer(2) });
        assert_eq!(presence.take(), PendingHeartbeat::default());
    }

    #[test]
    fn only_changes_count() {
        let presence = Presence::new();
        assert!(presence.views() && !presence.asks());
        assert!(!presence.says(true));
        assert!(presence.asks());
        assert!(presence.says(false));
        assert!(!presence.says(false));
        assert!(!presence.leaves());
    }
}
