//! Cuts a stream of bytes into JPEGs.
//!
//! The pictures are found by walking their markers, each byte once, and what lies between them is
//! skipped: a multipart boundary and an AVI chunk header look alike from here. The bytes of a picture that is
//! whole are handed on untouched and uncopied; one without its end marker ends where the next begins.
//!
//! Three bytes that look like a start are a guess. If no header follows, what the guess jumped over is looked at again.

use std::io::{ErrorKind, Read};

use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem;

use super::{Error, Losses, mender::Mender};
use crate::jpeg::{
    Repaired,
    marker::{EndScanner, Scan},
};

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
    mender: Mender,
    /// Bytes that may be looked at again because a picture behind a doubtful header could not be decoded: [`MAX_JPEG`], and as many
    /// again as come. Bytes that are made for it would be gone through for ever.
    again: usize,
}

impl<R: Read> Splitter<R> {
    /// Cuts what `reader` gives; `name` is for errors.
    pub(super) fn new(reader: R, name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            reader,
            mender: Mender::new(name.clone()),
            name,
            buffer: BytesMut::new(),
            scanner: EndScanner::default(),
            in_picture: false,
            preamble: Some(0),
            again: MAX_JPEG,
        }
    }

    /// The next whole picture, repaired if need be; `None` at the end.
    pub(super) fn next_jpeg(&mut self) -> Result<Option<Bytes>, Error> {
        while self.find_start()? {
            let mut scan = self.scanner.scan(&self.buffer);
            if scan == Scan::More && self.buffer.len() <= MAX_JPEG {
                if self.fill()? {
                    continue;
                }
                scan = self.scanner.finish(&self.buffer);
            }
            match scan {
                Scan::More => return Err(self.too_long(self.buffer.len())),
                Scan::End(length) | Scan::Unended(length) if length > MAX_JPEG => {
                    return Err(self.too_long(length));
                }
                Scan::End(length) | Scan::Unended(length) => {
                    if let Some(jpeg) = self.picture(length, scan) {
                        return Ok(Some(jpeg));
                    }
                }
                Scan::Broken(at) => {
                    if self.scanner.is_picture(&self.buffer) {
                        self.mender.damaged(&"its header breaks off");
                    }
                    self.skip(at.max(START.len() - 1));
                }
            }
        }
        Ok(None)
    }

    /// Takes a picture that has come; `None` if it is damaged.
    fn picture(&mut self, length: usize, scan: Scan) -> Option<Bytes> {
        match self.mender.walked(&self.buffer, &self.scanner, scan) {
            Ok(Repaired::Whole(whole)) => {
                self.in_picture = false;
                Some(self.buffer.split_to(whole.min(length)).freeze())
            }
            Ok(Repaired::Mended { jpeg, flaw }) => {
                self.mender.repaired(flaw);
                self.skip(length);
                Some(jpeg)
            }
            Err(error) => match self.scanner.doubtful() {
                // It was none, and swallowed those that it ran into.
                Some(at) if length <= self.again => {
                    self.again -= length;
                    self.skip(at.max(START.len() - 1));
                    None
                }
                _ => {
                    self.mender.damaged(&error);
                    self.skip(length);
                    None
                }
            },
        }
    }

    /// What was damaged and repaired so far.
    pub(super) const fn losses(&self) -> Losses {
        self.mender.losses()
    }

    /// Moves to where a picture begins; `false` at the end.
    pub(super) fn find_start(&mut self) -> Result<bool, Error> {
        while !self.in_picture {
            let found = memmem::find(&self.buffer, &START);
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
        let error = Error::TooLong { name: self.name.clone(), allowed: MAX_JPEG };
        self.mender.damaged(&error);
        self.skip(bytes);
        error
    }

    fn skip(&mut self, bytes: usize) {
        self.in_picture = false;
        self.buffer.advance(bytes.min(self.buffer.len()));
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
            Ok(read) => {
                self.again = (self.again + read).min(MAX_JPEG);
                Ok(read > 0)
            }
            Err(source) => Err(Error::Io { name: self.name.clone(), source }),
        }
    }
}

/// The JPEGs of a stream of bytes, each whole: see [`jpegs`].
pub struct Jpegs<R>(Splitter<R>);

/// Cuts what `reader` gives into JPEGs, wherever they stand in it: `ffmpeg … -f mjpeg -`, a multipart body, a dump of a camera.
/// Those that have a flaw are repaired, and damaged ones left out. `name` is for errors and reports.
pub fn jpegs<R: Read>(reader: R, name: &str) -> Jpegs<R> {
    Jpegs(Splitter::new(reader, name))
}

impl<R: Read> Jpegs<R> {
    /// What was damaged and repaired so far.
    #[must_use]
    pub const fn losses(&self) -> Losses {
        self.0.losses()
    }
}

impl<R: Read> Iterator for Jpegs<R> {
    type Item = Result<Bytes, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_jpeg().transpose()
    }
}

#[cfg(test)]
#[path = "splitter_tests.rs"]
mod tests;
