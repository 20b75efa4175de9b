//! A clock for cameras: a sheet on the screen that a program reads back out of a camera's picture.
//!
//! A QR code is the obvious choice, and the wrong one. It has 21 by 21 modules for the eight bytes needed here,
//! and a camera that exposes for 30 ms never sees a code that changes 60 times a second: it sees two or three
//! of them blended. This sheet has cells three times as large, and each stamp stays for several changes.
//!
//! # Layout
//!
//! In cells, from the outside: a white border of one cell, a black frame of one cell, a white margin of one
//! cell, and the data, 16 by 12 cells. Only the upper left cell of the margin is black, so that a reader knows
//! which way is up.
//!
//! The data are four **slots** of 8 by 6 cells: upper left, upper right, lower left, lower right. Each holds a
//! [`Stamp`] in 48 bits, row by row, the most significant bit first; black is 1:
//!
//! | bits | content |
//! |---|---|
//! | 32 | session (8 bits) and milliseconds (24 bits), times 0x9E3779B1 modulo 2^32 |
//! | 16 | CRC-16/CCITT-FALSE of a byte with the slot's number (0 to 3) and the four bytes above |
//!
//! The multiplication makes consecutive stamps differ in half of the cells.
//!
//! # Change
//!
//! Slots change in turn, so each stamp stays four times as long as the newest one is the newest. A slot that
//! changes during the exposure is a blend of two: its cells are grey, or its upper rows are of one stamp and
//! its lower rows of the other. Either way it is rejected ([`MIN_CERTAINTY`], CRC), and an older slot, which did
//! not change, is read instead. A stamp is therefore either right or missing.

mod draw;
mod quad;
mod read;

pub use self::{
    draw::Layout,
    read::{Luma, Reading, Sheet, read},
};

/// Number of slots, which change in turn.
pub const SLOTS: usize = 4;

/// Cells of the sheet from edge to edge of the black frame.
pub(crate) const COLUMNS: usize = 20;
pub(crate) const ROWS: usize = 16;

/// Cells of a slot.
const SLOT_COLUMNS: usize = 8;
const SLOT_ROWS: usize = 6;

/// Cells of frame and margin on each side of the data.
const MARGIN: usize = 2;

/// Bits of the time. It wraps after 4.6 hours, far beyond any latency.
const MILLIS_BITS: u32 = 24;

/// Odd, so that the multiplication is reversible; and its inverse modulo 2^32.
const SPREAD: u32 = 0x9e37_79b1;
const GATHER: u32 = inverse(SPREAD);

/// Minimum distance of a cell from the middle between black and white, as a share of their difference: cells
/// of two stamps that were on the screen for about equal times are rejected.
pub const MIN_CERTAINTY: f32 = 0.12;

/// A time on the sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    session: u8,
    millis: u32,
}

impl Stamp {
    /// The stamp of this time, in a session: sheets of different runs have different sessions.
    #[must_use]
    pub const fn new(session: u8, millis: u64) -> Self {
        Self { session, millis: (millis & ((1 << MILLIS_BITS) - 1)) as u32 }
    }

    /// The session.
    #[must_use]
    pub const fn session(self) -> u8 {
        self.session
    }

    /// Milliseconds from `earlier` to this stamp; negative if `earlier` is later.
    #[must_use]
    pub const fn millis_since(self, earlier: Self) -> i64 {
        const UNUSED: u32 = 32 - MILLIS_BITS;
        let difference = self.millis.wrapping_sub(earlier.millis) << UNUSED;
        (difference.cast_signed() >> UNUSED) as i64
    }

    /// The 48 bits of this stamp in a slot.
    const fn bits(self, slot: usize) -> u64 {
        let spread = ((self.session as u32) << MILLIS_BITS | self.millis).wrapping_mul(SPREAD);
        (spread as u64) << 16 | checksum(slot, spread) as u64
    }

    /// `None` if the checksum is wrong.
    const fn from_bits(slot: usize, bits: u64) -> Option<Self> {
        let spread = (bits >> 16) as u32;
        if checksum(slot, spread) != bits as u16 {
            return None;
        }
        let value = spread.wrapping_mul(GATHER);
        Some(Self { session: (value >> MILLIS_BITS) as u8, millis: value & ((1 << MILLIS_BITS) - 1) })
    }
}

/// CRC-16/CCITT-FALSE of the slot's number and the value.
const fn checksum(slot: usize, value: u32) -> u16 {
    let bytes = (slot as u64 & 0xff) << 32 | value as u64;
    let (mut crc, mut bit) = (0xffff_u16, 40);
    while bit > 0 {
        bit -= 1;
        let feedback = (crc >> 15) as u64 ^ (bytes >> bit & 1);
        crc <<= 1;
        if feedback == 1 {
            crc ^= 0x1021;
        }
    }
    crc
}

/// The inverse of an odd number modulo 2^32, by Newton's method.
const fn inverse(odd: u32) -> u32 {
    let (mut inverse, mut round) = (odd, 0);
    while round < 5 {
        inverse = inverse.wrapping_mul(2_u32.wrapping_sub(odd.wrapping_mul(inverse)));
        round += 1;
    }
    inverse
}

/// Upper left cell of a slot.
const fn slot_origin(slot: usize) -> (usize, usize) {
    (MARGIN + slot % 2 * SLOT_COLUMNS, MARGIN + slot / 2 * SLOT_ROWS)
}

#[cfg(test)]
mod tests;
