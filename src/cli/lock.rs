//! What guards a relay: its certificate, and the keys to its rooms.

use std::{env, path::PathBuf, str::FromStr, sync::Arc};

use super::{Error, trust};
use crate::{
    key::Key,
    relay::{Keyring, RoomKey},
    tls::Server,
};

/// The variable for [`LockArgs::key_file`].
const VARIABLE: &str = "PULSECAM_KEY_FILE";

/// Who is let in, and over what.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Trust")]
pub(super) struct LockArgs {
    /// Speak TLS only, with this certificate (PEM; `pulsecam cert` makes one)
    #[arg(long, value_name = "FILE", requires = "tls_key", env = "PULSECAM_TLS_CERT")]
    tls_cert: Option<PathBuf>,
    /// The certificate's key
    #[arg(long, value_name = "FILE", requires = "tls_cert", env = "PULSECAM_TLS_KEY")]
    tls_key: Option<PathBuf>,
    /// Let in only who knows the key in this file; with a room's name before it, into that room. Can be given for each of several
    /// rooms (or one key itself in the variable PULSECAM_KEY) [env: PULSECAM_KEY_FILE, in which several are separated by commas, or by line
    /// breaks if there are any]
    // Not by clap: it would split what stands on the command line as well, where a comma belongs to a file's name.
    #[arg(long, value_name = "[ROOM=]FILE")]
    key_file: Vec<KeyFile>,
}

/// A key's file, and the room that it opens.
#[derive(Clone, Debug, PartialEq, Eq)]
struct KeyFile {
    room: String,
    file: PathBuf,
}

impl FromStr for KeyFile {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::of(text))
    }
}

impl KeyFile {
    fn of(text: &str) -> Self {
        let (room, file) = text.split_once('=').unwrap_or(("", text));
        Self { room: room.to_owned(), file: file.into() }
    }
}

/// The guards as they are set up.
#[derive(Debug)]
pub(super) struct Lock {
    args: LockArgs,
    pub(super) tls: Option<Arc<Server>>,
    pub(super) keys: Option<Arc<Keyring>>,
}

impl LockArgs {
    /// Reads certificate and keys.
    pub(super) fn open(&self) -> Result<Lock, Error> {
        let tls = match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => Some(Arc::new(Server::load(certificate, key)?)),
            _ => None,
        };
        let keys = self.keys()?;
        let keys = (!keys.is_empty()).then(|| Arc::new(Keyring::new(keys)));
        Ok(Lock { args: self.clone(), tls, keys })
    }

    fn keys(&self) -> Result<Vec<RoomKey>, Error> {
        let mut keys = Vec::new();
        let files = if self.key_file.is_empty() { from_variable()? } else { self.key_file.clone() };
        for KeyFile { room, file } in files {
            keys.push(RoomKey { room, key: Key::load(&file)? });
        }
        if keys.is_empty()
            && let Some(key) = trust::from_environment()?
        {
            keys.push(RoomKey { room: String::new(), key });
        }
        if let Some((first, second)) = same(&keys) {
            return Err(Error::Usage(format!("the rooms {first:?} and {second:?} have the same key")));
        }
        Ok(keys)
    }
}

/// The files that the variable names; none if it is not set, or to nothing.
fn from_variable() -> Result<Vec<KeyFile>, Error> {
    let Some(value) = env::var_os(VARIABLE) else { return Ok(Vec::new()) };
    let value = value.into_string().map_err(|_| Error::Usage(format!("{VARIABLE} is no text")))?;
    Ok(several(&value))
}

/// A file on each line; on a single line, several are separated by commas.
fn several(value: &str) -> Vec<KeyFile> {
    let separators: &[char] = if value.contains('\n') { &['\n', '\r'] } else { &[','] };
    let parts = value.split(separators).filter(|part| !part.trim().is_empty());
    parts.map(KeyFile::of).collect()
}

/// Two rooms with one key: nobody could tell which one it opens.
fn same(keys: &[RoomKey]) -> Option<(&str, &str)> {
    keys.iter().enumerate().find_map(|(at, one)| {
        let other = keys.iter().skip(at + 1).find(|other| other.key.is_same(&one.key))?;
        Some((one.room.as_str(), other.room.as_str()))
    })
}

impl Lock {
    /// Reads certificate and keys again: for those who come from now on. Where one cannot be read, nothing changes.
    /// `false` where there is none.
    pub(super) fn reload(&self) -> Result<bool, Error> {
        let keys = self.args.keys()?;
        if let Some(tls) = &self.tls {
            tls.reload()?;
        }
        if let Some(ring) = &self.keys {
            ring.replace(keys);
        }
        Ok(self.tls.is_some() || self.keys.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_name_its_room() {
        let read = |text: &str| text.parse::<KeyFile>().unwrap();
        assert_eq!(read("room.key"), KeyFile { room: String::new(), file: "room.key".into() });
        assert_eq!(read("lab=keys/lab.key"), KeyFile { room: "lab".into(), file: "keys/lab.key".into() });
    }

    #[test]
    fn a_variable_names_several_by_commas_or_line_breaks() {
        let file = |room: &str, file: &str| KeyFile { room: room.into(), file: file.into() };
        assert_eq!(several("lab=a.key,office=b.key"), [file("lab", "a.key"), file("office", "b.key")]);
        assert_eq!(several("lab=a,b/k\noffice=c\r\n"), [file("lab", "a,b/k"), file("office", "c")]);
        assert_eq!(several("a,b/k\n"), [file("", "a,b/k")]);
        assert_eq!(several(""), []);
    }

    #[test]
    fn two_rooms_with_one_key_are_wrong_usage() {
        let key = |room: &str, text: &str| RoomKey { room: room.into(), key: Key::new(text).unwrap() };
        let keys =
            [key("a", "sixteen letters 1"), key("b", "sixteen letters 2"), key("c", "sixteen letters 1 ")];
        assert_eq!(same(&keys), Some(("a", "c")));
        assert_eq!(same(&keys[..2]), None);
    }
}
