//! A picture's file as the JPEG that each viewer can show.

use bytes::Bytes;
use image::metadata::Orientation;

use super::{
    Changes, Error, Format, Still, decode,
    decode::fitted,
    orientation::{note_upright, of_jpeg, upright_size},
};
use crate::{
    jpeg::{
        self, Coding, Decoder, Encoder, Length, MAX_DIMENSION, MAX_PIXELS, Repaired, Repairer, Scale, header,
    },
    picture::{Canvas, contained},
};

/// A picture that can be sent.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// A JPEG that viewers can show.
    pub jpeg: Bytes,
    /// What was done to make it one; nothing: it is the file as it was.
    pub changes: Changes,
}

/// Makes a JPEG of a picture's file, no larger than `room` if one is given. A JPEG that each viewer shows as it is stays byte for byte; one
/// that lies is turned without a loss if its size allows; all else is decoded and encoded, a JPEG at its own quality, the others at `quality`.
///
/// What viewers cannot show is refused by the rules by which they decode.
///
/// # Errors
/// As [`decode`], and what the encoder says.
pub fn outgoing(file: Bytes, quality: u8, room: Option<(usize, usize)>) -> Result<Outgoing, Error> {
    if Format::of(&file)? != Format::Jpeg {
        let still = decode(&file)?;
        return encoded(still, quality, room);
    }
    let (file, repaired) = repaired(file)?;
    let header = header(&file)?;
    let upright = of_jpeg(&file);
    let own = upright_size((header.width, header.height), upright);
    let fits = room.is_none_or(|room| own.0 <= room.0 && own.1 <= room.1);
    if is_common(&file, own)? && fits {
        // What a viewer does, at an eighth of the size: each byte is looked at all the same.
        let flaw = Decoder::new()?.decode(&file, Scale::Eighth, Canvas::default())?.warning;
        let changes = Changes { repaired: repaired.clone(), flaw, ..Changes::default() };
        if upright == Orientation::NoTransforms {
            return Ok(Outgoing { jpeg: file, changes });
        }
        if let Some(jpeg) = turned(&file, upright) {
            return Ok(Outgoing { jpeg, changes: Changes { turned: true, ..changes } });
        }
    }
    let own_quality = jpeg::quality(&file).unwrap_or(quality);
    let mut still = decode(&file)?;
    still.changes.repaired = repaired;
    encoded(still, own_quality, room)
}

/// Whether a JPEG can go as it is, by its header alone: each viewer shows it, and upright.
#[must_use]
pub fn is_plain(file: &[u8]) -> bool {
    let Ok(header) = header(file) else { return false };
    of_jpeg(file) == Orientation::NoTransforms
        && is_common(file, (header.width, header.height)).is_ok_and(|common| common)
}

/// Whether each viewer decodes it.
fn is_common(file: &[u8], size: (usize, usize)) -> Result<bool, Error> {
    let within = size.0 <= MAX_DIMENSION && size.1 <= MAX_DIMENSION && size.0 * size.1 <= MAX_PIXELS;
    Ok(Coding::of(file)? == Coding::default() && within)
}

/// A JPEG with faults that libjpeg-turbo overlooks is made whole (its end marker added, stray bytes taken out), so that other decoders
/// show it too. One that was cut off is a picture all the same, with a word.
fn repaired(file: Bytes) -> Result<(Bytes, Option<String>), Error> {
    Ok(match Repairer::default().with_cuts().repair(&file, Length::Unknown)? {
        Repaired::Whole(_) => (file, None),
        Repaired::Mended { jpeg, flaw } => (jpeg, flaw.map(|flaw| flaw.to_string())),
    })
}

fn turned(file: &[u8], upright: Orientation) -> Option<Bytes> {
    // Noted before it is turned: what the file says of itself is carried over.
    let mut noted = file.to_vec();
    note_upright(&mut noted);
    jpeg::turned(&noted, upright)
}

fn encoded(still: Still, quality: u8, room: Option<(usize, usize)>) -> Result<Outgoing, Error> {
    let Still { mut picture, mut changes } = still;
    let own = (picture.width, picture.height);
    if let Some(room) = room.filter(|room| own.0 > room.0 || own.1 > room.1) {
        picture = fitted(picture, contained(own, room));
        changes.reduced_from = changes.reduced_from.or(Some(own));
    }
    changes.recoded = true;
    let jpeg = Encoder::new(quality)?.encode(&picture)?;
    Ok(Outgoing { jpeg, changes })
}

#[cfg(test)]
#[path = "outgoing_tests.rs"]
mod tests;
