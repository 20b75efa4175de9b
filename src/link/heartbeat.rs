//! When to ask for proof of life, and when to take the peer for dead.

use std::time::{Duration, Instant};

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send a heartbeat, and ask again.
    Send,
    /// The peer is dead: nothing was heard for the timeout.
    Dead,
    /// Nothing until then.
    Wait(Instant),
}

/// Any byte received proves the peer alive; a heartbeat goes out every interval to provoke one.
#[derive(Clone, Debug)]
pub struct Pulse {
    interval: Duration,
    timeout: Duration,
    heard: Instant,
    next: Instant,
}

impl Pulse {
    /// A link that came up at `now`. The first heartbeat is due at once: it measures the round trip.
    #[must_use]
    pub const fn new(interval: Duration, timeout: Duration, now: Instant) -> Self {
        Self { interval, timeout, heard: now, next: now }
    }

    /// Something was received.
    pub fn heard(&mut self, now: Instant) {
        self.heard = self.heard.max(now);
    }

    /// What to do at `now`. Where heartbeats were missed because nobody asked (a suspended laptop), one is sent, not
    /// all of them.
    pub fn poll(&mut self, now: Instant) -> Action {
        let dead = self.heard + self.timeout;
        if now >= dead {
            return Action::Dead;
        }
        if now >= self.next {
            self.next = now + self.interval;
            return Action::Send;
        }
        Action::Wait(self.next.min(dead))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn heartbeats_go_out_at_the_interval_until_silence_is_too_long() {
        let start = Instant::now();
        let mut pulse = Pulse::new(3 * S, 10 * S, start);
        let mut sent = Vec::new();
        let mut now = start;
        let dead = loop {
            match pulse.poll(now) {
                Action::Send => sent.push(now.duration_since(start).as_secs()),
                Action::Wait(until) => {
                    assert!(until > now);
                    now = until;
                }
                Action::Dead => break now.duration_since(start),
            }
        };
        assert_eq!(sent, [0, 3, 6, 9]);
        assert_eq!(dead, 10 * S);
    }

    #[test]
    fn any_byte_keeps_the_link_alive() {
        let start = Instant::now();
        let mut pulse = Pulse::new(3 * S, 10 * S, start);
        pulse.heard(start + 9 * S);
        assert_eq!(pulse.poll(start + 18 * S), Action::Send);
        assert_eq!(pulse.poll(start + 18 * S), Action::Wait(start + 19 * S));
        assert_eq!(pulse.poll(start + 19 * S), Action::Dead);
    }

    #[test]
    fn the_references_own_figures_can_be_set() {
        let start = Instant::now();
        let mut pulse = Pulse::new(3 * S, 300 * S, start);
        assert_eq!(pulse.poll(start + 299 * S), Action::Send);
        assert_eq!(pulse.poll(start + 300 * S), Action::Dead);
    }
}
