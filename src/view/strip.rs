//! Layout of one large picture with the others in a strip beside it.
//!
//! Pictures in the strip stay large enough to tell faces and read names. If not all of them fit, the strip scrolls.

use crate::drawing::Rect;

/// Divisor of the window's side for the widest strip: small faces can still be told apart, and the large picture
/// remains large.
const WIDEST: usize = 6;

/// A picture's usual proportions.
const USUAL: (usize, usize) = (16, 9);

/// Smallest measures of a strip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Least {
    /// Width of a picture in it; its height follows from the usual proportions.
    pub(crate) width: usize,
    /// Length of an end that shows how many more there are.
    pub(crate) end: usize,
}

/// Where a strip that scrolls begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Start {
    /// The first of the other pictures.
    pub(crate) first: usize,
    /// Whether the user has scrolled there. If not, the neighbours of the large picture are kept in sight.
    pub(crate) is_free: bool,
}

/// The strip of a window in which not all pictures have room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scrolled {
    /// The whole strip.
    pub(crate) area: Rect,
    /// Whether it is beside the large picture, and scrolls up and down.
    pub(crate) is_upright: bool,
    /// The first of the others that is shown.
    pub(crate) first: usize,
    /// How many of them are shown.
    pub(crate) shown: usize,
    /// How many there are.
    pub(crate) others: usize,
    /// Length of each end.
    pub(crate) end: usize,
}

impl Scrolled {
    /// The first one after scrolling by this many.
    pub(crate) fn moved(&self, by: isize) -> usize {
        self.first.saturating_add_signed(by).min(self.others - self.shown)
    }

    /// Pictures before and after those that are shown, with the areas that say so.
    pub(crate) fn ends(&self) -> [(usize, Rect); 2] {
        let Self { area, end, .. } = *self;
        let places = if self.is_upright {
            [Rect { height: end, ..area }, Rect { y: area.bottom().saturating_sub(end), height: end, ..area }]
        } else {
            [Rect { width: end, ..area }, Rect { x: area.right().saturating_sub(end), width: end, ..area }]
        };
        let after = self.others.saturating_sub(self.first + self.shown);
        [(self.first, places[0]), (after, places[1])]
    }
}

/// One tile for each picture, in order; empty for pictures that are scrolled out of the strip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spotlight {
    pub(crate) tiles: Vec<Rect>,
    /// The strip, if it scrolls.
    pub(crate) scrolled: Option<Scrolled>,
}

impl Spotlight {
    /// Lays out `count` pictures: that at `large` as large as possible, the others in a strip, on the right in a wide
    /// window, at the bottom in a tall one, from `start` on if there are more than fit.
    pub(crate) fn new(
        window: (usize, usize),
        count: usize,
        large: usize,
        start: Start,
        least: Least,
    ) -> Self {
        let (width, height) = window;
        if count < 2 {
            return Self { tiles: vec![Rect::new(0, 0, width, height); count], scrolled: None };
        }
        let (others, is_upright) = (count - 1, width >= height);
        // Across the strip and along it, for the window and for a picture.
        let (across, along) = if is_upright { (width, height) } else { (height, width) };
        let (ratio, least_across) = if is_upright {
            ((USUAL.1, USUAL.0), least.width)
        } else {
            (USUAL, least.width * USUAL.1 / USUAL.0)
        };
        let widest = across / WIDEST;
        let all_fit = along / others * ratio.1 / ratio.0;
        let thick = all_fit.clamp(least_across.min(widest), widest);
        let side = (thick * ratio.0 / ratio.1).min(along);
        let (shown, end) = if side * others <= along {
            (others, 0)
        } else {
            let end = least.end.min(along / 4);
            (((along - 2 * end) / side.max(1)).clamp(1, others), end)
        };
        let first = first(shown, others, large, start);
        let begin = (along.saturating_sub(side * shown)) / 2;
        let strip = across - thick;
        let place = |at: usize, length: usize| {
            if is_upright { Rect::new(strip, at, thick, length) } else { Rect::new(at, strip, length, thick) }
        };
        let small = |other: usize| match other.checked_sub(first) {
            Some(place_) if place_ < shown => place(begin + side * place_, side.min(along)),
            _ => Rect::default(),
        };
        let main = if is_upright { Rect::new(0, 0, strip, height) } else { Rect::new(0, 0, width, strip) };
        let tile = |index: usize| match index.cmp(&large) {
            std::cmp::Ordering::Less => small(index),
            std::cmp::Ordering::Equal => main,
            std::cmp::Ordering::Greater => small(index - 1),
        };
        let scrolled = (shown < others).then(|| Scrolled {
            area: place(0, along),
            is_upright,
            first,
            shown,
            others,
            end,
        });
        Self { tiles: (0..count).map(tile).collect(), scrolled }
    }
}

