//! The texts of the program's interfaces, in the user's language.
//!
//! A Fluent file for each [`Language`] holds the texts by key. A [`Phrase`] is such a key, so that code
//! cannot use a text that does not exist. Help texts, errors and logs are in English: users search for them
//! and quote them, and programs read them.
//!
//! The page that a relay serves has its texts from the same files, as JSON (`tests/web/texts.js`). Keys that
//! begin with `web-` are its own.

mod phrase;
mod size;

use std::{borrow::Cow, fmt, str::FromStr};

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use unic_langid::LanguageIdentifier;

pub use self::{phrase::Phrase, size::size};

/// A language of the interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Chinese, in simplified characters.
    Chinese,
}

impl Language {
    /// All languages.
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// The system's language; English if it is not supported.
    #[must_use]
    pub fn system_default() -> Self {
        sys_locale::get_locales().find_map(|locale| locale.parse().ok()).unwrap_or_default()
    }

    /// Its ISO 639-1 code, such as `en`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::English => include_str!("en.ftl"),
            Self::Chinese => include_str!("zh.ftl"),
        }
    }

    fn identifier(self) -> LanguageIdentifier {
        self.code().parse().unwrap_or_default()
    }
}

/// The error for an unsupported language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected en or zh")]
pub struct UnknownLanguage;

impl FromStr for Language {
    type Err = UnknownLanguage;

    /// Parses `zh`, `zh-CN`, `zh_CN.UTF-8` and the like.
    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        let code = text.split(['-', '_', '.', '@']).next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|language| language.code().eq_ignore_ascii_case(code))
            .ok_or(UnknownLanguage)
    }
}

/// The texts of one language.
pub struct Translations {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

impl fmt::Debug for Translations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Words").field(&self.language).finish()
    }
}

impl Default for Translations {
    fn default() -> Self {
        Self::new(Language::default())
    }
}

impl Translations {
    /// Loads the texts.
    #[must_use]
    pub fn new(language: Language) -> Self {
        let mut bundle = FluentBundle::new_concurrent(vec![language.identifier()]);
        // Names may be in any direction; characters that affect a line are handled when it is drawn
        // (`sanitize`).
        bundle.set_use_isolating(false);
        // Uses everything that could be read; the tests check that this is all.
        let resource = FluentResource::try_new(language.text().to_owned()).unwrap_or_else(|(read, _)| read);
        bundle.add_resource_overriding(resource);
        Self { language, bundle }
    }

    /// The language.
    #[must_use]
    pub const fn language(&self) -> Language {
        self.language
    }

    /// Returns a text without placeholders.
    #[must_use]
    pub fn text(&self, phrase: Phrase) -> String {
        self.fill(phrase, &FluentArgs::new())
    }

