//! Turning a JPEG without decoding it: its blocks are rearranged, no pixel changes.

use bytes::Bytes;
use image::metadata::Orientation;
use turbojpeg::{Transform, TransformOp};

/// Turns the JPEG as `upright` says. `None` if that is not possible without loss: a side that is not a
/// multiple of the block size, or a damaged picture. Metadata (Exif, a colour profile) is kept.
#[must_use]
pub fn turned(jpeg: &[u8], upright: Orientation) -> Option<Bytes> {
    let mut transform = Transform::op(match upright {
        Orientation::NoTransforms => TransformOp::None,
        Orientation::Rotate90 => TransformOp::Rot90,
        Orientation::Rotate180 => TransformOp::Rot180,
        Orientation::Rotate270 => TransformOp::Rot270,
        Orientation::FlipHorizontal => TransformOp::Hflip,
        Orientation::FlipVertical => TransformOp::Vflip,
        Orientation::Rotate90FlipH => TransformOp::Transpose,
        Orientation::Rotate270FlipH => TransformOp::Transverse,
    });
    transform.perfect = true;
    let made = turbojpeg::transform(&transform, jpeg).ok()?;
    Some(Bytes::copy_from_slice(&made))
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, RgbImage};

    use super::*;
    use crate::{
        jpeg::{Decoder, Encoder},
        picture::{Picture, Pixels},
    };

    fn decoded(jpeg: &[u8]) -> RgbImage {
        let picture = Decoder::new().unwrap().decode_rgb(jpeg).unwrap();
        RgbImage::from_raw(picture.width as u32, picture.height as u32, picture.into_bytes()).unwrap()
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
            let mut wanted = DynamicImage::from(decoded(&jpeg));
            wanted.apply_orientation(upright);
            let found = decoded(&turned(&jpeg, upright).unwrap());
            assert_eq!((found.width(), found.height()), (wanted.width(), wanted.height()), "{exif}");
            for (x, y, pixel) in wanted.into_rgb8().enumerate_pixels() {
                let same = found.get_pixel(x, y).0.iter().zip(pixel.0).all(|(a, b)| a.abs_diff(b) < 12);
                // Chroma has half the size, and the border between two colours may be a pixel off.
                let border = |at: u32, side: u32| at.abs_diff(side / 2) < 3;
                assert!(same || border(x, found.width()) || border(y, found.height()), "{exif}: {x},{y}");
            }
        }
    }

    #[test]
    fn a_side_that_is_no_multiple_of_the_blocks_is_not_turned_with_a_loss() {
        assert_eq!(turned(&corners(60, 30), Orientation::Rotate90), None);
        assert_eq!(turned(b"nonsense", Orientation::Rotate90), None);
    }
}
