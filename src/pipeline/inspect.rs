//! Checks on arrival whether an image can be shown, so that window, saved file and events agree.
//!
//! Only decoding shows that. For a large picture it takes as long as for several frames, on the thread that
//! decodes those. So it is limited to a share of that thread's time, whatever a peer sends; beyond it, only
//! headers are checked.

use std::time::{Duration, Instant};

use crate::{
    jpeg::{DecodeLimits, Strips},
    still::{self, StillInfo},
};

/// Rest after a decoding, as a multiple of its duration: decoding takes a quarter of the time at most.
const REST: u32 = 3;

/// Checks images within a share of the time.
#[derive(Debug, Default)]
pub(super) struct Inspector {
    /// When the next image may be decoded.
    rested: Option<Instant>,
}

impl Inspector {
    /// The image's format and size, or why it cannot be shown.
    pub(super) fn check(&mut self, file: &[u8], limits: DecodeLimits) -> Result<StillInfo, still::Error> {
        let look = still::inspect(file)?;
        let begin = Instant::now();
        if self.may(begin) {
            // An eighth of the size is enough: every byte of a JPEG is read nevertheless.
            let eighth = |side: usize| side.div_ceil(8);
            let shown = still::display(file, (eighth(look.size.0), eighth(look.size.1)), limits, Strips::Off);
            self.spent(begin, Instant::now());
            shown?;
        }
        Ok(look)
    }

    fn may(&self, now: Instant) -> bool {
        self.rested.is_none_or(|rested| now >= rested)
    }

    fn spent(&mut self, begin: Instant, end: Instant) {
        let took: Duration = end.saturating_duration_since(begin);
        self.rested = Some(end + took.saturating_mul(REST));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        jpeg::Encoder,
        picture::{Picture, Pixels},
    };

    #[test]
    fn decoding_takes_a_quarter_of_the_time_at_most() {
        let (mut inspector, start, ms) = (Inspector::default(), Instant::now(), Duration::from_millis(1));
        assert!(inspector.may(start));
        inspector.spent(start, start + 100 * ms);
        assert!(!inspector.may(start + 100 * ms) && !inspector.may(start + 399 * ms));
        assert!(inspector.may(start + 400 * ms));
    }

    #[test]
    fn an_image_that_cannot_be_shown_has_a_reason() {
        let picture = Picture { width: 20, height: 10, pixels: Pixels::Rgb(vec![90; 600]) };
        let jpeg = Encoder::new(80).unwrap().encode(&picture).unwrap();
        let look = |file: &[u8]| Inspector::default().check(file, DecodeLimits::default());
        assert_eq!(look(&jpeg).unwrap().size, (20, 10));
        let mut deep = jpeg.to_vec();
        let sof = deep.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
        deep[sof + 4] = 12;
        for (file, words) in [(&deep[..], "12 bits"), (b"", "empty"), (b"text", "text"), (b"%PDF-1", "PDF")] {
            let error = look(file).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        let few = DecodeLimits::default().with_pixels(100);
        let error = Inspector::default().check(&jpeg, few).unwrap_err().to_string();
        assert!(error.contains("20x10 pixels; up to 100"), "{error}");
    }
}
