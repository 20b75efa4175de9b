//! Draws the modules of a code, and judges how hard it is to read.

use super::{Code, alignment, side};

/// The number of masks.
pub(super) const MASKS: u32 = 8;

/// Whether the mask inverts the module in this row and column.
fn is_inverted(mask: u32, y: usize, x: usize) -> bool {
    let odd = match mask {
        0 => y + x,
        1 => y,
        2 => return x.is_multiple_of(3),
        3 => return (y + x).is_multiple_of(3),
        4 => y / 2 + x / 3,
        5 => return (y * x) % 2 + (y * x) % 3 == 0,
        6 => (y * x) % 2 + (y * x) % 3,
        _ => (y + x) % 2 + (y * x) % 3,
    };
    odd.is_multiple_of(2)
}

/// A value with the remainder of its division by `generator`, of this many bits, behind it.
fn with_remainder(value: u32, generator: u32, bits: u32) -> u32 {
    let rest = (0..bits)
        .fold(value, |rest, _| (rest << 1) ^ if rest >> (bits - 1) & 1 == 1 { generator } else { 0 });
    value << bits | rest & ((1 << bits) - 1)
}

/// Modules while they are drawn: those that are not set yet carry data.
struct Draft {
    side: usize,
    modules: Vec<Option<bool>>,
}

impl Draft {
    fn set(&mut self, y: usize, x: usize, dark: bool) {
        if x < self.side
            && let Some(module) = self.modules.get_mut(y * self.side + x)
        {
            *module = Some(dark);
        }
    }

    /// Sets the square of this radius around a module, by the distance from it. Modules beyond the edge are left
    /// out.
    fn set_rings(&mut self, (y, x): (usize, usize), radius: usize, is_dark: fn(usize) -> bool) {
        for dy in 0..=2 * radius {
            for dx in 0..=2 * radius {
                let ring = dy.abs_diff(radius).max(dx.abs_diff(radius));
                if let (Some(y), Some(x)) = ((y + dy).checked_sub(radius), (x + dx).checked_sub(radius)) {
                    self.set(y, x, is_dark(ring));
                }
            }
        }
    }
}

/// The code with these bytes and this mask.
pub(super) fn drawn(words: &[u8], version: usize, mask: u32) -> Code {
    let side = side(version);
    let mut draft = Draft { side, modules: vec![None; side * side] };
    patterns(&mut draft, version);
    information(&mut draft, version, mask);
    let mut bits = words.iter().flat_map(|word| (0..8).rev().map(move |bit| word >> bit & 1 == 1));
    // Pairs of columns from the right, without the column of the timing pattern, up and down in turn.
    let columns = (0..side).rev().filter(|x| *x != 6).collect::<Vec<_>>();
    for (pair, columns) in columns.chunks(2).enumerate() {
        for i in 0..side {
            let y = if pair.is_multiple_of(2) { side - 1 - i } else { i };
            for &x in columns {
                if draft.modules[y * side + x].is_none() {
                    let dark = bits.next().unwrap_or(false);
                    draft.set(y, x, dark != is_inverted(mask, y, x));
                }
            }
        }
    }
    Code { side, modules: draft.modules.into_iter().map(|module| module.unwrap_or(false)).collect() }
}

/// What is the same in all codes of a version: timing, finders, alignment.
fn patterns(draft: &mut Draft, version: usize) {
    let side = draft.side;
    for i in 0..side {
        draft.set(6, i, i.is_multiple_of(2));
        draft.set(i, 6, i.is_multiple_of(2));
    }
    for finder in [(3, 3), (3, side - 4), (side - 4, 3)] {
        draft.set_rings(finder, 4, |ring| ring != 2 && ring != 4);
    }
    let marks = alignment(version);
    for (y, x) in marks.iter().flat_map(|y| marks.iter().map(move |x| (*y, *x))) {
        let is_finder = [(6, 6), (6, side - 7), (side - 7, 6)].contains(&(y, x));
        if !is_finder {
            draft.set_rings((y, x), 2, |ring| ring != 1);
        }
    }
}

/// Level, mask and version, each twice.
fn information(draft: &mut Draft, version: usize, mask: u32) {
    let side = draft.side;
    // Level M is 0.
    let format = with_remainder(mask, 0x537, 10) ^ 0x5412;
    for i in 0..15 {
        let dark = format >> i & 1 == 1;
        let y = match i {
            0..6 => i,
            6 | 7 => i + 1,
            _ => side - 15 + i,
        };
        draft.set(y, 8, dark);
        let x = match i {
            0..8 => side - 1 - i,
            8 => 7,
            _ => 14 - i,
        };
        draft.set(8, x, dark);
    }
    draft.set(side - 8, 8, true);
    if version >= 7 {
        let version = with_remainder(u32::try_from(version).unwrap_or_default(), 0x1f25, 12);
        for i in 0..18 {
            let dark = version >> i & 1 == 1;
            draft.set(i / 3, side - 11 + i % 3, dark);
            draft.set(side - 11 + i % 3, i / 3, dark);
        }
    }
}

/// How hard a code is to read.
pub(super) fn penalty(code: &Code) -> usize {
    let side = code.side;
    let rows = (0..side).map(|y| (0..side).map(|x| code.is_dark(x, y)).collect::<Vec<_>>());
    let columns = (0..side).map(|x| (0..side).map(|y| code.is_dark(x, y)).collect::<Vec<_>>());
    let lines: usize = rows.chain(columns).map(|line| penalty_of_line(&line)).sum();
    let places = (1..side).flat_map(|y| (1..side).map(move |x| (x, y)));
    let is_square = |&(x, y): &(usize, usize)| {
        let dark = code.is_dark(x, y);
        [(x - 1, y), (x, y - 1), (x - 1, y - 1)].iter().all(|(x, y)| code.is_dark(*x, *y) == dark)
    };
    let squares = places.filter(is_square).count();
    let dark = code.modules.iter().filter(|dark| **dark).count();
    lines + 3 * squares + 10 * ((dark * 20).abs_diff(side * side * 10) / (side * side))
}

/// Runs of one colour, and what looks like a finder.
fn penalty_of_line(line: &[bool]) -> usize {
    const FINDER: [bool; 11] = [true, false, true, true, true, false, true, false, false, false, false];
    let runs = line.chunk_by(|a, b| a == b).map(<[bool]>::len).filter(|run| *run >= 5);
    let is_finder = |part: &&[bool]| part.iter().eq(&FINDER) || part.iter().rev().eq(&FINDER);
    runs.map(|run| run - 2).sum::<usize>() + 40 * line.windows(FINDER.len()).filter(is_finder).count()
}
