//! Addresses as people write them: of a relay to connect to ([`Address`]), of several ([`AddressList`]), and to
//! listen on ([`Bind`]).
//!
//! All are parsed from text that people type or paste. Invalid text is an [`Error`] that shows the right
//! form.

mod bind;
mod error;
mod list;
mod lookup;
mod machine;
#[cfg(feature = "client")]
mod space;

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

#[cfg(feature = "client")]
pub(crate) use self::space::AddressSpace;
pub use self::{
    bind::Bind,
    error::Error,
    list::AddressList,
    lookup::LookupError,
    machine::{machine_addresses, machine_name},
};

/// The default port, that of the Qt example.
pub const DEFAULT_PORT: u16 = 6868;

/// Schemes that people paste before a host, which are ignored.
const SCHEMES: [&str; 3] = ["http", "pulsecam", "tcp"];

/// Schemes that request TLS, which an address cannot.
const TLS_SCHEMES: [&str; 4] = ["https", "pulsecams", "ssl", "tls"];

/// The number of decimal digits at the end that makes an unbracketed IPv6 address ambiguous. Ports of relays
/// have as many, and an interface's address rarely ends with four.
const PORT_DIGITS: usize = 4;

/// A host and a port.
///
/// Its canonical forms are `desk.local:6868`, `192.0.2.1:6868`, `[::1]:6868` and `[fe80::2%eth0]:6868`.
///
/// Parsed from those, from a host alone, from an IPv6 address without brackets, and from a URL without a path
/// (`tcp://desk.local:6868/`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    host: Host,
    port: u16,
}

/// The part before the port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Host {
    Ip(IpAddr),
    /// A link-local address and its network interface.
    Zoned(Ipv6Addr, String),
    Name(String),
}

