//! The card shown in place of a camera's picture while there is none: the reason, as pixels.
//!
//! The sender draws it, so that every viewer sees it, including clients that only know pictures. A frozen
//! last picture would look live; a card with hatched bands and text does not.
//!
//! A name with emoji starts a search for the system's fonts: while [`TextPainter::searching`], poll
//! [`TextPainter::refresh`], and paint the card again once it returns true.

use crate::{
    drawing::{Rect, Style, TextPainter, fill, hatch, rounded, stroke},
    picture::{Canvas, Picture, Pixels},
};

/// Titles: of a camera that gives no picture, and of one that was switched off.
const TITLES: [&str; 2] = ["No signal", "Camera off"];

/// Dark, but clearly not a black picture.
const BACKGROUND: u32 = 0x001a_1e26;
const BAND: u32 = 0x0026_2b35;
const HATCHING: u32 = 0x004a_5262;
const SYMBOL: u32 = 0x008b_94a3;
const BRIGHT: u32 = 0x00f1_f3f5;
const MUTED: u32 = 0x00b4_bbc6;

/// Font size in pixels per em below which JPEG makes text unreadable.
const SMALLEST_TEXT: f32 = 9.0;

/// How far a name may shrink to fit before it is cut.
const SHRINK: f32 = 0.7;

/// Share of the available height below which the symbol is not recognisable.
const SMALLEST_SYMBOL: f32 = 0.15;

/// Maximum lines of a reason: more would push out the rest.
const REASON_LINES: usize = 2;

/// Wider than any picture: used to measure a text without cutting or wrapping it.
const UNLIMITED: usize = 100_000;

/// The text of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder {
    /// The camera's name, arbitrary text; may be empty.
    pub name: String,
    /// Why there is no picture, in a few words; may be empty.
    pub reason: String,
    /// Whether the camera was switched off: then nothing is wrong with it.
    pub is_off: bool,
}

/// A text with its style and measured size.
struct Line<'a> {
    text: &'a str,
    style: Style,
    width: usize,
    height: usize,
}

impl Placeholder {
    /// The card as a picture of `width` x `height` pixels, of any size that an encoder accepts. What does not
    /// fit at a readable size is left out: first the symbol, then the reason, then the name.
    pub fn picture(&self, painter: &mut TextPainter, width: usize, height: usize) -> Picture {
        let mut canvas = Canvas::filled(width, height, BACKGROUND);
        let band = height.min(width) / 16;
        let room = Rect::new(0, band, width, height - 2 * band).inset((band * 2 / 3).max(1));
        for y in [0, height - band] {
            let rect = Rect::new(0, y, width, band);
            fill(&mut canvas, rect, BAND);
            hatch(&mut canvas, rect, band, HATCHING);
        }
        self.compose(painter, &mut canvas, room);
        let rgb = |pixel: &u32| {
            let [_, red, green, blue] = pixel.to_be_bytes();
            [red, green, blue]
        };
        Picture { width, height, pixels: Pixels::Rgb(canvas.pixels.iter().flat_map(rgb).collect()) }
    }

    /// Draws symbol and text, one below the other, centred in `room`.
    fn compose(&self, painter: &mut TextPainter, canvas: &mut Canvas, room: Rect) {
        let unit = (room.height as f32).min(room.width as f32 * 0.8);
        let mut lines = Vec::new();
        // Without the title, the rest has no context.
        if let Some(title) = Line::title(painter, TITLES[usize::from(self.is_off)], unit * 0.155, room.width)
        {
            lines.push(title);
            lines.extend(Line::name(painter, &self.name, unit * 0.1, room.width));
            lines.extend(Line::reason(painter, &self.reason, unit * 0.085, room.width));
        }
        let taken = |lines: &[Line<'_>]| -> usize { lines.iter().map(|line| line.height).sum() };
        while taken(&lines) > room.height {
            lines.pop();
        }
        let words = taken(&lines);
        let (size, gap) = if lines.is_empty() { (0.8, 0) } else { (0.28, (unit * 0.05) as usize) };
        let symbol = (unit * size).min(room.height.saturating_sub(words + gap) as f32);
        let above = if symbol >= unit * SMALLEST_SYMBOL { symbol as usize + gap } else { 0 };
        let block = room.middle(room.width, above + words);
        if above > 0 {
            camera(canvas, (block.x as f32 + block.width as f32 / 2.0, block.y as f32), symbol);
        }
        let mut y = block.y + above;
        for line in lines {
            let x = room.x + room.width.saturating_sub(line.width) / 2;
            painter.draw(canvas, line.text, x, y, line.style);
            y += line.height;
        }
    }
}

impl<'a> Line<'a> {
    /// `None` if the title would have to be cut.
    fn title(painter: &mut TextPainter, title: &'a str, size: f32, room: usize) -> Option<Self> {
        let style = Style::line(size.max(SMALLEST_TEXT), BRIGHT, UNLIMITED);
        Self::of(painter, title, style).filter(|line| line.width <= room)
    }

