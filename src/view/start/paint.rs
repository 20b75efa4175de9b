//! Paints the form: one column in the middle, which scrolls if the window is too low for it.

use super::{
    form::{Focus, Form, Press},
    items::{Item, faint, items, notice},
};
use crate::{
    drawing::{Rect, Style, TextPainter, fill, rounded},
    i18n::Translations,
    picture::Canvas,
    view::{
        chat_panel::CARET,
        entry::Entry,
        theme::{BACKGROUND, FAINT, GOOD, Metrics, PANEL, RAISED, TEXT},
    },
};

/// Widest column, in heights of the text: an address and a name beside each other.
const WIDEST: f32 = 38.0;

/// Characters of a line that are laid out before its caret: more than fit.
const BEFORE_CARET: usize = 200;

/// Clickable areas, as painted.
#[derive(Debug, Default)]
pub(super) struct Painted {
    hits: Vec<(Rect, Press)>,
}

impl Painted {
    /// What a click at this place acts on.
    pub(super) fn hit(&self, at: (usize, usize)) -> Option<Press> {
        self.find(at).map(|(_, press)| press.clone())
    }

    /// The clickable area at this place.
    pub(super) fn hit_area(&self, at: Option<(usize, usize)>) -> Option<Rect> {
        self.find(at?).map(|(area, _)| *area)
    }

    fn find(&self, (x, y): (usize, usize)) -> Option<&(Rect, Press)> {
        self.hits.iter().find(|(area, _)| area.contains(Rect::new(x, y, 1, 1)))
    }
}

/// How far the column is scrolled so that the part from `from` to `to` is in sight.
fn scrolled(column: usize, room: usize, (from, to): (usize, usize)) -> usize {
    let most = column.saturating_sub(room);
    // With something above it, since that says what it belongs to.
    to.saturating_sub(room).max(if to > room { from.saturating_sub(room / 2) } else { 0 }).min(most)
}

/// Paints the form; `at` is the pointer's place.
pub(super) fn paint(
    painter: &mut TextPainter,
    metrics: Metrics,
    words: &Translations,
    form: &Form,
    canvas: &mut Canvas,
    at: Option<(usize, usize)>,
) -> Painted {
    fill(canvas, Rect::new(0, 0, canvas.width, canvas.height), BACKGROUND);
    let margin = metrics.margin;
    let width = canvas.width.saturating_sub(4 * margin).min((metrics.text * WIDEST) as usize);
    let items = items(form, words);
    let heights: Vec<_> = items.iter().map(|item| item.height(painter, metrics, width)).collect();
    let column: usize = heights.iter().sum();
    let room = canvas.height.saturating_sub(2 * margin);
    let focused = items.iter().position(|item| item.has(&form.focus)).unwrap_or_default();
    let from: usize = heights[..focused].iter().sum();
    let scrolled = scrolled(column, room, (from, from + heights[focused]));
    let left = canvas.width.saturating_sub(width) / 2;
    // A little above the middle, where a form looks centred.
    let top = margin + room.saturating_sub(column) / 3;
    let mut brush = Brush { painter, metrics, canvas, focus: &form.focus, at, painted: Painted::default() };
    let mut y = 0;
    for (item, height) in items.iter().zip(&heights) {
        if y >= scrolled && y + height <= scrolled + room {
            brush.item(item, Rect::new(left, top + y - scrolled, width, *height));
        }
        y += height;
    }
    brush.painted
}

/// What painting needs.
struct Brush<'a> {
    painter: &'a mut TextPainter,
    metrics: Metrics,
    canvas: &'a mut Canvas,
    focus: &'a Focus,
    at: Option<(usize, usize)>,
    painted: Painted,
}

