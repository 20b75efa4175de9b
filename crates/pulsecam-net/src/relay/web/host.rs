//! Which host names a browser may use for the relay, and which pages may connect to it.
//!
//! A page of any site can make a browser connect to a relay in the reader's network. It is recognised by its
//! `Origin`. A site can also make its own name resolve to the relay's address (DNS rebinding): then only the
//! name in `Host` gives it away.

use std::net::IpAddr;

use hyper::{
    HeaderMap,
    header::{HOST, HeaderName, ORIGIN},
};

/// Ends of names that nobody can register in the public DNS (RFC 6761, 6762 and 8375; `.lan` and `.internal`
/// are not delegated).
const PRIVATE_ENDS: [&str; 6] = [".localhost", ".local", ".lan", ".internal", ".home.arpa", ".localdomain"];

/// Names by which browsers may address the relay, besides addresses and private names.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownHosts(Vec<String>);

impl KnownHosts {
    pub(super) fn new(names: &[String]) -> Self {
        Self(names.iter().map(|name| name.trim_end_matches('.').to_ascii_lowercase()).collect())
    }

    /// Whether a name in `Host`, without port, cannot be one that a stranger made resolve to this relay.
    pub(super) fn knows(&self, host: &str) -> bool {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let bare = bare.split_once('%').map_or(bare, |(address, _)| address);
        if bare.parse::<IpAddr>().is_ok() {
            return true;
        }
        let name = bare.trim_end_matches('.').to_ascii_lowercase();
        // A name without a dot is looked up in the network's own domain only.
        let is_private = !name.contains('.') || PRIVATE_ENDS.iter().any(|end| name.ends_with(end));
        (is_private && !name.is_empty()) || self.0.contains(&name)
    }
}

/// The `Host` of a request, with its port.
pub(super) fn host(headers: &HeaderMap) -> Option<&str> {
    single(headers, HOST)
}

/// The value of a header that is there exactly once.
fn single(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let only = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(only)
}

/// The name in `HOST[:PORT]`.
pub(super) fn name(host: &str) -> &str {
    if host.starts_with('[') {
        return host.find(']').map_or(host, |end| &host[..=end]);
    }
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

/// Where a request comes from, by its `Origin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A page of the relay itself, or one that is allowed.
    Ours,
    /// A program: browsers always send an `Origin` with such requests.
    Program,
    /// A page of another site.
    Foreign,
}

/// Determines where a WebSocket or a `POST` comes from. `secure`: it came through TLS; `allowed`: origins of
/// other pages that may connect.
pub(super) fn source(headers: &HeaderMap, secure: bool, allowed: &[String]) -> Source {
    if !headers.contains_key(ORIGIN) {
        return Source::Program;
    }
    let (Some(origin), Some(host)) = (single(headers, ORIGIN), host(headers)) else { return Source::Foreign };
    let own = |scheme: &str| origin.strip_prefix(scheme).is_some_and(|rest| rest.eq_ignore_ascii_case(host));
    // A proxy may have done the TLS.
    let is_own = own("https://") || (!secure && own("http://"));
    if is_own || allowed.iter().any(|allowed| allowed.trim_end_matches('/').eq_ignore_ascii_case(origin)) {
        Source::Ours
    } else {
        Source::Foreign
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_cannot_register_a_known_name() {
        let hosts = KnownHosts::new(&["cam.example.org".into()]);
        for known in [
            "192.0.2.1",
            "[::1]",
            "[fe80::1%25eth0]",
            "localhost",
            "desk",
            "desk.local",
            "DESK.LOCAL.",
            "desk.home.arpa",
            "cam.example.org",
            "Cam.Example.ORG.",
        ] {
            assert!(hosts.knows(known), "{known}");
        }
        for foreign in
            ["evil.example", "local.evil.example", "cam.example.org.evil.example", "", ".", "1.2.3.4.nip.io"]
        {
            assert!(!hosts.knows(foreign), "{foreign}");
        }
    }

    #[test]
    fn a_name_stands_before_its_port() {
        assert_eq!(name("desk.local:6868"), "desk.local");
        assert_eq!(name("desk.local"), "desk.local");
        assert_eq!(name("[::1]:6868"), "[::1]");
        assert_eq!(name("[::1]"), "[::1]");
    }

    #[test]
    fn only_pages_of_the_relay_are_its_own() {
        let judge = |origin: Option<&str>, host: &str, secure: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, host.parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(ORIGIN, origin.parse().unwrap());
            }
            source(&headers, secure, &["https://dash.example".into()])
        };
        assert_eq!(judge(None, "desk:6868", false), Source::Program);
        assert_eq!(judge(Some("http://desk:6868"), "desk:6868", false), Source::Ours);
        assert_eq!(judge(Some("http://desk:6868"), "desk:6868", true), Source::Foreign, "another scheme");
        assert_eq!(judge(Some("https://desk:6868"), "desk:6868", true), Source::Ours);
        assert_eq!(judge(Some("https://dash.example"), "desk:6868", true), Source::Ours);
        for foreign in
            ["http://evil.example", "null", "http://desk", "http://desk:6868.evil.example", "file://"]
        {
            assert_eq!(judge(Some(foreign), "desk:6868", false), Source::Foreign, "{foreign}");
        }
    }

    #[test]
    fn two_origins_are_none() {
        let mut headers = HeaderMap::new();
        headers.append(HOST, "desk".parse().unwrap());
        headers.append(ORIGIN, "http://desk".parse().unwrap());
        headers.append(ORIGIN, "http://evil.example".parse().unwrap());
        assert_eq!(source(&headers, false, &[]), Source::Foreign);
    }
}
