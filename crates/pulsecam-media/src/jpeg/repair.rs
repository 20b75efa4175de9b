//! Repairing damaged JPEGs: those that libjpeg-turbo decodes with a warning then decode without one.
//!
//! Cameras, converters and cut-off transfers leave out the end marker or write zeros in its place, and
//! produce stray bytes between segments, two start markers, or no Huffman tables. A picture without any of
//! that is recognised from its markers alone and not copied. Any other is repaired, and decoded once at an
//! eighth of its size to find out whether its pixels are complete, which the markers do not show. A picture
//! cut in the middle is refused.

use bytes::Bytes;

use super::{
    Decoder, Error, Scale,
    end_scanner::{EndScanner, Scan},
    header,
    marker::{EOI, SOF2, SOS, is_frame_header, segments},
    tables,
    tail::{padding, text},
};
use crate::picture::Canvas;

/// How well the length of a picture's bytes is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// The container gives the length: the picture ends there, or a little earlier if padded.
    Told,
    /// Other data may follow the picture: the end has to be found by walking.
    Unknown,
}

/// A picture that can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repaired {
    /// The first N bytes are a complete picture as they are.
    Whole(usize),
    /// It was repaired in a copy.
    #[non_exhaustive]
    Mended {
        /// The copy.
        jpeg: Bytes,
        /// What was wrong with it; `None` if only Huffman tables were added, which Motion-JPEG may leave out.
        flaw: Option<Flaw>,
    },
}

/// What was wrong with a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flaw {
    /// No end marker, or other bytes in its place.
    NoEnd,
    /// Bytes between the segments of its header.
    Stray,
    /// More than one start marker.
    Restarted,
    /// More than the last row of blocks is missing ([`Repairer::with_cuts`]).
    CutOff,
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoEnd => "the end marker is missing",
            Self::Stray => "stray bytes between the segments of the header",
            Self::Restarted => "more than one start marker",
            Self::CutOff => "a part of the picture is missing",
        })
    }
}

/// Repairs one picture after another. The decoder is created when first needed.
#[derive(Default)]
pub struct Repairer {
    decoder: Option<Decoder>,
    canvas: Canvas,
    allows_cuts: bool,
}

/// Repairs a single picture: see [`Repairer::repair`].
///
/// # Errors
/// As [`Repairer::repair`].
pub fn repair(bytes: &[u8], length: Length) -> Result<Repaired, Error> {
    Repairer::default().repair(bytes, length)
}

impl Repairer {
    /// Also accepts pictures that were cut in the middle ([`Flaw::CutOff`]). For stills: in a film, the next
    /// picture is better than half of this one; a still has no next picture.
    #[must_use]
    pub fn with_cuts(self) -> Self {
        Self { allows_cuts: true, ..self }
    }

    /// Checks the picture at the start of `bytes`, and repairs it if necessary.
    ///
    /// # Errors
    /// [`Error::NotJpeg`], [`Error::NoHeader`] and [`Error::Empty`] if there is no picture; [`Error::CutOff`]
    /// if more than its last row of blocks is missing; for pictures that need a repair, the errors of
    /// [`Decoder::decode`].
    pub fn repair(&mut self, bytes: &[u8], length: Length) -> Result<Repaired, Error> {
        let mut scanner = EndScanner::default();
        if length == Length::Told
            && scanner.header(bytes).is_none()
            && let (Some(end), Some(scan)) = (padded_end(bytes), scanner.first_scan())
            && end > scan
        {
            return self.checked(bytes, &scanner, Scan::End(end));
        }
        let scan = scanner.finish(bytes);
        self.checked(bytes, &scanner, scan)
    }

    fn checked(&mut self, bytes: &[u8], scanner: &EndScanner, scan: Scan) -> Result<Repaired, Error> {
        let repaired = self.walked(bytes, scanner, scan)?;
        header(match &repaired {
            Repaired::Whole(length) => bytes.get(..*length).unwrap_or(bytes),
            Repaired::Mended { jpeg, .. } => jpeg,
        })?;
        Ok(repaired)
    }