impl Brush<'_> {
    fn draw(&mut self, text: &str, x: usize, y: usize, style: Style) {
        self.painter.draw(self.canvas, text, x, y, style);
    }

    /// The width of a text in one line.
    fn width(&mut self, text: &str, size: f32) -> usize {
        self.painter.measure(text, Style::line(size, TEXT, Style::UNLIMITED)).0
    }

    fn is_pointed(&self, area: Rect) -> bool {
        self.at.is_some_and(|(x, y)| area.contains(Rect::new(x, y, 1, 1)))
    }

    fn item(&mut self, item: &Item, area: Rect) {
        let Metrics { text, small, large, margin } = self.metrics;
        match item {
            Item::Title(words) => self.draw(words, area.x, area.y, Style::line(large, TEXT, area.width)),
            Item::Entry(focus, entry, placeholder) => self.entry(area, focus, entry, placeholder),
            Item::Buttons(buttons) => self.buttons(area, buttons),
            Item::Notice(words) => {
                let style = notice(self.metrics, area.width);
                self.draw(words, area.x, area.y + margin / 4, style);
            }
            Item::Head(words) => {
                let style = Style::line(small, FAINT, area.width);
                self.draw(words, area.x, area.y + margin, style);
            }
            Item::Faint(words) => {
                let style = faint(self.metrics, area.width);
                self.draw(words, area.x, area.y + margin / 2, style);
            }
            Item::Relay(focus, label, needs) => {
                let place = Rect { height: area.height - margin / 4, ..area };
                let is_chosen = focus == self.focus;
                if is_chosen || self.is_pointed(place) {
                    let colour = if is_chosen { RAISED } else { PANEL };
                    rounded(self.canvas, place, margin as f32 * 0.5, colour, 255);
                }
                let needs_width = self.width(needs, small);
                let (x, y) = (place.x + margin * 3 / 4, place.y + margin / 3);
                let room = place.width.saturating_sub(needs_width + 3 * margin);
                self.draw(label, x, y, Style::line(text, TEXT, room));
                let right = place.right().saturating_sub(margin * 3 / 4 + needs_width);
                self.draw(needs, right, y + margin / 6, Style::line(small, FAINT, needs_width + 1));
                self.painted.hits.push((place, Press::Focus(focus.clone())));
            }
        }
    }

    fn entry(&mut self, area: Rect, focus: &Focus, entry: &Entry, placeholder: &str) {
        let Metrics { text, margin, .. } = self.metrics;
        let place = Rect { height: area.height - margin / 2, ..area };
        rounded(self.canvas, place, margin as f32 * 0.5, RAISED, 255);
        let has_focus = focus == self.focus;
        if has_focus {
            let line = Rect { x: place.x + margin / 2, y: place.bottom() - 2, height: 2, ..place };
            fill(self.canvas, Rect { width: place.width.saturating_sub(margin), ..line }, GOOD);
        }
        let room = place.width.saturating_sub(2 * margin);
        let (x, y) = (place.x + margin, place.y + margin / 2);
        let (before, after) = entry.parts();
        if before.is_empty() && after.is_empty() {
            let shown = if has_focus { format!("{CARET}{placeholder}") } else { placeholder.to_owned() };
            self.draw(&shown, x, y, Style::line(text, FAINT, room));
        } else if has_focus {
            // The part before the caret is shortened from its start, so that the caret is always in sight.
            let from = before.char_indices().rev().nth(BEFORE_CARET).map_or(0, |(at, _)| at);
            let mut before = &before[from..];
            let caret = CARET.to_string();
            while self.width(&format!("{before}{caret}"), text) > room
                && let Some(first) = before.chars().next()
            {
                before = &before[first.len_utf8()..];
            }
            self.draw(&format!("{before}{caret}{after}"), x, y, Style::line(text, TEXT, room));
        } else {
            self.draw(&format!("{before}{after}"), x, y, Style::line(text, TEXT, room));
        }
        self.painted.hits.push((place, Press::Focus(focus.clone())));
    }

    /// As many as fit, beside each other.
    fn buttons(&mut self, area: Rect, buttons: &[(String, String, Press); 3]) {
        let Metrics { text, small, margin, .. } = self.metrics;
        let mut x = area.x;
        for (label, key, press) in buttons {
            let (label_width, key_width) = (self.width(label, text), self.width(key, small));
            let gap = if key.is_empty() { 0 } else { margin };
            let width = label_width + gap + key_width + 2 * margin;
            let place = Rect::new(x, area.y + margin / 4, width, area.height - margin);
            if place.right() > area.right() {
                return;
            }
            let has_focus = *press == Press::Demo && *self.focus == Focus::Demo;
            let is_light = has_focus || self.is_pointed(place);
            rounded(self.canvas, place, margin as f32 * 0.5, if is_light { RAISED } else { PANEL }, 255);
            let y = place.y + margin / 2;
            self.draw(label, place.x + margin, y, Style::line(text, TEXT, label_width + 1));
            let key_x = place.x + margin + label_width + gap;
            self.draw(key, key_x, y + margin / 6, Style::line(small, FAINT, key_width + 1));
            self.painted.hits.push((place, press.clone()));
            x += width + margin * 2 / 3;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        i18n::Language,
        view::start::{Relay, Search, form::List},
    };

    /// The form in each language, with and without relays, painted at this size.
    fn forms() -> Vec<Form> {
        let relay = |name: &str, address: &str, key| Relay {
            name: name.into(),
            address: address.into(),
            tls: key,
            key,
        };
        let mut empty = Form::new("", vec![], None);
        empty.found(Search::Begun);
        let mut full = Form::new(
            "",
            (0..12).map(|at| relay("", &format!("desk{at}.local:6868"), false)).collect(),
            None,
        );
        full.found(Search::Found(vec![
            relay("小明的电脑", "192.0.2.1:6868", true),
            relay("lab", "lab:1", false),
        ]));
        full.focus = Focus::Listed(List::Found, "lab:1".into());
        let mut wrong = Form::new(
            "fe80::2",
            vec![],
            Some("fe80::2 is link-local, so it needs its network interface".into()),
        );
        wrong.found(Search::Failed("no network".into()));
        vec![empty, full, wrong]
    }

    #[test]
    fn what_has_the_focus_is_in_sight_and_clickable_at_any_size() {
        let folder = std::env::var_os("PULSECAM_LOOK").map(std::path::PathBuf::from);
        for language in Language::ALL {
            let words = Translations::new(language);
            for (number, form) in forms().into_iter().enumerate() {
                for size in [(1280, 720), (640, 360), (300, 200), (1, 1)] {
                    let mut canvas = Canvas::filled(size.0, size.1, 0x00ff_00ff);
                    let mut painter = TextPainter::new();
                    let metrics = Metrics::new(1.0);
                    let mut painted =
                        paint(&mut painter, metrics, &words, &form, &mut canvas, Some((30, 30)));
                    while painter.searching() {
                        painter.refresh();
                        painted = paint(&mut painter, metrics, &words, &form, &mut canvas, Some((30, 30)));
                    }
                    assert!(!canvas.pixels.contains(&0x00ff_00ff), "a hole");
                    let is_focus = |press: &Press| *press == Press::Focus(form.focus.clone());
                    let is_there = painted.hits.iter().any(|(_, press)| is_focus(press));
                    assert!(is_there || size.1 < 200, "{:?} at {size:?}", form.focus);
                    for (area, _) in &painted.hits {
                        assert!(area.right() <= size.0 && area.bottom() <= size.1, "{area:?} at {size:?}");
                    }
                    if let Some(folder) = &folder {
                        let name = format!("start-{number}-{}-{}.png", size.0, language.code());
                        crate::view::snapshots::write(&folder.join(name), &canvas);
                    }
                }
            }
        }
    }

    #[test]
    fn a_column_that_fits_is_not_scrolled() {
        assert_eq!(scrolled(300, 500, (280, 300)), 0);
        assert_eq!(scrolled(900, 500, (0, 40)), 0);
        assert_eq!(scrolled(900, 500, (860, 900)), 400);
        let middle = scrolled(900, 500, (600, 640));
        assert!((140..=400).contains(&middle), "{middle}");
    }
}
