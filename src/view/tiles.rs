//! Paints the streams: each in its tile, with name, size, rate, age and state.

use std::time::Instant;

use super::{
    card,
    command::Command,
    demand::ShownTile,
    film::FilmState,
    framing::Framed,
    grid::packed,
    model::Model,
    render_context::{PaintedTile, RenderContext, state_dot},
    state::{aged, millis},
    stream::{Stream, StreamHealth},
    strip::{Scrolled, Spotlight},
    theme::{BACKGROUND, FAINT, FROZEN_ALPHA, Metrics, PANEL, TEXT, Tone, WARNING},
    update::{PlaceholderKind, RescaleRequest},
};
use crate::{
    drawing::{Rect, Style, fill, fill_around, rounded, veil},
    i18n::{Phrase, Translations},
    picture::Canvas,
    playback::Progress,
};

/// Width of a tile, in heights of the text, below which names are smaller.
const SMALL_TILE: f32 = 14.0;

/// Where the streams are on the stage; and the strip, if it scrolls.
pub(super) fn layout_of(
    model: &Model,
    stage: Rect,
    metrics: Metrics,
) -> (Vec<PaintedTile>, Option<Scrolled>) {
    let framing = |stream: &Stream| model.streams.framing(stream);
    let turned = |stream: &Stream| framing(stream).orientation.upright_size(stream.frame.size);
    let shown = model.streams.shown();
    let sizes: Vec<_> = shown.iter().map(|&place| turned(&model.streams[place])).collect();
    let size = (stage.width, stage.height);
    let Spotlight { tiles, scrolled } = match model.enlarged() {
        Some(large) => {
            let large = shown.partition_point(|&place| place < large);
            Spotlight::new(size, sizes.len(), large, model.streams.strip, metrics.strip())
        }
        None => Spotlight { tiles: packed(size, &sizes), scrolled: None },
    };
    // Hidden ones have no room.
    let mut areas = vec![Rect::default(); model.streams.len()];
    for (place, tile) in shown.into_iter().zip(tiles) {
        areas[place] = tile;
    }
    let shifted = |area: Rect| Rect { x: stage.x + area.x, y: stage.y + area.y, ..area };
    // The strip is right beside the picture.
    let gap = model.enlarged().map_or((0, 0), |large| {
        let shown = framing(&model.streams[large]).framed(model.streams[large].frame.size, areas[large]);
        gap(shown.place, &areas, large)
    });
    let beside =
        |area: Rect| Rect { x: area.x.saturating_sub(gap.0), y: area.y.saturating_sub(gap.1), ..area };
    let tile = |(place, (stream, area)): (usize, (&Stream, Rect))| {
        let is_large = model.enlarged() == Some(place);
        let area = shifted(if is_large { area } else { beside(area) });
        let is_held = model.paused && stream.has_picture();
        let framing = framing(stream);
        let Framed { place, part, needed } = framing.framed(stream.frame.size, area);
        let shown = ShownTile { stream: stream.id(), place, needed, is_held };
        let (room, gap) = (area, if is_large { gap } else { (0, 0) });
        let area = Rect { width: area.width - gap.0, height: area.height - gap.1, ..area };
        PaintedTile { shown, room, part, orientation: framing.orientation, area, stamp: stream.stamp }
    };
    let tiles = model.streams.iter().zip(areas.iter().copied()).enumerate().map(tile).collect();
    (tiles, scrolled.map(|strip| Scrolled { area: shifted(beside(strip.area)), ..strip }))
}

/// The width or height of the margin between the large picture and the strip.
fn gap(shown: Rect, areas: &[Rect], large: usize) -> (usize, usize) {
    let area = areas[large];
    let is_beside = |other: &Rect| other.width > 0 && other.x >= area.right();
    if areas.iter().any(is_beside) {
        (area.right() - shown.right(), 0)
    } else {
        (0, area.bottom() - shown.bottom())
    }
}

