//! Several hosts, as people write them: with commas between them.

use std::{fmt, str::FromStr};

use super::{Address, Error};

/// One host or several, in the order of preference.
///
/// Parsed from `desk1.local,desk2.local:7000`; blanks around the commas are ignored, and so are repetitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressList {
    first: Address,
    others: Vec<Address>,
}

impl AddressList {
    /// The most hosts: more than anyone types. Each may have to be tried before the next.
    pub const MOST: usize = 16;

    /// The first one, which is preferred.
    #[must_use]
    pub const fn first(&self) -> &Address {
        &self.first
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Address> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Replaces each host by one or several, such as those that it is a name of.
    ///
    /// # Errors
    /// [`Error::TooMany`].
    pub fn flat_map(&self, replace: impl Fn(&Address) -> Self) -> Result<Self, Error> {
        let mut replaced = replace(&self.first);
        for address in &self.others {
            for address in replace(address).iter() {
                replaced.add(address.clone())?;
            }
        }
        Ok(replaced)
    }

    /// Whether a text most likely means hosts ([`Address::is_unmistakable`]).
    #[must_use]
    pub fn is_unmistakable(&self) -> bool {
        self.iter().all(Address::is_unmistakable)
    }

    fn add(&mut self, address: Address) -> Result<(), Error> {
        if self.iter().any(|known| *known == address) {
            return Ok(());
        }
        if self.iter().count() == Self::MOST {
            return Err(Error::TooMany(Self::MOST));
        }
        self.others.push(address);
        Ok(())
    }
}

impl From<Address> for AddressList {
    fn from(first: Address) -> Self {
        Self { first, others: Vec::new() }
    }
}

impl fmt::Display for AddressList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.fmt(f)?;
        self.others.iter().try_for_each(|address| write!(f, ",{address}"))
    }
}

impl FromStr for AddressList {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut parts = text.split(',');
        let mut list = Self::from(parts.next().unwrap_or_default().parse::<Address>()?);
        for part in parts {
            list.add(part.parse()?)?;
        }
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, Error> {
        text.parse::<AddressList>().map(|list| list.to_string())
    }

    #[test]
    fn one_is_written_as_ever_and_several_have_commas_between_them() {
        assert_eq!(parse("desk.local"), Ok("desk.local:6868".into()));
        assert_eq!(parse("::1"), Ok("[::1]:6868".into()));
        assert_eq!(
            parse("desk1, [::1]:7000 ,desk2:7,desk1:6868"),
            Ok("desk1:6868,[::1]:7000,desk2:7".into())
        );
        let list: AddressList = "b,a".parse().unwrap();
        assert_eq!(list.first().host(), "b");
        assert_eq!(list.iter().count(), 2);
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in ["", ",", "desk,", ",desk", "a,,b"] {
            assert_eq!(parse(text), Err(Error::Empty), "{text:?}");
        }
        assert!(matches!(parse("desk,a:x"), Err(Error::Port { .. })));
        let many: Vec<_> = (0..=AddressList::MOST).map(|number| format!("h{number}")).collect();
        assert_eq!(parse(&many.join(",")), Err(Error::TooMany(AddressList::MOST)));
        assert!(parse(&many[1..].join(",")).is_ok());
    }

    #[test]
    fn a_host_may_stand_for_several() {
        let list: AddressList = "lab,office".parse().unwrap();
        let lab: AddressList = "lab1,lab2,office".parse().unwrap();
        let replaced = list.flat_map(|address| {
            if address.host() == "lab" { lab.clone() } else { AddressList::from(address.clone()) }
        });
        assert_eq!(replaced.unwrap().to_string(), "lab1:6868,lab2:6868,office:6868");
        assert!(
            list.flat_map(|_| (1..=10).map(|n| n.to_string()).collect::<Vec<_>>().join(",").parse().unwrap())
                .is_ok()
        );
    }

    #[test]
    fn words_are_no_hosts() {
        let is_one = |text: &str| text.parse::<AddressList>().unwrap().is_unmistakable();
        assert!(is_one("desk1.local,192.0.2.1"));
        assert!(!is_one("hello,desk.local"));
    }
}
