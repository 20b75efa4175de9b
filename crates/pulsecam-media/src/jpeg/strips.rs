//! Whether a picture is processed in strips.

use std::str::FromStr;

use serde::Serialize;

use super::crew::Crew;

/// The most strips that can be requested: the cores of a common desktop.
const MOST: usize = 8;

/// The number of pixels from which strips pay off. On two cores they took 0.63 to 0.69 of one thread's time
/// at this size; encoding 320x240 took 0.93 of it, which is not worth waking a core, and 160x120 took 1.8.
const WORTH: usize = 640 * 480;

/// Whether pictures are encoded and decoded in strips, in parallel on several cores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Strips {
    /// If it pays off: for pictures that are large enough, on a machine with several cores.
    #[default]
    Auto,
    /// Never.
    Off,
    /// This number of strips, if the picture has that many rows of blocks. It does not matter whether that
    /// pays off here: the decoding machine may have more cores.
    Count(usize),
}

impl Strips {
    /// The number of cores that this process uses for one picture.
    #[must_use]
    pub fn cores() -> usize {
        Crew::of_the_process().size()
    }

    /// The number of strips for a picture; 1 means undivided.
    pub(super) fn of(self, width: usize, height: usize) -> usize {
        match self {
            Self::Off => 1,
            Self::Auto if width * height < WORTH => 1,
            // Called last, because it starts the threads.
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
