//! The options of the program as keys of a configuration file.
//!
//! There is no list of keys: they are the long options of clap's own definitions.

use clap::{
    Arg, ArgAction, Command,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::{
    fault::Fault,
    file::{Contents, Entry, Value},
};
use crate::address::{Address, AddressList};

/// The table of profiles, by the name of a relay.
pub(super) const HOSTS: &str = "host";

/// The key of a profile's relay.
pub(super) const ADDRESS: &str = "address";

/// The key of a profile whose relay is used if none is named.
pub(super) const DEFAULT: &str = "default";

/// The command that has a file of its own.
pub(super) const RELAY: &str = "relay";

/// Commands that have no part in the keys at the top of a user's file: a relay's options have other meanings than
/// a client's of the same name, and a measurement must not depend on preferences.
const APART: [&str; 2] = [RELAY, "bench"];

/// Options that make no sense in a file.
const NO_KEYS: [&str; 3] = ["help", "version", "config"];

/// Options that the program reads from variables without clap, since a value may be a key itself or a list.
const OTHER_VARIABLES: [(&str, &[&str]); 1] = [("key_file", &["PULSECAM_KEY_FILE", "PULSECAM_KEY"])];

/// Whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A user's, with tables for commands and profiles.
    User,
    /// A relay's: only options of `relay`, without tables.
    Relay,
}

/// The variables of an option.
pub(in crate::cli) fn variables(arg: &Arg) -> impl Iterator<Item = &str> {
    let others = OTHER_VARIABLES.iter().filter(move |(id, _)| *id == arg.get_id().as_str());
    let others = others.flat_map(|(_, names)| names.iter().copied());
    arg.get_env().and_then(|name| name.to_str()).into_iter().chain(others)
}

/// The option of this key.
pub(in crate::cli) fn option<'a>(command: &'a Command, key: &str) -> Option<&'a Arg> {
    if NO_KEYS.contains(&key) {
        return None;
    }
    command.get_arguments().find(|arg| arg.get_long() == Some(key) && !arg.is_hide_set())
}

/// Whether the command at this path has no part in the keys at the top.
pub(super) fn is_apart(path: &[String]) -> bool {
    path.first().is_some_and(|name| APART.contains(&name.as_str()))
}

/// The option of this key if it may also be set for all commands: if it has a variable.
pub(super) fn general_option<'a>(command: &'a Command, key: &str) -> Option<&'a Arg> {
    option(command, key).filter(|arg| !APART.contains(&command.get_name()) && variables(arg).next().is_some())
}

/// The command at this path.
pub(in crate::cli) fn command<'a>(root: &'a Command, path: &[String]) -> Option<&'a Command> {
    path.iter().try_fold(root, |command, name| {
        command.get_subcommands().find(|inner| inner.get_name() == name && name != "help")
    })
}

/// Checks all keys and the kinds of their values; `root` must be built.
pub(super) fn check(root: &Command, kind: Kind, contents: &Contents) -> Result<(), Fault> {
    for table in &contents.tables {
        let is_known = match (kind, table.path.as_slice()) {
            (Kind::Relay, _) => false,
            (Kind::User, [first]) if first == HOSTS => true,
            (Kind::User, [first, name]) if first == HOSTS => {
                if let Err(error) = name.parse::<Address>() {
                    return Err(Fault::at(&table.place, format!("[{HOSTS}.{name:?}]: {error}")));
                }
                true
            }
            (Kind::User, path) => command(root, path).is_some(),
        };
        if !is_known {
            return Err(Fault::at(&table.place, unknown_table(root, kind, &table.path)));
        }
    }
    let mut default = None;
    for entry in &contents.entries {
        check_entry(root, kind, entry).map_err(|what| Fault::at(&entry.place, what))?;
        let is_default = is_profile(entry) && entry.key == DEFAULT && entry.value == Value::Switch(true);
        let Some(first) = is_default.then(|| default.replace(&entry.place.line)).flatten() else { continue };
        return Err(Fault::at(&entry.place, format!("line {first} names another default host")));
    }
    Ok(())
}

/// Whether the entry applies to all commands that have the option.
fn is_general(entry: &Entry) -> bool {
    entry.table.is_empty() || is_profile(entry)
}

/// Whether the entry belongs to a profile.
pub(super) fn is_profile(entry: &Entry) -> bool {
    matches!(entry.table.as_slice(), [first, _] if first == HOSTS)
}

