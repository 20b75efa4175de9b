//! The board made visible.
//!
//! Dark and quiet, because the pictures are what people look at; every word on a plate of its own, because
//! it has to be read on snow as well as at night; and states in words first, colour second.

use std::time::Instant;

use super::{
    board::{Board, Message, Tone, aged},
    fit::Fitter,
    grid::{contain, layout},
    panels,
    stream::Stream,
};
use crate::{
    lettering::{Painter, Plate, Rect, Style, fill, fill_around, rounded, veil},
    picture::Canvas,
};

pub(crate) const BACKGROUND: u32 = 0x0010_1216;
pub(crate) const PANEL: u32 = 0x0016_191f;
pub(crate) const TEXT: u32 = 0x00f1_f3f5;
pub(crate) const FAINT: u32 = 0x00a9_b0ba;
const GOOD: u32 = 0x0056_d38c;
const WARNING: u32 = 0x00f5_c04e;
const BAD: u32 = 0x00ff_7d72;

/// Opacity of plates: text on them has a contrast of at least 7 to 1 over white.
const PLATE_ALPHA: u32 = 200;

/// How dark a frozen picture becomes: plainly not live, still recognisable.
const FROZEN_ALPHA: u32 = 150;

/// Measures of the interface in pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measures {
    /// Of ordinary text.
    pub(crate) text: f32,
    /// Of text that stands alone.
    pub(crate) large: f32,
    /// Between things.
    pub(crate) margin: usize,
}

impl Measures {
    /// For a screen on which one unit takes `scale` pixels.
    pub(crate) fn new(scale: f32) -> Self {
        Self { text: 15.0 * scale, large: 22.0 * scale, margin: (12.0 * scale) as usize }
    }

    pub(crate) fn plate(self) -> Plate {
        let padding = (self.margin * 3 / 4, self.margin / 3);
        Plate { padding, radius: self.margin as f32 * 0.6, colour: PANEL, alpha: PLATE_ALPHA }
    }
}

/// Whether a picture is what the camera sees now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Live,
    Paused,
    /// A card says why there is none.
    NoSignal,
    Frozen,
}

/// Brush, fonts and scaler, kept from one picture to the next.
pub(crate) struct Easel {
    pub(crate) painter: Painter,
    fitter: Fitter,
    pub(crate) measures: Measures,
}

impl Easel {
    pub(crate) fn new(scale: f32) -> Self {
        Self { painter: Painter::new(), fitter: Fitter::new(), measures: Measures::new(scale) }
    }

    /// Paints the whole canvas.
    pub(crate) fn paint(&mut self, board: &Board, canvas: &mut Canvas, now: Instant) {
        self.fitter.begin();
        let window = Rect::new(0, 0, canvas.width, canvas.height);
        if board.streams.is_empty() {
            fill(canvas, window, BACKGROUND);
            self.headline(board, canvas, now);
        } else {
            self.grid(board, canvas, now);
            self.link(board, canvas, now);
        }
        self.messages(board, canvas);
        if board.paused {
            self.paused(canvas);
        }
        if board.numbers {
            panels::numbers(self, board, canvas);
        }
        if let Some((stamp, image)) = &board.card {
            veil(canvas, window, 0, 110);
            let room = panels::card(self, image, canvas);
            self.fitter.draw(*stamp, &image.canvas, canvas, room);
        }
        if board.help {
            panels::help(self, canvas);
        }
    }

    fn grid(&mut self, board: &Board, canvas: &mut Canvas, now: Instant) {
        let gap = if board.streams.len() > 1 { self.measures.margin / 2 } else { 0 };
        let sizes: Vec<_> = board.streams.iter().map(|stream| stream.frame.size).collect();
        let window = Rect::new(0, 0, canvas.width, canvas.height);
        let tiles = layout((canvas.width, canvas.height), &sizes, gap);
        if tiles.len() > 1 {
            fill(canvas, window, BACKGROUND);
        }
        for (stream, tile) in board.streams.iter().zip(tiles) {
            let shown = contain(stream.frame.size, tile);
            fill_around(canvas, if sizes.len() > 1 { tile } else { window }, shown, BACKGROUND);
            self.fitter.draw(stream.stamp, &stream.frame.canvas, canvas, shown);
            let frozen = board.frozen(stream, now).map(|silence| silence.as_secs());
            if let Some(seconds) = frozen {
                veil(canvas, shown, BACKGROUND, FROZEN_ALPHA);
                let text = match seconds {
                    0 => "no picture".to_owned(),
                    seconds => format!("no picture for {seconds} s"),
                };
                let style =
                    Style::line(self.measures.large.min(shown.height as f32 / 8.0), TEXT, shown.width);
                self.centred(canvas, &text, shown, style);
            }
            let alive = if frozen.is_some() {
                Life::Frozen
            } else if stream.frame.card {
                Life::NoSignal
            } else if board.paused {
                Life::Paused
            } else {
                Life::Live
            };
            self.name(stream, canvas, shown, alive);
        }
    }

