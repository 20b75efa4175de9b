//! Compares two windows in a film of both: ours, and another program's with a picture of it.

use serde::Serialize;

use super::{Error, Open, samples::percentiles};
use crate::{
    bench::{
        Percentiles,
        fiducial::{Luma, Sheet, read},
    },
    capture::FrameData,
    jpeg::{Decoder, Scale},
    picture::Canvas,
};

/// Pictures that are read at most: an hour of a film.
const MAX_PICTURES: u64 = 1 << 18;

/// The result.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Compared {
    /// Pictures in the film.
    pub pictures: u64,
    /// Of those, the pictures in which both sheets were read.
    pub frames: u64,
    /// How much later the other window shows what ours shows.
    pub other_ms: Percentiles,
}

/// Reads a film to its end.
///
/// # Errors
/// If it cannot be read, or no picture shows both windows.
pub fn compare(mut open: Open) -> Result<Compared, Error> {
    let (mut source, mut decoder) = (open()?, Decoder::new()?);
    let (mut pictures, mut found) = (0, Vec::new());
    let mut spare = Canvas::default();
    while pictures < MAX_PICTURES {
        let Some(frame) = source.next_frame()? else { break };
        pictures += 1;
        let luma = match frame.data {
            FrameData::Picture(picture) => Luma::of_picture(&picture),
            FrameData::Jpeg(jpeg) => {
                spare = decoder.decode(&jpeg, Scale::Full, spare)?.canvas;
                Luma::of_canvas(&spare)
            }
        };
        found.extend(difference(&read(&luma).sheets));
    }
    if found.is_empty() {
        return Err(Error::NoPair(pictures));
    }
    let frames = found.len() as u64;
    Ok(Compared { pictures, frames, other_ms: percentiles(&mut found) })
}

/// Milliseconds between the two sheets of a picture.
fn difference(sheets: &[Sheet]) -> Option<f64> {
    let session = sheets.iter().find_map(Sheet::newest)?.session();
    super::samples::between(sheets, session)
}
