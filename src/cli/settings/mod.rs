//! Configuration files: options that are set in advance, and profiles of relays.
//!
//! A file's entries become arguments of the command, inserted before those of the command line. So clap parses and
//! checks them like any other, and there is no second list of options. An option that the command line or the
//! environment sets is not inserted; see [`merge`] for the order.

mod fault;
mod file;
mod insertion;
mod keys;
mod merge;
mod places;
mod profile;

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use clap::{
    ArgMatches, Command,
    error::{ContextKind, ContextValue, ErrorKind},
};

use self::{fault::Fault, insertion::Insertion, keys::Kind, profile::Profile};
use super::{environment, host};

pub(super) use self::{
    fault::Place,
    keys::{command, option, variables},
};

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
    // `config` reads the files of the command that it is about.
    let is_own = path.first().is_some_and(|name| name != CONFIG);
    let Some(definition) = keys::command(&root, &path).filter(|_| is_own) else {
        return Ok(Prepared { arguments, ..Prepared::default() });
    };
    let config = matches.try_get_one::<PathBuf>(CONFIG).ok().flatten();
    let config = config.or_else(|| own.try_get_one(CONFIG).ok().flatten());
    let (files, sources) = read(config.map(PathBuf::as_path), &path, variable)?;
    for file in &files {
        keys::check(&root, file.kind, &file.contents)?;
    }
    let merged = Insertion { definition, path: &path, matches: [&matches, own], files: &files, variable };
    let (own_arguments, origins, profile) = merged.arguments();
    let mut arguments = arguments;
    match position(&root, &arguments, path.len()) {
        Some(at) => _ = arguments.splice(at..at, own_arguments),
        None => return Ok(Prepared { arguments, sources, ..Prepared::default() }),
    }
    Ok(Prepared { arguments, origins, profile, sources })
}

/// The option that names the file, and the command that prints what is set.
const CONFIG: &str = "config";

/// The path of the command that is run, and its arguments.
pub(super) fn innermost(matches: &ArgMatches) -> (Vec<String>, &ArgMatches) {
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
