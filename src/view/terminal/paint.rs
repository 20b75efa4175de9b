//! Paints the model in a terminal's cells.

use std::time::Instant;

use ratatui::{
    Frame,
    layout::{Alignment, Rect},
    style::{Color, Style, Stylize},
    text::{Line, Span},
    widgets::{Clear, Paragraph, Wrap},
};

use super::{
    canvas::Pictures,
    panels,
    text::{colour, message, sanitized},
};
use crate::{
    drawing,
    i18n::Phrase,
    playback::Progress,
    view::{
        chat::{Line as ChatLine, Speaker},
        chat_panel,
        demand::ShownTile,
        film::{FilmState, times, word},
        grid::{contain, layout, spotlight},
        model::Model,
        state,
        stream::Stream,
        theme::Tone,
        tiles,
        update::RescaleRequest,
    },
};

/// Lines of the conversation below the pictures.
const TALK_LINES: u16 = 4;

/// With fewer rows, there are only pictures and the link.
const ROOM_FOR_TALK: u16 = 14;

/// Columns of a film's track, if they fit.
const TRACK: u16 = 40;

pub(super) fn paint(frame: &mut Frame<'_>, model: &Model, pictures: &mut Pictures, now: Instant) {
    pictures.begin();
    let area = frame.area();
    if area.width < 4 || area.height < 3 {
        return;
    }
    let open = model.chat.is_open();
    let talk = match (open, area.height >= ROOM_FOR_TALK) {
        (true, _) => area.height / 2,
        (false, true) => TALK_LINES,
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
        panels::help(frame, area, model);
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
    for (place, (stream, tile)) in model.streams.iter().zip(tiles).enumerate() {
        let (x, y) = pictures.cells((tile.x, tile.y));
        let (width, height) = pictures.cells((tile.width, tile.height));
        if width < 2 || height < 2 {
            continue;
        }
        let tile = Rect { x: area.x + x, y: area.y + y, width, height };
        // A line for the name, the rest for the picture.
        let number = (sizes.len() > 1).then_some(place + 1);
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
    number: Option<usize>,
    now: Instant,
) {
    let (figures, tone) = tiles::figures(model, stream, model.life(stream, now));
    let label =
        if stream.name().is_empty() { model.words.text(Phrase::Somebody) } else { sanitized(stream.name()) };
    let number = number.map_or(String::new(), |number| format!("{number} "));
    let mark = if tone == Tone::Good { "● " } else { "○ " };
    let line = Line::from(vec![
        Span::from(mark).fg(colour(tone)),
        Span::from(number).dim(),
        Span::from(label).bold(),
        Span::from(format!("  {figures}")).dim(),
    ]);
    frame.render_widget(line, area);
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
    let mut lines: Vec<_> = said.iter().rev().map(|line| spoken(model, line)).collect();
    if lines.is_empty() && model.chat.is_open() {
        lines.push(Line::from(model.words.text(Phrase::NothingSaid)).dim());
    }
    frame.render_widget(Clear, room);
    // If they take more rows than there are, the newest are shown.
    let rows: usize = lines.iter().map(|line| line.width().div_ceil(room.width.max(1).into()).max(1)).sum();
    let over = u16::try_from(rows).unwrap_or(u16::MAX).saturating_sub(room.height);
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }).scroll((over, 0)), room);
}

fn spoken(model: &Model, line: &ChatLine) -> Line<'static> {
    let (head, _) = chat_panel::head(&model.words, line);
    let text = sanitized(&line.text);
    match head {
        Some(head) => {
            let mine = matches!(line.speaker, Speaker::Me(_));
            let style = if mine { Style::new().cyan() } else { Style::new().green() };
            Line::from(vec![Span::styled(format!("{}: ", sanitized(&head)), style), Span::from(text)])
        }
        None => Line::from(text).dim(),
    }
}

/// A film's progress: position and length, a track, and its state.
fn film(area: Rect, model: &Model, progress: &Progress) -> Vec<Span<'static>> {
    let sign = if progress.paused || progress.ended { "▶ " } else { "‖ " };
    let (position, length) = times(progress);
    let mut spans = vec![Span::from(sign).bold(), Span::from(position).bold()];
    if let (Some(length), Some(whole)) = (length, progress.length) {
        let room = TRACK.min(area.width / 4);
        let part = if whole.is_zero() { 1.0 } else { progress.shown_position().div_duration_f64(whole) };
        let played = (f64::from(room) * part).round() as usize;
        let rest = usize::from(room) - played.min(room.into());
        spans.push(Span::from(format!(" / {length}  ")).dim());
        spans.push(Span::from("━".repeat(played)).fg(Color::Green));
        spans.push(Span::from("─".repeat(rest)).dim());
    }
    if let Some([full, short]) = word(&model.words, progress) {
        let used: usize = spans.iter().map(Span::width).sum();
        let word =
            if used + Line::from(full.as_str()).width() + 2 > usize::from(area.width) { short } else { full };
        spans.push(Span::from(format!("  {word}")).fg(Color::Yellow));
    }
    spans.push(Span::from("  "));
    spans
}

fn footer(frame: &mut Frame<'_>, area: Rect, model: &Model, now: Instant) {
    let (line, tone) = model.link_line(now);
    let progress = model.film().map(FilmState::progress);
    let mut left = progress.iter().flat_map(|progress| film(area, model, progress)).collect::<Vec<_>>();
    if let Some(since) = model.recording {
        let time = state::clock(now.saturating_duration_since(since));
        left.push(
            Span::from(format!("● {} {time}  ", model.words.text(Phrase::Recording))).fg(Color::LightRed),
        );
    }
    if model.paused {
        left.push(Span::from(format!("‖ {}  ", model.words.text(Phrase::PausedHint))).fg(Color::Yellow));
    }
    if !model.hides_link(now) {
        left.push(Span::from(sanitized(&line)).fg(colour(tone)));
    }
    let left = Line::from(left);
    let used = left.width();
    frame.render_widget(left, area);
    let keys = if progress.is_some() { Phrase::TerminalFilmKeys } else { Phrase::TerminalKeys };
    let keys = Line::from(model.words.text(keys)).dim().right_aligned();
    let room = usize::from(area.width);
    if keys.width() + used + 4 < room {
        frame.render_widget(keys, area);
    }
}
