//! Pictures brought to the size of their tiles.
//!
//! Scaled copies are kept until their frame changes: a window repaints for a neighbour's frame or a
//! countdown far more often than each picture is new. A picture that already fits is only copied.

use fast_image_resize::{
    FilterType, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::U8x4,
};

use crate::{lettering::Rect, picture::Canvas};

/// Scales pictures and remembers the results.
pub(crate) struct Fitter {
    resizer: Resizer,
    options: ResizeOptions,
    scaled: Vec<Scaled>,
}

struct Scaled {
    stamp: u64,
    canvas: Canvas,
    used: bool,
}

impl Fitter {
    pub(crate) fn new() -> Self {
        // A convolution widens its kernel when it shrinks, so that bilinear is a clean average there:
        // no shimmer, at a third of Lanczos' cost. The fourth byte is padding and no alpha.
        let options =
            ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear)).use_alpha(false);
        Self { resizer: Resizer::new(), options, scaled: Vec::new() }
    }

    /// Forgets the scaled pictures that were not drawn since the last call.
    pub(crate) fn begin(&mut self) {
        self.scaled.retain_mut(|scaled| std::mem::take(&mut scaled.used));
    }

    /// Draws `source` into `rect`. `stamp` names its content: another picture has another one.
    pub(crate) fn draw(&mut self, stamp: u64, source: &Canvas, target: &mut Canvas, rect: Rect) {
        if (source.width, source.height) == (rect.width, rect.height) {
            return copy(source, target, rect);
        }
        let fits = |scaled: &Scaled| {
            scaled.stamp == stamp && (scaled.canvas.width, scaled.canvas.height) == (rect.width, rect.height)
        };
        let at = self.scaled.iter().position(fits).or_else(|| self.scale(stamp, source, rect));
        if let Some(scaled) = at.and_then(|at| self.scaled.get_mut(at)) {
            scaled.used = true;
            copy(&scaled.canvas, target, rect);
        }
    }

    fn scale(&mut self, stamp: u64, source: &Canvas, rect: Rect) -> Option<usize> {
        let side = |side: usize| u32::try_from(side).ok().filter(|&side| side > 0);
        let from = (side(source.width)?, side(source.height)?);
        let to = (side(rect.width)?, side(rect.height)?);
        // A picture that was not drawn in this pass or the last gives its memory.
        let stale = self.scaled.iter().position(|scaled| !scaled.used && scaled.stamp != stamp);
        let mut canvas = stale.map(|at| self.scaled.swap_remove(at).canvas).unwrap_or_default();
        canvas.pixels.resize(rect.width * rect.height, 0);
        (canvas.width, canvas.height) = (rect.width, rect.height);
        let pixels = bytemuck::cast_slice(&source.pixels);
        let from = TypedImageRef::<U8x4>::from_buffer(from.0, from.1, pixels).ok()?;
        let pixels = bytemuck::cast_slice_mut(&mut canvas.pixels);
        let mut into = TypedImage::<U8x4>::from_buffer(to.0, to.1, pixels).ok()?;
        self.resizer.resize_typed(&from, &mut into, &self.options).ok()?;
        self.scaled.push(Scaled { stamp, canvas, used: false });
        Some(self.scaled.len() - 1)
    }
}

fn copy(source: &Canvas, target: &mut Canvas, rect: Rect) {
    let shown = rect.within(target.width, target.height);
    let (from, to) = (source.width.max(1), target.width.max(1));
    let rows = source.pixels.chunks_exact(from).zip(target.pixels.chunks_exact_mut(to).skip(shown.y));
    for (source, target) in rows.take(shown.height) {
        if let (Some(target), Some(source)) =
            (target.get_mut(shown.x..shown.right()), source.get(..shown.width))
        {
            target.copy_from_slice(source);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn halves(width: usize, height: usize) -> Canvas {
        let pixel = |i: usize| if i % width < width / 2 { 0x00c8_2010 } else { 0x0010_40e0 };
        Canvas { width, height, pixels: (0..width * height).map(pixel).collect() }
    }

    #[test]
    fn a_picture_that_fits_is_copied_exactly() {
        let source = halves(64, 48);
        let mut target = Canvas::filled(80, 60, 5);
        Fitter::new().draw(1, &source, &mut target, Rect::new(10, 6, 64, 48));
        for y in 0..60 {
            for x in 0..80 {
                let inside = (10..74).contains(&x) && (6..54).contains(&y);
                let wanted = if inside { source.pixel(x - 10, y - 6) } else { Some(5) };
                assert_eq!(target.pixel(x, y), wanted, "{x} {y}");
            }
        }
    }

    #[test]
    fn scaling_keeps_colours_and_their_place() {
        for (width, height) in [(32, 24), (200, 150), (31, 77)] {
            let mut target = Canvas::filled(width, height, 0);
            Fitter::new().draw(1, &halves(64, 48), &mut target, Rect::new(0, 0, width, height));
            assert_eq!(target.pixel(1, height / 2).unwrap() & 0x00ff_ffff, 0x00c8_2010);
            assert_eq!(target.pixel(width - 2, height / 2).unwrap() & 0x00ff_ffff, 0x0010_40e0);
        }
    }

    #[test]
    fn a_new_stamp_is_a_new_picture_and_an_old_one_is_not_scaled_again() {
        let rect = Rect::new(0, 0, 16, 16);
        let (mut fitter, mut target) = (Fitter::new(), Canvas::filled(16, 16, 0));
        fitter.draw(1, &Canvas::filled(8, 8, 0x11), &mut target, rect);
        fitter.draw(1, &Canvas::filled(8, 8, 0x22), &mut target, rect);
        assert_eq!(target.pixel(3, 3), Some(0x11), "kept");
        fitter.draw(2, &Canvas::filled(8, 8, 0x22), &mut target, rect);
        assert_eq!(target.pixel(3, 3), Some(0x22), "new");
        fitter.begin();
        fitter.begin();
        assert!(fitter.scaled.is_empty(), "what is not drawn is forgotten");
    }

    #[test]
    fn odd_sizes_do_not_panic() {
        let mut fitter = Fitter::new();
        let mut target = Canvas::filled(10, 10, 0);
        fitter.draw(1, &Canvas::default(), &mut target, Rect::new(0, 0, 5, 5));
        fitter.draw(2, &halves(4, 4), &mut target, Rect::new(0, 0, 0, 5));
        fitter.draw(3, &halves(4, 4), &mut target, Rect::new(8, 8, 30, 30));
        fitter.draw(4, &halves(30, 30), &mut target, Rect::new(8, 8, 30, 30));
        fitter.draw(
            5,
            &Canvas { width: 9, height: 9, pixels: vec![0; 3] },
            &mut target,
            Rect::new(0, 0, 5, 5),
        );
        assert_eq!(target.pixels.len(), 100);
    }
}
