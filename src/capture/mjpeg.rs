//! JPEGs one after another, in a file or on standard input: `ffmpeg … -f mjpeg -`, HTTP multipart
//! bodies, recordings of cameras, the chunks of a Motion-JPEG AVI.
//!
//! The pictures are found by walking their markers, each byte once, and what lies between them is
//! skipped: a multipart boundary and an AVI chunk header look alike from here. The bytes of a picture are
//! handed on untouched and uncopied.

use std::{
    fs::File,
    io::{self, ErrorKind, Read, Seek},
    path::Path,
};

use bytes::{Buf, Bytes, BytesMut};

use super::{Error, Frame, FrameData, Source, pace::Pacer};
use crate::{
    clock::Timestamp,
    jpeg::marker::{EndScanner, Scan},
};

/// The largest picture that is taken. An 8K frame at quality 95 is about 12 MB; a picture that grows past
/// this has lost its end.
pub(super) const MAX_JPEG: usize = 16 << 20;

/// Bytes within which the first picture has to begin: headers in front of one take kilobytes, and what
/// has none in a megabyte is another format.
const MAX_PREAMBLE: usize = 1 << 20;

/// Bytes asked for at a time: what a Linux pipe holds.
const CHUNK: usize = 64 << 10;

/// What every JPEG begins with: its start marker and the first byte of the next.
const START: [u8; 3] = [0xff, 0xd8, 0xff];

/// Cuts a byte stream into JPEGs.
pub(super) struct Splitter<R> {
    reader: R,
    name: String,
    /// What was read and not handed on; starts with a picture where `in_picture`.
    buffer: BytesMut,
    scanner: EndScanner,
    in_picture: bool,
    /// Bytes skipped in search of the first picture; `None` once it was found.
    preamble: Option<usize>,
    /// Damaged pictures that were skipped.
    damaged: u64,
}

impl<R: Read> Splitter<R> {
    /// Cuts what `reader` gives; `name` is for errors.
    pub(super) fn new(reader: R, name: impl Into<String>) -> Self {
        Self {
            reader,
            name: name.into(),
            buffer: BytesMut::new(),
            scanner: EndScanner::default(),
            in_picture: false,
            preamble: Some(0),
            damaged: 0,
        }
    }

    /// The next whole picture; `None` at the end. A picture that the end cuts off is dropped.
    pub(super) fn next_jpeg(&mut self) -> Result<Option<Bytes>, Error> {
        while self.find_start()? {
            match self.scanner.scan(&self.buffer) {
                Scan::End(length) if length <= MAX_JPEG => {
                    self.in_picture = false;
                    return Ok(Some(self.buffer.split_to(length).freeze()));
                }
                // What stands where a marker should be may start the next picture.
                Scan::Broken(at) => self.skip_damaged(at),
                Scan::End(length) => return Err(self.too_long(length)),
                Scan::More if self.buffer.len() > MAX_JPEG => {
                    return Err(self.too_long(self.buffer.len()));
                }
                Scan::More => {
                    if !self.fill()? {
                        tracing::debug!(name = self.name, bytes = self.buffer.len(), "cut off by the end");
                        self.skip_damaged(self.buffer.len());
                    }
                }
            }
        }
        Ok(None)
    }

    /// Moves to where a picture begins; `false` at the end.
    pub(super) fn find_start(&mut self) -> Result<bool, Error> {
        while !self.in_picture {
            let found = self.buffer.windows(START.len()).position(|bytes| bytes == START);
            // Two bytes may be the beginning of a start that has not come whole.
            let skipped = found.unwrap_or(self.buffer.len().saturating_sub(START.len() - 1));
            self.buffer.advance(skipped);
            if let Some(preamble) = &mut self.preamble {
                *preamble += skipped;
                if *preamble > MAX_PREAMBLE {
                    return Err(Error::NotMjpeg { name: self.name.clone(), searched: *preamble });
                }
            }
            if found.is_some() {
                self.in_picture = true;
                self.preamble = None;
                self.scanner = EndScanner::default();
            } else if !self.fill()? {
                return match self.preamble {
                    None => Ok(false),
                    Some(searched) => {
                        let searched = searched + self.buffer.len();
                        Err(Error::NotMjpeg { name: self.name.clone(), searched })
                    }
                };
            }
        }
        Ok(true)
    }

    fn too_long(&mut self, bytes: usize) -> Error {
        self.skip_damaged(bytes);
        Error::TooLong { name: self.name.clone(), allowed: MAX_JPEG }
    }

