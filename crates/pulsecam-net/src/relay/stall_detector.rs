//! Detects that this process stood still: stopped, suspended or starved.
//!
//! Meanwhile the system accepted connections and buffered what clients sent. Those frames are old, some of
//! them from clients that have reconnected since: they would arrive after newer ones. So video that waited in
//! a socket over a stall is not forwarded; what arrives after the socket was read empty is new.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use crate::sync::lock;

/// A pause of all clients' tasks that is longer than a busy machine causes, and that viewers notice.
const STANDSTILL: Duration = Duration::from_secs(2);

/// The time after a stall within which waiting connections are accepted.
const BACKLOG: Duration = Duration::from_secs(1);

/// The time after a stall during which a socket that seems empty may not be. Timers fire before the
/// system has reported which sockets are readable.
const UNCERTAIN: Duration = Duration::from_millis(100);

/// Detects standstills from the turns of clients' tasks, each of which reports regularly.
#[derive(Debug)]
pub(super) struct StallDetector {
    allowed: Duration,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    turned: Option<Instant>,
    ended: Option<Instant>,
}

impl StallDetector {
    /// Creates a detector; `often` is the longest time between two turns of a client's task.
    pub(super) fn new(often: Duration) -> Self {
        Self { allowed: often.saturating_mul(2).max(STANDSTILL), inner: Mutex::default() }
    }

    /// Records a turn of a client's task; returns when the last stall ended, if there was one.
    pub(super) fn turn(&self, now: Instant) -> Option<Instant> {
        let mut inner = lock(&self.inner);
        if inner.turned.is_some_and(|turned| now.saturating_duration_since(turned) > self.allowed) {
            inner.ended = Some(now);
        }
        inner.turned = inner.turned.max(Some(now));
        inner.ended
    }

    /// Records that no client is connected, so no task will turn until one joins.
    pub(super) fn pause(&self) {
        lock(&self.inner).turned = None;
    }
}

/// Whether one client's data may have waited over a stall.
#[derive(Clone, Copy, Debug)]
pub(super) struct InputAge {
    emptied: Option<Instant>,
}

impl InputAge {
    /// Starts with a connection that was accepted at `came`.
    pub(super) fn new(came: Instant) -> Self {
        Self { emptied: came.checked_sub(BACKLOG) }
    }

    /// Records that its socket was read empty; `ended`: when the last stall ended.
    pub(super) fn emptied(&mut self, now: Instant, ended: Option<Instant>) {
        if ended.is_none_or(|ended| now.saturating_duration_since(ended) >= UNCERTAIN) {
            self.emptied = Some(now);
        }
    }

    /// Whether arriving data may be from before a stall that ended at `ended`.
    pub(super) fn is_old(self, ended: Option<Instant>) -> bool {
        ended.is_some_and(|ended| self.emptied.is_none_or(|emptied| emptied < ended))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn what_waited_over_a_standstill_is_old_until_the_socket_was_empty() {
        let (stall_detector, start) = (StallDetector::new(S), Instant::now() + 100 * S);
        let mut waiting = InputAge::new(start);
        for second in 0..5 {
            let ended = stall_detector.turn(start + second * S);
            assert!(!waiting.is_old(ended), "{second}");
            waiting.emptied(start + second * S, ended);
        }
        let ended = stall_detector.turn(start + 20 * S);
        assert_eq!(ended, Some(start + 20 * S));
        assert!(waiting.is_old(ended));
        waiting.emptied(start + 20 * S, ended);
        assert!(waiting.is_old(ended), "the system has not reported readable sockets yet");
        waiting.emptied(start + 20 * S + UNCERTAIN, ended);
        assert!(!waiting.is_old(stall_detector.turn(start + 21 * S)));
    }

    #[test]
    fn connections_that_waited_are_old_too_and_later_ones_are_not() {
        let (stall_detector, start) = (StallDetector::new(S), Instant::now() + 100 * S);
        stall_detector.turn(start);
        let ended = stall_detector.turn(start + 20 * S);
        assert!(InputAge::new(start + 20 * S).is_old(ended));
        assert!(!InputAge::new(start + 22 * S).is_old(ended));
    }

    #[test]
    fn a_busy_machine_or_an_empty_relay_is_no_standstill() {
        let (stall_detector, start) = (StallDetector::new(S / 4), Instant::now());
        stall_detector.turn(start);
        assert_eq!(stall_detector.turn(start + STANDSTILL), None);
        stall_detector.pause();
        assert_eq!(stall_detector.turn(start + 500 * S), None);
    }
}
