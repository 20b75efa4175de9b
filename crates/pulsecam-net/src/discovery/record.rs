//! What a relay says about itself, as the properties of a service.

use std::net::{IpAddr, SocketAddr};

use super::rank;
use crate::{address::Address, sanitize};

/// The properties, by their keys in the TXT record.
const TLS: &str = "tls";
const KEY: &str = "key";
const WEB: &str = "web";

/// The value of a property that applies.
const YES: &str = "1";

/// Longest name that is kept: that of a service has at most 63 bytes.
const MAX_NAME: usize = 63;

/// What a relay announces.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Announcement {
    /// Its name: that of its machine, usually.
    pub name: String,
    /// Where it listens; an unspecified address stands for all of the machine.
    pub address: SocketAddr,
    /// Whether it requires TLS.
    pub tls: bool,
    /// Whether it requires a key.
    pub key: bool,
    /// The port of its page for browsers, if it has one.
    pub web: Option<u16>,
}

impl Announcement {
    /// A relay that requires nothing and has no page.
    #[must_use]
    pub fn new(name: impl Into<String>, address: SocketAddr) -> Self {
        Self { name: name.into(), address, tls: false, key: false, web: None }
    }

    /// Returns the same with changes, as in `announcement.with(|announced| announced.tls = true)`.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The properties of the service.
    pub(super) fn properties(&self) -> Vec<(&'static str, String)> {
        let yes = |key, applies: bool| applies.then(|| (key, YES.to_owned()));
        let web = self.web.map(|port| (WEB, port.to_string()));
        [yes(TLS, self.tls), yes(KEY, self.key), web].into_iter().flatten().collect()
    }
}

/// A relay that was found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Found {
    /// The name that it claims.
    pub name: String,
    /// Where it can be reached, as an address that can be typed.
    pub address: String,
    /// All of its addresses, the most useful ones first.
    pub addresses: Vec<IpAddr>,
    /// Its port.
    pub port: u16,
    /// Whether it requires TLS.
    pub tls: bool,
    /// Whether it requires a key.
    pub key: bool,
    /// The link to its page for browsers, if it has one.
    pub page: Option<String>,
}

impl Found {
    /// A relay at this address that requires nothing and has no page.
    #[must_use]
    pub fn new(name: impl Into<String>, address: SocketAddr) -> Self {
        Self {
            name: name.into(),
            address: address.to_string(),
            addresses: vec![address.ip()],
            port: address.port(),
            tls: false,
            key: false,
            page: None,
        }
    }

    /// Returns the same with changes, as in `found.with(|found| found.tls = true)`.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Whether its best address is only one together with an interface, which not every program can be told: others
    /// may follow.
    pub(super) fn needs_interface(&self) -> bool {
        matches!(self.addresses.first(), Some(IpAddr::V6(ip)) if ip.is_unicast_link_local())
    }

    /// Reads a service: its full name, its port, its addresses with the interface that IPv6 needs, and its
    /// properties. `None` if it cannot be reached.
    pub(super) fn read(
        full_name: &str,
        port: u16,
        mut addresses: Vec<(IpAddr, String)>,
        property: impl Fn(&str) -> Option<String>,
    ) -> Option<Self> {
        addresses.sort_by_key(|(ip, _)| (rank(ip), *ip));
        addresses.dedup();
        let (first, zone) = addresses.first()?;
        if port == 0 {
            return None;
        }
        let host = host(first, zone);
        let is = |key| property(key).as_deref() == Some(YES);
        let (tls, key) = (is(TLS), is(KEY));
        let web: Option<u16> = property(WEB).and_then(|port| port.parse().ok()).filter(|port| *port > 0);
        let address = format!("{host}:{port}");
        let typed: Address = address.parse().ok()?;
        let page = web.map(|port| typed.with_port(port).page(tls));
        let addresses = addresses.into_iter().map(|(ip, _)| ip).collect();
        Some(Self { name: name(full_name), address, addresses, port, tls, key, page })
    }
}

