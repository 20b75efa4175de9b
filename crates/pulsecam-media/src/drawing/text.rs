//! Drawing text on pictures: any script, bidi, font fallback, truncated or wrapped to its space.
//!
//! An overlay shows the same few lines in every frame, so shaped lines are cached, and drawing one again only
//! blends its glyphs. Text from the network is sanitised first: control characters, and overrides of the
//! writing direction that could make one name look like another.

use std::collections::HashMap;

use cosmic_text::{
    Align, Buffer, Ellipsize, EllipsizeHeightLimit, Metrics, PhysicalGlyph, Shaping, SwashCache,
    SwashContent, SwashImage, Wrap,
};

use super::{
    rect::Rect,
    shapes::{blend, rounded},
    typeface::{Typeface, has_emoji},
};
use crate::{
    picture::Canvas,
    sanitize::{CharClass, char_class},
};

/// The most characters of one text that are used. More never fit a window, and shaping megabytes takes
/// seconds.
const LONGEST_TEXT: usize = 2_000;

/// Number of shaped texts to cache. A full window has a few dozen, and changing numbers displace old ones.
const KEPT_TEXTS: usize = 512;

/// Number of glyph images to cache, at about half a kilobyte each.
const KEPT_GLYPHS: usize = 4_096;

/// Line height in font sizes.
const LINE_HEIGHT: f32 = 1.35;

/// Size, colour and available space of a text.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Style {
    /// Pixels per em.
    pub size: f32,
    /// `0x00RRGGBB`.
    pub colour: u32,
    /// Maximum width in pixels before it is wrapped, or on its last line truncated with an ellipsis.
    pub width: usize,
    /// Maximum number of lines.
    pub lines: usize,
    /// Whether several lines are centred rather than left-aligned.
    pub centred: bool,
}

impl Style {
    /// A width that no line reaches, for measuring; as a floating-point number it is exact, and there is room to add to it.
    pub const UNLIMITED: usize = 1 << 24;

    /// One line.
    pub const fn line(size: f32, colour: u32, width: usize) -> Self {
        Self { size, colour, width, lines: 1, centred: false }
    }

    /// The same in up to this many lines.
    #[must_use]
    pub const fn with_lines(self, lines: usize) -> Self {
        Self { lines, ..self }
    }

    /// The same, centred.
    #[must_use]
    pub const fn centred(self) -> Self {
        Self { centred: true, ..self }
    }
}

struct Shaped {
    width: usize,
    height: usize,
    glyphs: Vec<PhysicalGlyph>,
}

/// Everything except the text itself that determines its layout.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Setting {
    size: u32,
    width: usize,
    lines: usize,
    centred: bool,
}

/// Draws text, and caches layouts and glyphs.
pub struct TextPainter {
    typeface: Typeface,
    glyphs: SwashCache,
    // Two levels, so that a lookup needs no `String`.
    shaped: HashMap<Setting, HashMap<String, Shaped>>,
    kept: usize,
}

impl Default for TextPainter {
    fn default() -> Self {
        Self::new()
    }
}

impl TextPainter {
    /// A painter with the bundled fonts; the system's are added when a text needs them.
    pub fn new() -> Self {
        Self { typeface: Typeface::bundled(), glyphs: SwashCache::new(), shaped: HashMap::new(), kept: 0 }
    }

    /// Whether a search for fonts is running, so that a repaint may be due without any other change.
    pub fn searching(&self) -> bool {
        self.typeface.searching()
    }

    /// Adopts fonts that were found; true if everything must be repainted.
    pub fn refresh(&mut self) -> bool {
        let new = self.typeface.refresh();
        if new {
            self.forget();
            self.glyphs = SwashCache::new();
        }
        new
    }

    fn forget(&mut self) {
        self.shaped.clear();
        self.kept = 0;
    }

    /// Width and height of a text in pixels.
    pub fn measure(&mut self, text: &str, style: Style) -> (usize, usize) {
        let Self { typeface, shaped, kept, .. } = self;
        let shaped = look_up(typeface, shaped, kept, text, style);
        (shaped.width, shaped.height)
    }

    /// Draws a text with its upper left corner at `x`, `y`, clipped to the canvas.
    pub fn draw(&mut self, canvas: &mut Canvas, text: &str, x: usize, y: usize, style: Style) {
        self.draw_at(canvas, text, (x as i64, y as i64), style);
    }

    /// Draws a text without its first `above` rows of pixels: the end of a text that is too high.
    pub fn draw_end(&mut self, canvas: &mut Canvas, text: &str, above: usize, style: Style) {
        self.draw_at(canvas, text, (0, -(above as i64)), style);
    }

    fn draw_at(&mut self, canvas: &mut Canvas, text: &str, (x, y): (i64, i64), style: Style) {
        // Between two texts, so that none that is about to be drawn disappears.
        if self.kept > KEPT_TEXTS {
            self.forget();
        }
        if self.glyphs.image_cache.len() > KEPT_GLYPHS {
            self.glyphs.image_cache.clear();
        }
        let Self { typeface, shaped, kept, glyphs } = self;
        let shaped = look_up(typeface, shaped, kept, text, style);
        for glyph in &shaped.glyphs {
            if let Some(image) = glyphs.get_image(typeface.fonts(), glyph.cache_key) {
                let left = x + i64::from(glyph.x) + i64::from(image.placement.left);
                let top = y + i64::from(glyph.y) - i64::from(image.placement.top);
                lay(canvas, image, left, top, style.colour);
            }
        }
    }

