//! QuickTime and MP4, which have the same structure, as written by digital cameras and phones.
//!
//! The index (`moov`) is a single atom, at the beginning or at the end. A file whose recording was cut off
//! before the index was written cannot be read. Edit lists are ignored: they delay or trim by fractions of a
//! second, or concern sound, which is not played.

mod atom;
mod samples;
mod track;

use std::time::Duration;

use bytes::Bytes;

use self::{
    atom::AtomHeader,
    samples::{Cursor, Sample},
    track::Track,
};
use super::{Demuxer, Error, Input, MAX_FRAME, damage::Damage};

/// The most bytes of the index: a day of video with sound has some 50 MB.
const MAX_INDEX: u64 = 128 << 20;

/// A QuickTime or MP4 file.
#[derive(Debug)]
pub(super) struct QuickTime {
    input: Input,
    track: Track,
    cursor: Cursor,
    damage: Damage,
}

impl QuickTime {
    pub(super) fn open(mut input: Input) -> Result<Self, Error> {
        let moov = find_index(&mut input)?;
        let length = input.length()?;
        let track = Track::find(&moov, length)?;
        Ok(Self { input, track, cursor: Cursor::default(), damage: Damage::default() })
    }

    /// Reads a sample's bytes; `None` if they are not available.
    fn read(&mut self, sample: Sample) -> Result<Option<Bytes>, Error> {
        if sample.size as usize > MAX_FRAME {
            return Ok(None);
        }
        if !self.input.can_seek() && sample.at < self.input.position() {
            return Err(Error::NeedsFile);
        }
        let end = sample.at.saturating_add(sample.size.into());
        let ahead = end.saturating_sub(self.input.position());
        if !self.input.has(ahead)? {
            return Ok(None);
        }
        self.input.seek(sample.at)?;
        Ok(self.input.take(sample.size as usize)?)
    }
}

/// Finds and returns the body of `moov`.
fn find_index(input: &mut Input) -> Result<Bytes, Error> {
    loop {
        let head = input.peek(AtomHeader::LONGEST)?;
        let Some(AtomHeader { kind, length, body }) = AtomHeader::parse(head) else {
            return Err(Error::Damaged(
                "it has no index (moov): its recording was cut off before the index was written",
            ));
        };
        match (&kind, body) {
            (b"moov", Some(found)) => {
                if found > MAX_INDEX {
                    return Err(Error::TooLong { found, allowed: MAX_INDEX });
                }
                input.skip(length as u64)?;
                return input.take(found as usize)?.ok_or(Error::Damaged("its index (moov) is cut off"));
            }
            // The frames would be read before the index that locates them.
            (b"mdat", _) if !input.can_seek() => return Err(Error::NeedsFile),
            (b"moof", _) => return Err(Error::Unsupported("it is fragmented")),
            (_, body) => {
                let whole = body.is_some_and(|body| body.checked_add(length as u64).is_some());
                if !whole || !input.skip(body.unwrap_or(0) + length as u64)? {
                    return Err(Error::Damaged(
                        "it has no index (moov): its recording was cut off before the index was written",
                    ));
                }
            }
        }
    }
}

impl Demuxer for QuickTime {
    fn next_frame(&mut self) -> Result<Option<(Duration, Bytes)>, Error> {
        while let Some(sample) = self.cursor.next(&self.track.tables) {
            if sample.size == 0 {
                continue;
            }
            match self.read(sample)? {
                Some(jpeg) => return Ok(Some((self.track.time(sample.ticks), jpeg))),
                None => self.damage.at(sample.at),
            }
        }
        Ok(None)
    }

    fn seek(&mut self, to: Duration) -> Result<(), Error> {
        if !self.can_seek() {
            return Err(Error::NeedsFile);
        }
        let mut cursor = Cursor::default();
        let mut found = None;
        loop {
            let before = cursor.clone();
            let Some(sample) = cursor.next(&self.track.tables) else { break };
            if self.track.time(sample.ticks) > to {
                break;
            }
            if sample.size > 0 {
                found = Some(before);
            }
        }
        self.cursor = found.unwrap_or_default();
        Ok(())
    }

    fn can_seek(&self) -> bool {
        self.input.can_seek()
    }

    fn length(&mut self) -> Result<Option<Duration>, Error> {
        let ticks = self.track.ticks.unwrap_or_else(|| self.track.tables.ticks());
        Ok((ticks > 0).then(|| self.track.time(ticks)))
    }

    fn damaged(&self) -> u64 {
        self.damage.count()
    }

    fn container(&self) -> &'static str {
        "QuickTime"
    }
}