/// An address as it stands before a port.
fn host(ip: &IpAddr, zone: &str) -> String {
    match ip {
        IpAddr::V6(ip) if ip.is_unicast_link_local() && !zone.is_empty() => format!("[{ip}%{zone}]"),
        IpAddr::V6(ip) => format!("[{ip}]"),
        IpAddr::V4(ip) => ip.to_string(),
    }
}

/// The name before the type of the service, for people.
fn name(full_name: &str) -> String {
    let name = full_name.split("._pulsecam._tcp").next().unwrap_or_default();
    // A dot and a backslash in a name are escaped.
    let mut plain = String::new();
    let mut characters = name.chars();
    while let Some(c) = characters.next() {
        plain.extend(if c == '\\' { characters.next() } else { Some(c) });
        if plain.len() >= MAX_NAME {
            break;
        }
    }
    sanitize::line(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn read(port: u16, addresses: &[(&str, &str)], properties: &[(&str, &str)]) -> Option<Found> {
        let properties: HashMap<_, _> = properties.iter().copied().collect();
        let addresses = addresses.iter().map(|(ip, zone)| (ip.parse().unwrap(), (*zone).to_owned()));
        let property = |key: &str| properties.get(key).map(|value| (*value).to_owned());
        Found::read("desk\\.lab._pulsecam._tcp.local.", port, addresses.collect(), property)
    }

    #[test]
    fn the_most_useful_address_is_the_one_to_type() {
        let all = [("fe80::2", "eth0"), ("2001:db8::1", ""), ("127.0.0.1", "lo"), ("192.168.1.7", "eth0")];
        let found = read(7000, &all, &[]).unwrap();
        assert_eq!((found.name.as_str(), found.address.as_str()), ("desk.lab", "192.168.1.7:7000"));
        assert_eq!(found.addresses.len(), 4);
        assert_eq!(read(7000, &all[..2], &[]).unwrap().address, "[2001:db8::1]:7000");
        assert_eq!(read(7000, &all[..1], &[]).unwrap().address, "[fe80::2%eth0]:7000");
        let needs_interface = |of: &[_]| read(7000, of, &[]).unwrap().needs_interface();
        assert_eq!((needs_interface(&all[..1]), needs_interface(&all[..2])), (true, false));
        assert_eq!((read(7000, &[], &[]), read(0, &all, &[])), (None, None));
    }

    #[test]
    fn properties_say_what_a_client_needs() {
        let announced = |tls, web| Announcement {
            name: "desk".into(),
            address: "0.0.0.0:7000".parse().unwrap(),
            tls,
            key: true,
            web,
        };
        let back = |announced: &Announcement| {
            let properties = announced.properties();
            let properties: Vec<_> = properties.iter().map(|(key, value)| (*key, value.as_str())).collect();
            read(7000, &[("192.168.1.7", "")], &properties).unwrap()
        };
        let found = back(&announced(true, Some(7001)));
        assert_eq!((found.tls, found.key), (true, true));
        assert_eq!(found.page.as_deref(), Some("https://192.168.1.7:7001/"));
        let found = back(&announced(false, None));
        assert_eq!((found.tls, found.page), (false, None));
        let link = read(1, &[("fe80::2", "eth0")], &[("web", "80")]).unwrap().page;
        assert_eq!(link.as_deref(), Some("http://[fe80::2%25eth0]:80/"));
    }

    #[test]
    fn a_hostile_name_is_harmless_and_short() {
        let full = format!("\u{1b}[31m{}._pulsecam._tcp.local.", "x".repeat(4_000));
        assert!(!name(&full).contains('\u{1b}') && name(&full).len() < 100);
        assert_eq!(name(""), "");
        for web in ["0", "65536", "x", "-1"] {
            assert_eq!(read(1, &[("192.168.1.7", "")], &[("web", web)]).unwrap().page, None, "{web}");
        }
    }
}
