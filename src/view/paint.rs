//! Paints the model in the window.
//!
//! Dark and quiet, because people look at the pictures; every text on a plate of its own, so that it can be
//! read on snow as well as at night; states in words first, in colour second. Clickable areas are noted as
//! they are painted, so that a click always acts on what is visible.

use std::time::Instant;

use super::{
    bar, camera_panel, chat_panel,
    damage::Damage,
    film_bar, menu_panel,
    model::Model,
    overlay, panels,
    render_context::{PaintedTile, RenderContext, state_dot},
    share_panel,
    stage::Stage,
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

/// Paints what has changed since the last painting of the same canvas. Returns the areas that differ now.
pub(crate) fn paint(
    context: &mut RenderContext,
    model: &Model,
    canvas: &mut Canvas,
    damage: Damage,
    now: Instant,
) -> Vec<Rect> {
    let stage = Stage::new((canvas.width, canvas.height), model.chat.is_open(), context.metrics);
    let (tiles, strip) = tiles::layout_of(model, stage.pictures, context.metrics);
    let changed = (damage < Damage::All).then(|| changed(context, model, &tiles, now)).flatten();
    let Some(changed) = changed else {
        context.reset();
        context.strip = strip;
        layers(context, model, canvas, stage, (&tiles, None), now);
        return vec![Rect::new(0, 0, canvas.width, canvas.height)];
    };
    if !changed.contains(&true) {
        return Vec::new();
    }
    // What lies in front is translucent, so all that is behind it is painted first.
    let front = std::mem::take(&mut context.front);
    front.iter().for_each(|area| fill(canvas, *area, BACKGROUND));
    let is_behind = |tile: &PaintedTile| front.iter().any(|area| area.overlaps(tile.area));
    let which: Vec<_> =
        tiles.iter().zip(&changed).map(|(tile, changed)| *changed || is_behind(tile)).collect();
    context.reset();
    context.strip = strip;
    layers(context, model, canvas, stage, (&tiles, Some(&which)), now);
    tiles.iter().zip(changed).filter(|(_, changed)| *changed).map(|(tile, _)| tile.area).collect()
}

/// Which tiles have new pictures, if everything else is as painted last.
fn changed(context: &RenderContext, model: &Model, tiles: &[PaintedTile], now: Instant) -> Option<Vec<bool>> {
    let before = &context.tiles;
    let is_same =
        |(now, then): (&PaintedTile, &PaintedTile)| (now.area, now.shown) == (then.area, then.shown);
    let keeps_places = before.len() == tiles.len() && tiles.iter().zip(before).all(is_same);
    // A text over a picture may reach over its edges, and the statistics and a film's bar change with frames.
    let says = |stream| tiles::instead(&model.words, stream, model.life(stream, now)).is_some();
    if !keeps_places || model.numbers || model.film().is_some() || model.streams.iter().any(says) {
        return None;
    }
    Some(tiles.iter().zip(before).map(|(now, then)| now.stamp != then.stamp).collect())
}

/// Paints all layers; of the tiles, those in `which`.
fn layers(
    context: &mut RenderContext,
    model: &Model,
    canvas: &mut Canvas,
    stage: Stage,
    (tiles, which): (&[PaintedTile], Option<&[bool]>),
    now: Instant,
) {
    let window = Rect::new(0, 0, canvas.width, canvas.height);
    context.stage = stage.pictures;
    if model.streams.is_empty() {
        fill(canvas, window, BACKGROUND);
        headline(context, model, canvas, now);
    } else {
        tiles::paint(context, model, canvas, (tiles, which), now);
        context.mark_drag(canvas);
    }
    overlay::own(context, model, canvas);
    // From the bottom up: a film's bar, a line of signs, the buttons, the last lines of the conversation.
    let strip = context.strip.filter(|strip| !strip.is_upright).map(|strip| strip.area.y);
    let floor = strip.unwrap_or(context.stage.height).saturating_sub(context.metrics.margin);
    let floor = film_bar::paint(context, model, canvas, floor, now);
    let mut floor = overlay::signs(context, model, canvas, floor, now);
    // A film's bar has its own buttons.
    if model.has_buttons(now) && !stage.is_covered() && model.film().is_none() {
        floor = bar::paint(context, model, canvas, floor);
    }
    // One text must not show through another.
    let has_numbers = model.numbers && !model.help && !model.shares && model.cameras.is_none();
    if has_numbers {
        stats_panel::paint(context, model, canvas);
    }
    match stage.conversation {
        Some(panel) => chat_panel::paint(context, model, canvas, panel, stage.is_covered()),
        None => chat_panel::recent(context, model, canvas, floor, now),
    }
    let image = model.displayed_image();
    if let Some(shown) = image {
        veil(canvas, window, 0, BEHIND_IMAGE);
        panels::image(context, model, shown, canvas);
    }
    if let Some(page) = model.page.as_ref().filter(|_| model.shares) {
        veil(canvas, window, 0, BEHIND_IMAGE);
        share_panel::paint(context, model, page, canvas);
    }
    if let Some(list) = &model.cameras {
        veil(canvas, window, 0, BEHIND_IMAGE);
        camera_panel::paint(context, model, list, canvas);
    }
    if model.help {
        panels::help(context, model, canvas);
    }
    if let Some(menu) = &model.menu {
        menu_panel::paint(context, model, menu, canvas);
    }
    if model.asks_to_leave(now) {
        veil(canvas, window, 0, BEHIND_IMAGE);
        panels::leaving(context, model, canvas);
    }
    if context.dragged.is_none() && model.has_buttons(now) {
        context.highlight(canvas);
    }
    // These cover much of the window, or dim all of it.
    let has_panel = has_numbers || model.help || model.shares || model.cameras.is_some() || image.is_some();
    if has_panel || model.menu.is_some() || model.asks_to_leave(now) || context.dragged.is_some() {
        context.front.push(window);
    }
}

/// Paints the text of a window without streams.
fn headline(context: &mut RenderContext, model: &Model, canvas: &mut Canvas, now: Instant) {
    let Metrics { text, large, margin, .. } = context.metrics;
    let (line, tone) = model.headline(now);
    let room = context.stage.width.saturating_sub(4 * margin);
    let style = Style::line(large, TEXT, room).with_lines(3).centred();
    let (width, height) = context.painter.measure(&line, style);
    let dot = (large * 0.55) as usize;
    let block = context.stage.middle(width, height + dot + 3 * margin);
    state_dot(canvas, Rect::new((context.stage.width.saturating_sub(dot)) / 2, block.y, dot, dot), tone);
    context.painter.draw(canvas, &line, block.x, block.y + dot + margin, style);
    let hint = model.words.text(if tone == Tone::Good { Phrase::WaitingHint } else { Phrase::KeysHint });
    let style = Style::line(text, FAINT, room).with_lines(3).centred();
    let (hint_width, hint_height) = context.painter.measure(&hint, style);
    let left = context.stage.width.saturating_sub(hint_width) / 2;
    let place = Rect::new(left, block.y + dot + 2 * margin + height, hint_width, hint_height);
    // In a small window, the self view would cover a part of it.
    if overlay::own_area(context, model).is_none_or(|own| !own.overlaps(place)) {
        context.painter.draw(canvas, &hint, place.x, place.y, style);
    }
}

#[cfg(test)]
#[path = "paint_tests.rs"]
mod tests;
