//! Flat shapes: filled and rounded rectangles with transparency, and the blending they share with text.
//!
//! A drawing crate would bring paths and gradients that nothing here uses.

use super::rect::Rect;
use crate::picture::Canvas;

/// `colour` laid over `under` with an opacity of 0 to 255.
#[inline]
#[must_use]
pub(crate) fn blend(under: u32, colour: u32, alpha: u32) -> u32 {
    // Two channels at a time; 256 instead of 255 levels make full opacity exact and division a shift.
    let alpha = alpha + (alpha >> 7);
    let rest = 256 - alpha;
    let red_blue = ((under & 0x00ff_00ff) * rest + (colour & 0x00ff_00ff) * alpha) >> 8;
    let green = ((under & 0x0000_ff00) * rest + (colour & 0x0000_ff00) * alpha) >> 8;
    (red_blue & 0x00ff_00ff) | (green & 0x0000_ff00)
}

/// The pixels of each row of `rect`, as far as the canvas has them, with the row's number.
fn rows(canvas: &mut Canvas, rect: Rect) -> impl Iterator<Item = (usize, &mut [u32])> {
    let rect = rect.within(canvas.width, canvas.height);
    let width = canvas.width.max(1);
    let rows = canvas.pixels.chunks_exact_mut(width).enumerate().skip(rect.y).take(rect.height);
    rows.filter_map(move |(y, row)| Some((y, row.get_mut(rect.x..rect.right())?)))
}

/// A filled rectangle.
pub(crate) fn fill(canvas: &mut Canvas, rect: Rect, colour: u32) {
    rows(canvas, rect).for_each(|(_, row)| row.fill(colour));
}

/// A translucent rectangle.
pub(crate) fn veil(canvas: &mut Canvas, rect: Rect, colour: u32, alpha: u32) {
    for (_, row) in rows(canvas, rect) {
        row.iter_mut().for_each(|pixel| *pixel = blend(*pixel, colour, alpha));
    }
}

/// What surrounds `hole` within `rect`, filled.
pub(crate) fn fill_around(canvas: &mut Canvas, rect: Rect, hole: Rect, colour: u32) {
    let above = Rect { height: hole.y.saturating_sub(rect.y), ..rect };
    let below = Rect { y: hole.bottom(), height: rect.bottom().saturating_sub(hole.bottom()), ..rect };
    let left = Rect { x: rect.x, width: hole.x.saturating_sub(rect.x), ..hole };
    let right = Rect { x: hole.right(), width: rect.right().saturating_sub(hole.right()), ..hole };
    for part in [above, below, left, right] {
        fill(canvas, part, colour);
    }
}

/// A translucent rectangle with smooth round corners; with half its height as `radius`, a pill or a dot.
pub(crate) fn rounded(canvas: &mut Canvas, rect: Rect, radius: f32, colour: u32, alpha: u32) {
    let radius = radius.min(rect.width.min(rect.height) as f32 / 2.0);
    for (y, row) in rows(canvas, rect) {
        let down = beyond(y - rect.y, rect.height, radius);
        for (x, pixel) in row.iter_mut().enumerate() {
            let across = if down > 0.0 { beyond(x, rect.width, radius) } else { 0.0 };
            let cover = if across > 0.0 { (radius + 0.5 - across.hypot(down)).clamp(0.0, 1.0) } else { 1.0 };
            *pixel = blend(*pixel, colour, (alpha as f32 * cover) as u32);
        }
    }
}

/// How far the middle of pixel `at` lies outside the straight part of a side.
fn beyond(at: usize, length: usize, radius: f32) -> f32 {
    let at = at as f32 + 0.5;
    (radius - at).max(at - (length as f32 - radius)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opacity_is_exact_at_both_ends() {
        assert_eq!(blend(0x0012_3456, 0x00ab_cdef, 0), 0x0012_3456);
        assert_eq!(blend(0x0012_3456, 0x00ab_cdef, 255), 0x00ab_cdef);
        assert_eq!(blend(0, 0x00ff_ffff, 128) & 0xff, 128);
    }

    #[test]
    fn shapes_are_cut_at_the_edges() {
        let mut canvas = Canvas::filled(10, 10, 0);
        fill(&mut canvas, Rect::new(8, 8, 50, 50), 0x00ff_0000);
        assert_eq!(canvas.pixels.iter().filter(|&&pixel| pixel == 0x00ff_0000).count(), 4);
        rounded(&mut canvas, Rect::new(5, 5, 100, 100), 20.0, 0x00ff_ffff, 255);
        veil(&mut canvas, Rect::new(50, 50, 100, 100), 0x00ff_ffff, 255);
        fill(&mut Canvas::default(), Rect::new(0, 0, 3, 3), 1);
    }

    #[test]
    fn round_corners_leave_the_corner_alone_and_fill_the_middle() {
        let mut canvas = Canvas::filled(40, 40, 0);
        rounded(&mut canvas, Rect::new(0, 0, 40, 40), 12.0, 0x00ff_ffff, 255);
        assert_eq!(canvas.pixel(0, 0), Some(0));
        assert_eq!(canvas.pixel(39, 39), Some(0));
        assert_eq!(canvas.pixel(20, 0), Some(0x00ff_ffff));
        assert_eq!(canvas.pixel(20, 20), Some(0x00ff_ffff));
    }

    #[test]
    fn what_surrounds_a_hole_is_filled_and_the_hole_is_not() {
        let mut canvas = Canvas::filled(10, 10, 7);
        fill_around(&mut canvas, Rect::new(0, 0, 10, 10), Rect::new(3, 2, 4, 5), 1);
        assert_eq!(canvas.pixels.iter().filter(|&&pixel| pixel == 7).count(), 20);
        assert_eq!(canvas.pixel(3, 2), Some(7));
        assert_eq!(canvas.pixel(6, 6), Some(7));
    }
}
