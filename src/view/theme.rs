//! The look of the interface: colours, and measures for screens of any density.

use super::strip::Least;
use crate::drawing::Plate;

pub(crate) const BACKGROUND: u32 = 0x0010_1216;
pub(crate) const PANEL: u32 = 0x0016_191f;
pub(crate) const RAISED: u32 = 0x002c_313b;
pub(crate) const TEXT: u32 = 0x00f1_f3f5;
pub(crate) const FAINT: u32 = 0x00a9_b0ba;
pub(crate) const GOOD: u32 = 0x0056_d38c;
pub(crate) const WARNING: u32 = 0x00f5_c04e;
pub(crate) const BAD: u32 = 0x00ff_7d72;

/// Opacity of plates: text on them has a contrast of at least 7 to 1 over white.
const PLATE_ALPHA: u32 = 200;

/// Opacity of panels: higher, since they are read and not looked through.
pub(crate) const PANEL_ALPHA: u32 = 235;

/// Opacity of the veil over a frozen picture: clearly not live, still recognisable.
pub(crate) const FROZEN_ALPHA: u32 = 150;

/// The severity of a line. Never shown by colour alone: the words say it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Warning,
    Bad,
}

impl Tone {
    pub(crate) const fn colour(self) -> u32 {
        match self {
            Self::Good => GOOD,
            Self::Warning => WARNING,
            Self::Bad => BAD,
        }
    }
}

/// Measures of the interface in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Metrics {
    /// Ordinary text: a capital letter is 3 mm high on a common screen, which is read at arm's length.
    pub(crate) text: f32,
    /// Secondary text.
    pub(crate) small: f32,
    /// Headlines.
    pub(crate) large: f32,
    /// Space between items.
    pub(crate) margin: usize,
}

impl Metrics {
    /// Measures for a screen with `scale` pixels per unit.
    pub(crate) fn new(scale: f32) -> Self {
        Self {
            text: 16.0 * scale,
            small: 14.0 * scale,
            large: 23.0 * scale,
            margin: (12.0 * scale).round() as usize,
        }
    }

    /// The smallest measures of the strip beside a large picture: a name of some letters is readable.
    pub(crate) fn strip(self) -> Least {
        Least { width: (self.text * 8.0) as usize, end: (self.text * 1.75) as usize }
    }

    pub(crate) fn plate(self) -> Plate {
        let padding = (self.margin * 3 / 4, self.margin / 3);
        Plate { padding, radius: self.margin as f32 * 0.6, colour: PANEL, alpha: PLATE_ALPHA }
    }
}
