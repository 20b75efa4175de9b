//! The line that is being written, in any script: text, caret and length limit.
//!
//! All edits work on grapheme clusters: an emoji of five code points is deleted at once.

use unicode_segmentation::UnicodeSegmentation;

use crate::sanitize::{CharClass, char_class};

/// Longest text in bytes: a quarter of what a relay accepts, and far more than a line.
const LONGEST: usize = 16 << 10;

/// A line with a caret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    text: String,
    /// Bytes before the caret.
    at: usize,
}

/// An edit of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    /// Inserts typed or pasted text.
    Put(String),
    Back,
    Delete,
    Left,
    Right,
    Home,
    End,
    /// Deletes everything before the caret.
    Clear,
}

impl Entry {
    /// A line with its caret between these texts.
    pub(crate) fn of(before: &str, after: &str) -> Self {
        Self { text: format!("{before}{after}"), at: before.len() }
    }

    /// Applies an edit; false if there is no room for more, and then nothing changes.
    pub(crate) fn edit(&mut self, edit: &Edit) -> bool {
        match edit {
            Edit::Put(new) => return self.put(new),
            Edit::Back => {
                let from = self.before();
                self.text.replace_range(from..self.at, "");
                self.at = from;
            }
            Edit::Delete => {
                let to = self.after();
                self.text.replace_range(self.at..to, "");
            }
            Edit::Left => self.at = self.before(),
            Edit::Right => self.at = self.after(),
            Edit::Home => self.at = 0,
            Edit::End => self.at = self.text.len(),
            Edit::Clear => {
                self.text.replace_range(..self.at, "");
                self.at = 0;
            }
        }
        true
    }

    fn put(&mut self, new: &str) -> bool {
        // A pasted text may have several lines; control and bidirectional characters would affect the text
        // beside it.
        let calm = |c| match char_class(c) {
            CharClass::Shown => Some(c),
            CharClass::Parts => Some(' '),
            CharClass::Steers | CharClass::Turns | CharClass::Hidden => None,
        };
        let new: String = new.chars().filter_map(calm).collect();
        if self.text.len() + new.len() > LONGEST {
            return false;
        }
        self.text.insert_str(self.at, &new);
        self.at += new.len();
        true
    }

    fn before(&self) -> usize {
        let (before, _) = self.text.split_at(self.at);
        before.grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn after(&self) -> usize {
        let (_, after) = self.text.split_at(self.at);
        self.at + after.graphemes(true).next().map_or(0, str::len)
    }

    /// The text before and after the caret.
    pub(crate) fn parts(&self) -> (&str, &str) {
        self.text.split_at(self.at)
    }

    /// The trimmed text, or `None` if it is empty.
    pub(crate) fn finished(&self) -> Option<String> {
        let text = self.text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(edits: &[Edit]) -> (String, String) {
        let mut entry = Entry::default();
        edits.iter().for_each(|edit| _ = entry.edit(edit));
        let (before, after) = entry.parts();
        (before.to_owned(), after.to_owned())
    }

    fn put(text: &str) -> Edit {
        Edit::Put(text.to_owned())
    }

    #[test]
    fn the_caret_moves_by_grapheme_clusters() {
        let family = "👩‍👩‍👧";
        let edits = [put("你"), put(family), put("ä"), Edit::Left, Edit::Left];
        assert_eq!(edited(&edits), ("你".into(), format!("{family}ä")));
        let deleted = [&edits[..], &[Edit::Delete]].concat();
        assert_eq!(edited(&deleted), ("你".into(), "ä".into()));
        let back = [&edits[..], &[Edit::Right, Edit::Back, Edit::Home, Edit::Back, Edit::Left]].concat();
        assert_eq!(edited(&back), (String::new(), "你ä".into()));
        let cleared = [&edits[..], &[Edit::Clear, Edit::End, put("!")]].concat();
        assert_eq!(edited(&cleared), (format!("{family}ä!"), String::new()));
    }

    #[test]
    fn pasted_text_becomes_one_harmless_line() {
        assert_eq!(edited(&[put("a\r\nb\tc\u{202e}\x1b")]).0, "a b c");
    }

    #[test]
    fn an_edit_that_is_too_long_is_refused_whole() {
        let mut entry = Entry::default();
        assert!(entry.edit(&put(&"x".repeat(LONGEST))));
        assert!(!entry.edit(&put("y")));
        assert_eq!(entry.finished().unwrap().len(), LONGEST);
        assert_eq!(Entry::default().finished(), None);
        let mut blank = Entry::default();
        blank.edit(&put("  "));
        assert_eq!(blank.finished(), None);
    }
}
