//! The topmost panels: an image, and the keys.

use super::{
    command::{self, Command},
    gallery::GalleryImage,
    grid::contain,
    model::Model,
    render_context::{RenderContext, WindowContext},
    theme::{FAINT, Metrics, PANEL, TEXT},
    update::RescaleRequest,
};
use crate::{
    drawing::{Rect, Style, rounded},
    i18n::Phrase,
    picture::Canvas,
};

/// The placeholder's size for an image of unknown size.
const UNKNOWN_SIZE: (usize, usize) = (320, 180);

/// Paints an image in a frame, with its sender and the keys for it.
pub(super) fn image(context: &mut RenderContext, model: &Model, shown: &GalleryImage, canvas: &mut Canvas) {
    let Metrics { text, small, margin, .. } = context.metrics;
    let window = Rect::new(0, 0, canvas.width, canvas.height);
    let caption_height = (text * 1.35) as usize + margin;
    let room = window.inset(canvas.width.min(canvas.height) / 12 + margin);
    let room = Rect { height: room.height.saturating_sub(caption_height), ..room };
    // Small pictures are enlarged to twice their size at most.
    let size = shown.image.size.unwrap_or(UNKNOWN_SIZE);
    let most = room.middle(size.0.saturating_mul(2), size.1.saturating_mul(2));
    let inner = contain(size, most);
    let wide = inner.width.max((text * 22.0) as usize).min(room.width);
    let frame_x = room.x + (room.width - wide) / 2;
    let frame = Rect::new(
        frame_x.saturating_sub(margin),
        inner.y.saturating_sub(margin),
        wide + 2 * margin,
        inner.height + caption_height + 2 * margin,
    );
    context.clickable(window, Some(Command::Dismiss));
    context.clickable(frame, None);
    rounded(canvas, frame, margin as f32, PANEL, 255);
    context.opaque = Some(frame);
    let hint = model.words.text(Phrase::ImageHint);
    let style = Style::line(small, FAINT, wide);
    let (hint_width, hint_height) = context.painter.measure(&hint, style);
    let top = inner.bottom() + margin;
    let left = frame.right().saturating_sub(margin + hint_width);
    let hint_top = top + (caption_height - margin).saturating_sub(hint_height) / 2;
    context.painter.draw(canvas, &hint, left, hint_top, style);
    context.clickable(Rect::new(left, hint_top, hint_width, hint_height), Some(Command::Dismiss));
    let words = &model.words;
    let which = match model.images.len() {
        1 => words.text(Phrase::Image),
        count => words.format(Phrase::ImageOf, [("number", model.images.place()), ("count", count)]),
    };
    let sender = shown.image.sender.as_ref().map_or(String::new(), |sender| format!("{sender}   "));
    let size = shown.image.size.map_or(String::new(), |(width, height)| format!("   {width}×{height}"));
    let caption = format!("{sender}{which}{size}");
    let style = Style::line(text, TEXT, wide.saturating_sub(hint_width + margin));
    context.painter.draw(canvas, &caption, frame_x, top, style);
    let wish = || RescaleRequest {
        stamp: shown.stamp,
        file: shown.image.file.clone(),
        is_image: true,
        size: (inner.width, inner.height),
    };
    match (&shown.image.fault, &shown.canvas) {
        (Some(reason), _) => {
            let message = words.format(Phrase::CannotShow, [("reason", reason.as_str())]);
            // As wide as the frame: an image that cannot be shown may be narrow.
            let room = Rect { x: frame_x, width: wide, ..inner };
            let style = Style { lines: 6, centred: true, ..Style::line(text, TEXT, wide * 9 / 10) };
            context.centred(canvas, &message, room, style);
        }
        (None, Some(picture)) => context.picture(picture, canvas, inner, wish),
        (None, None) => context.rescale_requests.push(wish()),
    }
}

/// Paints the keys that have an effect here, in the middle.
pub(super) fn help(context: &mut RenderContext, model: &Model, canvas: &mut Canvas) {
    let WindowContext { clipboard, states } = context.window_context;
    let (own, film) = (model.own.is_some(), model.film().is_some());
    let keys: Vec<_> = if states {
        command::window_help(own, clipboard, film).collect()
    } else {
        command::help(own, clipboard, film).collect()
    };
    let rows: Vec<[String; 2]> =
        keys.into_iter().map(|(key, what)| [key.to_owned(), model.words.text(what)]).collect();
    let window = Rect::new(0, 0, canvas.width, canvas.height);
    context.clickable(window, Some(Command::Help));
    table(context, canvas, &model.words.text(Phrase::Keys), &rows, |width, height| {
        window.middle(width, height)
    });
}

