//! The arguments that configuration files set for one command.

use std::{
    collections::HashSet,
    ffi::{OsStr, OsString},
    path::Path,
};

use clap::{Arg, ArgAction, ArgMatches, Command, parser::ValueSource};

use super::{
    File, Origin, Place, Variables,
    file::{Entry, Value},
    keys::{self, Kind},
    merge::{Candidate, chosen},
    profile::{Profile, Profiles},
};
use crate::cli::{aliases, host};

/// Most `-v` that a file can ask for: more have no effect.
const MAX_COUNT: usize = 8;

/// Entries of the same weight.
struct Level<'a> {
    entries: Vec<&'a Entry>,
    /// Finds the option of a key.
    find: for<'c> fn(&'c Command, &str) -> Option<&'c Arg>,
}

/// What decides about the entries for one command.
pub(super) struct Insertion<'a> {
    pub(super) definition: &'a Command,
    pub(super) path: &'a [String],
    /// The arguments of the program and of the command.
    pub(super) matches: [&'a ArgMatches; 2],
    pub(super) files: &'a [File],
    pub(super) variable: Variables<'a>,
}

impl Insertion<'_> {
    /// The arguments to insert, their origins, and the profile that applies.
    pub(super) fn arguments(&self) -> (Vec<OsString>, Vec<Origin>, Option<Profile>) {
        let entries: Vec<&Entry> = self.files.iter().flat_map(|file| &file.contents.entries).collect();
        let profiles = Profiles::new(&entries);
        let mut levels = self.levels();
        let default = self.host_entry(&levels).or_else(|| profiles.default());
        let default = default.filter(|_| self.has(host::DEFAULT));
        let variable = (self.variable)(OsStr::new(host::VARIABLE)).filter(|host| !host.is_empty());
        let variable = variable.map(|host| host.to_string_lossy().into_owned());
        let used = host::named(self.matches[1], variable, default.as_ref().map(|(host, _)| host.as_str()));
        let profile = used.and_then(|name| profiles.find(&name)).filter(|_| self.has(aliases::ALIAS));
        if let Some(profile) = &profile {
            levels.insert(0, Level { entries: profile.entries(&entries), find: keys::general_option });
        }
        let (mut arguments, mut origins) = (Vec::new(), Vec::new());
        if self.has(aliases::ALIAS) {
            arguments.extend(
                profiles.aliases().map(|alias| OsString::from(format!("--{}={alias}", aliases::ALIAS))),
            );
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
            Level {
                entries: of(Kind::User, &|entry| entry.table.is_empty() && !keys::is_apart(self.path)),
                find: keys::general_option,
            },
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
