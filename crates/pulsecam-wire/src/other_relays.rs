//! The addresses of other relays of a cluster, as a relay tells them in heartbeats.

use std::fmt;

use super::{QString, attributes::Attributes};

/// The attribute that carries them.
pub(super) const KEY: &str = "others";

/// A few other relays, each as `HOST:PORT`.
///
/// Whoever tells of them may be hostile: there are at most [`Self::MOST`] of bounded length, and they consist of
/// characters that are harmless wherever they are shown. Whether they are addresses is for the reader to decide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtherRelays(Vec<String>);

impl OtherRelays {
    /// The most relays in one heartbeat: a client needs one, and some may be gone as well.
    pub const MOST: usize = 8;

    /// The longest address in bytes: a name of 253 (RFC 1035), a colon and a port.
    const LONGEST: usize = 259;

    /// The first ones that can be told, without repetitions.
    pub fn new<T: Into<String>>(addresses: impl IntoIterator<Item = T>) -> Self {
        let mut others = Self::default();
        for address in addresses {
            let address = address.into();
            if others.0.len() == Self::MOST {
                break;
            }
            if is_harmless(&address) && !others.0.contains(&address) {
                others.0.push(address);
            }
        }
        others
    }

    /// Reads those that a heartbeat tells of; `None` if it tells of none.
    #[must_use]
    pub fn of(description: &QString) -> Option<Self> {
        let text = description.beginning();
        let (_, value) = Attributes::parse(&text).find(|(key, _)| *key == KEY)?;
        // Of a list that is too long, the rest is not even looked at.
        let others = Self::new(value.split(',').take(2 * Self::MOST));
        Some(others).filter(|others| !others.is_empty())
    }

    /// The addresses.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for OtherRelays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}

/// Whether a text has the length and the characters of a host with a port.
fn is_harmless(address: &str) -> bool {
    let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    (1..=OtherRelays::LONGEST).contains(&address.len()) && address.bytes().all(is_usual)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Heartbeat, Side};

    fn told(value: &str) -> Vec<String> {
        let description = QString::from(format!("x; t1=1; {KEY}={value}").as_str());
        OtherRelays::of(&description)
            .map_or_else(Vec::new, |others| others.iter().map(str::to_owned).collect())
    }

    #[test]
    fn what_is_told_comes_back_beside_the_rest_of_a_heartbeat() {
        let others = OtherRelays::new(["desk2.lan:6868", "[2001:db8::7]:7000", "desk2.lan:6868"]);
        assert_eq!(others.to_string(), "desk2.lan:6868,[2001:db8::7]:7000");
        let heartbeat = Heartbeat { viewers: Some(3), ..Heartbeat::default() };
        let message = heartbeat.to_message_with(Side::Relay, &others);
        assert_eq!(OtherRelays::of(message.description()), Some(others));
        assert_eq!(Heartbeat::parse(message.description()), heartbeat);
        let alone = heartbeat.to_message_with(Side::Relay, &OtherRelays::default());
        assert_eq!(alone, heartbeat.to_message(Side::Relay));
        assert_eq!(OtherRelays::of(alone.description()), None);
    }

    #[test]
    fn hostile_lists_are_cut_and_cleaned() {
        let long = "a".repeat(OtherRelays::LONGEST + 1);
        assert_eq!(told(&format!("a:1,,{long},b:2,c d,e\u{202e}f,%1b[2J:1,ü:1,a:1")), ["a:1", "b:2"]);
        let many: Vec<_> = (0..500).map(|number| format!("h{number}")).collect();
        assert_eq!(told(&many.join(",")).len(), OtherRelays::MOST);
        assert!(told("").is_empty() && told(",,;").is_empty());
        assert!(told(&format!("{},a:1", ",".repeat(1000))).is_empty(), "the rest is not looked at");
    }
}
