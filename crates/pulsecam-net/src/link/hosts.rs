//! Decides to which of several relays a link connects next.
//!
//! A client may know several relays: those that its user named, and those that a relay told of. If its relay dies, it
//! is at another one as soon as that is known: at once if its connection was closed or refused, and after a shorter
//! silence than usual, since to try another relay costs nothing. It does not go back by itself: each move is a pause.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use super::{
    Down,
    backoff::{AT_ONCE, Backoff},
    learnt::Host,
};
use crate::{
    address::{Address, AddressList},
    wire::OtherRelays,
};

/// The most relays that are learnt from another one. Those are the least loaded ones; a client needs one.
const MAX_LEARNT: usize = OtherRelays::MOST;

/// The longest further pause before another relay is tried, so that the clients of a relay that died do not all come
/// to the next in the same millisecond.
const SPREAD: Duration = Duration::from_millis(200);

/// The interval of heartbeats, and the silence after which a relay is given up, if others are known.
const INTERVAL: Duration = Duration::from_secs(1);
const SILENCE: Duration = Duration::from_secs(3);

/// Round trips in that silence, so that a distant relay is not taken for a dead one.
const ROUND_TRIPS: u32 = 4;

/// How a connection ended, or an attempt to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It was closed while it was up. The relay may be restarting; one that is gone refuses the next attempt at once.
    Closed,
    /// Nothing came for too long; an attempt to connect may take as long.
    Silent,
    /// The attempt failed, or the relay does not want this client now.
    Failed,
    /// The attempt failed, and another will fail too.
    Lasting,
}

impl Ending {
    /// How it ended, from the reason; `was_up`: whether the relay had answered.
    pub(super) const fn of(why: &Down, was_up: bool) -> Self {
        match why {
            _ if why.is_permanent() => Self::Lasting,
            Down::Silent(_) => Self::Silent,
            Down::Closed | Down::Lost(_) if was_up => Self::Closed,
            _ => Self::Failed,
        }
    }
}

/// The next attempt to connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Next {
    pub(super) host: Host,
    /// When.
    pub(super) at: Instant,
}

/// The relays that a client knows.
#[derive(Debug)]
pub(super) struct Hosts {
    /// Those that the user named, in the order of preference.
    named: Vec<Host>,
    learnt: Vec<Host>,
    /// The last one that was up.
    current: Option<Host>,
    /// The last one that was tried.
    tried: Option<Address>,
    troubles: HashMap<Address, Trouble>,
    /// Silent relays since a connection was well.
    silences: u32,
    /// The longest pause.
    max_pause: Duration,
}

/// A relay that failed recently.
#[derive(Clone, Debug)]
struct Trouble {
    backoff: Backoff,
    /// When it may be tried again.
    until: Instant,
    is_lasting: bool,
}

impl Hosts {
    /// Creates the list of those that the user named.
    pub(super) fn new(named: &AddressList, max_pause: Duration) -> Self {
        Self {
            named: named.iter().cloned().map(Host::named).collect(),
            learnt: Vec::new(),
            current: None,
            tried: None,
            troubles: HashMap::new(),
            silences: 0,
            max_pause,
        }
    }

    /// Records which others there are, as the current relay says. The one that comes first is tried first, so give them
    /// in random order: else all clients of a relay that dies would go to the same one.
    pub(super) fn learn(&mut self, others: impl IntoIterator<Item = Host>) {
        self.learnt.clear();
        for other in others {
            if self.learnt.len() < MAX_LEARNT && !self.is_known(&other.address) {
                self.learnt.push(other);
            }
        }
        let troubles = std::mem::take(&mut self.troubles);
        self.troubles = troubles.into_iter().filter(|(address, _)| self.is_known(address)).collect();
    }

