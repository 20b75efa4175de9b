//! Paints the board in the window.
//!
//! Dark and quiet, because people look at the pictures; every text on a plate of its own, so that it can be
//! read on snow as well as at night; states in words first, in colour second. Clickable areas are noted as
//! they are painted, so that a click always acts on what is visible.

use std::time::{Duration, Instant};

use super::{
    bar,
    board::Board,
    corners, film_bar,
    film_bar::Track,
    fit,
    keys::Command,
    numbers, panels, talk,
    theme::{BACKGROUND, FAINT, Measures, PANEL, TEXT, Tone},
    tiles,
    update::Wanted,
};
use crate::{
    language::Phrase,
    lettering::{Painter, Plate, Rect, Style, fill, rounded, veil},
    picture::Canvas,
    stream_id::StreamId,
};

/// Opacity of the veil over the window behind an image.
const BEHIND_IMAGE: u32 = 110;

/// Facts that only the window knows, but the painting depends on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Surroundings {
    /// Whether a picture can be copied here.
    pub(crate) clipboard: bool,
}

/// Brush and fonts, kept from one picture to the next, and the results of the last painting.
pub(crate) struct Easel {
    pub(crate) painter: Painter,
    pub(crate) measures: Measures,
    pub(crate) surroundings: Surroundings,
    /// Pictures that were not available at their size.
    pub(crate) wishes: Vec<Wanted>,
    /// The size at which each stream was painted.
    pub(crate) rooms: Vec<(StreamId, (usize, usize))>,
    /// The film's track, if painted.
    pub(crate) track: Option<Track>,
    /// Clickable areas, the topmost last.
    hits: Vec<(Rect, Option<Hit>)>,
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

impl Easel {
    pub(crate) fn new(scale: f32, surroundings: Surroundings) -> Self {
        let measures = Measures::new(scale);
        let (wishes, rooms, hits) = (Vec::new(), Vec::new(), Vec::new());
        Self { painter: Painter::new(), measures, surroundings, wishes, rooms, track: None, hits }
    }

    /// Paints the whole canvas.
    pub(crate) fn paint(&mut self, board: &Board, canvas: &mut Canvas, now: Instant) {
        self.wishes.clear();
        self.rooms.clear();
        self.track = None;
        self.hits.clear();
        let window = Rect::new(0, 0, canvas.width, canvas.height);
        if board.streams.is_empty() {
            fill(canvas, window, BACKGROUND);
            self.headline(board, canvas, now);
        } else {
            tiles::paint(self, board, canvas, now);
        }
        corners::own(self, board, canvas);
        // From the bottom up: a film's bar, a line of signs, the buttons, the conversation.
        let floor = canvas.height.saturating_sub(self.measures.margin);
        let floor = film_bar::paint(self, board, canvas, floor, now);
        let mut floor = corners::signs(self, board, canvas, floor, now);
        // A film's bar has its own buttons.
        if board.has_buttons(now) && !board.chat.is_open() && board.film().is_none() {
            floor = bar::paint(self, board, canvas, floor);
        }
        if board.numbers {
            numbers::paint(self, board, canvas);
        }
        talk::paint(self, board, canvas, floor, now);
        if let Some(shown) = board.images.newest() {
            veil(canvas, window, 0, BEHIND_IMAGE);
            panels::image(self, board, shown, canvas);
        }
        if board.help {
            panels::help(self, board, canvas);
        }
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

    /// Lays a picture over its place, and requests it if it is not available at that size.
    pub(crate) fn picture(
        &mut self,
        source: &Canvas,
        canvas: &mut Canvas,
        rect: Rect,
        wish: impl FnOnce() -> Wanted,
    ) {
        if !fit::lay(source, canvas, rect) && rect.width > 0 && rect.height > 0 {
            self.wishes.push(wish());
        }
    }

    pub(crate) fn plate(&mut self, canvas: &mut Canvas, rect: Rect) {
        let Plate { radius, colour, alpha, .. } = self.measures.plate();
        rounded(canvas, rect, radius, colour, alpha);
    }

    /// Paints a text on a plate in the middle of `room`.
    pub(crate) fn centred(&mut self, canvas: &mut Canvas, text: &str, room: Rect, style: Style) {
        let plate = self.measures.plate();
        let (width, height) = self.painter.measure(text, style);
        let at = room.middle(width + 2 * plate.padding.0, height + 2 * plate.padding.1);
        self.painter.plate(canvas, text, (at.x, at.y), style, plate);
    }

    /// Paints the text of a window without streams.
    fn headline(&mut self, board: &Board, canvas: &mut Canvas, now: Instant) {
        let Measures { text, large, margin, .. } = self.measures;
        let (line, tone) = board.headline(now);
        let room = canvas.width.saturating_sub(4 * margin);
        let style = Style { lines: 3, centred: true, ..Style::line(large, TEXT, room) };
        let (width, height) = self.painter.measure(&line, style);
        let dot = (large * 0.55) as usize;
        let block = Rect::new(0, 0, canvas.width, canvas.height).middle(width, height + dot + 3 * margin);
        state_dot(canvas, Rect::new((canvas.width.saturating_sub(dot)) / 2, block.y, dot, dot), tone);
        self.painter.draw(canvas, &line, block.x, block.y + dot + margin, style);
        let hint = board.words.say(if tone == Tone::Good { Phrase::WaitingHint } else { Phrase::KeysHint });
        let style = Style { lines: 3, centred: true, ..Style::line(text, FAINT, room) };
        let (hint_width, _) = self.painter.measure(&hint, style);
        let top = block.y + dot + 2 * margin + height;
        self.painter.draw(canvas, &hint, canvas.width.saturating_sub(hint_width) / 2, top, style);
    }
}

/// A dot in the colour of the state; a ring unless all is well, which can be told without colours.
pub(crate) fn state_dot(canvas: &mut Canvas, rect: Rect, tone: Tone) {
    rounded(canvas, rect, rect.height as f32, tone.colour(), 255);
    if tone != Tone::Good {
        let hole = rect.inset(rect.height / 4);
        rounded(canvas, hole, hole.height as f32, PANEL, 255);
    }
}
