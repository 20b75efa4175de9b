//! Turns, mirrors or flips the pictures of a source, for a camera that hangs upside down or stands on its side.
//!
//! A JPEG is turned without loss if its sides allow it: its blocks are rearranged, and no pixel changes. Otherwise
//! it is decoded and turned as a whole, to be encoded again; nothing is cut off at its edges.

use std::sync::Arc;

use super::{Error, Frame, FrameData, Losses, Signal, Source};
use crate::{
    jpeg::{self, Decoder, Turner},
    picture::Orientation,
};

/// A source whose pictures are turned.
pub(super) struct Turn {
    source: Box<dyn Source>,
    orientation: Orientation,
    turner: Turner,
    decoder: Decoder,
}

impl Turn {
    /// Turns the pictures of `source`.
    pub(super) fn new(source: Box<dyn Source>, orientation: Orientation) -> Result<Self, Error> {
        let turner = Turner::new().map_err(|error| failed(&error))?;
        let decoder = Decoder::new().map_err(|error| failed(&error))?;
        Ok(Self { source, orientation, turner, decoder })
    }

    fn turned(&mut self, data: FrameData) -> Result<FrameData, Error> {
        let picture = match data {
            FrameData::Jpeg(jpeg) => {
                if is_allowed(&jpeg)
                    && let Some(turned) = self.turner.turned(&jpeg, self.orientation)
                {
                    return Ok(FrameData::Jpeg(turned));
                }
                self.decoder.decode_rgb(&jpeg).map_err(|error| failed(&error))?
            }
            FrameData::Picture(picture) => Arc::unwrap_or_clone(picture),
        };
        Ok(FrameData::Picture(self.orientation.turn_picture(picture).into()))
    }
}

impl Source for Turn {
    fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        let Some(frame) = self.source.next_frame()? else { return Ok(None) };
        Ok(Some(Frame { data: self.turned(frame.data)?, ..frame }))
    }

    fn pass_by(&mut self) -> Result<bool, Error> {
        self.source.pass_by()
    }

    fn signal(&self) -> Option<Signal> {
        let signal = self.source.signal()?;
        // The card in place of a picture has the same size.
        Some(Signal { size: signal.size.map(|size| self.orientation.upright_size(size)), ..signal })
    }

    fn losses(&self) -> Losses {
        self.source.losses()
    }

    fn passed_over(&self) -> u64 {
        self.source.passed_over()
    }

    fn reuse(&mut self, memory: Vec<u8>) {
        self.source.reuse(memory);
    }

    fn describe(&self) -> String {
        let turned = match self.orientation {
            Orientation::Upright => "upright",
            Orientation::FlipHorizontal => "mirrored",
            Orientation::Rotate180 => "rotated by 180°",
            Orientation::FlipVertical => "flipped",
            Orientation::Transpose => "rotated by 90° and mirrored",
            Orientation::Rotate90 => "rotated by 90°",
            Orientation::Transverse => "rotated by 270° and mirrored",
            Orientation::Rotate270 => "rotated by 270°",
        };
        format!("{}, {turned}", self.source.describe())
    }
}

/// Whether the JPEG claims a size for which the turner may take memory. The decoder says what is wrong with others.
fn is_allowed(jpeg: &[u8]) -> bool {
    jpeg::header(jpeg).is_ok_and(|header| jpeg::check_size(header.width, header.height).is_ok())
}

