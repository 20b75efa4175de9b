//! Resizes a source that gives pictures as it has them: pipes, recordings.
//!
//! The picture covers the requested size: proportions are kept and the excess is cut off evenly on both
//! sides, as cameras themselves do between 16:9 and 4:3; bars would have to be encoded and sent all the time.
//! Frames that already have the size pass untouched, so that a JPEG is decoded only if it must be.

use std::sync::Arc;

use super::{Error, Frame, FrameData, Transform};
use crate::{
    jpeg::{self, Decoder},
    picture::Scaler,
};

/// Resizes the pictures of a source.
pub(super) struct Resize {
    size: (usize, usize),
    decoder: Decoder,
    scaler: Scaler,
}

impl Resize {
    /// Resizes pictures to `size`.
    pub(super) fn new(size: (usize, usize)) -> Result<Self, Error> {
        let decoder = Decoder::new().map_err(|error| failed(&error))?;
        Ok(Self { size, decoder, scaler: Scaler::default() })
    }

    fn fit(&mut self, data: FrameData) -> Result<FrameData, Error> {
        let picture = match data {
            FrameData::Jpeg(jpeg) => {
                let header = jpeg::header(&jpeg).map_err(|error| failed(&error))?;
                if (header.width, header.height) == self.size {
                    return Ok(FrameData::Jpeg(jpeg));
                }
                Arc::new(self.decoder.decode_rgb(&jpeg).map_err(|error| failed(&error))?)
            }
            FrameData::Picture(picture) => picture,
        };
        if (picture.width, picture.height) == self.size {
            return Ok(FrameData::Picture(picture));
        }
        Ok(FrameData::Picture(self.scaler.cover(&picture, self.size)?.into()))
    }
}

impl Transform for Resize {
    fn frame(&mut self, frame: Frame) -> Result<Frame, Error> {
        Ok(Frame { data: self.fit(frame.data)?, ..frame })
    }

    fn size(&self, _: (usize, usize)) -> (usize, usize) {
        self.size
    }

    fn describe(&self, source: String) -> String {
        let (width, height) = self.size;
        format!("{source}, resized to {width}x{height} if needed")
    }
}

fn failed(error: &jpeg::Error) -> Error {
    Error::Picture { name: "resizing".into(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;
    use crate::{
        capture::{Signal, Source, Transformed},
        clock::Timestamp,
        jpeg::Encoder,
        picture::{Picture, Pixels, Subsampling},
    };

    struct Script(Vec<FrameData>);

    impl Source for Script {
        fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
            let frame = |data| Frame { seq: 7, captured: Timestamp::from_micros(5), data };
            Ok(self.0.pop().map(frame))
        }

        fn signal(&self) -> Option<Signal> {
            Some(Signal { name: "script".into(), size: Some((100, 30)), patience: Duration::from_secs(1) })
        }

        fn describe(&self) -> String {
            "script".into()
        }
    }

    #[test]
    fn what_fits_passes_untouched_and_the_rest_is_brought_to_size() {
        let grey = |width, height| {
            let planes = vec![128; Subsampling::Yuv422.bytes(width, height)];
            Picture { width, height, pixels: Pixels::Planar(Subsampling::Yuv422, planes) }
        };
        let jpeg = |width, height| Encoder::new(80).unwrap().encode(&grey(width, height)).unwrap();
        let fitting = jpeg(64, 48);
        let script = Script(vec![
            FrameData::Jpeg(Bytes::from_static(b"damaged")),
            FrameData::Picture(grey(100, 100).into()),
            FrameData::Jpeg(jpeg(100, 30)),
            FrameData::Jpeg(fitting.clone()),
        ]);
        let mut source = Transformed::new(Box::new(script), Resize::new((64, 48)).unwrap());
        assert_eq!(source.signal().unwrap().size, Some((64, 48)), "the card has the same size");
        let first = source.next_frame().unwrap().unwrap();
        assert!(matches!(&first.data, FrameData::Jpeg(jpeg) if jpeg.as_ptr() == fitting.as_ptr()));
        assert_eq!((first.seq, first.captured.as_micros()), (7, 5));
        for _ in 0..2 {
            let Some(Frame { data: FrameData::Picture(picture), .. }) = source.next_frame().unwrap() else {
                panic!("no picture")
            };
            assert_eq!((picture.width, picture.height), (64, 48));
            assert!(picture.bytes().iter().all(|sample| sample.abs_diff(128) < 3));
        }
        assert!(matches!(source.next_frame(), Err(Error::Picture { .. })));
        assert!(source.next_frame().unwrap().is_none());
    }
}
