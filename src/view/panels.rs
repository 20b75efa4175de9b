//! The topmost panels: an image, and the keys.

use super::{
    command::Command,
    gallery::GalleryImage,
    grid::contain,
    key_help::{self, Need},
    model::Model,
    render_context::{RenderContext, WindowContext},
    table,
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
    // The caption has room, also below a narrow picture.
    let least = if model.drafts.is_empty() { 22.0 } else { 34.0 };
    let wide = inner.width.max((text * least) as usize).min(room.width);
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
    let is_draft = model.drafts.first().is_some_and(|draft| draft.stamp == shown.stamp);
    let (hint, click) = if is_draft {
        (Phrase::DraftHint, Command::SendDraft)
    } else {
        (Phrase::ImageHint, Command::Dismiss)
    };
    let hint = model.words.text(hint);
    let style = Style::line(small, FAINT, wide);
    let (hint_width, hint_height) = context.painter.measure(&hint, style);
    let top = inner.bottom() + margin;
    let left = frame.right().saturating_sub(margin + hint_width);
    let hint_top = top + (caption_height - margin).saturating_sub(hint_height) / 2;
    context.painter.draw(canvas, &hint, left, hint_top, style);
    context.clickable(Rect::new(left, hint_top, hint_width, hint_height), Some(click));
    let words = &model.words;
    let which = match model.images.len() {
        _ if is_draft && model.drafts.len() > 1 => {
            words.format(Phrase::DraftMany, [("count", model.drafts.len())])
        }
        _ if is_draft => words.text(Phrase::Draft),
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
            let style = Style::line(text, TEXT, wide * 9 / 10).with_lines(6).centred();
            context.centred(canvas, &message, room, style);
        }
        (None, Some(picture)) => context.picture(picture, canvas, inner, wish),
        (None, None) => context.rescale_requests.push(wish()),
    }
}

/// Paints the keys that have an effect here, in the middle.
pub(super) fn help(context: &mut RenderContext, model: &Model, canvas: &mut Canvas) {
    let WindowContext { clipboard, states } = context.window_context;
    let window = [(true, Need::Window), (states, Need::States), (clipboard, Need::Clipboard)];
    let window = window.into_iter().filter(|(is_there, _)| *is_there).map(|(_, need)| need);
    let there: Vec<_> = model.needs().into_iter().chain(window).collect();
    let rows: Vec<[String; 2]> =
        key_help::keys(&there).map(|(key, what)| [key.to_owned(), model.words.text(what)]).collect();
    let window = Rect::new(0, 0, canvas.width, canvas.height);
    context.clickable(window, Some(Command::Help));
    table::paint(context, canvas, &model.words.text(Phrase::Keys), &rows, |width, height| {
        window.middle(width, height)
    });
}

/// Paints the question whether to leave a call.
pub(super) fn leaving(context: &mut RenderContext, model: &Model, canvas: &mut Canvas) {
    let window = Rect::new(0, 0, canvas.width, canvas.height);
    let Metrics { large, margin, .. } = context.metrics;
    context.clickable(window, None);
    let question = model.words.text(Phrase::LeaveCall);
    let style = Style::line(large, TEXT, window.width * 4 / 5).with_lines(4).centred();
    // No other text shows through.
    let (width, height) = context.painter.measure(&question, style);
    let panel = window.middle(width + 2 * margin, height + 2 * margin);
    rounded(canvas, panel.within(canvas.width, canvas.height), margin as f32, PANEL, 255);
    let at = panel.middle(width, height);
    context.painter.draw(canvas, &question, at.x, at.y, style);
}
