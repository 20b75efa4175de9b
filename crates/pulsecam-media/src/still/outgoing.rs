//! Converting a picture's file to a JPEG that every viewer can show.

use bytes::Bytes;

use super::{Changes, Error, Format, Still, decode, decode::fitted};
use crate::{
    jpeg::{self, Coding, Decoder, Encoder, Length, Repaired, Repairer, Scale, header},
    picture::{Canvas, Orientation, contained},
};

/// A picture that can be sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OutgoingImage {
    /// A JPEG that viewers can show.
    pub jpeg: Bytes,
    /// How it was changed; unchanged if it is the file as it was.
    pub changes: Changes,
}

/// Makes a JPEG of a picture's file, no larger than `room` if given. A JPEG that every viewer shows is kept
/// byte for byte. One that is not upright is turned without loss if its size allows. Anything else is decoded
/// and encoded: a JPEG at its own quality, other formats at `quality`.
///
/// Pictures that viewers cannot show are refused, by the same rules by which viewers decode.
///
/// # Errors
/// As [`decode`], and the errors of the encoder.
pub fn outgoing(file: Bytes, quality: u8, room: Option<(usize, usize)>) -> Result<OutgoingImage, Error> {
    if Format::of(&file)? != Format::Jpeg {
        let still = decode(&file)?;
        return encoded(still, quality, room);
    }
    let (file, repaired) = repaired(file)?;
    let header = header(&file)?;
    let upright = jpeg::orientation(&file);
    let own = upright.upright_size((header.width, header.height));
    let fits = room.is_none_or(|room| own.0 <= room.0 && own.1 <= room.1);
    if is_common(&file, own)? && fits {
        // As in a viewer, but at an eighth of the size: every byte is still checked.
        let flaw = Decoder::new()?.decode(&file, Scale::Eighth, Canvas::default())?.warning;
        let changes = Changes { repaired: repaired.clone(), flaw, ..Changes::default() };
        if upright == Orientation::Upright {
            return Ok(OutgoingImage { jpeg: file, changes });
        }
        if let Some(jpeg) = turned(&file, upright) {
            return Ok(OutgoingImage { jpeg, changes: Changes { turned: true, ..changes } });
        }
    }
    let own_quality = jpeg::quality(&file).unwrap_or(quality);
    let mut still = decode(&file)?;
    still.changes.repaired = repaired;
    encoded(still, own_quality, room)
}

/// Whether a JPEG can be sent unchanged, by its header alone: every viewer shows it, and upright.
#[must_use]
pub fn is_plain(file: &[u8]) -> bool {
    let Ok(header) = header(file) else { return false };
    jpeg::orientation(file) == Orientation::Upright
        && is_common(file, (header.width, header.height)).is_ok_and(|common| common)
}

/// Whether every viewer decodes it.
fn is_common(file: &[u8], size: (usize, usize)) -> Result<bool, Error> {
    Ok(Coding::of(file)? == Coding::default() && jpeg::check_size(size.0, size.1).is_ok())
}

/// Repairs flaws that libjpeg-turbo ignores, so that other decoders show the JPEG too. It adds the end marker
/// and removes stray bytes. One that was cut off is still a picture, with a flaw reported.
fn repaired(file: Bytes) -> Result<(Bytes, Option<String>), Error> {
    Ok(match Repairer::default().with_cuts().repair(&file, Length::Unknown)? {
        Repaired::Whole(_) => (file, None),
        Repaired::Mended { jpeg, flaw } => (jpeg, flaw.map(|flaw| flaw.to_string())),
    })
}

fn turned(file: &[u8], upright: Orientation) -> Option<Bytes> {
    // Marked before it is turned: the metadata is copied.
    let mut noted = file.to_vec();
    jpeg::mark_upright(&mut noted);
    jpeg::rotated(&noted, upright)
}

fn encoded(still: Still, quality: u8, room: Option<(usize, usize)>) -> Result<OutgoingImage, Error> {
    let Still { mut picture, mut changes } = still;
    let own = (picture.width, picture.height);
    if let Some(room) = room.filter(|room| own.0 > room.0 || own.1 > room.1) {
        picture = fitted(picture, contained(own, room));
        changes.reduced_from = changes.reduced_from.or(Some(own));
    }
    changes.recoded = true;
    let jpeg = Encoder::new(quality)?.encode(&picture)?;
    Ok(OutgoingImage { jpeg, changes })
}

#[cfg(test)]
#[path = "outgoing_tests.rs"]
mod tests;
