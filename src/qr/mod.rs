//! QR codes (ISO/IEC 18004) of short texts, such as links: byte mode, error correction level M, versions 1 to 15.
//!
//! The relay's page does the same in JavaScript (`qr.js`); both draw the same code.

mod codewords;
mod drawing;

use self::{codewords::codewords, drawing::drawn};

/// The largest version: 77 modules, of which a terminal needs 43 rows.
const MAX_VERSION: usize = 15;

/// Modules around a code that stay light, so that it is found: as the standard wants.
const QUIET: usize = 4;

/// A square of dark and light modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Code {
    /// Modules across and down.
    pub(crate) side: usize,
    /// Row by row; true is dark.
    modules: Vec<bool>,
}

impl Code {
    /// The code of a text; `None` if it is empty or too long (412 bytes).
    pub(crate) fn new(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        let (version, words) =
            (1..=MAX_VERSION).find_map(|version| Some((version, codewords(text.as_bytes(), version)?)))?;
        (0..drawing::MASKS).map(|mask| drawn(&words, version, mask)).min_by_key(drawing::penalty)
    }

    /// Whether the module is dark; beyond the edge it is light.
    pub(crate) fn is_dark(&self, x: usize, y: usize) -> bool {
        x < self.side && self.modules.get(y * self.side + x).copied().unwrap_or(false)
    }

    /// Two modules per character cell, black on white whatever the terminal's colours are.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        let dark = |x: usize, y: usize| {
            x.checked_sub(QUIET).zip(y.checked_sub(QUIET)).is_some_and(|(x, y)| self.is_dark(x, y))
        };
        let side = self.side + 2 * QUIET;
        (0..side).step_by(2).map(move |y| {
            let cell = |x| match (dark(x, y), dark(x, y + 1)) {
                (false, false) => '█',
                (false, true) => '▀',
                (true, false) => '▄',
                (true, true) => ' ',
            };
            let row: String = (0..side).map(cell).collect();
            format!("\x1b[97;40m{row}\x1b[0m")
        })
    }
}

/// Rows and columns of the alignment patterns.
fn alignment(version: usize) -> Vec<usize> {
    if version == 1 {
        return Vec::new();
    }
    let count = version / 7 + 2;
    let last = 10 + 4 * version;
    let step = (last - 6).div_ceil(count - 1).next_multiple_of(2);
    let rest = (0..count - 1).map(|place| last - step * (count - 2 - place));
    std::iter::once(6).chain(rest).collect()
}

/// The modules across.
const fn side(version: usize) -> usize {
    17 + 4 * version
}

#[cfg(test)]
mod tests;
