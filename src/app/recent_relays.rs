//! The relays that were used lately.

use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use super::state_folder::StateFolder;
use crate::link::{Link, State};

/// The file that remembers them.
const FILE: &str = "relays.json";

/// Most that are remembered: as many as a window shows at once.
const MOST: usize = 8;

/// A relay that was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Recent {
    pub(super) address: String,
    /// Whether it was reached through TLS.
    #[serde(default)]
    pub(super) tls: bool,
}

/// Those that are remembered, the newest first.
pub(super) fn all(folder: &StateFolder) -> Vec<Recent> {
    let mut all: Vec<Recent> = folder.read(FILE);
    all.retain(|recent| recent.address.parse::<crate::address::AddressList>().is_ok());
    all.truncate(MOST);
    all
}

/// Remembers the relay of a link once it answers.
pub(super) fn remember(link: &Link, tls: bool, runtime: &Handle) {
    let Some(folder) = StateFolder::find() else { return };
    let (mut state, address) = (link.state(), link.host().to_owned());
    runtime.spawn(async move {
        if state.wait_for(|state| matches!(state, State::Up { .. })).await.is_ok() {
            note(&folder, Recent { address, tls });
        }
    });
}

fn note(folder: &StateFolder, newest: Recent) {
    let address = newest.address.clone();
    folder.put_first(FILE, newest, all(folder), |recent| recent.address == address, MOST);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_first_and_each_is_there_once() {
        let state = tempfile::tempdir().unwrap();
        let folder = StateFolder::at(state.path());
        let used = |address: &str| note(&folder, Recent { address: address.into(), tls: false });
        let known = || all(&folder).into_iter().map(|recent| recent.address).collect::<Vec<_>>();
        assert!(known().is_empty());
        ["desk:6868", "lab:6868", "desk:6868"].into_iter().for_each(used);
        assert_eq!(known(), ["desk:6868", "lab:6868"]);
        (0..20).for_each(|number| used(&format!("relay{number}:6868")));
        assert_eq!((known().len(), known()[0].as_str()), (MOST, "relay19:6868"));
        let wrong = [Recent { address: "no:address:at:all".into(), tls: false }];
        folder.write(FILE, &wrong);
        assert!(known().is_empty(), "a file may have been changed by hand");
    }
}
