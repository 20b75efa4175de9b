//! The order of the streams, as the user has left it at each relay.

use serde::{Deserialize, Serialize};

use super::state_folder::StateFolder;
use crate::view::Arrangement;

/// The file that remembers it.
const FILE: &str = "tiles.json";

/// Most relays for which it is remembered.
const MOST: usize = 32;

/// The order at a relay.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Tiles {
    relay: String,
    #[serde(flatten)]
    arrangement: Arrangement,
}

/// The memory for one relay.
pub(super) struct RememberedTiles {
    folder: StateFolder,
    relay: String,
}

impl RememberedTiles {
    /// The memory for this relay, if anything can be remembered.
    pub(super) fn of(relay: &str) -> Option<Self> {
        Some(Self { folder: StateFolder::find()?, relay: relay.to_owned() })
    }

    fn all(&self) -> Vec<Tiles> {
        self.folder.read(FILE)
    }

    /// How they were left.
    pub(super) fn recall(&self) -> Arrangement {
        let tiles = self.all().into_iter().find(|tiles| tiles.relay == self.relay);
        tiles.map(|tiles| tiles.arrangement).unwrap_or_default()
    }

    /// Remembers how they are; the relay that was used last is first.
    pub(super) fn remember(&self, arrangement: Arrangement) {
        let newest = Tiles { relay: self.relay.clone(), arrangement };
        self.folder.put_first(FILE, newest, self.all(), |tiles| tiles.relay == self.relay, MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_relay_has_its_own_order() {
        let state = tempfile::tempdir().unwrap();
        let of =
            |relay: &str| RememberedTiles { folder: StateFolder::at(state.path()), relay: relay.to_owned() };
        let pinned =
            |name: &str| serde_json::from_str::<Arrangement>(&format!(r#"{{"pinned":["{name}"]}}"#)).unwrap();
        assert_eq!(of("desk").recall(), Arrangement::default());
        of("desk").remember(pinned("ann"));
        of("lab").remember(pinned("bob"));
        of("desk").remember(pinned("cid"));
        assert_eq!((of("desk").recall(), of("lab").recall()), (pinned("cid"), pinned("bob")));
        (0..100).for_each(|number| of(&number.to_string()).remember(pinned("x")));
        assert_eq!(of("desk").all().len(), MOST);
        assert_eq!(of("desk").recall(), Arrangement::default(), "the oldest is forgotten");
    }
}
