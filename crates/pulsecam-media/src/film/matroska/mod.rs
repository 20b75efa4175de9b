//! Matroska: recordings of this program, and Motion-JPEG written by others.
//!
//! Elements of unknown size (a segment, a cluster of a live stream) and of known size are read the same way:
//! their children follow one another. A size beyond its cluster, or an unexpected ID, is damage, and the next
//! cluster is searched for.

mod block;
mod element;
mod seek;
mod track;

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;

use self::{
    block::Block,
    element::{ElementHeader, element, float, id, unsigned},
    track::Track,
};
use super::{Demuxer, Error, Input, MAX_FRAME, damage::Damage};

/// The most bytes of an element that describes the file: with many tracks it has some kB.
const MAX_DESCRIPTION: u64 = 1 << 20;

/// Nanoseconds per tick if a file does not say.
const USUAL_SCALE: u64 = 1_000_000;

/// A Matroska file.
#[derive(Debug)]
pub(super) struct Matroska {
    input: Input,
    /// Nanoseconds per tick.
    scale: u64,
    /// Total length in ticks, if the file says so.
    ticks: Option<f64>,
    track: Track,
    /// Position of the first cluster, or of something before it.
    body: u64,
    place: Place,
    /// Frames that were read but not yet returned.
    ready: VecDeque<(Duration, Bytes)>,
    damage: Damage,
}

/// The current cluster.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// Its time in ticks.
    time: u64,
    /// Where it ends, if it says so.
    end: Option<u64>,
}

/// The next item.
enum Next {
    Element(ElementHeader),
    Damage,
    End,
}

impl Matroska {
    pub(super) fn open(mut input: Input) -> Result<Self, Error> {
        let (mut scale, mut ticks) = (USUAL_SCALE, None);
        let track = loop {
            let head = ElementHeader::parse(input.peek(ElementHeader::LONGEST)?);
            let head =
                head.ok_or(Error::Damaged("it ends, or has invalid data, before its list of tracks"))?;
            input.skip(head.length as u64)?;
            let mut body = |head: ElementHeader| match head.body {
                Some(size) if size <= MAX_DESCRIPTION => {
                    input.take(size as usize)?.ok_or(Error::Damaged("its header is cut off"))
                }
                size => Err(Error::TooLong { found: size.unwrap_or(u64::MAX), allowed: MAX_DESCRIPTION }),
            };
            match head.id {
                id::SEGMENT => {}
                id::INFO => {
                    let info = body(head)?;
                    let said = element(&info, id::TIMESTAMP_SCALE).and_then(|scale| unsigned(&scale));
                    scale = said.unwrap_or(USUAL_SCALE).max(1);
                    ticks = element(&info, id::DURATION).and_then(|ticks| float(&ticks));
                }
                id::TRACKS => break Track::find(&body(head)?)?,
                id::CLUSTER => return Err(Error::Damaged("its frames come before its list of tracks")),
                _ => match head.body {
                    Some(size) => _ = input.skip(size)?,
                    None => return Err(Error::Damaged("its header has an element of unknown size")),
                },
            }
        };
        let body = input.position();
        let (place, ready, damage) = (Place::default(), VecDeque::new(), Damage::default());
        Ok(Self { input, scale, ticks, track, body, place, ready, damage })
    }

    /// Parses the next head without taking it.
    fn next(&mut self) -> Result<Next, Error> {
        let bytes = self.input.peek(ElementHeader::LONGEST)?;
        let Some(head) = ElementHeader::parse(bytes) else {
            // A file cut off within a head has lost no frame.
            let whole = bytes.len() == ElementHeader::LONGEST;
            return Ok(if whole { Next::Damage } else { Next::End });
        };
        let is_open = matches!(head.id, id::SEGMENT | id::CLUSTER);
        let is_known = is_open
            || matches!(head.id, id::SIMPLE_BLOCK | id::BLOCK_GROUP | id::BLOCK | id::TIMESTAMP)
            || id::is_passed_over(head.id);
        let position = self.input.position();
        let fits = match head.body {
            None => is_open || head.id == id::BLOCK_GROUP,
            Some(size) if !is_open => {
                let end = position.saturating_add(head.length as u64).saturating_add(size);
                self.place.end.is_none_or(|cluster| position >= cluster || end <= cluster)
            }
            // A cluster with too large a size still has its frames.
            Some(_) => true,
        };
        Ok(if is_known && fits { Next::Element(head) } else { Next::Damage })
    }

