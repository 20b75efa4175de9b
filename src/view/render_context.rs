//! The brush and what a painting leaves behind: clickable areas, requests for pictures, sizes of tiles.

use std::time::Duration;

use super::{
    blit,
    command::Command,
    demand::{Demand, ShownTile},
    framing::unturned,
    strip::Scrolled,
    theme::{BACKGROUND, FAINT, Metrics, PANEL, TEXT, Tone},
    track::Track,
    update::RescaleRequest,
};
use crate::{
    drawing::{Plate, Rect, Style, TextPainter, fill, rounded, veil},
    picture::{Canvas, Orientation, Part, Scaler},
    stream_id::StreamId,
};

/// Opacity of the light over a button under the pointer.
const HIGHLIGHT: u32 = 40;

/// Opacity of the veil over a tile that the pointer moves.
const MOVED: u32 = 120;

/// Facts that only the window knows, but the painting depends on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WindowContext {
    /// Whether a picture can be copied here.
    pub(crate) clipboard: bool,
    /// Whether the window can fill the screen and stay on top.
    pub(crate) states: bool,
}

/// Brush and fonts, kept from one picture to the next, and the results of the last painting.
pub(crate) struct RenderContext {
    pub(crate) painter: TextPainter,
    pub(crate) metrics: Metrics,
    pub(crate) window_context: WindowContext,
    /// Pictures that were not available at their size.
    pub(crate) rescale_requests: Vec<RescaleRequest>,
    /// Where each stream was painted.
    pub(crate) tiles: Vec<PaintedTile>,
    /// The part of the window for pictures and what lies over them; it begins in the upper left corner.
    pub(crate) stage: Rect,
    /// The strip beside the enlarged stream, if it scrolls.
    pub(crate) strip: Option<Scrolled>,
    /// The conversation, if it is open.
    pub(crate) conversation: Option<Rect>,
    /// Where the pointer is, if it is over the window and was moved lately.
    pub(crate) pointer: Option<(usize, usize)>,
    /// Areas in front of the tiles, with what lies in them.
    pub(crate) front: Vec<Rect>,
    /// An area that hides what is behind it.
    pub(crate) opaque: Option<Rect>,
    /// The tile that the pointer moves.
    pub(crate) dragged: Option<Dragged>,
    /// The film's track, if painted.
    pub(crate) track: Option<Track>,
    /// For parts of pictures, with memory of the last one.
    scaler: (Scaler, Canvas),
    /// Clickable areas, the topmost last.
    hits: Vec<(Rect, Option<Hit>)>,
}

/// A stream as it was painted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PaintedTile {
    pub(crate) shown: ShownTile,
    /// The part of its picture that is shown, and how that is turned.
    pub(crate) part: Part,
    pub(crate) orientation: Orientation,
    /// Its whole area, with the margins of its picture.
    pub(crate) area: Rect,
    /// The room into which its picture is fitted; larger than the area if others have moved closer.
    pub(crate) room: Rect,
    /// The content of its picture.
    pub(crate) stamp: u64,
}

/// A tile that the pointer moves: the places of the stream, and of the tile under the pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dragged {
    pub(crate) from: usize,
    pub(crate) to: Option<usize>,
}

/// The effect of a click.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hit {
    Command(Command),
    /// Seeks to the clicked position of a film.
    Track(Track),
    /// Nothing: it is the only picture.
    Picture,
}

impl Hit {
    /// The time that a click in this column selects.
    pub(crate) fn time_at(self, x: usize) -> Option<Duration> {
        if let Self::Track(track) = self { Some(track.time_at(x)) } else { None }
    }
}

impl RenderContext {
    pub(crate) fn new(scale: f32, window_context: WindowContext) -> Self {
        let metrics = Metrics::new(scale);
        Self {
            painter: TextPainter::new(),
            metrics,
            window_context,
            rescale_requests: Vec::new(),
            tiles: Vec::new(),
            stage: Rect::default(),
            strip: None,
            conversation: None,
            pointer: None,
            front: Vec::new(),
            opaque: None,
            dragged: None,
            track: None,
            scaler: <(Scaler, Canvas)>::default(),
            hits: Vec::new(),
        }
    }

    /// Forgets the results of the last painting.
    pub(super) fn reset(&mut self) {
        self.rescale_requests.clear();
        self.tiles.clear();
        self.front.clear();
        self.opaque = None;
        self.strip = None;
        self.conversation = None;
        self.track = None;
        self.hits.clear();
    }

    /// What is needed of each stream, as painted.
    pub(crate) fn demands(&self) -> impl Iterator<Item = (StreamId, Demand)> {
        let tiles = self.tiles.iter().map(|tile| tile.shown);
        tiles.map(|shown| (shown.stream, shown.demand(self.opaque)))
    }

    /// Marks a clickable area; without a command, a click there does nothing.
    pub(crate) fn clickable(&mut self, rect: Rect, command: Option<Command>) {
        self.hits.push((rect, command.map(Hit::Command)));
    }

    /// Marks the area of a film's track.
    pub(crate) fn track(&mut self, reach: Rect, track: Track) {
        self.track = Some(track);
        self.hits.push((reach, Some(Hit::Track(track))));
    }

    /// Marks the area of the only picture.
    pub(crate) fn only_picture(&mut self, rect: Rect) {
        self.hits.push((rect, Some(Hit::Picture)));
    }

