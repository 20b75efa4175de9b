//! The keys of a relay, and the rooms that they open.

use std::sync::Arc;

use tokio::sync::watch;

use crate::auth::Key;

/// The keys of a relay, which can be replaced while it runs. Clients whose key was removed are disconnected,
/// the others stay.
#[derive(Debug)]
pub struct Keyring(watch::Sender<Arc<[RoomKey]>>);

/// A key and the room that it opens.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RoomKey {
    /// The room's name, which events contain.
    pub room: String,
    /// The key.
    pub key: Key,
}

impl RoomKey {
    /// Opens the room of this name with this key. With a single room, the name may be empty.
    #[must_use]
    pub fn new(room: impl Into<String>, key: Key) -> Self {
        Self { room: room.into(), key }
    }
}

/// The key with which a client was admitted.
pub(super) struct KeyGrant {
    keys: watch::Receiver<Arc<[RoomKey]>>,
    shown: RoomKey,
}

impl Keyring {
    /// Creates a keyring.
    #[must_use]
    pub fn new(keys: Vec<RoomKey>) -> Self {
        Self(watch::Sender::new(keys.into()))
    }

    /// Replaces the keys. A client whose key is not among them, or opens another room now, is disconnected.
    pub fn replace(&self, keys: Vec<RoomKey>) {
        self.0.send_replace(keys.into());
    }

    /// The current keys.
    pub(super) fn keys(&self) -> Arc<[RoomKey]> {
        Arc::clone(&self.0.borrow())
    }

    /// Creates a pass for a client that has shown this key.
    pub(super) fn pass(&self, shown: &RoomKey) -> KeyGrant {
        let mut keys = self.0.subscribe();
        // The key may have been removed since.
        keys.mark_changed();
        KeyGrant { keys, shown: shown.clone() }
    }
}

impl Default for Keyring {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl KeyGrant {
    /// The key.
    pub(super) const fn key(&self) -> &Key {
        &self.shown.key
    }

    /// Completes once the key no longer opens that room.
    pub(super) async fn revoked(mut self) {
        let RoomKey { room, key } = &self.shown;
        let opens = |keys: &Arc<[RoomKey]>| keys.iter().any(|one| one.room == *room && one.key.is_same(key));
        // The keyring lives as long as the relay.
        while self.keys.changed().await.is_ok() {
            if !opens(&self.keys.borrow_and_update()) {
                return;
            }
        }
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn key(room: &str, text: &str) -> RoomKey {
        RoomKey { room: room.into(), key: Key::new(&text.repeat(20)).unwrap() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_pass_is_good_for_as_long_as_its_key_opens_its_room() {
        let ring = Keyring::new(vec![key("lab", "a"), key("office", "b")]);
        let is_good = async |pass: KeyGrant| {
            tokio::time::timeout(Duration::from_secs(1), pass.revoked()).await.is_err()
        };
        assert!(is_good(ring.pass(&key("lab", "a"))).await);
        let [stays, moved, gone] =
            [key("lab", "a"), key("office", "b"), key("lab", "a")].map(|key| ring.pass(&key));
        ring.replace(vec![key("lab", "a"), key("cellar", "b")]);
        assert!(is_good(stays).await);
        assert!(!is_good(moved).await, "it opens another room");
        ring.replace(vec![key("lab", "c")]);
        assert!(!is_good(gone).await);
        assert!(!is_good(ring.pass(&key("lab", "a"))).await, "removed while it was shown");
    }
}
