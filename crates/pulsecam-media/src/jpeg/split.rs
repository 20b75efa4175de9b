//! Splitting a JPEG at its restart markers into pieces that can be decoded in parallel.

use super::{
    marker::{EOI, Next, RST0, RST7, next},
    strip_header::StripHeader,
};

/// Whole rows of MCUs of a JPEG, beginning at a restart marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Piece<'a> {
    /// The first row of pixels.
    pub top: usize,
    /// Rows of pixels.
    pub height: usize,
    head: &'a [u8],
    height_at: usize,
    data: &'a [u8],
    /// Number of restart markers before it.
    restarts: usize,
}

impl Piece<'_> {
    /// Writes it to `jpeg` as a JPEG of its own, replacing the content.
    pub fn write(&self, jpeg: &mut Vec<u8>) {
        jpeg.clear();
        jpeg.reserve(self.head.len() + self.data.len() + 2);
        jpeg.extend_from_slice(self.head);
        let height = (self.height as u16).to_be_bytes();
        if let Some(place) = jpeg.get_mut(self.height_at..self.height_at + 2) {
            place.copy_from_slice(&height);
        }
        let data = jpeg.len();
        jpeg.extend_from_slice(self.data);
        // Restart numbers begin with 0 in each picture and wrap around after 7.
        if !self.restarts.is_multiple_of(8) {
            let (mut at, mut number) = (data, 0);
            while let Next::Marker { at: place, marker } = next(jpeg, at) {
                if let (RST0..=RST7, Some(marker)) = (marker, jpeg.get_mut(place + 1)) {
                    *marker = RST0 + number % 8;
                    number = (number + 1) % 8;
                }
                at = place + 2;
            }
        }
        jpeg.extend_from_slice(&[0xff, EOI]);
    }
}

/// Cuts `jpeg` into up to `most` pieces of about the same height.
///
/// `None` if it cannot be cut: no restart marker between two rows of MCUs, a process other than baseline with
/// one scan, tables that are not in the picture; and if anything is not as it should be.
#[must_use]
pub fn split(jpeg: &[u8], most: usize) -> Option<Vec<Piece<'_>>> {
    let head = StripHeader::read(jpeg)?;
    let cuts = Cuts::new(&head, most)?;
    let data = jpeg.get(head.data..)?;
    let starts = cuts.find(data)?;
    let piece = |index: usize, start: usize, end: usize| {
        let top = cuts.row(index) * head.mcu_height;
        Some(Piece {
            top,
            height: (cuts.row(index + 1) * head.mcu_height).min(head.height) - top,
            head: jpeg.get(..head.data)?,
            height_at: head.height_at,
            data: data.get(start..end)?,
            restarts: cuts.restarts(index),
        })
    };
    let ends = starts.iter().skip(1).map(|&(_, marker)| marker);
    let spans = starts.iter().zip(ends).enumerate();
    spans.map(|(index, (&(start, _), end))| piece(index, start, end)).collect()
}

/// Where to cut, computed from the header alone.
struct Cuts {
    pieces: usize,
    /// Rows of MCUs per unit. Only at the end of a unit does a restart marker coincide with the end of a row.
    unit: usize,
    rows: usize,
    /// Restart intervals per unit.
    unit_intervals: usize,
    /// Total number of restart intervals.
    intervals: usize,
}

impl Cuts {
    fn new(head: &StripHeader, most: usize) -> Option<Self> {
        let (across, rows) = (head.mcus_across(), head.mcu_rows());
        if head.interval == 0 {
            return None;
        }
        let unit = head.interval / greatest_common_divisor(head.interval, across);
        let pieces = rows.div_ceil(unit).min(most);
        let unit_intervals = unit * across / head.interval;
        let intervals = (across * rows).div_ceil(head.interval);
        (pieces > 1).then_some(Self { pieces, unit, rows, unit_intervals, intervals })
    }

    /// The unit with which a piece begins.
    const fn unit(&self, piece: usize) -> usize {
        self.rows.div_ceil(self.unit) * piece / self.pieces
    }

    /// The row of MCUs with which a piece begins; the number of rows for the one after the last.
    fn row(&self, piece: usize) -> usize {
        (self.unit(piece) * self.unit).min(self.rows)
    }

    /// Number of restart markers up to and including the one before a piece.
    const fn restarts(&self, piece: usize) -> usize {
        self.unit(piece) * self.unit_intervals
    }

    /// Where each piece begins in the pixel data, and the position of the marker before it. Also for the end.
    /// `None` unless all restart markers are there, numbered correctly, and no other markers.
    fn find(&self, data: &[u8]) -> Option<Vec<(usize, usize)>> {
        let mut starts = Vec::with_capacity(self.pieces + 1);
        starts.push((0, 0));
        let (mut at, mut restarts) = (0, 0);
        loop {
            let Next::Marker { at: marker, marker: kind } = next(data, at) else { return None };
            at = marker + 2;
            match kind {
                EOI if restarts + 1 == self.intervals => {
                    starts.push((at, marker));
                    return Some(starts);
                }
                RST0..=RST7 if usize::from(kind - RST0) == restarts % 8 && restarts + 1 < self.intervals => {
                    restarts += 1;
                    if starts.len() < self.pieces && restarts == self.restarts(starts.len()) {
                        starts.push((at, marker));
                    }
                }
                _ => return None,
            }
        }
    }
}

const fn greatest_common_divisor(mut a: usize, mut b: usize) -> usize {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
