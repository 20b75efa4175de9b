//! The bar of a film: play or pause button, position and length, and a track to click and drag.

use std::time::{Duration, Instant};

use super::{
    bar,
    command::Command,
    film::{times, word},
    model::Model,
    render_context::RenderContext,
    state::clock,
    theme::{FAINT, GOOD, Metrics, PANEL, PANEL_ALPHA, RAISED, TEXT},
    track::Track,
};
use crate::{
    drawing::{Rect, Style, rounded, stroke, triangle},
    picture::Canvas,
    playback::Progress,
};

/// Positions of the parts of the bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Parts {
    panel: Rect,
    /// The line of the track, if any.
    line: Option<Rect>,
    /// The area of the track that can be clicked.
    reach: Rect,
    sign: Rect,
    /// Texts and buttons, beside the sign.
    words: Rect,
}

/// Lays the bar out above `floor` in a window `width` wide; `row` is the height of a line of text.
fn parts(width: usize, floor: usize, row: usize, metrics: Metrics, has_track: bool) -> Parts {
    let margin = metrics.margin;
    let (across, down) = (margin, margin * 2 / 3);
    let thick = (metrics.text / 3.2).round().max(2.0) as usize;
    let above = if has_track { thick + margin * 5 / 6 } else { 0 };
    let height = above + row + 2 * down;
    let panel = Rect::new(margin, floor.saturating_sub(height), width.saturating_sub(2 * margin), height);
    let inner = Rect::new(
        panel.x + across,
        panel.y + down,
        panel.width.saturating_sub(2 * across),
        height.saturating_sub(2 * down),
    );
    let line = has_track.then(|| Rect { y: inner.y + thick / 2, height: thick, ..inner });
    let reach = Rect { height: down + above, ..panel };
    let side = row * 4 / 5;
    let top = inner.y + above;
    let sign = Rect::new(inner.x, top + (row - side) / 2, side, side);
    let left = sign.right() + margin * 5 / 6;
    let words = Rect::new(left, top, inner.right().saturating_sub(left), row);
    Parts { panel, line, reach, sign, words }
}

/// Paints the bar above `floor` if it is shown; returns its top.
pub(super) fn paint(
    context: &mut RenderContext,
    model: &Model,
    canvas: &mut Canvas,
    floor: usize,
    now: Instant,
) -> usize {
    let Some(film) = model.film().filter(|film| film.has_bar(now)) else { return floor };
    let progress = film.progress();
    let Metrics { text, margin, .. } = context.metrics;
    let (_, row) = context.painter.measure("0", Style::line(text, TEXT, context.stage.width));
    let length = progress.length.filter(|length| !length.is_zero());
    let parts = parts(context.stage.width, floor, row, context.metrics, length.is_some());
    if parts.words.width < row || parts.panel.y < margin {
        return floor;
    }
    rounded(canvas, parts.panel, margin as f32 * 0.8, PANEL, PANEL_ALPHA);
    context.clickable(parts.panel, None);
    let button = Rect::new(parts.panel.x, parts.words.y, parts.words.x - parts.panel.x, row + margin);
    context.clickable(button.within(canvas.width, parts.panel.bottom()), Some(Command::Pause));
    sign(canvas, parts.sign, &progress);
    words(context, model, canvas, parts.words, &progress);
    if let (Some(line), Some(length)) = (parts.line, length) {
        let track = Track { line, length };
        let pointed = progress.can_seek.then_some(film.hover).flatten();
        draw_track(canvas, track, &progress, pointed.is_some());
        if progress.can_seek {
            context.track(parts.reach, track);
        }
        if let Some(at) = pointed {
            time_label(context, canvas, parts.panel.y, track, at);
        }
    }
    parts.panel.y.saturating_sub(margin / 2)
}

/// Paints the effect of a click: two bars pause, a triangle plays.
fn sign(canvas: &mut Canvas, rect: Rect, progress: &Progress) {
    let (x, y, side) = (rect.x as f32, rect.y as f32, rect.height as f32);
    if progress.paused || progress.ended {
        let (left, middle) = (x + side * 0.12, y + side / 2.0);
        let corners = [(left, y), (x + side * 0.96, middle), (left, y + side)];
        triangle(canvas, corners, side * 0.07, TEXT);
    } else {
        let (bar, gap) = ((side * 0.3).round() as usize, (side * 0.22).round() as usize);
        let left = rect.x + rect.width.saturating_sub(2 * bar + gap) / 2;
        for left in [left, left + bar + gap] {
            rounded(canvas, Rect::new(left, rect.y, bar, rect.height), side * 0.08, TEXT, 255);
        }
    }
}

