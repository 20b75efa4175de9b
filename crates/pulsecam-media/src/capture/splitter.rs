//! Splits a byte stream into JPEGs.
//!
//! Pictures are found by walking their markers, each byte once. Anything between them is skipped, whether a
//! multipart boundary or an AVI chunk header. An intact picture is returned unchanged and without a copy; one
//! without an end marker ends where the next begins.
//!
//! Three bytes that look like a start are a guess. If no header follows, the bytes that were skipped are
//! searched again.

use std::io::{ErrorKind, Read};

use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem;

use super::{Error, Losses, frame_repair::FrameRepair};
use crate::jpeg::{
    Repaired,
    marker::{EndScanner, Scan},
};

/// The maximum picture size. An 8K frame at quality 95 is about 12 MB; a larger picture has lost its end.
pub(super) const MAX_JPEG: usize = pulsecam_wire::DEFAULT_MAX_MESSAGE as usize;

/// Read size: the capacity of a Linux pipe.
const CHUNK: usize = 64 << 10;

/// First bytes of every JPEG: the start marker and the first byte of the next marker.
const START: [u8; 3] = [0xff, 0xd8, 0xff];

/// Splits a byte stream into JPEGs.
pub(super) struct Splitter<R> {
    pub(super) reader: R,
    pub(super) name: String,
    /// Bytes read and not yet returned; starts with a picture if `in_picture`.
    buffer: BytesMut,
    scanner: EndScanner,
    in_picture: bool,
    /// Bytes skipped in search of the first picture; `None` once it was found.
    preamble: Option<usize>,
    repair: FrameRepair,
    /// Budget of bytes to search again after a picture with a doubtful header could not be decoded. At most
    /// [`MAX_JPEG`], refilled as bytes arrive. Without it, crafted input would be searched over and over.
    again: usize,
}

impl<R: Read> Splitter<R> {
    /// Splits the output of `reader`; `name` is for errors.
    pub(super) fn new(reader: R, name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            reader,
            repair: FrameRepair::new(name.clone()),
            name,
            buffer: BytesMut::new(),
            scanner: EndScanner::default(),
            in_picture: false,
            preamble: Some(0),
            again: MAX_JPEG,
        }
    }

    /// The next intact or repaired picture; `None` at the end.
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
                        self.repair.damaged(&"its header is cut off");
                    }
                    self.skip(at.max(START.len() - 1));
                }
            }
        }
        Ok(None)
    }

    /// Takes a complete picture from the buffer; `None` if it is damaged.
    fn picture(&mut self, length: usize, scan: Scan) -> Option<Bytes> {
        match self.repair.walked(&self.buffer, &self.scanner, scan) {
            Ok(Repaired::Whole(whole)) => {
                self.in_picture = false;
                Some(self.buffer.split_to(whole.min(length)).freeze())
            }
            Ok(Repaired::Mended { jpeg, flaw }) => {
                self.repair.repaired(flaw);
                self.skip(length);
                Some(jpeg)
            }
            Err(error) => match self.scanner.doubtful() {
                // It was not a picture, and the pictures that it ran into must be searched.
                Some(at) if length <= self.again => {
                    self.again -= length;
                    self.skip(at.max(START.len() - 1));
                    None
                }
                _ => {
                    self.repair.damaged(&error);
                    self.skip(length);
                    None
                }
            },
        }
    }

    /// Damaged and repaired pictures so far.
    pub(super) const fn losses(&self) -> Losses {
        self.repair.losses()
    }

    /// Advances to the start of a picture; `false` at the end.
    pub(super) fn find_start(&mut self) -> Result<bool, Error> {
        while !self.in_picture {
            let found = memmem::find(&self.buffer, &START);
            // Two bytes may be the beginning of an incomplete start.
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
        self.repair.damaged(&error);
        self.skip(bytes);
        error
    }

    fn skip(&mut self, bytes: usize) {
        self.in_picture = false;
        self.buffer.advance(bytes.min(self.buffer.len()));
    }

    /// Reads more; `false` at the end.
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

/// Iterator over the JPEGs of a byte stream: see [`jpegs`].
pub struct Jpegs<R>(Splitter<R>);

/// Finds the JPEGs in a byte stream: `ffmpeg … -f mjpeg -`, a multipart body, a dump of a camera. Flawed ones
/// are repaired, and damaged ones dropped. `name` is for errors and reports.
pub fn jpegs<R: Read>(reader: R, name: &str) -> Jpegs<R> {
    Jpegs(Splitter::new(reader, name))
}

impl<R: Read> Jpegs<R> {
    /// Damaged and repaired pictures so far.
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
