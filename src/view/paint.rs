//! Paints the model in the window.
//!
//! Dark and quiet, because people look at the pictures; every text on a plate of its own, so that it can be
//! read on snow as well as at night; states in words first, in colour second. Clickable areas are noted as
//! they are painted, so that a click always acts on what is visible.

use std::time::Instant;

use super::{
    bar, chat_panel, film_bar,
    model::Model,
    overlay, panels,
    render_context::{RenderContext, state_dot},
    stats_panel,
    theme::{BACKGROUND, FAINT, Metrics, TEXT, Tone},
    tiles,
};
use crate::{
    drawing::{Rect, Style, fill, veil},
    i18n::Phrase,
    picture::Canvas,
};

/// Opacity of the veil over the window behind an image.
const BEHIND_IMAGE: u32 = 110;

/// Paints the whole canvas.
pub(crate) fn paint(context: &mut RenderContext, model: &Model, canvas: &mut Canvas, now: Instant) {
    context.reset();
    let window = Rect::new(0, 0, canvas.width, canvas.height);
    if model.streams.is_empty() {
        fill(canvas, window, BACKGROUND);
        headline(context, model, canvas, now);
    } else {
        tiles::paint(context, model, canvas, now);
    }
    overlay::own(context, model, canvas);
    // From the bottom up: a film's bar, a line of signs, the buttons, the conversation.
    let floor = canvas.height.saturating_sub(context.metrics.margin);
    let floor = film_bar::paint(context, model, canvas, floor, now);
    let mut floor = overlay::signs(context, model, canvas, floor, now);
    // A film's bar has its own buttons.
    if model.has_buttons(now) && !model.chat.is_open() && model.film().is_none() {
        floor = bar::paint(context, model, canvas, floor);
    }
    if model.numbers {
        stats_panel::paint(context, model, canvas);
    }
    chat_panel::paint(context, model, canvas, floor, now);
    if let Some(shown) = model.images.newest() {
        veil(canvas, window, 0, BEHIND_IMAGE);
        panels::image(context, model, shown, canvas);
    }
    if model.help {
        panels::help(context, model, canvas);
    }
}

/// Paints the text of a window without streams.
fn headline(context: &mut RenderContext, model: &Model, canvas: &mut Canvas, now: Instant) {
    let Metrics { text, large, margin, .. } = context.metrics;
    let (line, tone) = model.headline(now);
    let room = canvas.width.saturating_sub(4 * margin);
    let style = Style { lines: 3, centred: true, ..Style::line(large, TEXT, room) };
    let (width, height) = context.painter.measure(&line, style);
    let dot = (large * 0.55) as usize;
    let block = Rect::new(0, 0, canvas.width, canvas.height).middle(width, height + dot + 3 * margin);
    state_dot(canvas, Rect::new((canvas.width.saturating_sub(dot)) / 2, block.y, dot, dot), tone);
    context.painter.draw(canvas, &line, block.x, block.y + dot + margin, style);
    let hint = model.words.text(if tone == Tone::Good { Phrase::WaitingHint } else { Phrase::KeysHint });
    let style = Style { lines: 3, centred: true, ..Style::line(text, FAINT, room) };
    let (hint_width, _) = context.painter.measure(&hint, style);
    let top = block.y + dot + 2 * margin + height;
    context.painter.draw(canvas, &hint, canvas.width.saturating_sub(hint_width) / 2, top, style);
}
