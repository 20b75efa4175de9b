//! Where a picture ends in bytes that may go on behind it.
//!
//! Cameras hand over buffers with old data behind the picture, and streams concatenate pictures, so the end has to be walked to:
//! segments by their lengths, then entropy-coded data up to the next marker. A search for `FFD9` finds thumbnails and stale data
//! instead.
//!
//! In a stream each length is a guess: what looks like the start of a picture may be sound, and a length that is wrong would jump
//! over the pictures behind it. A guess holds if a marker stands where it leads to, or at most [`MAX_STRAY`] bytes later. Else it
//! is taken back, and what it jumped over is to be looked at ([`Scan::Broken`]).

use std::ops::Range;

use memchr::memmem;

use super::marker::{Kind, Next, SOI, SOS, is_frame_header, length, next, stray};

/// Bytes between the segments of one header that are passed over. Cameras that leave some leave a few; a gap of a whole segment's
/// length is no header any more.
const MAX_STRAY: usize = 64 << 10;

/// Where [`EndScanner`] is after the bytes it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scan {
    /// The picture goes on past these bytes.
    More,
    /// The picture takes this many bytes, its end marker included.
    End(usize),
    /// The picture has no end marker: at this byte the next one begins, or the bytes end.
    Unended(usize),
    /// No picture, or one whose header is damaged. Another may begin from this byte on.
    Broken(usize),
}

/// Finds the end of the JPEG that starts at byte 0 of a growing buffer, reading each byte once.
#[derive(Clone, Debug, Default)]
pub struct EndScanner {
    /// Where to go on.
    at: usize,
    /// Where the last segment of the header begins, and where it ends.
    segment: Option<(usize, usize)>,
    /// Segments of the header behind which a marker stood at once.
    certain: usize,
    /// A frame header came.
    has_frame: bool,
    /// Where the first scan header begins.
    scan: Option<usize>,
    /// Bytes of the header that belong to nothing, and start markers too many.
    stray: Vec<Range<usize>>,
    /// Bytes in `stray`.
    stray_bytes: usize,
    /// There were start markers too many.
    restarted: bool,
    /// Where to look again if all that came after stray bytes turns out to be none of this picture.
    doubtful: Option<usize>,
    /// A marker that has no place in entropy-coded data.
    odd: Option<u8>,
    /// No more bytes come.
    is_last: bool,
}

impl EndScanner {
    /// Goes on where the last call stopped; `buffer` holds all bytes since the start of the picture.
    pub fn scan(&mut self, buffer: &[u8]) -> Scan {
        if self.scan.is_none()
            && let Some(outcome) = self.header(buffer)
        {
            return outcome;
        }
        self.pixels(buffer)
    }

    /// The same once no more bytes come: never [`Scan::More`].
    pub fn finish(&mut self, buffer: &[u8]) -> Scan {
        self.is_last = true;
        match self.scan(buffer) {
            // Unless its scan header is cut off as well.
            Scan::More if self.scan.is_some() && self.at <= buffer.len() => Scan::Unended(buffer.len()),
            Scan::More => Scan::Broken(self.look_again(buffer)),
            other => other,
        }
    }

    /// Whether this is more than three bytes that look like a start: a segment ended where it should, or has a name.
    #[must_use]
    pub fn is_picture(&self, buffer: &[u8]) -> bool {
        self.certain > 0 || self.segment.is_some_and(|(at, _)| has_name(buffer, at))
    }

    /// Where to look again for the start of another picture if this one cannot be decoded; `None` if its header is certain.
    #[must_use]
    pub const fn doubtful(&self) -> Option<usize> {
        self.doubtful
    }

    /// Where the first scan header begins, once it came.
    pub(super) const fn first_scan(&self) -> Option<usize> {
        self.scan
    }

    /// Bytes of the header that are to be left out, in order.
    pub(super) fn stray(&self) -> &[Range<usize>] {
        &self.stray
    }

    /// Whether a start marker stands among [`stray`](Self::stray).
    pub(super) const fn is_restarted(&self) -> bool {
        self.restarted
    }

    /// A marker that has no place in the pixels.
    pub(super) const fn odd(&self) -> Option<u8> {
        self.odd
    }