/// The first of the others that is shown.
fn first(shown: usize, others: usize, large: usize, start: Start) -> usize {
    let last = others - shown;
    if start.is_free {
        return start.first.min(last);
    }
    // Of the others, `large - 1` is the one before the large one, and `large` the one after it.
    let highest = large.saturating_sub(1);
    let lowest = (large + 1).min(others).saturating_sub(shown);
    let first = if shown < 2 { large } else { start.first.clamp(lowest.min(highest), highest) };
    first.min(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: Least = Least { width: 128, end: 28 };

    fn strip(window: (usize, usize), count: usize, large: usize, from: usize) -> Spotlight {
        Spotlight::new(window, count, large, Start { first: from, is_free: false }, LEAST)
    }

    #[test]
    fn thumbs_shrink_to_their_least_size_and_then_the_strip_scrolls() {
        for (count, width, shown) in [(2, 213, 1), (6, 213, 5), (9, 160, 8), (11, 128, 10), (25, 128, 9)] {
            let Spotlight { tiles, scrolled } = strip((1280, 720), count, 0, 0);
            assert_eq!(tiles[0], Rect::new(0, 0, 1280 - width, 720), "{count}");
            let seen: Vec<_> = tiles[1..].iter().filter(|tile| tile.width > 0).collect();
            assert_eq!((seen[0].width, seen.len()), (width, shown), "{count}");
            assert_eq!(scrolled.map(|scrolled| scrolled.shown), (shown < count - 1).then_some(shown));
        }
        let tall = strip((720, 1280), 12, 0, 0);
        assert_eq!((tall.tiles[1].width, tall.tiles[1].height), (128, 72));
        let Some(scrolled) = tall.scrolled else { panic!("it does not scroll") };
        assert_eq!(scrolled.area, Rect::new(0, 1208, 720, 72));
        assert_eq!(scrolled.ends(), [(0, Rect::new(0, 1208, 28, 72)), (6, Rect::new(692, 1208, 28, 72))]);
    }

    #[test]
    fn the_strip_scrolls_to_its_ends_and_keeps_the_neighbours_in_sight() {
        let scrolled =
            |large, from| strip((1280, 720), 25, large, from).scrolled.expect("a strip that scrolls");
        let start = scrolled(0, 0);
        assert_eq!((start.first, start.shown, start.others), (0, 9, 24));
        assert_eq!((start.moved(3), start.moved(-3), start.moved(99)), (3, 0, 15));
        for from in [0, 5, 12, 99] {
            for large in 0..25 {
                let Scrolled { first, shown, others, .. } = scrolled(large, from);
                let (before, after) = (large.saturating_sub(1), large.min(others - 1));
                assert!(first <= before && after < first + shown, "{large} from {from}: {first}");
                assert!(first + shown <= others);
            }
        }
        assert_eq!((scrolled(7, 5).first, scrolled(24, 5).first), (5, 15), "it moves no further than needed");
        let free = |first| {
            let start = Start { first, is_free: true };
            Spotlight::new((1280, 720), 25, 12, start, LEAST).scrolled.map(|scrolled| scrolled.first)
        };
        assert_eq!((free(0), free(99)), (Some(0), Some(15)), "scrolled away from the large one");
        let ends = scrolled(10, 8).ends();
        assert_eq!((ends[0].0, ends[1].0), (8, 24 - 8 - 9));
    }

    #[test]
    fn no_window_is_too_small() {
        for window in [(0, 0), (1, 1), (30, 500), (300, 20), (120, 120)] {
            for count in 0..30 {
                let Spotlight { tiles, .. } = strip(window, count, count / 2, 3);
                assert_eq!(tiles.len(), count);
                assert!(
                    tiles.iter().all(|tile| tile.right() <= window.0 && tile.bottom() <= window.1),
                    "{tiles:?}"
                );
            }
        }
    }
}
