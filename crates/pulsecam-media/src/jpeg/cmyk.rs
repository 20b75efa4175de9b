//! Converting pictures in printer inks (CMYK, and YCCK, which libjpeg-turbo converts to CMYK) to RGB.
//!
//! Adobe's programs, which write nearly all of them, invert inks: 255 is no ink. libjpeg-turbo's own tools,
//! browsers, Qt, Pillow and ImageMagick assume that of every four-component JPEG, with or without Adobe's
//! marker, and so does this. Colours are approximate, since colour profiles are not applied.

/// Converts one pixel of inverted inks to RGB.
pub(super) fn rgb([cyan, magenta, yellow, black]: [u8; 4]) -> [u8; 3] {
    [cyan, magenta, yellow].map(|ink| ((u16::from(ink) * u16::from(black) + 127) / 255) as u8)
}

/// Converts pixels of four inks to `0x00RRGGBB`, in place.
pub(super) fn to_canvas(pixels: &mut [u32]) {
    for pixel in pixels {
        let [red, green, blue] = rgb(pixel.to_ne_bytes());
        *pixel = u32::from_be_bytes([0, red, green, blue]);
    }
}

/// Converts pixels of four inks to packed RGB.
pub(super) fn to_rgb(inks: &[u8]) -> Vec<u8> {
    let inks = inks.as_chunks::<4>().0;
    let mut pixels = vec![0; 3 * inks.len()];
    for (pixel, &inks) in pixels.as_chunks_mut::<3>().0.iter_mut().zip(inks) {
        *pixel = rgb(inks);
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_ink_is_white_and_black_ink_is_black() {
        assert_eq!(rgb([255, 255, 255, 255]), [255, 255, 255]);
        assert_eq!(rgb([255, 255, 255, 0]), [0, 0, 0]);
        assert_eq!(rgb([0, 255, 255, 255]), [0, 255, 255], "cyan");
        assert_eq!(rgb([200, 100, 50, 128]), [100, 50, 25]);
        let mut canvas = [u32::from_ne_bytes([255, 0, 0, 255])];
        to_canvas(&mut canvas);
        assert_eq!(canvas, [0x00ff_0000]);
        assert_eq!(to_rgb(&[255, 0, 0, 255, 0, 0, 255, 255]), [255, 0, 0, 0, 0, 255]);
    }
}
