//! How much of the window has to be painted again.

use super::update::Update;

/// What has changed since the last painting; the larger includes the smaller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Damage {
    /// Nothing that is visible.
    #[default]
    Nothing,
    /// Pictures of streams, and nothing else.
    Frames,
    /// Anything.
    All,
}

impl Damage {
    /// The change that an update makes.
    pub(crate) fn of(update: &Update) -> Self {
        if let Update::Frame(_) = update { Self::Frames } else { Self::All }
    }

    /// Adds `other` if `happened`.
    pub(crate) fn add(&mut self, other: Self, happened: bool) {
        if happened {
            *self = (*self).max(other);
        }
    }
}
