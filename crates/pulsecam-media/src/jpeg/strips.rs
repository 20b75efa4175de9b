//! Whether a picture is worked at in strips.

use std::str::FromStr;

use serde::Serialize;

use super::crew::Crew;

/// Strips at the most that are asked for by number: the cores of a common desktop.
const MOST: usize = 8;

/// Pixels from which strips pay. On two cores they took 0.63 to 0.69 of one thread's time at this size; encoding 320x240 took
/// 0.93 of it, which is not worth waking a core, and 160x120 1.8.
const WORTH: usize = 640 * 480;

/// Whether pictures are encoded and decoded in strips, side by side on several cores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Strips {
    /// Where it pays: pictures that are large enough, on a machine that has the cores.
    #[default]
    Auto,
    /// Never.
    Off,
    /// So many where the picture has that many rows of blocks, whatever it costs here: who decodes may have more cores.
    Count(usize),
}

impl Strips {
    /// How many cores this process puts to one picture.
    #[must_use]
    pub fn cores() -> usize {
        Crew::of_the_process().size()
    }

    /// How many strips to make of a picture; 1 is the whole of it.
    pub(super) fn of(self, width: usize, height: usize) -> usize {
        match self {
            Self::Off => 1,
            Self::Auto if width * height < WORTH => 1,
            // Asked last, for it begins the threads.
            Self::Auto => Self::cores(),
            Self::Count(count) => count.clamp(1, MOST),
        }
    }
}

impl FromStr for Strips {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "off" => Ok(Self::Off),
            _ => match text.parse() {
                Ok(count @ 2..=MOST) => Ok(Self::Count(count)),
                _ => Err(format!("auto, off, or a number from 2 to {MOST}")),
            },
        }
    }
}
