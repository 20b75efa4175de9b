//! `pulsecam config`: print the effective settings.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::Path,
};

use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory, parser::ValueSource};
use serde::Serialize;

use super::{
    Cli, Error, environment,
    settings::{self, Prepared},
};
use crate::app::output::{print, print_json};

const EXAMPLES: &str = "\
Examples:
  pulsecam config                        what is set by files and variables, for every command
  pulsecam config view                   all settings of view
  pulsecam config view desk --lang zh    the same, with these arguments
  pulsecam config --json relay

The files are ~/.config/pulsecam/config.toml ($XDG_CONFIG_HOME is observed) and, for the relay,
/etc/pulsecam/relay.toml. The order is: command line, environment, [host.NAME], [COMMAND], the top
of the file, default.";

/// Print the effective settings, and where each comes from
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Print one JSON object per setting
    #[arg(long)]
    json: bool,
    /// A command, with arguments if you like, whose settings are all printed [default: what is set, for every
    /// command]
    #[arg(value_name = "COMMAND", trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// A setting of a command.
#[derive(Debug, Serialize)]
struct Setting {
    command: String,
    key: String,
    /// Several for an option that can be repeated; none if it is not set.
    value: Vec<String>,
    #[serde(flatten)]
    source: Source,
    #[serde(skip)]
    is_list: bool,
}

/// Where a setting comes from.
#[derive(Debug, Serialize)]
#[serde(tag = "source", rename_all = "kebab-case")]
enum Source {
    CommandLine,
    Variable { variable: String },
    File { file: String, line: usize },
    Default,
}

/// Prints the settings; `file` was named by `--config`.
pub(super) fn run(args: &Args, file: Option<&Path>) -> Result<(), Error> {
    if args.command.is_empty() {
        return print_all(args.json, file);
    }
    let arguments = arguments(file, args.command.iter().cloned());
    let prepared = prepare(arguments).unwrap_or_else(|error| error.exit());
    let command = environment::without_unset(Cli::command());
    let matches = command.try_get_matches_from(&prepared.arguments);
    let matches = matches.map_err(|error| prepared.explain(error)).unwrap_or_else(|error| error.exit());
    print_sources(&prepared, args.json)?;
    if let Some(profile) = prepared.profile.as_ref().filter(|_| !args.json) {
        let address = profile.address.as_deref().unwrap_or(&profile.name);
        print(&format!("# host {}: {address}  ({})", profile.name, profile.place))?;
    }
    for setting in settings(&prepared, &matches) {
        print_setting(&setting, args.json)?;
    }
    Ok(())
}

/// Prints what files and variables set for any command.
fn print_all(json: bool, file: Option<&Path>) -> Result<(), Error> {
    let mut root = Cli::command();
    root.build();
    let mut is_first = true;
    // A file that is named is written for a relay or for the others.
    let is_meant = |path: &Vec<String>| file.is_none() || path != &["relay"];
    for path in leaves(&root, &[]).into_iter().filter(is_meant) {
        let prepared =
            prepare(arguments(file, path.iter().map(OsString::from))).unwrap_or_else(|error| error.exit());
        // Arguments that the command needs are missing, which does not matter here.
        let mut command = environment::without_unset(Cli::command()).ignore_errors(true);
        let Ok(matches) = command.try_get_matches_from_mut(&prepared.arguments) else { continue };
        if std::mem::take(&mut is_first) {
            print_sources(&prepared, json)?;
        }
        let set = settings(&prepared, &matches).into_iter();
        let set: Vec<_> = set.filter(|setting| !matches!(setting.source, Source::Default)).collect();
        if !set.is_empty() && !json {
            print(&format!("\n[{}]", path.join(".")))?;
        }
        for setting in set {
            print_setting(&setting, json)?;
        }
    }
    Ok(())
}

/// The names of all commands that do something.
fn leaves(command: &Command, path: &[String]) -> Vec<Vec<String>> {
    let is_shown = |inner: &&Command| inner.get_name() != "help" && !inner.is_hide_set();
    let inner: Vec<_> = command.get_subcommands().filter(is_shown).collect();
    if inner.is_empty() {
        return vec![path.to_vec()];
    }
    inner
        .into_iter()
        .flat_map(|inner| leaves(inner, &[path, &[inner.get_name().to_owned()]].concat()))
        .collect()
}

/// A command line of the program.
fn arguments(file: Option<&Path>, command: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let file = file.map(|file| {
        let mut option = OsString::from("--config=");
        option.push(file);
        option
    });
    std::iter::once("pulsecam".into()).chain(file).chain(command).collect()
}

fn prepare(arguments: Vec<OsString>) -> Result<Prepared, clap::Error> {
    settings::prepare(&Cli::command(), arguments, &|name: &OsStr| env::var_os(name))
}

