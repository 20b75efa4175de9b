//! Orientation of pictures, as noted by cameras in Exif data.

use image::{ImageBuffer, Luma, Pixel, imageops, metadata::Orientation};

use crate::{jpeg, picture::Canvas};

/// The transformation that turns a JPEG upright.
pub(super) fn of_jpeg(jpeg: &[u8]) -> Orientation {
    jpeg::exif(jpeg).and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms)
}

/// Marks a JPEG as upright in its Exif data.
pub(super) fn note_upright(jpeg: &mut [u8]) {
    if let Some(range) = jpeg::exif_range(jpeg)
        && let Some(exif) = jpeg.get_mut(range)
    {
        let _ = Orientation::remove_from_exif_chunk(exif); // no orientation: upright anyway
    }
}

/// Whether turning swaps width and height.
pub(super) const fn lies(upright: Orientation) -> bool {
    matches!(
        upright,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

/// The size of a picture after turning it upright.
pub(super) const fn upright_size((width, height): (usize, usize), upright: Orientation) -> (usize, usize) {
    if lies(upright) { (height, width) } else { (width, height) }
}

/// Turns pixels of any kind.
pub(super) fn turned<P: Pixel + 'static>(
    mut image: ImageBuffer<P, Vec<P::Subpixel>>,
    upright: Orientation,
) -> ImageBuffer<P, Vec<P::Subpixel>> {
    match upright {
        Orientation::NoTransforms => {}
        Orientation::Rotate90 => image = imageops::rotate90(&image),
        Orientation::Rotate180 => imageops::rotate180_in_place(&mut image),
        Orientation::Rotate270 => image = imageops::rotate270(&image),
        Orientation::FlipHorizontal => imageops::flip_horizontal_in_place(&mut image),
        Orientation::FlipVertical => imageops::flip_vertical_in_place(&mut image),
        Orientation::Rotate90FlipH => {
            image = imageops::rotate90(&image);
            imageops::flip_horizontal_in_place(&mut image);
        }
        Orientation::Rotate270FlipH => {
            image = imageops::rotate270(&image);
            imageops::flip_horizontal_in_place(&mut image);
        }
    }
    image
}

/// Turns a picture for display.
pub(super) fn turned_canvas(canvas: Canvas, upright: Orientation) -> Option<Canvas> {
    let (width, height) = (u32::try_from(canvas.width).ok()?, u32::try_from(canvas.height).ok()?);
    let image = ImageBuffer::<Luma<u32>, _>::from_raw(width, height, canvas.pixels)?;
    let image = turned(image, upright);
    let (width, height) = (image.width() as usize, image.height() as usize);
    Some(Canvas { width, height, pixels: image.into_raw() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Big-endian TIFF with one entry: orientation (0x0112), a short.
    fn tiff(orientation: u8) -> Vec<u8> {
        let mut tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        tiff.extend([orientation, 0, 0, 0, 0, 0, 0]);
        tiff
    }

    fn jpeg(orientation: u8, before: &[u8]) -> Vec<u8> {
        let tiff = tiff(orientation);
        let mut jpeg = vec![0xff, 0xd8];
        jpeg.extend(before);
        jpeg.extend([0xff, 0xe1, 0, (8 + tiff.len()) as u8]);
        jpeg.extend(b"Exif\0\0");
        jpeg.extend(tiff);
        jpeg.extend([0xff, 0xda]);
        jpeg
    }

    #[test]
    fn exif_data_is_found_behind_other_segments_and_changed_in_place() {
        for before in [&b""[..], b"\xff\xe0\0\x04ab", b"\xff\xfe\0\x03c\xff\xe1\0\x09http:/\0"] {
            let mut jpeg = jpeg(6, before);
            assert_eq!(of_jpeg(&jpeg), Orientation::Rotate90);
            note_upright(&mut jpeg);
            assert_eq!(of_jpeg(&jpeg), Orientation::NoTransforms);
        }
        assert_eq!(of_jpeg(b"\xff\xd8"), Orientation::NoTransforms);
        assert_eq!(of_jpeg(b"\xff\xd8\xff\xe1\xff\xff"), Orientation::NoTransforms);
        let mut cut = jpeg(6, b"");
        for length in (0..cut.len()).rev() {
            cut.truncate(length);
            let _ = of_jpeg(&cut);
            note_upright(&mut cut);
        }
    }

    #[test]
    fn turning_a_canvas_is_turning_an_image() {
        let canvas = Canvas { width: 3, height: 2, pixels: (0..6).collect() };
        let turned = |exif| turned_canvas(canvas.clone(), Orientation::from_exif(exif).unwrap()).unwrap();
        assert_eq!(turned(1), canvas);
        assert_eq!(turned(2).pixels, [2, 1, 0, 5, 4, 3]);
        assert_eq!(turned(3).pixels, [5, 4, 3, 2, 1, 0]);
        assert_eq!(turned(4).pixels, [3, 4, 5, 0, 1, 2]);
        assert_eq!(turned(5).pixels, [0, 3, 1, 4, 2, 5]);
        assert_eq!(turned(6).pixels, [3, 0, 4, 1, 5, 2]);
        assert_eq!(turned(7).pixels, [5, 2, 4, 1, 3, 0]);
        assert_eq!(turned(8).pixels, [2, 5, 1, 4, 0, 3]);
        assert_eq!((turned(6).width, turned(6).height), (2, 3));
    }
}
