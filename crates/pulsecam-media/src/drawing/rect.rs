//! Rectangles on a canvas.

/// A rectangle of whole pixels; it may be empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rect {
    /// Left edge.
    pub x: usize,
    /// Upper edge.
    pub y: usize,
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
}

impl Rect {
    /// A rectangle.
    #[must_use]
    pub const fn new(x: usize, y: usize, width: usize, height: usize) -> Self {
        Self { x, y, width, height }
    }

    /// The column after the last.
    #[must_use]
    pub const fn right(self) -> usize {
        self.x.saturating_add(self.width)
    }

    /// The row after the last.
    #[must_use]
    pub const fn bottom(self) -> usize {
        self.y.saturating_add(self.height)
    }

    /// The part that lies within `width` x `height`.
    #[must_use]
    pub fn within(self, width: usize, height: usize) -> Self {
        let (x, y) = (self.x.min(width), self.y.min(height));
        Self { x, y, width: self.right().min(width) - x, height: self.bottom().min(height) - y }
    }

    /// Whether all of `other` lies within this one.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.x <= other.x
            && self.y <= other.y
            && other.right() <= self.right()
            && other.bottom() <= self.bottom()
    }

    /// Whether they have a pixel in common.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        let across = self.x.max(other.x) < self.right().min(other.right());
        across && self.y.max(other.y) < self.bottom().min(other.bottom())
    }

    /// The rectangle reduced by `by` on every side; empty if it is too small.
    #[must_use]
    pub fn inset(self, by: usize) -> Self {
        Self {
            x: self.x + by.min(self.width / 2),
            y: self.y + by.min(self.height / 2),
            width: self.width.saturating_sub(2 * by),
            height: self.height.saturating_sub(2 * by),
        }
    }

    /// A rectangle of the given size in the middle of this one, clipped to it.
    #[must_use]
    pub fn middle(self, width: usize, height: usize) -> Self {
        let (width, height) = (width.min(self.width), height.min(self.height));
        Self { x: self.x + (self.width - width) / 2, y: self.y + (self.height - height) / 2, width, height }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_outside_or_is_too_small_is_empty_and_no_reason_to_panic() {
        assert_eq!(Rect::new(5, 5, 10, 10).within(3, 3), Rect::new(3, 3, 0, 0));
        assert_eq!(Rect::new(5, 5, 10, 10).inset(9).width, 0);
        assert_eq!(Rect::new(5, 5, 10, 10).middle(100, 4), Rect::new(5, 8, 10, 4));
        assert_eq!(Rect::new(usize::MAX, 0, 2, 2).right(), usize::MAX);
    }

    #[test]
    fn rectangles_that_touch_do_not_overlap() {
        let rect = Rect::new(10, 10, 20, 20);
        for (other, contained, overlapping) in [
            (rect, true, true),
            (Rect::new(15, 15, 15, 15), true, true),
            (Rect::new(15, 15, 16, 15), false, true),
            (Rect::new(9, 12, 5, 5), false, true),
            (Rect::new(30, 10, 20, 20), false, false),
            (Rect::new(10, 0, 20, 10), false, false),
            (Rect::new(12, 12, 0, 5), true, false),
        ] {
            assert_eq!((rect.contains(other), rect.overlaps(other)), (contained, overlapping), "{other:?}");
        }
    }
}
