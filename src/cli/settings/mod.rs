//! Configuration files: options that are set in advance, and profiles of relays.
//!
//! A file's entries become arguments of the command, inserted before those of the command line. So clap parses and
//! checks them like any other, and there is no second list of options. An option that the command line or the
//! environment sets is not inserted; see [`merge`] for the order.

mod fault;
mod file;
mod keys;
mod merge;
mod places;
mod profile;

use std::{
    collections::HashSet,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use clap::{
    Arg, ArgAction, ArgMatches, Command,
    error::{ContextKind, ContextValue, ErrorKind},
    parser::ValueSource,
};

use self::{
    fault::Fault,
    file::{Entry, Value},
    keys::Kind,
    merge::{Candidate, chosen},
    profile::{Profile, Profiles},
};
use super::{environment, host};

pub(super) use self::{
    fault::Place,
    keys::{option, variables},
};

/// Most `-v` that a file can ask for: more have no effect.
const MAX_COUNT: usize = 8;

/// Variables of the environment, by their name.
pub(super) type Variables<'a> = &'a dyn Fn(&OsStr) -> Option<OsString>;

/// A configuration file that was read.
#[derive(Debug)]
struct File {
    kind: Kind,
    contents: file::Contents,
}

/// A file that was looked for.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    /// Whether it exists.
    pub(super) is_there: bool,
}

/// An option that a file sets.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    /// The option's identifier.
    pub(super) option: String,
    long: String,
    pub(super) place: Place,
}

/// The arguments of a command with those of the files.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    pub(super) arguments: Vec<OsString>,
    /// The options that files set.
    pub(super) origins: Vec<Origin>,
    /// The profile that applies.
    pub(super) profile: Option<Profile>,
    /// The files that were looked for.
    pub(super) sources: Vec<Source>,
}

/// Inserts what the configuration files set; `command` is the whole program's.
///
/// # Errors
/// A file cannot be read, or is wrong. The error is for people, and complete.
pub(super) fn prepare(
    command: &Command,
    arguments: Vec<OsString>,
    variable: Variables<'_>,
) -> Result<Prepared, clap::Error> {
    inserted(command, arguments, variable)
        .map_err(|fault| clap::Error::raw(ErrorKind::ValueValidation, format!("{fault}\n")))
}

fn inserted(command: &Command, arguments: Vec<OsString>, variable: Variables<'_>) -> Result<Prepared, Fault> {
    // Incomplete arguments are reported later, with those of the files.
    let mut lenient = environment::without(command.clone(), variable).ignore_errors(true);
    let Ok(matches) = lenient.try_get_matches_from_mut(&arguments) else {
        // Help is asked for.
        return Ok(Prepared { arguments, ..Prepared::default() });
    };
    let (path, own) = innermost(&matches);
    let mut root = command.clone();
    root.build();
    let Some(definition) = keys::command(&root, &path).filter(|_| !path.is_empty()) else {
        return Ok(Prepared { arguments, ..Prepared::default() });
    };
    let config = matches.try_get_one::<PathBuf>(CONFIG).ok().flatten();
    let config = config.or_else(|| own.try_get_one(CONFIG).ok().flatten());
    let (files, sources) = read(config.map(PathBuf::as_path), &path, variable)?;
    for file in &files {
        keys::check(&root, file.kind, &file.contents)?;
    }
    let merged = Merging { definition, path: &path, matches: [&matches, own], files: &files, variable };
    let (own_arguments, origins, profile) = merged.arguments();
    let mut arguments = arguments;
    match position(&root, &arguments, path.len()) {
        Some(at) => _ = arguments.splice(at..at, own_arguments),
        None => return Ok(Prepared { arguments, sources, ..Prepared::default() }),
    }
    Ok(Prepared { arguments, origins, profile, sources })
}

/// The option that names the file.
const CONFIG: &str = "config";

/// The path of the command that is run, and its arguments.
fn innermost(matches: &ArgMatches) -> (Vec<String>, &ArgMatches) {
    let (mut path, mut own) = (Vec::new(), matches);
    while let Some((name, inner)) = own.subcommand() {
        path.push(name.to_owned());
        own = inner;
    }
    (path, own)
}

/// Reads the files of the command at this path.
fn read(
    named: Option<&Path>,
    path: &[String],
    variable: Variables<'_>,
) -> Result<(Vec<File>, Vec<Source>), Fault> {
    let is_relay = path.first().is_some_and(|name| name == keys::RELAY);
    let wanted = match named {
        Some(file) => vec![(if is_relay { Kind::Relay } else { Kind::User }, file.to_owned())],
        None => {
            let user = places::of_user(&|name| variable(OsStr::new(name))).map(|file| (Kind::User, file));
            let system = places::of_system().filter(|_| is_relay).map(|file| (Kind::Relay, file));
            user.into_iter().chain(system).collect()
        }
    };
    let (mut files, mut sources) = (Vec::new(), Vec::new());
    for (kind, path) in wanted {
        let text = places::read(&path)?;
        if text.is_none() && named.is_some() {
            return Err(Fault::Unreadable { path, reason: "there is no such file".into() });
        }
        sources.push(Source { path: path.clone(), is_there: text.is_some() });
        if let Some(text) = text {
            files.push(File { kind, contents: file::parse(&path, &text)? });
        }
    }
    Ok((files, sources))
}

