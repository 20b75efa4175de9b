//! Where the pictures go: window size and proportions in, rectangles out.
//!
//! Pure arithmetic, so that every case is tested without a window. All tiles of a grid have one
//! size: pictures that jump about whenever one stream changes its shape are tiring to watch.

use crate::lettering::Rect;

/// The largest rectangle with the proportions of `picture` within `room`, in its middle. Nothing for a
/// picture without pixels.
#[must_use]
pub(crate) fn contain(picture: (usize, usize), room: Rect) -> Rect {
    let (width, height) = picture;
    if width == 0 || height == 0 {
        return room.middle(0, 0);
    }
    // Products of two 16-bit-sized sides: u128 is beyond any overflow.
    let scaled = |side: usize, by: usize, of: usize| {
        let exact = (side as u128 * by as u128 + of as u128 / 2) / of as u128;
        usize::try_from(exact).unwrap_or(usize::MAX).max(1)
    };
    if width as u128 * room.height as u128 >= height as u128 * room.width as u128 {
        room.middle(room.width, scaled(height, room.width, width))
    } else {
        room.middle(scaled(width, room.height, height), room.height)
    }
}

/// One tile for each picture, in order: as many columns as fill the window best with these proportions.
/// The last row is centred. One picture has the whole window.
#[must_use]
pub(crate) fn layout(window: (usize, usize), pictures: &[(usize, usize)], gap: usize) -> Vec<Rect> {
    let count = pictures.len();
    let columns = (1..=count).map(|columns| (columns, filled(window, pictures, columns, gap)));
    // Strictly greater: among equals the fewest columns win, whatever the iterator's habits.
    let best = columns.fold((1, 0), |best, next| if next.1 > best.1 { next } else { best }).0;
    (0..count).map(|index| tile(window, count, best, gap, index)).collect()
}

/// Pixels that pictures cover with so many columns.
fn filled(window: (usize, usize), pictures: &[(usize, usize)], columns: usize, gap: usize) -> usize {
    let covered = |(index, &picture)| {
        let shown = contain(picture, tile(window, pictures.len(), columns, gap, index));
        shown.width.saturating_mul(shown.height)
    };
    pictures.iter().enumerate().map(covered).fold(0, usize::saturating_add)
}

fn tile(window: (usize, usize), count: usize, columns: usize, gap: usize, index: usize) -> Rect {
    let rows = count.div_ceil(columns);
    let width = window.0.saturating_sub(gap * (columns - 1)) / columns;
    let height = window.1.saturating_sub(gap * (rows - 1)) / rows;
    let (row, column) = (index / columns, index % columns);
    let in_row = columns.min(count - row * columns);
    let used = |tiles: usize, side: usize| tiles * side + gap * tiles.saturating_sub(1);
    let left = window.0.saturating_sub(used(in_row, width)) / 2;
    let top = window.1.saturating_sub(used(rows, height)) / 2;
    Rect::new(left + column * (width + gap), top + row * (height + gap), width, height)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: (usize, usize) = (1280, 720);
    const TALL: (usize, usize) = (720, 1280);

    #[test]
    fn one_stream_fills_the_window() {
        assert_eq!(layout((1280, 720), &[WIDE], 8), [Rect::new(0, 0, 1280, 720)]);
        assert_eq!(contain(WIDE, Rect::new(0, 0, 1280, 720)), Rect::new(0, 0, 1280, 720));
    }

    #[test]
    fn proportions_are_kept() {
        assert_eq!(contain((640, 480), Rect::new(0, 0, 1280, 720)), Rect::new(160, 0, 960, 720));
        assert_eq!(contain((1280, 720), Rect::new(10, 10, 400, 400)), Rect::new(10, 97, 400, 225));
        assert_eq!(contain((10_000, 1), Rect::new(0, 0, 100, 100)).height, 1);
    }

    #[test]
    fn columns_follow_what_fills_best() {
        let columns = |window, pictures: &[(usize, usize)]| {
            let tiles = layout(window, pictures, 0);
            tiles.iter().filter(|tile| tile.y == tiles[0].y).count()
        };
        assert_eq!(columns((1280, 720), &[WIDE; 4]), 2);
        assert_eq!(columns((1280, 720), &[TALL; 3]), 3);
        assert_eq!(columns((500, 1500), &[WIDE; 3]), 1);
        assert_eq!(columns((3000, 400), &[WIDE; 4]), 4);
    }

    #[test]
    fn tiles_do_not_overlap_and_stay_inside() {
        for count in 1..=17 {
            let tiles = layout((1013, 611), &vec![WIDE; count], 6);
            assert_eq!(tiles.len(), count);
            for (index, a) in tiles.iter().enumerate() {
                assert!(a.right() <= 1013 && a.bottom() <= 611, "{count}: {a:?}");
                for b in &tiles[..index] {
                    let apart =
                        a.x >= b.right() || b.x >= a.right() || a.y >= b.bottom() || b.y >= a.bottom();
                    assert!(apart, "{count}: {a:?} {b:?}");
                }
            }
        }
    }

    #[test]
    fn a_short_last_row_is_centred() {
        let tiles = layout((1200, 700), &[WIDE; 3], 0);
        assert_eq!(tiles[2].x, (1200 - tiles[2].width) / 2);
    }

    #[test]
    fn nothing_is_no_reason_to_panic() {
        assert!(layout((100, 100), &[], 4).is_empty());
        assert_eq!(layout((0, 0), &[WIDE, (0, 0)], 4).len(), 2);
        assert_eq!(contain((0, 5), Rect::new(0, 0, 10, 10)), Rect::new(5, 5, 0, 0));
    }
}
