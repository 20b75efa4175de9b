//! Whether anybody can see the window, by what the window system says about it.
//!
//! A window that can be seen must never stand still, so it counts as seen unless a fact says otherwise.

/// A fact about the window.
#[cfg_attr(
    not(all(unix, not(target_os = "macos"))),
    allow(dead_code, reason = "only X11 is asked; elsewhere a window counts as seen")
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    /// Whether it and all windows that contain it are mapped. Most window managers unmap a minimised window, and
    /// one on another desktop.
    Mapped(bool),
    /// Whether the window manager says that it is minimised; some keep such a window mapped.
    Hidden(bool),
    /// Whether other windows cover all of it. Known only without a compositor, which draws windows apart.
    Covered(bool),
    /// A key or a button reached it: whatever was said before, somebody is there.
    Touched,
}

/// What is known about the window; at first nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Visibility {
    is_unmapped: bool,
    is_hidden: bool,
    is_covered: bool,
}

impl Visibility {
    /// Takes a new fact, which replaces the last one of its kind.
    pub(crate) fn note(&mut self, fact: Fact) {
        match fact {
            Fact::Mapped(mapped) => self.is_unmapped = !mapped,
            Fact::Hidden(hidden) => self.is_hidden = hidden,
            Fact::Covered(covered) => self.is_covered = covered,
            Fact::Touched => *self = Self::default(),
        }
    }

    /// Whether somebody may see the window.
    pub(crate) fn is_seen(self) -> bool {
        self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_window_is_seen_and_each_fact_is_enough_to_hide_it() {
        assert!(Visibility::default().is_seen());
        for (hides, shows) in [
            (Fact::Mapped(false), Fact::Mapped(true)),
            (Fact::Hidden(true), Fact::Hidden(false)),
            (Fact::Covered(true), Fact::Covered(false)),
        ] {
            let mut visibility = Visibility::default();
            visibility.note(hides);
            assert!(!visibility.is_seen(), "{hides:?}");
            visibility.note(shows);
            assert!(visibility.is_seen(), "{shows:?}");
        }
    }

    #[test]
    fn a_covered_window_that_was_minimised_and_restored_is_still_covered() {
        let mut visibility = Visibility::default();
        for fact in [Fact::Covered(true), Fact::Hidden(true), Fact::Hidden(false), Fact::Mapped(true)] {
            visibility.note(fact);
        }
        assert!(!visibility.is_seen());
        visibility.note(Fact::Touched);
        assert!(visibility.is_seen(), "a window manager that forgets to report must not freeze it");
    }
}
