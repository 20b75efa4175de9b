//! Names that a configuration file gives to relays.

use super::Error;
use crate::address::{Address, AddressList};

/// The hidden option for the names of a configuration file: each as `NAME=ADDRESS`.
pub(super) const ALIAS: &str = "host-alias";

/// Names that a configuration file gives to relays.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Aliases {
    #[arg(id = ALIAS, long = ALIAS, hide = true, value_parser = alias)]
    pub(super) aliases: Vec<(Address, AddressList)>,
}

pub(super) fn alias(text: &str) -> Result<(Address, AddressList), String> {
    let (name, addresses) = text.rsplit_once('=').ok_or("expected NAME=ADDRESS")?;
    let wrong = |text: &str, error| format!("{text:?}: {error}");
    let name = name.parse().map_err(|error| wrong(name, error))?;
    Ok((name, addresses.parse().map_err(|error| wrong(addresses, error))?))
}

impl Aliases {
    /// The relays of these names.
    ///
    /// # Errors
    /// They are too many.
    pub(super) fn resolve(&self, named: &AddressList) -> Result<AddressList, Error> {
        let meant = |named: &Address| {
            let alias = self.aliases.iter().find(|(name, _)| name == named);
            alias.map_or_else(|| named.clone().into(), |(_, addresses)| addresses.clone())
        };
        named.flat_map(meant).map_err(|error| Error::Usage(format!("the relays, {named}: {error}")))
    }

    pub(super) fn is_one(&self, word: &str) -> bool {
        word.parse().is_ok_and(|word: Address| self.aliases.iter().any(|(name, _)| *name == word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_the_usual_port_stands_for_an_address() {
        let aliases = Aliases { aliases: vec![alias("desk=192.0.2.7:7000").unwrap()] };
        let resolved = |text: &str| aliases.resolve(&text.parse().unwrap()).unwrap().to_string();
        assert_eq!(resolved("desk"), "192.0.2.7:7000");
        assert_eq!(resolved("desk:7000"), "desk:7000");
        assert_eq!(resolved("lab,desk"), "lab:6868,192.0.2.7:7000");
        assert!(aliases.is_one("desk") && !aliases.is_one("lab") && !aliases.is_one(""));
        assert!(alias("desk").is_err() && alias("desk=:x").is_err());
        let aliases = Aliases { aliases: vec![alias("all=desk1,desk2").unwrap()] };
        let resolved = aliases.resolve(&"all".parse().unwrap()).unwrap();
        assert_eq!(resolved.to_string(), "desk1:6868,desk2:6868");
    }
}
