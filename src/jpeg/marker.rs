//! What a JPEG's markers tell without decoding it: its size in pixels and where it really ends.
//!
//! Cameras hand over buffers with old data behind the picture, and streams concatenate pictures, so
//! the end has to be walked to: segments by their lengths, then entropy-coded data up to the next
//! marker. A search for `FFD9` finds thumbnails and stale data instead. Layout as in ITU-T T.81,
//! annex B.

use memchr::memchr;

use super::Error;

pub(super) const SOI: u8 = 0xd8;
pub(super) const EOI: u8 = 0xd9;
pub(super) const SOS: u8 = 0xda;
pub(super) const DHT: u8 = 0xc4;
pub(super) const DQT: u8 = 0xdb;
pub(super) const DRI: u8 = 0xdd;
pub(super) const SOF0: u8 = 0xc0;
pub(super) const SOF1: u8 = 0xc1;
pub(super) const TEM: u8 = 0x01;
pub(super) const RST0: u8 = 0xd0;
pub(super) const RST7: u8 = 0xd7;

/// The frame header of a JPEG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Colour components: 1 grey, 3 YCbCr, 4 CMYK.
    pub components: u8,
}

/// Where [`EndScanner`] is after the bytes it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scan {
    /// The picture goes on past these bytes.
    More,
    /// The picture takes this many bytes, its end marker included.
    End(usize),
    /// No marker where one must be, at this byte: no JPEG, or a damaged one.
    Broken(usize),
}

/// Finds the end of the JPEG that starts at byte 0 of a growing buffer, reading each byte once.
#[derive(Clone, Debug, Default)]
pub struct EndScanner {
    position: usize,
    in_scan: bool,
}

impl EndScanner {
    /// Goes on where the last call stopped; `buffer` holds all bytes since the start of the picture.
    pub fn scan(&mut self, buffer: &[u8]) -> Scan {
        loop {
            if self.in_scan && !self.skip_entropy_coded(buffer) {
                return Scan::More;
            }
            let at = self.position;
            let Some(&first) = buffer.get(at) else { return Scan::More };
            if first != 0xff {
                return Scan::Broken(at);
            }
            let Some(&marker) = buffer.get(at + 1) else { return Scan::More };
            match marker {
                SOI if at == 0 => self.position = 2,
                _ if at == 0 => return Scan::Broken(0),
                0xff => self.position += 1, // a fill byte before the marker
                EOI => return Scan::End(at + 2),
                0x00 | SOI => return Scan::Broken(at),
                TEM | RST0..=RST7 => self.position += 2,
                _ => {
                    let Some(length) = buffer.get(at + 2..at + 4) else { return Scan::More };
                    let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
                    if length < 2 {
                        return Scan::Broken(at + 2);
                    }
                    self.position = at + 2 + length;
                    self.in_scan = marker == SOS;
                }
            }
        }
    }

    /// Moves to the marker that ends the entropy-coded data; `false` where it has not come yet.
    fn skip_entropy_coded(&mut self, buffer: &[u8]) -> bool {
        let mut at = self.position;
        loop {
            let Some(found) = buffer.get(at..).and_then(|rest| rest.iter().position(|&b| b == 0xff)) else {
                self.position = self.position.max(buffer.len());
                return false;
            };
            at += found;
            match buffer.get(at + 1) {
                None => {
                    self.position = at;
                    return false;
                }
                Some(0x00 | RST0..=RST7) => at += 2,
                Some(0xff) => at += 1,
                Some(_) => {
                    self.position = at;
                    self.in_scan = false;
                    return true;
                }
            }
        }
    }
}

/// The JPEG at the start of `bytes` without what lies behind its end; `None` where it has no end.
#[must_use]
pub fn trimmed(bytes: &[u8]) -> Option<&[u8]> {
    match EndScanner::default().scan(bytes) {
        Scan::End(end) => bytes.get(..end),
        Scan::More | Scan::Broken(_) => None,
    }
}

/// How many scans a decoder would find: as libjpeg-turbo looks for markers, which passes over whatever stands between them. One where the
/// first scan has the whole picture, as nearly all have: then a second one is an error to a decoder.
pub(super) fn scans(jpeg: &[u8]) -> usize {
    let (mut at, mut components, mut count) = (2, None, 0);
    while let Some((marker, behind)) = next_marker(jpeg, at) {
        at = behind;
        let length = || {
            let length = jpeg.get(behind..behind + 2)?;
            Some(usize::from(u16::from_be_bytes([length[0], length[1]])).max(2))
        };
        match marker {
            EOI => break,
            // No segment: a restart, or what a decoder passes over on the way to one.
            0x00..SOF0 | RST0..=SOI => continue,
            SOF0 | SOF1 => components = jpeg.get(behind + 7),
            SOS => {
                count += 1;
                if count == 1 && components.is_some() && components == jpeg.get(behind + 2) {
                    return 1;
                }
            }
            _ => {}
        }
        let Some(length) = length() else { break };
        at += length;
    }
    count
}

