//! Options from the environment: ignores variables that are empty, and switches that are off.

use std::ffi::{OsStr, OsString};

use clap::{Arg, ArgAction, Command};

use super::{Error, values};
use crate::auth::Key;

/// Removes variables that are empty, as compose files and `EnvironmentFile=` leave them, and switches that
/// are off.
///
/// They then count as unset, also if one option excludes another.
pub(super) fn without_unset(command: Command) -> Command {
    without(command, &|name| std::env::var_os(name))
}

/// The same with these variables.
pub(super) fn without(command: Command, variable: &dyn Fn(&OsStr) -> Option<OsString>) -> Command {
    command.mut_args(|arg| told(arg, variable)).mut_subcommands(|command| without(command, variable))
}

fn told(arg: Arg, variable: &dyn Fn(&OsStr) -> Option<OsString>) -> Arg {
    let Some(name) = arg.get_env() else { return arg };
    let Some(value) = variable(name) else { return arg };
    let is_off = matches!(arg.get_action(), ArgAction::SetTrue)
        && value.to_str().is_some_and(|value| values::switch(value) == Ok(false));
    if !value.is_empty() && !is_off {
        return arg;
    }
    // The help still names the variable.
    let note = format!(" [env: {}={}]", name.display(), value.display());
    let noted = |help: &dyn ToString| help.to_string() + &note;
    let (help, long) = (arg.get_help().map(|help| noted(help)), arg.get_long_help().map(|help| noted(help)));
    let arg = arg.env(None::<&'static str>);
    let arg = match help {
        Some(help) => arg.help(help),
        None => arg,
    };
    match long {
        Some(long) => arg.long_help(long),
        None => arg,
    }
}

/// The variable that holds a key.
const KEY: &str = "PULSECAM_KEY";

/// The key in the environment, if there is one.
pub(super) fn key() -> Result<Option<Key>, Error> {
    match std::env::var(KEY) {
        Ok(text) if !text.trim().is_empty() => Ok(Some(Key::new(&text)?)),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, FromArgMatches, value_parser};

    use super::*;

    fn command() -> Command {
        let size =
            Arg::new("size").long("size").env("PATH").value_parser(value_parser!(u8)).default_value("7");
        let json =
            Arg::new("json").long("json").action(ArgAction::SetTrue).env("HOME").value_parser(values::flag());
        let board = Arg::new("board").long("board").action(ArgAction::SetTrue).conflicts_with("json");
        Command::new("test").subcommand(Command::new("inner").args([size.help("The size"), json, board]))
    }

    /// The parsed options with these values of the two variables. PATH and HOME, because they are set while
    /// tests run.
    fn parsed(size: &str, json: &str, arguments: &[&str]) -> Result<(u8, bool), clap::Error> {
        let command =
            without(command(), &|name| Some(if name == "PATH" { size.into() } else { json.into() }));
        let matches = command.try_get_matches_from([&["test", "inner"], arguments].concat())?;
        let inner = matches.subcommand().unwrap().1;
        Ok((*inner.get_one("size").unwrap(), inner.get_flag("json")))
    }

    #[test]
    fn an_empty_variable_is_as_if_it_were_not_set() {
        assert_eq!(parsed("", "", &[]).unwrap(), (7, false));
        assert!(parsed("x", "", &[]).is_err(), "the variable itself is looked at");
    }

    #[test]
    fn a_switch_that_is_off_excludes_nothing() {
        assert_eq!(parsed("", "false", &["--board"]).unwrap(), (7, false));
        assert!(parsed("", "perhaps", &[]).is_err());
    }

    #[test]
    fn the_help_still_names_an_empty_variable() {
        let mut command = without(command(), &|_| Some(OsString::new()));
        let help = command.find_subcommand_mut("inner").unwrap().render_help().to_string();
        assert!(help.contains("The size [env: PATH=]"), "{help}");
    }

    #[test]
    fn every_option_of_the_program_is_reached() {
        let cleared = without(super::super::Cli::command(), &|_| Some(OsString::new()));
        let mut commands = vec![&cleared];
        while let Some(command) = commands.pop() {
            commands.extend(command.get_subcommands());
            for arg in command.get_arguments() {
                assert!(arg.get_env().is_none(), "{} {:?}", command.get_name(), arg.get_id());
            }
        }
        let matches = cleared.try_get_matches_from(["pulsecam", "demo"]).unwrap();
        super::super::Cli::from_arg_matches(&matches).unwrap();
    }
}
