//! Paints the conversation: the last lines over the picture, or the history with the line being written.

use std::time::Instant;

use super::{
    chat::{Line, SendState, Speaker},
    model::Model,
    render_context::RenderContext,
    theme::{BAD, FAINT, GOOD, Metrics, PANEL, PANEL_ALPHA, RAISED, TEXT, WARNING},
};
use crate::{
    clock::local_time,
    drawing::{Rect, Style, fill, rounded},
    i18n::{Phrase, Translations},
    picture::Canvas,
};

/// Lines per text over the picture, and in the history, where only very long texts are cut.
const LINES: (usize, usize) = (3, 40);

/// Characters laid out on either side of the caret: more than fit into the visible lines.
const AROUND_CARET: usize = 600;

/// The caret: a thin bar that is shaped with the text, so that it is placed correctly in either direction.
const CARET: char = '\u{258f}';

/// Paints the history if it is open, or else the latest lines, above `floor`.
pub(super) fn paint(
    context: &mut RenderContext,
    model: &Model,
    canvas: &mut Canvas,
    floor: usize,
    now: Instant,
) {
    if model.chat.is_open() {
        return history(context, model, canvas, floor);
    }
    let Metrics { margin, .. } = context.metrics;
    let (across, down) = context.metrics.plate().padding;
    let room = (canvas.width * 3 / 5).saturating_sub(2 * margin + 2 * across);
    let mut floor = floor;
    for line in model.chat.recent(now) {
        let measured = MeasuredLine::new(context, &model.words, line, room, LINES.0);
        let Some(top) = floor.checked_sub(measured.height + 2 * down) else { break };
        let plate = Rect::new(margin, top, measured.width + 2 * across, measured.height + 2 * down);
        context.front.push(plate);
        context.plate(canvas, plate);
        measured.draw(context, canvas, plate.x + across, top + down);
        floor = top.saturating_sub(margin / 2);
    }
}

/// A measured line with its author and time.
struct MeasuredLine<'a> {
    line: &'a Line,
    head: Option<String>,
    head_style: Style,
    text_style: Style,
    head_height: usize,
    width: usize,
    height: usize,
}

impl<'a> MeasuredLine<'a> {
    fn new(
        context: &mut RenderContext,
        words: &Translations,
        line: &'a Line,
        room: usize,
        lines: usize,
    ) -> Self {
        let Metrics { text, small, .. } = context.metrics;
        let (head, colour) = head(words, line);
        let text_colour = if line.speaker == Speaker::Program { FAINT } else { TEXT };
        let text_style = Style { lines, ..Style::line(text, text_colour, room) };
        let head_style = Style::line(small, colour, room);
        let (mut width, mut height) = context.painter.measure(&line.text, text_style);
        let mut head_height = 0;
        if let Some(head) = &head {
            let (head_width, line) = context.painter.measure(head, head_style);
            (width, height, head_height) = (width.max(head_width), height + line, line);
        }
        Self { line, head, head_style, text_style, head_height, width, height }
    }

    fn draw(&self, context: &mut RenderContext, canvas: &mut Canvas, x: usize, y: usize) {
        if let Some(head) = &self.head {
            context.painter.draw(canvas, head, x, y, self.head_style);
        }
        context.painter.draw(canvas, &self.line.text, x, y + self.head_height, self.text_style);
    }
}

/// The heading of a line (author, time, delivery state) and its colour.
pub(super) fn head(words: &Translations, line: &Line) -> (Option<String>, u32) {
    let time = local_time(line.at);
    match &line.speaker {
        Speaker::Program => (None, FAINT),
        Speaker::Peer(name) => {
            let name = name.clone().filter(|name| !name.is_empty());
            (Some(format!("{}   {time}", name.unwrap_or_else(|| words.text(Phrase::Somebody)))), GOOD)
        }
        Speaker::Me(departure) => {
            let (mark, phrase, colour) = match departure {
                SendState::Sending => ("…", Phrase::Leaving, WARNING),
                SendState::Sent => ("✓", Phrase::Left, GOOD),
                SendState::Failed => ("✗", Phrase::NotLeft, BAD),
            };
            let me = words.text(Phrase::Me);
            (Some(format!("{me}   {time}   {mark} {}", words.text(phrase))), colour)
        }
    }
}

