//! The card of a stream whose camera was switched off: whose it is, in large letters.
//!
//! Senders draw a card too, which old viewers show; this one is in the user's language, and sharp at any size.

use super::{
    render_context::RenderContext,
    stream::Stream,
    theme::{FAINT, PANEL, TEXT},
};
use crate::{
    drawing::{Rect, Style, fill},
    i18n::{Phrase, Translations},
    picture::Canvas,
};

/// Size of the name, as a part of the card's height.
const NAME: f32 = 0.14;

/// Paints the card in this area.
pub(super) fn paint(
    context: &mut RenderContext,
    words: &Translations,
    stream: &Stream,
    canvas: &mut Canvas,
    area: Rect,
) {
    fill(canvas, area, PANEL);
    let name = if stream.name().is_empty() { words.text(Phrase::Somebody) } else { stream.name().to_owned() };
    let small = context.metrics.small;
    let size = (area.height as f32 * NAME).clamp(small, context.metrics.large * 3.0);
    let room = area.width * 9 / 10;
    let large = Style::line(size, TEXT, room).with_lines(2).centred();
    let why = words.text(Phrase::CameraOffCard);
    let below = Style::line((size * 0.5).max(small), FAINT, room).with_lines(2).centred();
    let (name_width, name_height) = context.painter.measure(&name, large);
    let (why_width, why_height) = context.painter.measure(&why, below);
    let block = area.middle(room, name_height + why_height);
    if name_height + why_height > area.height {
        return;
    }
    let middle = |width: usize| area.x + area.width.saturating_sub(width) / 2;
    context.painter.draw(canvas, &name, middle(name_width), block.y, large);
    context.painter.draw(canvas, &why, middle(why_width), block.y + name_height, below);
}
