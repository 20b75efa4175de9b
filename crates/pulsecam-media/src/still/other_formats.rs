//! Decoding formats other than JPEG, with the `image` crate.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::{Changes, Error, Format, MAX_DECODED_BYTES, Still, decode::fitted};
use crate::{
    jpeg::{MAX_DIMENSION, MAX_PIXELS},
    picture::{Orientation, Picture, Pixels, contained},
};

/// The longest side that is decoded for scaling down: the maximum of JPEG.
const LONGEST_SIDE: u32 = 65_535;

/// Reads the size of a picture, before it is turned upright, and its orientation.
pub(super) fn header(file: &[u8], format: Format) -> Result<((usize, usize), Orientation), Error> {
    let mut decoder = decoder(file, format)?;
    let (width, height) = decoder.dimensions();
    Ok(((width as usize, height as usize), orientation(&mut decoder)))
}

/// Creates the decoder of a picture, before memory is allocated for its pixels.
fn decoder(file: &[u8], format: Format) -> Result<impl ImageDecoder + '_, Error> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(2 * MAX_DECODED_BYTES);
    let format = match format {
        // Not reached: JPEG has its own decoder.
        Format::Jpeg => return Err(Error::NotBuiltIn { format }),
        Format::Png => ImageFormat::Png,
        Format::Gif => ImageFormat::Gif,
        Format::WebP => ImageFormat::WebP,
        Format::Bmp => ImageFormat::Bmp,
    };
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(damaged)?;
    let ((width, height), bytes) = (decoder.dimensions(), decoder.total_bytes());
    if bytes > MAX_DECODED_BYTES {
        return Err(Error::TooLarge { width, height, bytes });
    }
    Ok(decoder)
}

/// Decodes a picture, turned upright, opaque, and within the size that viewers decode.
pub(super) fn decode(file: &[u8], format: Format) -> Result<Still, Error> {
    let mut decoder = decoder(file, format)?;
    let upright = orientation(&mut decoder);
    let image = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    let on_white = image.color().has_alpha();
    let picture = opaque(image);
    let own = (picture.width, picture.height);
    let picture = fitted(picture, allowed(own));
    let size = (picture.width, picture.height);
    let changes = Changes {
        turned: upright != Orientation::Upright,
        on_white,
        reduced_from: (own != size).then_some(own),
        ..Changes::default()
    };
    Ok(Still { picture: upright.turn_picture(picture), changes })
}

/// The orientation. Damaged Exif data is no reason to fail.
fn orientation(decoder: &mut impl ImageDecoder) -> Orientation {
    let known = decoder.orientation().ok();
    known.and_then(|known| Orientation::from_exif(known.to_exif().into())).unwrap_or_default()
}

/// The largest size with these proportions that viewers decode.
fn allowed(own: (usize, usize)) -> (usize, usize) {
    let (width, height) = if own.0 > MAX_DIMENSION || own.1 > MAX_DIMENSION {
        contained(own, (MAX_DIMENSION, MAX_DIMENSION))
    } else {
        own
    };
    if width * height <= MAX_PIXELS {
        return (width, height);
    }
    let factor = (MAX_PIXELS as f64 / (width * height) as f64).sqrt();
    // Rounded down, so that it never exceeds the limit.
    let side = |side: usize| ((side as f64 * factor) as usize).max(1);
    (side(width), side(height))
}

/// Converts to 8-bit RGB, with transparency on white.
fn opaque(image: DynamicImage) -> Picture {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let pixels = if image.color().has_alpha() {
        let over_white = |sample: u8, alpha: u8| {
            let (sample, alpha) = (u16::from(sample), u16::from(alpha));
            ((sample * alpha + 255 * (255 - alpha) + 127) / 255) as u8
        };
        let image = image.into_rgba8();
        let mut pixels = vec![0; 3 * width * height];
        for (pixel, transparent) in pixels.as_chunks_mut::<3>().0.iter_mut().zip(image.pixels()) {
            let [red, green, blue, alpha] = transparent.0;
            *pixel = [red, green, blue].map(|sample| over_white(sample, alpha));
        }
        pixels
    } else {
        image.into_rgb8().into_raw()
    };
    Picture { width, height, pixels: Pixels::Rgb(pixels) }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn damaged(error: ImageError) -> Error {
    Error::Damaged(error.to_string())
}

#[cfg(test)]
#[path = "other_formats_tests.rs"]
mod tests;