    /// Who it is, how large, how fast and how old, on one plate in the tile's upper left corner.
    fn name(&mut self, stream: &Stream, canvas: &mut Canvas, tile: Rect, life: Life) {
        let Measures { text, margin, .. } = self.measures;
        let (across, down) = self.measures.plate().padding;
        let (width, height) = stream.frame.size;
        let mut figures = format!("{width}×{height}");
        match life {
            Life::Live => {
                let fps = stream.figures.fps.map(|fps| format!("   {fps:.0} fps"));
                let age = stream.figures.age.map(|age| format!("   {}", aged(age)));
                figures.extend(fps.into_iter().chain(age));
            }
            Life::Paused => figures.push_str("   paused"),
            Life::NoSignal => figures.push_str("   no signal"),
            Life::Frozen => {}
        }
        let tone = if life == Life::Live { Tone::Good } else { Tone::Warning };
        let dot = (text * 0.6) as usize;
        let used = 2 * margin + 2 * across + dot + margin / 2;
        let room = tile.width.saturating_sub(used);
        if room < dot * 4 {
            return;
        }
        let name = Style::line(text, TEXT, room);
        let figure = Style::line(text * 0.87, FAINT, room);
        let (name_width, line) = self.painter.measure(stream.name(), name);
        let (figures_width, figures_line) = self.painter.measure(&figures, figure);
        // The name is worth more than the figures where both do not fit.
        let both = name_width + margin + figures_width <= room;
        let width = used - 2 * margin + name_width + if both { margin + figures_width } else { 0 };
        let plate = Rect::new(tile.x + margin, tile.y + margin, width, line + 2 * down);
        if plate.bottom() > tile.bottom() {
            return;
        }
        self.plate(canvas, plate);
        let left = plate.x + across;
        state_dot(canvas, Rect::new(left, plate.y + (plate.height - dot) / 2, dot, dot), tone);
        let left = left + dot + margin / 2;
        self.painter.draw(canvas, stream.name(), left, plate.y + down, name);
        if both {
            let top = plate.y + (plate.height - figures_line).div_ceil(2);
            self.painter.draw(canvas, &figures, left + name_width + margin, top, figure);
        }
    }

    pub(crate) fn plate(&mut self, canvas: &mut Canvas, rect: Rect) {
        let Plate { radius, colour, alpha, .. } = self.measures.plate();
        rounded(canvas, rect, radius, colour, alpha);
    }

    /// A text on a plate in the middle of `room`.
    fn centred(&mut self, canvas: &mut Canvas, text: &str, room: Rect, style: Style) {
        let plate = self.measures.plate();
        let (width, height) = self.painter.measure(text, style);
        let at = room.middle(width + 2 * plate.padding.0, height + 2 * plate.padding.1);
        self.painter.plate(canvas, text, (at.x, at.y), style, plate);
    }

    /// How the link is: quietly in a corner while all is well, at the top where it is not.
    fn link(&mut self, board: &Board, canvas: &mut Canvas, now: Instant) {
        let Measures { text, margin, .. } = self.measures;
        let plate = self.measures.plate();
        let (line, tone) = board.link_line(now);
        let dot = (text * 0.6) as usize;
        let room = canvas.width.saturating_sub(2 * margin + 2 * plate.padding.0 + dot + margin / 2);
        let (size, colour) = if tone == Tone::Good { (text * 0.87, FAINT) } else { (text, TEXT) };
        let style = Style::line(size, colour, room);
        let (width, height) = self.painter.measure(&line, style);
        let (width, height) = (width + dot + margin / 2 + 2 * plate.padding.0, height + 2 * plate.padding.1);
        let left = canvas.width.saturating_sub(width + margin);
        let rect = Rect::new(left, canvas.height.saturating_sub(height + margin), width, height);
        self.plate(canvas, rect);
        let left = rect.x + plate.padding.0;
        state_dot(canvas, Rect::new(left, rect.y + (height - dot) / 2, dot, dot), tone);
        self.painter.draw(canvas, &line, left + dot + margin / 2, rect.y + plate.padding.1, style);
    }

