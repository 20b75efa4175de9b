//! Finding the end of a picture in bytes that may continue behind it.
//!
//! Cameras deliver buffers with old data behind the picture, and streams concatenate pictures, so the end has
//! to be found by walking: segments by their lengths, then entropy-coded data up to the next marker. A search
//! for `FFD9` would find thumbnails and stale data instead.
//!
//! In a stream each length is a guess: what looks like the start of a picture may be audio data, and a wrong
//! length would skip the pictures behind it. A guess is confirmed if a marker stands where it leads to, or at
//! most [`MAX_STRAY`] bytes later. Otherwise it is dropped, and the skipped bytes are searched again
//! ([`Scan::Broken`]).

use std::ops::Range;

use memchr::memmem;

use super::marker::{MarkerKind, Next, SOI, SOS, is_frame_header, length, next, stray};

/// Bytes between the segments of one header that are skipped. Cameras that leave stray bytes leave a few;
/// after a gap of a whole segment's length the header is not trusted.
const MAX_STRAY: usize = 64 << 10;

/// The state of [`EndScanner`] after the bytes it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scan {
    /// The picture continues beyond these bytes.
    More,
    /// The length of the picture, including its end marker.
    End(usize),
    /// The picture has no end marker: the next one begins at this byte, or the bytes end here.
    Unended(usize),
    /// Not a picture, or one with a damaged header. Another may begin from this byte on.
    Broken(usize),
}

/// Finds the end of the JPEG that starts at byte 0 of a growing buffer, reading each byte once.
#[derive(Clone, Debug, Default)]
pub struct EndScanner {
    /// Where to continue.
    at: usize,
    /// Where the last segment of the header begins, and where it ends.
    segment: Option<(usize, usize)>,
    /// Segments of the header that were directly followed by a marker.
    certain: usize,
    /// Whether a frame header was found.
    has_frame: bool,
    /// Where the first scan header begins.
    scan: Option<usize>,
    /// Bytes of the header that belong to no segment, and extra start markers.
    stray: Vec<Range<usize>>,
    /// Bytes in `stray`.
    stray_bytes: usize,
    /// Whether there were extra start markers.
    restarted: bool,
    /// Where to look again if what follows the stray bytes turns out not to be part of this picture.
    doubtful: Option<usize>,
    /// A marker that has no place in entropy-coded data.
    odd: Option<u8>,
    /// Whether no more bytes come.
    is_last: bool,
}

impl EndScanner {
    /// Continues where the last call stopped; `buffer` holds all bytes since the start of the picture.
    pub fn scan(&mut self, buffer: &[u8]) -> Scan {
        if self.scan.is_none()
            && let Some(outcome) = self.header(buffer)
        {
            return outcome;
        }
        self.pixels(buffer)
    }

    /// Finishes the scan when no more bytes come: never [`Scan::More`].
    pub fn finish(&mut self, buffer: &[u8]) -> Scan {
        self.is_last = true;
        match self.scan(buffer) {
            // Unless its scan header is cut off too.
            Scan::More if self.scan.is_some() && self.at <= buffer.len() => Scan::Unended(buffer.len()),
            Scan::More => Scan::Broken(self.look_again(buffer)),
            other => other,
        }
    }

    /// Whether this is more than a coincidence of three bytes: a segment ended correctly, or has a name.
    #[must_use]
    pub fn is_picture(&self, buffer: &[u8]) -> bool {
        self.certain > 0 || self.segment.is_some_and(|(at, _)| has_name(buffer, at))
    }

    /// Where to search for another picture if this one cannot be decoded; `None` if its header is certain.
    #[must_use]
    pub const fn doubtful(&self) -> Option<usize> {
        self.doubtful
    }

    /// Where the first scan header begins, if it was found.
    pub(super) const fn first_scan(&self) -> Option<usize> {
        self.scan
    }

    /// Ranges of the header to leave out, in order.
    pub(super) fn stray(&self) -> &[Range<usize>] {
        &self.stray
    }

    /// Whether [`stray`](Self::stray) includes a start marker.
    pub(super) const fn is_restarted(&self) -> bool {
        self.restarted
    }

    /// A marker that has no place in the pixels.
    pub(super) const fn odd(&self) -> Option<u8> {
        self.odd
    }