/// Paints the panel with the history and the line being written.
fn history(context: &mut RenderContext, model: &Model, canvas: &mut Canvas, floor: usize) {
    let Metrics { text, small, margin, .. } = context.metrics;
    let width =
        (canvas.width * 3 / 5).max((text * 30.0) as usize).min(canvas.width.saturating_sub(2 * margin));
    let panel = Rect::new(margin, margin, width, floor.saturating_sub(margin));
    if panel.height < 4 * margin || panel.width < 6 * margin {
        return;
    }
    context.front.push(panel);
    rounded(canvas, panel, margin as f32, PANEL, PANEL_ALPHA);
    context.clickable(panel, None);
    let inner = panel.inset(margin);
    let title = model.words.text(Phrase::Conversation);
    let style = Style::line(text, TEXT, inner.width / 2);
    let (_, title_height) = context.painter.measure(&title, style);
    context.painter.draw(canvas, &title, inner.x, inner.y, style);
    let hint =
        model.words.text(if model.chat.scrolled() > 0 { Phrase::NewerBelow } else { Phrase::EntryHint });
    let style = Style::line(small, FAINT, inner.width / 2);
    let (hint_width, hint_height) = context.painter.measure(&hint, style);
    let hint_top = inner.y + title_height.saturating_sub(hint_height) / 2;
    context.painter.draw(canvas, &hint, inner.right().saturating_sub(hint_width), hint_top, style);
    let ceiling = inner.y + title_height + margin / 2;
    let mut floor = entry(context, model, canvas, inner);
    let mut said = false;
    for line in model.chat.history() {
        said = true;
        let measured = MeasuredLine::new(context, &model.words, line, inner.width, LINES.1);
        let Some(top) = floor.checked_sub(measured.height + margin / 2).filter(|top| *top >= ceiling) else {
            break;
        };
        measured.draw(context, canvas, inner.x, top);
        floor = top;
    }
    if !said {
        let style = Style { lines: 3, ..Style::line(text, FAINT, inner.width) };
        let nothing = model.words.text(Phrase::NothingSaid);
        let (_, height) = context.painter.measure(&nothing, style);
        context.painter.draw(canvas, &nothing, inner.x, floor.saturating_sub(height + margin), style);
    }
}

/// Paints the line being written at the lower edge of the panel; returns its top.
fn entry(context: &mut RenderContext, model: &Model, canvas: &mut Canvas, inner: Rect) -> usize {
    let Some(entry) = &model.chat.entry else { return inner.bottom() };
    let Metrics { text, margin, .. } = context.metrics;
    let (before, after) = entry.parts();
    let from = before.char_indices().rev().nth(AROUND_CARET).map_or(0, |(at, _)| at);
    let to = after.char_indices().nth(AROUND_CARET).map_or(after.len(), |(at, _)| at);
    let written = format!("{}{CARET}{}", &before[from..], &after[..to]);
    let room = inner.width.saturating_sub(2 * margin);
    // Of a text longer than the visible lines, the end is shown, where the user writes.
    let style = Style { lines: LINES.1, ..Style::line(text, TEXT, room) };
    let (_, all) = context.painter.measure(&written, style);
    let (_, line) = context.painter.measure("0", style);
    let height = all.min(4 * line);
    let rect =
        Rect::new(inner.x, inner.bottom().saturating_sub(height + margin), inner.width, height + margin);
    rounded(canvas, rect, margin as f32 * 0.6, RAISED, 255);
    fill(canvas, Rect::new(rect.x, rect.bottom().saturating_sub(2), rect.width, 2), GOOD);
    let mut strip = Canvas::filled(room, height, RAISED);
    context.painter.draw_end(&mut strip, &written, all - height, style);
    super::blit::draw(&strip, canvas, Rect::new(rect.x + margin, rect.y + margin / 2, room, height));
    rect.y
}
