//! Orientation of a JPEG, and turning it without decoding: its blocks are rearranged, no pixel changes.

use bytes::Bytes;
use turbojpeg::{Transform, TransformOp, Transformer};

use super::{
    Error,
    marker::{exif, exif_range},
};
use crate::picture::Orientation;

/// The transformation that turns a JPEG upright, from its Exif data.
#[must_use]
pub fn orientation(jpeg: &[u8]) -> Orientation {
    exif(jpeg).and_then(Orientation::of_exif).unwrap_or_default()
}

/// Notes in a JPEG's Exif data that it is upright.
pub fn mark_upright(jpeg: &mut [u8]) {
    if let Some(exif) = exif_range(jpeg).and_then(|range| jpeg.get_mut(range)) {
        Orientation::clear_exif(exif);
    }
}

/// Turns JPEGs without decoding them. Keep one per thread, as with a decoder.
#[derive(Debug)]
pub struct Turner(Transformer);

impl Turner {
    /// Creates one.
    ///
    /// # Errors
    /// libjpeg-turbo has no memory.
    pub fn new() -> Result<Self, Error> {
        Transformer::new().map(Self).map_err(|error| Error::Codec(error.to_string()))
    }

    /// Turns the JPEG as `upright` says. `None` if that is not possible without loss: a side that is not a
    /// multiple of the block size, or a damaged picture. Metadata (Exif, a colour profile) is kept.
    #[must_use]
    pub fn turned(&mut self, jpeg: &[u8], upright: Orientation) -> Option<Bytes> {
        let mut transform = Transform::op(match upright {
            Orientation::Upright => TransformOp::None,
            Orientation::Rotate90 => TransformOp::Rot90,
            Orientation::Rotate180 => TransformOp::Rot180,
            Orientation::Rotate270 => TransformOp::Rot270,
            Orientation::FlipHorizontal => TransformOp::Hflip,
            Orientation::FlipVertical => TransformOp::Vflip,
            Orientation::Transpose => TransformOp::Transpose,
            Orientation::Transverse => TransformOp::Transverse,
        });
        transform.perfect = true;
        let made = self.0.transform_to_owned(&transform, jpeg).ok()?;
        Some(Bytes::copy_from_slice(&made))
    }
}

/// As [`Turner::turned`], for a single JPEG.
#[must_use]
pub fn rotated(jpeg: &[u8], upright: Orientation) -> Option<Bytes> {
    Turner::new().ok()?.turned(jpeg, upright)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        jpeg::{Decoder, Encoder},
        picture::{Picture, Pixels},
    };

    fn decoded(jpeg: &[u8]) -> Picture {
        Decoder::new().unwrap().decode_rgb(jpeg).unwrap()
    }

    fn corners(width: usize, height: usize) -> Bytes {
        let colour = |i: usize| match (i % width < width / 2, i / width < height / 2) {
            (true, true) => [220, 20, 20],
            (false, true) => [20, 200, 40],
            (true, false) => [30, 40, 210],
            (false, false) => [230, 220, 30],
        };
        let pixels = (0..width * height).flat_map(colour).collect();
        Encoder::new(95).unwrap().encode(&Picture { width, height, pixels: Pixels::Rgb(pixels) }).unwrap()
    }

    #[test]
    fn each_way_of_turning_is_that_of_the_pixels() {
        let jpeg = corners(64, 32);
        for exif in 1..=8 {
            let upright = Orientation::from_exif(exif).unwrap();
            let wanted = upright.turn_picture(decoded(&jpeg));
            let found = decoded(&rotated(&jpeg, upright).unwrap());
            let (width, height) = (found.width, found.height);
            assert_eq!((width, height), (wanted.width, wanted.height), "{exif}");
            for (at, (found, wanted)) in found.bytes().iter().zip(wanted.bytes()).enumerate() {
                // Chroma has half the size, and the border between two colours may be a pixel off.
                let border = |at: usize, side: usize| at.abs_diff(side / 2) < 3;
                let (x, y) = (at / 3 % width, at / 3 / width);
                let same = found.abs_diff(*wanted) < 12;
                assert!(same || border(x, width) || border(y, height), "{exif}: {x},{y}");
            }
        }
    }

    #[test]
    fn a_side_that_is_no_multiple_of_the_blocks_is_not_turned_with_a_loss() {
        assert_eq!(rotated(&corners(60, 30), Orientation::Rotate90), None);
        assert_eq!(rotated(b"nonsense", Orientation::Rotate90), None);
    }

    #[test]
    fn exif_data_is_found_behind_other_segments_and_changed_in_place() {
        for before in [&b""[..], b"\xff\xe0\0\x04ab", b"\xff\xfe\0\x03c\xff\xe1\0\x09http:/\0"] {
            let mut jpeg = with_exif(6, before);
            assert_eq!(orientation(&jpeg), Orientation::Rotate90);
            mark_upright(&mut jpeg);
            assert_eq!(orientation(&jpeg), Orientation::Upright);
        }
        assert_eq!(orientation(b"\xff\xd8"), Orientation::Upright);
        assert_eq!(orientation(b"\xff\xd8\xff\xe1\xff\xff"), Orientation::Upright);
        let mut cut = with_exif(6, b"");
        for length in (0..cut.len()).rev() {
            cut.truncate(length);
            let _ = orientation(&cut);
            mark_upright(&mut cut);
        }
    }

    /// A header with Exif data (big-endian TIFF with one entry) behind the bytes `before`.
    fn with_exif(orientation: u8, before: &[u8]) -> Vec<u8> {
        let mut tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        tiff.extend([orientation, 0, 0, 0, 0, 0, 0]);
        let mut jpeg = [&[0xff, 0xd8], before, &[0xff, 0xe1, 0, (8 + tiff.len()) as u8]].concat();
        jpeg.extend(b"Exif\0\0");
        jpeg.extend(tiff);
        jpeg.extend([0xff, 0xda]);
        jpeg
    }
}