    /// Repairs a picture whose end was already found. The header is not checked if it needs no repair.
    ///
    /// # Errors
    /// As [`Repairer::repair`].
    pub fn walked(&mut self, bytes: &[u8], scanner: &EndScanner, scan: Scan) -> Result<Repaired, Error> {
        let (length, has_end) = match scan {
            Scan::End(length) => (length, true),
            Scan::Unended(length) => (length, false),
            Scan::More | Scan::Broken(_) => return Err(header(bytes).err().unwrap_or(Error::NoHeader)),
        };
        let jpeg = bytes.get(..length).ok_or(Error::NoHeader)?;
        let tables = tables::missing(jpeg);
        let flaw = if !has_end {
            Some(Flaw::NoEnd)
        } else if scanner.is_restarted() {
            Some(Flaw::Restarted)
        } else {
            (!scanner.stray().is_empty()).then_some(Flaw::Stray)
        };
        if flaw.is_none() && scanner.odd().is_none() {
            if tables.is_empty() {
                return Ok(Repaired::Whole(length));
            }
            return Ok(Repaired::Mended { jpeg: rebuilt(jpeg, scanner, &tables).into(), flaw });
        }
        if !has_end {
            let jpeg = text(jpeg);
            let (jpeg, flaw) = self.ended(&rebuilt(jpeg, scanner, &tables))?;
            return Ok(Repaired::Mended { jpeg: jpeg.into(), flaw: Some(flaw) });
        }
        let jpeg = rebuilt(jpeg, scanner, &tables);
        self.verify(&jpeg)?;
        // It decodes despite a marker that has no place in it: there is nothing to repair.
        let as_it_was = flaw.is_none() && tables.is_empty();
        Ok(if as_it_was { Repaired::Whole(length) } else { Repaired::Mended { jpeg: jpeg.into(), flaw } })
    }

    /// Decodes the picture and returns the warning of libjpeg-turbo, if any.
    fn verify(&mut self, jpeg: &[u8]) -> Result<Option<Warning>, Error> {
        let decoder = match &mut self.decoder {
            Some(decoder) => decoder,
            empty => empty.insert(Decoder::new()?),
        };
        let decoded = decoder.decode(jpeg, Scale::Eighth, std::mem::take(&mut self.canvas))?;
        self.canvas = decoded.canvas;
        Ok(decoded.warning.as_deref().map(Warning::of))
    }

    /// Adds the missing end marker.
    fn ended(&mut self, jpeg: &[u8]) -> Result<(Vec<u8>, Flaw), Error> {
        let trimmed = padding(jpeg);
        let data = segments(jpeg).find(|segment| segment.marker == SOS).map_or(0, |scan| scan.end);
        if trimmed.len() <= data {
            return Err(Error::CutOff { bytes: jpeg.len() });
        }
        let mut ended = with_end(trimmed);
        let is_short = match self.verify(&ended)? {
            None => false,
            Some(Warning::TooMany(bytes)) => {
                // The exact bytes that stood in the marker's place; if there were more than that, the picture
                // stays as it is.
                let shorter =
                    with_end(trimmed.get(..trimmed.len().saturating_sub(bytes)).unwrap_or_default());
                if matches!(self.verify(&shorter), Ok(None)) {
                    ended = shorter;
                }
                false
            }
            Some(Warning::TooFew) => {
                let is_short = self.lacks_more_than_last_row(&ended)?;
                // In this case its last zeros are pixels.
                ended = with_end(jpeg);
                is_short
            }
            // The first warning hides later ones. Rows that were not decoded are grey.
            Some(Warning::Other) => undecoded_rows(&self.canvas) > mcu_height(&ended).unwrap_or(8) / 8,
        };
        if !is_short && is_complete(&ended) {
            return Ok((ended, Flaw::NoEnd));
        }
        if self.allows_cuts { Ok((ended, Flaw::CutOff)) } else { Err(Error::CutOff { bytes: jpeg.len() }) }
    }

    /// Whether a picture lacks more than its last row of blocks. Then its data is also too short for a
    /// picture with one row less.
    fn lacks_more_than_last_row(&mut self, jpeg: &[u8]) -> Result<bool, Error> {
        let (header, Some(mcu)) = (header(jpeg)?, mcu_height(jpeg)) else { return Ok(true) };
        let height = (header.height.div_ceil(mcu) - 1) * mcu;
        let height_at =
            segments(jpeg).find(|segment| is_frame_header(segment.marker)).map(|frame| frame.at + 5);
        let (Some(at), 1..) = (height_at, height) else { return Ok(true) };
        let mut lower = jpeg.to_vec();
        if let Some(place) = lower.get_mut(at..at + 2) {
            place.copy_from_slice(&(height as u16).to_be_bytes());
        }
        Ok(matches!(self.verify(&lower)?, Some(Warning::TooFew)))
    }
}

/// The colour that libjpeg-turbo gives to missing blocks, without alpha.
const UNDECODED: u32 = 0x0080_8080;

/// Trailing rows with only missing blocks, of a picture at an eighth of its size (one row per block).
fn undecoded_rows(canvas: &Canvas) -> usize {
    let is_undecoded = |row: &&[u32]| row.iter().all(|pixel| pixel & 0x00ff_ffff == UNDECODED);
    canvas.pixels.chunks(canvas.width.max(1)).rev().take_while(is_undecoded).count()
}