fn failed(error: &jpeg::Error) -> Error {
    Error::Picture { name: "rotating".into(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        clock::Timestamp,
        jpeg::Encoder,
        picture::{Picture, Pixels},
    };

    struct Script(Vec<FrameData>);

    impl Source for Script {
        fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
            let frame = |data| Frame { seq: 7, captured: Timestamp::from_micros(5), data };
            Ok(self.0.pop().map(frame))
        }

        fn signal(&self) -> Option<Signal> {
            Some(Signal { name: "script".into(), size: Some((64, 32)), patience: Duration::from_secs(1) })
        }

        fn describe(&self) -> String {
            "script".into()
        }
    }

    /// Red in the upper left corner, green right of it, blue below.
    fn corners(width: usize, height: usize) -> Picture {
        let colour = |at: usize| match (at % width < width / 2, at / width < height / 2) {
            (true, true) => [220, 20, 20],
            (false, true) => [20, 200, 40],
            (true, false) => [30, 40, 210],
            (false, false) => [230, 220, 30],
        };
        Picture { width, height, pixels: Pixels::Rgb((0..width * height).flat_map(colour).collect()) }
    }

    fn jpeg(picture: &Picture) -> FrameData {
        FrameData::Jpeg(Encoder::new(95).unwrap().encode(picture).unwrap())
    }

    fn turned(data: FrameData, orientation: Orientation) -> FrameData {
        let mut source = Turn::new(Box::new(Script(vec![data])), orientation).unwrap();
        let frame = source.next_frame().unwrap().unwrap();
        assert_eq!((frame.seq, frame.captured.as_micros()), (7, 5));
        frame.data
    }

    fn decoded(data: &FrameData) -> Picture {
        match data {
            FrameData::Jpeg(jpeg) => Decoder::new().unwrap().decode_rgb(jpeg).unwrap(),
            FrameData::Picture(picture) => (**picture).clone(),
        }
    }

    /// Whether the colours stand as they should, a quarter of a side from each corner.
    fn is_turned(found: &Picture, orientation: Orientation, size: (usize, usize)) {
        let wanted = orientation.turn_picture(corners(size.0, size.1));
        assert_eq!((found.width, found.height), (wanted.width, wanted.height), "{orientation:?}");
        for (x, y) in [(1, 1), (3, 1), (1, 3), (3, 3)] {
            let at = 3 * (found.height * y / 4 * found.width + found.width * x / 4);
            for channel in at..at + 3 {
                let (found, wanted) = (found.bytes()[channel], wanted.bytes()[channel]);
                assert!(found.abs_diff(wanted) < 30, "{orientation:?} {x},{y}: {found} {wanted}");
            }
        }
    }

    #[test]
    fn a_jpeg_of_whole_blocks_is_turned_without_loss() {
        let size = (64, 32);
        let before = jpeg(&corners(size.0, size.1));
        for exif in 2..=8 {
            let orientation = Orientation::from_exif(exif).unwrap();
            let after = turned(before.clone(), orientation);
            assert!(matches!(after, FrameData::Jpeg(_)), "{orientation:?}");
            is_turned(&decoded(&after), orientation, size);
            let back = (1..=8).filter_map(Orientation::from_exif).find(|back| {
                let canvas = crate::picture::Canvas { width: 3, height: 2, pixels: (0..6).collect() };
                back.turn_canvas(orientation.turn_canvas(canvas.clone())) == canvas
            });
            let again = turned(after, back.unwrap());
            assert_eq!(decoded(&again), decoded(&before), "{orientation:?}: each pixel comes back");
        }
    }

    #[test]
    fn other_sizes_are_turned_as_a_whole() {
        for size in [(60, 30), (61, 31), (33, 64), (17, 1)] {
            for exif in 2..=8 {
                let orientation = Orientation::from_exif(exif).unwrap();
                let after = decoded(&turned(jpeg(&corners(size.0, size.1)), orientation));
                assert_eq!((after.width, after.height), orientation.upright_size(size), "nothing is cut off");
                if size.1 > 1 {
                    is_turned(&after, orientation, size);
                }
                let raw = turned(FrameData::Picture(corners(size.0, size.1).into()), orientation);
                assert_eq!(decoded(&raw), orientation.turn_picture(corners(size.0, size.1)));
            }
        }
    }

    #[test]
    fn the_card_of_a_silent_source_has_the_same_size() {
        let turn = |orientation| Turn::new(Box::new(Script(Vec::new())), orientation).unwrap();
        assert_eq!(turn(Orientation::Rotate90).signal().unwrap().size, Some((32, 64)));
        assert_eq!(turn(Orientation::FlipHorizontal).signal().unwrap().size, Some((64, 32)));
        assert!(turn(Orientation::Rotate90).describe().ends_with("rotated by 90°"));
        assert!(turn(Orientation::Rotate90).next_frame().unwrap().is_none());
    }

    #[test]
    fn a_damaged_jpeg_is_an_error_and_not_the_end() {
        let damaged = FrameData::Jpeg(bytes::Bytes::from_static(b"damaged"));
        let mut source =
            Turn::new(Box::new(Script(vec![jpeg(&corners(64, 32)), damaged])), Orientation::Rotate180);
        let source = source.as_mut().unwrap();
        assert!(matches!(source.next_frame(), Err(Error::Picture { .. })));
        assert!(source.next_frame().unwrap().is_some());
    }
}