fn check_entry(root: &Command, kind: Kind, entry: &Entry) -> Result<(), String> {
    let key = entry.key.as_str();
    let options: Vec<_> = match (kind, entry.table.as_slice()) {
        (Kind::Relay, _) => {
            root.find_subcommand(RELAY).and_then(|relay| option(relay, key)).into_iter().collect()
        }
        (Kind::User, [first]) if first == HOSTS => {
            return Err(format!("{key:?} must be in a table with the host's name: [{HOSTS}.NAME]"));
        }
        (Kind::User, [first, _]) if first == HOSTS && key == ADDRESS => return address(&entry.value),
        (Kind::User, [first, _]) if first == HOSTS && key == DEFAULT => return switch(&entry.value),
        (Kind::User, [first, _]) if first == HOSTS && key == HOSTS => Vec::new(),
        (Kind::User, _) if is_general(entry) => {
            root.get_subcommands().filter_map(|command| general_option(command, key)).collect()
        }
        (Kind::User, path) => {
            command(root, path).and_then(|command| option(command, key)).into_iter().collect()
        }
    };
    if options.is_empty() {
        return Err(unknown_key(root, kind, entry));
    }
    options.into_iter().try_for_each(|arg| fits(arg, &entry.value))
}

fn address(value: &Value) -> Result<(), String> {
    let Value::One(text) = value else {
        return Err(format!("{ADDRESS:?}: expected HOST or HOST:PORT, or several with commas between them"));
    };
    text.parse::<AddressList>().map(drop).map_err(|error| format!("{ADDRESS:?} is {text:?}: {error}"))
}

fn switch(value: &Value) -> Result<(), String> {
    matches!(value, Value::Switch(_))
        .then_some(())
        .ok_or_else(|| format!("{DEFAULT:?}: expected true or false"))
}

/// Whether the option takes a value of this kind. The value itself is parsed by clap.
fn fits(arg: &Arg, value: &Value) -> Result<(), String> {
    let expected = match (arg.get_action(), value) {
        (ArgAction::SetTrue | ArgAction::SetFalse, Value::Switch(_))
        | (ArgAction::Set, Value::One(_) | Value::Switch(_))
        | (ArgAction::Append, Value::One(_) | Value::Several(_))
        | (ArgAction::Count, Value::One(_)) => return Ok(()),
        (ArgAction::SetTrue | ArgAction::SetFalse, _) => "true or false",
        (ArgAction::Append, _) => "a text, or a list of texts in brackets",
        (ArgAction::Count, _) => "a number",
        _ => "one text or number",
    };
    Err(format!("{:?}: expected {expected}", arg.get_long().unwrap_or_default()))
}

fn unknown_table(root: &Command, kind: Kind, path: &[String]) -> String {
    let name = path.join(".");
    match (kind, path) {
        (Kind::Relay, _) => {
            format!("unknown table [{name}]: this file has the options of `pulsecam {RELAY}`, without tables")
        }
        (Kind::User, [first, ..]) if first == HOSTS => {
            format!(
                "unknown table [{name}]: a host's name with a dot is quoted, as in [{HOSTS}.\"desk.local\"]"
            )
        }
        (Kind::User, _) => {
            let similar =
                path.first().and_then(|first| suggested(root, first, ContextKind::SuggestedSubcommand));
            let hint = similar.unwrap_or_else(|| format!("{HOSTS}.NAME"));
            format!("unknown table [{name}]: it is no command. Did you mean [{hint}]?")
        }
    }
}

fn unknown_key(root: &Command, kind: Kind, entry: &Entry) -> String {
    let key = entry.key.as_str();
    let of_file = |command: &&Command| match (kind, entry.table.as_slice()) {
        (Kind::Relay, _) => command.get_name() == RELAY,
        (Kind::User, _) if is_general(entry) => !APART.contains(&command.get_name()),
        _ => false,
    };
    let own = command(root, &entry.table).filter(|_| kind == Kind::User && !entry.table.is_empty());
    let of_profile = is_profile(entry)
        .then(|| Command::new(HOSTS).args([ADDRESS, DEFAULT].map(|key| Arg::new(key).long(key))));
    let commands = root.get_subcommands().filter(of_file).chain(own);
    let option = format!("--{key}");
    let mut commands = of_profile.iter().chain(commands);
    let similar = commands.find_map(|command| suggested(command, &option, ContextKind::SuggestedArg));
    let elsewhere = root.get_subcommands().filter(|command| self::option(command, key).is_some());
    let elsewhere: Vec<_> = elsewhere.map(|command| format!("[{}]", command.get_name())).collect();
    if is_profile(entry) && key == HOSTS {
        return format!("unknown key {key:?}: did you mean {ADDRESS:?}?");
    }
    if kind == Kind::User && !elsewhere.is_empty() {
        return format!("{key:?} does not apply here: put it into the table {}", elsewhere.join(" or "));
    }
    match similar {
        Some(similar) => format!("unknown key {key:?}: did you mean {similar:?}?"),
        None => format!("unknown key {key:?}: the keys are the long options that --help lists"),
    }
}

