//! Flat shapes (rectangles, lines, triangles), and the blending that text uses too.
//!
//! A drawing crate would add paths and gradients that are not needed here.

use super::rect::Rect;
use crate::picture::Canvas;

/// Blends `colour` over `under` with an opacity of 0 to 255.
#[inline]
#[must_use]
pub(super) fn blend(under: u32, colour: u32, alpha: u32) -> u32 {
    // Two channels at a time; 256 instead of 255 levels make full opacity exact and division a shift.
    let alpha = alpha + (alpha >> 7);
    let rest = 256 - alpha;
    let red_blue = ((under & 0x00ff_00ff) * rest + (colour & 0x00ff_00ff) * alpha) >> 8;
    let green = ((under & 0x0000_ff00) * rest + (colour & 0x0000_ff00) * alpha) >> 8;
    (red_blue & 0x00ff_00ff) | (green & 0x0000_ff00)
}

/// The pixels of each row of `rect`, clipped to the canvas, with the row's number.
fn rows(canvas: &mut Canvas, rect: Rect) -> impl Iterator<Item = (usize, &mut [u32])> {
    let rect = rect.within(canvas.width, canvas.height);
    let width = canvas.width.max(1);
    let rows = canvas.pixels.chunks_exact_mut(width).enumerate().skip(rect.y).take(rect.height);
    rows.filter_map(move |(y, row)| Some((y, row.get_mut(rect.x..rect.right())?)))
}

/// Draws a filled rectangle.
pub fn fill(canvas: &mut Canvas, rect: Rect, colour: u32) {
    rows(canvas, rect).for_each(|(_, row)| row.fill(colour));
}

/// Draws a translucent rectangle.
pub fn veil(canvas: &mut Canvas, rect: Rect, colour: u32, alpha: u32) {
    for (_, row) in rows(canvas, rect) {
        row.iter_mut().for_each(|pixel| *pixel = blend(*pixel, colour, alpha));
    }
}

/// Fills the area around `hole` within `rect`.
pub fn fill_around(canvas: &mut Canvas, rect: Rect, hole: Rect, colour: u32) {
    let above = Rect { height: hole.y.saturating_sub(rect.y), ..rect };
    let below = Rect { y: hole.bottom(), height: rect.bottom().saturating_sub(hole.bottom()), ..rect };
    let left = Rect { x: rect.x, width: hole.x.saturating_sub(rect.x), ..hole };
    let right = Rect { x: hole.right(), width: rect.right().saturating_sub(hole.right()), ..hole };
    for part in [above, below, left, right] {
        fill(canvas, part, colour);
    }
}

/// Draws a translucent rectangle with smooth round corners. With half its height as `radius`, it is a pill or
/// a dot.
pub fn rounded(canvas: &mut Canvas, rect: Rect, radius: f32, colour: u32, alpha: u32) {
    let radius = radius.min(rect.width.min(rect.height) as f32 / 2.0);
    for (y, row) in rows(canvas, rect) {
        let down = beyond(y - rect.y, rect.height, radius);
        // All rows but those of the corners.
        if down <= 0.0 {
            row.iter_mut().for_each(|pixel| *pixel = blend(*pixel, colour, alpha));
            continue;
        }
        for (x, pixel) in row.iter_mut().enumerate() {
            let across = beyond(x, rect.width, radius);
            let cover = if across > 0.0 { (radius + 0.5 - across.hypot(down)).clamp(0.0, 1.0) } else { 1.0 };
            *pixel = blend(*pixel, colour, (alpha as f32 * cover) as u32);
        }
    }
}

/// Draws a straight line with round ends and smooth edges, clipped to the canvas.
pub fn stroke(canvas: &mut Canvas, from: (f32, f32), to: (f32, f32), thickness: f32, colour: u32) {
    let half = thickness / 2.0;
    let (left, top) = (from.0.min(to.0) - half - 1.0, from.1.min(to.1) - half - 1.0);
    let (right, bottom) = (from.0.max(to.0) + half + 1.0, from.1.max(to.1) + half + 1.0);
    // The casts saturate: negative values become 0.
    let (x, y) = (left as usize, top as usize);
    let rect = Rect::new(
        x,
        y,
        (right.ceil() as usize).saturating_sub(x),
        (bottom.ceil() as usize).saturating_sub(y),
    );
    let (across, down) = (to.0 - from.0, to.1 - from.1);
    let squared = (across * across + down * down).max(f32::MIN_POSITIVE);
    for (row_y, row) in rows(canvas, rect) {
        for (column, pixel) in row.iter_mut().enumerate() {
            let (dx, dy) = ((x + column) as f32 + 0.5 - from.0, row_y as f32 + 0.5 - from.1);
            let along = ((dx * across + dy * down) / squared).clamp(0.0, 1.0);
            let distance = (dx - along * across).hypot(dy - along * down);
            let cover = (half + 0.5 - distance).clamp(0.0, 1.0);
            *pixel = blend(*pixel, colour, (255.0 * cover) as u32);
        }
    }
}

