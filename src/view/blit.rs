//! Draws pictures onto the window.
//!
//! Pictures come at their displayed size, scaled with a good filter on other threads ([`super::rescaler`]).
//! One that does not yet, because the window has just changed, is stretched coarsely until then.

use crate::{
    drawing::Rect,
    picture::{Canvas, Orientation},
};

/// Draws `source` over `rect`. False if it had another size, and was stretched without a filter.
pub(crate) fn draw(source: &Canvas, target: &mut Canvas, rect: Rect) -> bool {
    let fits = (source.width, source.height) == (rect.width, rect.height);
    let whole = source.pixels.len() >= source.width * source.height;
    if source.width == 0 || source.height == 0 || rect.width == 0 || rect.height == 0 || !whole {
        return fits;
    }
    let shown = rect.within(target.width, target.height);
    let across: Vec<usize> =
        if fits { Vec::new() } else { (0..shown.width).map(|x| x * source.width / rect.width).collect() };
    let rows = target.pixels.chunks_exact_mut(target.width.max(1)).skip(shown.y).take(shown.height);
    for (y, row) in rows.enumerate() {
        let from = y * source.height / rect.height * source.width;
        let (Some(row), Some(source)) =
            (row.get_mut(shown.x..shown.right()), source.pixels.get(from..from + source.width))
        else {
            continue;
        };
        if fits {
            row.copy_from_slice(&source[..shown.width]);
        } else {
            for (pixel, &x) in row.iter_mut().zip(&across) {
                *pixel = source[x];
            }
        }
    }
    fits
}

/// Draws `source`, turned, over `rect`, which has the size of the turned picture.
pub(crate) fn draw_turned(source: &Canvas, target: &mut Canvas, rect: Rect, orientation: Orientation) {
    let size = (source.width, source.height);
    if size.0 == 0
        || size.1 == 0
        || orientation.upright_size(size) != (rect.width, rect.height)
        || source.pixels.len() < size.0 * size.1
    {
        return;
    }
    let at = |x, y| {
        let (x, y) = orientation.before((x, y), size);
        y * size.0 + x
    };
    let shown = rect.within(target.width, target.height);
    let rows = target.pixels.chunks_exact_mut(target.width.max(1)).skip(shown.y).take(shown.height);
    for (y, row) in rows.enumerate() {
        let Some(row) = row.get_mut(shown.x..shown.right()) else { continue };
        // Along a row, the place in the source moves by the same step.
        let (first, second) = (at(0, y), if rect.width > 1 { at(1, y) } else { 0 });
        let step = second.wrapping_sub(first);
        let mut from = first;
        for pixel in row {
            *pixel = source.pixels[from];
            from = from.wrapping_add(step);
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
        assert!(draw(&source, &mut target, Rect::new(10, 6, 64, 48)));
        for y in 0..60 {
            for x in 0..80 {
                let inside = (10..74).contains(&x) && (6..54).contains(&y);
                let wanted = if inside { source.pixel(x - 10, y - 6) } else { Some(5) };
                assert_eq!(target.pixel(x, y), wanted, "{x} {y}");
            }
        }
    }

    #[test]
    fn one_that_does_not_is_stretched_in_its_place() {
        for (width, height) in [(32, 24), (200, 150), (31, 77)] {
            let mut target = Canvas::filled(width + 2, height + 2, 0);
            assert!(!draw(&halves(64, 48), &mut target, Rect::new(1, 1, width, height)));
            assert_eq!(target.pixel(1, 1 + height / 2), Some(0x00c8_2010));
            assert_eq!(target.pixel(width, height), Some(0x0010_40e0));
            assert_eq!((target.pixel(0, 5), target.pixel(width + 1, 5)), (Some(0), Some(0)));
        }
    }

    #[test]
    fn a_turned_picture_has_each_pixel_in_its_place() {
        let source = Canvas { width: 3, height: 2, pixels: (0..6).collect() };
        for (number, pixels) in [
            (1, [0, 1, 2, 3, 4, 5]),
            (2, [2, 1, 0, 5, 4, 3]),
            (6, [3, 0, 4, 1, 5, 2]),
            (8, [2, 5, 1, 4, 0, 3]),
        ] {
            let orientation = Orientation::from_exif(number).unwrap();
            let (width, height) = orientation.upright_size((3, 2));
            let mut target = Canvas::filled(width + 1, height + 1, 9);
            draw_turned(&source, &mut target, Rect::new(1, 1, width, height), orientation);
            let mut inside = (0..6).map(|i| target.pixel(1 + i % width, 1 + i / width).unwrap());
            assert!(pixels.into_iter().all(|pixel| inside.next() == Some(pixel)), "{number}");
            assert_eq!(target.pixel(0, 0), Some(9));
            draw_turned(&source, &mut target, Rect::new(2, 2, width, height), orientation);
            draw_turned(&source, &mut target, Rect::new(0, 0, 7, 7), orientation);
        }
    }

    #[test]
    fn odd_sizes_do_not_panic() {
        let mut target = Canvas::filled(10, 10, 0);
        for (source, rect) in [
            (Canvas::default(), Rect::new(0, 0, 5, 5)),
            (halves(4, 4), Rect::new(0, 0, 0, 5)),
            (halves(4, 4), Rect::new(8, 8, 30, 30)),
            (halves(30, 30), Rect::new(8, 8, 30, 30)),
            (halves(4, 4), Rect::new(50, 50, 4, 4)),
            (Canvas { width: 9, height: 9, pixels: vec![0; 3].into() }, Rect::new(0, 0, 5, 5)),
        ] {
            draw(&source, &mut target, rect);
        }
        assert_eq!(target.pixels.len(), 100);
    }
}
