//! Texts in a terminal's cells: their width, and how they are shortened and wrapped.

use std::borrow::Cow;

use ratatui::{style::Style, text::Span};

/// The sign in the place of what was left out.
const LEFT_OUT: &str = "…";

/// The number of cells that a text takes.
pub(crate) fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// Fills a text up with spaces to this number of cells.
pub(crate) fn padded(text: &str, cells: usize) -> String {
    format!("{text}{}", " ".repeat(cells.saturating_sub(width(text))))
}

/// Shortens a text to this number of cells, at its end.
pub(crate) fn shorten_end(text: &str, cells: usize) -> Cow<'_, str> {
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    if cells == 0 {
        return Cow::Borrowed("");
    }
    let start = fitting(symbols(text).into_iter(), cells - 1);
    Cow::Owned(start.concat() + LEFT_OUT)
}

/// Shortens a text to this number of cells, in its middle: names often differ only at their end.
pub(crate) fn shorten_middle(text: &str, cells: usize) -> Cow<'_, str> {
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    if cells == 0 {
        return Cow::Borrowed("");
    }
    let symbols = symbols(text);
    let start = fitting(symbols.iter().copied(), cells.div_ceil(2) - 1);
    let used: usize = start.iter().map(|symbol| width(symbol)).sum();
    let mut end = fitting(symbols.iter().rev().copied(), cells - 1 - used);
    end.reverse();
    Cow::Owned(start.concat() + LEFT_OUT + &end.concat())
}

/// Wraps a text into rows of this number of cells, at spaces if possible.
pub(crate) fn wrap(text: &str, cells: usize) -> Vec<String> {
    let cells = cells.max(1);
    let mut rows = Vec::new();
    let mut row = String::new();
    for word in text.split(' ') {
        let space = if row.is_empty() { "" } else { " " };
        let (used, more) = (width(&row) + space.len(), width(word));
        if used + more <= cells || more > cells {
            row.push_str(space);
        } else {
            rows.push(std::mem::take(&mut row));
        }
        for symbol in symbols(word) {
            // Only a word that is wider than a row comes to its end here.
            if width(&row) + width(symbol) > cells && !row.is_empty() {
                rows.push(std::mem::take(&mut row));
            }
            row.push_str(symbol);
        }
    }
    rows.push(row);
    rows
}

/// What a reader sees as characters.
fn symbols(text: &str) -> Vec<&str> {
    let mut rest = text;
    let mut symbols = Vec::new();
    for symbol in Span::raw(text).styled_graphemes(Style::new()) {
        let length = symbol.symbol.len().min(rest.len());
        // Control characters are no graphemes there, and are skipped.
        if let Some(at) = rest.find(symbol.symbol) {
            symbols.push(&rest[at..at + length]);
            rest = &rest[at + length..];
        }
    }
    symbols
}

/// The first of these symbols that fit in this number of cells.
fn fitting<'a>(symbols: impl Iterator<Item = &'a str>, cells: usize) -> Vec<&'a str> {
    let mut left = cells;
    let fits = |symbol: &&str| match left.checked_sub(width(symbol)) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    };
    symbols.take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_kept() {
        assert_eq!(shorten_end("12.3 kB", 7), "12.3 kB");
        assert_eq!(shorten_middle("小明", 4), "小明");
        assert_eq!(shorten_middle("", 0), "");
    }

    #[test]
    fn columns_are_as_wide_as_they_look() {
        assert_eq!([padded("desk", 8), padded("小明", 8)], ["desk    ", "小明    "]);
        assert_eq!(padded("longer than that", 4), "longer than that");
    }

    #[test]
    fn a_sign_stands_for_what_is_left_out() {
        assert_eq!(shorten_end("connection refused", 11), "connection…");
        assert_eq!(shorten_end("小明的摄像头", 6), "小明…", "half a character does not fit");
        assert_eq!(shorten_end("abc", 0), "");
        assert_eq!(shorten_middle("abc", 1), "…");
    }

    #[test]
    fn rows_break_at_spaces_and_long_words_anywhere() {
        assert_eq!(wrap("go to the beginning or the end", 12), ["go to the", "beginning or", "the end"]);
        assert_eq!(wrap("ann: 你好世界", 8), ["ann:", "你好世界"]);
        assert_eq!(wrap("ann: 你好世界你好", 9), ["ann: 你好", "世界你好"]);
        assert_eq!(wrap("me   12:00: hi", 20), ["me   12:00: hi"]);
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(wrap("你好", 1), ["你", "好"], "a symbol that is too wide stands alone");
    }

    #[test]
    fn names_that_differ_at_their_end_stay_different() {
        assert_eq!(shorten_middle("cam number 10", 10), "cam …er 10");
        assert_eq!(shorten_middle("cam number 14", 10), "cam …er 14");
        assert_eq!(shorten_middle("小明的摄像头 🎥", 10), "小明…头 🎥");
        for cells in 0..16 {
            assert!(width(&shorten_middle("小明的摄像头 🎥", cells)) <= cells);
            assert!(width(&shorten_end("e\u{301}tude 小明", cells)) <= cells);
        }
    }
}
