//! Orientation of pictures, as cameras note it in Exif data.

use super::{Canvas, Picture, Pixels, planes};

/// The tag of the orientation in Exif data.
const TAG: u16 = 0x112;

/// The type of a number of 16 bits.
const SHORT: u16 = 3;

/// The transformation that turns a picture upright, in the order of Exif's numbers 1 to 8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Orientation {
    /// Nothing to do.
    #[default]
    Upright,
    /// Exchanges left and right.
    FlipHorizontal,
    /// Turns by 180 degrees.
    Rotate180,
    /// Exchanges top and bottom.
    FlipVertical,
    /// Exchanges rows and columns.
    Transpose,
    /// Turns clockwise by 90 degrees.
    Rotate90,
    /// Exchanges rows and columns at the other diagonal.
    Transverse,
    /// Turns clockwise by 270 degrees.
    Rotate270,
}

impl Orientation {
    /// The orientation with this number in Exif data.
    #[must_use]
    pub const fn from_exif(number: u16) -> Option<Self> {
        Some(match number {
            1 => Self::Upright,
            2 => Self::FlipHorizontal,
            3 => Self::Rotate180,
            4 => Self::FlipVertical,
            5 => Self::Transpose,
            6 => Self::Rotate90,
            7 => Self::Transverse,
            8 => Self::Rotate270,
            _ => return None,
        })
    }

    /// The transformation that turns a picture clockwise by this number of quarters, then exchanges left and right
    /// if it is to be mirrored, and top and bottom if it is to be flipped.
    #[must_use]
    pub const fn turned(quarters: u8, mirror: bool, flip: bool) -> Self {
        let turned = Self::of_parts(quarters, false);
        let mirrored = if mirror { turned.then(Self::FlipHorizontal) } else { turned };
        if flip { mirrored.then(Self::FlipVertical) } else { mirrored }
    }

    /// Reads the orientation in Exif data (a TIFF structure); `None` if there is none.
    #[must_use]
    pub fn of_exif(tiff: &[u8]) -> Option<Self> {
        Entry::find(tiff).map(|entry| entry.orientation)
    }

    /// Notes in Exif data that the picture is upright. Without an orientation it is upright anyway.
    pub(crate) fn clear_exif(tiff: &mut [u8]) {
        if let Some(Entry { at, is_big_endian, .. }) = Entry::find(tiff)
            && let Some(value) = tiff.get_mut(at..at + 2)
        {
            value.copy_from_slice(if is_big_endian { &[0, 1] } else { &[1, 0] });
        }
    }

    /// Whether turning swaps width and height.
    #[must_use]
    pub const fn swaps_sides(self) -> bool {
        matches!(self, Self::Transpose | Self::Rotate90 | Self::Transverse | Self::Rotate270)
    }

    /// The size of a picture of this size after turning it upright.
    #[must_use]
    pub const fn upright_size(self, (width, height): (usize, usize)) -> (usize, usize) {
        if self.swaps_sides() { (height, width) } else { (width, height) }
    }

    /// This transformation and then another.
    #[must_use]
    pub const fn then(self, next: Self) -> Self {
        let ((quarters, is_mirrored), (more, mirrors)) = (self.parts(), next.parts());
        // A mirror turns the direction of what was turned before it.
        if mirrors {
            Self::of_parts(4 - quarters + more, !is_mirrored)
        } else {
            Self::of_parts(quarters + more, is_mirrored)
        }
    }

    /// The same as a mirror image (left and right exchanged) or not, and then quarters of a turn clockwise.
    const fn parts(self) -> (u8, bool) {
        match self {
            Self::Upright => (0, false),
            Self::Rotate90 => (1, false),
            Self::Rotate180 => (2, false),
            Self::Rotate270 => (3, false),
            Self::FlipHorizontal => (0, true),
            Self::Transverse => (1, true),
            Self::FlipVertical => (2, true),
            Self::Transpose => (3, true),
        }
    }

