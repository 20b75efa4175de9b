//! Sanitises a peer's text, so that it cannot control the screen on which it is shown.
//!
//! Names, texts and reasons come from strangers, and end up in a terminal, a log, a window and file names.
//! Letters of any script are allowed; characters that move the cursor, start a new line, or change the order
//! of the text beside them are not. Each of those places asks [`char_class`] and handles it appropriately.

use std::{borrow::Cow, fmt::Write};

/// The effect of a character on a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CharClass {
    /// It is visible, and has no other effect.
    Shown,
    /// It ends a line or moves within one.
    Parts,
    /// It controls a terminal: control characters, including those that begin escape sequences.
    Steers,
    /// It changes the direction of the text that follows, even if that is not the peer's.
    Turns,
    /// It is invisible, and can be omitted.
    Hidden,
}

/// Returns the effect that this character would have on a screen.
#[must_use]
pub const fn char_class(c: char) -> CharClass {
    match c {
        '\r' | '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{feff}' => CharClass::Hidden,
        '\n' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => CharClass::Parts,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => CharClass::Steers,
        // Embeddings, overrides, isolates, and the deprecated format characters beside them.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}' => CharClass::Turns,
        _ => CharClass::Shown,
    }
}

fn acts(c: char) -> bool {
    char_class(c) != CharClass::Shown
}

/// Formats a text as one line of a terminal or a log. Line ends become spaces, and control characters become
/// U+FFFD.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let calm = |c| match char_class(c) {
        CharClass::Shown => Some(c),
        CharClass::Parts => Some(' '),
        CharClass::Steers | CharClass::Turns => Some(char::REPLACEMENT_CHARACTER),
        CharClass::Hidden => None,
    };
    Cow::Owned(text.chars().filter_map(calm).collect())
}

/// Escapes control characters in a line of JSON. Programs read the original text, and a terminal is not
/// affected.
#[must_use]
pub fn json(line: &str) -> Cow<'_, str> {
    if !line.contains(acts) {
        return Cow::Borrowed(line);
    }
    let mut escaped = String::with_capacity(line.len() + 16);
    for c in line.chars() {
        if acts(c) {
            // All such characters have 16 bits; writing to a String cannot fail.
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All characters that Unicode defines as controls or Bidi_Control, and its line separators.
    const ACTING: &str = "\0\x07\x08\t\n\x0b\x0c\r\x1b\x7f\u{85}\u{90}\u{9b}\u{9d}\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\
         \u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{feff}";

    #[test]
    fn letters_of_any_script_stay_as_they_are() {
        // A family emoji needs joiners, and Persian a non-joiner.
        for text in ["plain 你好 🙂 שלום", "👩‍👩‍👧", "می‌خواهم", ""] {
            assert!(matches!(line(text), Cow::Borrowed(same) if same == text));
            assert!(matches!(json(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn a_line_stays_one_line_and_steers_nothing() {
        assert_eq!(line("a\x1b[2Jb\u{9b}c\nd\u{202e}e\r\nf"), "a\u{fffd}[2Jb\u{fffd}c d\u{fffd}e f");
        assert!(ACTING.chars().all(acts));
        let calm = line(ACTING);
        assert!(!calm.contains(acts), "{calm:?}");
        assert!((0..=0x10_ffff).filter_map(char::from_u32).all(|c| acts(c) || !c.is_control()));
    }

    #[test]
    fn json_says_the_same_without_acting() {
        let object = serde_json::json!({ ACTING: ["a", ACTING] });
        let plain = object.to_string();
        let escaped = json(&plain);
        assert!(!escaped.contains(acts), "{escaped:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), object);
    }
}
