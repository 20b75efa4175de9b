//! What a JPEG's markers say without decoding: its segments, size in pixels, Exif data.
//!
//! All code that looks at markers uses one walker: [`segments`] for a complete picture, and [`EndScanner`]
//! for one that is still arriving. Both find markers with `next` and know their kinds from `MarkerKind`, which
//! follow libjpeg-turbo: bytes between segments are skipped, as are fill bytes and stuffed zeros. Layout:
//! ITU-T T.81, annex B.

use std::ops::Range;

use memchr::memchr;

use super::Error;
pub use super::end_scanner::{EndScanner, Scan, trimmed};

pub(super) const SOI: u8 = 0xd8;
pub(super) const EOI: u8 = 0xd9;
pub(super) const SOS: u8 = 0xda;
pub(super) const DHT: u8 = 0xc4;
pub(super) const DQT: u8 = 0xdb;
pub(super) const DRI: u8 = 0xdd;
pub(super) const SOF0: u8 = 0xc0;
pub(super) const SOF1: u8 = 0xc1;
pub(super) const SOF2: u8 = 0xc2;
pub(super) const APP1: u8 = 0xe1;
pub(super) const RST0: u8 = 0xd0;
pub(super) const RST7: u8 = 0xd7;

/// The frame header of a JPEG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Colour components: 1 grey, 3 YCbCr, 4 CMYK.
    pub components: u8,
}

impl Header {
    /// The header of a picture of this size.
    #[must_use]
    pub const fn new(width: usize, height: usize, components: u8) -> Self {
        Self { width, height, components }
    }
}

/// What follows a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MarkerKind {
    /// SOI: start of a picture.
    Start,
    /// EOI: end of a picture.
    End,
    /// RSTn and TEM: nothing follows.
    Alone,
    /// SOS: a segment follows, then entropy-coded data.
    Scan,
    /// A segment follows: a length and its bytes.
    Segment,
    /// A reserved marker, at which libjpeg-turbo fails.
    Reserved,
}

impl MarkerKind {
    pub(super) const fn of(marker: u8) -> Self {
        match marker {
            SOI => Self::Start,
            EOI => Self::End,
            SOS => Self::Scan,
            0x01 | RST0..=RST7 => Self::Alone,
            // JPG among the frame headers, and JPGn.
            0x00 | 0x02..SOF0 | 0xc8 | 0xf0..=0xfd | 0xff => Self::Reserved,
            _ => Self::Segment,
        }
    }
}

/// Whether a marker is that of a frame header: SOF0 to SOF15, except DHT, JPG and DAC.
pub(super) const fn is_frame_header(marker: u8) -> bool {
    matches!(marker, SOF0..=0xcf) && !matches!(marker, DHT | 0xc8 | 0xcc)
}

/// Bytes of a segment before its payload: marker and length.
const SEGMENT_HEAD: usize = 4;

/// The outcome of a search for a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A marker whose 0xff is at `at`, behind any fill bytes.
    Marker { at: usize, marker: u8 },
    /// No marker yet: continue from this byte when there are more.
    More(usize),
}

/// The first marker from `at` on. Stuffed zeros are data, and fill bytes are skipped.
pub(super) fn next(bytes: &[u8], mut at: usize) -> Next {
    loop {
        let Some(rest) = bytes.get(at..) else { return Next::More(at) };
        let Some(found) = memchr(0xff, rest) else { return Next::More(bytes.len()) };
        at += found;
        match bytes.get(at + 1) {
            None => return Next::More(at),
            Some(0x00) => at += 2,
            Some(0xff) => at += 1,
            Some(&marker) => return Next::Marker { at, marker },
        }
    }
}

/// The length of a segment behind its marker, including the length field. `None` if it has not arrived yet.
pub(super) fn length(bytes: &[u8], marker_at: usize) -> Option<usize> {
    Some(u16::from_be_bytes(*bytes.get(marker_at + 2..)?.first_chunk()?).into())
}

/// A marker of a JPEG with its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Segment<'a> {
    /// The byte behind 0xff.
    pub marker: u8,
    /// Offset of its 0xff.
    pub at: usize,
    /// The bytes behind its length. Empty for markers without one, and shorter than the length says if the
    /// JPEG is cut off.
    pub payload: &'a [u8],
    /// Where it ends according to its length: possibly behind the JPEG's last byte.
    pub end: usize,
    /// Bytes before it that belong to no segment. Fill bytes are legal and not counted.
    pub stray: usize,
}

/// Iterator over the markers behind the first (SOI), up to the end marker, in a decoder's order. Restart
/// markers are treated as part of the entropy-coded data.
#[derive(Clone, Debug)]
pub struct Segments<'a> {
    jpeg: &'a [u8],
    at: usize,
    in_scan: bool,
}

