//! Resizes a source that gives pictures as it has them: pipes, recordings.
//!
//! The picture covers the requested size: proportions are kept and the excess is cut off evenly on both
//! sides, as cameras themselves do between 16:9 and 4:3; bars would have to be encoded and sent all the time.
//! Frames that already have the size pass untouched, so that a JPEG is decoded only if it must be.

use std::sync::Arc;

use super::{Error, Frame, FrameData, Losses, Signal, Source};
use crate::{
    jpeg::{self, Decoder},
    picture::Scaler,
};

/// A source whose pictures are resized.
pub(super) struct Resize {
    source: Box<dyn Source>,
    size: (usize, usize),
    decoder: Decoder,
    scaler: Scaler,
}

impl Resize {
    /// Resizes the pictures of `source` to `size`.
    pub(super) fn new(source: Box<dyn Source>, size: (usize, usize)) -> Result<Self, Error> {
        let decoder = Decoder::new().map_err(|error| failed(&error))?;
        Ok(Self { source, size, decoder, scaler: Scaler::default() })
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

impl Source for Resize {
    fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        let Some(frame) = self.source.next_frame()? else { return Ok(None) };
        Ok(Some(Frame { data: self.fit(frame.data)?, ..frame }))
    }

    fn pass_by(&mut self) -> Result<bool, Error> {
        self.source.pass_by()
    }

    fn signal(&self) -> Option<Signal> {
        self.source.signal()
    }

    fn losses(&self) -> Losses {
        self.source.losses()
    }

    fn passed_over(&self) -> u64 {
        self.source.passed_over()
    }

    fn describe(&self) -> String {
        let (width, height) = self.size;
        format!("{}, resized to {width}x{height} if needed", self.source.describe())
    }
}

fn failed(error: &jpeg::Error) -> Error {
    Error::Picture { name: "resizing".into(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::{
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
        let mut source = Resize::new(Box::new(script), (64, 48)).unwrap();
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
