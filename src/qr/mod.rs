//! QR codes of short texts, such as links, drawn in a terminal.

use qrcodegen::{QrCode, QrCodeEcc, QrSegment, Version};

/// The largest version: 77 modules, of which a terminal needs 43 rows.
const MAX_VERSION: u8 = 15;

/// Modules around a code that stay light, so that it is found: as the standard wants.
const QUIET: usize = 4;

/// A square of dark and light modules.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Code(QrCode);

impl Code {
    /// The code of a text of at most 412 bytes; `None` if it is longer.
    pub(crate) fn new(text: &str) -> Option<Self> {
        // As bytes, and with the level that the relay's page uses: both draw the same code.
        let text = [QrSegment::make_bytes(text.as_bytes())];
        let (level, any_mask) = (QrCodeEcc::Medium, None);
        let (smallest, largest) = (Version::MIN, Version::new(MAX_VERSION));
        QrCode::encode_segments_advanced(&text, level, smallest, largest, any_mask, false).ok().map(Self)
    }

    /// Modules across and down.
    fn side(&self) -> usize {
        usize::try_from(self.0.size()).unwrap_or_default()
    }

    /// Whether the module is dark; beyond the edge it is light.
    fn is_dark(&self, x: usize, y: usize) -> bool {
        let (Ok(x), Ok(y)) = (i32::try_from(x), i32::try_from(y)) else { return false };
        self.0.get_module(x, y)
    }

    /// Two modules per character cell, black on white whatever the terminal's colours are.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        let dark = |x: usize, y: usize| {
            x.checked_sub(QUIET).zip(y.checked_sub(QUIET)).is_some_and(|(x, y)| self.is_dark(x, y))
        };
        let side = self.side() + 2 * QUIET;
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

#[cfg(test)]
mod tests;