    const fn of_parts(quarters: u8, is_mirrored: bool) -> Self {
        match (quarters % 4, is_mirrored) {
            (0, false) => Self::Upright,
            (1, false) => Self::Rotate90,
            (2, false) => Self::Rotate180,
            (_, false) => Self::Rotate270,
            (0, true) => Self::FlipHorizontal,
            (1, true) => Self::Transverse,
            (2, true) => Self::FlipVertical,
            (_, true) => Self::Transpose,
        }
    }

    /// Where a pixel of the upright picture was in one of this width and height before.
    #[must_use]
    pub const fn before(self, (x, y): (usize, usize), (width, height): (usize, usize)) -> (usize, usize) {
        match self {
            Self::Upright => (x, y),
            Self::FlipHorizontal => (width - 1 - x, y),
            Self::Rotate180 => (width - 1 - x, height - 1 - y),
            Self::FlipVertical => (x, height - 1 - y),
            Self::Transpose => (y, x),
            Self::Rotate90 => (y, height - 1 - x),
            Self::Transverse => (width - 1 - y, height - 1 - x),
            Self::Rotate270 => (width - 1 - y, x),
        }
    }

    /// Turns a canvas upright.
    pub(crate) fn turn_canvas(self, canvas: Canvas) -> Canvas {
        if self == Self::Upright {
            return canvas;
        }
        let size = (canvas.width, canvas.height);
        let (width, height) = self.upright_size(size);
        Canvas { width, height, pixels: self.turn(&canvas.pixels, size).into() }
    }

    /// Turns a picture upright.
    pub(crate) fn turn_picture(self, picture: Picture) -> Picture {
        if self == Self::Upright {
            return picture;
        }
        let size = (picture.width, picture.height);
        let (width, height) = self.upright_size(size);
        let turn = |bytes: Vec<u8>| self.turn(bytes.as_chunks::<3>().0, size).into_flattened();
        match picture.pixels {
            Pixels::Rgb(bytes) => Picture { width, height, pixels: Pixels::Rgb(turn(bytes)) },
            Pixels::Bgr(bytes) => Picture { width, height, pixels: Pixels::Bgr(turn(bytes)) },
            Pixels::Planar(subsampling, bytes) => planes::turned(self, size, subsampling, &bytes),
        }
    }

    pub(super) fn turn<P: Copy + Default>(self, pixels: &[P], (width, height): (usize, usize)) -> Vec<P> {
        let (across, down) = self.upright_size((width, height));
        let mut turned = Vec::with_capacity(across * down);
        for y in 0..down {
            turned.extend((0..across).map(|x| {
                let (x, y) = self.before((x, y), (width, height));
                pixels.get(y * width + x).copied().unwrap_or_default()
            }));
        }
        turned
    }
}

/// Where Exif data has its orientation.
struct Entry {
    orientation: Orientation,
    at: usize,
    is_big_endian: bool,
}

