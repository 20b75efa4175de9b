//! Finds relays on the local network.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use mdns_sd::{ResolvedService, ScopedIp, ServiceDaemon, ServiceEvent};

use super::{Error, Found, SERVICE};

/// Most relays that are listed: more are an attack, or a list that nobody reads.
const MAX_FOUND: usize = 64;

/// Most addresses of a relay that are kept.
const MAX_ADDRESSES: usize = 16;

/// How much longer to look while fewer than [`SEVERAL`] are found. A responder does not repeat within a second what
/// it has just told another (RFC 6762, 6), and answers the question that is repeated after a second.
const GRACE: Duration = Duration::from_millis(500);

/// Relays among which somebody has to choose: a single one is only taken if there is no other.
const SEVERAL: usize = 2;

/// Looks for relays for this time, a little longer if there is only one or none; returns them by name.
///
/// # Errors
/// [`Error::Mdns`] if a thread or socket cannot be made.
pub fn find(time: Duration) -> Result<Vec<Found>, Error> {
    let daemon = ServiceDaemon::new().map_err(Error::of)?;
    let events = daemon.browse(SERVICE).map_err(Error::of)?;
    let deadline = Instant::now() + time;
    let mut found = BTreeMap::new();
    loop {
        let deadline = if found.len() < SEVERAL { deadline + GRACE } else { deadline };
        let Ok(event) = events.recv_deadline(deadline) else { break };
        match event {
            // A relay is reported again when more of its addresses are known.
            ServiceEvent::ServiceResolved(service) => {
                if (found.len() < MAX_FOUND || found.contains_key(&service.fullname))
                    && let Some(relay) = read(&service)
                {
                    found.insert(service.fullname.clone(), relay);
                }
            }
            ServiceEvent::ServiceRemoved(_, name) => _ = found.remove(&name),
            _ => {}
        }
    }
    let _ = daemon.shutdown();
    Ok(found.into_values().collect())
}

fn read(service: &ResolvedService) -> Option<Found> {
    let addresses = service.addresses.iter().take(MAX_ADDRESSES).map(|address| match address {
        ScopedIp::V6(ip) => ((*ip.addr()).into(), ip.scope_id().name.clone()),
        other => (other.to_ip_addr(), String::new()),
    });
    let property = |key: &str| service.get_property_val_str(key).map(str::to_owned);
    Found::read(&service.fullname, service.port, addresses.collect(), property)
}
