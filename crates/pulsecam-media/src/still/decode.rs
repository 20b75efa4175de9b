//! Decoding a picture's bytes to pixels.

use std::fmt;

use super::{Error, Format, other_formats};
use crate::{
    jpeg::{self, Decoder},
    picture::{Orientation, Part, Picture, Scaler},
};

/// Memory for the pixels of a PNG, GIF, WebP or BMP before they are scaled down. Enough for 100 million
/// pixels with transparency. Decoding takes half as much again. (A JPEG is scaled down while it is decoded:
/// [`Decoder::decode_reduced`].)
pub const MAX_DECODED_BYTES: u64 = 400 << 20;

/// A picture as it is shown: upright, opaque, and within the size that viewers decode.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Still {
    /// Its pixels, as RGB.
    pub picture: Picture,
    /// How they were changed.
    pub changes: Changes,
}

/// How a picture was changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
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
/// [`Error::Jpeg`] from the decoder; [`Error::NotBuiltIn`] without the feature `photos`.
pub fn decode(file: &[u8]) -> Result<Still, Error> {
    match Format::of(file)? {
        Format::Jpeg => decode_jpeg(file),
        other => other_formats::decode(file, other),
    }
}

fn decode_jpeg(file: &[u8]) -> Result<Still, Error> {
    let reduced = Decoder::new()?.decode_reduced(file)?;
    let (header, size) = (reduced.header, (reduced.picture.width, reduced.picture.height));
    let own = (header.width, header.height);
    let upright = jpeg::orientation(file);
    let changes = Changes {
        turned: upright != Orientation::Upright,
        from_inks: header.components == 4,
        reduced_from: (own != size).then_some(own),
        flaw: reduced.warning,
        ..Changes::default()
    };
    Ok(Still { picture: upright.turn_picture(reduced.picture), changes })
}

/// Scales the picture to this size.
pub(super) fn fitted(picture: Picture, size: (usize, usize)) -> Picture {
    if (picture.width, picture.height) == size {
        return picture;
    }
    Scaler::default().scale(&picture, Part::WHOLE, size).unwrap_or(picture)
}

#[cfg(test)]
#[path = "decode_tests.rs"]
pub(super) mod tests;