    /// Which one to try next, and when. `random`, from 0 to 1, delays a move to another relay by up to [`SPREAD`].
    pub(super) fn next(&self, random: f64, now: Instant) -> Option<Next> {
        let trouble = |host: &Host| self.troubles.get(&host.address);
        let ready = |host: &Host| trouble(host).map_or(now, |trouble| trouble.until.max(now));
        // Of several that may be tried now, the first.
        let host = self.all().min_by_key(|&host| ready(host))?;
        let spread = SPREAD.mul_f64(random.clamp(0.0, 1.0));
        let pause = match &self.tried {
            None => Duration::ZERO,
            Some(tried) if *tried == host.address => AT_ONCE,
            Some(_) => AT_ONCE + spread,
        };
        let at = ready(host).max(now + pause.min(self.max_pause));
        Some(Next { host: host.clone(), at })
    }

    /// Records that a connection to a relay, or an attempt, ended. `random`, from 0 to 1, shortens the pause before the
    /// next one with the same relay by up to half; the others may be tried at once.
    pub(super) fn ended(&mut self, host: &Address, ending: Ending, random: f64, now: Instant) {
        self.tried = Some(host.clone());
        self.silences = self.silences.saturating_add(u32::from(ending == Ending::Silent));
        let was_well = !self.troubles.contains_key(host);
        let max = self.max_pause;
        let trouble = self.troubles.entry(host.clone()).or_insert_with(|| Trouble {
            backoff: Backoff::new(max),
            until: now,
            is_lasting: false,
        });
        trouble.is_lasting = ending == Ending::Lasting;
        let pause =
            if trouble.is_lasting { trouble.backoff.slow(random) } else { trouble.backoff.next(random) };
        trouble.until = if was_well && ending == Ending::Closed { now } else { now + pause };
    }

    /// Records that a relay has answered. Its failures are forgotten only once the connection proved well, so that one
    /// that accepts and closes is not hammered.
    pub(super) fn up(&mut self, host: &Host) {
        self.current = Some(host.clone());
    }

    /// Records that the connection has been up for a while.
    pub(super) fn well(&mut self, host: &Address) {
        self.troubles.remove(host);
        self.silences = 0;
    }

    /// The interval of heartbeats and the limit of silence; `alone` if no other relay is known. After a silence, the next
    /// ones may last twice as long, in case that the way is that slow.
    pub(super) fn patience(
        &self,
        alone: (Duration, Duration),
        rtt: Option<Duration>,
    ) -> (Duration, Duration) {
        if !self.are_several() {
            return alone;
        }
        let (interval, silence) = alone;
        let slow = SILENCE.saturating_mul(1_u32.checked_shl(self.silences).unwrap_or(u32::MAX));
        let distant = rtt.unwrap_or_default().saturating_mul(ROUND_TRIPS);
        (interval.min(INTERVAL), silence.min(slow.max(distant)))
    }

    /// Whether there is more than one.
    pub(super) fn are_several(&self) -> bool {
        self.all().nth(1).is_some()
    }

    /// Whether it is known.
    pub(super) fn is_known(&self, address: &Address) -> bool {
        self.all().any(|host| host.address == *address)
    }

    /// Whether there is one that has not failed since it was well.
    pub(super) fn is_any_untried(&self) -> bool {
        self.all().any(|host| !self.troubles.contains_key(&host.address))
    }

    /// Whether another attempt may succeed, at any of them, without a change here or there.
    pub(super) fn may_succeed(&self) -> bool {
        let fails = |host: &Host| self.troubles.get(&host.address).is_some_and(|trouble| trouble.is_lasting);
        !self.all().all(fails)
    }

    /// All known ones, in the order in which they are tried: the current one, then those that the user named.
    fn all(&self) -> impl Iterator<Item = &Host> {
        let current = self.current.iter();
        let is_current =
            |host: &&Host| self.current.as_ref().is_some_and(|current| current.address == host.address);
        current.chain(self.named.iter().chain(&self.learnt).filter(move |host| !is_current(host)))
    }
}

#[cfg(test)]
#[path = "hosts_tests.rs"]
mod tests;