    /// Reads until a frame is ready; false at the end.
    fn read(&mut self) -> Result<bool, Error> {
        while self.ready.is_empty() {
            let head = match self.next()? {
                Next::Element(head) => head,
                Next::End => return Ok(false),
                Next::Damage => {
                    if !self.find_cluster()? {
                        return Ok(false);
                    }
                    continue;
                }
            };
            let at = self.input.position();
            self.input.skip(head.length as u64)?;
            let size = head.body.unwrap_or(0);
            match head.id {
                id::SEGMENT | id::BLOCK_GROUP => {}
                id::CLUSTER => {
                    self.place.end = head.body.map(|size| self.input.position().saturating_add(size));
                }
                id::TIMESTAMP if size <= 8 => {
                    let Some(time) = self.input.take(size as usize)? else { return Ok(false) };
                    self.place.time = unsigned(&time).unwrap_or(self.place.time);
                }
                id::SIMPLE_BLOCK | id::BLOCK if size <= MAX_FRAME as u64 + block::HEAD => {
                    let Some(bytes) = self.input.take(size as usize)? else {
                        self.damage.at(at);
                        return Ok(false);
                    };
                    self.block(at, &bytes);
                }
                _ => {
                    // Too large a frame, or a skipped element: if the file is shorter than that, the size is
                    // damaged.
                    if matches!(head.id, id::SIMPLE_BLOCK | id::BLOCK | id::TIMESTAMP) {
                        self.damage.at(at);
                    }
                    if self.input.has(size)? {
                        self.input.skip(size)?;
                    } else if !self.find_cluster()? {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }

    fn block(&mut self, at: u64, bytes: &Bytes) {
        let Some(Block { track, ticks, frames }) = Block::parse(bytes) else { return self.damage.at(at) };
        if track != self.track.number {
            return;
        }
        let ticks = self.place.time.saturating_add_signed(ticks.into());
        let mut nanos = ticks.saturating_mul(self.scale);
        for frame in frames {
            match self.track.decode(frame) {
                Some(jpeg) => self.ready.push_back((Duration::from_nanos(nanos), jpeg)),
                None => self.damage.at(at),
            }
            nanos = nanos.saturating_add(self.track.frame_time);
        }
    }

    /// After damage: moves to the next cluster.
    fn find_cluster(&mut self) -> Result<bool, Error> {
        let from = self.input.position();
        let in_cluster = self.place.end.is_none_or(|end| from < end);
        self.input.skip(1)?;
        self.place.end = None;
        let found = self.input.search(&id::CLUSTER.to_be_bytes(), u64::MAX, seek::is_cluster)?;
        // Data behind the last cluster has no frames.
        if found || in_cluster {
            self.damage.at(from);
        }
        Ok(found)
    }
}

impl Demuxer for Matroska {
    fn next_frame(&mut self) -> Result<Option<(Duration, Bytes)>, Error> {
        self.read()?;
        Ok(self.ready.pop_front())
    }

    fn seek(&mut self, to: Duration) -> Result<(), Error> {
        self.move_to(to)
    }

    fn can_seek(&self) -> bool {
        self.input.can_seek()
    }

    fn length(&mut self) -> Result<Option<Duration>, Error> {
        let said = self.ticks.map(|ticks| Duration::try_from_secs_f64(ticks * (self.scale as f64 / 1e9)));
        match said {
            Some(Ok(length)) if !length.is_zero() => Ok(Some(length)),
            _ => self.last_time(),
        }
    }

    fn damaged(&self) -> u64 {
        self.damage.count()
    }

    fn container(&self) -> &'static str {
        "Matroska"
    }
}
