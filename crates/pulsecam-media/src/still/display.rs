//! Decoding images from peers for display.

use super::{Error, Format, decode, other_formats};
use crate::{
    jpeg::{self, DecodeLimits, Decoder, Scale, Strips},
    picture::{Canvas, Scaler},
};

/// A picture's format and size, from its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StillInfo {
    /// Its format.
    pub format: Format,
    /// Pixels across and down, after turning it upright.
    pub size: (usize, usize),
}

/// Reads a picture's header, without decoding it.
///
/// # Errors
/// The errors of [`Format::of`], and of reading the header.
pub fn inspect(file: &[u8]) -> Result<StillInfo, Error> {
    let format = Format::of(file)?;
    let (own, upright) = match format {
        Format::Jpeg => {
            let header = jpeg::header(file)?;
            ((header.width, header.height), jpeg::orientation(file))
        }
        other => other_formats::header(file, other)?,
    };
    Ok(StillInfo { format, size: upright.upright_size(own) })
}

/// Decodes a picture at the size at which it is shown, within the viewer's limits.
///
/// # Errors
/// As [`inspect`]; [`Error::TooManyPixels`] and [`jpeg::Error`] for a picture that exceeds `limits`; errors of
/// the decoder.
pub fn display(
    file: &[u8],
    size: (usize, usize),
    limits: DecodeLimits,
    strips: Strips,
) -> Result<Canvas, Error> {
    let canvas = match Format::of(file)? {
        Format::Jpeg => {
            let upright = jpeg::orientation(file);
            // A new decoder for each picture: the next may come from another peer.
            let mut decoder = Decoder::new()?.with_limits(limits).with_strips(strips);
            let header = jpeg::header(file)?;
            let lying = if upright.swaps_sides() { (size.1, size.0) } else { size };
            let scale = Scale::at_least((header.width, header.height), lying);
            let canvas = decoder.decode(file, scale, Canvas::default())?.canvas;
            upright.turn_canvas(canvas)
        }
        other => {
            let ((width, height), _) = other_formats::header(file, other)?;
            if width as u64 * height as u64 > limits.pixels as u64 {
                let (width, height) = (width as u32, height as u32);
                return Err(Error::TooManyPixels { width, height, allowed: limits.pixels });
            }
            let picture = decode(file)?.picture;
            let pixel = |&[red, green, blue]: &[u8; 3]| u32::from_be_bytes([0, red, green, blue]);
            let pixels = picture.bytes().as_chunks::<3>().0.iter().map(pixel).collect();
            Canvas { width: picture.width, height: picture.height, pixels }
        }
    };
    if (canvas.width, canvas.height) == size {
        return Ok(canvas);
    }
    Ok(Scaler::default().fit(&canvas, size, Canvas::default()).unwrap_or(canvas))
}
