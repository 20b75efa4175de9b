//! JPEGs one after another, in a file or on standard input: `ffmpeg … -f mjpeg -`, HTTP multipart
//! bodies, recordings of cameras, the chunks of a Motion-JPEG AVI.
//!
//! Files keep a pace of their own; a pipe sets it.

use std::{
    fs::File,
    io::{self, Read, Seek},
    path::Path,
};

use super::{Error, Frame, FrameData, Source, pace::Pacer, splitter::Splitter};
use crate::clock::Timestamp;

/// A stream of JPEGs as a source.
pub(super) struct Mjpeg<R> {
    splitter: Splitter<R>,
    /// `None` for a live stream, which sets its own pace.
    pacer: Option<Pacer>,
    /// How to start again at the end, where that is wanted.
    rewind: Option<fn(&mut R) -> io::Result<()>>,
    /// Pictures since the last start.
    shown: u64,
    seq: u64,
    /// It failed for good.
    over: bool,
}

impl Mjpeg<io::Stdin> {
    /// Standard input: each picture as soon as it is whole, or at `fps` frames a second where that is asked for.
    pub(super) fn stdin(fps: Option<f64>) -> Self {
        Self { pacer: fps.map(Pacer::new), ..Self::live(io::stdin(), "standard input") }
    }
}

impl<R: Read> Mjpeg<R> {
    fn live(reader: R, name: &str) -> Self {
        Self {
            splitter: Splitter::new(reader, name),
            pacer: None,
            rewind: None,
            shown: 0,
            seq: 0,
            over: false,
        }
    }
}

impl Mjpeg<File> {
    /// A file, at `fps` frames a second, for ever where `repeat` is set.
    pub(super) fn open(path: &Path, fps: f64, repeat: bool) -> Result<Self, Error> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|source| Error::Io { name: name.clone(), source })?;
        let mut splitter = Splitter::new(file, name);
        splitter.find_start()?;
        let rewind: Option<fn(&mut File) -> io::Result<()>> = if repeat { Some(File::rewind) } else { None };
        Ok(Self { splitter, pacer: Some(Pacer::new(fps)), rewind, shown: 0, seq: 0, over: false })
    }
}

impl<R: Read> Source for Mjpeg<R> {
    fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        let jpeg = loop {
            if self.over {
                return Ok(None);
            }
            let next = self.splitter.next_jpeg();
            // A picture that is too long is skipped; of what cannot be read, or has no pictures, nothing will ever come.
            self.over = matches!(next, Err(Error::Io { .. } | Error::NotMjpeg { .. }));
            if let Some(jpeg) = next? {
                break jpeg;
            }
            // A round without a picture would be followed by another such.
            let (Some(rewind), 1..) = (self.rewind, self.shown) else { return Ok(None) };
            self.shown = 0;
            rewind(&mut self.splitter.reader)
                .map_err(|source| Error::Io { name: self.splitter.name.clone(), source })?;
        };
        if let Some(pacer) = &mut self.pacer {
            pacer.wait();
        }
        let seq = self.seq + self.splitter.damaged;
        self.seq += 1;
        self.shown += 1;
        Ok(Some(Frame { seq, captured: Timestamp::now(), data: FrameData::Jpeg(jpeg) }))
    }

    fn describe(&self) -> String {
        let name = &self.splitter.name;
        match &self.pacer {
            Some(pacer) => format!("MJPEG from {name}, {} fps", pacer.fps()),
            None => format!("MJPEG from {name}, as it comes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A skeleton of a JPEG: a thumbnail hidden in a segment, `body` as entropy-coded data.
    fn jpeg(body: &[u8]) -> Vec<u8> {
        let mut jpeg = vec![0xff, 0xd8, 0xff, 0xe1, 0, 7, 0xff, 0xd8, 0xff, 0xff, 0xd9];
        jpeg.extend([0xff, 0xda, 0, 2]);
        jpeg.extend(body);
        jpeg.extend([0xff, 0xd9]);
        jpeg
    }

    #[test]
    fn files_repeat_where_asked_and_damage_leaves_a_gap_in_the_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clip.mjpeg");
        let (one, torn, two) = (jpeg(b"one"), jpeg(b"torn"), jpeg(b"two"));
        std::fs::write(&path, [&one[..], &torn[..torn.len() - 3], &two].concat()).unwrap();
        let numbers = |repeat, wanted| {
            let mut source = Mjpeg::open(&path, 1000.0, repeat).unwrap();
            let mut next = || source.next_frame().unwrap().map(|frame| frame.seq);
            (0..wanted).map(|_| next()).collect::<Vec<_>>()
        };
        assert_eq!(numbers(false, 4), [Some(0), Some(2), None, None]);
        assert_eq!(numbers(true, 4), [Some(0), Some(2), Some(3), Some(5)]);
    }

    #[test]
    fn a_live_stream_is_handed_on_byte_for_byte() {
        let stream = [jpeg(b"a"), jpeg(b"b")].concat();
        let mut source = Mjpeg::live(&stream[..], "pipe");
        for wanted in [jpeg(b"a"), jpeg(b"b")] {
            let Some(Frame { data: FrameData::Jpeg(found), .. }) = source.next_frame().unwrap() else {
                panic!("no JPEG")
            };
            assert_eq!(found, wanted);
        }
        assert!(source.next_frame().unwrap().is_none());
    }
}
