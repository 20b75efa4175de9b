//! Paints the conversation: the last lines over the picture, or all of it beside the pictures, with the line being
//! written.

use std::time::Instant;

pub(super) use super::said::head;
use super::{
    command::Command,
    model::Model,
    render_context::RenderContext,
    said::Said,
    theme::{FAINT, GOOD, Metrics, PANEL, PANEL_ALPHA, RAISED, TEXT},
};
use crate::{
    drawing::{Rect, Style, fill, rounded},
    i18n::Phrase,
    picture::Canvas,
};

/// Lines per text over the picture, and in the conversation, where only very long texts are cut.
const LINES: (usize, usize) = (3, 40);

/// Characters laid out on either side of the caret: more than fit into the visible lines.
const AROUND_CARET: usize = 600;

/// Lines of the text that is being written which are visible at once.
const ENTRY_LINES: usize = 4;

/// The caret: a thin bar that is shaped with the text, so that it is placed correctly in either direction.
pub(super) const CARET: char = '\u{258f}';

/// Paints the latest lines above `floor`.
pub(super) fn recent(
    context: &mut RenderContext,
    model: &Model,
    canvas: &mut Canvas,
    floor: usize,
    now: Instant,
) {
    let Metrics { margin, .. } = context.metrics;
    let (across, down) = context.metrics.plate().padding;
    let room = (context.stage.width * 3 / 5).saturating_sub(2 * margin + 2 * across);
    let mut floor = floor;
    for line in model.chat.recent(now) {
        let said = Said::new(context, model, line, room, LINES.0);
        let Some(top) = floor.checked_sub(said.height + 2 * down) else { break };
        let plate = Rect::new(margin, top, said.width + 2 * across, said.height + 2 * down);
        context.front.push(plate);
        context.plate(canvas, plate);
        said.draw(context, canvas, plate.x + across, top + down);
        floor = top.saturating_sub(margin / 2);
    }
}

/// Paints all of the conversation in this part of the window, which may lie over the pictures.
pub(super) fn paint(
    context: &mut RenderContext,
    model: &Model,
    canvas: &mut Canvas,
    panel: Rect,
    is_over: bool,
) {
    let Metrics { text, small, margin, .. } = context.metrics;
    if is_over {
        context.front.push(panel);
        rounded(canvas, panel, 0.0, PANEL, PANEL_ALPHA);
    } else {
        fill(canvas, panel, PANEL);
    }
    context.clickable(panel, None);
    context.conversation = Some(panel);
    if panel.height < 4 * margin || panel.width < 6 * margin {
        return;
    }
    let inner = panel.inset(margin);
    let title = model.words.text(Phrase::Conversation);
    let style = Style::line(text, TEXT, inner.width / 2);
    let (title_width, title_height) = context.painter.measure(&title, style);
    context.painter.draw(canvas, &title, inner.x, inner.y, style);
    let hint = match model.chat.scrolled() {
        0 if model.chat.entry.is_some() => Phrase::EntryHint,
        0 => Phrase::HistoryHint,
        _ => Phrase::NewerBelow,
    };
    let hint = model.words.text(hint);
    let room = inner.width.saturating_sub(title_width + margin);
    let style = Style::line(small, FAINT, inner.width);
    let (hint_width, hint_height) = context.painter.measure(&hint, style);
    let hint_top = inner.y + title_height.saturating_sub(hint_height) / 2;
    if hint_width <= room {
        context.painter.draw(canvas, &hint, inner.right().saturating_sub(hint_width), hint_top, style);
    }
    let ceiling = inner.y + title_height + margin / 2;
    let mut floor = entry(context, model, canvas, inner);
    let mut has_lines = false;
    for line in model.chat.history() {
        has_lines = true;
        let said = Said::new(context, model, line, inner.width, LINES.1);
        let Some(top) = floor.checked_sub(said.height + margin * 2 / 3).filter(|top| *top >= ceiling) else {
            break;
        };
        said.draw(context, canvas, inner.x, top);
        floor = top;
    }
    if !has_lines {
        let style = Style::line(text, FAINT, inner.width).with_lines(3);
        let nothing = model.words.text(Phrase::NothingSaid);
        let (_, height) = context.painter.measure(&nothing, style);
        let top = floor.saturating_sub(height + margin);
        if top >= ceiling {
            context.painter.draw(canvas, &nothing, inner.x, top, style);
        }
    }
}

/// Paints the line being written at the lower edge of the panel, or where one can be written; returns its top.
fn entry(context: &mut RenderContext, model: &Model, canvas: &mut Canvas, inner: Rect) -> usize {
    let Metrics { text, margin, .. } = context.metrics;
    let room = inner.width.saturating_sub(2 * margin);
    let (written, colour) = match &model.chat.entry {
        Some(entry) => {
            let (before, after) = entry.parts();
            let from = before.char_indices().rev().nth(AROUND_CARET).map_or(0, |(at, _)| at);
            let to = after.char_indices().nth(AROUND_CARET).map_or(after.len(), |(at, _)| at);
            (format!("{}{CARET}{}", &before[from..], &after[..to]), TEXT)
        }
        None => (model.words.text(Phrase::EntryPlaceholder), FAINT),
    };
    // Of a text longer than the visible lines, the end is shown, where the user writes.
    let style = Style::line(text, colour, room).with_lines(LINES.1);
    let (_, all) = context.painter.measure(&written, style);
    let (_, line) = context.painter.measure("0", style);
    let height = all.min(ENTRY_LINES * line);
    let rect =
        Rect::new(inner.x, inner.bottom().saturating_sub(height + margin), inner.width, height + margin);
    rounded(canvas, rect, margin as f32 * 0.6, RAISED, 255);
    if model.chat.entry.is_some() {
        fill(canvas, Rect::new(rect.x, rect.bottom().saturating_sub(2), rect.width, 2), GOOD);
    } else {
        context.clickable(rect, Some(Command::Say));
    }
    let mut strip = Canvas::filled(room, height, RAISED);
    context.painter.draw_end(&mut strip, &written, all - height, style);
    super::blit::draw(&strip, canvas, Rect::new(rect.x + margin, rect.y + margin / 2, room, height));
    rect.y
}
