//! Paints the menu.

use super::{
    command::Command,
    menu::{Menu, MenuEntry},
    model::Model,
    render_context::RenderContext,
    stats_list::first,
    theme::{FAINT, Metrics, PANEL, RAISED, TEXT},
};
use crate::{
    drawing::{Rect, Style, fill, rounded},
    picture::Canvas,
};

/// The smallest part of the usual text size; with less room, the entries scroll.
const SMALLEST: f32 = 0.75;

/// Size of the keys beside the entries, as a part of the text's.
const SMALL: f32 = 0.875;

/// Width of the column for marks, in heights of the text.
const MARK: f32 = 1.5;

/// Measures of a menu in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Measures {
    /// Size of the text.
    text: f32,
    /// Height of an entry.
    line: usize,
    /// Height of the line between two groups.
    between: usize,
    margin: usize,
}

impl Measures {
    fn new(metrics: Metrics, share: f32) -> Self {
        let text = metrics.text * share;
        let margin = ((metrics.margin as f32 * share) as usize).max(1);
        Self { text, line: ((text * 1.6) as usize).max(1), between: margin, margin }
    }

    fn height(self, entries: &[MenuEntry]) -> usize {
        let groups = entries.iter().filter(|entry| entry.is_first).count();
        entries.len() * self.line + groups * self.between + 2 * self.margin
    }

    /// Those with which all entries have room, or the smallest.
    fn fitting(metrics: Metrics, entries: &[MenuEntry], room: usize) -> Self {
        let percents = (SMALLEST * 100.0) as usize..=100;
        let of = |percent: usize| Self::new(metrics, percent as f32 / 100.0);
        let fits = |measures: &Self| measures.height(entries) <= room;
        percents.rev().map(of).find(fits).unwrap_or_else(|| Self::new(metrics, SMALLEST))
    }
}

/// Paints the menu where it was opened, moved as far as needed to be in the window.
pub(super) fn paint(context: &mut RenderContext, model: &Model, menu: &Menu, canvas: &mut Canvas) {
    let window = Rect::new(0, 0, canvas.width, canvas.height);
    context.clickable(window, Some(Command::Menu));
    let room = canvas.height.saturating_sub(context.metrics.margin);
    let measures = Measures::fitting(context.metrics, &menu.entries, room);
    let Measures { text, line, between, margin } = measures;
    let count = menu.entries.len();
    let is_whole = measures.height(&menu.entries) <= room;
    // The last line says how many there are above and below.
    let part = room.saturating_sub(2 * margin + line) / (line + between / 2);
    let shown = if is_whole { count } else { part.clamp(1, count.max(1)) };
    let from = first(menu.selected.unwrap_or_default(), shown, count);
    let entries: Vec<_> = menu.entries.iter().enumerate().skip(from).take(shown).collect();
    let style = Style::line(text, TEXT, canvas.width);
    let faint = Style::line(text * SMALL, FAINT, canvas.width);
    let mark = (text * MARK) as usize;
    let mut widest = |words: &[String], style| {
        words.iter().map(|words| context.painter.measure(words, style).0).max().unwrap_or_default()
    };
    let labels: Vec<_> = menu.entries.iter().map(|entry| model.words.text(entry.label)).collect();
    let keys: Vec<_> = menu.entries.iter().map(|entry| entry.key.clone()).collect();
    let width = mark + widest(&labels, style) + 3 * margin + widest(&keys, faint) + 2 * margin;
    let groups = entries.iter().skip(1).filter(|(_, entry)| entry.is_first).count();
    let lines = entries.len() + usize::from(!is_whole);
    let height = (lines * line + groups * between + 2 * margin).min(canvas.height);
    let width = width.min(canvas.width);
    let (x, y) = (menu.at.0.min(canvas.width - width), menu.at.1.min(canvas.height - height));
    let panel = Rect::new(x, y, width, height);
    context.clickable(panel, None);
    rounded(canvas, panel, margin as f32 * 0.8, RAISED, 255);
    rounded(canvas, panel.inset(1), margin as f32 * 0.8, PANEL, 255);
    let mut y = panel.y + margin;
    for (position, (at, entry)) in entries.into_iter().enumerate() {
        if entry.is_first && position > 0 {
            let rule =
                Rect::new(panel.x + margin, y + between / 2, panel.width.saturating_sub(2 * margin), 1);
            fill(canvas, rule.within(canvas.width, canvas.height), RAISED);
            y += between;
        }
        let place = Rect::new(panel.x + margin / 2, y, panel.width.saturating_sub(margin), line);
        context.clickable(place, Some(Command::UseEntry(at)));
        row(context, canvas, measures, place, (entry, &labels[at], menu.selected == Some(at)));
        y += line;
    }
    let more = [("▲", from), ("▼", count - from - shown.min(count))];
    let more: Vec<_> =
        more.iter().filter(|(_, more)| *more > 0).map(|(sign, more)| format!("{sign} {more}")).collect();
    let more = more.join("   ");
    context.painter.draw(canvas, &more, panel.x + margin + mark, y + line / 8, faint);
}

/// Paints an entry: its mark, its label, and its key at the right edge.
fn row(
    context: &mut RenderContext,
    canvas: &mut Canvas,
    measures: Measures,
    place: Rect,
    (entry, label, is_selected): (&MenuEntry, &str, bool),
) {
    let Measures { text, line, margin, .. } = measures;
    if is_selected {
        rounded(canvas, place, margin as f32 * 0.4, RAISED, 255);
    }
    let (style, faint) =
        (Style::line(text, TEXT, canvas.width), Style::line(text * SMALL, FAINT, canvas.width));
    let left = place.x + margin / 2;
    let (_, height) = context.painter.measure(label, style);
    let top = place.y + line.saturating_sub(height) / 2;
    if entry.is_on {
        context.painter.draw(canvas, "✓", left, top, style);
    }
    context.painter.draw(canvas, label, left + (text * MARK) as usize, top, style);
    let (width, height) = context.painter.measure(&entry.key, faint);
    let top = place.y + line.saturating_sub(height) / 2;
    context.painter.draw(canvas, &entry.key, place.right().saturating_sub(margin / 2 + width), top, faint);
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::view::{
        damage::Damage,
        paint::paint,
        render_context::{Hit, WindowContext},
        samples::fed,
    };

    #[test]
    fn every_entry_is_in_the_window_or_scrolled_to() {
        let now = Instant::now();
        let mut model = fed(&[("ann", 64, 36), ("bob", 64, 36)], now);
        let context = WindowContext { clipboard: true, states: true };
        for (size, at) in [
            ((1280, 720), (1279, 719)),
            ((640, 360), (0, 0)),
            ((320, 180), (300, 100)),
            ((160, 120), (80, 60)),
            ((1, 1), (0, 0)),
        ] {
            let mut painter = RenderContext::new(1.0, context);
            let menu = Menu::new(&model, context, Some(1), at);
            let count = menu.entries.len();
            for selected in 0..count {
                model.menu = Some(Menu { selected: Some(selected), ..menu.clone() });
                let mut canvas = Canvas::filled(size.0, size.1, 0);
                paint(&mut painter, &model, &mut canvas, Damage::All, now);
                let hits = |wanted| {
                    let mut places = (0..size.1).flat_map(|y| (0..size.0).step_by(4).map(move |x| (x, y)));
                    places.any(|(x, y)| painter.hit(x, y) == Some(Hit::Command(wanted)))
                };
                assert!(size.0 < 100 || hits(Command::UseEntry(selected)), "{size:?}: {selected} of {count}");
            }
        }
    }
}