    fn name(painter: &mut TextPainter, text: &'a str, size: f32, room: usize) -> Option<Self> {
        let (natural, _) = painter.measure(text, Style::line(size, BRIGHT, UNLIMITED));
        let shrunk = size * (room as f32 * 0.98 / natural.max(1) as f32).clamp(SHRINK, 1.0);
        Self::of(painter, text, Style::line(shrunk.max(SMALLEST_TEXT), BRIGHT, room))
    }

    fn reason(painter: &mut TextPainter, text: &'a str, size: f32, room: usize) -> Option<Self> {
        let line = Style { centred: true, ..Style::line(size.max(SMALLEST_TEXT), MUTED, room) };
        let (natural, one) = painter.measure(text, Style { width: UNLIMITED, ..line });
        if natural <= room {
            return Self::of(painter, text, line);
        }
        // One extra line is allowed while searching, so that nothing is cut if fewer lines turn out to be
        // enough. Two lines of similar length look better than a long one with a single word below it.
        let narrower = (10..20).map(|part| room * part / 20);
        let balanced = narrower.map(|width| Style { width, lines: REASON_LINES + 1, ..line });
        let whole = balanced.into_iter().find(|style| painter.measure(text, *style).1 <= REASON_LINES * one);
        Self::of(painter, text, whole.unwrap_or(Style { lines: REASON_LINES, ..line }))
    }