    /// Returns a text with its placeholders filled in, by name.
    #[must_use]
    pub fn format<'a, V: Into<FluentValue<'a>>>(
        &self,
        phrase: Phrase,
        values: impl IntoIterator<Item = (&'a str, V)>,
    ) -> String {
        let mut arguments = FluentArgs::new();
        for (name, value) in values {
            arguments.set(Cow::Borrowed(name), value);
        }
        self.fill(phrase, &arguments)
    }

    fn fill(&self, phrase: Phrase, arguments: &FluentArgs<'_>) -> String {
        let pattern = self.bundle.get_message(phrase.key()).and_then(|message| message.value());
        let Some(pattern) = pattern else { return phrase.key().to_owned() };
        // A missing value is shown as its name, in braces.
        self.bundle.format_pattern(pattern, Some(arguments), &mut Vec::new()).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Keys that only the page in a browser uses.
    const PAGE_ONLY: &str = "web-";

    /// The keys in a file, each with the placeholders of its text.
    fn entries(text: &str) -> Vec<(String, BTreeSet<String>)> {
        let mut entries = Vec::<(String, BTreeSet<String>)>::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let name = line.split_once(" =").map(|(name, _)| name);
            if let Some(name) = name.filter(|_| !line.starts_with(' ')) {
                entries.push((name.to_owned(), BTreeSet::new()));
            }
            let mut rest = line;
            while let Some((_, after)) = rest.split_once('$') {
                let name = after.split(|c: char| !c.is_alphanumeric() && c != '-').next().unwrap();
                entries.last_mut().unwrap().1.insert(name.to_owned());
                rest = after;
            }
        }
        entries
    }

    #[test]
    fn no_sentence_is_missing_or_left_over_in_any_language() {
        let asked: BTreeSet<_> = Phrase::ALL.iter().map(|phrase| phrase.key().to_owned()).collect();
        assert_eq!(asked.len(), Phrase::ALL.len(), "two phrases with one key");
        let english: Vec<_> = entries(Language::English.text());
        let page: BTreeSet<_> =
            english.iter().map(|(name, _)| name.clone()).filter(|name| name.starts_with(PAGE_ONLY)).collect();
        assert!(!page.is_empty());
        for language in Language::ALL {
            assert!(FluentResource::try_new(language.text().to_owned()).is_ok(), "{language:?}");
            let entries = entries(language.text());
            let names: BTreeSet<_> = entries.iter().map(|(name, _)| name.clone()).collect();
            assert_eq!(names, &asked | &page, "{language:?}");
            assert_eq!(names.len(), entries.len(), "{language:?} has one twice");
            for (name, values) in entries {
                let wanted = &english.iter().find(|(other, _)| *other == name).unwrap().1;
                assert_eq!(&values, wanted, "{language:?}: {name}");
            }
        }
    }

    #[test]
    fn the_page_has_the_same_texts() {
        for language in Language::ALL {
            let file = format!("crates/pulsecam-net/src/relay/web/page/texts.{}.json", language.code());
            let page =
                std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
            let page: std::collections::BTreeMap<String, String> = serde_json::from_str(&page).unwrap();
            let words = Translations::new(language);
            for (key, text) in &page {
                let message = words.bundle.get_message(key).and_then(|message| message.value());
                let mut arguments = FluentArgs::new();
                // Filled in with its own name, a placeholder is what the page's text has.
                let entries = entries(language.text());
                let placeholders = &entries.iter().find(|(name, _)| name == key).unwrap().1;
                for name in placeholders {
                    arguments.set(Cow::Owned(name.clone()), format!("{{ ${name} }}"));
                }
                let pattern = message.unwrap_or_else(|| panic!("{language:?}: {key}"));
                let said = words.bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new());
                let said = said.lines().map(str::trim).collect::<Vec<_>>().join("\n");
                assert_eq!(text, &said, "{language:?}: run `node tests/web/texts.js`");
            }
            let own = entries(language.text()).into_iter().filter(|(name, _)| name.starts_with(PAGE_ONLY));
            assert!(own.into_iter().all(|(name, _)| page.contains_key(&name)), "{language:?}");
        }
    }

    #[test]
    fn every_sentence_can_be_said() {
        for language in Language::ALL {
            let words = Translations::new(language);
            let values = entries(language.text());
            for phrase in Phrase::ALL {
                let wanted = &values.iter().find(|(name, _)| name == phrase.key()).unwrap().1;
                let said = words.format(*phrase, wanted.iter().map(|name| (name.as_str(), 3)));
                assert!(!said.is_empty() && !said.contains(['{', '$']), "{phrase:?}: {said}");
            }
        }
    }

    #[test]
    fn no_sentence_names_an_option_of_the_command_line() {
        for language in Language::ALL {
            let named = language.text().lines().find(|line| line.contains("--"));
            assert_eq!(named, None, "{language:?}: a window knows nothing of options");
        }
    }

    #[test]
    fn locales_are_understood_as_systems_write_them() {
        for (text, wanted) in [
            ("zh_CN.UTF-8", Ok(Language::Chinese)),
            ("zh-Hans-SG", Ok(Language::Chinese)),
            ("ZH", Ok(Language::Chinese)),
            ("en_GB", Ok(Language::English)),
            ("C", Err(UnknownLanguage)),
            ("", Err(UnknownLanguage)),
        ] {
            assert_eq!(text.parse(), wanted, "{text:?}");
        }
    }

    #[test]
    fn numbers_and_names_are_filled_in_as_they_are() {
        let words = Translations::new(Language::English);
        assert_eq!(
            words.format(Phrase::Waiting, [("host", "desk:6868")]),
            "waiting for pictures from desk:6868"
        );
        assert_eq!(words.format(Phrase::NoPictureFor, [("seconds", 1500)]), "no picture for 1500 s");
    }
}