    /// Walks to the first scan; `None` when it is reached.
    pub(super) fn header(&mut self, buffer: &[u8]) -> Option<Scan> {
        if self.at == 0 {
            let start = [0xff, SOI];
            if start.iter().zip(buffer).any(|(wanted, found)| wanted != found) {
                return Some(Scan::Broken(0));
            }
            if buffer.len() < start.len() {
                return Some(Scan::More);
            }
            self.at = 2;
        }
        loop {
            let end =
                self.segment.map_or(2, |(_, end)| end).max(self.stray.last().map_or(0, |stray| stray.end));
            let (at, marker) = match next(buffer, self.at) {
                Next::Marker { at, marker } => (at, marker),
                Next::More(at) => {
                    let gap = buffer.get(end..at).map_or(0, stray);
                    self.at = at;
                    let too_many = gap + self.stray_bytes > MAX_STRAY;
                    return Some(if too_many { Scan::Broken(self.look_again(buffer)) } else { Scan::More });
                }
            };
            let gap = buffer.get(end..at).map_or(0, stray);
            let broken = |to| {
                let is_certain = gap == 0 && !self.hides_a_start(buffer);
                Some(Scan::Broken(if is_certain { to } else { self.look_again(buffer) }))
            };
            if gap + self.stray_bytes > MAX_STRAY {
                return broken(at);
            }
            let first = self.segment.is_none();
            match MarkerKind::of(marker) {
                // A start marker that no marker follows: most likely audio data.
                _ if first && gap > 0 && buffer.get(end) == Some(&0xff) => return broken(2),
                MarkerKind::Start if first && gap == 0 => {
                    self.restarted = true;
                    self.leave_out(end..at + 2);
                    self.at = at + 2;
                    continue;
                }
                MarkerKind::Alone if first => return broken(at),
                MarkerKind::Scan if first || (gap > 0 && !self.has_frame) => return broken(at),
                // A length that skips a start was wrong. Behind the first segment, application data that
                // leads to a marker may contain a picture of its own.
                _ if (gap > 0 || self.certain == 0 || self.is_of_tables(buffer))
                    && self.hides_a_start(buffer) =>
                {
                    return Some(Scan::Broken(self.look_again(buffer)));
                }
                MarkerKind::Start | MarkerKind::End | MarkerKind::Reserved => return broken(at),
                MarkerKind::Alone | MarkerKind::Segment | MarkerKind::Scan => {}
            }
            let length = match MarkerKind::of(marker) {
                MarkerKind::Alone => 0,
                _ => match length(buffer, at) {
                    Some(length) => length,
                    None => {
                        self.at = at;
                        return Some(Scan::More);
                    }
                },
            };
            if length < 2 && MarkerKind::of(marker) != MarkerKind::Alone {
                return broken(at + 2);
            }
            // A scan header is followed by pixels, not by a marker: it can only be checked by its content.
            let end_of_scan_header = at + 2 + length;
            if marker == SOS && buffer.len() < end_of_scan_header + 3 && !self.is_last {
                self.at = at;
                return Some(Scan::More);
            }
            if marker == SOS && hides_a_start(buffer, at, end_of_scan_header) {
                return broken(at + 2);
            }
            if gap > 0 {
                let to = self.look_again(buffer);
                self.doubtful.get_or_insert(to);
                self.leave_out(end..end + gap);
            } else if !first {
                self.certain += 1;
            }
            self.segment = Some((at, at + 2 + length));
            self.at = at + 2 + length;
            self.has_frame |= is_frame_header(marker);
            if marker == SOS {
                self.scan = Some(at);
                return None;
            }
        }
    }

    /// Whether a picture may begin inside what is taken for the last segment.
    fn hides_a_start(&self, buffer: &[u8]) -> bool {
        self.segment.is_some_and(|(at, end)| hides_a_start(buffer, at, end))
    }

    /// Whether the last segment is neither application data nor a comment.
    fn is_of_tables(&self, buffer: &[u8]) -> bool {
        let marker = self.segment.and_then(|(at, _)| buffer.get(at + 1));
        !matches!(marker, Some(0xe0..=0xef | 0xfe))
    }

    fn leave_out(&mut self, bytes: Range<usize>) {
        self.stray_bytes += bytes.len();
        self.stray.push(bytes);
    }