impl Entry {
    /// Searches the first directory of a TIFF structure.
    fn find(tiff: &[u8]) -> Option<Self> {
        let is_big_endian = match tiff.first_chunk()? {
            b"II*\0" => false,
            b"MM\0*" => true,
            _ => return None,
        };
        let short = |at: usize| {
            let bytes = *tiff.get(at..)?.first_chunk()?;
            Some(if is_big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
        };
        let long = |at: usize| {
            let bytes = *tiff.get(at..)?.first_chunk()?;
            Some(if is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
        };
        let directory = usize::try_from(long(4)?).ok()?;
        let first = directory.checked_add(2)?;
        for number in 0..usize::from(short(directory)?) {
            let entry = first.checked_add(number * 12)?;
            if short(entry)? == TAG && short(entry + 2)? == SHORT && long(entry + 4)? == 1 {
                let (at, orientation) = (entry + 8, Orientation::from_exif(short(entry + 8)?)?);
                return Some(Self { orientation, at, is_big_endian });
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exif_data_is_read_in_both_byte_orders_and_changed_in_place() {
        let big = b"MM\0*\0\0\0\x08\0\x02\x01\0\0\x03\0\0\0\x01\0\x09\0\0\x01\x12\0\x03\0\0\0\x01\0\x06\0\0";
        let little = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0";
        for tiff in [&big[..], little] {
            let mut tiff = tiff.to_vec();
            assert_eq!(Orientation::of_exif(&tiff), Some(Orientation::Rotate90));
            Orientation::clear_exif(&mut tiff);
            assert_eq!(Orientation::of_exif(&tiff), Some(Orientation::Upright));
            for length in (0..tiff.len()).rev() {
                tiff.truncate(length);
                let _ = Orientation::of_exif(&tiff);
                Orientation::clear_exif(&mut tiff);
            }
        }
        let mut odd = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x09\0\0".to_vec();
        assert_eq!(Orientation::of_exif(&odd), None);
        odd[4..8].fill(0xff);
        assert_eq!(Orientation::of_exif(&odd), None, "a directory far behind the end");
    }

    #[test]
    fn turning_mirroring_and_flipping_are_one_transformation() {
        let canvas = Canvas { width: 3, height: 2, pixels: (0..6).collect() };
        for quarters in 0..4 {
            let turned =
                (0..quarters).fold(canvas.clone(), |canvas, _| Orientation::Rotate90.turn_canvas(canvas));
            for (mirror, flip) in [(false, false), (true, false), (false, true), (true, true)] {
                let mut wanted = turned.clone();
                if mirror {
                    wanted = Orientation::FlipHorizontal.turn_canvas(wanted);
                }
                if flip {
                    wanted = Orientation::FlipVertical.turn_canvas(wanted);
                }
                let found = Orientation::turned(quarters, mirror, flip).turn_canvas(canvas.clone());
                assert_eq!(found, wanted, "{quarters} {mirror} {flip}");
            }
        }
    }

    #[test]
    fn pixels_are_turned_as_exif_numbers_say() {
        let canvas = Canvas { width: 3, height: 2, pixels: (0..6).collect() };
        let turned = |exif| Orientation::from_exif(exif).unwrap().turn_canvas(canvas.clone());
        assert_eq!(turned(1), canvas);
        assert_eq!(*turned(2).pixels, [2, 1, 0, 5, 4, 3]);
        assert_eq!(*turned(3).pixels, [5, 4, 3, 2, 1, 0]);
        assert_eq!(*turned(4).pixels, [3, 4, 5, 0, 1, 2]);
        assert_eq!(*turned(5).pixels, [0, 3, 1, 4, 2, 5]);
        assert_eq!(*turned(6).pixels, [3, 0, 4, 1, 5, 2]);
        assert_eq!(*turned(7).pixels, [5, 2, 4, 1, 3, 0]);
        assert_eq!(*turned(8).pixels, [2, 5, 1, 4, 0, 3]);
        assert_eq!((turned(6).width, turned(6).height), (2, 3));
        let rgb = Picture { width: 2, height: 1, pixels: Pixels::Rgb(vec![1, 2, 3, 4, 5, 6]) };
        let turned = Orientation::Rotate90.turn_picture(rgb);
        assert_eq!((turned.width, turned.height, turned.bytes()), (1, 2, &[1, 2, 3, 4, 5, 6][..]));
        assert_eq!((0..=9).filter_map(Orientation::from_exif).count(), 8);
    }

    #[test]
    fn one_transformation_after_another_is_one() {
        let canvas = Canvas { width: 3, height: 2, pixels: (0..6).collect() };
        for first in (1..=8).filter_map(Orientation::from_exif) {
            for second in (1..=8).filter_map(Orientation::from_exif) {
                let both = second.turn_canvas(first.turn_canvas(canvas.clone()));
                assert_eq!(first.then(second).turn_canvas(canvas.clone()), both, "{first:?}, {second:?}");
            }
        }
    }
}