    /// Walks to the first scan; `None` once it is there.
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
            match Kind::of(marker) {
                // A start marker, and then no marker: sound, most likely.
                _ if first && gap > 0 && buffer.get(end) == Some(&0xff) => return broken(2),
                Kind::Start if first && gap == 0 => {
                    self.restarted = true;
                    self.leave_out(end..at + 2);
                    self.at = at + 2;
                    continue;
                }
                Kind::Alone if first => return broken(at),
                Kind::Scan if first || (gap > 0 && !self.has_frame) => return broken(at),
                // A length that jumps over a start was false. Behind the first segment, application data that leads to a marker may
                // have a picture of its own.
                _ if (gap > 0 || self.certain == 0 || self.is_of_tables(buffer))
                    && self.hides_a_start(buffer) =>
                {
                    return Some(Scan::Broken(self.look_again(buffer)));
                }
                Kind::Start | Kind::End | Kind::Reserved => return broken(at),
                Kind::Alone | Kind::Segment | Kind::Scan => {}
            }
            let length = match Kind::of(marker) {
                Kind::Alone => 0,
                _ => match length(buffer, at) {
                    Some(length) => length,
                    None => {
                        self.at = at;
                        return Some(Scan::More);
                    }
                },
            };
            if length < 2 && Kind::of(marker) != Kind::Alone {
                return broken(at + 2);
            }
            // A scan's header is followed by pixels: whether it holds is seen in itself.
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

    /// Whether a picture may begin in what is taken for the last segment.
    fn hides_a_start(&self, buffer: &[u8]) -> bool {
        self.segment.is_some_and(|(at, end)| hides_a_start(buffer, at, end))
    }

    /// Whether the last segment is none of application data or a comment.
    fn is_of_tables(&self, buffer: &[u8]) -> bool {
        let marker = self.segment.and_then(|(at, _)| buffer.get(at + 1));
        !matches!(marker, Some(0xe0..=0xef | 0xfe))
    }

    fn leave_out(&mut self, bytes: Range<usize>) {
        self.stray_bytes += bytes.len();
        self.stray.push(bytes);
    }

    /// Where to look again if the last segment's length is not believed. One with a name is no accident: a thumbnail inside it is
    /// no picture of the stream.
    fn look_again(&self, buffer: &[u8]) -> usize {
        match self.segment {
            Some((at, end)) if has_name(buffer, at) => end.min(buffer.len()),
            Some((at, _)) => at + 2,
            None => buffer.len().min(2),
        }
    }

    /// Walks through entropy-coded data and what stands between scans.
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
            let kind = Kind::of(marker);
            let holds = match kind {
                Kind::End => return Scan::End(at + 2),
                Kind::Alone => Some(at + 2),
                Kind::Start => match self.starts_picture(buffer, at) {
                    Some(true) => return Scan::Unended(at),
                    Some(false) => None,
                    None => return Scan::More,
                },
                Kind::Scan | Kind::Segment if !is_frame_header(marker) => {
                    match self.segment_end(buffer, at) {
                        Some(end) => end,
                        None => return Scan::More,
                    }
                }
                Kind::Scan | Kind::Segment | Kind::Reserved => None,
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
            (Some(0xff), Some(&marker)) => Some(matches!(Kind::of(marker), Kind::Segment | Kind::Start)),
            (Some(0xff) | None, None) => self.is_last.then_some(false),
            _ => Some(false),
        }
    }

    /// The end of a segment among scans, `Some(None)` if its length leads nowhere; `None` if that is not known yet.
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

/// Whether a picture may begin in what is taken for a segment. In one with a name it is a thumbnail.
fn hides_a_start(buffer: &[u8], at: usize, end: usize) -> bool {
    // One that begins with the segment's last byte has three more behind it.
    let inside = buffer.get(at + 2..(end + 3).min(buffer.len())).unwrap_or_default();
    let is_start = |at: usize| inside.get(at + 3).is_some_and(|&marker| Kind::of(marker) == Kind::Segment);
    !has_name(buffer, at) && memmem::find_iter(inside, &[0xff, SOI, 0xff]).any(is_start)
}

/// Whether a segment begins as those of applications do that name themselves: `JFIF`, `Exif`, `http`. In other bytes that is an
/// accident of one in three hundred.
fn has_name(buffer: &[u8], at: usize) -> bool {
    buffer.get(at + 4..at + 8).is_some_and(|name| name.iter().all(u8::is_ascii_alphanumeric))
}

/// The JPEG at the start of `bytes` without what lies behind its end; `None` if it has no end marker.
#[must_use]
pub fn trimmed(bytes: &[u8]) -> Option<&[u8]> {
    match EndScanner::default().finish(bytes) {
        Scan::End(end) => bytes.get(..end),
        Scan::More | Scan::Unended(_) | Scan::Broken(_) => None,
    }
}
