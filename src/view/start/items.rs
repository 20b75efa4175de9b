//! The parts of the form, from the top down.

use super::{
    Relay, Search,
    form::{Focus, Form, List, Notice, Press},
};
use crate::{
    drawing::{Style, TextPainter},
    i18n::{Phrase, Translations},
    view::{
        entry::Entry,
        theme::{FAINT, Metrics, WARNING},
    },
};

/// Stands for each character of a key.
const HIDDEN: &str = "•";

/// Separates what a relay is called from its address.
const GAP: &str = "   ";

/// A part of the column.
#[derive(Debug)]
pub(super) enum Item {
    Title(String),
    /// A line to write in, and what it is for while it is empty.
    Entry(Focus, Entry, String),
    Buttons([(String, String, Press); 3]),
    Notice(String),
    Head(String),
    /// A relay: its label, and what it requires.
    Relay(Focus, String, String),
    Faint(String),
}

/// The parts from the top down.
pub(super) fn items(form: &Form, words: &Translations) -> Vec<Item> {
    let text = |phrase| words.text(phrase);
    let hidden = |entry: &Entry| {
        let (before, after) = entry.parts();
        let stars = |text: &str| HIDDEN.repeat(text.chars().count());
        Entry::of(&stars(before), &stars(after))
    };
    let mut items = vec![
        Item::Title(text(Phrase::StartTitle)),
        Item::Entry(Focus::Address, form.address.clone(), text(Phrase::StartAddress)),
        Item::Entry(Focus::Key, hidden(&form.key), text(Phrase::StartKey)),
        Item::Buttons([
            (text(Phrase::StartWatch), "⏎".into(), Press::Watch),
            (text(Phrase::StartCall), "⇧ ⏎".into(), Press::Call),
            (text(Phrase::StartDemo), String::new(), Press::Demo),
        ]),
    ];
    items.extend(form.notice.as_ref().map(|notice| {
        Item::Notice(match notice {
            Notice::Phrase(phrase) => text(*phrase),
            Notice::Text(text) => text.clone(),
        })
    }));
    let row = |list: List, relay: &Relay| {
        let name = Some(&relay.name).filter(|name| !name.is_empty());
        let label =
            name.map_or_else(|| relay.address.clone(), |name| format!("{name}{GAP}{}", relay.address));
        let needs = [(relay.key, text(Phrase::StartNeedsKey)), (relay.tls, "TLS".into())];
        let needs: Vec<_> = needs.into_iter().filter(|(is, _)| *is).map(|(_, need)| need).collect();
        Item::Relay(Focus::Listed(list, relay.address.clone()), label, needs.join(", "))
    };
    if !form.known.is_empty() {
        items.push(Item::Head(text(Phrase::StartRecent)));
        items.extend(form.known.iter().map(|relay| row(List::Known, relay)));
    }
    match &form.search {
        Search::Absent => {}
        search => {
            items.push(Item::Head(text(Phrase::StartNetwork)));
            match search {
                Search::Found(found) if !found.is_empty() => {
                    items.extend(found.iter().map(|relay| row(List::Found, relay)));
                }
                Search::Failed(reason) => {
                    items.push(Item::Faint(
                        words.format(Phrase::StartNoSearch, [("reason", reason.as_str())]),
                    ));
                }
                Search::Found(_) => items.push(Item::Faint(text(Phrase::StartNoneYet))),
                Search::Absent | Search::Begun => items.push(Item::Faint(text(Phrase::StartSearching))),
            }
        }
    }
    items.push(Item::Faint(text(Phrase::StartHint)));
    items
}

impl Item {
    pub(super) fn height(&self, painter: &mut TextPainter, metrics: Metrics, width: usize) -> usize {
        let Metrics { text, small, large, margin } = metrics;
        let line = |size: f32| (size * 1.35) as usize;
        match self {
            Self::Title(_) => line(large) + margin,
            Self::Entry(..) => line(text) + margin * 3 / 2,
            Self::Buttons(_) => line(text) + 2 * margin,
            Self::Notice(words) => painter.measure(words, notice(metrics, width)).1 + margin,
            Self::Head(_) => line(small) + margin * 3 / 2,
            Self::Relay(..) => line(text) + margin,
            Self::Faint(words) => painter.measure(words, faint(metrics, width)).1 + margin,
        }
    }

    /// Whether it has the focus.
    pub(super) fn has(&self, focus: &Focus) -> bool {
        match self {
            Self::Entry(own, ..) | Self::Relay(own, ..) => own == focus,
            Self::Buttons(_) => *focus == Focus::Demo,
            _ => false,
        }
    }
}

pub(super) fn notice(metrics: Metrics, width: usize) -> Style {
    Style::line(metrics.text, WARNING, width).with_lines(5)
}

pub(super) fn faint(metrics: Metrics, width: usize) -> Style {
    Style::line(metrics.small, FAINT, width).with_lines(3)
}
