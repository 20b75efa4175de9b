//! Key presses as the X server reports them, and what minifb makes of the same presses.
//!
//! minifb has the input method, so texts come from there. It has no name for a key that enters no Latin letter, and does
//! not get the characters of virtual keyboards.

use std::collections::VecDeque;

use minifb::Key;

use super::keys::Stroke;

/// A press of a key that enters a character, without a key that makes it a shortcut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Press {
    /// What it enters if no input method says otherwise.
    pub(crate) character: char,
    /// The key of a US keyboard at its place, if it enters no Latin letter or digit.
    pub(crate) command: Option<Key>,
    /// Whether that counts even if minifb names another key: the keyboard has no Latin letters.
    pub(crate) by_place: bool,
    /// Whether a virtual keyboard pressed it: minifb does not report it.
    pub(crate) is_virtual: bool,
    /// Whether the key is held.
    pub(crate) is_repeated: bool,
}

/// The strokes of minifb with what it does not report, in the order of the presses.
pub(super) fn merged(presses: Vec<Press>, strokes: Vec<Stroke>) -> Vec<Stroke> {
    let mut strokes = VecDeque::from(strokes);
    let mut merged = Vec::new();
    for press in presses {
        let Press { character, command, by_place, is_virtual, is_repeated } = press;
        if is_virtual {
            merged.push(Stroke { text: character.to_string(), repeated: is_repeated, ..Stroke::default() });
            continue;
        }
        let is_same =
            |stroke: &Stroke| !stroke.text.is_empty() || (command.is_some() && stroke.key == command);
        match strokes.iter().position(is_same) {
            Some(place) => {
                merged.extend(strokes.drain(..place));
                let stroke = strokes.pop_front().map(|stroke| {
                    let is_shortcut = stroke.control || stroke.alt;
                    let is_named = is_shortcut || (stroke.key.is_some() && !by_place);
                    let key = if is_named { stroke.key } else { command.or(stroke.key) };
                    Stroke { key, repeated: stroke.repeated || is_repeated, ..stroke }
                });
                merged.extend(stroke);
            }
            // Without an input method for this language, minifb reports nothing.
            None if command.is_some() => {
                merged.push(Stroke { key: command, repeated: is_repeated, ..Stroke::default() });
            }
            None => {}
        }
    }
    merged.extend(strokes);
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Press =
        Press { character: 'a', command: None, by_place: false, is_virtual: false, is_repeated: false };

    fn text(text: &str) -> Stroke {
        Stroke { text: text.into(), ..Stroke::default() }
    }

    fn named(key: Key, text: &str) -> Stroke {
        Stroke { key: Some(key), text: text.into(), ..Stroke::default() }
    }

    #[test]
    fn characters_of_a_virtual_keyboard_are_at_their_place() {
        let other = |character| Press { character, is_virtual: true, ..PLAIN };
        let presses = vec![other('你'), PLAIN, other('好'), other('!'), PLAIN];
        let strokes = vec![named(Key::LeftShift, ""), named(Key::A, "A"), named(Key::A, "a"), text("本")];
        let written: String = merged(presses, strokes).into_iter().map(|stroke| stroke.text).collect();
        assert_eq!(written, "你A好!a本", "the last one is an input method's");
    }

    #[test]
    fn a_letter_of_another_script_is_a_command_once_and_keeps_its_text() {
        let letter = Press { character: 'е', command: Some(Key::T), ..PLAIN };
        assert_eq!(merged(vec![letter], vec![text("е")]), [named(Key::T, "е")]);
        assert_eq!(merged(vec![letter], vec![]), [named(Key::T, "")], "no input method");
        // minifb names keys by their first group, whichever is in use.
        for told in [named(Key::T, "е"), named(Key::T, "")] {
            assert_eq!(merged(vec![letter], vec![told.clone()]), [told]);
        }
        let semicolon = || named(Key::Semicolon, ";");
        let place = Press { character: ';', command: Some(Key::Q), ..PLAIN };
        assert_eq!(merged(vec![place], vec![semicolon()]), [semicolon()], "French: letters are elsewhere");
        let greek = Press { by_place: true, ..place };
        assert_eq!(merged(vec![greek], vec![semicolon()]), [named(Key::Q, ";")]);
        let held = Press { is_repeated: true, ..letter };
        let strokes = merged(vec![letter, held], vec![text("е"), text("е")]);
        assert_eq!(strokes.iter().map(|stroke| stroke.repeated).collect::<Vec<_>>(), [false, true]);
        let both = [named(Key::Escape, ""), named(Key::T, "е")];
        assert_eq!(merged(vec![letter], vec![named(Key::Escape, ""), text("е")]), both);
    }
}
