//! Panels over the pictures in a terminal: statistics, keys, and an image.

use ratatui::{
    Frame,
    layout::{Alignment, Margin, Rect},
    text::Line,
    widgets::{Block, Clear, Padding, Paragraph},
};

use super::{
    canvas::Pictures,
    text::{message, sanitized},
};
use crate::{
    cells, drawing,
    i18n::Phrase,
    view::{
        gallery::GalleryImage,
        grid::contain,
        key_help::{self, Need},
        model::Model,
        state, stats_panel,
        stream::Stream,
        update::RescaleRequest,
    },
};

/// Columns of a panel's frame and padding.
const FRAME: u16 = 4;

/// Rows of a panel's frame.
const FRAME_ROWS: u16 = 2;

/// Figures that give way in a low terminal, by their place among all.
const GIVE_WAY: [usize; 3] = [4, 3, 5];

/// The statistics: of the enlarged stream, or of all. If they do not fit, those of one stream, which can be chosen.
pub(super) fn figures(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let columns = usize::from(area.width.saturating_sub(FRAME));
    let room = usize::from(area.height.saturating_sub(FRAME_ROWS));
    let round_trip = model.round_trip().map_or_else(|| model.words.text(Phrase::Unknown), state::millis);
    let round_trip = figure("", &model.words.text(Phrase::RoundTrip), &round_trip, columns);
    let mut title = model.words.text(Phrase::Numbers);
    let all = model.streams.visible().into_iter().flat_map(|stream| of_stream(model, stream, columns));
    let mut rows: Vec<_> = std::iter::once(round_trip.clone()).chain(all).collect();
    if rows.len() > room
        && let Some(place) = model.streams.inspected()
    {
        let several = model.streams.len() > 1;
        if several {
            title = format!("{title}  ↑ ↓  {} / {}", place + 1, model.streams.len());
        }
        let one = model.streams.get(place).map(|stream| of_stream(model, stream, columns));
        rows = one.unwrap_or_default();
        rows.push(round_trip);
        // The name stands before the figures.
        let left_out = &GIVE_WAY[..rows.len().saturating_sub(room).min(GIVE_WAY.len())];
        let stays = |at: usize| at == 0 || !left_out.contains(&(at - 1));
        rows = rows.into_iter().enumerate().filter(|(at, _)| stays(*at)).map(|(_, row)| row).collect();
    }
    panel(frame, area, &title, rows, Alignment::Right);
}

/// The name of a stream, and its figures below it.
fn of_stream(model: &Model, stream: &Stream, columns: usize) -> Vec<String> {
    let number = if model.streams.len() > 1 { format!("{} ", stream.number) } else { String::new() };
    let name = sanitized(stream.name());
    let name = cells::shorten_middle(&name, columns.saturating_sub(cells::width(&number)));
    let figures = stats_panel::figures(&model.words, stream);
    let figures = figures.iter().map(|[what, value]| figure("  ", what, value, columns));
    std::iter::once(format!("{number}{name}")).chain(figures).collect()
}

/// A figure after its description, which gives way if there is no room for both.
fn figure(indent: &str, what: &str, value: &str, columns: usize) -> String {
    let room = columns.saturating_sub(cells::width(indent) + 2 + cells::width(value));
    format!("{indent}{}  {value}", cells::shorten_end(what, room))
}

/// Columns of a key in the list.
const KEY: usize = 10;

/// The list of keys. If it has more rows than fit, those from `top` on are shown; `top` is limited to what can
/// be scrolled.
pub(super) fn help(frame: &mut Frame<'_>, area: Rect, model: &Model, top: &mut usize) {
    let there: Vec<_> = model.needs().into_iter().chain([Need::Terminal]).collect();
    let keys = key_help::keys(&there);
    let columns = usize::from(area.width.saturating_sub(FRAME)).saturating_sub(KEY);
    let rows = keys.flat_map(|(key, what)| {
        let what = cells::wrap(&model.words.text(what), columns).into_iter().enumerate();
        what.map(move |(row, what)| format!("{:<KEY$}{what}", if row == 0 { key } else { "" }))
    });
    let mut rows: Vec<_> = rows.collect();
    let mut title = model.words.text(Phrase::Keys);
    let (all, room) = (rows.len(), usize::from(area.height).saturating_sub(2));
    *top = (*top).min(all.saturating_sub(room));
    if all > room {
        rows = rows.into_iter().skip(*top).take(room).collect();
        title = format!("{title}  ↑ ↓  {}–{} / {all}", *top + 1, *top + rows.len());
    }
    panel(frame, area, &title, rows, Alignment::Center);
}

/// A box with lines, on top of everything.
fn panel(frame: &mut Frame<'_>, area: Rect, title: &str, rows: Vec<String>, place: Alignment) {
    let lines: Vec<_> = rows.into_iter().map(Line::from).collect();
    let widest =
        lines.iter().map(Line::width).max().unwrap_or(0).max(cells::width(title)) + usize::from(FRAME);
    let width = u16::try_from(widest).unwrap_or(u16::MAX).min(area.width);
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).min(area.height);
    let x = match place {
        Alignment::Right => area.right() - width,
        _ => area.x + (area.width - width) / 2,
    };
    let y = if place == Alignment::Right { area.y } else { area.y + (area.height - height) / 2 };
    let spot = Rect { x, y, width, height };
    frame.render_widget(Clear, spot);
    let block = Block::bordered().title(title.to_owned()).padding(Padding::horizontal(1));
    frame.render_widget(Paragraph::new(lines).block(block), spot);
}

pub(super) fn image(
    frame: &mut Frame<'_>,
    area: Rect,
    model: &Model,
    shown: &GalleryImage,
    pictures: &mut Pictures,
) {
    let inner = area.inner(Margin::new(2, 1));
    if inner.height < 3 || inner.width < 10 {
        return;
    }
    frame.render_widget(Clear, area);
    let sender = shown.image.sender.as_deref().map(sanitized).unwrap_or_default();
    let size = shown.image.size.map_or(String::new(), |(width, height)| format!("  {width}×{height}"));
    let hint = model.words.text(Phrase::ImageHint);
    frame.render_widget(Line::from(format!("{sender}{size}   {hint}")), Rect { height: 1, ..area });
    if let Some(reason) = &shown.image.fault {
        return message(
            frame,
            inner,
            &sanitized(&model.words.format(Phrase::CannotShow, [("reason", reason.as_str())])),
        );
    }
    let Some(size) = shown.image.size else { return };
    let room = pictures.pixels(inner.width, inner.height);
    let fitted = contain(size, drawing::Rect::new(0, 0, room.0, room.1));
    let (columns, rows) = pictures.cells((fitted.width, fitted.height));
    let size = pictures.pixels(columns.max(1), rows.max(1));
    match &shown.canvas {
        Some(canvas) if (canvas.width, canvas.height) == size => {
            let spot = Rect {
                x: inner.x + (inner.width - columns.min(inner.width)) / 2,
                y: inner.y,
                width: columns,
                height: rows,
            };
            pictures.draw(frame, spot, shown.stamp, canvas, false);
        }
        _ => pictures.rescale_requests.push(RescaleRequest {
            stamp: shown.stamp,
            file: shown.image.file.clone(),
            is_image: true,
            size,
        }),
    }
}