fn with_end(jpeg: &[u8]) -> Vec<u8> {
    [jpeg, &[0xff, EOI]].concat()
}

/// A warning of libjpeg-turbo, as far as it concerns the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Warning {
    /// The data ends before the picture is full.
    TooFew,
    /// N bytes before the end marker belong to nothing. All pixels were there.
    TooMany(usize),
    /// Something else.
    Other,
}

impl Warning {
    /// Parses the warning's text, since turbojpeg gives nothing else. (jerror.h, `JWRN_HIT_MARKER` and
    /// `JWRN_EXTRANEOUS_DATA`.)
    fn of(text: &str) -> Self {
        if text.contains("premature end of data segment") {
            return Self::TooFew;
        }
        let too_many = || {
            let (_, behind) = text.split_once("Corrupt JPEG data: ")?;
            let (bytes, marker) = behind.split_once(" extraneous bytes before marker ")?;
            marker.starts_with("0xd9").then(|| bytes.parse().ok())?
        };
        too_many().map_or(Self::Other, Self::TooMany)
    }
}

/// The picture without stray bytes, and with the missing tables before its first scan.
fn rebuilt(jpeg: &[u8], scanner: &EndScanner, tables: &[u8]) -> Vec<u8> {
    let mut whole = Vec::with_capacity(jpeg.len() + tables.len() + 2);
    let mut from = 0;
    let scan = scanner.first_scan().unwrap_or(jpeg.len());
    for stray in scanner.stray() {
        whole.extend_from_slice(jpeg.get(from..stray.start).unwrap_or_default());
        from = stray.end;
    }
    whole.extend_from_slice(jpeg.get(from..scan).unwrap_or_default());
    whole.extend_from_slice(tables);
    whole.extend_from_slice(jpeg.get(scan..).unwrap_or_default());
    whole
}

/// Rows of pixels in a row of MCUs, from the components' sampling.
fn mcu_height(jpeg: &[u8]) -> Option<usize> {
    let frame = segments(jpeg).find(|segment| is_frame_header(segment.marker))?;
    let components = frame.payload.get(6..)?.chunks_exact(3);
    let most = components.map(|component| usize::from(component.get(1).copied().unwrap_or(0) & 0xf)).max()?;
    let is_single = frame.payload.len() < 12;
    Some(8 * if is_single { 1 } else { most.max(1) })
}

/// Whether all required scans are present. Each coefficient of each component must be there to its last bit.
/// libjpeg-turbo shows a picture without its last scans in lower quality, without a warning.
fn is_complete(jpeg: &[u8]) -> bool {
    let mut frame = None;
    // Bits of each coefficient that are still missing, for each component of the frame.
    let mut missing = Vec::new();
    for segment in segments(jpeg) {
        match segment.marker {
            marker if is_frame_header(marker) && frame.is_none() => {
                let components = segment.payload.get(6..).unwrap_or_default().chunks_exact(3);
                let ids: Vec<_> = components.filter_map(|component| component.first().copied()).collect();
                missing = vec![[u8::MAX; 64]; ids.len()];
                frame = Some((marker == SOF2, ids));
            }
            SOS => {
                let (Some((is_progressive, ids)), Some((&count, rest))) =
                    (&frame, segment.payload.split_first())
                else {
                    return false;
                };
                let Some((coded, &[from, to, bits])) = rest.split_at_checked(2 * usize::from(count)) else {
                    return false;
                };
                let (from, to, bits) =
                    if *is_progressive { (from, to.min(63), bits & 0xf) } else { (0, 63, 0) };
                for id in coded.iter().step_by(2) {
                    let place =
                        ids.iter().position(|known| known == id).and_then(|index| missing.get_mut(index));
                    let Some(place) = place.and_then(|bits| bits.get_mut(from.into()..=to.into())) else {
                        return false;
                    };
                    place.fill(bits);
                }
            }
            _ => {}
        }
    }
    !missing.is_empty() && missing.iter().flatten().all(|&bits| bits == 0)
}

/// The end of a picture that fills its buffer except for trailing zeros. Reads a few bytes from the back
/// instead of all. `None` if something else is there.
fn padded_end(bytes: &[u8]) -> Option<usize> {
    let end = bytes.iter().rposition(|&byte| byte != 0)? + 1;
    bytes.get(..end)?.ends_with(&[0xff, EOI]).then_some(end)
}

#[cfg(test)]
#[path = "repair_tests.rs"]
mod tests;
