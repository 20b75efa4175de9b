//! How a stream's picture is put into its tile: turned, fitted, enlarged.

use super::grid::contain;
use crate::{
    drawing::Rect,
    picture::{Orientation, Part},
};

/// Largest enlargement: a pixel of the picture is then as large as a letter.
const MOST: f64 = 16.0;

/// Smallest one; below the size that fits, only a picture at its own size can be made smaller.
const LEAST: f64 = 0.25;

/// The size of a picture that is not enlarged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fit {
    /// All of it is shown, as large as possible.
    #[default]
    Whole,
    /// It fills the tile; what is beyond the edges is cut off.
    Fill,
    /// A pixel of the picture is one of the screen.
    Actual,
}

impl Fit {
    /// The one that follows when the user steps through them.
    pub(crate) const fn next(self) -> Self {
        match self {
            Self::Whole => Self::Fill,
            Self::Fill => Self::Actual,
            Self::Actual => Self::Whole,
        }
    }
}

/// A change of the orientation, as the user sees the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Exchanges left and right.
    Mirror,
    /// Exchanges top and bottom.
    Flip,
    /// Turns clockwise by 90 degrees.
    Quarter,
}

/// How the picture of a stream is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Framing {
    pub(crate) orientation: Orientation,
    pub(crate) fit: Fit,
    /// Factor to the size of `fit`.
    zoom: f64,
    /// The point of the turned picture that is in the middle, in parts of its sides.
    centre: (f64, f64),
}

impl Default for Framing {
    fn default() -> Self {
        Self { orientation: Orientation::default(), fit: Fit::default(), zoom: 1.0, centre: (0.5, 0.5) }
    }
}

/// A picture in its tile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Framed {
    /// Where it is painted.
    pub(crate) place: Rect,
    /// The part of the turned picture that is painted there.
    pub(crate) part: Part,
    /// The size that the whole picture needs for that, as it comes; never more than its own unless all of it is shown.
    pub(crate) needed: (usize, usize),
}

impl Framing {
    /// Puts a picture, which comes with this size, into an area.
    pub(crate) fn framed(&self, own: (usize, usize), area: Rect) -> Framed {
        let size = self.orientation.upright_size(own);
        let whole = contain(size, area);
        let all = Framed {
            place: whole,
            part: Part::WHOLE,
            needed: self.orientation.upright_size((whole.width, whole.height)),
        };
        let has_pixels = size.0 > 0 && size.1 > 0 && area.width > 0 && area.height > 0;
        if !has_pixels || (self.fit == Fit::Whole && self.zoom == 1.0) {
            return all;
        }
        let (width, height) = self.scaled(size, area);
        let (across, down) = (width.min(area.width as f64), height.min(area.height as f64));
        let part = (across / width, down / height);
        let from = |centre: f64, part: f64| (centre - part / 2.0).clamp(0.0, 1.0 - part);
        let needed = (width.round() as usize, height.round() as usize);
        let needed = if needed.0 > size.0 || needed.1 > size.1 { size } else { needed };
        Framed {
            place: area.middle((across.round() as usize).max(1), (down.round() as usize).max(1)),
            part: Part {
                left: from(self.centre.0, part.0),
                top: from(self.centre.1, part.1),
                width: part.0,
                height: part.1,
            },
            needed: self.orientation.upright_size((needed.0.max(1), needed.1.max(1))),
        }
    }

    /// The size of the whole turned picture in pixels of the screen.
    fn scaled(&self, size: (usize, usize), area: Rect) -> (f64, f64) {
        let (width, height) = (size.0 as f64, size.1 as f64);
        let (across, down) = (area.width as f64 / width, area.height as f64 / height);
        let scale = match self.fit {
            Fit::Whole => across.min(down),
            Fit::Fill => across.max(down),
            Fit::Actual => 1.0,
        };
        ((width * scale * self.zoom).max(1.0), (height * scale * self.zoom).max(1.0))
    }

