//! Layout of the pictures: rectangles from window size and proportions.
//!
//! Pure arithmetic, so that every case is tested without a window. Pictures of one shape have tiles of one size.
//! There are no gaps: four pictures of a window's size are then exactly half of it, which a JPEG decoder produces
//! without scaling.

use super::strip::{Least, Spotlight, Start};
use crate::{drawing::Rect, picture::contained};

/// The part of the pixels that an arrangement may lose to a tidier one: less is not noticed.
const SAME: usize = 50;

/// The largest rectangle with the proportions of `picture`, centred in an area. Empty for a picture without
/// pixels.
#[must_use]
pub(crate) fn contain(picture: (usize, usize), room: Rect) -> Rect {
    let (width, height) = contained(picture, (room.width, room.height));
    room.middle(width, height)
}

/// One tile for each picture, in order, with the number of columns that shows them largest; among those that
/// nearly do, the one with the fewest empty places. The tiles cover the window, and the last row is centred. A
/// single picture has the whole window.
#[must_use]
pub(crate) fn layout(window: (usize, usize), pictures: &[(usize, usize)]) -> Vec<Rect> {
    let count = pictures.len();
    let columns = columns(window, pictures);
    (0..count).map(|index| tile(window, count, columns, index)).collect()
}

/// As [`layout`], but a tile is as wide as its picture, and as high as the highest one in its row, and the rows form
/// one block in the middle: what is left of the window is around the pictures, not between them.
#[must_use]
pub(crate) fn packed(window: (usize, usize), pictures: &[(usize, usize)]) -> Vec<Rect> {
    let count = pictures.len();
    if count < 2 {
        return layout(window, pictures);
    }
    let columns = columns(window, pictures);
    let room = whole(window, count, columns);
    // A picture never takes more than its part of the window, whatever its proportions.
    let sizes: Vec<_> = pictures.iter().map(|&picture| contained(picture, room)).collect();
    let height = |row: &[(usize, usize)]| row.iter().map(|size| size.1).max().unwrap_or_default();
    let all: usize = sizes.chunks(columns).map(height).sum();
    let mut top = window.1.saturating_sub(all) / 2;
    let mut tiles = Vec::with_capacity(count);
    for row in sizes.chunks(columns) {
        let (height, width) = (height(row), row.iter().map(|size| size.0).sum::<usize>());
        let mut left = window.0.saturating_sub(width) / 2;
        for size in row {
            tiles.push(Rect::new(left, top, size.0, height));
            left += size.0;
        }
        top += height;
    }
    tiles
}

/// The best number of columns.
fn columns(window: (usize, usize), pictures: &[(usize, usize)]) -> usize {
    let covered: Vec<_> = (1..=pictures.len()).map(|columns| filled(window, pictures, columns)).collect();
    let most = covered.iter().copied().max().unwrap_or_default();
    let is_good = |covered: usize| covered >= most.saturating_sub(most / SAME);
    let good = covered.iter().zip(1..).filter(|&(&covered, _)| is_good(covered)).map(|(_, columns)| columns);
    let holes = |columns: usize| pictures.len().next_multiple_of(columns) - pictures.len();
    // Among equals, more columns win: faces beside each other.
    good.min_by_key(|&columns| (holes(columns), std::cmp::Reverse(columns))).unwrap_or(1)
}

/// Pixels that pictures cover with this number of columns.
fn filled(window: (usize, usize), pictures: &[(usize, usize)], columns: usize) -> usize {
    let room = whole(window, pictures.len(), columns);
    let covered = |&picture: &(usize, usize)| {
        let (width, height) = contained(picture, room);
        width.saturating_mul(height)
    };
    pictures.iter().map(covered).fold(0, usize::saturating_add)
}

/// The size of tiles that cover the window.
fn whole(window: (usize, usize), count: usize, columns: usize) -> (usize, usize) {
    (window.0 / columns, window.1 / count.div_ceil(columns).max(1))
}

fn tile(window: (usize, usize), count: usize, columns: usize, index: usize) -> Rect {
    let (width, height) = whole(window, count, columns);
    let rows = count.div_ceil(columns);
    let (row, column) = (index / columns, index % columns);
    let in_row = columns.min(count - row * columns);
    let left = window.0.saturating_sub(in_row * width) / 2;
    let top = window.1.saturating_sub(rows * height) / 2;
    Rect::new(left + column * width, top + row * height, width, height)
}

/// One tile for each picture, in order: that at `large` as large as possible, all others in a strip beside it,
/// however small.
#[must_use]
pub(crate) fn spotlight(window: (usize, usize), count: usize, large: usize) -> Vec<Rect> {
    Spotlight::new(window, count, large, Start::default(), Least::default()).tiles
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
        for count in 1..=25 {
            for pictures in [vec![WIDE; count], [WIDE, TALL, (640, 480)].repeat(count)[..count].to_vec()] {
                for window in [(1013, 611), (640, 360), (1080, 1920)] {
                    for tiles in [layout(window, &pictures), packed(window, &pictures)] {
                        assert_eq!(tiles.len(), count);
                        apart(&tiles, window);
                    }
                }
            }
        }
    }

    #[test]
    fn pictures_hang_together() {
        for count in 2..=25 {
            let tiles = packed((1280, 720), &vec![WIDE; count]);
            for (before, after) in tiles.iter().zip(&tiles[1..]) {
                let beside = before.y == after.y && before.right() == after.x;
                let below = after.y == before.bottom();
                assert!(beside || below, "{count}: {tiles:?}");
                let shown = contain(WIDE, *after);
                let spare = (after.width - shown.width) + (after.height - shown.height);
                assert!(spare <= 1, "{count}: a tile is larger than its picture");
            }
        }
        // Three columns: two would leave an empty place beside each of three rows.
        let six = packed((1280, 720), &[WIDE; 6]);
        assert_eq!(six[0], Rect::new(1, 120, 426, 240));
        assert_eq!(six[5], Rect::new(853, 360, 426, 240));
        let mixed = packed((1280, 720), &[WIDE, (720, 720), TALL, WIDE]);
        assert_eq!(mixed[0], Rect::new(140, 0, 640, 360));
        assert_eq!((mixed[1].x, mixed[1].width), (780, 360), "each as wide as its picture");
        assert_eq!(mixed[3].x, mixed[2].right());
        let endless = packed((1280, 720), &[(60_000, 1), WIDE]);
        assert!(endless[1].height >= 350, "one picture cannot push the others out: {endless:?}");
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