/// The place of the first argument after the names of the command, of which there are `depth`.
fn position(root: &Command, arguments: &[OsString], depth: usize) -> Option<usize> {
    let (mut command, mut left, mut at) = (root, depth, 1);
    while left > 0 {
        let word = arguments.get(at)?.to_str()?;
        at += 1;
        if let Some(option) = word.strip_prefix("--") {
            let arg = command.get_arguments().find(|arg| arg.get_long() == Some(option));
            at += usize::from(arg.is_some_and(|arg| arg.get_action().takes_values()));
        } else if !word.starts_with('-') {
            command = command.find_subcommand(word)?;
            left -= 1;
        }
    }
    Some(at)
}

/// Entries of the same weight.
struct Level<'a> {
    entries: Vec<&'a Entry>,
    /// Finds the option of a key.
    find: for<'c> fn(&'c Command, &str) -> Option<&'c Arg>,
}

/// What decides about the entries for one command.
struct Merging<'a> {
    definition: &'a Command,
    path: &'a [String],
    /// The arguments of the program and of the command.
    matches: [&'a ArgMatches; 2],
    files: &'a [File],
    variable: Variables<'a>,
}

impl Merging<'_> {
    /// The arguments to insert, their origins, and the profile that applies.
    fn arguments(&self) -> (Vec<OsString>, Vec<Origin>, Option<Profile>) {
        let entries: Vec<&Entry> = self.files.iter().flat_map(|file| &file.contents.entries).collect();
        let profiles = Profiles::new(&entries);
        let mut levels = self.levels();
        let default = self.host_entry(&levels).or_else(|| profiles.default());
        let default = default.filter(|_| self.has(host::DEFAULT));
        let variable = (self.variable)(OsStr::new(host::VARIABLE)).filter(|host| !host.is_empty());
        let variable = variable.map(|host| host.to_string_lossy().into_owned());
        let used = host::named(self.matches[1], variable, default.as_ref().map(|(host, _)| host.as_str()));
        let profile = used.and_then(|name| profiles.find(&name)).filter(|_| self.has(host::ALIAS));
        if let Some(profile) = &profile {
            levels.insert(0, Level { entries: profile.entries(&entries), find: keys::general_option });
        }
        let (mut arguments, mut origins) = (Vec::new(), Vec::new());
        if self.has(host::ALIAS) {
            arguments
                .extend(profiles.aliases().map(|alias| OsString::from(format!("--{}={alias}", host::ALIAS))));
        }
        if let Some((host, place)) = default {
            arguments.push(format!("--{}={host}", host::DEFAULT).into());
            origins.push(Origin { option: host::OPTION.into(), long: host::DEFAULT.into(), place });
        }
        for (arg, entry) in self.chosen(&levels) {
            let long = arg.get_long().unwrap_or_default();
            arguments.extend(self.rendered(arg, long, &entry.value));
            let (option, place) = (arg.get_id().to_string(), entry.place.clone());
            origins.push(Origin { option, long: long.to_owned(), place });
        }
        (arguments, origins, profile)
    }

    /// The entries for the command, the most specific ones first.
    fn levels(&self) -> Vec<Level<'_>> {
        let of = |kind, wanted: &dyn Fn(&Entry) -> bool| {
            let files = self.files.iter().filter(|file| file.kind == kind);
            files.flat_map(|file| &file.contents.entries).filter(|entry| wanted(entry)).collect()
        };
        vec![
            Level { entries: of(Kind::User, &|entry| entry.table == self.path), find: keys::option },
            Level { entries: of(Kind::User, &|entry| entry.table.is_empty()), find: keys::general_option },
            Level { entries: of(Kind::Relay, &|_| true), find: keys::option },
        ]
    }

    /// Whether the command has this argument.
    fn has(&self, id: &str) -> bool {
        self.definition.get_arguments().any(|arg| arg.get_id() == id)
    }

    /// The relay that a key names for the command.
    fn host_entry(&self, levels: &[Level<'_>]) -> Option<(String, Place)> {
        let entries = levels.iter().flat_map(|level| &level.entries);
        let entry = entries.into_iter().find(|entry| entry.key == host::OPTION)?;
        let Value::One(host) = &entry.value else { return None };
        Some((host.clone(), entry.place.clone()))
    }

    /// The entries that apply, with their options.
    fn chosen<'a>(&'a self, levels: &[Level<'a>]) -> Vec<(&'a Arg, &'a Entry)> {
        // Where relays are named in many ways, `host` tells in which.
        let is_relay = |entry: &Entry| entry.key == host::OPTION && self.has(host::DEFAULT);
        let levels: Vec<Vec<(&Arg, &Entry)>> = levels
            .iter()
            .map(|level| {
                let entries = level.entries.iter().filter(|entry| !is_relay(entry));
                entries
                    .filter_map(|entry| Some(((level.find)(self.definition, &entry.key)?, *entry)))
                    .collect()
            })
            .collect();
        let candidates: Vec<Vec<_>> = levels
            .iter()
            .map(|level| {
                let candidate = |(arg, entry): &(&'a Arg, &Entry)| Candidate {
                    option: arg.get_id().as_str(),
                    is_active: entry.value != Value::Switch(false),
                };
                level.iter().map(candidate).collect()
            })
            .collect();
        let (set, active) = self.given();
        let excluded = self.exclusions();
        let excludes = |a: &str, b: &str| excluded.contains(&(a, b)) || excluded.contains(&(b, a));
        let chosen = chosen(&candidates, set, active, excludes);
        chosen.into_iter().filter_map(|(level, place)| levels.get(level)?.get(place).copied()).collect()
    }

    /// The options that the command line or the environment set, and those that have an effect.
    fn given(&self) -> (HashSet<&str>, HashSet<&str>) {
        let (mut set, mut active) = (HashSet::new(), HashSet::new());
        for arg in self.definition.get_arguments() {
            let id = arg.get_id().as_str();
            let is_active = self.matches.iter().any(|matches| {
                let known = matches.try_contains_id(id).is_ok();
                known && matches.value_source(id).is_some_and(|source| source != ValueSource::DefaultValue)
            });
            let has_variable = keys::variables(arg)
                .any(|name| (self.variable)(name.as_ref()).is_some_and(|value| !value.is_empty()));
            if is_active {
                active.insert(id);
            }
            if is_active || has_variable {
                set.insert(id);
            }
        }
        (set, active)
    }

    /// Pairs of options that exclude each other.
    fn exclusions(&self) -> HashSet<(&str, &str)> {
        let arguments = self.definition.get_arguments();
        let others = |arg| {
            self.definition.get_arg_conflicts_with(arg).into_iter().map(|other| other.get_id().as_str())
        };
        arguments.flat_map(|arg| others(arg).map(|other| (arg.get_id().as_str(), other))).collect()
    }

    /// The entry as arguments.
    fn rendered(&self, arg: &Arg, long: &str, value: &Value) -> Vec<OsString> {
        let with = |text: &str| self.with_home(format!("--{long}="), text);
        match (value, arg.get_action()) {
            (Value::Switch(on), ArgAction::SetTrue | ArgAction::SetFalse) => {
                vec![OsString::from(format!("--{long}")); usize::from(*on)]
            }
            (Value::One(count), ArgAction::Count) => {
                vec![OsString::from(format!("--{long}")); count.parse().unwrap_or(0).min(MAX_COUNT)]
            }
            (Value::Switch(on), _) => vec![with(&on.to_string())],
            (Value::One(text), _) => vec![with(text)],
            (Value::Several(texts), _) => texts.iter().map(|text| with(text)).collect(),
        }
    }

    /// Appends a value, in which `~/` at the beginning is the user's home, as in a shell.
    fn with_home(&self, option: String, text: &str) -> OsString {
        let mut argument = OsString::from(option);
        match (text.strip_prefix("~/"), (self.variable)(OsStr::new("HOME"))) {
            (Some(rest), Some(home)) => argument.push(Path::new(&home).join(rest)),
            _ => argument.push(text),
        }
        argument
    }
}

