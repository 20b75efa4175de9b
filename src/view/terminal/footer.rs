//! The last line of the screen: a film's progress, the state of the link, and the most important keys.

use std::time::Instant;

use ratatui::{
    Frame,
    layout::Rect,
    style::{Color, Stylize},
    text::{Line, Span},
};

use super::text::{colour, sanitized};
use crate::{
    cells,
    i18n::{Phrase, Translations},
    playback::Progress,
    view::{
        film::{FilmState, times, word},
        model::Model,
        state,
    },
};

/// Columns of a film's track, if they fit.
const TRACK: u16 = 40;

/// Columns between the state and the keys.
const GAP: usize = 2;

/// What stands between two keys.
const BETWEEN: &str = " · ";

/// The keys in their order on the screen, each with its rank: those of rank 0 always stay.
const KEYS: [(Phrase, u8); 5] = [
    (Phrase::TerminalSay, 1),
    (Phrase::TerminalSave, 2),
    (Phrase::TerminalRecord, 3),
    (Phrase::TerminalHelp, 0),
    (Phrase::TerminalQuit, 0),
];

/// The keys while a film is played.
const FILM_KEYS: [(Phrase, u8); 5] = [
    (Phrase::TerminalPause, 1),
    (Phrase::TerminalSeek, 2),
    (Phrase::TerminalSave, 3),
    (Phrase::TerminalHelp, 0),
    (Phrase::TerminalQuit, 0),
];

/// The keys while a line is written, when letters are text.
const WRITING_KEYS: [(Phrase, u8); 1] = [(Phrase::EntryHint, 0)];

/// Paints the line.
pub(super) fn footer(frame: &mut Frame<'_>, area: Rect, model: &Model, now: Instant) {
    let progress = model.film().map(FilmState::progress);
    let left = state(area, model, progress.as_ref(), now);
    let columns = usize::from(area.width);
    let used: usize = left.iter().map(Span::width).sum();
    let list: &[_] = match (model.chat.entry.is_some(), &progress) {
        (true, _) => &WRITING_KEYS,
        (false, Some(_)) => &FILM_KEYS,
        (false, None) => &KEYS,
    };
    let keys = keys(&model.words, list, columns, used);
    let taken = if keys.is_empty() { 0 } else { cells::width(&keys) + GAP };
    frame.render_widget(Line::from(shortened(left, columns.saturating_sub(taken))), area);
    let taken = u16::try_from(cells::width(&keys)).unwrap_or(u16::MAX);
    let spot = Rect { x: area.right().saturating_sub(taken), width: taken.min(area.width), ..area };
    frame.render_widget(Line::from(keys).dim(), spot);
}

/// What is going on: the film, the recording, the link.
fn state(area: Rect, model: &Model, progress: Option<&Progress>, now: Instant) -> Vec<Span<'static>> {
    let mut spans = progress.map_or_else(Vec::new, |progress| film(area, model, progress));
    if let Some(since) = model.recording {
        let time = state::clock(now.saturating_duration_since(since));
        let recording = model.words.text(Phrase::Recording);
        spans.push(Span::from(format!("● {recording} {time}  ")).fg(Color::LightRed));
    }
    if model.paused {
        spans.push(Span::from(format!("‖ {}  ", model.words.text(Phrase::PausedHint))).fg(Color::Yellow));
    }
    if !model.hides_link(now) {
        let (line, tone) = model.link_line(now);
        spans.push(Span::from(sanitized(&line)).fg(colour(tone)));
    }
    spans
}

/// A film's progress: position and length, a track, and its state.
fn film(area: Rect, model: &Model, progress: &Progress) -> Vec<Span<'static>> {
    let sign = if progress.paused || progress.ended { "▶ " } else { "‖ " };
    let (position, length) = times(progress);
    let mut spans = vec![Span::from(sign).bold(), Span::from(position).bold()];
    if let (Some(length), Some(whole)) = (length, progress.length) {
        let room = TRACK.min(area.width / 4);
        let part = if whole.is_zero() { 1.0 } else { progress.shown_position().div_duration_f64(whole) };
        let played = (f64::from(room) * part).round() as usize;
        let rest = usize::from(room) - played.min(room.into());
        spans.push(Span::from(format!(" / {length}  ")).dim());
        spans.push(Span::from("━".repeat(played)).fg(Color::Green));
        spans.push(Span::from("─".repeat(rest)).dim());
    }
    if let Some([full, short]) = word(&model.words, progress) {
        let used: usize = spans.iter().map(Span::width).sum();
        let word =
            if used + Line::from(full.as_str()).width() + 2 > usize::from(area.width) { short } else { full };
        spans.push(Span::from(format!("  {word}")).fg(Color::Yellow));
    }
    spans.push(Span::from("  "));
    spans
}

/// As many keys as fit beside the state, by rank.
fn keys(words: &Translations, keys: &[(Phrase, u8)], columns: usize, used: usize) -> String {
    let last = keys.iter().map(|(_, rank)| *rank).max().unwrap_or(0);
    let to_rank = |rank: u8| {
        let of_rank = keys.iter().filter(|(_, own)| *own <= rank);
        of_rank.map(|(phrase, _)| words.text(*phrase)).collect::<Vec<_>>().join(BETWEEN)
    };
    let fits = |line: &String| cells::width(line) + GAP + used <= columns;
    let line = (1..=last).rev().map(to_rank).find(fits).unwrap_or_else(|| to_rank(0));
    if cells::width(&line) <= columns { line } else { String::new() }
}

/// Shortens a line to this number of columns, at its end: between two parts, or else anywhere with a sign.
fn shortened(spans: Vec<Span<'static>>, columns: usize) -> Vec<Span<'static>> {
    let mut left = columns;
    let mut kept = Vec::new();
    for span in spans {
        let parts = span.content.match_indices(BETWEEN).map(|(at, _)| &span.content[..at]);
        let whole = std::iter::once(span.content.as_ref());
        let part = whole.chain(parts.collect::<Vec<_>>().into_iter().rev());
        let part = part.into_iter().find(|part| cells::width(part) <= left).unwrap_or(&span.content);
        let text = cells::shorten_end(part, left);
        let (is_whole, style) = (text == span.content, span.style);
        left -= cells::width(&text);
        kept.push(Span::styled(text.into_owned(), style));
        if !is_whole {
            break;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Language;

    fn line(columns: usize, used: usize) -> String {
        keys(&Translations::new(Language::English), &KEYS, columns, used)
    }

    #[test]
    fn keys_give_way_by_rank() {
        assert_eq!(line(100, 40), "t write · s save · r record · h keys · q quit");
        assert_eq!(line(80, 36), "t write · s save · h keys · q quit");
        assert_eq!(line(60, 30), "t write · h keys · q quit");
        assert_eq!(line(40, 36), "h keys · q quit", "the state is shortened then");
        assert_eq!(line(10, 0), "", "half a key helps nobody");
    }

    #[test]
    fn the_state_is_shortened_with_a_sign() {
        let spans = || vec![Span::from("● recording 0:05  "), Span::from("desk · 12 ms round trip")];
        let text =
            |columns| shortened(spans(), columns).iter().map(|span| span.content.to_string()).collect();
        let shown: [String; 4] = [text(60), text(30), text(20), text(10)];
        let whole = "● recording 0:05  desk · 12 ms round trip";
        assert_eq!(shown, [whole, "● recording 0:05  desk", "● recording 0:05  d…", "● recordi…"]);
    }
}
