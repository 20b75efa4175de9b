//! The brush and what a painting leaves behind: clickable areas, requests for pictures, sizes of tiles.

use std::time::Duration;

use super::{
    blit,
    command::Command,
    demand::{Demand, ShownTile},
    theme::{Metrics, PANEL, Tone},
    track::Track,
    update::RescaleRequest,
};
use crate::{
    drawing::{Plate, Rect, Style, TextPainter, rounded},
    picture::Canvas,
    stream_id::StreamId,
};

/// Facts that only the window knows, but the painting depends on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WindowContext {
    /// Whether a picture can be copied here.
    pub(crate) clipboard: bool,
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
    /// Areas in front of the tiles, with what lies in them.
    pub(crate) front: Vec<Rect>,
    /// An area that hides what is behind it.
    pub(crate) opaque: Option<Rect>,
    /// The film's track, if painted.
    pub(crate) track: Option<Track>,
    /// Clickable areas, the topmost last.
    hits: Vec<(Rect, Option<Hit>)>,
}

/// A stream as it was painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PaintedTile {
    pub(crate) shown: ShownTile,
    /// Its whole area, with the margins of its picture.
    pub(crate) area: Rect,
    /// The content of its picture.
    pub(crate) stamp: u64,
}

/// The effect of a click.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hit {
    Command(Command),
    /// Seeks to the clicked position of a film.
    Track(Track),
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
            front: Vec::new(),
            opaque: None,
            track: None,
            hits: Vec::new(),
        }
    }

    /// Forgets the results of the last painting.
    pub(super) fn reset(&mut self) {
        self.rescale_requests.clear();
        self.tiles.clear();
        self.front.clear();
        self.opaque = None;
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

    /// The effect of a click at this place.
    pub(crate) fn hit(&self, x: usize, y: usize) -> Option<Hit> {
        let inside =
            |rect: &Rect| (rect.x..rect.right()).contains(&x) && (rect.y..rect.bottom()).contains(&y);
        self.hits.iter().rev().find(|(rect, _)| inside(rect)).and_then(|(_, hit)| *hit)
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

/// A dot in the colour of the state; a ring unless all is well, which is visible without colours.
pub(crate) fn state_dot(canvas: &mut Canvas, rect: Rect, tone: Tone) {
    rounded(canvas, rect, rect.height as f32, tone.colour(), 255);
    if tone != Tone::Good {
        let hole = rect.inset(rect.height / 4);
        rounded(canvas, hole, hole.height as f32, PANEL, 255);
    }
}
