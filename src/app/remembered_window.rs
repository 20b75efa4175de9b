//! Where the window was the last time.

use super::state_folder::StateFolder;
use crate::view::placement::Placement;

/// The file that remembers it.
const FILE: &str = "window.json";

/// Where the window was at last, if that is known and the user has not said how large it is to be.
pub(super) fn recall(size: Option<(usize, usize)>) -> Option<Placement> {
    if size.is_some() {
        return None;
    }
    StateFolder::find()?.read(FILE)
}

/// Remembers where the window was, unless the user has said how large it is to be, which is for once.
pub(super) fn remember(size: Option<(usize, usize)>, place: Option<Placement>) {
    if let (None, Some(place), Some(folder)) = (size, place, StateFolder::find()) {
        folder.write(FILE, &Some(place));
    }
}
