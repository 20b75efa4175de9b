//! Which relay to use: named by position, by `--host`, by `PULSECAM_HOST`, or by a configuration file.
//!
//! A variable must not change the meaning of arguments in a surprising way. Therefore it is the default of an
//! option, and a command whose arguments follow the relay (`text`, `image`) takes all of them as its own if
//! the option or the variable names the relay.

use std::{ffi::OsStr, path::Path};

use clap::{Arg, ArgMatches, Command, parser::ValueSource, value_parser};

use super::{Error, aliases::Aliases};
use crate::address::AddressList;

/// The variable that names the relay.
pub(super) const VARIABLE: &str = "PULSECAM_HOST";

/// The option's name.
pub(super) const OPTION: &str = "host";

/// The hidden option for the relay that a configuration file names.
pub(super) const DEFAULT: &str = "host-default";

/// The arguments that may begin with the relay.
const POSITION: &str = "relay";
const WORDS: [&str; 2] = ["words", "text"];

/// The relay named by `--host`, the variable or a configuration file, if any.
#[derive(Clone, Debug)]
pub(super) struct HostOption {
    text: Option<String>,
    named: Named,
    aliases: Aliases,
}

/// The text by which arguments name a relay, if any: before the `variable` and the `default` of a configuration
/// file, or else as the first word.
pub(super) fn named(matches: &ArgMatches, variable: Option<String>, default: Option<&str>) -> Option<String> {
    let text = |id| Some(matches.try_get_raw(id).ok()??.next()?.to_string_lossy().into_owned());
    let is_option = || matches.value_source(OPTION) == Some(ValueSource::CommandLine);
    let option = text(OPTION).filter(|_| is_option());
    let takes_default = matches.try_contains_id(DEFAULT).is_ok();
    let advance = || variable.or_else(|| default.map(str::to_owned)).filter(|_| takes_default);
    option.or_else(|| text(POSITION)).or_else(advance).or_else(|| WORDS.iter().find_map(|id| text(id)))
}

impl clap::FromArgMatches for HostOption {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let text = |id| matches.get_one::<String>(id).cloned();
        let named = match matches.value_source(OPTION) {
            None => Named::File,
            Some(ValueSource::EnvVariable) => Named::Variable,
            Some(_) => Named::Option,
        };
        let aliases = Aliases::from_arg_matches(matches)?;
        Ok(Self { text: text(OPTION).or_else(|| text(DEFAULT)), named, aliases })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for HostOption {
    fn augment_args(command: Command) -> Command {
        let text = |id| Arg::new(id).long(id).value_parser(value_parser!(String));
        let option = text(OPTION)
            .value_name("HOST[:PORT],...")
            .help("The relay, as an option instead of the first argument")
            .env(VARIABLE);
        Aliases::augment_args(command.args([option, text(DEFAULT).hide(true)]))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// How the relay was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// By `--host`.
    Option,
    /// By the variable.
    Variable,
    /// By a configuration file.
    File,
}

impl Named {
    /// Whether it was named in advance, and not for this command.
    const fn is_default(self) -> bool {
        matches!(self, Self::Variable | Self::File)
    }

    /// What named it.
    const fn by(self) -> &'static str {
        match self {
            Self::Option => "--host",
            Self::Variable => VARIABLE,
            Self::File => "the configuration file",
        }
    }
}

impl HostOption {
    /// The relay, and how it was named.
    ///
    /// # Errors
    /// It is not an address, nor several with commas between them: wrong usage.
    pub(super) fn address(&self) -> Result<Option<(AddressList, Named)>, Error> {
        let Some(text) = &self.text else { return Ok(None) };
        match text.parse() {
            Ok(relay) => Ok(Some((self.aliases.resolve(&relay)?, self.named))),
            Err(error) => Err(Error::Usage(format!("{} is {text:?}: {error}", self.named.by()))),
        }
    }

    /// Whether the option names a relay.
    pub(super) fn is_option(&self) -> bool {
        self.text.is_some() && self.named == Named::Option
    }

