//! Decoding a picture's bytes to pixels.

use std::{fmt, io::Cursor};

use image::{DynamicImage, ImageDecoder, ImageReader, Limits, RgbImage, metadata::Orientation};

use super::{Error, Format, orientation};
use crate::{
    jpeg::{Decoder, MAX_DIMENSION, MAX_PIXELS},
    picture::{Part, Picture, Pixels, Scaler, contained},
};

/// Memory for the pixels of a PNG, GIF, WebP or BMP before they are scaled down. Enough for 100 million
/// pixels with transparency. Decoding takes half as much again. (A JPEG is scaled down while it is decoded:
/// [`Decoder::decode_reduced`].)
pub const MAX_DECODED_BYTES: u64 = 400 << 20;

/// The longest side that is decoded for scaling down: the maximum of JPEG.
const LONGEST_SIDE: u32 = 65_535;

/// A picture as it is shown: upright, opaque, and within the size that viewers decode.
#[derive(Clone, Debug)]
pub struct Still {
    /// Its pixels, as RGB.
    pub picture: Picture,
    /// How they were changed.
    pub changes: Changes,
}

/// How a picture was changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// It was turned upright.
    pub turned: bool,
    /// Transparent parts were made white.
    pub on_white: bool,
    /// Inks (CMYK or YCCK) were converted to RGB.
    pub from_inks: bool,
    /// It was encoded as a JPEG that every viewer supports.
    pub recoded: bool,
    /// It was scaled down from this size.
    pub reduced_from: Option<(usize, usize)>,
    /// It was repaired, because of this flaw.
    pub repaired: Option<String>,
    /// It was decoded with this warning: it may be incomplete.
    pub flaw: Option<String>,
}

impl fmt::Display for Changes {
    /// A list such as `turned upright, scaled down from 8000x6000`; `as it is` if nothing was done.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = |done: bool, what: &str| done.then(|| what.to_owned());
        let parts = [
            done(self.turned, "turned upright"),
            done(self.on_white, "transparent parts made white"),
            done(self.from_inks, "converted from CMYK"),
            self.reduced_from.map(|(width, height)| format!("scaled down from {width}x{height}")),
            done(self.recoded, "encoded as JPEG"),
            self.repaired.as_ref().map(|flaw| format!("repaired ({flaw})")),
            self.flaw.as_ref().map(|flaw| format!("with a flaw ({flaw})")),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        f.write_str(if parts.is_empty() { "as it is" } else { "" })?;
        f.write_str(&parts.join(", "))
    }
}

/// Decodes a picture of any [`Format`].
///
/// # Errors
/// The errors of [`Format::of`]; [`Error::TooLarge`] before memory is allocated; [`Error::Damaged`] and
/// [`Error::Jpeg`] from the decoder.
pub fn decode(file: &[u8]) -> Result<Still, Error> {
    match Format::of(file)?.decoder() {
        None => decode_jpeg(file),
        Some(format) => decode_other(file, format),
    }
}

fn decode_jpeg(file: &[u8]) -> Result<Still, Error> {
    let reduced = Decoder::new()?.decode_reduced(file)?;
    let (header, size) = (reduced.header, (reduced.picture.width, reduced.picture.height));
    let own = (header.width, header.height);
    let upright = orientation::of_jpeg(file);
    let changes = Changes {
        turned: upright != Orientation::NoTransforms,
        from_inks: header.components == 4,
        reduced_from: (own != size).then_some(own),
        flaw: reduced.warning,
        ..Changes::default()
    };
    Ok(Still { picture: turned(reduced.picture, upright), changes })
}

/// Creates the decoder of a picture, before memory is allocated for its pixels.
pub(super) fn decoder(file: &[u8], format: image::ImageFormat) -> Result<impl ImageDecoder, Error> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(2 * MAX_DECODED_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    reader.limits(limits);
    let decoder = reader.into_decoder()?;
    let ((width, height), bytes) = (decoder.dimensions(), decoder.total_bytes());
    if bytes > MAX_DECODED_BYTES {
        return Err(Error::TooLarge { width, height, bytes });
    }
    Ok(decoder)
}

fn decode_other(file: &[u8], format: image::ImageFormat) -> Result<Still, Error> {
    let mut decoder = decoder(file, format)?;
    // Damaged Exif data is no reason to fail.
    let upright = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder)?;
    let on_white = image.color().has_alpha();
    let picture = opaque(image);
    let own = (picture.width, picture.height);
    let picture = fitted(picture, allowed(own));
    let size = (picture.width, picture.height);
    let changes = Changes {
        turned: upright != Orientation::NoTransforms,
        on_white,
        reduced_from: (own != size).then_some(own),
        ..Changes::default()
    };
    Ok(Still { picture: turned(picture, upright), changes })
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

/// Scales the picture to this size.
pub(super) fn fitted(picture: Picture, size: (usize, usize)) -> Picture {
    if (picture.width, picture.height) == size {
        return picture;
    }
    Scaler::default().scale(&picture, Part::WHOLE, size).unwrap_or(picture)
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

fn turned(picture: Picture, upright: Orientation) -> Picture {
    if upright == Orientation::NoTransforms {
        return picture;
    }
    let (width, height) = (picture.width as u32, picture.height as u32);
    // Cannot fail: the size is that of the pixels.
    let image = RgbImage::from_raw(width, height, picture.into_bytes()).unwrap_or_default();
    let image = orientation::turned(image, upright);
    let (width, height) = (image.width() as usize, image.height() as usize);
    Picture { width, height, pixels: Pixels::Rgb(image.into_raw()) }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