/// The segments of a JPEG; none if it does not start with SOI.
#[must_use]
pub fn segments(jpeg: &[u8]) -> Segments<'_> {
    let is_jpeg = jpeg.starts_with(&[0xff, SOI]);
    Segments { jpeg, at: if is_jpeg { 2 } else { jpeg.len() }, in_scan: false }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        let mut from = self.at;
        let (at, marker) = loop {
            let Next::Marker { at, marker } = next(self.jpeg, from) else { return None };
            if !self.in_scan || !matches!(marker, RST0..=RST7) {
                break (at, marker);
            }
            from = at + 2;
        };
        let stray = if self.in_scan { 0 } else { stray(self.jpeg.get(self.at..at)?) };
        let kind = MarkerKind::of(marker);
        let end = match kind {
            MarkerKind::Segment | MarkerKind::Scan => at + 2 + length(self.jpeg, at).unwrap_or(2).max(2),
            MarkerKind::Start | MarkerKind::End | MarkerKind::Alone | MarkerKind::Reserved => at + 2,
        };
        let payload = self.jpeg.get(at + SEGMENT_HEAD..end.min(self.jpeg.len())).unwrap_or_default();
        // Bytes between two scans are skipped, as entropy-coded data is.
        self.in_scan |= kind == MarkerKind::Scan;
        self.at = if kind == MarkerKind::End { self.jpeg.len() } else { end };
        Some(Segment { marker, at, payload, end, stray })
    }
}

/// How many of the bytes before a marker are more than fill bytes.
pub(super) fn stray(gap: &[u8]) -> usize {
    gap.iter().rposition(|&byte| byte != 0xff).map_or(0, |last| last + 1)
}

/// The segments before the first scan.
fn before_pixels(jpeg: &[u8]) -> impl Iterator<Item = Segment<'_>> {
    segments(jpeg).take_while(|segment| !matches!(segment.marker, SOS | EOI))
}

/// The number of scans that a decoder would find. One if the first scan has the whole picture, as in nearly
/// all: then a second one is an error to a decoder.
pub(super) fn scans(jpeg: &[u8]) -> usize {
    let (mut components, mut count) = (None, 0);
    for segment in segments(jpeg) {
        match segment.marker {
            SOF0 | SOF1 => components = segment.payload.get(5),
            SOS => {
                count += 1;
                if count == 1 && components.is_some() && components == segment.payload.first() {
                    return 1;
                }
            }
            _ => {}
        }
    }
    count
}

/// The Exif data of a JPEG, which includes a camera's orientation. Only the TIFF structure, without the name
/// before it.
#[must_use]
pub fn exif(jpeg: &[u8]) -> Option<&[u8]> {
    jpeg.get(exif_range(jpeg)?)
}

/// The range of [`exif`], for changing it in place.
#[must_use]
pub fn exif_range(jpeg: &[u8]) -> Option<Range<usize>> {
    const NAME: &[u8] = b"Exif\0\0";
    let is_exif = |segment: &Segment<'_>| segment.marker == APP1 && segment.payload.starts_with(NAME);
    let segment = before_pixels(jpeg).find(is_exif)?;
    let payload = segment.at + SEGMENT_HEAD;
    Some(payload + NAME.len()..payload + segment.payload.len())
}

