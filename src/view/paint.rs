//! Paints the model in the window.
//!
//! Dark and quiet, because people look at the pictures; every text on a plate of its own, so that it can be
//! read on snow as well as at night; states in words first, in colour second. Clickable areas are noted as
//! they are painted, so that a click always acts on what is visible.

use std::time::Instant;

use super::{
    bar,
    board::Board,
    corners, film_bar, numbers, panels,
    render_context::{Easel, state_dot},
    talk,
    theme::{BACKGROUND, FAINT, Measures, TEXT, Tone},
    tiles,
};
use crate::{
    language::Phrase,
    lettering::{Rect, Style, fill, veil},
    picture::Canvas,
};

/// Opacity of the veil over the window behind an image.
const BEHIND_IMAGE: u32 = 110;

/// Paints the whole canvas.
pub(crate) fn paint(easel: &mut Easel, board: &Board, canvas: &mut Canvas, now: Instant) {
    easel.reset();
    let window = Rect::new(0, 0, canvas.width, canvas.height);
    if board.streams.is_empty() {
        fill(canvas, window, BACKGROUND);
        headline(easel, board, canvas, now);
    } else {
        tiles::paint(easel, board, canvas, now);
    }
    corners::own(easel, board, canvas);
    // From the bottom up: a film's bar, a line of signs, the buttons, the conversation.
    let floor = canvas.height.saturating_sub(easel.measures.margin);
    let floor = film_bar::paint(easel, board, canvas, floor, now);
    let mut floor = corners::signs(easel, board, canvas, floor, now);
    // A film's bar has its own buttons.
    if board.has_buttons(now) && !board.chat.is_open() && board.film().is_none() {
        floor = bar::paint(easel, board, canvas, floor);
    }
    if board.numbers {
        numbers::paint(easel, board, canvas);
    }
    talk::paint(easel, board, canvas, floor, now);
    if let Some(shown) = board.images.newest() {
        veil(canvas, window, 0, BEHIND_IMAGE);
        panels::image(easel, board, shown, canvas);
    }
    if board.help {
        panels::help(easel, board, canvas);
    }
}

/// Paints the text of a window without streams.
fn headline(easel: &mut Easel, board: &Board, canvas: &mut Canvas, now: Instant) {
    let Measures { text, large, margin, .. } = easel.measures;
    let (line, tone) = board.headline(now);
    let room = canvas.width.saturating_sub(4 * margin);
    let style = Style { lines: 3, centred: true, ..Style::line(large, TEXT, room) };
    let (width, height) = easel.painter.measure(&line, style);
    let dot = (large * 0.55) as usize;
    let block = Rect::new(0, 0, canvas.width, canvas.height).middle(width, height + dot + 3 * margin);
    state_dot(canvas, Rect::new((canvas.width.saturating_sub(dot)) / 2, block.y, dot, dot), tone);
    easel.painter.draw(canvas, &line, block.x, block.y + dot + margin, style);
    let hint = board.words.say(if tone == Tone::Good { Phrase::WaitingHint } else { Phrase::KeysHint });
    let style = Style { lines: 3, centred: true, ..Style::line(text, FAINT, room) };
    let (hint_width, _) = easel.painter.measure(&hint, style);
    let top = block.y + dot + 2 * margin + height;
    easel.painter.draw(canvas, &hint, canvas.width.saturating_sub(hint_width) / 2, top, style);
}
