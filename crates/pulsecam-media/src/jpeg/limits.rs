//! Limits for decoding pictures from untrusted sources.

use super::{Error, Header, MAX_PIXELS, MAX_SCANNED_PIXELS, MAX_SCANS, encoder::check_size, marker};

/// Limits on a picture's size and number of scans. Checked from the markers, before anything is allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most pixels; more than [`MAX_PIXELS`] are never decoded.
    pub pixels: usize,
    /// The most scans. Fewer for a large picture, so that all scans together cover at most
    /// [`MAX_SCANNED_PIXELS`].
    pub scans: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { pixels: MAX_PIXELS, scans: MAX_SCANS }
    }
}

impl Limits {
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
