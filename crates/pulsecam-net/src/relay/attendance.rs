//! Whether a client views, whether it wants to know who else does, and what its next heartbeat has to say.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use crate::wire::Heartbeat;

/// What the relay knows of one client from its heartbeats.
#[derive(Debug)]
pub(super) struct Attendance {
    due: Mutex<Due>,
    views: AtomicBool,
    asks: AtomicBool,
    ours: AtomicBool,
    /// How many others view, as it was last told; [`NEVER_TOLD`] before.
    told: AtomicU64,
}

/// No number of viewers.
const NEVER_TOLD: u64 = u64::MAX;

/// What the next heartbeat to a client has to say. A hand-over keeps the newest heartbeat only, and a notice must not take the
/// place of an answer: texts are confirmed by answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Due {
    /// The answer to the newest of its own.
    pub(super) answer: Option<Heartbeat>,
    /// The number of viewers has changed.
    pub(super) notice: bool,
    /// It wants to know what came of its video.
    pub(super) report: bool,
    /// It is not read for a while, and is to know that the relay is alive.
    pub(super) alive: bool,
}

impl Due {
    /// Both, with the newer answer.
    pub(super) fn and(self, newer: Self) -> Self {
        Self {
            answer: newer.answer.or(self.answer),
            notice: self.notice || newer.notice,
            report: self.report || newer.report,
            alive: self.alive || newer.alive,
        }
    }
}

impl Attendance {
    /// Whoever comes views until it says otherwise: an old peer never says anything.
    pub(super) fn new() -> Self {
        let no = || AtomicBool::new(false);
        Self {
            due: Mutex::default(),
            views: AtomicBool::new(true),
            asks: no(),
            ours: no(),
            told: AtomicU64::new(NEVER_TOLD),
        }
    }

    /// Whether it understands more than an old program.
    pub(super) fn is_ours(&self) -> bool {
        self.ours.load(Relaxed)
    }

    /// It has shown that it does.
    pub(super) fn shows_ours(&self) {
        self.ours.store(true, Relaxed);
    }

    /// Whether it may show video.
    pub(super) fn views(&self) -> bool {
        self.views.load(Relaxed)
    }

    /// Whether it is to be told how many others may.
    pub(super) fn asks(&self) -> bool {
        self.asks.load(Relaxed)
    }

    /// It is being told how many others view.
    pub(super) fn told(&self, viewers: u32) {
        self.told.store(viewers.into(), Relaxed);
    }

    /// Whether it was told this number last.
    pub(super) fn knows(&self, viewers: u32) -> bool {
        self.told.load(Relaxed) == u64::from(viewers)
    }

    /// What its heartbeat says of it; whether that is new.
    pub(super) fn says(&self, views: bool) -> bool {
        self.asks.store(true, Relaxed);
        self.views.swap(views, Relaxed) != views
    }

    /// It has left; whether it viewed.
    pub(super) fn leaves(&self) -> bool {
        self.views.swap(false, Relaxed)
    }

    /// Something more for its next heartbeat.
    pub(super) fn add(&self, more: Due) {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        *due = due.and(more);
    }

    /// Takes what its next heartbeat has to say.
    pub(super) fn take(&self) -> Due {
        std::mem::take(&mut *self.due.lock().unwrap_or_else(PoisonError::into_inner))
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
            Due { answer: Some(Heartbeat { t1, ..Heartbeat::default() }), ..Due::default() }
        };
        let notice = Due { notice: true, ..Due::default() };
        let attendance = Attendance::new();
        for due in [answer(1), notice, answer(2), notice] {
            attendance.add(due);
        }
        assert_eq!(attendance.take(), Due { notice: true, ..answer(2) });
        assert_eq!(attendance.take(), Due::default());
    }

    #[test]
    fn only_changes_count() {
        let attendance = Attendance::new();
        assert!(attendance.views() && !attendance.asks());
        assert!(!attendance.says(true));
        assert!(attendance.asks());
        assert!(attendance.says(false));
        assert!(!attendance.says(false));
        assert!(!attendance.leaves());
    }
}
