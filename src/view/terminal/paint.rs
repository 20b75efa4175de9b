//! Paints the model in a terminal's cells.

use std::time::Instant;

use ratatui::{
    Frame,
    layout::{Alignment, Rect},
    style::{Style, Stylize},
    text::{Line, Span},
    widgets::{Clear, Paragraph, Wrap},
};

use super::{
    canvas::Pictures,
    footer::footer,
    panels,
    text::{colour, message, sanitized},
};
use crate::{
    cells, drawing,
    i18n::Phrase,
    view::{
        chat::{Line as ChatLine, Speaker},
        chat_panel,
        demand::ShownTile,
        grid::{contain, layout, spotlight},
        model::Model,
        stream::Stream,
        theme::Tone,
        tiles,
        update::RescaleRequest,
    },
};

/// Lines of the conversation below the pictures.
const TALK_LINES: u16 = 4;

/// With fewer rows, pictures have those of the conversation too, while nobody has written anything new.
const ROOM_FOR_TALK: u16 = 14;

/// Lines of the conversation then, while something is new.
const FEW_TALK_LINES: u16 = 2;

/// What stands between two figures of a stream.
const PART: &str = "   ";

/// Columns of a name that still tell something.
const LEAST_NAME: usize = 6;

/// What the painting remembers.
#[derive(Debug)]
pub(super) struct View {
    pub(super) pictures: Pictures,
    /// Rows of the list of keys above its visible part.
    pub(super) help_top: usize,
}

pub(super) fn paint(frame: &mut Frame<'_>, model: &Model, view: &mut View, now: Instant) {
    let View { pictures, help_top } = view;
    pictures.begin();
    let area = frame.area();
    if area.width < 4 || area.height < 3 {
        return;
    }
    let open = model.chat.is_open();
    let talk = match (open, area.height >= ROOM_FOR_TALK) {
        (true, _) => area.height / 2,
        (false, true) => TALK_LINES,
        (false, false) if model.chat.recent(now).next().is_some() => FEW_TALK_LINES.min(area.height - 2),
        (false, false) => 0,
    };
    let stage = Rect { height: area.height - 1 - talk, ..area };
    let below = Rect { y: stage.bottom(), height: talk, ..area };
    let foot = Rect { y: area.bottom() - 1, height: 1, ..area };
    if model.streams.is_empty() {
        waiting(frame, stage, model, now);
    } else {
        streams(frame, stage, model, pictures, now);
    }
    conversation(frame, below, model, now);
    footer(frame, foot, model, now);
    if model.numbers {
        panels::figures(frame, stage, model);
    }
    if let Some(shown) = model.images.newest() {
        panels::image(frame, stage, model, shown, pictures);
    }
    if model.help {
        // The last line stays: it has the key that closes the list.
        panels::help(frame, Rect { height: area.height - 1, ..area }, model, help_top);
    } else {
        *help_top = 0;
    }
    if model.asks_to_leave(now) {
        message(frame, stage, &model.words.text(Phrase::LeaveCall));
    }
}

fn waiting(frame: &mut Frame<'_>, area: Rect, model: &Model, now: Instant) {
    let (line, tone) = model.headline(now);
    let hint = model.words.text(Phrase::KeysHint);
    let text =
        vec![Line::from(sanitized(&line)).fg(colour(tone)).bold(), Line::from(""), Line::from(hint).dim()];
    let middle =
        Rect { y: area.y + area.height / 2 - area.height.min(4) / 2, height: area.height.min(4), ..area };
    frame.render_widget(Paragraph::new(text).alignment(Alignment::Center).wrap(Wrap { trim: true }), middle);
}

fn streams(frame: &mut Frame<'_>, area: Rect, model: &Model, pictures: &mut Pictures, now: Instant) {
    let window = pictures.pixels(area.width, area.height);
    let sizes: Vec<_> = model.streams.iter().map(|stream| stream.frame.size).collect();
    let tiles = match model.enlarged() {
        Some(large) => spotlight(window, sizes.len(), large),
        None => layout(window, &sizes),
    };
    for (stream, tile) in model.streams.iter().zip(tiles) {
        let (x, y) = pictures.cells((tile.x, tile.y));
        let (width, height) = pictures.cells((tile.width, tile.height));
        if width < 2 || height < 2 {
            continue;
        }
        let tile = Rect { x: area.x + x, y: area.y + y, width, height };
        // A line for the name, the rest for the picture.
        let number = (sizes.len() > 1).then_some(stream.number);
        name(frame, Rect { height: 1, ..tile }, model, stream, number, now);
        let room = pictures.pixels(tile.width, tile.height - 1);
        let shown = contain(stream.frame.size, drawing::Rect::new(0, 0, room.0, room.1));
        let (columns, rows) = pictures.cells((shown.width, shown.height));
        if columns == 0 || rows == 0 {
            continue;
        }
        let left = tile.x + (tile.width - columns.min(tile.width)) / 2;
        let spot = Rect { x: left, y: tile.y + 1, width: columns, height: rows };
        let size = pictures.pixels(columns, rows);
        pictures.tiles.push(ShownTile {
            stream: stream.id(),
            place: drawing::Rect::new(0, 0, size.0, size.1),
            needed: size,
            is_held: model.paused && stream.has_picture(),
        });
        let canvas = &stream.frame.canvas;
        let life = model.life(stream, now);
        let instead = tiles::instead(&model.words, stream, life);
        if stream.is_stale() || (stream.has_picture() && (canvas.width, canvas.height) != size) {
            let (stamp, file) = (stream.stamp, stream.frame.jpeg.clone());
            pictures.rescale_requests.push(RescaleRequest { stamp, file, is_image: false, size });
        }
        if stream.has_picture() {
            pictures.draw(frame, spot, stream.stamp, canvas, instead.is_some());
        }
        if let Some(text) = instead {
            message(frame, spot, &sanitized(&text));
        }
    }
}