/// Paints the streams, or those with `true` in `which`, which has the layout's order.
pub(super) fn paint(
    context: &mut RenderContext,
    model: &Model,
    canvas: &mut Canvas,
    (tiles, which): (&[PaintedTile], Option<&[bool]>),
    now: Instant,
) {
    let stage = context.stage;
    if tiles.len() > 1 && which.is_none() {
        fill(canvas, stage, BACKGROUND);
    }
    for (place, (stream, tile)) in model.streams.iter().zip(tiles).enumerate() {
        let area = tile.area;
        context.tiles.push(*tile);
        if tiles.len() > 1 {
            context.clickable(area, Some(Command::Enlarge(place)));
        } else {
            context.only_picture(area);
        }
        let is_wanted = which.is_none_or(|which| which.get(place).is_some_and(|painted| *painted));
        if is_wanted && area.width > 0 && area.height > 0 {
            let room = if tiles.len() > 1 { area } else { stage };
            stream_in(context, model, canvas, (stream, tile, room), tiles.len() > 1, now);
        }
    }
    between(canvas, tiles);
    strip_ends(context, canvas);
}

/// Paints a stream in its place, and the rest of its room around it.
fn stream_in(
    context: &mut RenderContext,
    model: &Model,
    canvas: &mut Canvas,
    (stream, tile, room): (&Stream, &PaintedTile, Rect),
    is_numbered: bool,
    now: Instant,
) {
    let shown = tile.shown.place;
    fill_around(canvas, room, shown, BACKGROUND);
    let wish = || RescaleRequest {
        stamp: stream.stamp,
        file: stream.frame.jpeg.clone(),
        is_image: false,
        size: tile.shown.needed,
    };
    let life = model.life(stream, now);
    let is_off = stream.frame.card == Some(PlaceholderKind::CameraOff);
    if is_off {
        card::paint(context, &model.words, stream, canvas, shown);
    } else if stream.frame.has_pixels() {
        context.tile_picture(&stream.frame.canvas, canvas, tile, wish);
    } else {
        fill(canvas, shown, PANEL);
    }
    if stream.is_stale() && shown.width > 0 && shown.height > 0 {
        context.rescale_requests.push(wish());
    }
    if let Some(text) = instead(&model.words, stream, life) {
        veil(canvas, shown, BACKGROUND, FROZEN_ALPHA);
        let large = context.metrics.large.min(shown.height as f32 / 8.0);
        let style = Style::line(large, TEXT, shown.width * 9 / 10).with_lines(4).centred();
        context.centred(canvas, &text, shown, style);
    }
    if !model.hides_name(stream, life, now) {
        // A narrow picture in a small tile has no room for a name.
        let is_narrow = shown.width < (context.metrics.text * SMALL_TILE) as usize;
        let place = if is_narrow && is_numbered { room } else { shown };
        name(context, model, stream, canvas, place, (life, is_numbered.then_some(stream.number)));
    }
}

/// Paints at the ends of a strip that scrolls how many more streams there are.
fn strip_ends(context: &mut RenderContext, canvas: &mut Canvas) {
    let Some(strip) = context.strip else { return };
    let signs = if strip.is_upright { ["▲", "▼"] } else { ["◀", "▶"] };
    let steps = [strip.moved(-(strip.shown as isize)), strip.moved(strip.shown as isize)];
    for (((more, area), sign), step) in strip.ends().into_iter().zip(signs).zip(steps) {
        fill(canvas, area, BACKGROUND);
        if more == 0 {
            continue;
        }
        // Beside each other, or one below the other in a narrow end.
        let style = Style::line(context.metrics.small, TEXT, area.width).with_lines(2).centred();
        let label = if strip.is_upright { format!("{sign} {more}") } else { format!("{sign}\n{more}") };
        let (width, height) = context.painter.measure(&label, style);
        let at = area.middle(width, height);
        context.painter.draw(canvas, &label, at.x, at.y, style);
        context.clickable(area, Some(Command::Strip(step)));
    }
}

