//! Paints the list of cameras.

use super::{
    camera_list::{CameraChoice, CameraList},
    command::Command,
    model::Model,
    render_context::RenderContext,
    stats_list::first,
    theme::{FAINT, Metrics, PANEL, RAISED, TEXT},
};
use crate::{
    drawing::{Rect, Style, rounded},
    i18n::Phrase,
    picture::Canvas,
};

/// Width of the panel, in heights of the text.
const WIDTH: f32 = 32.0;

/// Paints the list in the middle. What has no room is scrolled to.
pub(super) fn paint(context: &mut RenderContext, model: &Model, list: &CameraList, canvas: &mut Canvas) {
    let Metrics { text, small, margin, .. } = context.metrics;
    let window = Rect::new(0, 0, canvas.width, canvas.height);
    context.clickable(window, Some(Command::Cameras));
    let line = (text * 1.6) as usize;
    let rows = list.rows().unwrap_or_default();
    let width = (text * WIDTH) as usize;
    let room = canvas.height.saturating_sub(4 * margin + 2 * line) / line.max(1);
    let shown = rows.len().max(1).min(room);
    let height = (shown + 2) * line + 3 * margin;
    let panel = window.middle(width.min(canvas.width.saturating_sub(2 * margin)), height);
    let panel = panel.within(canvas.width, canvas.height);
    context.clickable(panel, None);
    rounded(canvas, panel, margin as f32, PANEL, 255);
    let inner = panel.inset(margin);
    let title = model.words.text(Phrase::CamerasTitle);
    context.painter.draw(canvas, &title, inner.x, inner.y, Style::line(text * 1.1, TEXT, inner.width));
    let top = inner.y + line + margin / 2;
    if list.rows().is_none() {
        let wait = model.words.text(Phrase::CamerasSearching);
        context.painter.draw(canvas, &wait, inner.x, top, Style::line(text, FAINT, inner.width));
    }
    let first = first(list.selected(), shown, rows.len());
    for (at, choice) in rows.iter().enumerate().skip(first).take(shown) {
        let place = Rect::new(inner.x, top + (at - first) * line, inner.width, line);
        row(context, canvas, place, choice, at == list.selected());
        if choice.can_use {
            context.clickable(place, Some(Command::UseCamera(at)));
        }
    }
    let hint = model.words.text(Phrase::CamerasHint);
    let after = rows.len() - first - shown.min(rows.len());
    let more = [("▲", first), ("▼", after)].into_iter().filter(|(_, more)| *more > 0);
    let more: Vec<_> = more.map(|(sign, more)| format!("{sign} {more}   ")).collect();
    let y = top + shown * line + margin / 2;
    let style = Style::line(small, FAINT, inner.width);
    context.painter.draw(canvas, &format!("{}{hint}", more.concat()), inner.x, y, style);
}

fn row(
    context: &mut RenderContext,
    canvas: &mut Canvas,
    place: Rect,
    choice: &CameraChoice,
    is_selected: bool,
) {
    let Metrics { text, small, margin, .. } = context.metrics;
    if is_selected && choice.can_use {
        rounded(canvas, place, margin as f32 * 0.4, RAISED, 255);
    }
    let indent = if choice.is_size { 2 * margin } else { margin / 2 };
    let colour = if choice.can_use { TEXT } else { FAINT };
    let room = place.width.saturating_sub(indent + margin);
    // A long name leaves room for what there is to say.
    let (note_width, _) = context.painter.measure(&choice.note, Style::line(small, FAINT, room / 2));
    let label = Style::line(text, colour, room.saturating_sub(note_width + margin));
    let (width, _) = context.painter.measure(&choice.label, label);
    let (x, y) = (place.x + indent, place.y + margin / 8);
    context.painter.draw(canvas, &choice.label, x, y, label);
    let note = Style::line(small, FAINT, room.saturating_sub(width + margin));
    let (note_width, _) = context.painter.measure(&choice.note, note);
    let left = place.right().saturating_sub(note_width + margin / 2);
    context.painter.draw(canvas, &choice.note, left, y + margin / 6, note);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selected_row_is_in_sight() {
        assert_eq!([0, 2, 6, 11].map(|selected| first(selected, 5, 12)), [0, 0, 4, 7]);
        assert_eq!(first(3, 12, 5), 0);
    }
}
