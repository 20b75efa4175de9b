//! Announces a relay on the local network.

use std::{net::IpAddr, time::Duration};

use mdns_sd::{IfKind, ServiceDaemon, ServiceInfo};

use super::{Announcement, Error, SERVICE};

/// Time to wait at the end for the message that the relay is gone.
const GOODBYE: Duration = Duration::from_millis(200);

/// Longest name of a service, in bytes (RFC 1035).
const MAX_LABEL: usize = 63;

/// Announces a relay until it is dropped; runs on a thread of its own.
pub struct Announcer {
    daemon: ServiceDaemon,
    full_name: String,
}

impl std::fmt::Debug for Announcer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Announcer").field("full_name", &self.full_name).finish_non_exhaustive()
    }
}

impl Announcer {
    /// Announces a relay on all networks where it can be reached: with one address, only there.
    ///
    /// If the name is taken by another machine, a number is appended.
    ///
    /// # Errors
    /// [`Error::Name`] for a name that no service can have, [`Error::Mdns`] if a thread or socket cannot be made.
    pub fn start(announced: &Announcement) -> Result<Self, Error> {
        let Announcement { name, address, .. } = announced;
        let wrong = |reason: String| Error::Name { name: name.clone(), reason };
        if name.is_empty() || name.len() > MAX_LABEL {
            return Err(wrong(format!("a name has 1 to {MAX_LABEL} bytes")));
        }
        let host = host_name(name, address.port());
        let daemon = ServiceDaemon::new().map_err(Error::of)?;
        let ip = address.ip().to_canonical();
        let made = if ip.is_unspecified() {
            ServiceInfo::new(SERVICE, name, &host, "", address.port(), &announced.properties()[..])
                .map(ServiceInfo::enable_addr_auto)
        } else {
            only(&daemon, ip)?;
            ServiceInfo::new(SERVICE, name, &host, ip, address.port(), &announced.properties()[..])
        };
        let info = made.map_err(|error| wrong(error.to_string()))?;
        let full_name = info.get_fullname().to_owned();
        daemon.register(info).map_err(Error::of)?;
        Ok(Self { daemon, full_name })
    }
}

/// Uses only the network of this address.
fn only(daemon: &ServiceDaemon, ip: IpAddr) -> Result<(), Error> {
    daemon.disable_interface(IfKind::All).map_err(Error::of)?;
    daemon.enable_interface(IfKind::Addr(ip)).map_err(Error::of)
}

/// A host name of its own, which is in no other program's hands: others may announce that of the machine.
fn host_name(name: &str, port: u16) -> String {
    let letters = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-');
    // Room for the rest within one label.
    let short: String = letters.take(40).collect();
    let short = short.trim_matches('-');
    let separator = if short.is_empty() { "" } else { "-" };
    format!("{short}{separator}pulsecam-{port}.local.")
}

impl Drop for Announcer {
    fn drop(&mut self) {
        // Clients forget the relay at once; without that, after minutes.
        if let Ok(done) = self.daemon.unregister(&self.full_name) {
            let _ = done.recv_timeout(GOODBYE);
        }
        if let Ok(done) = self.daemon.shutdown() {
            let _ = done.recv_timeout(GOODBYE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_are_names() {
        assert_eq!(host_name("desk.lab", 6868), "desklab-pulsecam-6868.local.");
        assert_eq!(host_name("小明", 1), "pulsecam-1.local.");
        assert!(host_name(&"x".repeat(100), 65_535).len() < 64 + ".local.".len());
    }

    #[test]
    fn a_name_that_no_service_can_have_is_refused() {
        for name in [String::new(), "x".repeat(64)] {
            let address = "127.0.0.1:1".parse().unwrap();
            let announced = Announcement { name, address, tls: false, key: false, web: None };
            assert!(matches!(Announcer::start(&announced), Err(Error::Name { .. })));
        }
    }
}