fn name(
    frame: &mut Frame<'_>,
    area: Rect,
    model: &Model,
    stream: &Stream,
    number: Option<u64>,
    now: Instant,
) {
    let (figures, tone) = tiles::figures(model, stream, model.life(stream, now));
    let label =
        if stream.name().is_empty() { model.words.text(Phrase::Somebody) } else { sanitized(stream.name()) };
    let number = number.map_or(String::new(), |number| format!("{number} "));
    let mark = if tone == Tone::Good { "● " } else { "○ " };
    // A column stays free before the next tile.
    let room = usize::from(area.width).saturating_sub(cells::width(mark) + cells::width(&number) + 1);
    let (label, figures) = fitted(&label, &figures, room);
    let line = Line::from(vec![
        Span::from(mark).fg(colour(tone)),
        Span::from(number).dim(),
        Span::from(label).bold(),
        Span::from(figures).dim(),
    ]);
    frame.render_widget(line, area);
}

/// A name and its figures in this number of columns. The first figures give way, then the middle of the name;
/// the last figure, which may be a fault, stays if a part of the name fits beside it.
fn fitted(name: &str, figures: &str, columns: usize) -> (String, String) {
    let mut figures = figures;
    loop {
        let shown = if figures.is_empty() { String::new() } else { format!("  {figures}") };
        let room = columns.saturating_sub(cells::width(&shown));
        let next = figures.split_once(PART).map(|(_, rest)| rest);
        if cells::width(name) <= room || (next.is_none() && room >= LEAST_NAME) || figures.is_empty() {
            return (cells::shorten_middle(name, room).into_owned(), shown);
        }
        figures = next.unwrap_or_default();
    }
}

fn conversation(frame: &mut Frame<'_>, area: Rect, model: &Model, now: Instant) {
    if area.height == 0 {
        return;
    }
    let mut room = area;
    if let Some(entry) = &model.chat.entry {
        room.height -= 1;
        let (before, after) = entry.parts();
        let line = Line::from(vec![
            Span::from("> ").bold(),
            Span::from(sanitized(before)),
            Span::from("▏"),
            Span::from(sanitized(after)),
        ]);
        // Of a line wider than the terminal, the end is shown.
        let over = u16::try_from(line.width()).unwrap_or(u16::MAX).saturating_sub(area.width);
        let at = Rect { y: room.bottom(), height: 1, ..area };
        frame.render_widget(Paragraph::new(line).scroll((0, over)), at);
    }
    let said: Vec<&ChatLine> = if model.chat.is_open() {
        model.chat.history().take(room.height.into()).collect()
    } else {
        model.chat.recent(now).take(room.height.into()).collect()
    };
    let mut rows: Vec<_> =
        said.iter().rev().flat_map(|line| spoken(model, line, room.width.into())).collect();
    if rows.is_empty() && model.chat.is_open() {
        let nothing = model.words.text(Phrase::NothingSaid);
        rows.extend(cells::wrap(&nothing, room.width.into()).into_iter().map(|row| Line::from(row).dim()));
    }
    frame.render_widget(Clear, room);
    // The newest stand lowest, next to the line that is written; the oldest are cut off if there are too many.
    let rows = rows.split_off(rows.len().saturating_sub(room.height.into()));
    let height = u16::try_from(rows.len()).unwrap_or(u16::MAX);
    let lowest = Rect { y: room.bottom() - height, height, ..room };
    frame.render_widget(Paragraph::new(rows), lowest);
}

/// The rows of what somebody said.
fn spoken(model: &Model, line: &ChatLine, columns: usize) -> Vec<Line<'static>> {
    let (head, _) = chat_panel::head(&model.words, line);
    let text = sanitized(&line.text);
    let Some(head) = head.map(|head| format!("{}:", sanitized(&head))) else {
        return cells::wrap(&text, columns).into_iter().map(|row| Line::from(row).dim()).collect();
    };
    let mine = matches!(line.speaker, Speaker::Me(_));
    let style = if mine { Style::new().cyan() } else { Style::new().green() };
    let mut head_left = head.as_str();
    let mut rows = Vec::new();
    for row in cells::wrap(&format!("{head} {text}"), columns) {
        // A head that is wider than a row goes on in the next one.
        let of_head = head_left.len().min(row.len());
        let (start, rest) = row.split_at_checked(of_head).unwrap_or((&row, ""));
        rows.push(Line::from(vec![Span::styled(start.to_owned(), style), Span::from(rest.to_owned())]));
        head_left = head_left.get(of_head..).unwrap_or_default().trim_start();
    }
    rows
}
