//! Finds relays on the local network.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use mdns_sd::{HostnameResolutionEvent, Receiver, ResolvedService, ScopedIp, ServiceDaemon, ServiceEvent};

use super::{Error, Found, SERVICE};

/// Most relays that are listed: more are an attack, or a list that nobody reads.
const MAX_FOUND: usize = 64;

/// Most addresses of a relay that are kept.
const MAX_ADDRESSES: usize = 16;

/// How much longer to look while fewer than [`SEVERAL`] are found, or the best address of one is not known. A responder
/// does not repeat within a second what it has just told another (RFC 6762, 6), and answers the question that is
/// repeated after a second.
const GRACE: Duration = Duration::from_millis(500);

/// How long a relay is asked for more addresses, in milliseconds: after 0, 1 and 3 seconds.
const ASKING_MS: u64 = 5000;

/// Relays among which a person has to choose: a single one is only taken if there is no other.
const SEVERAL: usize = 2;

/// Looks for relays for this time, a little longer if there is only one or none, or if one is only known by an address
/// that needs an interface; returns them by name.
///
/// # Errors
/// [`Error::Mdns`] if a thread or socket cannot be made.
pub fn find(time: Duration) -> Result<Vec<Found>, Error> {
    let mut search = Search::start()?;
    let deadline = Instant::now() + time;
    loop {
        let is_done = search.found.len() >= SEVERAL && !search.found().any(Found::needs_interface);
        let deadline = if is_done { deadline } else { deadline + GRACE };
        if !search.wait(deadline) {
            return Ok(search.found().cloned().collect());
        }
    }
}

/// A search that goes on until it is dropped, on a thread of its own.
pub struct Search {
    daemon: ServiceDaemon,
    events: Receiver<ServiceEvent>,
    found: BTreeMap<String, Found>,
    /// Questions for more addresses, by the name of the relay: they end when they are dropped.
    asked: BTreeMap<String, Receiver<HostnameResolutionEvent>>,
}

impl std::fmt::Debug for Search {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Search").field("found", &self.found).finish_non_exhaustive()
    }
}

impl Search {
    /// Begins to search.
    ///
    /// # Errors
    /// [`Error::Mdns`] if a thread or socket cannot be made.
    pub fn start() -> Result<Self, Error> {
        let daemon = ServiceDaemon::new().map_err(Error::of)?;
        let events = daemon.browse(SERVICE).map_err(Error::of)?;
        Ok(Self { daemon, events, found: BTreeMap::new(), asked: BTreeMap::new() })
    }

    /// Waits until something happens on the network, whether or not it changes what is found; false if nothing did
    /// before the deadline.
    pub fn wait(&mut self, deadline: Instant) -> bool {
        let Ok(event) = self.events.recv_deadline(deadline) else { return false };
        match event {
            // A relay is reported again when more of its addresses are known.
            ServiceEvent::ServiceResolved(service) => {
                if (self.found.len() < MAX_FOUND || self.found.contains_key(&service.fullname))
                    && let Some(relay) = read(&service)
                {
                    if relay.needs_interface() {
                        self.ask(&service);
                    } else {
                        self.asked.remove(&service.fullname);
                    }
                    self.found.insert(service.fullname.clone(), relay);
                }
            }
            ServiceEvent::ServiceRemoved(_, name) => {
                self.found.remove(&name);
                self.asked.remove(&name);
            }
            _ => {}
        }
        true
    }

    /// Asks for the addresses that are not known: each family is answered by itself, and the answer of one may be
    /// left out for a second because another has just had it. The search alone does not ask again for what it has.
    fn ask(&mut self, service: &ResolvedService) {
        if !self.asked.contains_key(&service.fullname)
            && let Ok(answers) = self.daemon.resolve_hostname(&service.host, Some(ASKING_MS))
        {
            self.asked.insert(service.fullname.clone(), answers);
        }
    }

    /// The relays that are there now, by name.
    pub fn found(&self) -> impl Iterator<Item = &Found> {
        self.found.values()
    }
}

impl Drop for Search {
    fn drop(&mut self) {
        let _ = self.daemon.shutdown(); // it ends by itself, too
    }
}

fn read(service: &ResolvedService) -> Option<Found> {
    let addresses = service.addresses.iter().take(MAX_ADDRESSES).map(|address| match address {
        ScopedIp::V6(ip) => ((*ip.addr()).into(), ip.scope_id().name.clone()),
        other => (other.to_ip_addr(), String::new()),
    });
    let property = |key: &str| service.get_property_val_str(key).map(str::to_owned);
    Found::read(&service.fullname, service.port, addresses.collect(), property)
}