/// The text over a picture that is not live, or in its place.
pub(super) fn instead(words: &Translations, stream: &Stream, life: StreamHealth) -> Option<String> {
    match life {
        StreamHealth::Frozen(silence) => Some(no_picture_for(words, silence.as_secs())),
        StreamHealth::Undecodable => Some(words.format(Phrase::CannotDecode, [("reason", stream.reason())])),
        StreamHealth::Left => Some(words.text(Phrase::HasLeft)),
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
        StreamHealth::Left => Tone::Warning,
        StreamHealth::Frozen(_) | StreamHealth::Undecodable => Tone::Bad,
    };
    (parts.join("   "), tone)
}

/// A pin, as seen from the side: its head and its needle.
fn pin_mark(canvas: &mut Canvas, at: Rect) {
    let (head, needle) = (at.height / 2, (at.width / 5).max(1));
    rounded(canvas, Rect { height: head, ..at }, at.width as f32 * 0.2, WARNING, 255);
    let x = at.x + at.width.saturating_sub(needle) / 2;
    fill(canvas, Rect::new(x, at.y + head, needle, at.height - head), WARNING);
}

/// Paints the name on a plate in the tile's upper left corner, with the figures if they fit.
fn name(
    context: &mut RenderContext,
    model: &Model,
    stream: &Stream,
    canvas: &mut Canvas,
    tile: Rect,
    (life, number): (StreamHealth, Option<u64>),
) {
    let Metrics { text, small, margin, .. } = context.metrics;
    // Smaller in a small tile, where nothing but number and name fit.
    let is_small = tile.width < (text * SMALL_TILE) as usize;
    let (text, margin) = if is_small { (small * 0.9, margin / 3) } else { (text, margin) };
    let (across, down) = context.metrics.plate().padding;
    let (across, down) = if is_small { (across / 2, down / 2) } else { (across, down) };
    let (figures, tone) = figures(model, stream, life);
    let label =
        if stream.name().is_empty() { model.words.text(Phrase::Somebody) } else { stream.name().to_owned() };
    // Drawn apart from the name, so that it precedes the name in either writing direction.
    let number = number.map_or(String::new(), |number: u64| number.to_string());
    let dot = (text * 0.6) as usize;
    let gap = context.metrics.margin / 2;
    let (number_width, _) = context.painter.measure(&number, Style::line(text, FAINT, tile.width));
    let is_pinned = model.streams.arrangement.is_pinned(stream.name());
    let pin = if is_pinned { dot + gap } else { 0 };
    let number_width = pin + if number.is_empty() { 0 } else { number_width + gap };
    let used = 2 * margin + 2 * across + dot + gap + number_width;
    let room = tile.width.saturating_sub(used);
    if room < dot * 4 {
        return;
    }
    let name = Style::line(text, TEXT, room);
    let figure = Style::line(small, FAINT, room);
    let (name_width, line) = context.painter.measure(&label, name);
    let (figures_width, figures_line) = context.painter.measure(&figures, figure);
    // If not both fit, the name is more important.
    let both = !is_small && name_width + margin + figures_width <= room;
    let width = used - 2 * margin + name_width + if both { margin + figures_width } else { 0 };
    let plate = Rect::new(tile.x + margin, tile.y + margin, width, line + 2 * down);
    if plate.bottom() > tile.bottom() {
        return;
    }
    context.plate(canvas, plate);
    let left = plate.x + across;
    state_dot(canvas, Rect::new(left, plate.y + (plate.height - dot) / 2, dot, dot), tone);
    let left = left + dot + gap;
    if is_pinned {
        pin_mark(canvas, Rect::new(left, plate.y + (plate.height - dot) / 2, dot, dot));
    }
    context.painter.draw(canvas, &number, left + pin, plate.y + down, Style::line(text, FAINT, tile.width));
    let left = left + number_width;
    context.painter.draw(canvas, &label, left, plate.y + down, name);
    if both {
        let top = plate.y + (plate.height - figures_line).div_ceil(2);
        context.painter.draw(canvas, &figures, left + name_width + margin, top, figure);
    }
}