    fn of(painter: &mut TextPainter, text: &'a str, style: Style) -> Option<Self> {
        let (width, height) = painter.measure(text, style);
        (!text.trim().is_empty()).then_some(Self { text, style, width, height })
    }
}

/// Draws a crossed-out camera, `size` pixels high; `top` is the middle of its upper edge.
fn camera(canvas: &mut Canvas, top: (f32, f32), size: f32) {
    let part = |across: f32, down: f32, width: f32, height: f32| {
        let (x, y) = (top.0 + (across - width / 2.0) * size, top.1 + down * size);
        Rect::new(x.round() as usize, y.round() as usize, (width * size) as usize, (height * size) as usize)
    };
    let mut rounded = |rect, radius: f32, colour| rounded(canvas, rect, radius * size, colour, 255);
    rounded(part(0.0, 0.08, 0.46, 0.3), 0.08, SYMBOL);
    rounded(part(0.0, 0.2, 1.24, 0.76), 0.13, SYMBOL);
    rounded(part(0.0, 0.32, 0.52, 0.52), 1.0, BACKGROUND);
    rounded(part(0.0, 0.41, 0.34, 0.34), 1.0, SYMBOL);
    let end = |across: f32, down: f32| (top.0 + across * size, top.1 + down * size);
    let (from, to) = (end(-0.66, 0.05), end(0.66, 0.95));
    // A gap separates the stroke from the symbol.
    stroke(canvas, from, to, size * 0.23, BACKGROUND);
    stroke(canvas, from, to, size * 0.09, BRIGHT);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const SIZES: [(usize, usize); 13] = [
        (160, 120),
        (320, 240),
        (640, 480),
        (1280, 720),
        (1920, 1080),
        (480, 640),
        (16, 16),
        (2, 2),
        (1, 1),
        (161, 91),
        (3, 500),
        (500, 3),
        (0, 0),
    ];

    fn card(name: &str, reason: &str) -> Placeholder {
        Placeholder { name: name.into(), reason: reason.into(), is_off: false }
    }

    /// Counts pixels of title and name; symbol and reason are darker, except for the stroke.
    fn bright(picture: &Picture) -> usize {
        picture.bytes().chunks_exact(3).filter(|pixel| pixel.iter().all(|&tone| tone > 0xd0)).count()
    }

    fn painted(name: &str, reason: &str, size: (usize, usize)) -> Picture {
        card(name, reason).picture(&mut TextPainter::new(), size.0, size.1)
    }

    #[test]
    fn every_size_has_exactly_its_pixels_and_no_size_panics() {
        let long = "an endless name 很长的名字 ".repeat(40);
        let mut painter = TextPainter::new();
        for (width, height) in SIZES {
            for (name, reason) in [("Webcam", "unplugged"), ("", ""), (&long, &long), ("", "unplugged")] {
                let picture = card(name, reason).picture(&mut painter, width, height);
                assert_eq!((picture.width, picture.height), (width, height));
                assert_eq!(picture.bytes().len(), picture.expected_bytes());
            }
        }
    }

    #[test]
    fn title_name_and_reason_are_all_seen_down_to_the_smallest_tile() {
        for size in [(160, 120), (320, 240), (1280, 720), (480, 640)] {
            let mut painter = TextPainter::new();
            let mut paint =
                |name: &str, reason: &str| card(name, reason).picture(&mut painter, size.0, size.1);
            let [used, elsewhere] =
                [1, 2].map(|pid| format!("in use by another program: zoom (pid 123{pid})"));
            let whole = paint("Logitech HD Pro Webcam C920", &used);
            assert_ne!(whole, paint("Logitech HD Pro Webcam C922", &used), "{size:?}: the name to its end");
            assert_ne!(
                whole,
                paint("Logitech HD Pro Webcam C920", &elsewhere),
                "{size:?}: the reason to its end"
            );
            let (whole, bare) = (bright(&whole), bright(&paint("", "")));
            assert!(bare > size.0 / 4, "{size:?}: the title has {bare} bright pixels");
            assert!(whole > bare, "{size:?}: {whole} bright pixels with a name, {bare} without");
        }
    }

    #[test]
    fn names_in_any_script_are_written_and_emoji_call_for_a_repaint() {
        let mut painter = TextPainter::new();
        let (width, height) = (640, 480);
        let nameless = bright(&card("", "").picture(&mut painter, width, height));
        for name in ["Küche", "集成摄像头", "מצלמה", "كاميرا", "Камера"] {
            let ink = bright(&card(name, "").picture(&mut painter, width, height));
            assert!(ink > nameless + 100, "{name}: {ink} bright pixels, {nameless} without");
        }
        assert!(!painter.searching(), "the bundled fonts have all of these");
        card("📷 Küche", "").picture(&mut painter, width, height);
        assert!(painter.searching());
    }

    #[test]
    fn nothing_but_the_bands_comes_near_the_edges() {
        let long = "שם ארוך very long 很长 ".repeat(40);
        let background = [0x1a, 0x1e, 0x26];
        for size in [(160, 120), (161, 91), (640, 480), (480, 640), (60, 400), (16, 16)] {
            let picture = painted(&long, &long, size);
            let band = size.0.min(size.1) / 16;
            let rows = picture.bytes().chunks_exact(size.0 * 3);
            for (y, row) in rows.enumerate().skip(band).take(size.1 - 2 * band) {
                let (first, last) = (&row[..3], &row[row.len() - 3..]);
                assert_eq!((first, last), (&background[..], &background[..]), "{size:?}: row {y}");
            }
        }
    }

    #[test]
    fn a_camera_that_was_switched_off_is_not_called_a_lost_signal() {
        let card = card("Webcam", "");
        let mut painter = TextPainter::new();
        let lost = card.picture(&mut painter, 640, 480);
        let off = Placeholder { is_off: true, ..card }.picture(&mut painter, 640, 480);
        assert!(off != lost && bright(&off) > 640 / 4);
    }

    #[test]
    fn a_card_is_hatched_at_top_and_bottom() {
        let picture = painted("", "", (320, 240));
        let rows: Vec<_> = picture.bytes().chunks_exact(320 * 3).collect();
        let tones = |row: &[u8]| row.chunks_exact(3).map(<[u8]>::to_vec).collect::<BTreeSet<_>>().len();
        assert!(tones(rows[3]) > 1 && tones(rows[236]) > 1);
        assert_eq!(tones(rows[20]), 1, "nothing between band and symbol");
    }
}