/// Reads the frame header: size and components, without touching pixel data.
///
/// # Errors
/// [`Error::NotJpeg`] if the bytes do not start as a JPEG, [`Error::NoHeader`] if no frame header comes
/// before the pixel data, [`Error::Empty`] if it claims no pixels.
pub fn header(jpeg: &[u8]) -> Result<Header, Error> {
    if jpeg.get(..3).is_none_or(|start| start != [0xff, SOI, 0xff]) {
        return Err(Error::NotJpeg { found: jpeg.iter().take(4).copied().collect() });
    }
    let frame = before_pixels(jpeg).find(|segment| is_frame_header(segment.marker)).ok_or(Error::NoHeader)?;
    let &[_, h1, h0, w1, w0, components, ..] = frame.payload else { return Err(Error::NoHeader) };
    let (width, height) = (u16::from_be_bytes([w1, w0]).into(), u16::from_be_bytes([h1, h0]).into());
    if width == 0 || height == 0 {
        Err(Error::Empty { width, height })
    } else {
        Ok(Header { width, height, components })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tiny JPEG of 51 bytes. SOI, an APP1 segment that hides a whole "thumbnail", SOF0 3x2 with three
    /// components, SOS, entropy data with a stuffed byte, a restart marker and fill bytes, EOI.
    fn tiny() -> Vec<u8> {
        let mut jpeg = vec![0xff, 0xd8];
        jpeg.extend([0xff, 0xe1, 0, 8, 0xff, 0xd8, 0xff, 0xd9, 0, 0]);
        jpeg.extend([0xff, 0xc0, 0, 17, 8, 0, 2, 0, 3, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]);
        jpeg.extend([0xff, 0xda, 0, 6, 1, 1, 0, 0]);
        jpeg.extend([0x12, 0xff, 0x00, 0x34, 0xff, 0xd3, 0x56, 0xff, 0xff, 0xd9]);
        jpeg
    }

    #[test]
    fn end_is_walked_to_past_thumbnails_stuffing_and_restarts() {
        let jpeg = tiny();
        let mut buffer = jpeg.clone();
        buffer.extend([0xff, 0xd9, 1, 2, 3, 0xff, 0xd9]);
        assert_eq!(trimmed(&buffer), Some(&jpeg[..]));
    }

    #[test]
    fn end_is_found_whatever_the_chunks() {
        let jpeg = tiny();
        for step in 1..jpeg.len() {
            let mut scanner = EndScanner::default();
            let mut shown = 0;
            let end = loop {
                shown = (shown + step).min(jpeg.len());
                match scanner.scan(&jpeg[..shown]) {
                    Scan::More if shown < jpeg.len() => {}
                    other => break other,
                }
            };
            assert_eq!(end, Scan::End(jpeg.len()), "chunks of {step}");
        }
    }

    #[test]
    fn what_has_no_end_or_no_start_is_told_apart() {
        let jpeg = tiny();
        for length in 0..jpeg.len() {
            assert_eq!(EndScanner::default().scan(&jpeg[..length]), Scan::More, "{length} bytes");
            let last = EndScanner::default().finish(&jpeg[..length]);
            assert!(
                matches!(last, Scan::Unended(end) if end == length) == (length >= 39),
                "{length} {last:?}"
            );
        }
        assert_eq!(EndScanner::default().scan(b"\x00\xff\xd8"), Scan::Broken(0));
        assert_eq!(EndScanner::default().scan(b"\xff\xd8\x00\x01"), Scan::More, "stray bytes, perhaps");
        assert_eq!(EndScanner::default().scan(b"\xff\xd8\xff\x00\xff\xe0"), Scan::Broken(2), "sound");
        assert_eq!(EndScanner::default().scan(b"\xff\xd8\xff\xe0\x00\x01"), Scan::Broken(4));
        assert_eq!(trimmed(b"GIF89a"), None);
    }

    #[test]
    fn segments_are_walked_as_a_decoder_does() {
        let jpeg = tiny();
        let walked = |jpeg: &[u8]| -> Vec<_> {
            segments(jpeg).map(|s| (s.marker, s.at, s.payload.len(), s.stray)).collect()
        };
        let wanted = [(0xe1, 2, 6, 0), (0xc0, 12, 15, 0), (0xda, 31, 4, 0), (0xd9, 47, 0, 0)];
        assert_eq!(walked(&jpeg), wanted);
        let odd = [&jpeg[..12], b"\0\0\xff\0ab\xff\xff", &jpeg[12..]].concat();
        assert_eq!(walked(&odd)[1], (0xc0, 20, 15, 6));
        assert_eq!(walked(&odd).len(), 4);
        assert_eq!(walked(&jpeg[..15]), [(0xe1, 2, 6, 0), (0xc0, 12, 0, 0)], "cut off");
        assert!(walked(&jpeg[1..]).is_empty());
        let exif = [&[0xff, 0xd8, 0xff, 0xe1, 0, 10], &b"Exif\0\0MM\0\0\xff\xda"[..]].concat();
        assert_eq!(super::exif(&exif), Some(&b"MM"[..]));
        assert_eq!(super::exif(&jpeg), None);
    }

    #[test]
    fn scans_are_counted_as_a_decoder_meets_them() {
        let mut jpeg = tiny();
        assert_eq!(scans(&jpeg), 1, "the thumbnail has no scan here");
        let sos = [0xff, 0xda, 0, 6, 1, 1, 0, 0];
        jpeg.truncate(jpeg.len() - 2);
        jpeg.extend(sos.repeat(4));
        assert_eq!(scans(&jpeg), 5, "its end was cut off");
        jpeg.extend(b"\xff\x00junk\xff\xff\xff\xda\x00\x06\x01\x01\x00\x00\xff\xd9");
        jpeg.extend(sos);
        assert_eq!(scans(&jpeg), 6, "what is behind the end is another picture");
        // The first scan has all components: a decoder accepts no other.
        let at = jpeg.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap();
        jpeg[at + 4] = 3;
        assert_eq!(scans(&jpeg), 1);
        for length in 0..jpeg.len() {
            assert!(scans(&jpeg[..length]) <= 6);
        }
        assert_eq!(scans(b"\xff\xd8\xff\xda"), 1, "a scan that has begun counts");
    }

    #[test]
    fn header_tells_size_and_components() {
        assert_eq!(header(&tiny()).unwrap(), Header { width: 3, height: 2, components: 3 });
        assert!(matches!(header(b"\x89PNG"), Err(Error::NotJpeg { .. })));
        assert!(matches!(header(&tiny()[..20]), Err(Error::NoHeader)));
        let mut flat = tiny();
        flat[18] = 0;
        assert!(matches!(header(&flat), Err(Error::Empty { width: 3, height: 0 })));
    }
}