    /// Where to search again if the last segment's length is wrong. A segment with a name is no accident: a
    /// thumbnail inside it is not a picture of the stream.
    fn look_again(&self, buffer: &[u8]) -> usize {
        match self.segment {
            Some((at, end)) if has_name(buffer, at) => end.min(buffer.len()),
            Some((at, _)) => at + 2,
            None => buffer.len().min(2),
        }
    }

    /// Walks through entropy-coded data and the segments between scans.
    fn pixels(&mut self, buffer: &[u8]) -> Scan {
        loop {
            let (at, marker) = match next(buffer, self.at) {
                Next::Marker { at, marker } => (at, marker),
                Next::More(at) => {
                    self.at = at;
                    return Scan::More;
                }
            };
            self.at = at;
            let kind = MarkerKind::of(marker);
            let holds = match kind {
                MarkerKind::End => return Scan::End(at + 2),
                MarkerKind::Alone => Some(at + 2),
                MarkerKind::Start => match self.starts_picture(buffer, at) {
                    Some(true) => return Scan::Unended(at),
                    Some(false) => None,
                    None => return Scan::More,
                },
                MarkerKind::Scan | MarkerKind::Segment if !is_frame_header(marker) => {
                    match self.segment_end(buffer, at) {
                        Some(end) => end,
                        None => return Scan::More,
                    }
                }
                MarkerKind::Scan | MarkerKind::Segment | MarkerKind::Reserved => None,
            };
            if holds.is_none() {
                self.odd.get_or_insert(marker);
            }
            self.at = holds.unwrap_or(at + 2);
        }
    }

    /// Whether the next picture starts here; `None` if that is not known yet.
    fn starts_picture(&self, buffer: &[u8], at: usize) -> Option<bool> {
        match (buffer.get(at + 2), buffer.get(at + 3)) {
            (Some(0xff), Some(&marker)) => {
                Some(matches!(MarkerKind::of(marker), MarkerKind::Segment | MarkerKind::Start))
            }
            (Some(0xff) | None, None) => self.is_last.then_some(false),
            _ => Some(false),
        }
    }

    /// The end of a segment between scans. `Some(None)` if its length leads nowhere, `None` if that is not
    /// known yet.
    fn segment_end(&self, buffer: &[u8], at: usize) -> Option<Option<usize>> {
        let unknown = || self.is_last.then_some(None);
        let Some(length) = length(buffer, at) else { return unknown() };
        let end = at + 2 + length;
        if buffer.get(at + 1) == Some(&SOS) {
            let Some(&components) = buffer.get(at + 4) else { return unknown() };
            if buffer.len() < end + 3 && !self.is_last {
                return None;
            }
            let fits = (1..=4).contains(&components)
                && length == 6 + 2 * usize::from(components)
                && end <= buffer.len();
            return Some((fits && !hides_a_start(buffer, at, end)).then_some(end));
        }
        match buffer.get(end..end + 2) {
            Some(&[0xff, marker]) => {
                Some((length >= 2 && marker != 0 && !hides_a_start(buffer, at, end)).then_some(end))
            }
            Some(_) => Some(None),
            None => unknown(),
        }
    }
}

/// Whether a picture may begin inside what is taken for a segment. In a named segment it is a thumbnail.
fn hides_a_start(buffer: &[u8], at: usize, end: usize) -> bool {
    // A start in the segment's last byte has three more bytes behind it.
    let inside = buffer.get(at + 2..(end + 3).min(buffer.len())).unwrap_or_default();
    let is_start =
        |at: usize| inside.get(at + 3).is_some_and(|&marker| MarkerKind::of(marker) == MarkerKind::Segment);
    !has_name(buffer, at) && memmem::find_iter(inside, &[0xff, SOI, 0xff]).any(is_start)
}

/// Whether a segment begins with a name, as those of applications do: `JFIF`, `Exif`, `http`. Other bytes
/// look like one with a probability of 1 in 300.
fn has_name(buffer: &[u8], at: usize) -> bool {
    buffer.get(at + 4..at + 8).is_some_and(|name| name.iter().all(u8::is_ascii_alphanumeric))
}

/// The JPEG at the start of `bytes`, without trailing data; `None` if it has no end marker.
#[must_use]
pub fn trimmed(bytes: &[u8]) -> Option<&[u8]> {
    match EndScanner::default().finish(bytes) {
        Scan::End(end) => bytes.get(..end),
        Scan::More | Scan::Unended(_) | Scan::Broken(_) => None,
    }
}
