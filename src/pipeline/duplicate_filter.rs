//! Decides whether a frame is a duplicate of the one before, and need not be sent.
//!
//! Only frames that are equal byte for byte count. A camera's noise makes that rare; it is common with
//! screens, test pictures, cards and recordings.

use std::time::{Duration, Instant};

use crate::capture::FrameData;

/// Repetition interval of a picture that stays the same. New viewers soon see it, and the stream does not
/// seem stalled.
const REPEAT: Duration = Duration::from_secs(1);

/// The last frame that was sent.
#[derive(Debug, Default)]
pub(super) struct DuplicateFilter {
    last: Option<(FrameData, Instant)>,
}

impl DuplicateFilter {
    /// Whether this frame need not be sent.
    pub(super) fn is_same(&self, data: &FrameData, now: Instant) -> bool {
        let Some((last, sent)) = &self.last else { return false };
        now.duration_since(*sent) < REPEAT && is_equal(last, data)
    }

    /// Keeps the frame that was sent; returns the one kept until now.
    pub(super) fn sent(&mut self, data: FrameData, now: Instant) -> Option<FrameData> {
        self.last.replace((data, now)).map(|(data, _)| data)
    }
}

fn is_equal(a: &FrameData, b: &FrameData) -> bool {
    match (a, b) {
        (FrameData::Jpeg(a), FrameData::Jpeg(b)) => a == b,
        (FrameData::Picture(a), FrameData::Picture(b)) => a == b,
        (FrameData::Jpeg(_), FrameData::Picture(_)) | (FrameData::Picture(_), FrameData::Jpeg(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::picture::{Picture, Pixels};

    const MS: Duration = Duration::from_millis(1);

    fn jpeg(bytes: &'static [u8]) -> FrameData {
        FrameData::Jpeg(Bytes::from_static(bytes))
    }

    fn picture(width: usize, value: u8) -> FrameData {
        FrameData::Picture(Picture { width, height: 6 / width, pixels: Pixels::Rgb(vec![value; 18]) }.into())
    }

    #[test]
    fn the_same_again_is_left_out_until_a_second_has_passed() {
        let start = Instant::now();
        let mut still = DuplicateFilter::default();
        assert!(!still.is_same(&jpeg(b"a"), start));
        assert!(still.sent(jpeg(b"a"), start).is_none());
        assert!(still.is_same(&jpeg(b"a"), start + 999 * MS));
        assert!(!still.is_same(&jpeg(b"b"), start + 999 * MS));
        assert!(!still.is_same(&jpeg(b"a"), start + 1000 * MS));
        assert!(still.sent(jpeg(b"a"), start + 1000 * MS).is_some());
        assert!(still.is_same(&jpeg(b"a"), start + 1999 * MS));
    }

    #[test]
    fn pictures_are_the_same_in_size_and_in_each_sample() {
        let start = Instant::now();
        let mut still = DuplicateFilter::default();
        still.sent(picture(2, 7), start);
        assert!(still.is_same(&picture(2, 7), start));
        assert!(!still.is_same(&picture(2, 8), start));
        assert!(!still.is_same(&picture(3, 7), start), "as many pixels, another shape");
        assert!(!still.is_same(&jpeg(b"a"), start));
    }
}
