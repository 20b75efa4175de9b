//! Profiles of relays: `[host.NAME]`.

use super::{
    Place,
    file::{Entry, Value},
    keys::{ADDRESS, DEFAULT, is_profile},
};

/// A relay with its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) name: String,
    /// The relay, unless the name is its address.
    pub(crate) address: Option<String>,
    /// The first line of it that says something.
    pub(crate) place: Place,
}

/// The profiles of the files.
#[derive(Debug)]
pub(super) struct Profiles {
    all: Vec<Profile>,
    default: Option<(String, Place)>,
}

impl Profiles {
    pub(super) fn new(entries: &[&Entry]) -> Self {
        let mut profiles = Self { all: Vec::new(), default: None };
        for entry in entries.iter().filter(|entry| is_profile(entry)) {
            let Some(name) = entry.table.last() else { continue };
            let place = match profiles.all.iter().position(|profile| profile.name == *name) {
                Some(place) => place,
                None => {
                    let place = entry.place.clone();
                    profiles.all.push(Profile { name: name.clone(), address: None, place });
                    profiles.all.len() - 1
                }
            };
            match (entry.key.as_str(), &entry.value) {
                (ADDRESS, Value::One(address)) => profiles.all[place].address = Some(address.clone()),
                (DEFAULT, Value::Switch(true)) => {
                    profiles.default = Some((name.clone(), entry.place.clone()));
                }
                _ => {}
            }
        }
        profiles
    }

    pub(super) fn find(&self, name: &str) -> Option<Profile> {
        self.all.iter().find(|profile| profile.name == name).cloned()
    }

    /// The relay to use if none is named, and where that is said.
    pub(super) fn default(&self) -> Option<(String, Place)> {
        self.default.clone()
    }

    /// Each name that stands for an address, as `NAME=ADDRESS`.
    pub(super) fn aliases(&self) -> impl Iterator<Item = String> {
        let alias = |profile: &Profile| Some(format!("{}={}", profile.name, profile.address.as_ref()?));
        self.all.iter().filter_map(alias)
    }
}

impl Profile {
    /// Its settings.
    pub(super) fn entries<'a>(&self, entries: &[&'a Entry]) -> Vec<&'a Entry> {
        let is_own = |entry: &&&Entry| {
            is_profile(entry)
                && entry.table.last() == Some(&self.name)
                && ![ADDRESS, DEFAULT].contains(&entry.key.as_str())
        };
        entries.iter().filter(is_own).copied().collect()
    }
}