/// Paints position, length, state, and as many buttons as fit.
fn words(context: &mut RenderContext, model: &Model, canvas: &mut Canvas, room: Rect, progress: &Progress) {
    let Metrics { text, margin, .. } = context.metrics;
    let (position, length) = times(progress);
    let mut left = room.x;
    let put = |context: &mut RenderContext, canvas: &mut Canvas, left: &mut usize, words: &str, colour| {
        let style = Style::line(text, colour, room.right().saturating_sub(*left));
        let (width, _) = context.painter.measure(words, style);
        context.painter.draw(canvas, words, *left, room.y, style);
        *left += width;
    };
    put(context, canvas, &mut left, &position, TEXT);
    if let Some(length) = length {
        put(context, canvas, &mut left, &format!(" / {length}"), FAINT);
    }
    if let Some([full, short]) = word(&model.words, progress) {
        left += 2 * margin;
        let rest = room.right().saturating_sub(left);
        let fits = context.painter.measure(&full, Style::line(text, TEXT, Style::UNLIMITED)).0 <= rest;
        put(context, canvas, &mut left, if fits { &full } else { &short }, TEXT);
    }
    left += 2 * margin;
    let rest = Rect::new(left, room.y, (room.right() + margin / 2).saturating_sub(left), room.height);
    bar::within(context, model, canvas, rest);
}

fn draw_track(canvas: &mut Canvas, track: Track, progress: &Progress, pointed: bool) {
    let Rect { x, y, height, .. } = track.line;
    let at = track.column(progress.shown_position());
    let radius = height as f32 / 2.0;
    rounded(canvas, track.line, radius, RAISED, 255);
    rounded(canvas, Rect::new(x, y, at - x, height), radius, GOOD, 255);
    if progress.can_seek {
        let middle = (at as f32 + 0.5, y as f32 + radius);
        let size = height as f32 * if pointed { 3.2 } else { 2.6 };
        stroke(canvas, middle, middle, size, TEXT);
    }
}

/// Paints the time that a click would move to, above the bar.
fn time_label(context: &mut RenderContext, canvas: &mut Canvas, floor: usize, track: Track, at: Duration) {
    let Metrics { text, margin, .. } = context.metrics;
    // To the nearest second: a pixel may be less.
    let time = clock(at + Duration::from_millis(500));
    let style = Style::line(text, TEXT, context.stage.width);
    let plate = context.metrics.plate();
    let (width, height) = context.painter.measure(&time, style);
    let (width, height) = (width + 2 * plate.padding.0, height + 2 * plate.padding.1);
    let right = context.stage.width.saturating_sub(width + margin);
    let left = track.column(at).saturating_sub(width / 2).min(right).max(margin);
    let top = floor.saturating_sub(height + margin / 3);
    rounded(canvas, Rect::new(left, top, width, height), plate.radius, PANEL, PANEL_ALPHA);
    context.painter.draw(canvas, &time, left + plate.padding.0, top + plate.padding.1, style);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_lie_within_the_bar_and_the_bar_in_the_window() {
        for scale in [1.0, 1.5, 2.0] {
            let metrics = Metrics::new(scale);
            let row = (metrics.text * 1.3) as usize;
            for (width, height) in [(1280, 720), (640, 360), (120, 120)] {
                for has_track in [false, true] {
                    let floor = height - metrics.margin;
                    let parts = parts(width, floor, row, metrics, has_track);
                    let Parts { panel, line, reach, sign, words } = parts;
                    if panel.y == 0 {
                        assert!(height < 200, "there is room");
                        continue;
                    }
                    assert!(panel.right() <= width && panel.bottom() == floor);
                    for part in [reach, sign, words].into_iter().chain(line) {
                        let across = panel.x <= part.x && part.right() <= panel.right();
                        let down = panel.y <= part.y && part.bottom() <= panel.bottom();
                        assert!((across || width == 120) && down, "{part:?} {panel:?}");
                    }
                    assert_eq!(line.is_some(), has_track);
                    if let Some(line) = line {
                        assert!(
                            reach.y <= line.y && line.bottom() <= reach.bottom(),
                            "the line can be clicked"
                        );
                        assert!(reach.bottom() <= sign.y, "the track's area does not reach the pause button");
                    }
                }
            }
        }
    }
}
