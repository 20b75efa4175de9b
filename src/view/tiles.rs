//! Paints the streams: each in its tile, with name, size, rate, age and state.

use std::time::Instant;

use super::{
    command::Command,
    demand::ShownTile,
    film::FilmState,
    grid::{contain, layout, spotlight},
    model::Model,
    render_context::{PaintedTile, RenderContext, state_dot},
    state::{aged, millis},
    stream::{Stream, StreamHealth},
    theme::{BACKGROUND, FAINT, FROZEN_ALPHA, Metrics, PANEL, TEXT, Tone},
    update::{PlaceholderKind, RescaleRequest},
};
use crate::{
    drawing::{Rect, Style, fill, fill_around, veil},
    i18n::{Phrase, Translations},
    picture::Canvas,
    playback::Progress,
};

/// Where the streams are in a window of this size.
pub(super) fn layout_of(model: &Model, size: (usize, usize)) -> Vec<PaintedTile> {
    let sizes: Vec<_> = model.streams.iter().map(|stream| stream.frame.size).collect();
    let areas = match model.enlarged() {
        Some(large) => spotlight(size, sizes.len(), large),
        None => layout(size, &sizes),
    };
    let tile = |(stream, area): (&Stream, Rect)| PaintedTile {
        shown: ShownTile {
            stream: stream.id(),
            place: contain(stream.frame.size, area),
            is_held: model.paused && stream.has_picture(),
        },
        area,
        stamp: stream.stamp,
    };
    model.streams.iter().zip(areas).map(tile).collect()
}

/// Paints the streams, or those with `true` in `which`, which has the layout's order.
pub(super) fn paint(
    context: &mut RenderContext,
    model: &Model,
    canvas: &mut Canvas,
    (tiles, which): (&[PaintedTile], Option<&[bool]>),
    now: Instant,
) {
    let window = Rect::new(0, 0, canvas.width, canvas.height);
    if tiles.len() > 1 && which.is_none() {
        fill(canvas, window, BACKGROUND);
    }
    for (place, (stream, tile)) in model.streams.iter().zip(tiles).enumerate() {
        let (area, shown) = (tile.area, tile.shown.place);
        context.tiles.push(*tile);
        context.clickable(area, (tiles.len() > 1).then_some(Command::Enlarge(place)));
        if which.is_some_and(|which| !which.get(place).is_some_and(|painted| *painted)) {
            continue;
        }
        fill_around(canvas, if tiles.len() > 1 { area } else { window }, shown, BACKGROUND);
        let wish = || RescaleRequest {
            stamp: stream.stamp,
            file: stream.frame.jpeg.clone(),
            is_image: false,
            size: (shown.width, shown.height),
        };
        if stream.frame.has_pixels() {
            context.picture(&stream.frame.canvas, canvas, shown, wish);
        } else {
            fill(canvas, shown, PANEL);
        }
        if stream.is_stale() && shown.width > 0 && shown.height > 0 {
            context.rescale_requests.push(wish());
        }
        let life = model.life(stream, now);
        if let Some(text) = instead(&model.words, stream, life) {
            veil(canvas, shown, BACKGROUND, FROZEN_ALPHA);
            let large = context.metrics.large.min(shown.height as f32 / 8.0);
            context.centred(
                canvas,
                &text,
                shown,
                Style { lines: 4, centred: true, ..Style::line(large, TEXT, shown.width * 9 / 10) },
            );
        }
        if model.hides_name(stream, life, now) {
            continue;
        }
        let number = (tiles.len() > 1).then_some(place + 1);
        name(context, model, stream, canvas, shown, (life, number));
    }
    between(canvas, tiles);
}

/// The text over a picture that is not live, or in its place.
pub(super) fn instead(words: &Translations, stream: &Stream, life: StreamHealth) -> Option<String> {
    match life {
        StreamHealth::Frozen(silence) => Some(no_picture_for(words, silence.as_secs())),
        StreamHealth::Undecodable => Some(words.format(Phrase::CannotDecode, [("reason", stream.reason())])),
        StreamHealth::Live | StreamHealth::Late(_) | StreamHealth::Card(_) => None,
    }
}

fn no_picture_for(words: &Translations, seconds: u64) -> String {
    match seconds {
        0 => words.text(Phrase::NoPicture),
        seconds => words.format(Phrase::NoPictureFor, [("seconds", seconds)]),
    }
}

