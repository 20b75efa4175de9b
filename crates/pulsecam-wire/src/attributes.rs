//! `; key=value` attributes appended to a description, where a Qt peer ignores them.
//!
//! Values may be any text. The format's own characters (`;`, `%`), control characters and leading or trailing
//! spaces are percent-escaped as UTF-8, so that a description stays one readable line.

use std::{borrow::Cow, fmt::Write};

/// The length to which names are cut, in characters: enough for any name, too few to fill a screen.
pub(super) const MAX_NAME: usize = 200;

/// The most attributes that are read from one description; ours have fewer than 20.
const MAX_ATTRIBUTES: usize = 32;

/// Reads the attributes of any description, in order.
pub(super) struct Attributes<'a>(std::iter::Take<std::str::Split<'a, char>>);

impl<'a> Attributes<'a> {
    pub(super) fn parse(description: &'a str) -> Self {
        let mut parts = description.split(';');
        parts.next(); // the description proper
        Self(parts.take(MAX_ATTRIBUTES))
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, Cow<'a, str>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.by_ref().find_map(|part| {
            let (key, value) = part.split_once('=')?;
            Some((key.trim(), unescape(value.trim())))
        })
    }
}

/// Appends one attribute.
pub(super) fn write(description: &mut String, key: &str, value: &str) {
    description.push_str("; ");
    description.push_str(key);
    description.push('=');
    let last = value.chars().count().saturating_sub(1);
    for (i, character) in value.chars().enumerate() {
        let edge = character.is_whitespace() && (i == 0 || i == last);
        if matches!(character, ';' | '%') || character.is_control() || edge {
            for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(description, "%{byte:02X}"); // writing to a String cannot fail
            }
        } else {
            description.push(character);
        }
    }
}

/// The name of a peer that gives none, from the number that the relay assigned to it. The space is
/// non-breaking, so that this differs from a chosen name.
pub(super) fn peer_name(peer: u64) -> String {
    format!("peer\u{a0}{peer}")
}

/// Cuts a name to [`MAX_NAME`] characters.
pub(super) fn shortened(mut name: String) -> String {
    if let Some((end, _)) = name.char_indices().nth(MAX_NAME) {
        name.truncate(end);
    }
    name
}

/// Decodes percent escapes. Invalid escapes stay as they are, and so does a value that would not be UTF-8.
fn unescape(value: &str) -> Cow<'_, str> {
    if !value.contains('%') {
        return Cow::Borrowed(value);
    }
    let bytes = value.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%')
            .then(|| value.get(at + 1..at + 3))
            .flatten()
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(escaped.unwrap_or(byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).map_or(Cow::Borrowed(value), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(description: &str) -> Vec<(&str, String)> {
        Attributes::parse(description).map(|(key, value)| (key, value.into_owned())).collect()
    }

    #[test]
    fn any_value_comes_back() {
        for value in
            ["", "plain", " edges ", "a;b=c%d", "50%", "%zz", "你好🙂", "\u{202e}rtl", "tab\tnul\0", "\u{85}"]
        {
            let mut description = "what".to_owned();
            write(&mut description, "k", value);
            assert_eq!(values(&description), [("k", value.to_owned())], "{description:?}");
            assert!(!description.chars().any(char::is_control));
        }
    }

    #[test]
    fn anything_can_be_read() {
        assert_eq!(values(""), []);
        assert_eq!(values("no attributes at all"), []);
        assert_eq!(values("a=1"), [], "the description itself is not an attribute");
        assert_eq!(
            values("x;;=;a;b=;c=%;d=%4;e=%ff;f==g"),
            [
                ("", String::new()),
                ("b", String::new()),
                ("c", "%".into()),
                ("d", "%4".into()),
                ("e", "%ff".into()),
                ("f", "=g".into()),
            ]
        );
        assert_eq!(values("x;é=%é1"), [("é", "%é1".into())]);
        assert_eq!(values(&"x;a=1".repeat(1000)).len(), MAX_ATTRIBUTES);
    }

    #[test]
    fn names_are_cut_at_a_character() {
        assert_eq!(shortened("é".repeat(MAX_NAME + 5)).chars().count(), MAX_NAME);
        assert_eq!(shortened("é".into()), "é");
    }
}