    /// Enlarges by this factor; what is at this place of the screen stays there.
    pub(crate) fn zoom(&mut self, factor: f64, own: (usize, usize), area: Rect, at: (usize, usize)) {
        let before = self.framed(own, area);
        let share = |at: usize, from: usize, length: usize| {
            ((at as f64 - from as f64) / length.max(1) as f64).clamp(0.0, 1.0)
        };
        let shares = |place: Rect| (share(at.0, place.x, place.width), share(at.1, place.y, place.height));
        let (x, y) = shares(before.place);
        let point = (before.part.left + x * before.part.width, before.part.top + y * before.part.height);
        let least = if self.fit == Fit::Actual { LEAST } else { 1.0 };
        self.zoom = (self.zoom * factor).clamp(least, MOST);
        // So that it comes back to exactly its former size.
        if (self.zoom - 1.0).abs() < 0.01 {
            self.zoom = 1.0;
        }
        let after = self.framed(own, area);
        let (x, y) = shares(after.place);
        let part = (after.part.width, after.part.height);
        self.look_at((point.0 + (0.5 - x) * part.0, point.1 + (0.5 - y) * part.1), part);
    }

    /// Moves the picture by this many pixels of the screen.
    pub(crate) fn pan(&mut self, by: (isize, isize), own: (usize, usize), area: Rect) {
        let Framed { part, .. } = self.framed(own, area);
        let (width, height) = self.scaled(self.orientation.upright_size(own), area);
        let centre = (part.left + part.width / 2.0, part.top + part.height / 2.0);
        self.look_at(
            (centre.0 - by.0 as f64 / width, centre.1 - by.1 as f64 / height),
            (part.width, part.height),
        );
    }

    /// Puts this point in the middle, as far as the picture's edges allow.
    fn look_at(&mut self, (x, y): (f64, f64), part: (f64, f64)) {
        let within = |at: f64, part: f64| at.clamp((part / 2.0).min(0.5), (1.0 - part / 2.0).max(0.5));
        self.centre = (within(x, part.0), within(y, part.1));
    }

    /// Steps to the next way to fit it; nothing is enlarged then.
    pub(crate) fn step(&mut self) {
        *self = Self { orientation: self.orientation, fit: self.fit.next(), ..Self::default() };
    }

    /// Turns it.
    pub(crate) fn turn(&mut self, turn: Turn) {
        let (next, centre) = match turn {
            Turn::Mirror => (Orientation::FlipHorizontal, (1.0 - self.centre.0, self.centre.1)),
            Turn::Flip => (Orientation::FlipVertical, (self.centre.0, 1.0 - self.centre.1)),
            Turn::Quarter => (Orientation::Rotate90, (1.0 - self.centre.1, self.centre.0)),
        };
        (self.orientation, self.centre) = (self.orientation.then(next), centre);
    }

    /// Whether there is more of the picture than is shown.
    pub(crate) fn can_pan(&self, own: (usize, usize), area: Rect) -> bool {
        let Part { width, height, .. } = self.framed(own, area).part;
        // Less is rounding.
        width.min(height) < 0.999
    }
}

