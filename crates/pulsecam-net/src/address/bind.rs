//! The address on which a relay listens.

use std::{fmt, str::FromStr};

use super::{Address, DEFAULT_PORT, Error, authority, number, split};

/// The addresses on which a relay listens: all of the machine, or one.
///
/// Parsed from `6868`, `:6868` and `*:6868` (all addresses of IPv6 and IPv4), or from an address or a name,
/// with or without a port (`127.0.0.1`, `[::1]:7000`, `localhost`). Port 0 takes a free one.
#[derive(Clone, Debug, PartialEq, Eq)]
// Exhaustive, as everyone who listens must decide about each case.
pub enum Bind {
    /// All addresses of this machine, with this port.
    All(u16),
    /// One address, or the first of a name's addresses that can be bound.
    One(Address),
}

impl Default for Bind {
    fn default() -> Self {
        Self::All(DEFAULT_PORT)
    }
}

impl fmt::Display for Bind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(port) => write!(f, "*:{port}"),
            Self::One(address) => address.fmt(f),
        }
    }
}

impl Bind {
    /// Parses what [`str::parse`] does, with another port if it names none.
    ///
    /// # Errors
    /// [`Error`].
    pub fn parse_with_port(text: &str, default: u16) -> Result<Self, Error> {
        let text = authority(text)?;
        let port = |port: &str, host: &str| {
            number(port).ok_or_else(|| Error::Port { port: port.to_owned(), host: host.to_owned() })
        };
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self::All(port(&text, "*")?));
        }
        match text.strip_prefix('*').unwrap_or(&text) {
            "" => return Ok(Self::All(default)),
            rest => {
                if let Some(digits) = rest.strip_prefix(':').filter(|rest| !rest.contains(':')) {
                    return Ok(Self::All(port(digits, "*")?));
                }
            }
        }
        let (host, digits) = split(&text)?;
        let port = digits.map_or(Ok(default), |digits| port(digits, &host.before_port()))?;
        Ok(Self::One(Address { host, port }))
    }
}

impl FromStr for Bind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse_with_port(text, DEFAULT_PORT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_alone_is_all_addresses() {
        for text in ["7000", ":7000", "*:7000", " *:7000 ", "tcp://*:7000"] {
            assert_eq!(text.parse(), Ok(Bind::All(7000)), "{text}");
        }
        assert_eq!("*".parse(), Ok(Bind::All(6868)));
        assert_eq!(":0".parse(), Ok(Bind::All(0)));
        assert_eq!(Bind::default().to_string(), "*:6868");
    }

    #[test]
    fn an_address_alone_has_the_usual_port() {
        for (text, shown) in [
            ("127.0.0.1", "127.0.0.1:6868"),
            ("::1", "[::1]:6868"),
            ("[::1]", "[::1]:6868"),
            ("[::1]:0", "[::1]:0"),
            ("::", "[::]:6868"),
            ("0.0.0.0:7", "0.0.0.0:7"),
            ("localhost", "localhost:6868"),
            ("nonsense", "nonsense:6868"),
            ("fe80::2%eth0", "[fe80::2%eth0]:6868"),
        ] {
            let bind: Bind = text.parse().unwrap();
            assert!(matches!(bind, Bind::One(_)), "{text}");
            assert_eq!(bind.to_string(), shown);
        }
    }

    #[test]
    fn another_port_may_be_the_usual_one() {
        for (text, shown) in
            [("*", "*:7"), ("10.0.0.1", "10.0.0.1:7"), ("10.0.0.1:8", "10.0.0.1:8"), ("9", "*:9")]
        {
            assert_eq!(Bind::parse_with_port(text, 7).unwrap().to_string(), shown);
        }
        assert_eq!(Address::parse_with_port("desk", 7).unwrap().to_string(), "desk:7");
        assert_eq!(Address::parse_with_port("desk:8", 7).unwrap().to_string(), "desk:8");
    }

    #[test]
    fn what_is_no_port_is_refused_with_the_right_form() {
        for text in ["70000", ":", ":x", "*:", "*:70000", "localhost:", "127.0.0.1:-1", "[::1]:x"] {
            assert!(matches!(text.parse::<Bind>(), Err(Error::Port { .. })), "{text}");
        }
        let error = "70000".parse::<Bind>().unwrap_err().to_string();
        assert!(error.contains("*:6868"), "{error}");
        assert!(matches!("::1:6868".parse::<Bind>(), Err(Error::Ambiguous(..))));
        assert_eq!("".parse::<Bind>(), Err(Error::Empty));
    }
}
