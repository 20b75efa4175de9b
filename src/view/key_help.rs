//! The list of keys for the help panels of window and terminal. It is the only one, so that help and behaviour agree.

use super::model::Model;
use crate::i18n::Phrase;

/// What a key needs to have an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// A window.
    Window,
    /// A window that can fill the screen and stay on top.
    States,
    /// A terminal instead of a window.
    Terminal,
    /// A clipboard that takes pictures.
    Clipboard,
    /// A camera of the user.
    Camera,
    /// A film that is played.
    Film,
    /// Live streams; a film is the only stream.
    Live,
}

/// A row of the list.
struct Row {
    keys: &'static str,
    what: Phrase,
    needs: &'static [Need],
}

const fn row(keys: &'static str, what: Phrase, needs: &'static [Need]) -> Row {
    Row { keys, what, needs }
}

/// All keys.
const ROWS: [Row; 38] = [
    row("1 2 3 …", Phrase::KeyEnlarge, &[Need::Live]),
    row("Tab", Phrase::KeyNext, &[Need::Live]),
    row("0", Phrase::KeyAll, &[Need::Live]),
    row("t  Enter", Phrase::KeySay, &[]),
    row("Ctrl V", Phrase::KeyPaste, &[Need::Clipboard]),
    row("y  PgUp", Phrase::KeyHistory, &[]),
    row("s", Phrase::KeySave, &[]),
    row("e", Phrase::KeyOpenFolder, &[Need::Window]),
    row("r", Phrase::KeyRecord, &[]),
    row("c", Phrase::KeyCopy, &[Need::Clipboard]),
    row("m", Phrase::KeyCamera, &[Need::Camera]),
    row("w", Phrase::KeyCameras, &[Need::Window, Need::Camera]),
    row("Space", Phrase::KeyPause, &[]),
    row("← →", Phrase::KeySeek, &[Need::Film]),
    row("Shift ← →", Phrase::KeySeekFar, &[Need::Film]),
    row("Home  End", Phrase::KeyEnds, &[Need::Film]),
    row("Shift ← →", Phrase::KeyMove, &[Need::Window, Need::Live]),
    row("k", Phrase::KeyPin, &[Need::Window, Need::Live]),
    row("Del", Phrase::KeyHide, &[Need::Window, Need::Live]),
    row("a", Phrase::KeyUnhide, &[Need::Window, Need::Live]),
    row("v", Phrase::KeyMirror, &[Need::Window]),
    row("u", Phrase::KeyFlip, &[Need::Window]),
    row("d", Phrase::KeyQuarter, &[Need::Window]),
    row("z", Phrase::KeyFit, &[Need::Window]),
    row("+ −", Phrase::KeyZoom, &[Need::Window]),
    row("l", Phrase::KeyShare, &[Need::Window]),
    row("i", Phrase::KeyNumbers, &[]),
    row("↑ ↓", Phrase::KeyInspect, &[Need::Window, Need::Live]),
    row("f  F11", Phrase::KeyFullScreen, &[Need::States]),
    row("o", Phrase::KeyOnTop, &[Need::States]),
    row("p", Phrase::KeySmall, &[Need::States]),
    row("x", Phrase::KeyDismiss, &[]),
    row("Menu", Phrase::KeyMenu, &[Need::Window]),
    row("h", Phrase::KeyHelp, &[]),
    row("Esc", Phrase::KeyClose, &[Need::Window]),
    row("Esc", Phrase::TerminalClose, &[Need::Terminal]),
    row("Ctrl-L", Phrase::TerminalRedraw, &[Need::Terminal]),
    row("q", Phrase::KeyQuit, &[]),
];

/// The keys that have an effect if this is there, each with its meaning.
pub(crate) fn keys(there: &[Need]) -> impl Iterator<Item = (&'static str, Phrase)> {
    let has_effect = |row: &&Row| row.needs.iter().all(|need| there.contains(need));
    ROWS.iter().filter(has_effect).map(|row| (row.keys, row.what))
}

impl Model {
    /// What is there for keys, wherever the model is shown.
    pub(crate) fn needs(&self) -> Vec<Need> {
        let shown = if self.film().is_some() { Need::Film } else { Need::Live };
        self.own.iter().map(|_| Need::Camera).chain([shown]).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, time::Instant};

    use super::*;
    use crate::view::{
        keys::Stroke,
        samples::{LETTER_KEYS, fed},
        update::{SelfViewState, Update},
    };

    const WINDOW: [Need; 3] = [Need::Window, Need::States, Need::Clipboard];

    fn listed(there: &[Need]) -> Vec<&'static str> {
        keys(there).map(|(keys, _)| keys).collect()
    }

    #[test]
    fn no_key_is_listed_twice() {
        for shown in [Need::Film, Need::Live] {
            for place in [&WINDOW[..], &[Need::Terminal]] {
                let there = [place, &[shown, Need::Camera]].concat();
                let all = listed(&there);
                let different: HashSet<_> = all.iter().flat_map(|keys| keys.split("  ")).collect();
                assert_eq!(different.len(), all.iter().flat_map(|keys| keys.split("  ")).count(), "{all:?}");
            }
        }
    }

    #[test]
    fn each_letter_of_a_window_is_listed_if_it_is_a_command() {
        let all = listed(&[&WINDOW[..], &[Need::Live, Need::Camera]].concat());
        let names: Vec<_> = all.iter().flat_map(|keys| keys.split("  ")).collect();
        for (letter, key) in LETTER_KEYS {
            let is_command = Stroke { key: Some(key), ..Stroke::default() }.command(false).is_some();
            assert_eq!(names.contains(&letter), is_command, "{letter}");
        }
    }

    #[test]
    fn keys_without_an_effect_are_not_listed() {
        let mut model = fed(&[("ann", 64, 36)], Instant::now());
        let in_terminal = |model: &Model| listed(&[&model.needs()[..], &[Need::Terminal]].concat());
        let all = in_terminal(&model);
        assert!(["0", "Ctrl-L"].iter().all(|key| all.contains(key)) && !all.contains(&"m"), "{all:?}");
        assert!(["v", "c", "f  F11", "Shift ← →", "a"].iter().all(|key| !all.contains(key)), "{all:?}");
        model.apply(Update::Own(SelfViewState::Off), Instant::now());
        assert!(in_terminal(&model).contains(&"m"));
        let without_states = listed(&[Need::Window, Need::Live]);
        assert!(without_states.contains(&"v") && !without_states.contains(&"p"));
        assert!(listed(&[Need::Film]).contains(&"← →") && !listed(&[Need::Film]).contains(&"0"));
    }
}