/// The part of a picture before it was turned.
pub(crate) fn unturned(part: Part, turned: Orientation) -> Part {
    let point = |(x, y): (f64, f64)| match turned {
        Orientation::Upright => (x, y),
        Orientation::FlipHorizontal => (1.0 - x, y),
        Orientation::Rotate180 => (1.0 - x, 1.0 - y),
        Orientation::FlipVertical => (x, 1.0 - y),
        Orientation::Transpose => (y, x),
        Orientation::Rotate90 => (y, 1.0 - x),
        Orientation::Transverse => (1.0 - y, 1.0 - x),
        Orientation::Rotate270 => (1.0 - y, x),
    };
    let Part { left, top, width, height } = part;
    let (from, to) = (point((left, top)), point((left + width, top + height)));
    Part {
        left: from.0.min(to.0),
        top: from.1.min(to.1),
        width: (from.0 - to.0).abs(),
        height: (from.1 - to.1).abs(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HD: (usize, usize) = (1280, 720);
    const AREA: Rect = Rect::new(10, 20, 640, 480);

    #[test]
    fn a_picture_is_whole_fills_its_tile_or_has_its_own_size() {
        let mut framing = Framing::default();
        let whole = framing.framed(HD, AREA);
        assert_eq!(whole, Framed { place: contain(HD, AREA), part: Part::WHOLE, needed: (640, 360) });
        framing.step();
        let fill = framing.framed(HD, AREA);
        assert_eq!((fill.place, fill.needed), (AREA, (853, 480)));
        let is = |value: f64, wanted: f64| (value - wanted).abs() < 1e-9;
        assert!(is(fill.part.width, 0.75) && is(fill.part.height, 1.0) && is(fill.part.left, 0.125));
        framing.step();
        let actual = framing.framed(HD, AREA);
        assert_eq!((actual.place, actual.needed), (AREA, HD));
        assert!(is(actual.part.width, 0.5) && is(actual.part.left, 0.25), "{actual:?}");
        assert_eq!(framing.framed((64, 36), AREA).place, AREA.middle(64, 36), "a small one is small");
        framing.step();
        assert_eq!(framing, Framing::default());
    }

    #[test]
    fn what_is_at_the_pointer_stays_there() {
        let mut framing = Framing::default();
        let wide = Rect::new(10, 20, 640, 360);
        let at = (10 + 160, 20 + 90); // a quarter of the picture from its left and upper edge
        for _ in 0..4 {
            framing.zoom(1.5, HD, wide, at);
            let Framed { place, part, .. } = framing.framed(HD, wide);
            let x = part.left + (at.0 - place.x) as f64 / place.width as f64 * part.width;
            let y = part.top + (at.1 - place.y) as f64 / place.height as f64 * part.height;
            assert!((x - 0.25).abs() < 0.01 && (y - 0.25).abs() < 0.01, "{x} {y}");
        }
        assert_eq!(framing.framed(HD, AREA).needed, HD, "decoded at its own size");
        framing.pan((-100_000, 100_000), HD, AREA);
        let Framed { part, .. } = framing.framed(HD, AREA);
        assert!((part.left + part.width - 1.0).abs() < 1e-4 && part.top < 1e-4, "no further than its edges");
        for _ in 0..4 {
            framing.zoom(1.0 / 1.5, HD, AREA, (0, 9_999));
        }
        assert_eq!(framing.framed(HD, AREA).part, Part::WHOLE);
        assert!(!framing.can_pan(HD, AREA));
    }

    #[test]
    fn turns_follow_each_other_as_seen() {
        let mut framing = Framing::default();
        framing.turn(Turn::Quarter);
        assert_eq!(framing.framed(HD, AREA).needed, (480, 270), "it comes lying");
        assert_eq!(framing.framed(HD, AREA).place, Rect::new(10 + 185, 20, 270, 480));
        framing.turn(Turn::Mirror);
        framing.turn(Turn::Mirror);
        assert_eq!(framing.orientation, Orientation::Rotate90);
        framing.turn(Turn::Flip);
        framing.turn(Turn::Mirror);
        assert_eq!(framing.orientation, Orientation::Rotate270);
        for turn in [Turn::Quarter, Turn::Mirror, Turn::Quarter, Turn::Mirror] {
            framing.turn(turn);
        }
        assert_eq!(framing.orientation, Orientation::Rotate270);
        framing.turn(Turn::Quarter);
        assert_eq!(framing, Framing::default());
    }

    #[test]
    fn a_part_of_a_turned_picture_is_a_part_of_it_as_it_comes() {
        let corner = Part { left: 0.0, top: 0.0, width: 0.5, height: 0.25 };
        let right = Part { left: 0.0, top: 0.5, width: 0.25, height: 0.5 };
        assert_eq!(unturned(corner, Orientation::Rotate90), right, "its lower left corner comes up");
        for number in 1..=8 {
            let orientation = Orientation::from_exif(number).unwrap();
            assert_eq!(unturned(Part::WHOLE, orientation), Part::WHOLE);
        }
    }

    #[test]
    fn nothing_is_no_reason_to_panic() {
        let mut framing = Framing::default();
        for (own, area) in [((0, 0), AREA), (HD, Rect::default()), ((1, 9_000), Rect::new(0, 0, 1, 1))] {
            framing.zoom(100.0, own, area, (3, 3));
            framing.pan((5, -5), own, area);
            framing.turn(Turn::Quarter);
            assert!(framing.framed(own, area).place.width <= area.width);
        }
    }
}