    /// The names that a configuration file gives to relays.
    pub(super) fn aliases(&self) -> Vec<(String, AddressList)> {
        let all = self.aliases.aliases.iter();
        all.map(|(name, address)| (name.host(), address.clone())).collect()
    }

    /// The relay of a command that has a positional argument for it.
    ///
    /// # Errors
    /// Wrong usage: no relay is named, or one by position and another by `--host`.
    pub(super) fn or_by_position(&self, position: Option<&AddressList>) -> Result<AddressList, Error> {
        self.or_by_position_if_any(position)?.ok_or_else(missing)
    }

    /// The same for a command that can choose a relay itself.
    ///
    /// # Errors
    /// Wrong usage: one relay is named by position and another by `--host`.
    pub(super) fn or_by_position_if_any(
        &self,
        position: Option<&AddressList>,
    ) -> Result<Option<AddressList>, Error> {
        match position {
            Some(_) if self.text.is_some() && !self.named.is_default() => {
                Err(Error::Usage("the relay is named twice: by position and by --host".into()))
            }
            // The command line overrides the variable, even an invalid one.
            Some(relay) => self.aliases.resolve(relay).map(Some),
            None => Ok(self.address()?.map(|(address, _)| address)),
        }
    }

    /// The relay of a command whose own words follow it, and those words.
    ///
    /// `before` are the words before a `--`, `after` those after it.
    ///
    /// # Errors
    /// Wrong usage: no relay is named, or it is unclear which word names it.
    pub(super) fn or_first_of<W: AsRef<OsStr> + Clone>(
        &self,
        words: Operands,
        before: &[W],
        after: &[W],
    ) -> Result<(AddressList, Vec<W>), Error> {
        let all = || before.iter().chain(after);
        let text = |word: &W| word.as_ref().to_string_lossy().into_owned();
        if let Some((address, named)) = self.address()? {
            let doubtful = before.first().filter(|_| named.is_default()).map(text);
            let is_relay = |first: &String| words.may_be_a_relay(first) || self.aliases.is_one(first);
            if let Some(first) = doubtful.filter(|first| !words.are_one(first) && is_relay(first)) {
                return Err(Error::Usage(format!(
                    "{} names the relay, so {first:?} would be {}: for the relay {first}, use --host {first}{}",
                    named.by(),
                    words.name(),
                    words.way_out()
                )));
            }
            return Ok((address, all().cloned().collect()));
        }
        let first = text(all().next().ok_or_else(missing)?);
        if words.are_one(&first) {
            return Err(Error::Usage(format!(
                "{first:?} is {}, and no relay is named: add HOST before it, use --host HOST, or set {VARIABLE}",
                words.name()
            )));
        }
        let relay: AddressList =
            first.parse().map_err(|error| Error::Usage(format!("the relay, {first:?}: {error}")))?;
        Ok((self.aliases.resolve(&relay)?, all().skip(1).cloned().collect()))
    }
}

/// What the words after the relay are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operands {
    /// Words of a text.
    Text,
    /// Names of files.
    Files,
}

impl Operands {
    /// Whether this is certainly one of them.
    fn are_one(self, word: &str) -> bool {
        self == Self::Files && Path::new(word).is_file()
    }

    /// Whether this may be meant as a relay.
    fn may_be_a_relay(self, word: &str) -> bool {
        !self.are_one(word) && word.parse::<AddressList>().is_ok_and(|relay| relay.is_unmistakable())
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Text => "a part of the text",
            Self::Files => "a file",
        }
    }

    /// How to use the word as it is.
    const fn way_out(self) -> &'static str {
        match self {
            Self::Text => "; to send it, put -- before it",
            Self::Files => " (no file has that name)",
        }
    }
}

fn missing() -> Error {
    Error::Usage(format!(
        "no relay is named: add HOST or HOST:PORT, such as desk.local, or set {VARIABLE}; `pulsecam demo` runs all \
         of it on this machine"
    ))
}

#[cfg(test)]
#[path = "host_tests.rs"]
mod tests;