    fn skip_damaged(&mut self, bytes: usize) {
        self.damaged += 1;
        self.in_picture = false;
        self.buffer.advance(bytes);
    }

    /// Reads on; `false` at the end.
    fn fill(&mut self) -> Result<bool, Error> {
        let held = self.buffer.len();
        self.buffer.resize(held + CHUNK, 0);
        let result = loop {
            match self.reader.read(&mut self.buffer[held..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => break result,
            }
        };
        self.buffer.truncate(held + result.as_ref().map_or(0, |&read| read));
        match result {
            Ok(read) => Ok(read > 0),
            Err(source) => Err(Error::Io { name: self.name.clone(), source }),
        }
    }
}

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

    /// Hands out a fixed number of bytes a time, as a pipe may.
    struct Chunks<'a>(&'a [u8], usize);

    impl Read for Chunks<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let step = self.1.min(buffer.len());
            self.0.read(&mut buffer[..step])
        }
    }

    /// A skeleton of a JPEG: a thumbnail hidden in a segment, `body` as entropy-coded data.
    fn jpeg(body: &[u8]) -> Vec<u8> {
        let mut jpeg = vec![0xff, 0xd8, 0xff, 0xe1, 0, 7, 0xff, 0xd8, 0xff, 0xff, 0xd9];
        jpeg.extend([0xff, 0xda, 0, 2]);
        jpeg.extend(body);
        jpeg.extend([0xff, 0xd9]);
        jpeg
    }

    fn split(stream: &[u8], step: usize) -> (Vec<Bytes>, u64) {
        let mut splitter = Splitter::new(Chunks(stream, step), "test");
        let mut found = Vec::new();
        while let Some(jpeg) = splitter.next_jpeg().unwrap() {
            found.push(jpeg);
        }
        (found, splitter.damaged)
    }

    #[test]
    fn pictures_come_out_exact_whatever_the_chunks_and_the_garbage_between() {
        let pictures = [jpeg(b"one"), jpeg(&[1, 0xff, 0, 2, 0xff, 0xd3, 3]), jpeg(b""), jpeg(b"last")];
        let gaps: [&[u8]; 5] = [
            b"--frame\r\nContent-Type: image/jpeg\r\n\r\n",
            b"",
            b"00dc\x10\xff\xd8\0",
            b"\xff\xd8\x01",
            b"\xff",
        ];
        let mut stream = Vec::new();
        for (gap, picture) in gaps.iter().zip(&pictures) {
            stream.extend_from_slice(gap);
            stream.extend_from_slice(picture);
        }
        stream.extend_from_slice(gaps[4]);
        for step in 1..=stream.len() {
            let (found, damaged) = split(&stream, step);
            assert_eq!(found, pictures, "chunks of {step}");
            assert_eq!(damaged, 0);
        }
    }

    #[test]
    fn a_picture_cut_short_costs_only_itself() {
        let (whole, torn) = (jpeg(b"whole"), jpeg(b"torn in the middle"));
        let stream = [&torn[..torn.len() - 9], &whole, &torn[..20]].concat();
        for step in [1, 2, 3, 7, 1000] {
            let (found, damaged) = split(&stream, step);
            assert_eq!(found, std::slice::from_ref(&whole), "chunks of {step}");
            assert_eq!(damaged, 2);
        }
    }

    #[test]
    fn what_is_no_stream_of_jpegs_is_told_soon() {
        let other = vec![0x55; 3 * MAX_PREAMBLE];
        let mut splitter = Splitter::new(&other[..], "film.mkv");
        let error = splitter.next_jpeg().unwrap_err();
        assert!(matches!(&error, Error::NotMjpeg { name, searched }
            if name == "film.mkv" && (MAX_PREAMBLE..MAX_PREAMBLE + 2 * CHUNK).contains(searched)));
        let error = Splitter::new(&other[..100], "short").next_jpeg().unwrap_err();
        assert!(matches!(error, Error::NotMjpeg { searched: 100, .. }));
        assert!(matches!(Splitter::new(&b""[..], "empty").find_start(), Err(Error::NotMjpeg { .. })));
    }

    #[test]
    fn a_picture_without_end_is_an_error_after_which_the_stream_goes_on() {
        let mut stream = jpeg(&vec![7; MAX_JPEG]);
        stream.extend(jpeg(b"next"));
        let mut splitter = Splitter::new(&stream[..], "test");
        assert!(matches!(splitter.next_jpeg(), Err(Error::TooLong { allowed: MAX_JPEG, .. })));
        assert_eq!(splitter.next_jpeg().unwrap().unwrap(), jpeg(b"next"));
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
