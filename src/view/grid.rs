//! Layout of the pictures: rectangles from window size and proportions.
//!
//! Pure arithmetic, so that every case is tested without a window. All tiles of a grid have one size:
//! pictures that move whenever one stream changes its shape are tiring to watch. There are no gaps: four
//! pictures of a window's size are then exactly half of it, which a JPEG decoder produces without scaling.

use crate::{drawing::Rect, picture::contained};

/// Divisor of the window's side for the strip beside a large picture: small faces can still be told apart.
const STRIP: usize = 6;

/// The largest rectangle with the proportions of `picture`, centred in an area. Empty for a picture without
/// pixels.
#[must_use]
pub(crate) fn contain(picture: (usize, usize), room: Rect) -> Rect {
    let (width, height) = contained(picture, (room.width, room.height));
    room.middle(width, height)
}

/// One tile for each picture, in order, with the number of columns that covers most of the window. The last
/// row is centred. A single picture has the whole window.
#[must_use]
pub(crate) fn layout(window: (usize, usize), pictures: &[(usize, usize)]) -> Vec<Rect> {
    let count = pictures.len();
    let columns = (1..=count).map(|columns| (columns, filled(window, pictures, columns)));
    // Among equals, more columns win: faces beside each other.
    let best = columns.fold((1, 0), |best, next| if next.1 >= best.1 { next } else { best }).0;
    (0..count).map(|index| tile(window, count, best, index)).collect()
}

/// Pixels that pictures cover with this number of columns.
fn filled(window: (usize, usize), pictures: &[(usize, usize)], columns: usize) -> usize {
    let covered = |(index, &picture)| {
        let shown = contain(picture, tile(window, pictures.len(), columns, index));
        shown.width.saturating_mul(shown.height)
    };
    pictures.iter().enumerate().map(covered).fold(0, usize::saturating_add)
}

fn tile(window: (usize, usize), count: usize, columns: usize, index: usize) -> Rect {
    let rows = count.div_ceil(columns);
    let (width, height) = (window.0 / columns, window.1 / rows);
    let (row, column) = (index / columns, index % columns);
    let in_row = columns.min(count - row * columns);
    let left = window.0.saturating_sub(in_row * width) / 2;
    let top = window.1.saturating_sub(rows * height) / 2;
    Rect::new(left + column * width, top + row * height, width, height)
}

/// One tile for each picture, in order: that at `large` as large as possible, the others in a strip beside
/// it, on the right in a wide window, at the bottom in a tall one.
#[must_use]
pub(crate) fn spotlight(window: (usize, usize), count: usize, large: usize) -> Vec<Rect> {
    let (width, height) = window;
    if count < 2 {
        return vec![Rect::new(0, 0, width, height); count];
    }
    let others = count - 1;
    let wide = width >= height;
    let (long, across) = if wide { (height, width) } else { (width, height) };
    let strip = across / STRIP;
    // As wide as the strip in a picture's usual proportions, or less if many share it.
    let side = (if wide { strip * 9 / 16 } else { strip * 16 / 9 }).min(long / others);
    let first = (long - side * others) / 2;
    let small = |place: usize| {
        let at = first + side * place;
        if wide {
            Rect::new(width - strip, at, strip, side)
        } else {
            Rect::new(at, height - strip, side, strip)
        }
    };
    let main =
        if wide { Rect::new(0, 0, width - strip, height) } else { Rect::new(0, 0, width, height - strip) };
    let tile = |index: usize| match index.cmp(&large) {
        std::cmp::Ordering::Less => small(index),
        std::cmp::Ordering::Equal => main,
        std::cmp::Ordering::Greater => small(index - 1),
    };
    (0..count).map(tile).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: (usize, usize) = (1280, 720);
    const TALL: (usize, usize) = (720, 1280);

    #[test]
    fn one_stream_fills_the_window() {
        assert_eq!(layout((1280, 720), &[WIDE]), [Rect::new(0, 0, 1280, 720)]);
        assert_eq!(contain(WIDE, Rect::new(0, 0, 1280, 720)), Rect::new(0, 0, 1280, 720));
    }

    #[test]
    fn proportions_are_kept() {
        assert_eq!(contain((640, 480), Rect::new(0, 0, 1280, 720)), Rect::new(160, 0, 960, 720));
        assert_eq!(contain((1280, 720), Rect::new(10, 10, 400, 400)), Rect::new(10, 97, 400, 225));
        assert_eq!(contain((10_000, 1), Rect::new(0, 0, 100, 100)).height, 1);
    }

    #[test]
    fn the_number_of_columns_fills_the_window_best() {
        let columns = |window, pictures: &[(usize, usize)]| {
            let tiles = layout(window, pictures);
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
            let tiles = layout((1013, 611), &vec![WIDE; count]);
            assert_eq!(tiles.len(), count);
            apart(&tiles, (1013, 611));
        }
    }

    fn apart(tiles: &[Rect], window: (usize, usize)) {
        for (index, a) in tiles.iter().enumerate() {
            assert!(a.right() <= window.0 && a.bottom() <= window.1, "{tiles:?}");
            for b in &tiles[..index] {
                let apart = a.x >= b.right() || b.x >= a.right() || a.y >= b.bottom() || b.y >= a.bottom();
                assert!(apart, "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn four_pictures_of_the_windows_size_are_half_of_it() {
        for tile in layout((1280, 720), &[WIDE; 4]) {
            assert_eq!((tile.width, tile.height), (640, 360));
        }
    }

    #[test]
    fn one_is_large_and_the_others_beside_it() {
        for window in [(1280, 720), (600, 900), (1, 1), (0, 0)] {
            for count in 0..=12 {
                for large in 0..count {
                    let tiles = spotlight(window, count, large);
                    assert_eq!(tiles.len(), count);
                    apart(&tiles, window);
                    let area = |tile: &Rect| tile.width * tile.height;
                    assert_eq!(tiles.iter().map(area).max(), Some(area(&tiles[large])));
                }
            }
        }
        let tiles = spotlight((1280, 720), 3, 0);
        assert_eq!(tiles[0], Rect::new(0, 0, 1067, 720));
        assert!(tiles[1].y < tiles[2].y && tiles[1].x == 1067);
        assert_eq!(spotlight((1280, 720), 1, 0), [Rect::new(0, 0, 1280, 720)]);
    }

    #[test]
    fn a_short_last_row_is_centred() {
        let tiles = layout((1200, 700), &[WIDE; 3]);
        assert_eq!(tiles[2].x, (1200 - tiles[2].width) / 2);
    }

    #[test]
    fn nothing_is_no_reason_to_panic() {
        assert!(layout((100, 100), &[]).is_empty());
        assert_eq!(layout((0, 0), &[WIDE, (0, 0)]).len(), 2);
        assert_eq!(contain((0, 5), Rect::new(0, 0, 10, 10)), Rect::new(5, 5, 0, 0));
    }
}
