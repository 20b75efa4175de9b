//! Fonts: two bundled ones immediately, the system's when a text needs them.
//!
//! Searching a machine's fonts takes milliseconds with few fonts and a good part of a second on a desktop
//! with thousands; the first frame must not wait for that. So drawing starts with the bundled fonts, and only
//! a text that they cannot show (colour emoji, Thai …) starts a search, on its own thread.

use std::{ops::Range, sync::mpsc, thread};

use cosmic_text::{Attrs, Family, FontSystem, fontdb};

use super::bundled::{HAN_FAMILY, SANS_FAMILY, database};

/// Font families with more hanzi than the bundled one, best first.
const HAN_FAMILIES: [&str; 6] = [
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
];

/// The fonts in use, and the search for more.
pub(super) struct Typeface {
    fonts: FontSystem,
    emoji: Option<String>,
    han: String,
    search: Search,
}

enum Search {
    NotYet,
    Running(mpsc::Receiver<fontdb::Database>),
    Over,
}

impl Typeface {
    /// The bundled fonts only.
    pub(super) fn bundled() -> Self {
        Self::of(database(), Search::NotYet)
    }

    fn of(db: fontdb::Database, search: Search) -> Self {
        let has = |family: &str| db.faces().any(|face| face.families.iter().any(|(name, _)| name == family));
        let han = HAN_FAMILIES.into_iter().find(|family| has(family)).unwrap_or(HAN_FAMILY).to_owned();
        let emoji = db.faces().find(|face| face.post_script_name.contains("Emoji"));
        let emoji = emoji.and_then(|face| Some(face.families.first()?.0.clone()));
        let fonts = FontSystem::new_with_locale_and_db(locale(), db);
        Self { fonts, emoji, han, search }
    }

    /// The fonts, for shaping and drawing.
    pub(super) fn fonts(&mut self) -> &mut FontSystem {
        &mut self.fonts
    }

    /// Starts the search for the system's fonts, unless it was started before.
    pub(super) fn want_more(&mut self) {
        if !matches!(self.search, Search::NotYet) {
            return;
        }
        let (found, search) = mpsc::channel();
        let started = thread::Builder::new().name("fonts".into()).spawn(move || {
            let mut db = database();
            db.load_system_fonts();
            // The receiver may be gone by now.
            let _ = found.send(db);
        });
        self.search = match started {
            Ok(_) => Search::Running(search),
            Err(error) => {
                tracing::warn!(%error, "cannot start a thread to find fonts: only the bundled ones are used");
                Search::Over
            }
        };
    }

    /// Whether a search is running.
    pub(super) fn searching(&self) -> bool {
        matches!(self.search, Search::Running(_))
    }

    /// Adopts the result of a search. True if the fonts have changed: all shaped text is then stale.
    pub(super) fn refresh(&mut self) -> bool {
        let Search::Running(search) = &self.search else { return false };
        match search.try_recv() {
            Ok(db) => *self = Self::of(db, Search::Over),
            Err(mpsc::TryRecvError::Empty) => return false,
            Err(mpsc::TryRecvError::Disconnected) => self.search = Search::Over,
        }
        true
    }

    /// Splits the text into pieces with the font family of each.
    pub(super) fn spans<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (&'a str, Attrs<'a>)> {
        runs(text).into_iter().map(|(kind, range)| {
            let family = match (kind, &self.emoji) {
                (Kind::Emoji, Some(emoji)) => emoji,
                (Kind::Han, _) => self.han.as_str(),
                _ => SANS_FAMILY,
            };
            (text.get(range).unwrap_or_default(), Attrs::new().family(Family::Name(family)))
        })
    }

    /// The default font family.
    pub(super) fn plain() -> Attrs<'static> {
        Attrs::new().family(Family::Name(SANS_FAMILY))
    }
}

/// The language whose forms of shared hanzi are used, from the environment.
fn locale() -> String {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default();
    locale.split('.').next().unwrap_or_default().replace('_', "-")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    Emoji,
    Han,
}

/// Whether a text has emoji, which no bundled font has in colour.
pub(super) fn has_emoji(text: &str) -> bool {
    runs(text).iter().any(|(kind, _)| *kind == Kind::Emoji)
}

/// Splits a text into runs of one kind. Joiners and modifiers stay with their emoji, or joined emoji would
/// fall apart.
fn runs(text: &str) -> Vec<(Kind, Range<usize>)> {
    let mut runs: Vec<(Kind, Range<usize>)> = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let as_emoji = chars.peek().is_some_and(|&(_, next)| next == '\u{fe0f}');
        let last = runs.last().map(|(kind, _)| *kind);
        let kind = match c {
            '\u{200d}' | '\u{fe0f}' | '\u{20e3}' | '\u{e0020}'..='\u{e007f}' => last.unwrap_or(Kind::Plain),
            _ if as_emoji || is_emoji(c) => Kind::Emoji,
            '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}' => Kind::Han,
            _ => Kind::Plain,
        };
        let end = at + c.len_utf8();
        match runs.last_mut() {
            Some((last, range)) if *last == kind => range.end = end,
            _ => runs.push((kind, at..end)),
        }
    }
    runs
}

/// Whether Unicode's `Emoji_Presentation` shows it as a picture by default.
fn is_emoji(c: char) -> bool {
    matches!(u32::from(c),
        0x1f000..=0x1faff | 0x231a..=0x231b | 0x23e9..=0x23ec | 0x23f0 | 0x23f3 | 0x25fd..=0x25fe
        | 0x2614..=0x2615 | 0x2648..=0x2653 | 0x267f | 0x2693 | 0x26a1 | 0x26aa..=0x26ab
        | 0x26bd..=0x26be | 0x26c4..=0x26c5 | 0x26ce | 0x26d4 | 0x26ea | 0x26f2..=0x26f3 | 0x26f5
        | 0x26fa | 0x26fd | 0x2705 | 0x270a..=0x270b | 0x2728 | 0x274c | 0x274e | 0x2753..=0x2755
        | 0x2757 | 0x2795..=0x2797 | 0x27b0 | 0x27bf | 0x2b1b..=0x2b1c | 0x2b50 | 0x2b55)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_follow_scripts_and_keep_joined_emoji_together() {
        let found = |text: &str| -> Vec<(Kind, String)> {
            runs(text).into_iter().map(|(kind, range)| (kind, text[range].to_owned())).collect()
        };
        let family = "👩\u{200d}👧\u{200d}👦👍🏽";
        let text = format!("hi 你好{family}é❤\u{fe0f}1");
        let wanted = [
            (Kind::Plain, "hi "),
            (Kind::Han, "你好"),
            (Kind::Emoji, family),
            (Kind::Plain, "é"),
            (Kind::Emoji, "❤\u{fe0f}"),
            (Kind::Plain, "1"),
        ];
        assert_eq!(found(&text), wanted.map(|(kind, text)| (kind, text.to_owned())));
        assert!(runs("").is_empty());
        assert!(!has_emoji("plain → 你"));
    }
}
