//! Names that a configuration file gives to relays.

use crate::address::Address;

/// The hidden option for the names of a configuration file: each as `NAME=ADDRESS`.
pub(super) const ALIAS: &str = "host-alias";

/// Names that a configuration file gives to relays.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Aliases {
    #[arg(id = ALIAS, long = ALIAS, hide = true, value_parser = alias)]
    pub(super) aliases: Vec<(Address, Address)>,
}

pub(super) fn alias(text: &str) -> Result<(Address, Address), String> {
    let (name, address) = text.rsplit_once('=').ok_or("expected NAME=ADDRESS")?;
    let parse = |text: &str| text.parse().map_err(|error| format!("{text:?}: {error}"));
    Ok((parse(name)?, parse(address)?))
}

impl Aliases {
    /// The relay of this name.
    pub(super) fn resolve(&self, named: &Address) -> Address {
        let alias = self.aliases.iter().find(|(name, _)| name == named);
        alias.map_or(named, |(_, address)| address).clone()
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
        let resolved = |text: &str| aliases.resolve(&text.parse().unwrap()).to_string();
        assert_eq!(resolved("desk"), "192.0.2.7:7000");
        assert_eq!(resolved("desk:7000"), "desk:7000");
        assert!(aliases.is_one("desk") && !aliases.is_one("lab") && !aliases.is_one(""));
        assert!(alias("desk").is_err() && alias("desk=:x").is_err());
    }
}
