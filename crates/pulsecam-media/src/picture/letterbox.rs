//! Fits pictures of any size into one size, with borders.

use super::{Canvas, Scaler, contained};

/// Colour of the borders.
const BORDER: u32 = 0;

/// Fits pictures into a fixed size: the proportions stay, the rest is black. Reuses its memory.
#[derive(Debug, Default)]
pub struct Letterbox {
    scaler: Scaler,
    scaled: Canvas,
    fitted: Canvas,
}

impl Letterbox {
    /// The picture at this size; itself if it has that size. A picture without pixels is black.
    pub fn fit<'a>(&'a mut self, picture: &'a Canvas, size: (usize, usize)) -> &'a Canvas {
        let own = (picture.width, picture.height);
        if own == size {
            return picture;
        }
        let room = contained(own, size);
        let scaled = if own == room {
            picture
        } else {
            let memory = std::mem::take(&mut self.scaled);
            self.scaled = self.scaler.fit(picture, room, memory).unwrap_or_default();
            &self.scaled
        };
        if (self.fitted.width, self.fitted.height) != size {
            self.fitted = Canvas::filled(size.0, size.1, BORDER);
        } else if (scaled.width, scaled.height) != size {
            self.fitted.pixels.fill(BORDER);
        }
        let (left, top) = ((size.0 - scaled.width) / 2, (size.1 - scaled.height) / 2);
        let rows = self.fitted.pixels.chunks_exact_mut(size.0.max(1)).skip(top);
        for (to, from) in rows.zip(scaled.pixels.chunks_exact(scaled.width.max(1))) {
            to[left..left + scaled.width].copy_from_slice(from);
        }
        &self.fitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHITE: u32 = 0x00ff_ffff;

    fn bright(canvas: &Canvas) -> Vec<(usize, usize)> {
        let at = |(index, pixel): (usize, &u32)| {
            (*pixel == WHITE).then_some((index % canvas.width, index / canvas.width))
        };
        canvas.pixels.iter().enumerate().filter_map(at).collect()
    }

    #[test]
    fn borders_are_beside_or_above_and_below_the_picture() {
        let mut letterbox = Letterbox::default();
        for (picture, columns, rows) in [
            ((40, 40), 20..60, 0..40),
            ((80, 20), 0..80, 10..30),
            ((20, 20), 20..60, 0..40),
            ((160, 80), 0..80, 0..40),
            ((80, 40), 0..80, 0..40),
            ((40, 40), 20..60, 0..40),
        ] {
            let fitted = letterbox.fit(&Canvas::filled(picture.0, picture.1, WHITE), (80, 40)).clone();
            assert_eq!((fitted.width, fitted.height, fitted.pixels.len()), (80, 40, 3200));
            let wanted: Vec<_> = rows.flat_map(|y| columns.clone().map(move |x| (x, y))).collect();
            assert_eq!(bright(&fitted), wanted, "{picture:?}");
        }
    }

    #[test]
    fn a_picture_of_the_size_is_not_copied_and_one_without_pixels_is_black() {
        let mut letterbox = Letterbox::default();
        let picture = Canvas::filled(16, 8, WHITE);
        assert!(std::ptr::eq(letterbox.fit(&picture, (16, 8)), &raw const picture));
        let none = Canvas::default();
        assert_eq!(letterbox.fit(&none, (4, 2)).pixels, Canvas::filled(4, 2, BORDER).pixels);
        assert!(letterbox.fit(&picture, (0, 0)).pixels.is_empty());
    }
}