    /// The effect of a click at this place.
    pub(crate) fn hit(&self, x: usize, y: usize) -> Option<Hit> {
        self.hit_area(x, y).map(|(_, hit)| hit)
    }

    /// The area in which a click has the same effect as at this place, and the effect.
    pub(crate) fn hit_area(&self, x: usize, y: usize) -> Option<(Rect, Hit)> {
        let at = Rect::new(x, y, 1, 1);
        let (rect, hit) = self.hits.iter().rev().find(|(rect, _)| rect.contains(at))?;
        Some((*rect, (*hit)?))
    }

    /// Marks what a click at the pointer would do.
    pub(super) fn highlight(&self, canvas: &mut Canvas) {
        let hit = self.pointer.and_then(|(x, y)| self.hit_area(x, y));
        match hit {
            Some((area, Hit::Command(Command::Enlarge(_)))) => outline(canvas, area, self.metrics),
            Some((
                _,
                Hit::Command(
                    Command::Dismiss | Command::Help | Command::Share | Command::Cameras | Command::Menu,
                ),
            )) if self.covers(hit) => {}
            Some((area, Hit::Command(_))) => rounded(canvas, area, area.height as f32 / 4.0, TEXT, HIGHLIGHT),
            _ => {}
        }
    }

    /// Marks the tile that the pointer moves, and where it would go.
    pub(super) fn mark_drag(&self, canvas: &mut Canvas) {
        let Some(Dragged { from, to }) = self.dragged else { return };
        let area = |place: usize| self.tiles.get(place).map(|tile| tile.area);
        if let Some(area) = area(from) {
            veil(canvas, area, BACKGROUND, MOVED);
        }
        if let Some(area) = to.filter(|to| *to != from).and_then(area) {
            rounded(canvas, area, 0.0, TEXT, HIGHLIGHT);
            outline(canvas, area, self.metrics);
        }
    }

    /// Whether a click anywhere has this effect.
    fn covers(&self, hit: Option<(Rect, Hit)>) -> bool {
        hit.is_some_and(|(area, _)| area.contains(self.stage))
    }

    /// Draws a picture at its place, and requests it if it is not available at that size.
    pub(crate) fn picture(
        &mut self,
        source: &Canvas,
        canvas: &mut Canvas,
        rect: Rect,
        wish: impl FnOnce() -> RescaleRequest,
    ) {
        if !blit::draw(source, canvas, rect) && rect.width > 0 && rect.height > 0 {
            self.rescale_requests.push(wish());
        }
    }

    /// Draws a stream's picture as its tile says, turned or in part.
    pub(crate) fn tile_picture(
        &mut self,
        source: &Canvas,
        canvas: &mut Canvas,
        tile: &PaintedTile,
        wish: impl FnOnce() -> RescaleRequest,
    ) {
        let PaintedTile { shown: ShownTile { place, needed, .. }, part, orientation, .. } = *tile;
        if part == Part::WHOLE && orientation == Orientation::Upright {
            return self.picture(source, canvas, place, wish);
        }
        let is_there = (source.width, source.height) == needed;
        let size = orientation.upright_size((place.width, place.height));
        if part == Part::WHOLE && size == (source.width, source.height) {
            blit::draw_turned(source, canvas, place, orientation);
        } else {
            let (scaler, memory) = &mut self.scaler;
            let part = unturned(part, orientation);
            if let Some(scaled) = scaler.fit_part(source, part, size, std::mem::take(memory)) {
                blit::draw_turned(&scaled, canvas, place, orientation);
                *memory = scaled;
            }
        }
        if !is_there && place.width > 0 && place.height > 0 {
            self.rescale_requests.push(wish());
        }
    }

    pub(crate) fn plate(&mut self, canvas: &mut Canvas, rect: Rect) {
        let Plate { radius, colour, alpha, .. } = self.metrics.plate();
        rounded(canvas, rect, radius, colour, alpha);
    }

    /// Paints a text on a plate in the middle of an area.
    pub(crate) fn centred(&mut self, canvas: &mut Canvas, text: &str, room: Rect, style: Style) {
        let plate = self.metrics.plate();
        let (width, height) = self.painter.measure(text, style);
        let at = room.middle(width + 2 * plate.padding.0, height + 2 * plate.padding.1);
        self.painter.plate(canvas, text, (at.x, at.y), style, plate);
    }
}

/// A frame within the edges of an area.
fn outline(canvas: &mut Canvas, area: Rect, metrics: Metrics) {
    let thick = (metrics.margin / 4).max(1);
    let Rect { x, y, width, height } = area;
    for side in [
        Rect::new(x, y, width, thick),
        Rect::new(x, area.bottom().saturating_sub(thick), width, thick),
        Rect::new(x, y, thick, height),
        Rect::new(area.right().saturating_sub(thick), y, thick, height),
    ] {
        fill(canvas, side.within(canvas.width, canvas.height), FAINT);
    }
}

/// A dot in the colour of the state; a ring unless all is well, which is visible without colours.
pub(crate) fn state_dot(canvas: &mut Canvas, rect: Rect, tone: Tone) {
    rounded(canvas, rect, rect.height as f32, tone.colour(), 255);
    if tone != Tone::Good {
        let hole = rect.inset(rect.height / 4);
        rounded(canvas, hole, hole.height as f32, PANEL, 255);
    }
}
