//! A relay as a user types or pastes it: an address, several with commas between them, or the link of its page for
//! browsers.

use crate::{
    address::{AddressList, Error},
    escapes::unescaped,
};

/// The parameter of a link's fragment that holds the key, and that of its query that admits browsers only.
const KEY: &str = "key";
const TOKEN: &str = "token";

/// What is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It is no address.
    Address(Error),
    /// It admits browsers only.
    ForBrowsers,
}

/// What it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) relay: AddressList,
    /// Whether it is reached through TLS.
    pub(super) tls: bool,
    pub(super) key: Option<String>,
}

/// Reads an address or a link.
pub(super) fn read(text: &str) -> Result<Named, Wrong> {
    let text = text.trim();
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
        None => (String::new(), text),
    };
    let tls = scheme == "https";
    if !tls && scheme != "http" {
        let relay = text.parse().map_err(Wrong::Address)?;
        return Ok(Named { relay, tls: false, key: None });
    }
    let (link, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (path, query) = link.split_once('?').unwrap_or((link, ""));
    let host = path.split('/').next().unwrap_or_default();
    let relay = format!("http://{host}").parse().map_err(Wrong::Address)?;
    let plain = |text: &str| String::from_utf8_lossy(&unescaped(text.as_bytes())).into_owned();
    let key = parameter(fragment, KEY).map(plain).filter(|key| !key.trim().is_empty());
    if key.is_none() && parameter(query, TOKEN).is_some() {
        return Err(Wrong::ForBrowsers);
    }
    Ok(Named { relay, tls, key })
}

/// The value of a parameter, escaped as it is.
fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    parameters
        .split('&')
        .find_map(|pair| pair.split_once('=').filter(|(own, _)| *own == name))
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> (String, bool, Option<String>) {
        let Named { relay, tls, key } = read(text).unwrap();
        (relay.to_string(), tls, key)
    }

    #[test]
    fn an_address_and_a_link_name_a_relay() {
        assert_eq!(named(" desk.local "), ("desk.local:6868".into(), false, None));
        assert_eq!(named("desk1, desk2:7000").0, "desk1:6868,desk2:7000");
        assert_eq!(named("tcp://desk.local:7000/"), ("desk.local:7000".into(), false, None));
        assert_eq!(named("http://192.0.2.1:6868/"), ("192.0.2.1:6868".into(), false, None));
        assert_eq!(named("HTTPS://[::1]:7000/view/door"), ("[::1]:7000".into(), true, None));
        let shared = "https://desk.local:6868/#key=sixteen%20letters.%E4%BD%A0";
        assert_eq!(named(shared), ("desk.local:6868".into(), true, Some("sixteen letters.你".into())));
        assert_eq!(named("http://[fe80::2%25eth0]:6868/").0, "[fe80::2%eth0]:6868");
    }

    #[test]
    fn what_names_none_is_refused() {
        assert_eq!(read("http://desk.local:6868/?token=abc"), Err(Wrong::ForBrowsers));
        for text in ["", "http://", "https:///path", "desk.local:x", "ftp://desk.local", "ann@desk.local"] {
            assert!(matches!(read(text), Err(Wrong::Address(_))), "{text:?}");
        }
    }
}