/// The options of a command, with their values.
fn settings(prepared: &Prepared, matches: &ArgMatches) -> Vec<Setting> {
    let mut root = environment::without_unset(Cli::command());
    root.build();
    let (path, own) = settings::innermost(matches);
    let Some(definition) = settings::command(&root, &path) else { return Vec::new() };
    let command = path.join(".");
    let keys = definition.get_arguments().filter_map(|arg| {
        let key = arg.get_long()?;
        settings::option(definition, key).map(|_| setting(&command, key, arg, own, prepared))
    });
    keys.collect()
}

fn setting(command: &str, key: &str, arg: &Arg, matches: &ArgMatches, prepared: &Prepared) -> Setting {
    let id = arg.get_id().as_str();
    let origin = prepared.origin(id);
    let value = match arg.get_action() {
        ArgAction::Count => vec![matches.get_count(id).to_string()],
        _ => settings::value(matches, id),
    };
    let variable =
        settings::variables(arg).find(|name| env::var_os(name).is_some_and(|value| !value.is_empty()));
    let source = match (origin, matches.value_source(id), variable) {
        (Some(place), _, _) => Source::File { file: place.file.display().to_string(), line: place.line },
        (None, Some(ValueSource::CommandLine), _) => Source::CommandLine,
        (None, _, Some(variable)) => Source::Variable { variable: variable.to_owned() },
        (None, _, None) => Source::Default,
    };
    let is_list = matches!(arg.get_action(), ArgAction::Append);
    Setting { command: command.to_owned(), key: key.to_owned(), value, source, is_list }
}

fn print_sources(prepared: &Prepared, json: bool) -> Result<(), Error> {
    for source in prepared.sources.iter().filter(|_| !json) {
        let missing = if source.is_there { "" } else { ": not there" };
        print(&format!("# {}{missing}", source.path.display()))?;
    }
    Ok(())
}

fn print_setting(setting: &Setting, json: bool) -> Result<(), Error> {
    if json {
        return print_json(setting);
    }
    print(&line(setting))
}

/// Columns before the source, if the setting leaves them free.
const SETTING: usize = 40;

/// The setting as a line of a configuration file; one that has no value is a comment.
fn line(setting: &Setting) -> String {
    let Setting { key, value, .. } = setting;
    let value: Vec<_> = value.iter().map(|value| toml(value)).collect();
    let text = match (value.as_slice(), setting.is_list) {
        ([], _) => format!("# {key} ="),
        (values, true) => format!("{key} = [{}]", values.join(", ")),
        (values, false) => format!("{key} = {}", values.join(" ")),
    };
    let source = match &setting.source {
        Source::CommandLine => "command line".into(),
        Source::Variable { variable } => variable.clone(),
        Source::File { file, line } => format!("{file}:{line}"),
        Source::Default => "default".into(),
    };
    format!("{text:SETTING$}  # {source}")
}

/// A value as it is written in a file.
fn toml(value: &str) -> String {
    let is_number =
        value.parse::<f64>().is_ok_and(f64::is_finite) && value.starts_with(|c: char| c.is_ascii_digit());
    // 007 and 1. are no numbers there.
    let is_plain = is_number
        && !value.ends_with('.')
        && (value == "0" || value.starts_with("0.") || !value.starts_with('0'));
    if is_plain || matches!(value, "true" | "false") {
        return value.to_owned();
    }
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_can_be_copied_into_a_file() {
        let setting = |value: &[&str], is_list| Setting {
            command: "view".into(),
            key: "set".into(),
            value: value.iter().map(|value| (*value).to_owned()).collect(),
            source: Source::File { file: "c.toml".into(), line: 3 },
            is_list,
        };
        let text = |value: &[&str], is_list| {
            let line = line(&setting(value, is_list));
            assert!(line.ends_with("  # c.toml:3"), "{line}");
            line.split_once("  #").unwrap().0.trim_end().to_owned()
        };
        assert_eq!(text(&["小明 \"x\""], false), "set = \"小明 \\\"x\\\"\"");
        assert_eq!(text(&["7.5"], false), "set = 7.5");
        assert_eq!(text(&["true"], false), "set = true");
        assert_eq!(text(&["gain=1", "2"], true), "set = [\"gain=1\", 2]");
        for text in ["007", "1.", "inf", "+1", "1280x720", ""] {
            assert_eq!(toml(text), format!("{text:?}"));
        }
        assert!(line(&setting(&[], false)).starts_with("# set ="));
    }

    #[test]
    fn every_command_is_visited() {
        let mut root = Cli::command();
        root.build();
        let all: Vec<_> = leaves(&root, &[]).iter().map(|path| path.join(".")).collect();
        for wanted in ["relay", "config", "completions"] {
            assert!(all.iter().any(|path| path == wanted), "{wanted}: {all:?}");
        }
        assert!(!all.iter().any(|path| path == "bench" || path.ends_with("help")), "{all:?}");
    }
}