/// The values of an option, as they were written; several if it can be repeated.
pub(super) fn value(matches: &ArgMatches, option: &str) -> Vec<String> {
    let raw = |id| matches.try_get_raw(id).ok().flatten();
    let named_by_file = || raw(host::DEFAULT).filter(|_| option == host::OPTION);
    let values = raw(option).or_else(named_by_file).into_iter().flatten();
    values.map(|value| value.to_string_lossy().into_owned()).collect()
}

impl Prepared {
    /// Where the option was set, if by a file.
    pub(super) fn origin(&self, option: &str) -> Option<&Place> {
        self.origins.iter().find(|origin| origin.option == option).map(|origin| &origin.place)
    }

    /// Names the line of a file that an error is about.
    pub(super) fn explain(&self, error: clap::Error) -> clap::Error {
        if !error.use_stderr() || self.origins.is_empty() {
            return error;
        }
        let about: Vec<String> = [ContextKind::InvalidArg, ContextKind::PriorArg]
            .into_iter()
            .filter_map(|kind| error.get(kind))
            .flat_map(|value| match value {
                ContextValue::String(text) => vec![text.clone()],
                ContextValue::Strings(texts) => texts.clone(),
                _ => Vec::new(),
            })
            .collect();
        let is_about = |origin: &&Origin| {
            let option = format!("--{}", origin.long);
            about.iter().any(|text| text.split([' ', '=', '[']).next() == Some(option.as_str()))
        };
        let Some(origin) = self.origins.iter().find(is_about) else { return error };
        let kind = error.kind();
        let text = error.to_string();
        let first: Vec<_> = text.lines().take_while(|line| !line.trim().is_empty()).map(str::trim).collect();
        let said = first.join(" ");
        let said = said.strip_prefix("error: ").unwrap_or(&said);
        clap::Error::raw(kind, format!("{}: {said}\n", origin.place))
    }
}

#[cfg(test)]
mod tests;