impl Address {
    /// The host without the port, and without brackets.
    #[must_use]
    pub fn host(&self) -> String {
        self.host.to_string()
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Parses an address as [`str::parse`] does, with another port if it names none.
    ///
    /// # Errors
    /// [`Error`].
    pub fn parse_with_port(text: &str, default: u16) -> Result<Self, Error> {
        let authority = authority(text)?;
        let (host, port) = split(&authority)?;
        let port = port.map_or(Ok(default), |text| match number(text) {
            Some(port @ 1..) => Ok(port),
            _ => Err(Error::Port { port: text.to_owned(), host: host.before_port() }),
        })?;
        Ok(Self { host, port })
    }

    /// The same host with another port.
    #[must_use]
    pub fn with_port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// The link to the page for browsers that a relay has here.
    #[must_use]
    pub fn page(&self, tls: bool) -> String {
        let scheme = if tls { "https" } else { "http" };
        // In a URL the % before the zone of an address is escaped (RFC 6874).
        format!("{scheme}://{}/", self.to_string().replacen('%', "%25", 1))
    }

    /// The socket address, if no lookup is needed.
    #[must_use]
    pub fn literal(&self) -> Option<SocketAddr> {
        match self.host {
            Host::Ip(ip) => Some(SocketAddr::new(ip, self.port)),
            Host::Zoned(..) | Host::Name(_) => None,
        }
    }

    /// Whether a text most likely means a host, and not a word, a number or a time of day.
    #[must_use]
    pub fn is_unmistakable(&self) -> bool {
        match &self.host {
            Host::Ip(_) | Host::Zoned(..) => true,
            Host::Name(name) => name == "localhost" || is_domain(name),
        }
    }
}

/// Whether a name contains a dot and ends like a domain: `desk.local`, not `3.5` or `e.g.`.
fn is_domain(name: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let top = |top: &str| top.len() > 1 && top.bytes().all(|byte| byte.is_ascii_alphabetic());
    name.rsplit_once('.').is_some_and(|(rest, last)| top(last) && rest.split('.').all(label))
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => write!(f, "{ip}"),
            Self::Zoned(ip, zone) => write!(f, "{ip}%{zone}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl Host {
    /// The form that precedes a port.
    fn before_port(&self) -> String {
        match self {
            Self::Ip(IpAddr::V6(_)) | Self::Zoned(..) => format!("[{self}]"),
            Self::Ip(IpAddr::V4(_)) | Self::Name(_) => self.to_string(),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host.before_port(), self.port)
    }
}

impl From<SocketAddr> for Address {
    fn from(addr: SocketAddr) -> Self {
        let host = match addr {
            SocketAddr::V6(v6) if v6.scope_id() != 0 => Host::Zoned(*v6.ip(), v6.scope_id().to_string()),
            addr => Host::Ip(addr.ip()),
        };
        Self { host, port: addr.port() }
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse_with_port(text, DEFAULT_PORT)
    }
}

/// The part between a scheme and a path, if there are any.
fn authority(text: &str) -> Result<String, Error> {
    let text = text.trim();
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
        None => (None, text),
    };
    let (authority, path) = rest.find(['/', '?', '#']).map_or((rest, ""), |at| rest.split_at(at));
    if authority.is_empty() {
        return Err(Error::Empty);
    }
    if let Some(scheme) = &scheme {
        let host = || authority.to_owned();
        if TLS_SCHEMES.contains(&scheme.as_str()) {
            return Err(Error::TlsScheme { scheme: scheme.clone(), host: host() });
        }
        if !SCHEMES.contains(&scheme.as_str()) {
            return Err(Error::Scheme { scheme: scheme.clone(), host: host() });
        }
    }
    if path.bytes().any(|byte| byte != b'/') {
        return Err(Error::Path { path: path.to_owned(), host: authority.to_owned() });
    }
    if let Some((user, host)) = authority.rsplit_once('@') {
        let user = user.split(':').next().unwrap_or_default(); // a password may follow
        return Err(Error::User { user: user.to_owned(), host: host.to_owned() });
    }
    // In a URL the % before a zone is escaped (RFC 6874).
    Ok(if scheme.is_some() { authority.replacen("%25", "%", 1) } else { authority.to_owned() })
}

/// Splits a text into a host and the text of its port.
fn split(text: &str) -> Result<(Host, Option<&str>), Error> {
    if let Some(inner) = text.strip_prefix('[') {
        let Some((inner, behind)) = inner.split_once(']') else {
            return Err(Error::Brackets(inner.to_owned()));
        };
        let Some(host) = ipv6(inner)? else { return Err(Error::Brackets(inner.to_owned())) };
        return match (behind, behind.strip_prefix(':')) {
            ("", _) => Ok((host, None)),
            (_, Some(port)) => Ok((host, Some(port))),
            (_, None) => Err(Error::Brackets(inner.to_owned())),
        };
    }
    if text.contains(['[', ']']) {
        return Err(Error::Brackets(text.to_owned()));
    }
    match text.bytes().filter(|byte| *byte == b':').count() {
        0 => Ok((name(text), None)),
        1 => match text.split_once(':') {
            Some(("", port)) => Err(Error::NoHost(port.to_owned())),
            Some((host, port)) => Ok((name(host), Some(port))),
            None => Ok((name(text), None)), // impossible: there is a colon
        },
        _ => {
            let tail = text.rsplit_once(':');
            let with_port = tail.and_then(|(head, last)| Some((ipv6(head).ok()??, last)));
            let whole = ipv6(text)?;
            match (whole, with_port) {
                (Some(_), Some((host, last))) if may_be_port(last) => {
                    Err(Error::Ambiguous(text.to_owned(), format!("{}:{last}", host.before_port())))
                }
                (Some(whole), _) => Ok((whole, None)),
                (None, Some((host, port))) => {
                    let (port, host) = (port.to_owned(), host.before_port());
                    Err(match number(&port) {
                        Some(1..) => Error::Unbracketed(format!("{host}:{port}")),
                        _ => Error::Port { port, host },
                    })
                }
                (None, None) => Err(Error::Nonsense(text.to_owned())),
            }
        }
    }
}

fn may_be_port(group: &str) -> bool {
    group.len() == PORT_DIGITS && group.bytes().all(|byte| byte.is_ascii_digit()) && !group.starts_with('0')
}

/// Parses digits only; std would also accept a sign.
fn number(text: &str) -> Option<u16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// An IPv4 address, or a name.
fn name(text: &str) -> Host {
    text.parse().map_or_else(|_| Host::Name(text.to_owned()), |ip| Host::Ip(IpAddr::V4(ip)))
}

/// An IPv6 address, with or without a zone; `None` if it is not one.
fn ipv6(text: &str) -> Result<Option<Host>, Error> {
    let (address, zone) = match text.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (text, None),
    };
    let Ok(ip) = address.parse::<Ipv6Addr>() else { return Ok(None) };
    if !ip.is_unicast_link_local() {
        // Other addresses do not depend on the interface. An IPv4-mapped address is shown as IPv4.
        let wrong = zone.is_some_and(|zone| zone.contains(':'));
        return Ok((!wrong).then(|| Host::Ip(IpAddr::V6(ip).to_canonical())));
    }
    match zone {
        None | Some("") => Err(Error::NoZone(ip)),
        Some(zone) if zone.contains(':') => Ok(None),
        Some(zone) => Ok(Some(Host::Zoned(ip, zone.to_owned()))),
    }
}

#[cfg(test)]
mod tests;
