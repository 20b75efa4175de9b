//! A relay's authentication: its certificate, and the keys to its rooms.

use std::{path::PathBuf, str::FromStr, sync::Arc};

use super::{Error, self_signed};
use crate::{
    auth::Key,
    relay::{Keyring, RoomKey},
    tls::Acceptor,
};

/// Files of the certificate, and the keys to the rooms.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The certificate's file and its key's file; without them, no TLS.
    pub(crate) tls: Option<(PathBuf, PathBuf)>,
    /// Makes a certificate, and keeps it.
    pub(crate) self_signed: bool,
    pub(crate) keys: KeySource,
}

/// Where the keys to the rooms are.
#[derive(Clone, Debug)]
pub(crate) enum KeySource {
    /// There is no key: everyone is admitted.
    None,
    /// In files, which can be reloaded.
    Files(Vec<KeyFile>),
    /// The key to the room without a name.
    Key(Key),
}

/// A key's file, and its room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyFile {
    pub(crate) room: String,
    pub(crate) file: PathBuf,
}

impl FromStr for KeyFile {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::of(text))
    }
}

impl KeyFile {
    /// Parses `FILE` or `ROOM=FILE`.
    pub(crate) fn of(text: &str) -> Self {
        let (room, file) = text.split_once('=').unwrap_or(("", text));
        Self { room: room.to_owned(), file: file.into() }
    }

    fn read(&self) -> Result<RoomKey, Error> {
        Ok(RoomKey::new(self.room.clone(), Key::load(&self.file)?))
    }
}

/// The loaded certificate and keys.
#[derive(Debug)]
pub(super) struct ServerAuth {
    keys_from: KeySource,
    pub(super) tls: Option<Arc<Acceptor>>,
    /// The file of a certificate of its own, which people may install.
    pub(super) installable: Option<PathBuf>,
    pub(super) keys: Option<Arc<Keyring>>,
}

impl Options {
    /// Loads certificate and keys.
    pub(super) fn open(&self) -> Result<ServerAuth, Error> {
        let made = self.self_signed.then(self_signed::files).transpose()?;
        let tls = match made.as_ref().or(self.tls.as_ref()) {
            Some((certificate, key)) => Some(Arc::new(Acceptor::load(certificate, key)?)),
            None => None,
        };
        let keys = self.keys.read()?;
        let keys = (!keys.is_empty()).then(|| Arc::new(Keyring::new(keys)));
        let installable = made.map(|(certificate, _)| certificate);
        Ok(ServerAuth { keys_from: self.keys.clone(), tls, installable, keys })
    }
}

impl KeySource {
    fn read(&self) -> Result<Vec<RoomKey>, Error> {
        let keys = match self {
            Self::None => Vec::new(),
            Self::Files(files) => files.iter().map(KeyFile::read).collect::<Result<_, _>>()?,
            Self::Key(key) => vec![RoomKey::new("", key.clone())],
        };
        if let Some((first, second)) = same(&keys) {
            return Err(Error::Usage(format!("the rooms {first:?} and {second:?} have the same key")));
        }
        Ok(keys)
    }
}

/// Two rooms with the same key, if there are any: the key would be ambiguous.
fn same(keys: &[RoomKey]) -> Option<(&str, &str)> {
    keys.iter().enumerate().find_map(|(at, one)| {
        let other = keys.iter().skip(at + 1).find(|other| other.key.is_same(&one.key))?;
        Some((one.room.as_str(), other.room.as_str()))
    })
}

impl ServerAuth {
    /// Reloads certificate and keys; `false` if there are none.
    ///
    /// # Errors
    /// One cannot be read; the old ones stay in use.
    pub(super) fn reload(&self) -> Result<bool, Error> {
        let keys = self.keys_from.read()?;
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
    fn two_rooms_with_one_key_are_wrong_usage() {
        let key = |room: &str, text: &str| RoomKey::new(room, Key::new(text).unwrap());
        let keys =
            [key("a", "sixteen letters 1"), key("b", "sixteen letters 2"), key("c", "sixteen letters 1 ")];
        assert_eq!(same(&keys), Some(("a", "c")));
        assert_eq!(same(&keys[..2]), None);
    }
}