/// Draws a filled triangle with smooth edges. Its corners must be clockwise, and are rounded by `radius`
/// inwards.
pub fn triangle(canvas: &mut Canvas, corners: [(f32, f32); 3], radius: f32, colour: u32) {
    let least = |value: fn((f32, f32)) -> f32| corners.map(value).into_iter().fold(f32::MAX, f32::min);
    let most = |value: fn((f32, f32)) -> f32| corners.map(value).into_iter().fold(0.0, f32::max);
    let (x, y) = (least(|corner| corner.0) as usize, least(|corner| corner.1) as usize);
    let (right, bottom) = (most(|corner| corner.0).ceil() as usize, most(|corner| corner.1).ceil() as usize);
    let rect = Rect::new(x, y, right.saturating_sub(x), bottom.saturating_sub(y));
    // The distance of a point to each edge, positive inside.
    let edges = [0, 1, 2].map(|at| {
        let (from, to) = (corners[at], corners[(at + 1) % 3]);
        let (across, down) = (to.0 - from.0, to.1 - from.1);
        let length = across.hypot(down).max(f32::MIN_POSITIVE);
        (from, (-down / length, across / length))
    });
    for (row_y, row) in rows(canvas, rect) {
        for (column, pixel) in row.iter_mut().enumerate() {
            let (px, py) = ((x + column) as f32 + 0.5, row_y as f32 + 0.5);
            let within = edges.map(|(from, normal)| (px - from.0) * normal.0 + (py - from.1) * normal.1);
            // Near an edge or a corner, the distance to a triangle that is smaller by the radius decides.
            let out = within.map(|within| (radius - within).max(0.0)).into_iter().fold(0.0, f32::hypot);
            let cover = if out > 0.0 { (radius - out + 0.5).clamp(0.0, 1.0) } else { 1.0 };
            *pixel = blend(*pixel, colour, (255.0 * cover) as u32);
        }
    }
}

/// Draws diagonal stripes, each `stripe` pixels wide along a row, with equal gaps that stay unchanged.
pub fn hatch(canvas: &mut Canvas, rect: Rect, stripe: usize, colour: u32) {
    let stripe = stripe.max(1) as f32;
    for (y, row) in rows(canvas, rect) {
        for (x, pixel) in row.iter_mut().enumerate() {
            let from_middle = ((rect.x + x + y) as f32 % (2.0 * stripe) - stripe).abs();
            let cover =
                (0.5 + (stripe / 2.0 - from_middle) * std::f32::consts::FRAC_1_SQRT_2).clamp(0.0, 1.0);
            *pixel = blend(*pixel, colour, (255.0 * cover) as u32);
        }
    }
}

/// How far the centre of pixel `at` lies outside the straight part of a side.
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
    fn a_line_covers_its_thickness_and_may_leave_the_canvas() {
        let mut canvas = Canvas::filled(20, 20, 0);
        stroke(&mut canvas, (-50.0, 10.0), (50.0, 10.0), 4.0, 0x00ff_ffff);
        let column: Vec<_> = (0..20).filter(|&y| canvas.pixel(7, y) != Some(0)).collect();
        assert_eq!(column, [8, 9, 10, 11]);
        let before = canvas.clone();
        stroke(&mut canvas, (-9.0, -9.0), (-5.0, -5.0), 2.0, 0x00ff_ffff);
        stroke(&mut canvas, (90.0, 90.0), (95.0, 95.0), 2.0, 0x00ff_ffff);
        assert_eq!(canvas, before);
        stroke(&mut canvas, (3.0, 3.0), (3.0, 3.0), 3.0, 0x00ff_ffff);
        assert_eq!(canvas.pixel(2, 2), Some(0x00ff_ffff), "a line without length is a dot");
    }

    #[test]
    fn a_triangle_is_half_its_rectangle_and_may_leave_the_canvas() {
        let mut canvas = Canvas::filled(40, 40, 0);
        triangle(&mut canvas, [(4.0, 4.0), (36.0, 20.0), (4.0, 36.0)], 0.0, 0x00ff_ffff);
        let ink = canvas.pixels.iter().map(|pixel| pixel & 0xff).sum::<u32>() / 255;
        assert!((480..=540).contains(&ink), "{ink} of 512");
        assert_eq!((canvas.pixel(6, 20), canvas.pixel(30, 8)), (Some(0x00ff_ffff), Some(0)));
        triangle(&mut canvas, [(30.0, 30.0), (90.0, 50.0), (30.0, 90.0)], 2.0, 0x00ff_ffff);
        triangle(&mut canvas, [(90.0, 90.0), (95.0, 95.0), (90.0, 99.0)], 2.0, 0x00ff_ffff);
    }

    #[test]
    fn a_hatched_area_is_half_covered_and_its_surroundings_are_not() {
        let mut canvas = Canvas::filled(64, 32, 0);
        hatch(&mut canvas, Rect::new(8, 8, 32, 16), 4, 0x00ff_ffff);
        let ink: u32 = canvas.pixels.iter().map(|pixel| pixel & 0xff).sum();
        let whole = 32 * 16 * 255;
        assert!((whole * 45 / 100..whole * 55 / 100).contains(&ink), "{ink} of {whole}");
        assert!((0..32).all(|y| canvas.pixel(7, y) == Some(0) && canvas.pixel(40, y) == Some(0)));
        hatch(&mut canvas, Rect::new(60, 30, 500, 500), 0, 0x00ff_ffff);
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