/// Paints a line over the pictures where two tiles meet: a gap would not leave them their exact size.
fn between(canvas: &mut Canvas, tiles: &[PaintedTile]) {
    for tile in tiles.iter().map(|tile| tile.area) {
        if tile.x > 0 {
            fill(canvas, Rect::new(tile.x - 1, tile.y, 2, tile.height), BACKGROUND);
        }
        if tile.y > 0 {
            fill(canvas, Rect::new(tile.x, tile.y - 1, tile.width, 2), BACKGROUND);
        }
    }
}

/// The figures beside the name, and their severity.
pub(super) fn figures(model: &Model, stream: &Stream, life: StreamHealth) -> (String, Tone) {
    let words = &model.words;
    let (width, height) = stream.frame.size;
    let mut parts = vec![format!("{width}×{height}")];
    let rate = || {
        stream
            .stats
            .figures
            .fps
            .map(|fps| words.format(Phrase::FramesPerSecond, [("rate", fps.round() as i64)]))
    };
    let tone = match life {
        StreamHealth::Live | StreamHealth::Late(_) if model.paused => {
            parts.push(words.text(Phrase::Paused));
            Tone::Warning
        }
        // A film has no age, and no rate while it is paused.
        StreamHealth::Live if model.is_film(stream) => {
            parts.extend(match model.film().map(FilmState::progress) {
                Some(Progress { ended: true, .. }) => Some(words.text(Phrase::TheEnd)),
                Some(Progress { paused: true, .. }) => Some(words.text(Phrase::Paused)),
                _ => rate(),
            });
            Tone::Good
        }
        StreamHealth::Live => {
            parts.extend(rate());
            parts.extend(stream.stats.figures.age.map(aged));
            Tone::Good
        }
        StreamHealth::Late(age) => {
            parts.extend(rate());
            let time = millis(age);
            parts.push(words.format(Phrase::LateBy, [("time", time.as_str())]));
            Tone::Warning
        }
        StreamHealth::Card(PlaceholderKind::NoSignal) => {
            parts.push(words.text(Phrase::NoSignal));
            Tone::Warning
        }
        StreamHealth::Card(PlaceholderKind::CameraOff) => {
            parts.push(words.text(Phrase::CameraOff));
            Tone::Warning
        }
        StreamHealth::Frozen(_) | StreamHealth::Undecodable => Tone::Bad,
    };
    (parts.join("   "), tone)
}

/// Paints the name on a plate in the tile's upper left corner, with the figures if they fit.
fn name(
    context: &mut RenderContext,
    model: &Model,
    stream: &Stream,
    canvas: &mut Canvas,
    tile: Rect,
    (life, number): (StreamHealth, Option<usize>),
) {
    let Metrics { text, small, margin, .. } = context.metrics;
    let (across, down) = context.metrics.plate().padding;
    let (figures, tone) = figures(model, stream, life);
    let label =
        if stream.name().is_empty() { model.words.text(Phrase::Somebody) } else { stream.name().to_owned() };
    // Drawn apart from the name, so that it precedes the name in either writing direction.
    let number = number.map_or(String::new(), |number: usize| number.to_string());
    let dot = (text * 0.6) as usize;
    let (number_width, _) = context.painter.measure(&number, Style::line(text, FAINT, tile.width));
    let number_width = if number.is_empty() { 0 } else { number_width + margin / 2 };
    let used = 2 * margin + 2 * across + dot + margin / 2 + number_width;
    let room = tile.width.saturating_sub(used);
    if room < dot * 4 {
        return;
    }
    let name = Style::line(text, TEXT, room);
    let figure = Style::line(small, FAINT, room);
    let (name_width, line) = context.painter.measure(&label, name);
    let (figures_width, figures_line) = context.painter.measure(&figures, figure);
    // If not both fit, the name is more important.
    let both = name_width + margin + figures_width <= room;
    let width = used - 2 * margin + name_width + if both { margin + figures_width } else { 0 };
    let plate = Rect::new(tile.x + margin, tile.y + margin, width, line + 2 * down);
    if plate.bottom() > tile.bottom() {
        return;
    }
    context.plate(canvas, plate);
    let left = plate.x + across;
    state_dot(canvas, Rect::new(left, plate.y + (plate.height - dot) / 2, dot, dot), tone);
    let left = left + dot + margin / 2;
    context.painter.draw(canvas, &number, left, plate.y + down, Style::line(text, FAINT, tile.width));
    let left = left + number_width;
    context.painter.draw(canvas, &label, left, plate.y + down, name);
    if both {
        let top = plate.y + (plate.height - figures_line).div_ceil(2);
        context.painter.draw(canvas, &figures, left + name_width + margin, top, figure);
    }
}