/// The name that clap takes for the one meant.
fn suggested(command: &Command, word: &str, what: ContextKind) -> Option<String> {
    let arguments = [command.get_name(), word];
    let error = command.clone().try_get_matches_from(arguments).err()?;
    if !matches!(error.kind(), ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand) {
        return None;
    }
    match error.get(what)? {
        ContextValue::String(name) => Some(name.trim_start_matches('-').to_owned()),
        ContextValue::Strings(names) => names.first().map(|name| name.trim_start_matches('-').to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::CommandFactory;

    use super::{super::file::parse, *};

    fn root() -> Command {
        let mut root = super::super::super::Cli::command();
        root.build();
        root
    }

    fn checked(kind: Kind, text: &str) -> Result<(), String> {
        let contents = parse(Path::new("c.toml"), text).unwrap();
        check(&root(), kind, &contents).map_err(|fault| fault.to_string())
    }

    fn fails(kind: Kind, text: &str, words: &[&str]) {
        let fault = checked(kind, text).unwrap_err();
        for word in words {
            assert!(fault.contains(word), "{text:?} should say {word:?}: {fault}");
        }
    }

    #[test]
    fn every_long_option_is_a_key() {
        let root = root();
        let mut commands: Vec<(Vec<String>, &Command)> =
            root.get_subcommands().map(|inner| (vec![inner.get_name().to_owned()], inner)).collect();
        let mut keys = 0;
        while let Some((path, command)) = commands.pop() {
            if command.get_name() == "help" {
                continue;
            }
            assert_eq!(super::command(&root, &path).map(Command::get_name), Some(command.get_name()));
            let inner = command
                .get_subcommands()
                .map(|inner| ([path.as_slice(), &[inner.get_name().to_owned()]].concat(), inner));
            commands.extend(inner);
            for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
                let Some(long) = arg.get_long().filter(|long| !NO_KEYS.contains(long)) else { continue };
                assert_eq!(option(command, long).map(Arg::get_id), Some(arg.get_id()), "{path:?} {long}");
                keys += 1;
            }
        }
        assert!(keys > 100, "{keys}");
    }

    #[test]
    fn keys_are_known_where_they_apply() {
        let good = "name = \"Ann\"\nverbose = 1\nnumbers = true\nset = [\"gain=1\"]\n[send]\nfps = 15\n\
                    [relay]\nmax-clients = 8\ntls = \"self-signed\"\nkey-file = [\"a\", \"b\"]\n[bench.latency]\nfps = 30\n\
                    [host.both]\naddress = \"desk1, desk2:7000\"\n[host.desk]\naddress = \"desk.local:7000\"\ntls-pin = \"AB\"\ndefault = true\nlang = \"zh\"\n";
        assert_eq!(checked(Kind::User, good), Ok(()));
        assert!(checked(Kind::Relay, "max-clients = 8\nweb = false\nlog = 1\n").is_err());
        assert_eq!(checked(Kind::Relay, "max-clients = 8\nweb = false\nquiet = true\n"), Ok(()));
    }

    #[test]
    fn an_unknown_key_is_an_error_with_the_closest_one() {
        fails(Kind::User, "\nnmae = \"Ann\"", &["c.toml:2: ", "\"nmae\"", "\"name\""]);
        fails(Kind::User, "[send]\nqualty = 15", &["c.toml:2: ", "\"quality\""]);
        fails(Kind::User, "[sned]\nfps = 15", &["c.toml:1: ", "[send]"]);
        fails(Kind::User, "[host.desk]\nadress = \"x\"", &["c.toml:2: ", "\"adress\""]);
        fails(Kind::User, "[host.desk]\nhost = \"x\"", &["\"address\""]);
        fails(Kind::User, "[host]\ntls = true", &["[host.NAME]"]);
        fails(Kind::User, "[host.desk.local]\ntls = true", &["quoted"]);
        fails(Kind::User, "max-clients = 8", &["[relay]"]);
        fails(Kind::User, "zzz = 8", &["--help"]);
        fails(Kind::Relay, "max-clinets = 8", &["\"max-clients\""]);
        fails(Kind::Relay, "[relay]\nmax-clients = 8", &["without tables"]);
        for never in ["help = true", "config = \"x\"", "exit-with-input = true"] {
            assert!(checked(Kind::User, never).is_err() && checked(Kind::Relay, never).is_err(), "{never}");
        }
    }

    #[test]
    fn a_value_of_another_kind_is_an_error() {
        fails(Kind::User, "numbers = \"yes\"", &["\"numbers\": expected true or false"]);
        fails(Kind::User, "name = [\"a\", \"b\"]", &["expected one text"]);
        fails(Kind::User, "set = true", &["a list"]);
        fails(Kind::User, "[host.desk]\naddress = \"desk:x\"", &["c.toml:2: ", "desk:x"]);
        fails(Kind::User, "[host.desk]\naddress = \"desk,\"", &["c.toml:2: ", "empty"]);
        fails(Kind::User, "[host.desk]\ndefault = 1", &["true or false"]);
        fails(Kind::User, "[host.a]\ndefault = true\n[host.b]\ndefault = true", &["c.toml:4: ", "line 2"]);
    }
}
