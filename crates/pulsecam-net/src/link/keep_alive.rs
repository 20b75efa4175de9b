//! Timing of heartbeats: when to send one, and when the peer counts as dead.

use std::time::{Duration, Instant};

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeepAliveAction {
    /// Send a heartbeat, and poll again.
    Send,
    /// The peer is dead: nothing was received within the timeout.
    Dead,
    /// Do nothing until this time.
    Wait(Instant),
}

/// Heartbeats within the silence that the relay tolerates, so that two may be late.
const BEATS_IN_SILENCE: u32 = 3;

/// The shortest interval that a relay can cause, so that heartbeats do not become a load.
const SHORTEST: Duration = Duration::from_millis(100);

/// Liveness of the peer: any received byte proves it alive, and a heartbeat each interval provokes one.
#[derive(Clone, Debug)]
pub(super) struct KeepAlive {
    interval: Duration,
    /// The longest interval that the relay tolerates.
    tolerated: Duration,
    timeout: Duration,
    heard: Instant,
    next: Instant,
}

impl KeepAlive {
    /// Starts with a link that came up at `now`. The first heartbeat is due at once, to measure the round
    /// trip.
    #[must_use]
    pub(super) const fn new(interval: Duration, timeout: Duration, now: Instant) -> Self {
        Self { interval, tolerated: Duration::MAX, timeout, heard: now, next: now }
    }

    /// The silence after which the peer is dead.
    pub(super) const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Sets the interval of heartbeats, and the silence after which the peer is dead. Returns true if heartbeats become
    /// more frequent.
    pub(super) fn expect(&mut self, interval: Duration, timeout: Duration, now: Instant) -> bool {
        let before = self.due_every();
        (self.interval, self.timeout) = (interval, timeout);
        self.hurry(before, now)
    }

    /// Sets the silence of ours after which the relay closes the connection. Heartbeats become frequent
    /// enough for it. Returns true if they become more frequent.
    pub(super) fn must_not_be_silent_for(&mut self, limit: Duration, now: Instant) -> bool {
        let before = self.due_every();
        self.tolerated = self.tolerated.min((limit / BEATS_IN_SILENCE).max(SHORTEST));
        self.hurry(before, now)
    }

    fn due_every(&self) -> Duration {
        self.interval.min(self.tolerated)
    }

    /// Brings the next heartbeat forward if the interval was longer before.
    fn hurry(&mut self, before: Duration, now: Instant) -> bool {
        let wanted = self.due_every();
        if wanted < before {
            self.next = self.next.min(now + wanted);
        }
        wanted < before
    }

    /// Records that something was received.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard = self.heard.max(now);
    }

    /// Decides what to do at `now`. After missed heartbeats (a suspended laptop) only one is sent.
    pub(super) fn poll(&mut self, now: Instant) -> KeepAliveAction {
        let dead = self.heard + self.timeout;
        if now >= dead {
            return KeepAliveAction::Dead;
        }
        if now >= self.next {
            self.next = now + self.due_every();
            return KeepAliveAction::Send;
        }
        KeepAliveAction::Wait(self.next.min(dead))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn heartbeats_go_out_at_the_interval_until_silence_is_too_long() {
        let start = Instant::now();
        let mut keep_alive = KeepAlive::new(3 * S, 10 * S, start);
        let mut sent = Vec::new();
        let mut now = start;
        let dead = loop {
            match keep_alive.poll(now) {
                KeepAliveAction::Send => sent.push(now.duration_since(start).as_secs()),
                KeepAliveAction::Wait(until) => {
                    assert!(until > now);
                    now = until;
                }
                KeepAliveAction::Dead => break now.duration_since(start),
            }
        };
        assert_eq!(sent, [0, 3, 6, 9]);
        assert_eq!(dead, 10 * S);
    }

    #[test]
    fn any_byte_keeps_the_link_alive() {
        let start = Instant::now();
        let mut keep_alive = KeepAlive::new(3 * S, 10 * S, start);
        keep_alive.heard(start + 9 * S);
        assert_eq!(keep_alive.poll(start + 18 * S), KeepAliveAction::Send);
        assert_eq!(keep_alive.poll(start + 18 * S), KeepAliveAction::Wait(start + 19 * S));
        assert_eq!(keep_alive.poll(start + 19 * S), KeepAliveAction::Dead);
    }

    #[test]
    fn a_relay_that_is_less_patient_hears_more_often() {
        let start = Instant::now();
        let mut keep_alive = KeepAlive::new(3 * S, 10 * S, start);
        assert_eq!(keep_alive.poll(start), KeepAliveAction::Send);
        assert!(!keep_alive.must_not_be_silent_for(15 * S, start), "often enough already");
        assert_eq!(keep_alive.poll(start), KeepAliveAction::Wait(start + 3 * S));
        assert!(keep_alive.must_not_be_silent_for(2 * S, start + S / 2));
        assert_eq!(keep_alive.poll(start + S / 2), KeepAliveAction::Wait(start + S / 2 + 2 * S / 3));
        assert_eq!(keep_alive.poll(start + 2 * S), KeepAliveAction::Send);
        assert_eq!(keep_alive.poll(start + 2 * S), KeepAliveAction::Wait(start + 2 * S + 2 * S / 3));
        assert!(keep_alive.must_not_be_silent_for(Duration::ZERO, start + 2 * S));
        assert_eq!(keep_alive.poll(start + 2 * S), KeepAliveAction::Wait(start + 2 * S + SHORTEST));
    }

    #[test]
    fn what_is_expected_can_change() {
        let start = Instant::now();
        let mut keep_alive = KeepAlive::new(3 * S, 10 * S, start);
        assert_eq!(keep_alive.poll(start), KeepAliveAction::Send);
        assert!(keep_alive.expect(S, 3 * S, start), "another relay is known");
        assert!(!keep_alive.expect(S, 3 * S, start));
        assert_eq!(keep_alive.poll(start), KeepAliveAction::Wait(start + S));
        assert_eq!(keep_alive.poll(start + 3 * S), KeepAliveAction::Dead);
        assert!(!keep_alive.expect(3 * S, 10 * S, start), "it is gone");
        assert!(keep_alive.must_not_be_silent_for(S, start));
        assert!(!keep_alive.expect(2 * S, 10 * S, start), "the relay's limit stays");
        assert_eq!(keep_alive.timeout(), 10 * S);
    }

    #[test]
    fn the_references_own_figures_can_be_set() {
        let start = Instant::now();
        let mut keep_alive = KeepAlive::new(3 * S, 300 * S, start);
        assert_eq!(keep_alive.poll(start + 299 * S), KeepAliveAction::Send);
        assert_eq!(keep_alive.poll(start + 300 * S), KeepAliveAction::Dead);
    }
}