    /// What a window without a picture says.
    fn headline(&mut self, board: &Board, canvas: &mut Canvas, now: Instant) {
        let Measures { text, large, margin } = self.measures;
        let (line, tone) = board.headline(now);
        let room = canvas.width.saturating_sub(4 * margin);
        let style = Style { lines: 3, ..Style::line(large, TEXT, room) };
        let (width, height) = self.painter.measure(&line, style);
        let dot = (large * 0.55) as usize;
        let block = Rect::new(0, 0, canvas.width, canvas.height).middle(width, height + dot + 3 * margin);
        state_dot(canvas, Rect::new((canvas.width.saturating_sub(dot)) / 2, block.y, dot, dot), tone);
        self.painter.draw(canvas, &line, block.x, block.y + dot + margin, style);
        let hint = "h lists the keys";
        let style = Style::line(text, FAINT, room);
        let (hint_width, _) = self.painter.measure(hint, style);
        let top = block.y + dot + 2 * margin + height;
        self.painter.draw(canvas, hint, canvas.width.saturating_sub(hint_width) / 2, top, style);
    }

    /// The last messages, the newest lowest, above the lower left corner.
    fn messages(&mut self, board: &Board, canvas: &mut Canvas) {
        let Measures { text, margin, .. } = self.measures;
        let (across, down) = self.measures.plate().padding;
        let room = (canvas.width * 3 / 5).saturating_sub(2 * margin + 2 * across);
        // Above the link's line, which has the corner across.
        let mut floor = canvas.height.saturating_sub(4 * margin);
        for Message { sender, text: said, notice, .. } in board.messages.iter().rev() {
            let colour = if *notice { FAINT } else { TEXT };
            let style = Style { lines: 3, ..Style::line(text * 1.07, colour, room) };
            let label = Style::line(text * 0.87, GOOD, room);
            let (mut width, mut height) = self.painter.measure(said, style);
            let sender_line = sender.as_ref().map(|sender| self.painter.measure(sender, label));
            if let Some((sender_width, sender_height)) = sender_line {
                width = width.max(sender_width);
                height += sender_height;
            }
            let Some(top) = floor.checked_sub(height + 2 * down) else { break };
            let plate = Rect::new(margin, top, width + 2 * across, height + 2 * down);
            self.plate(canvas, plate);
            let mut y = top + down;
            if let (Some(sender), Some((_, sender_height))) = (sender, sender_line) {
                self.painter.draw(canvas, sender, plate.x + across, y, label);
                y += sender_height;
            }
            self.painter.draw(canvas, said, plate.x + across, y, style);
            floor = top.saturating_sub(margin / 2);
        }
    }

    /// In the lower left corner, the one place where nothing else ever lies.
    fn paused(&mut self, canvas: &mut Canvas) {
        let Measures { text, margin, .. } = self.measures;
        let style = Style::line(text, TEXT, canvas.width.saturating_sub(4 * margin));
        let label = "paused   ·   Space goes on";
        let plate = self.measures.plate();
        let (width, height) = self.painter.measure(label, style);
        let bar = (text * 0.28) as usize;
        let sign = 3 * bar + margin * 2 / 3;
        let width = width + sign + 2 * plate.padding.0;
        let height = height + 2 * plate.padding.1;
        let rect = Rect::new(margin, canvas.height.saturating_sub(height + margin), width, height);
        rounded(canvas, rect, plate.radius, PANEL, 235);
        let (left, top) = (rect.x + plate.padding.0, rect.y + (rect.height - 3 * bar) / 2);
        for bars in [0, 2] {
            fill(canvas, Rect::new(left + bars * bar, top, bar, 3 * bar), WARNING);
        }
        self.painter.draw(canvas, label, left + sign, rect.y + plate.padding.1, style);
    }
}

/// A dot in the colour of the state; a ring unless all is well, so that it can be told without colours.
fn state_dot(canvas: &mut Canvas, rect: Rect, tone: Tone) {
    let colour = match tone {
        Tone::Good => GOOD,
        Tone::Warning => WARNING,
        Tone::Bad => BAD,
    };
    rounded(canvas, rect, rect.height as f32, colour, 255);
    if tone != Tone::Good {
        let hole = rect.inset(rect.height / 4);
        rounded(canvas, hole, hole.height as f32, PANEL, 255);
    }
}
