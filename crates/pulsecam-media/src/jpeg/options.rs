//! Options of encoding and decoding: the scale, limits for untrusted pictures, and strips.

use std::str::FromStr;

use serde::Serialize;
use turbojpeg::ScalingFactor;

use super::{
    Error, Header, MAX_PIXELS, MAX_SCANNED_PIXELS, MAX_SCANS, encoder::check_size, marker,
    worker_pool::WorkerPool,
};

/// The most strips that can be requested: the cores of a common desktop.
const MOST: usize = 8;

/// The number of pixels from which strips pay off. On two cores they took 0.63 to 0.69 of one thread's time
/// at this size; encoding 320x240 took 0.93 of it, which is not worth waking a core, and 160x120 took 1.8.
const WORTH: usize = 640 * 480;

/// Strips for each core: a core that another program uses does fewer of them, and one that is left behind
/// is half a core's work. Each strip costs one thread about half a percent more.
const STRIPS_PER_CORE: usize = 2;

/// A fraction of the size, which saves time if the picture is shown small. Only fractions for which
/// libjpeg-turbo has fast code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scale {
    /// Full size.
    #[default]
    Full,
    /// Half of each side.
    Half,
    /// A quarter of each side.
    Quarter,
    /// An eighth of each side.
    Eighth,
}

impl Scale {
    /// The smallest scale at which a picture of size `from` has at least the size `to`.
    #[must_use]
    pub fn at_least(from: (usize, usize), to: (usize, usize)) -> Self {
        let enough = |scale: &Self| {
            let factor = scale.factor();
            factor.scale(from.0) >= to.0 && factor.scale(from.1) >= to.1
        };
        [Self::Eighth, Self::Quarter, Self::Half].into_iter().find(enough).unwrap_or_default()
    }

    pub(super) const fn factor(self) -> ScalingFactor {
        match self {
            Self::Full => ScalingFactor::ONE,
            Self::Half => ScalingFactor::ONE_HALF,
            Self::Quarter => ScalingFactor::ONE_QUARTER,
            Self::Eighth => ScalingFactor::ONE_EIGHTH,
        }
    }
}

/// Limits on a picture's size and number of scans. Checked from the markers, before anything is allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeLimits {
    /// The most pixels; more than [`MAX_PIXELS`] are never decoded.
    pub pixels: usize,
    /// The most scans. Fewer for a large picture, so that all scans together cover at most
    /// [`MAX_SCANNED_PIXELS`].
    pub scans: usize,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self { pixels: MAX_PIXELS, scans: MAX_SCANS }
    }
}

impl DecodeLimits {
    /// Sets [`DecodeLimits::pixels`].
    #[must_use]
    pub const fn with_pixels(self, pixels: usize) -> Self {
        Self { pixels, ..self }
    }

    /// Sets [`DecodeLimits::scans`].
    #[must_use]
    pub const fn with_scans(self, scans: usize) -> Self {
        Self { scans, ..self }
    }

    pub(super) fn check(self, jpeg: &[u8], header: Header) -> Result<(), Error> {
        let Header { width, height, .. } = header;
        check_size(width, height)?;
        let pixels = width * height;
        if pixels > self.pixels {
            return Err(Error::TooManyPixels { width, height, allowed: self.pixels });
        }
        let most = MAX_SCANNED_PIXELS.checked_div(pixels).map_or(self.scans, |all| all.min(self.scans));
        let found = marker::scans(jpeg);
        if found > most { Err(Error::TooManyScans { found, allowed: most }) } else { Ok(()) }
    }
}

/// Whether pictures are encoded and decoded in strips, in parallel on several cores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
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
        WorkerPool::global().size()
    }

    /// The number of strips into which [`Strips::Auto`] divides a large picture; 1 means undivided.
    #[must_use]
    pub fn usual() -> usize {
        match Self::cores() {
            1 => 1,
            cores => (cores * STRIPS_PER_CORE).min(MOST),
        }
    }

    /// The number of strips for a picture; 1 means undivided.
    pub(super) fn of(self, width: usize, height: usize) -> usize {
        match self {
            Self::Off => 1,
            Self::Auto if width * height < WORTH => 1,
            // Called last, because it starts the threads.
            Self::Auto => Self::usual(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_scale_that_is_enough_is_taken() {
        let at = |to| Scale::at_least((1280, 720), to);
        assert_eq!([at((1280, 720)), at((4000, 9)), at((641, 300))], [Scale::Full; 3]);
        assert_eq!([at((640, 360)), at((321, 10))], [Scale::Half; 2]);
        assert_eq!([at((320, 180)), at((161, 90))], [Scale::Quarter; 2]);
        assert_eq!([at((160, 90)), at((0, 0))], [Scale::Eighth; 2]);
        assert_eq!(Scale::at_least((1279, 719), (640, 360)), Scale::Half, "odd sides are rounded up");
    }
}
