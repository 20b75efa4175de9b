//! AVI, as written by webcam programs, dashboard cameras and digital cameras, usually with PCM sound.
//!
//! The index is not read: there are two kinds, and it is missing after a crash and wrong in many files. The
//! chunks themselves are sufficient, and files in several parts of a gigabyte (OpenDML) are read the same
//! way. List sizes are ignored too: a camera whose battery died never wrote them. Seeking walks from chunk to
//! chunk and remembers positions.

mod headers;

use std::time::Duration;

use bytes::Bytes;

use self::headers::Rate;
use super::{Demuxer, Error, Input, MAX_FRAME, codec, damage::Damage};

/// Frames between two remembered positions.
const MARK_EVERY: u64 = 64;

/// An AVI file.
#[derive(Debug)]
pub(super) struct Avi {
    input: Input,
    /// Stream number with which the names of the video's chunks begin.
    stream: [u8; 2],
    rate: Rate,
    /// Number of frames according to the header.
    claimed: u64,
    /// The next frame's number.
    next: u64,
    /// The last chunk had an odd size: there may be a padding byte before the next.
    odd: bool,
    /// Positions of every [`MARK_EVERY`]th frame, as far as they were read.
    marks: Vec<u64>,
    damage: Damage,
}

/// A chunk of the video; its body follows.
#[derive(Clone, Copy, Debug)]
struct Chunk {
    frame: u64,
    /// Position of its header.
    at: u64,
    size: u32,
}

impl Avi {
    pub(super) fn open(mut input: Input) -> Result<Self, Error> {
        input.skip(12)?;
        let headers = headers::read(&mut input)?;
        let video = match (headers.video, headers.other) {
            (Some(video), _) => video,
            (None, Some(code)) => return Err(Error::NotMotionJpeg(codec::name(code))),
            (None, None) => return Err(Error::NoVideo),
        };
        Ok(Self {
            stream: [b'0' + video.stream / 10 % 10, b'0' + video.stream % 10],
            rate: video.rate.or(headers.main).unwrap_or(Rate::DEFAULT),
            claimed: video.frames,
            next: 0,
            odd: false,
            marks: Vec::new(),
            damage: Damage::default(),
            input,
        })
    }

    /// Moves to the next chunk of the video; `None` at the end.
    fn next_chunk(&mut self) -> Result<Option<Chunk>, Error> {
        loop {
            let head = self.input.peek(13)?;
            if head.len() < 8 {
                return Ok(None);
            }
            // Some programs do not write the padding byte after an odd size.
            let padded = self.odd && (is_usual(head.get(1..5)) || !is_chunk(head.get(..4)));
            self.odd = false;
            let Some(head) = head.get(usize::from(padded)..).filter(|head| is_chunk(head.get(..4))) else {
                if self.find_chunk()? {
                    continue;
                }
                return Ok(None);
            };
            let (size, of_video) = (u32_at(head, 4).unwrap_or(0), is_video(head, self.stream));
            let is_open = (head.starts_with(b"RIFF") || head.starts_with(b"LIST"))
                && matches!(head.get(8..12), Some(b"AVI " | b"AVIX" | b"movi" | b"rec "));
            self.input.skip(padded.into())?;
            let at = self.input.position();
            if is_open {
                self.input.skip(12)?;
            } else if of_video && size as usize <= MAX_FRAME {
                let frame = self.next;
                self.next += 1;
                if frame == self.marks.len() as u64 * MARK_EVERY {
                    self.marks.push(at);
                }
                self.input.skip(8)?;
                self.odd = size % 2 == 1;
                return Ok(Some(Chunk { frame, at, size }));
            } else {
                self.input.skip(8)?;
                if self.input.has(size.into())? {
                    self.input.skip(size.into())?;
                    self.odd = size % 2 == 1;
                } else if !self.find_chunk()? {
                    return Ok(None);
                }
            }
        }
    }

