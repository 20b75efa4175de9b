//! What the program remembers from one start to the next: small files in the user's state folder.
//!
//! Nothing depends on them. One that is missing or damaged is as good as empty, and one that cannot be written is
//! mentioned in the log only.

use std::{
    env,
    ffi::OsString,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};
use tracing::debug;

/// Largest file that is read: ours have a few kilobytes.
const MAX_BYTES: u64 = 256 << 10;

/// The folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StateFolder(PathBuf);

impl StateFolder {
    /// That of this user; `None` if there is none.
    pub(crate) fn find() -> Option<Self> {
        of_user(|name| env::var_os(name)).map(Self)
    }

    /// This folder.
    #[cfg(test)]
    pub(crate) fn at(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// Reads a file.
    pub(crate) fn read<T: DeserializeOwned + Default>(&self, name: &str) -> T {
        let path = self.0.join(name);
        let read = read(&path).and_then(|text| Ok(serde_json::from_slice(&text)?));
        match read {
            Ok(remembered) => remembered,
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    debug!("{}: {error}; ignored", path.display());
                }
                T::default()
            }
        }
    }

    /// Writes a list of at most this many entries: the newest, and the others but for those that it replaces.
    pub(crate) fn put_first<T: Serialize>(
        &self,
        name: &str,
        newest: T,
        others: Vec<T>,
        is_replaced: impl Fn(&T) -> bool,
        most: usize,
    ) {
        let others = others.into_iter().filter(|other| !is_replaced(other));
        self.write(name, &std::iter::once(newest).chain(others).take(most).collect::<Vec<_>>());
    }

    /// Writes a file, whole or not at all.
    pub(crate) fn write<T: Serialize>(&self, name: &str, remembered: &T) {
        if let Err(error) = write(&self.0, name, remembered) {
            debug!("{}: {error}; not remembered", self.0.join(name).display());
        }
    }
}

/// The folder of a user with these variables, by the XDG base directory specification.
pub(super) fn of_user(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    // The specification wants relative paths to be ignored.
    let folder = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local/state")));
    // Windows has other names.
    Some(base.or_else(|| folder("LOCALAPPDATA"))?.join("pulsecam"))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::other("it is larger than any that was written"));
    }
    Ok(bytes)
}

fn write<T: Serialize>(folder: &Path, name: &str, remembered: &T) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    // Others need not know with whom one talks.
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)?;
    // Two programs may write at once.
    let new = folder.join(format!("{name}.{}", std::process::id()));
    let written = fs::write(&new, serde_json::to_vec(remembered)?);
    let renamed = written.and_then(|()| fs::rename(&new, folder.join(name)));
    if renamed.is_err() {
        let _ = fs::remove_file(&new); // it may not be there
    }
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_found_by_xdg() {
        let of = |variables: &[(&str, &str)]| {
            of_user(|name| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| value.into()))
        };
        let home = ("HOME", "/home/ann");
        assert_eq!(of(&[home]), Some("/home/ann/.local/state/pulsecam".into()));
        assert_eq!(of(&[home, ("XDG_STATE_HOME", "/x")]), Some("/x/pulsecam".into()));
        assert_eq!(of(&[home, ("XDG_STATE_HOME", "x")]), Some("/home/ann/.local/state/pulsecam".into()));
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn what_was_written_is_read_and_what_is_damaged_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        let numbers = |folder: &StateFolder| -> Vec<u32> { folder.read("numbers.json") };
        let state = StateFolder(folder.path().join("a/b"));
        assert!(numbers(&state).is_empty());
        state.write("numbers.json", &[1, 2]);
        state.write("numbers.json", &[3]);
        assert_eq!(numbers(&state), [3]);
        let files = fs::read_dir(&state.0).unwrap().count();
        assert_eq!(files, 1, "nothing else is left");
        for damaged in [&b"[1,"[..], b"\xff", &[b' '; MAX_BYTES as usize + 1]] {
            fs::write(state.0.join("numbers.json"), damaged).unwrap();
            assert!(numbers(&state).is_empty());
        }
        let nowhere = StateFolder(state.0.join("numbers.json/below"));
        nowhere.write("numbers.json", &[1]);
        assert!(numbers(&nowhere).is_empty());
    }
}