    /// Draws a text on a translucent rounded plate, readable on any picture; returns the plate.
    pub fn plate(
        &mut self,
        canvas: &mut Canvas,
        text: &str,
        at: (usize, usize),
        style: Style,
        plate: Plate,
    ) -> Rect {
        let (width, height) = self.measure(text, style);
        let (across, down) = plate.padding;
        let rect = Rect::new(at.0, at.1, width + 2 * across, height + 2 * down);
        rounded(canvas, rect, plate.radius, plate.colour, plate.alpha);
        self.draw(canvas, text, at.0 + across, at.1 + down, style);
        rect
    }
}

/// The background of a text.
#[derive(Clone, Copy, Debug)]
pub struct Plate {
    /// Padding in pixels: left and right, above and below.
    pub padding: (usize, usize),
    /// Radius of the corners.
    pub radius: f32,
    /// `0x00RRGGBB`.
    pub colour: u32,
    /// 0 to 255.
    pub alpha: u32,
}

fn look_up<'a>(
    typeface: &mut Typeface,
    shaped: &'a mut HashMap<Setting, HashMap<String, Shaped>>,
    kept: &mut usize,
    text: &str,
    style: Style,
) -> &'a Shaped {
    let Style { width, lines, centred, .. } = style;
    let setting = Setting { size: style.size.to_bits(), width, lines, centred };
    let shaped = shaped.entry(setting).or_default();
    // The check saves copying the text in each lookup of a known one, which is nearly all of them.
    if !shaped.contains_key(text) {
        *kept += 1;
        shaped.insert(text.to_owned(), shape(typeface, text, style));
    }
    shaped.get(text).unwrap_or(&NOTHING)
}

static NOTHING: Shaped = Shaped { width: 0, height: 0, glyphs: Vec::new() };

fn shape(typeface: &mut Typeface, text: &str, style: Style) -> Shaped {
    let text = printable(text, style.lines > 1);
    let size = style.size.clamp(4.0, 400.0);
    let line_height = (size * LINE_HEIGHT).round();
    let mut buffer = Buffer::new_empty(Metrics::new(size, line_height));
    buffer.set_size(Some(style.width as f32), None);
    buffer.set_wrap(if style.lines > 1 { Wrap::WordOrGlyph } else { Wrap::None });
    buffer.set_ellipsize(Ellipsize::End(EllipsizeHeightLimit::Lines(style.lines.max(1))));
    let align = style.centred.then_some(Align::Center);
    buffer.set_rich_text(typeface.spans(&text), &Typeface::plain(), Shaping::Advanced, align);
    buffer.shape_until_scroll(typeface.fonts(), false);
    let runs: Vec<_> = buffer.layout_runs().take(style.lines.max(1)).collect();
    // Right-to-left lines end at the right edge: the block starts where the leftmost glyph does.
    let glyphs = || runs.iter().flat_map(|run| run.glyphs);
    let left = glyphs().map(|glyph| glyph.x).fold(f32::INFINITY, f32::min);
    let left = if left.is_finite() { left } else { 0.0 };
    let right = glyphs().map(|glyph| glyph.x + glyph.w).fold(left, f32::max);
    if glyphs().any(|glyph| glyph.glyph_id == 0) || has_emoji(&text) {
        typeface.want_more();
    }
    let height = runs.len().max(1) as f32 * line_height;
    let place = |run: &cosmic_text::LayoutRun<'_>| -> Vec<PhysicalGlyph> {
        run.glyphs.iter().map(|glyph| glyph.physical((-left, run.line_y.round()), 1.0)).collect()
    };
    Shaped {
        width: (right - left).ceil() as usize,
        height: height as usize,
        glyphs: runs.iter().flat_map(place).collect(),
    }
}

/// Sanitises a text. Control characters become spaces, line ends too unless there are several lines, and
/// directional overrides and marks are removed.
fn printable(text: &str, lines: bool) -> String {
    let calm = |c| match char_class(c) {
        CharClass::Shown => Some(c),
        CharClass::Parts if lines && c == '\n' => Some(c),
        CharClass::Parts | CharClass::Steers => Some(' '),
        CharClass::Turns | CharClass::Hidden => None,
    };
    text.chars().filter_map(calm).take(LONGEST_TEXT).collect()
}

/// Blends one glyph's image onto the canvas.
fn lay(canvas: &mut Canvas, image: &SwashImage, left: i64, top: i64, colour: u32) {
    let (width, height) = (image.placement.width as usize, image.placement.height as usize);
    let bytes = if image.content == SwashContent::Color { 4 } else { 1 };
    if width == 0 || image.data.len() < width * height * bytes {
        return;
    }
    for (y, row) in image.data.chunks_exact(width * bytes).enumerate() {
        let Some(y) = usize::try_from(top + y as i64).ok().filter(|&y| y < canvas.height) else { continue };
        for (x, sample) in row.chunks_exact(bytes).enumerate() {
            let Some(x) = usize::try_from(left + x as i64).ok().filter(|&x| x < canvas.width) else {
                continue;
            };
            let (colour, alpha) = match *sample {
                [alpha] => (colour, alpha),
                [red, green, blue, alpha] => (u32::from_be_bytes([0, red, green, blue]), alpha),
                _ => continue,
            };
            if let Some(pixel) = canvas.pixels.get_mut(y * canvas.width + x) {
                *pixel = blend(*pixel, colour, u32::from(alpha));
            }
        }
    }
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