    /// After invalid data: moves to the next chunk of the video that contains a JPEG.
    fn find_chunk(&mut self) -> Result<bool, Error> {
        let (from, [tens, ones]) = (self.input.position(), self.stream);
        let found = self.input.search(&[tens, ones, b'd'], u64::MAX, |bytes| {
            matches!(bytes.get(3), Some(b'c' | b'b'))
                && u32_at(bytes, 4).is_some_and(|size| (4..=MAX_FRAME).contains(&(size as usize)))
                && bytes.get(8..11) == Some(&[0xff, 0xd8, 0xff])
        })?;
        // Data behind the last frame of an unfinished file is not counted as damage.
        if found {
            self.damage.at(from);
        }
        Ok(found)
    }

    /// Skips frames up to this one; returns the last of them that has a picture.
    fn walk(&mut self, last: u64) -> Result<Option<Chunk>, Error> {
        let mut seen = None;
        while self.next <= last
            && let Some(chunk) = self.next_chunk()?
        {
            if chunk.size > 0 {
                seen = Some(chunk);
            }
            self.input.skip(chunk.size.into())?;
        }
        Ok(seen)
    }

    /// Goes back to the last remembered position not after `frame`.
    fn go_back(&mut self, frame: u64) -> Result<(), Error> {
        let mark = (frame / MARK_EVERY).min(self.marks.len().saturating_sub(1) as u64);
        if let Some(&at) = self.marks.get(mark as usize) {
            self.input.seek(at)?;
            (self.next, self.odd) = (mark * MARK_EVERY, false);
        }
        Ok(())
    }
}

impl Demuxer for Avi {
    fn next_frame(&mut self) -> Result<Option<(Duration, Bytes)>, Error> {
        while let Some(chunk) = self.next_chunk()? {
            // Empty: the previous picture is still shown.
            if chunk.size == 0 {
                continue;
            }
            if let Some(jpeg) = self.input.take(chunk.size as usize)? {
                return Ok(Some((self.rate.time(chunk.frame), jpeg)));
            }
            self.damage.at(chunk.at);
        }
        Ok(None)
    }

    fn seek(&mut self, to: Duration) -> Result<(), Error> {
        if !self.can_seek() {
            return Err(Error::NeedsFile);
        }
        let frame = self.rate.frame(to);
        if self.marks.is_empty() {
            self.walk(0)?;
        }
        self.go_back(frame)?;
        if let Some(chunk) = self.walk(frame)? {
            self.input.seek(chunk.at)?;
            (self.next, self.odd) = (chunk.frame, false);
        }
        Ok(())
    }

    fn can_seek(&self) -> bool {
        self.input.can_seek()
    }

    fn length(&mut self) -> Result<Option<Duration>, Error> {
        let possible = self.input.length()?.map_or(u64::MAX, |bytes| bytes / 8);
        if (self.claimed == 0 || self.claimed > possible) && self.can_seek() {
            let (position, next, odd) = (self.input.position(), self.next, self.odd);
            self.walk(u64::MAX - 1)?;
            self.claimed = self.next;
            self.input.seek(position)?;
            (self.next, self.odd) = (next, odd);
        }
        Ok((self.claimed > 0).then(|| self.rate.time(self.claimed)))
    }

    fn damaged(&self) -> u64 {
        self.damage.count()
    }

    fn container(&self) -> &'static str {
        "AVI"
    }
}

/// Whether a chunk belongs to the video, and is neither a palette nor sound.
fn is_video(head: &[u8], stream: [u8; 2]) -> bool {
    head.starts_with(&stream) && !matches!(head.get(2..4), Some(b"wb" | b"pc" | b"tx" | b"sb"))
}

/// Whether this is a valid chunk name.
fn is_chunk(name: Option<&[u8]>) -> bool {
    name.is_some_and(|name| {
        name.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') && name.first() != Some(&b' ')
    })
}

/// Whether this is a usual name of a chunk among frames.
fn is_usual(name: Option<&[u8]>) -> bool {
    match name {
        Some(b"LIST" | b"RIFF" | b"JUNK" | b"idx1") => true,
        Some(&[b'i', b'x', tens, ones]) => tens.is_ascii_digit() && ones.is_ascii_digit(),
        Some(&[tens, ones, a, b]) => {
            tens.is_ascii_digit()
                && ones.is_ascii_digit()
                && a.is_ascii_alphabetic()
                && b.is_ascii_alphabetic()
        }
        _ => false,
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}
