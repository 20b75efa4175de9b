//! What all connections of browsers share.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Mutex, OnceLock},
    time::{Duration, Instant},
};

use hyper::StatusCode;

use super::{config::Config, host::KnownHosts, sessions::Sessions};
use crate::{address::machine_name, clock, sync::lock};

/// A relay whose loop was silent for longer than this does not work. It runs once a second.
const HEALTHY: Duration = Duration::from_secs(3);

/// What all connections of browsers share.
#[derive(Debug)]
pub(in crate::relay) struct State {
    pub(super) config: Config,
    pub(super) hosts: KnownHosts,
    pub(super) sessions: Sessions,
    /// Answered requests, by endpoint and status.
    requests: Mutex<BTreeMap<(&'static str, u16), u64>>,
    /// Where browsers reach the relay, once it listens.
    pub(super) listening: OnceLock<SocketAddr>,
    /// When the relay's loop ran last.
    beat: Mutex<Instant>,
}

impl State {
    pub(in crate::relay) fn new(config: Config) -> Self {
        let mut names = config.names.clone();
        names.extend(machine_name());
        Self {
            hosts: KnownHosts::new(&names),
            config,
            sessions: Sessions::default(),
            requests: Mutex::default(),
            listening: OnceLock::new(),
            beat: Mutex::new(clock::now()),
        }
    }

    /// Records where browsers reach the relay.
    pub(in crate::relay) fn listens(&self, http: SocketAddr) {
        let _ = self.listening.set(http); // it listens once
    }

    /// Records that the relay's loop runs.
    pub(in crate::relay) fn beat(&self, now: Instant) {
        *lock(&self.beat) = now;
    }

    pub(super) fn is_healthy(&self, now: Instant) -> bool {
        now.saturating_duration_since(*lock(&self.beat)) <= HEALTHY
    }

    /// The counts of answers.
    pub(super) fn requests(&self) -> BTreeMap<(&'static str, u16), u64> {
        lock(&self.requests).clone()
    }

    /// Counts an answer.
    pub(super) fn count(&self, endpoint: &'static str, status: StatusCode) {
        *lock(&self.requests).entry((endpoint, status.as_u16())).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_is_healthy_while_its_loop_runs() {
        let state = State::new(Config::default());
        let start = clock::now();
        state.beat(start);
        assert!(state.is_healthy(start + Duration::from_secs(3)));
        assert!(!state.is_healthy(start + Duration::from_secs(4)));
    }
}
