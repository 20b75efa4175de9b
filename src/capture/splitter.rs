//! Cuts a stream of bytes into JPEGs.
//!
//! The pictures are found by walking their markers, each byte once, and what lies between them is
//! skipped: a multipart boundary and an AVI chunk header look alike from here. The bytes of a picture are
//! handed on untouched and uncopied.

use std::io::{ErrorKind, Read};

use bytes::{Buf, Bytes, BytesMut};

use super::Error;
use crate::jpeg::marker::{EndScanner, Scan};

/// The largest picture that is taken. An 8K frame at quality 95 is about 12 MB; a picture that grows past
/// this has lost its end.
pub(super) const MAX_JPEG: usize = 16 << 20;

/// Bytes asked for at a time: what a Linux pipe holds.
const CHUNK: usize = 64 << 10;

/// What every JPEG begins with: its start marker and the first byte of the next.
const START: [u8; 3] = [0xff, 0xd8, 0xff];

/// Cuts a byte stream into JPEGs.
pub(super) struct Splitter<R> {
    pub(super) reader: R,
    pub(super) name: String,
    /// What was read and not handed on; starts with a picture where `in_picture`.
    buffer: BytesMut,
    scanner: EndScanner,
    in_picture: bool,
    /// Bytes skipped in search of the first picture; `None` once it was found.
    preamble: Option<usize>,
    /// Damaged pictures that were skipped.
    pub(super) damaged: u64,
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

#[cfg(test)]
mod tests {
    use std::io;

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
    fn a_first_picture_is_found_wherever_it_is_and_none_is_an_error() {
        let other = vec![0x55; 3 << 20];
        let stream = [&other[..], &jpeg(b"late")].concat();
        let mut splitter = Splitter::new(&stream[..], "test");
        assert_eq!(splitter.next_jpeg().unwrap().unwrap(), jpeg(b"late"));
        let error = Splitter::new(&other[..], "film.mkv").next_jpeg().unwrap_err();
        assert!(
            matches!(&error, Error::NotMjpeg { name, searched } if name == "film.mkv" && *searched == other.len())
        );
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
}