/// Paints the question whether to leave a call.
pub(super) fn leaving(context: &mut RenderContext, model: &Model, canvas: &mut Canvas) {
    let window = Rect::new(0, 0, canvas.width, canvas.height);
    let Metrics { large, .. } = context.metrics;
    context.clickable(window, None);
    let question = model.words.text(Phrase::LeaveCall);
    let style = Style { lines: 4, centred: true, ..Style::line(large, TEXT, window.width * 4 / 5) };
    context.centred(canvas, &question, window, style);
}

/// The smallest part of the usual text size at which a table is still painted whole.
const SMALLEST_TABLE: f32 = 0.5;

/// Paints two columns under a title on a panel; returns its place. A row without a second column is a
/// heading. It hides what is behind it. A table that is too high for the window has smaller
/// text, and long texts are cut.
pub(super) fn table(
    context: &mut RenderContext,
    canvas: &mut Canvas,
    title: &str,
    rows: &[[String; 2]],
    place: impl Fn(usize, usize) -> Rect,
) -> Rect {
    let Metrics { text, margin, .. } = context.metrics;
    let lines = (rows.len() + 1) as f32 * 1.6 * text + 2.5 * margin as f32;
    let shrink = (canvas.height as f32 / lines).clamp(SMALLEST_TABLE, 1.0);
    let text = text * shrink;
    let room = canvas.width.saturating_sub(7 * margin);
    let plain = |colour, width| Style::line(text * 0.93, colour, width);
    let widest = |context: &mut RenderContext, column: usize, most: usize| {
        let cells = rows.iter().filter(|row| !row[1].is_empty()).map(|row| &row[column]);
        cells.map(|cell| context.painter.measure(cell, plain(TEXT, most)).0).max().unwrap_or_default()
    };
    let first = widest(context, 0, room * 2 / 3);
    let second = widest(context, 1, room.saturating_sub(first));
    let line = (text * 1.6) as usize;
    let title_line = line + margin / 2;
    let inner = first + second + 2 * margin;
    let panel = place(inner + 3 * margin, title_line + rows.len() * line + 2 * margin);
    let panel = panel.within(canvas.width, canvas.height);
    rounded(canvas, panel, margin as f32, PANEL, 255);
    let x = panel.x + margin * 3 / 2;
    let mut y = panel.y + margin;
    context.painter.draw(canvas, title, x, y, Style::line(text * 1.1, TEXT, inner));
    y += title_line;
    for row in rows {
        let (colour, width) = if row[1].is_empty() { (TEXT, inner) } else { (FAINT, first) };
        context.painter.draw(canvas, &row[0], x, y, plain(colour, width));
        context.painter.draw(canvas, &row[1], x + first + 2 * margin, y, plain(TEXT, second));
        y += line;
    }
    panel
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A colour that nothing is painted in.
    const UNPAINTED: u32 = 0x00ff_00ff;

    #[test]
    fn nothing_leaves_a_table() {
        let long = "a name that never ends ".repeat(20);
        let row = |first: &str, second: &str| [first.to_owned(), second.to_owned()];
        let rows = vec![row("age", "12 ms"), row(&long, ""), row("shown", &long), row(&long, "3")];
        for (rows, size) in [
            (rows.clone(), (1280, 720)),
            (rows.clone(), (500, 300)),
            (vec![rows.clone(); 20].concat(), (900, 400)),
        ] {
            let mut context = RenderContext::new(1.0, WindowContext::default());
            let mut canvas = Canvas::filled(size.0, size.1, UNPAINTED);
            let panel = table(&mut context, &mut canvas, "Statistics", &rows, |width, height| {
                Rect::new(size.0.saturating_sub(width + 20), 10, width, height)
            });
            let is_outside = |&(x, y): &(usize, usize)| !panel.contains(Rect::new(x, y, 1, 1));
            let mut outside = (0..size.1).flat_map(|y| (0..size.0).map(move |x| (x, y))).filter(is_outside);
            assert!(outside.all(|(x, y)| canvas.pixel(x, y) == Some(UNPAINTED)), "{size:?}: {panel:?}");
        }
    }
}