/// The first marker from `at` on, wherever it stands, and where it ends.
fn next_marker(jpeg: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        at += memchr(0xff, jpeg.get(at..)?)? + 1;
        match jpeg.get(at)? {
            0x00 => at += 1,
            0xff => {}
            &marker => return Some((marker, at + 1)),
        }
    }
}

/// Where the first scan's header begins, and whether Huffman tables come before it; `None` where no scan does.
pub(super) fn first_scan(jpeg: &[u8]) -> Option<(usize, bool)> {
    let (mut at, mut tables) = (2, false);
    loop {
        let &[0xff, marker] = jpeg.get(at..at + 2)? else { return None };
        match marker {
            0xff => at += 1,
            TEM | RST0..=RST7 => at += 2,
            SOS => return Some((at, tables)),
            SOI | EOI | 0x00 => return None,
            _ => {
                tables |= marker == DHT;
                let length = jpeg.get(at + 2..at + 4)?;
                at += 2 + usize::from(u16::from_be_bytes([length[0], length[1]])).max(2);
            }
        }
    }
}

/// Reads the frame header: size and components, without touching pixel data.
///
/// # Errors
/// [`Error::NotJpeg`] where the bytes do not start as a JPEG, [`Error::NoHeader`] where no frame
/// header comes before the pixel data, [`Error::Empty`] where it claims no pixels.
pub fn header(jpeg: &[u8]) -> Result<Header, Error> {
    if jpeg.get(..3).is_none_or(|start| start != [0xff, SOI, 0xff]) {
        return Err(Error::NotJpeg { found: jpeg.iter().take(4).copied().collect() });
    }
    let mut at = 2;
    while let Some(&[0xff, marker]) = jpeg.get(at..at + 2) {
        match marker {
            0xff => at += 1,
            TEM | RST0..=RST7 => at += 2,
            SOS | EOI => break,
            // SOF0..SOF15 without DHT, JPG and DAC, which share the range.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                let Some(segment) = jpeg.get(at + 4..at + 10) else { break };
                let height = usize::from(u16::from_be_bytes([segment[1], segment[2]]));
                let width = usize::from(u16::from_be_bytes([segment[3], segment[4]]));
                if width == 0 || height == 0 {
                    return Err(Error::Empty { width, height });
                }
                return Ok(Header { width, height, components: segment[5] });
            }
            _ => {
                let Some(length) = jpeg.get(at + 2..at + 4) else { break };
                at += 2 + usize::from(u16::from_be_bytes([length[0], length[1]])).max(2);
            }
        }
    }
    Err(Error::NoHeader)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SOI, an APP1 segment that hides a whole "thumbnail", SOF0 3x2 with three components, SOS,
    /// entropy data with a stuffed byte, a restart marker and fill bytes, EOI: 51 bytes.
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
        }
        assert_eq!(EndScanner::default().scan(b"\x00\xff\xd8"), Scan::Broken(0));
        assert_eq!(EndScanner::default().scan(b"\xff\xd8\x00\x01"), Scan::Broken(2));
        assert_eq!(EndScanner::default().scan(b"\xff\xd8\xff\xe0\x00\x01"), Scan::Broken(4));
        assert_eq!(trimmed(b"GIF89a"), None);
    }

    #[test]
    fn scans_are_counted_as_a_decoder_meets_them() {
        let mut jpeg = tiny();
        assert_eq!(scans(&jpeg), 1, "the thumbnail has none of its own here");
        let sos = [0xff, 0xda, 0, 6, 1, 1, 0, 0];
        jpeg.truncate(jpeg.len() - 2);
        jpeg.extend(sos.repeat(4));
        assert_eq!(scans(&jpeg), 5, "its end was cut off");
        jpeg.extend(b"\xff\x00junk\xff\xff\xff\xda\x00\x06\x01\x01\x00\x00\xff\xd9");
        jpeg.extend(sos);
        assert_eq!(scans(&jpeg), 6, "and what lies behind the end is another picture");
        // The first scan has all components: a decoder wants no other.
        let at = jpeg.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap();
        jpeg[at + 4] = 3;
        assert_eq!(scans(&jpeg), 1);
        for length in 0..jpeg.len() {
            assert!(scans(&jpeg[..length]) <= 6);
        }
        assert_eq!(scans(b"\xff\xd8\xff\xda"), 1, "begun is begun");
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
