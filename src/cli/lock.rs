//! What guards a relay: its certificate, and the keys to its rooms.

use std::{path::PathBuf, str::FromStr, sync::Arc};

use super::{Error, trust};
use crate::{
    key::Key,
    relay::{Keyring, RoomKey},
    tls::Server,
};

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
    /// rooms (or one key itself in the variable PULSECAM_KEY)
    #[arg(long, value_name = "[ROOM=]FILE", env = "PULSECAM_KEY_FILE", value_delimiter = ',')]
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
        let (room, file) = text.split_once('=').unwrap_or(("", text));
        Ok(Self { room: room.to_owned(), file: file.into() })
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
        for KeyFile { room, file } in &self.key_file {
            keys.push(RoomKey { room: room.clone(), key: Key::load(file)? });
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
    fn two_rooms_with_one_key_are_wrong_usage() {
        let key = |room: &str, text: &str| RoomKey { room: room.into(), key: Key::new(text).unwrap() };
        let keys =
            [key("a", "sixteen letters 1"), key("b", "sixteen letters 2"), key("c", "sixteen letters 1 ")];
        assert_eq!(same(&keys), Some(("a", "c")));
        assert_eq!(same(&keys[..2]), None);
    }
}
