//! Which key opens which room.

use std::sync::{Arc, PoisonError, RwLock};

use crate::key::Key;

/// Keys of a relay, which can be changed while it runs: those who are in stay.
#[derive(Debug, Default)]
pub struct Keyring(RwLock<Arc<[RoomKey]>>);

/// A key and the room that it opens.
#[derive(Clone, Debug)]
pub struct RoomKey {
    /// The room's name; events tell it.
    pub room: String,
    /// Its key.
    pub key: Key,
}

impl Keyring {
    /// A ring of these.
    #[must_use]
    pub fn new(keys: Vec<RoomKey>) -> Self {
        Self(RwLock::new(keys.into()))
    }

    /// Has these from now on.
    pub fn replace(&self, keys: Vec<RoomKey>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = keys.into();
    }

    /// Those that it has now.
    pub(super) fn keys(&self) -> Arc<[RoomKey]> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}
